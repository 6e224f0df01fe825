/**
 * How the free pages of the heap lie: in how many runs, how long, and what that means for requests and huge pages.
 *
 * A run is a stretch of free pages without a gap in the memory in use; it may cross chunks. Pages in page caches are not
 * free here, just as first fit does not see them.
 */

import { popCount, zerosUp } from "../pages/bits.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import type { PageCache } from "../pages/page-cache.js";
import { PAGE_BUCKETS, pageBucket } from "./page-buckets.js";

/** Request sizes, in pages, for which the unusable share is measured. */
export const UNUSABLE_FOR_PAGES = [16, 256, 512] as const;

/** 2 MiB: the huge page for which intactness is measured, whatever the system has. */
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;

export class Fragmentation {
  freePages = 0;
  freeRuns = 0;
  largestFreeRunPages = 0;
  /** Free pages in runs too short for UNUSABLE_FOR_PAGES[i] pages. */
  readonly unusablePages = [0, 0, 0];
  /** Free runs by length, in the buckets of pageBucket. */
  readonly runsByLength = new Float64Array(PAGE_BUCKETS);
  /** Aligned 2 MiB pieces of mapped memory with no scavenged page, and with some but not all. */
  hugePagesIntact = 0;
  hugePagesBroken = 0;

  /** Measures the heap. Caches keep the scavenged bits of the pages they hold, so they are looked at too. */
  measure(pages: PageAllocator, caches: readonly PageCache[]): void {
    this.#reset();
    const { chunkBytes, chunkPages } = pages.geometry;
    const { inUse, tree } = pages;
    for (let r = 0; r < inUse.length; r++) {
      let run = 0;
      const limit = inUse.limits[r]! / chunkBytes;
      for (let c = inUse.bases[r]! / chunkBytes; c < limit; c++) {
        const flat = tree.flatChunk(c);
        const max = tree.maxOf(flat);
        if (max === chunkPages) run += chunkPages;
        else if (max === 0) run = this.#close(run);
        else run = this.#scanChunk(pages, flat, run);
        this.#hugePages(pages, flat, c, caches);
      }
      this.#close(run);
    }
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
    this.runsByLength.fill(0);
    this.hugePagesIntact = 0;
    this.hugePagesBroken = 0;
  }

  /** Ends a run; returns 0, the length of the next one so far. */
  #close(run: number): number {
    if (run === 0) return 0;
    this.freePages += run;
    this.freeRuns++;
    this.runsByLength[pageBucket(run)]!++;
    if (run > this.largestFreeRunPages) this.largestFreeRunPages = run;
    for (let i = 0; i < UNUSABLE_FOR_PAGES.length; i++) {
      if (run < UNUSABLE_FOR_PAGES[i]!) this.unusablePages[i]! += run;
    }
    return 0;
  }

  /** The runs of a partly used chunk; `run` is the length of one that ends where the chunk begins. */
  #scanChunk(pages: PageAllocator, flat: number, run: number): number {
    const { allocBits, wordsPerChunk, chunkPages } = pages.tree;
    const word0 = flat * wordsPerChunk;
    let open = run;
    let page = 0;
    while (page < chunkPages) {
      const free = zerosUp(allocBits, word0, page, chunkPages);
      open += free;
      page += free;
      if (page >= chunkPages) break;
      open = this.#close(open);
      page++;
    }
    return open;
  }

  #hugePages(pages: PageAllocator, flat: number, chunk: number, caches: readonly PageCache[]): void {
    const { chunkPages, pageBytes } = pages.geometry;
    const hugePages = HUGE_PAGE_BYTES / pageBytes;
    if (hugePages < 32 || hugePages > chunkPages) return;
    for (let from = 0; from < chunkPages; from += hugePages) {
      const base = chunk * chunkPages + from;
      let scavenged = pages.tree.scavengedOf(flat) === 0 ? 0 : this.#countWords(pages, flat, from, hugePages);
      for (const cache of caches) {
        if (!cache.empty && cache.page >= base && cache.page < base + hugePages)
          scavenged += cache.scavengedFreePages;
      }
      if (scavenged === 0) this.hugePagesIntact++;
      else if (scavenged < hugePages) this.hugePagesBroken++;
    }
  }

  #countWords(pages: PageAllocator, flat: number, from: number, count: number): number {
    const { scavBits, wordsPerChunk } = pages.tree;
    const first = flat * wordsPerChunk + (from >>> 5);
    let sum = 0;
    for (let w = first; w < first + (count >>> 5); w++) sum += popCount(scavBits[w]!);
    return sum;
  }
}
