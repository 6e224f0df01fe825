/**
 * What the runtime tells the system about huge pages: four ways of it, one for each of Go's.
 *
 *                    new memory     use of released     a chunk is dense     before a release
 *     head-tail         –           HUGEPAGE, whole            –             NOHUGEPAGE, the huge pages
 *     (to 1.20)                     huge pages in it                         at both ends, if cut
 *     dense          HUGEPAGE             –             HUGEPAGE, if         NOHUGEPAGE for the chunk,
 *     (1.21.0)                                          refused before       if not refused yet
 *     collapse          –                 –             COLLAPSE                     –
 *     (1.21.1–3)
 *     none              –                 –                    –                     –
 *
 * A chunk is dense when more than 496 of its 512 pages are in use. All calls of madvise are counted, and what they take; that
 * is time of whoever allocates or releases, under the heap lock or not (runtime/heap-lock.ts), and nobody else is delayed.
 *
 * Sources: sysUnused, sysUsed and sysHugePage of mem_linux.go up to 1.20; the scavenge index of 1.21.0, and what
 * golang/go#61718 and #63334 changed about it.
 */

import { popCount } from "../pages/bits.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import type { SystemAxis } from "../policies/policy.js";
import type { HugePages } from "./huge-pages.js";
import type { Residency } from "./residency.js";

/** Costs of advice, ns. */
export interface AdviceCosts {
  /** A call about huge pages: it changes a mapping, and so waits for all faults of the process to end. */
  readonly adviceCallNs: number;
  /** Making one huge page of small ones: finding it, copying or clearing 2 MiB, and exchanging the table. */
  readonly collapseNs: number;
  /** More for each huge page that the program asked for: the system may have to make room for it by moving others. */
  readonly compactNs: number;
}

export class HugeAdvice {
  /** Calls of madvise about huge pages, the regions that such calls collapsed, and the time that all of that took. */
  calls = 0;
  collapses = 0;
  ns = 0;

  /** What of `ns` takeNs gave out. */
  private takenNs = 0;
  private readonly kind: SystemAxis["hugePages"];
  private readonly regionPages: number;
  private readonly chunkPages: number;
  private readonly densePages: number;
  private readonly chunkRegions: number;
  /** Chunks, by number, for which huge pages were refused (1.21.0). */
  private readonly refused = new Set<number>();

  /**
   * @param denseFraction chunks with more than this part in use are dense
   */
  constructor(
    kind: SystemAxis["hugePages"],
    denseFraction: number,
    private readonly pages: PageAllocator,
    private readonly residency: Residency,
    private readonly huge: HugePages,
    private readonly costs: AdviceCosts,
  ) {
    this.kind = kind;
    this.regionPages = huge.pages;
    this.chunkPages = pages.geometry.chunkPages;
    this.densePages = Math.floor(denseFraction * this.chunkPages);
    this.chunkRegions = this.chunkPages / this.regionPages;
  }

  /** Time that the calls since the last time took, ns. */
  takeNs(): number {
    const ns = this.ns - this.takenNs;
    this.takenNs = this.ns;
    return ns;
  }

  /** The heap grew by whole chunks. */
  grew(page: number, npages: number): void {
    if (this.kind !== "dense") return;
    this.huge.advise(page / this.regionPages, (page + npages) / this.regionPages, true);
    this.#count(1);
  }

  /** A span took pages out of the bitmap. */
  allocated(page: number, npages: number): void {
    if (this.kind !== "dense" && this.kind !== "collapse") return;
    const last = Math.floor((page + npages - 1) / this.chunkPages);
    for (let chunk = Math.floor(page / this.chunkPages); chunk <= last; chunk++) {
      const from = Math.max(page, chunk * this.chunkPages);
      const taken = Math.min(page + npages, (chunk + 1) * this.chunkPages) - from;
      this.#lookAt(chunk, taken);
    }
  }

  /** A page cache took so many pages of a chunk. */
  refilled(page: number, taken: number): void {
    if (this.kind === "dense" || this.kind === "collapse")
      this.#lookAt(Math.floor(page / this.chunkPages), taken);
  }

  /** A span takes pages of which some were released. */
  used(page: number, npages: number): void {
    if (this.kind !== "head-tail") return;
    const from = Math.ceil(page / this.regionPages);
    const to = Math.floor((page + npages) / this.regionPages);
    if (from >= to) return;
    this.huge.advise(from, to, true);
    this.#count(1);
  }

  /** Pages are about to be released. */
  releasing(page: number, npages: number): void {
    if (this.kind === "head-tail") this.#refuseEnds(page, page + npages);
    else if (this.kind === "dense") this.#refuseChunk(Math.floor(page / this.chunkPages));
  }

  #refuseEnds(page: number, limit: number): void {
    const { regionPages, huge } = this;
    const head = page % regionPages === 0 ? -1 : Math.floor(page / regionPages);
    const tail = limit % regionPages === 0 ? -1 : Math.floor((limit - 1) / regionPages);
    if (head >= 0) huge.advise(head, head + 1, false);
    if (tail >= 0 && tail !== head) huge.advise(tail, tail + 1, false);
    const adjacent = head >= 0 && head + 1 === tail;
    this.#count((head >= 0 ? 1 : 0) + (tail >= 0 && tail !== head && !adjacent ? 1 : 0));
  }

  #refuseChunk(chunk: number): void {
    if (this.refused.has(chunk)) return;
    this.refused.add(chunk);
    this.huge.advise(chunk * this.chunkRegions, (chunk + 1) * this.chunkRegions, false);
    this.#count(1);
  }

  /** Only at the moment at which a chunk becomes dense. @param taken pages that it has in use more than before */
  #lookAt(chunk: number, taken: number): void {
    const inUse = this.#inUse(chunk);
    if (inUse <= this.densePages || inUse - taken > this.densePages) return;
    if (this.kind === "collapse") {
      // One span that takes all of it may be a large object, of which collapsing would bring in what nobody touches for long.
      if (taken < this.chunkPages) this.#collapse(chunk);
    } else if (this.refused.delete(chunk)) {
      this.huge.advise(chunk * this.chunkRegions, (chunk + 1) * this.chunkRegions, true);
      this.#count(1);
    }
  }

  #collapse(chunk: number): void {
    this.#count(1);
    for (let region = chunk * this.chunkRegions; region < (chunk + 1) * this.chunkRegions; region++) {
      if (this.huge.isRefused(region) || !this.residency.collapse(region, this.regionPages)) continue;
      this.collapses++;
      this.ns += this.costs.collapseNs + this.costs.compactNs;
    }
  }

  #count(calls: number): void {
    this.calls += calls;
    this.ns += calls * this.costs.adviceCallNs;
  }

  /** Pages of a chunk in use, those of page caches included. */
  #inUse(chunk: number): number {
    const { allocBits, wordsPerChunk } = this.pages.tree;
    const first = this.pages.tree.flatChunk(chunk) * wordsPerChunk;
    let count = 0;
    for (let w = first; w < first + wordsPerChunk; w++) count += popCount(allocBits[w]!);
    return count;
  }
}
