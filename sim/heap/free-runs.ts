/**
 * Free runs of the whole heap by length: a look at every chunk, so nothing for every sample.
 */

import { zerosUp } from "../pages/bits.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import { PAGE_BUCKETS, pageBucket } from "./page-buckets.js";

/** Counts free runs, which may cross chunks but not gaps in the memory in use, in the buckets of pageBucket. */
export function freeRunsByLength(pages: PageAllocator): Float64Array {
  const counts = new Float64Array(PAGE_BUCKETS);
  const { inUse, tree, geometry } = pages;
  const { chunkBytes, chunkPages } = geometry;
  const close = (run: number): void => {
    if (run > 0) counts[pageBucket(run)]!++;
  };
  for (let r = 0; r < inUse.length; r++) {
    let open = 0;
    const limit = inUse.limits[r]! / chunkBytes;
    for (let c = inUse.bases[r]! / chunkBytes; c < limit; c++) {
      const flat = tree.flatChunk(c);
      for (let page = 0; page < chunkPages; ) {
        const free = zerosUp(tree.allocBits, flat * tree.wordsPerChunk, page, chunkPages);
        open += free;
        page += free;
        if (page >= chunkPages) break;
        close(open);
        open = 0;
        page++;
        if (tree.maxOf(flat) === 0) break;
      }
    }
    close(open);
  }
  return counts;
}
