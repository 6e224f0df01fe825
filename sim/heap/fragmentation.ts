/**
 * How the free pages of the heap lie: in how many runs, how long, and what that means for requests and huge pages.
 *
 * A run is a stretch of free pages without a gap in the memory in use; it may cross chunks. Pages in page caches are not
 * free here, just as first fit does not see them.
 *
 * Each measurement looks at the chunks that changed since the last one (run-tree.ts), so that a thousand of them cost little
 * beside what happens in between, however large the heap is. Whoever measures keeps one Fragmentation for a heap.
 */

import type { PageAllocator } from "../pages/page-allocator.js";
import type { PageCache } from "../pages/page-cache.js";
import { BROKEN, END, FREE, INTACT, LONGEST, RUNS, SHORT, START, UNUSABLE_FOR_PAGES } from "./chunk-runs.js";
import { RunTree } from "./run-tree.js";

export { UNUSABLE_FOR_PAGES } from "./chunk-runs.js";

export class Fragmentation {
  freePages = 0;
  freeRuns = 0;
  largestFreeRunPages = 0;
  /** Free pages in runs too short for UNUSABLE_FOR_PAGES[i] pages. */
  readonly unusablePages = [0, 0, 0];
  /** Aligned 2 MiB pieces of mapped memory with no scavenged page, and with some but not all. */
  hugePagesIntact = 0;
  hugePagesBroken = 0;

  #runs: RunTree | undefined;
  #pages: PageAllocator | undefined;
  /** Scavenged pages that page caches hold, by number of the 2 MiB piece. */
  readonly #cached = new Map<number, number>();

  /** Chunks that the last measurement had to look at. */
  get chunksLookedAt(): number {
    return this.#runs?.looked ?? 0;
  }

  /** Measures the heap. Caches keep the scavenged bits of the pages they hold, so they are looked at too. */
  measure(pages: PageAllocator, caches: readonly PageCache[]): void {
    if (this.#runs === undefined || this.#pages !== pages) {
      this.#pages = pages;
      this.#runs = new RunTree(pages.tree);
    }
    this.#runs.update(pages.inUse);
    this.#reset();
    this.#addRoots(pages, this.#runs);
    this.#addCaches(pages, this.#runs, caches);
  }

  /** 1 − largest / free, 0..1; NaN without free pages. */
  get external(): number {
    return this.freePages === 0 ? Number.NaN : 1 - this.largestFreeRunPages / this.freePages;
  }

  /** The share of free pages that UNUSABLE_FOR_PAGES[i] pages in a row cannot use, 0..1; NaN without free pages. */
  unusable(i: number): number {
    return this.freePages === 0 ? Number.NaN : this.unusablePages[i]! / this.freePages;
  }

  #reset(): void {
    this.freePages = 0;
    this.freeRuns = 0;
    this.largestFreeRunPages = 0;
    this.unusablePages.fill(0);
    this.hugePagesIntact = 0;
    this.hugePagesBroken = 0;
  }

  /** Sums up the root entries, with the runs that go across them. */
  #addRoots({ tree }: PageAllocator, runs: RunTree): void {
    const { records } = runs;
    const rootPages = tree.chunkPages * 2 ** tree.leafBits;
    let run = 0;
    for (let r = 0; r < tree.rootCount; r++) {
      const root = tree.roots[r]!;
      if (r > 0 && root !== tree.roots[r - 1]! + 1) run = this.#close(run);
      const at = runs.top(tree.rootSlot[root]!);
      this.hugePagesIntact += records[at + INTACT]!;
      this.hugePagesBroken += records[at + BROKEN]!;
      if (records[at + FREE] === rootPages) {
        run += rootPages;
        continue;
      }
      this.#close(run + records[at + START]!);
      this.freeRuns += records[at + RUNS]!;
      this.largestFreeRunPages = Math.max(this.largestFreeRunPages, records[at + LONGEST]!);
      this.freePages += records[at + FREE]! - records[at + START]! - records[at + END]!;
      for (let i = 0; i < UNUSABLE_FOR_PAGES.length; i++) this.unusablePages[i]! += records[at + SHORT + i]!;
      run = records[at + END]!;
    }
    this.#close(run);
  }

  /** Ends a run; returns 0, the length of the next one so far. */
  #close(run: number): number {
    if (run === 0) return 0;
    this.freePages += run;
    this.freeRuns++;
    if (run > this.largestFreeRunPages) this.largestFreeRunPages = run;
    for (let i = 0; i < UNUSABLE_FOR_PAGES.length; i++) {
      if (run < UNUSABLE_FOR_PAGES[i]!) this.unusablePages[i]! += run;
    }
    return 0;
  }

  /** What is scavenged and in a page cache is so for its 2 MiB piece too. */
  #addCaches({ tree }: PageAllocator, runs: RunTree, caches: readonly PageCache[]): void {
    const { hugePages } = runs;
    if (hugePages === 0) return;
    const cached = this.#cached;
    cached.clear();
    for (const cache of caches) {
      if (cache.empty || cache.scavengedFreePages === 0) continue;
      const piece = Math.floor(cache.page / hugePages);
      cached.set(piece, (cached.get(piece) ?? 0) + cache.scavengedFreePages);
    }
    for (const [piece, pages] of cached) {
      const page = piece * hugePages;
      const chunk = Math.floor(page / tree.chunkPages);
      const free = runs.scavengedOfPiece(tree.flatChunk(chunk), page - chunk * tree.chunkPages);
      if (free === 0) this.hugePagesIntact--;
      else if (free < hugePages) this.hugePagesBroken--;
      if (free + pages < hugePages) this.hugePagesBroken++;
    }
  }
}
