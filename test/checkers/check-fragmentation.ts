/** How free pages lie, the obvious way: page by page over all memory in use. */

import { expect } from "vitest";
import { type Fragmentation, UNUSABLE_FOR_PAGES } from "../../sim/heap/fragmentation.js";
import type { PageAllocator } from "../../sim/pages/page-allocator.js";
import type { PageCache } from "../../sim/pages/page-cache.js";

const HUGE_PAGE_BYTES = 2 ** 21;

export interface Fragments {
  freePages: number;
  freeRuns: number;
  largestFreeRunPages: number;
  unusablePages: number[];
  hugePagesIntact: number;
  hugePagesBroken: number;
}

/** What is true of the free pages of a heap. */
export function fragmentsOf(pages: PageAllocator, caches: readonly PageCache[]): Fragments {
  const { geometry, inUse } = pages;
  const { pageBytes, chunkPages } = geometry;
  const runs: number[] = [];
  let hugePagesIntact = 0;
  let hugePagesBroken = 0;
  const hugePages = HUGE_PAGE_BYTES / pageBytes;
  const hasHugePages = hugePages >= 32 && hugePages <= chunkPages;
  for (let r = 0; r < inUse.length; r++) {
    let run = 0;
    let scavenged = 0;
    const limit = inUse.limits[r]! / pageBytes;
    for (let page = inUse.bases[r]! / pageBytes; page < limit; page++) {
      if (bitOf(pages, page, "allocBits")) {
        if (run > 0) runs.push(run);
        run = 0;
      } else run++;
      if (bitOf(pages, page, "scavBits") || isScavengedInCache(caches, page)) scavenged++;
      if (!hasHugePages || (page + 1) % hugePages !== 0) continue;
      if (scavenged === 0) hugePagesIntact++;
      else if (scavenged < hugePages) hugePagesBroken++;
      scavenged = 0;
    }
    if (run > 0) runs.push(run);
  }
  const sum = (lengths: readonly number[]): number => lengths.reduce((all, length) => all + length, 0);
  return {
    freePages: sum(runs),
    freeRuns: runs.length,
    largestFreeRunPages: Math.max(0, ...runs),
    unusablePages: UNUSABLE_FOR_PAGES.map((needed) => sum(runs.filter((length) => length < needed))),
    hugePagesIntact,
    hugePagesBroken,
  };
}

/** What a measurement says of the heap is true. */
export function checkFragmentation(
  fragmentation: Fragmentation,
  pages: PageAllocator,
  caches: readonly PageCache[],
): void {
  fragmentation.measure(pages, caches);
  const { freePages, freeRuns, largestFreeRunPages, unusablePages, hugePagesIntact, hugePagesBroken } =
    fragmentation;
  expect({
    freePages,
    freeRuns,
    largestFreeRunPages,
    unusablePages,
    hugePagesIntact,
    hugePagesBroken,
  }).toEqual(fragmentsOf(pages, caches));
}

function bitOf({ tree }: PageAllocator, page: number, which: "allocBits" | "scavBits"): boolean {
  const chunk = Math.floor(page / tree.chunkPages);
  const bit = page % tree.chunkPages;
  return ((tree[which][tree.flatChunk(chunk) * tree.wordsPerChunk + (bit >>> 5)]! >>> (bit & 31)) & 1) === 1;
}

function isScavengedInCache(caches: readonly PageCache[], page: number): boolean {
  return caches.some(({ page: base, scavLo, scavHi, empty }) => {
    const i = page - base;
    if (empty || i < 0 || i >= 64) return false;
    return (((i < 32 ? scavLo : scavHi) >>> (i & 31)) & 1) === 1;
  });
}
