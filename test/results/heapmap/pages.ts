/** The pages of a heap by a look at each of them, one at a time: what heap maps are held against. */

import { PageState } from "../../../results/heapmap/keyframe.js";
import type { Heap } from "../../../sim/heap/heap.js";

/** Every page of the heap by index: one of PageState. A look at each page, one at a time. */
export function pagesOf(heap: Heap): Map<number, number> {
  const states = new Map<number, number>();
  const { pages, geometry } = heap;
  const { tree, inUse } = pages;
  for (let r = 0; r < inUse.length; r++) {
    const limit = inUse.limits[r]! / geometry.pageBytes;
    for (let page = inUse.bases[r]! / geometry.pageBytes; page < limit; page++) {
      const flat = tree.flatChunk(Math.floor(page / geometry.chunkPages));
      const word = flat * tree.wordsPerChunk + ((page % geometry.chunkPages) >> 5);
      const isScavenged = (tree.scavBits[word]! & (1 << (page % 32))) !== 0;
      states.set(
        page,
        pages.isAllocated(page) ? PageState.inUse : isScavenged ? PageState.scavenged : PageState.free,
      );
    }
  }
  for (const cache of heap.caches) {
    for (let i = 0; i < 64; i++) {
      const half = i < 32 ? cache.cacheLo : cache.cacheHi;
      if ((half & (1 << (i % 32))) !== 0) states.set(cache.page + i, PageState.cached);
    }
  }
  return states;
}

/** Pages of each chunk by its index: in use, scavenged, in page caches. */
export function countsOf(heap: Heap): Map<number, number[]> {
  const counts = new Map<number, number[]>();
  for (const [page, state] of pagesOf(heap)) {
    const chunk = Math.floor(page / heap.geometry.chunkPages);
    const of = counts.get(chunk) ?? [0, 0, 0];
    if (state === PageState.inUse) of[0]!++;
    if (state === PageState.scavenged) of[1]!++;
    if (state === PageState.cached) of[2]!++;
    counts.set(chunk, of);
  }
  return counts;
}
