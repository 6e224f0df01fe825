/** Releases of ranges of pages that may cross chunks: for scavengers that do not go chunk by chunk. */

import { CorruptHeapError } from "../pages/errors.js";
import type { PageAllocator } from "../pages/page-allocator.js";

/** Pages in a row. */
export interface Range {
  page: number;
  npages: number;
}

/** Takes free and unscavenged pages out of the heap; they go to the system now. */
export function takeAcross(pages: PageAllocator, page: number, npages: number): void {
  if (pages.allocRange(page, npages) !== 0) throw new CorruptHeapError("double scavenge", []);
}

/** Puts them back, free and scavenged. */
export function releaseAcross(pages: PageAllocator, page: number, npages: number): void {
  const { tree, geometry } = pages;
  const { chunkPages } = geometry;
  pages.free(page, npages, true);
  for (let at = page; at < page + npages; ) {
    const chunk = Math.floor(at / chunkPages);
    const limit = Math.min(page + npages, (chunk + 1) * chunkPages);
    tree.setScavenged(tree.flatChunk(chunk), at - chunk * chunkPages, limit - at);
    at = limit;
  }
}
