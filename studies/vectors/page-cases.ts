/**
 * Cases about a whole page allocator: each begins with a heap of a few chunks, does something to it step by step, and
 * says what every step gives and what state is left.
 */

import type { CacheContent, VectorFields } from "../../scenarios/trace/vectors/kinds.js";
import { PageCache } from "../../sim/pages/page-cache.js";
import { hex64 } from "../words.js";
import type { CaseCheck } from "./case-check.js";
import { halves } from "./chunk-bits.js";
import { type ChunkRanges, HeapCase } from "./heap-case.js";

const NO_RANGES: ChunkRanges = new Map();

/** Grows chunks in the order given, and compares the ranges in use. */
export function grow(fields: VectorFields<"grow">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.chunks, NO_RANGES, null);
  const { bases, limits } = heap.pages.inUse;
  c.equal("number of ranges in use", fields.inUse.length, bases.length);
  fields.inUse.forEach((range, i) => {
    c.step(`inUse[${i}]`);
    const { pageBytes } = c.geometry;
    c.equalPage("base", range.base, range.basePage, (bases[i] ?? -pageBytes) / pageBytes);
    c.equalPage("limit", range.limit, range.limitPage, (limits[i] ?? -pageBytes) / pageBytes);
  });
  c.step("");
  heap.expectFinal(fields.final);
}

/** Allocates runs of pages. */
export function alloc(fields: VectorFields<"alloc">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.before.keys(), fields.before, fields.scav);
  c.equal("initialSearchAddr", fields.initialSearchAddr, heap.pages.formatSearchAddr());
  fields.hits.forEach((hit, i) => {
    c.step(`hits[${i}] alloc(${hit.npages})`);
    const page = heap.pages.alloc(hit.npages);
    const scavenged = page < 0 ? 0 : heap.pages.scavengedPages;
    c.equalPage("base", hit.base, hit.page, page);
    c.equal("scavenged bytes", hit.scav, scavenged * c.geometry.pageBytes);
    heap.expectSearchAddr(hit.searchAddr);
  });
  c.step("");
  heap.expectTable("after", fields.after, fields.scav);
  heap.expectFinal(fields.final);
}

/** Allocates runs of one length until the heap, which begins with free chunks, has none left. */
export function exhaust(fields: VectorFields<"exhaust">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.before.keys(), fields.before, null);
  const first = c.context.baseChunk * c.geometry.chunkPages;
  for (let i = 0; i <= fields.nAlloc && !c.stopped; i++) {
    c.step(`allocation ${i} of ${fields.npages} pages`);
    const page = heap.pages.alloc(fields.npages);
    const expected = i < fields.nAlloc ? first + i * fields.npages : -1;
    c.equal("base", c.geometry.formatPage(expected), c.geometry.formatPage(page));
    if (page < 0) break;
    c.equal("scavenged bytes", 0, heap.pages.scavengedPages * c.geometry.pageBytes);
  }
  c.step("");
  heap.expectFinal(fields.final);
}

/** Frees runs of one length. */
export function free(fields: VectorFields<"free">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.before.keys(), fields.before, fields.scav);
  fields.frees.forEach((step, i) => {
    c.step(`frees[${i}] free(${step.base}, ${fields.npages})`);
    const page = c.page(step.base);
    c.equalPage("base", step.base, step.page, page);
    heap.pages.free(page, fields.npages, step.scavengedFlag);
    heap.expectSearchAddr(step.searchAddr);
  });
  c.step("");
  heap.expectTable("after", fields.after, fields.scav);
  heap.expectFinal(fields.final);
}

/** Allocates and frees in turn. */
export function allocAndFree(fields: VectorFields<"allocAndFree">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.init.keys(), fields.init, fields.scav);
  fields.hits.forEach((hit, i) => {
    c.step(`hits[${i}] ${hit.alloc ? "alloc" : `free(${hit.base})`} of ${hit.npages} pages`);
    const page = hit.alloc ? heap.pages.alloc(hit.npages) : c.page(hit.base);
    c.equalPage("base", hit.base, hit.page, page);
    // The runtime's test frees as the scavenger does, which leaves freeHWM alone.
    if (!hit.alloc) heap.pages.free(page, hit.npages, true);
    heap.expectSearchAddr(hit.searchAddr);
  });
  c.step("");
  heap.expectFinal(fields.final);
}

/** Scavenges; which pages are in use does not change. */
export function scavenge(fields: VectorFields<"scavenge">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.before.keys(), fields.before, fields.scav);
  fields.steps.forEach((step, i) => {
    c.step(`steps[${i}] scavenge(${step.request})`);
    // The largest request, 2^64-1, becomes 2^64: either is more than there is.
    c.equal("released bytes", step.expect, heap.scavenger.scavenge(Number(step.request)));
    heap.expectSearchAddr(step.searchAddr);
    c.equal("scavLWM", step.scavLWM, c.geometry.formatAddress(heap.scavenger.lwmOff));
  });
  c.step("");
  heap.expectTable("afterScav", fields.before, fields.afterScav);
  heap.expectFinal(fields.final);
}

/** Fills page caches, one after the other. */
export function allocToCache(fields: VectorFields<"allocToCache">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.before.keys(), fields.before, fields.scav);
  fields.hits.forEach((hit, i) => {
    c.step(`hits[${i}] allocToCache`);
    const cache = new PageCache();
    heap.pages.allocToCache(cache);
    expectCache(c, hit, cache);
    heap.expectSearchAddr(hit.searchAddr);
  });
  c.step("");
  heap.expectTable("after", fields.after, fields.afterScav ?? fields.scav);
  heap.expectFinal(fields.final);
}

/** Gives a page cache back to the heap. */
export function cacheFlush(fields: VectorFields<"cacheFlush">, c: CaseCheck): void {
  const heap = new HeapCase(c, fields.beforeAlloc.keys(), fields.beforeAlloc, fields.beforeScav);
  c.equal("beforeSearchAddr", fields.beforeSearchAddr, heap.pages.formatSearchAddr());
  const cache = filledCache(c, fields.cache);
  c.equal("basePage", fields.basePage, cache.page % c.geometry.chunkPages);
  heap.pages.flushCache(cache);
  c.step("cacheAfter");
  expectCache(c, fields.cacheAfter, cache);
  c.step("");
  heap.expectFinal(fields.final);
}

/** Allocates from a page cache that has no heap. */
export function cacheAlloc(fields: VectorFields<"cacheAlloc">, c: CaseCheck): void {
  const cache = filledCache(c, fields.cache);
  c.state = () => `cache at ${c.geometry.formatPage(cache.page)} with ${cache.freePages} free pages`;
  fields.hits.forEach((hit, i) => {
    c.step(`hits[${i}] alloc(${hit.npages})`);
    const page = cache.alloc(hit.npages);
    c.equalPage("base", hit.base, hit.page, page);
    c.equal("scavenged bytes", hit.scav, page < 0 ? 0 : cache.scavengedPages * c.geometry.pageBytes);
    c.equal("cacheAfter", hit.cacheAfter, hex64(cache.cacheHi, cache.cacheLo));
    c.equal("scavAfter", hit.scavAfter, hex64(cache.scavHi, cache.scavLo));
  });
}

function filledCache(c: CaseCheck, content: CacheContent): PageCache {
  const cache = new PageCache();
  const free = halves(content.cache);
  const scavenged = halves(content.scav);
  const page = c.page(content.base);
  if (page % 64 !== 0)
    c.reject(`cache.base ${content.base} is not that of a page cache: expected a block of 64 pages`);
  c.equalPage("cache.base", content.base, content.page, page);
  cache.set(page, free.hi, free.lo, scavenged.hi, scavenged.lo);
  return cache;
}

function expectCache(c: CaseCheck, recorded: CacheContent, cache: PageCache): void {
  // A cache that was cleared has page 0, which is no page of any heap, and is recorded without one.
  c.equalPage("base", recorded.base, recorded.page, cache.page === 0 ? -1 : cache.page);
  c.equal("cache", recorded.cache, hex64(cache.cacheHi, cache.cacheLo));
  c.equal("scav", recorded.scav, hex64(cache.scavHi, cache.scavLo));
}
