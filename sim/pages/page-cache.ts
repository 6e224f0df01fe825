/**
 * The page cache of a P (pageCache in mpagecache.go): 64 pages that the P may hand out without the heap lock.
 *
 *     base            page 0                              page 63
 *     cache   1 = free in this cache, 0 = not ours        (64 bits, kept as two halves)
 *     scav    1 = the page is scavenged
 *
 * A cache owns the pages that were free in one aligned block of the heap when it was filled, however few those were.
 * To the heap they are allocated. A cache is refilled only when it is empty, and a request that finds no room in it goes
 * to the heap instead and leaves it as it is.
 */

import { findOnes64, popCount, trailingZeros } from "./bits.js";
import type { PageTree } from "./page-tree.js";

export class PageCache {
  /** The first page of the block; 0 when the cache was never filled. */
  page = 0;
  /** Free pages, low and high 32. */
  cacheLo = 0;
  cacheHi = 0;
  /** Scavenged pages, low and high 32. */
  scavLo = 0;
  scavHi = 0;
  /** Scavenged pages in what the last successful alloc took. */
  scavengedPages = 0;

  /** Whether no page is left. */
  get empty(): boolean {
    return (this.cacheLo | this.cacheHi) === 0;
  }

  /** Free pages left in the cache. */
  get freePages(): number {
    return popCount(this.cacheLo) + popCount(this.cacheHi);
  }

  /** Pages with the scavenged bit. */
  get scavengedFreePages(): number {
    return popCount(this.scavLo) + popCount(this.scavHi);
  }

  /** Forgets everything. */
  clear(): void {
    this.page = 0;
    this.cacheLo = 0;
    this.cacheHi = 0;
    this.scavLo = 0;
    this.scavHi = 0;
  }

  /** Sets the content outright, halves as 32-bit integers. */
  set(page: number, cacheHi: number, cacheLo: number, scavHi: number, scavLo: number): void {
    this.page = page;
    this.cacheLo = cacheLo | 0;
    this.cacheHi = cacheHi | 0;
    this.scavLo = scavLo | 0;
    this.scavHi = scavHi | 0;
  }

  /**
   * Takes the lowest npages contiguous pages, 1..64.
   * @returns the first page, or -1 when there is no such run; scavengedPages then holds how many were scavenged
   */
  alloc(npages: number): number {
    if (npages === 1) return this.allocOne();
    if (npages > 64) return -1;
    const i = findOnes64(this.cacheHi, this.cacheLo, npages);
    if (i < 0) return -1;
    const lo = i >= 32 ? 0 : npages + i >= 32 ? -1 << i : ((1 << npages) - 1) << i;
    const hi = upperMask(i, npages);
    this.scavengedPages = popCount(this.scavLo & lo) + popCount(this.scavHi & hi);
    this.cacheLo &= ~lo;
    this.cacheHi &= ~hi;
    this.scavLo &= ~lo;
    this.scavHi &= ~hi;
    return this.page + i;
  }

  private allocOne(): number {
    if (this.cacheLo !== 0) {
      const bit = this.cacheLo & (0 - this.cacheLo);
      this.scavengedPages = (this.scavLo & bit) === 0 ? 0 : 1;
      this.cacheLo &= ~bit;
      this.scavLo &= ~bit;
      return this.page + trailingZeros(bit);
    }
    if (this.cacheHi === 0) return -1;
    const bit = this.cacheHi & (0 - this.cacheHi);
    this.scavengedPages = (this.scavHi & bit) === 0 ? 0 : 1;
    this.cacheHi &= ~bit;
    this.scavHi &= ~bit;
    return this.page + 32 + trailingZeros(bit);
  }

  /** Fills the cache with the free pages of the 64-page block at `block` of a chunk, before they leave the bitmap. */
  fill(tree: PageTree, flat: number, block: number, page: number): void {
    const w = flat * tree.wordsPerChunk + (block >>> 5);
    const { allocBits, scavBits } = tree;
    this.page = page;
    this.cacheLo = ~allocBits[w]!;
    this.cacheHi = ~allocBits[w + 1]!;
    this.scavLo = scavBits[w]!;
    this.scavHi = scavBits[w + 1]!;
  }
}

/** The part of bits [i, i+n) of a 64-bit word that lies in its upper half. */
function upperMask(i: number, n: number): number {
  const from = Math.max(0, i - 32);
  const to = i + n - 32;
  if (to <= 0) return 0;
  return (-1 << from) & (-1 >>> (32 - to));
}
