/**
 * Which free pages an allocation gets.
 *
 * The page allocator's bitmaps are the truth about pages under every policy: what is in use, what is released. A fit decides
 * where in them the next span goes, and keeps whatever structure it needs to decide that: treaps of free spans, say, whose
 * choices it then marks in the bitmaps. So everything that reads pages (statistics, probes, scavengers, checkers) serves all
 * policies alike.
 */

import type { PageAllocator } from "../pages/page-allocator.js";
import type { PageCache } from "../pages/page-cache.js";

/** What fits need to know beside the pages. */
export interface FitOptions {
  /** Where their random-looking choices come from: a whole number below 2^32. */
  readonly seed: number;
  /** The virtual time. */
  readonly clock: { readonly nowNs: number };
  /** Whether releaseBegan and releaseEnded of a range follow each other at once, as they do under the heap lock. */
  readonly releasesAtOnce: boolean;
  /**
   * Whether released memory comes and goes by whole physical pages alone, as it does where spans are released and there are no
   * page caches.
   */
  readonly isPhysical: boolean;
  /**
   * Is told when pages beside those that were taken are resident now, or are taken to be: none of [page, page+npages) is
   * scavenged any more, and so many were.
   */
  readonly onTouched: (page: number, npages: number, reclaimedPages: number) => void;
}

/** Places spans. Pages are page indices in the offset address space. */
export interface Fit {
  /** Scavenged pages in what the last successful alloc took. */
  readonly scavengedPages: number;
  /**
   * Takes npages contiguous free pages.
   * @param longLived what the program says of their lifetime, for fits that listen
   * @returns the first page, or -1 when there is no room
   */
  alloc(npages: number, longLived: boolean): number;
  /** Frees pages of a span. */
  free(page: number, npages: number): void;
  /** Fills an empty page cache with the free pages of a block; it stays empty when there are none. */
  refill(cache: PageCache): void;
  /** Gives the pages that are left in a page cache back, and empties it. */
  flushCache(cache: PageCache): void;
  /** The heap grew by [page, page+npages), which is in the bitmaps already, as released memory or not. */
  grew(page: number, npages: number, released: boolean): void;
  /** [page, page+npages) are out of the heap while the system takes them back. */
  releaseBegan(page: number, npages: number): void;
  /** They are free again, and scavenged. */
  releaseEnded(page: number, npages: number): void;
}

/** First fit by address over the radix tree: Go from 1.14 on. The page allocator does it itself. */
export class RadixFit implements Fit {
  constructor(private readonly pages: PageAllocator) {}

  get scavengedPages(): number {
    return this.pages.scavengedPages;
  }

  alloc(npages: number): number {
    return this.pages.alloc(npages);
  }

  free(page: number, npages: number): void {
    this.pages.free(page, npages);
  }

  refill(cache: PageCache): void {
    this.pages.allocToCache(cache);
  }

  flushCache(cache: PageCache): void {
    this.pages.flushCache(cache);
  }

  grew(): void {}
  releaseBegan(): void {}
  releaseEnded(): void {}
}
