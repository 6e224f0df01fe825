/**
 * Fills a page cache from a block that a fit chose.
 *
 * The page allocator fills caches from the lowest free page, and counts on there being none below. A fit that chooses its
 * pages otherwise has free pages on both sides of the block, so the block's free stretches are taken one by one.
 */

import { firstZero, zerosUp } from "../../pages/bits.js";
import { PAGE_CACHE_PAGES, type PageAllocator } from "../../pages/page-allocator.js";
import type { PageCache } from "../../pages/page-cache.js";

/** Who takes stretches of free pages out of the heap. */
export interface RangeTaker {
  takeRange(page: number, npages: number): void;
}

/** Fills an empty cache with the free pages of the 64-page block that holds a page, which is free. */
export function takeBlock(pages: PageAllocator, cache: PageCache, page: number, taker: RangeTaker): void {
  const { tree } = pages;
  const { chunkPages } = pages.geometry;
  const chunk = Math.floor(page / chunkPages);
  const flat = tree.flatChunk(chunk);
  const block = Math.floor((page - chunk * chunkPages) / PAGE_CACHE_PAGES) * PAGE_CACHE_PAGES;
  const word0 = flat * tree.wordsPerChunk;
  const limit = block + PAGE_CACHE_PAGES;
  cache.fill(tree, flat, block, chunk * chunkPages + block);
  for (let from = firstZero(tree.allocBits, word0, block, limit); from < limit; ) {
    const length = Math.min(limit - from, zerosUp(tree.allocBits, word0, from, chunkPages));
    taker.takeRange(chunk * chunkPages + from, length);
    from = firstZero(tree.allocBits, word0, from + length, limit);
  }
}
