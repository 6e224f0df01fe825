/** How much of the memory in use lies in huge pages: what a program gains by them. */

import { popCount } from "../pages/bits.js";
import type { Heap } from "./heap.js";

/**
 * Pages of spans that are backed by huge pages. What page caches hold is in no span, though the bitmap has it as in use.
 * Pages on their way back to the system are in no huge page.
 */
export function backedPagesInUse(heap: Heap): number {
  const hugePages = heap.residency?.hugePages ?? null;
  if (hugePages === null) return 0;
  let pages = 0;
  hugePages.forEachBacked((region) => {
    pages += allocatedPages(heap, region * hugePages.pages, hugePages.pages);
  });
  for (const cache of heap.caches) {
    // A block of a cache lies in one region, since both are aligned and the region is larger.
    if (!cache.empty && hugePages.isBacked(Math.floor(cache.page / hugePages.pages)))
      pages -= cache.freePages;
  }
  return pages;
}

/** Pages of [page, page + npages), which lie in one chunk, that the bitmap has as in use; npages is a multiple of 32. */
function allocatedPages({ pages }: Heap, page: number, npages: number): number {
  const { allocBits, wordsPerChunk, chunkPages } = pages.tree;
  const chunk = Math.floor(page / chunkPages);
  const first = pages.tree.flatChunk(chunk) * wordsPerChunk + ((page - chunk * chunkPages) >>> 5);
  let count = 0;
  for (let w = first; w < first + (npages >>> 5); w++) count += popCount(allocBits[w]!);
  return count;
}
