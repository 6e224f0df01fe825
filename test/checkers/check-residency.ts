/**
 * What the system has given, against what the heap says of itself.
 *
 *     in a span                          resident, and not lazily freed
 *     not in use, not released           resident, if it was ever used
 *     released, free or in a cache       absent; or lazily freed (MADV_FREE), or in a huge page, or in a large physical page
 *     under madvise                      as released
 *     padding, withheld by growth        absent, or in a huge page
 */

import type { Heap } from "../../sim/heap/heap.js";
import { StateError } from "./state-checkers.js";

/** Whether a page is released, as the bitmap or a page cache knows it; undefined for pages that are in neither's hands. */
function isScavenged(heap: Heap, page: number): boolean {
  const { tree } = heap.pages;
  for (const cache of heap.caches) {
    const i = page - cache.page;
    if (i < 0 || i >= 64) continue;
    const [free, scavenged] = i < 32 ? [cache.cacheLo, cache.scavLo] : [cache.cacheHi, cache.scavHi];
    if (((free >>> (i & 31)) & 1) === 1) return ((scavenged >>> (i & 31)) & 1) === 1;
  }
  const chunk = Math.floor(page / tree.chunkPages);
  const at = page - chunk * tree.chunkPages;
  const word = tree.scavBits[tree.flatChunk(chunk) * tree.wordsPerChunk + (at >>> 5)]!;
  return ((word >>> (at & 31)) & 1) === 1;
}

/** Whether a page that is in no span is in use by the bitmap, and in no cache either: padding, and what growth withholds. */
function isNobodys(heap: Heap, page: number): boolean {
  if (!heap.pages.isAllocated(page)) return false;
  return !heap.caches.some((cache) => {
    const i = page - cache.page;
    if (cache.empty || i < 0 || i >= 64) return false;
    return (((i < 32 ? cache.cacheLo : cache.cacheHi) >>> (i & 31)) & 1) === 1;
  });
}

/**
 * Checks a heap.
 * @param releasing ranges under madvise: pages by first page
 * @throws StateError
 */
export function checkResidency(heap: Heap, releasing: ReadonlyMap<number, number> = new Map()): void {
  const { residency, geometry, pages, spans, policy } = heap;
  if (residency === null) fail("nobody tracks what is resident");
  const { pageBytes, physPageBytes } = geometry;
  const { hugePages } = residency;
  // In 1.11 a span that is used in part counts as resident as a whole, which it need not be.
  const isByPage = policy.fit.kind !== "free-lists";
  const isExact =
    hugePages === null && physPageBytes <= pageBytes && policy.growth.newMemory === "released" && isByPage;
  const underMadvise = new Set<number>();
  for (const [page, npages] of releasing) for (let i = 0; i < npages; i++) underMadvise.add(page + i);
  let [resident, lazy, nobodys] = [0, 0, 0];
  for (let r = 0; r < pages.inUse.length; r++) {
    let inSpanUntil = 0;
    for (let page = pages.inUse.bases[r]! / pageBytes; page < pages.inUse.limits[r]! / pageBytes; page++) {
      const isHere = residency.isResident(page);
      const isLazy = residency.isLazilyFreed(page);
      if (isHere) resident++;
      if (isLazy) lazy++;
      if (isLazy && !isHere) fail(`page ${page} is lazily freed, but not resident`);
      if (spans.npagesAt(page) > 0) inSpanUntil = page + spans.npagesAt(page);
      if (page < inSpanUntil) {
        if (!isHere) fail(`page ${page} is in a span, but not resident`);
        if (isLazy) fail(`page ${page} is in a span, but lazily freed`);
        continue;
      }
      if (isNobodys(heap, page) && !underMadvise.has(page)) {
        nobodys++;
        if (isExact && isHere) fail(`page ${page} is nobody's, but resident`);
        continue;
      }
      const isReleased = underMadvise.has(page) || isScavenged(heap, page);
      if (isLazy && !isReleased && isByPage) fail(`page ${page} is lazily freed, but was not released`);
      if (isExact && !isReleased && !isHere) fail(`page ${page} was not released, but is absent`);
      if (isExact && isReleased && isHere && !isLazy) fail(`page ${page} was released, but is resident`);
    }
  }
  expectEqual("pages that are nobody's", nobodys, heap.growth.withheldPages + heap.growth.paddingPages);
  expectEqual("residentPages", residency.residentPages, resident);
  expectEqual("lazyPages", residency.lazyPages, lazy);
  let backed = 0;
  hugePages?.forEachBacked((region) => {
    backed++;
    expectEqual(`pages of huge page ${region}`, residency.residentIn(region), hugePages.pages);
    if (hugePages.hasTable(region)) fail(`region ${region} is a huge page, and has small ones`);
  });
  expectEqual("huge pages", hugePages?.backed ?? 0, backed);
  if (policy.system.madvise === "DONTNEED") expectEqual("lazyPages under DONTNEED", lazy, 0);
}

function expectEqual(what: string, got: number, want: number): void {
  if (got !== want) fail(`${what} is ${got}, expected ${want}`);
}

function fail(sentence: string): never {
  throw new StateError(sentence);
}
