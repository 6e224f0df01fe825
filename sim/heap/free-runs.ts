/**
 * Free runs of the whole heap by length: a look at every chunk, so nothing for every sample.
 */

import { firstZero, zerosUp } from "../pages/bits.js";
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
      const word0 = tree.flatChunk(c) * tree.wordsPerChunk;
      for (let page = 0; page < chunkPages; ) {
        const free = zerosUp(tree.allocBits, word0, page, chunkPages);
        open += free;
        page += free;
        if (page === chunkPages) break;
        close(open);
        open = 0;
        page = firstZero(tree.allocBits, word0, page, chunkPages);
      }
    }
    close(open);
  }
  return counts;
}
