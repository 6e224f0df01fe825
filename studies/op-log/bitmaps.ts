/** Reads the bitmaps of a page allocator as a whole, for the hashes and counts that recordings tell of them. */

import { Fnv64 } from "../../engine/fnv64.js";
import type { PageAllocator } from "../../sim/pages/page-allocator.js";

/** Calls back with the flat index of each chunk in use, in address order. */
export function forEachChunk(pages: PageAllocator, visit: (flat: number, chunk: number) => void): void {
  const { chunkBytes } = pages.geometry;
  for (let r = 0; r < pages.inUse.length; r++) {
    const limit = pages.inUse.limits[r]! / chunkBytes;
    for (let c = pages.inUse.bases[r]! / chunkBytes; c < limit; c++) visit(pages.tree.flatChunk(c), c);
  }
}

/** FNV-1a over the allocation and scavenged words of all chunks in use, as the recordings define it. */
export function bitmapHash(pages: PageAllocator): string {
  const hash = new Fnv64();
  const { tree } = pages;
  forEachChunk(pages, (flat) => {
    const word0 = flat * tree.wordsPerChunk;
    for (const bits of [tree.allocBits, tree.scavBits]) {
      for (let w = 0; w < tree.wordsPerChunk; w++) hash.addUint32(bits[word0 + w]!);
    }
  });
  return hash.hex();
}

/** Free pages, and free pages that are scavenged. */
export function countFree(pages: PageAllocator): { free: number; scavenged: number } {
  let free = 0;
  let scavenged = 0;
  const { tree } = pages;
  forEachChunk(pages, (flat) => {
    for (let page = 0; page < tree.chunkPages; page++) {
      const w = flat * tree.wordsPerChunk + (page >>> 5);
      const bit = 1 << (page & 31);
      if ((tree.allocBits[w]! & bit) !== 0) continue;
      free++;
      if ((tree.scavBits[w]! & bit) !== 0) scavenged++;
    }
  });
  return { free, scavenged };
}
