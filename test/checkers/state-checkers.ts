/**
 * What must be true of a page heap at any moment, checked the slow and obvious way.
 *
 * Nothing here uses the fast routines of the simulator: bits are read one at a time, summaries are recomputed from
 * them, and each complaint is a sentence that says what was found and what was expected.
 */

import type { AddressRanges } from "../../sim/address/ranges.js";
import type { Heap } from "../../sim/heap/heap.js";
import { isHeapKind, KIND_STACK } from "../../sim/heap/kinds.js";
import type { PageAllocator } from "../../sim/pages/page-allocator.js";
import type { PageCache } from "../../sim/pages/page-cache.js";
import type { PageTree } from "../../sim/pages/page-tree.js";
import { LONG_RUN } from "../../sim/pages/run-counts.js";
import { GenerationScavenger } from "../../sim/scavenge/generations.js";
import type { Scavenger } from "../../sim/scavenge/scavenger.js";
import { indexFault } from "./index-checkers.js";
import { checkSpanFit } from "./span-checkers.js";
import { StateError } from "./state-error.js";

export { StateError };

/** What the check of the pages counted on its way, in pages. */
export interface PageTotals {
  grown: number;
  free: number;
  allocated: number;
  /** Set scavenged bits in the bitmaps. */
  scavenged: number;
  /** Free pages in page caches, and the scavenged ones among them. */
  cached: number;
  cachedScavenged: number;
}

/** What a heap around the allocator allows beyond the runtime's test mode. */
export interface CheckPagesOptions {
  /** In a heap, searchAddr may lie in the part of a mapped arena that was not grown yet. */
  readonly arenaMapped?: (page: number) => boolean;
  /** searchAddr may lie outside of memory, behind a block that a page cache took (up to 1.14.2). */
  readonly searchBehindBlock?: boolean;
  /** Ranges that are out of the heap while the system takes them, pages by first page. */
  readonly releasing?: ReadonlyMap<number, number>;
}

type Triple = readonly [start: number, max: number, end: number];

function fail(sentence: string): never {
  throw new StateError(sentence);
}

/** The entries of a level below one root entry: number i of them begins at first + i·stride of words. */
interface Entries {
  readonly words: Int32Array;
  readonly first: number;
  readonly stride: number;
}

/**
 * Where the tree keeps the entries of a level below a root entry that has memory. Of each, start, max and end stand in a
 * row, and behind those of a chunk its number of scavenged pages. All that these checks know of the layout is here.
 */
function entriesBelow(tree: PageTree, level: number, root: number): Entries {
  const slot = tree.rootSlot[root]!;
  const first = tree.entryAt(level, slot, 0);
  return { words: tree.entriesOf(level), first, stride: tree.entryAt(level, slot, 1) - first };
}

/** The place of one entry, for tests that break it. */
export function entryOf(tree: PageTree, level: number, index: number): { words: Int32Array; at: number } {
  const perRoot = 2 ** tree.localBits[level]!;
  const { words, first, stride } = entriesBelow(tree, level, Math.floor(index / perRoot));
  return { words, at: first + (index % perRoot) * stride };
}

/**
 * Checks a page allocator, the page caches that were filled from it, and the scavenger that works on it.
 * @returns the counts it made
 * @throws StateError with a sentence that says what is wrong
 */
export function checkPages(
  pages: PageAllocator,
  caches: readonly PageCache[] = [],
  scavenger?: Scavenger,
  options: CheckPagesOptions = {},
): PageTotals {
  checkRanges("inUse", pages.inUse);
  const grown = grownChunks(pages);
  checkBounds(pages, grown);
  checkSlots(pages, grown);
  const totals = checkLeaves(pages, grown);
  checkUpperLevels(pages);
  checkSearchPage(pages, totals.lowestFree, options);
  const { cached, cachedScavenged } = checkCaches(pages, caches, grown);
  if (scavenger instanceof GenerationScavenger) checkScavenger(pages, scavenger);
  else if (scavenger !== undefined) {
    const fault = indexFault(pages, scavenger, grown, options.releasing ?? new Map());
    if (fault !== undefined) fail(fault);
  }
  const grownPages = grown.size * pages.geometry.chunkPages;
  if (grownPages !== totals.free + totals.allocated) {
    fail(
      `${grownPages} pages were grown, but ${totals.free} are free and ${totals.allocated} allocated, which is not all of them`,
    );
  }
  const { free, allocated, scavenged } = totals;
  return { grown: grownPages, free, allocated, scavenged, cached, cachedScavenged };
}

/** Ranges are ordered, not empty, do not overlap or touch, and add up to totalBytes. */
export function checkRanges(name: string, ranges: AddressRanges): void {
  if (ranges.bases.length !== ranges.limits.length) fail(`${name} has unequal numbers of bases and limits`);
  let total = 0;
  for (let i = 0; i < ranges.bases.length; i++) {
    const base = ranges.bases[i]!;
    const limit = ranges.limits[i]!;
    if (!(base < limit)) fail(`range ${i} of ${name}, [${base}, ${limit}), is empty or inverted`);
    if (i > 0 && base <= ranges.limits[i - 1]!) {
      fail(`range ${i} of ${name}, [${base}, ${limit}), touches or overlaps the one before it`);
    }
    total += limit - base;
  }
  if (total !== ranges.totalBytes) {
    fail(`totalBytes of ${name} is ${ranges.totalBytes}, but its ranges add up to ${total}`);
  }
}

function grownChunks(pages: PageAllocator): Set<number> {
  const { chunkBytes, maxOff } = pages.geometry;
  const grown = new Set<number>();
  for (let i = 0; i < pages.inUse.bases.length; i++) {
    const base = pages.inUse.bases[i]!;
    const limit = pages.inUse.limits[i]!;
    if (base % chunkBytes !== 0 || limit % chunkBytes !== 0) {
      fail(`range ${i} of inUse, [${base}, ${limit}), is not made of whole chunks`);
    }
    if (base < 0 || limit > maxOff + 1) fail(`range ${i} of inUse leaves the address space`);
    for (let off = base; off < limit; off += chunkBytes) grown.add(off / chunkBytes);
  }
  return grown;
}

function checkBounds(pages: PageAllocator, grown: ReadonlySet<number>): void {
  let low = 0;
  let high = 0;
  for (const chunk of grown) {
    if (high === 0 || chunk < low) low = chunk;
    if (chunk + 1 > high) high = chunk + 1;
  }
  if (pages.start !== low || pages.end !== high) {
    fail(`[start, end) is [${pages.start}, ${pages.end}), but inUse spans the chunks [${low}, ${high})`);
  }
}

/** The tree has memory for each grown chunk, and its list of root entries is in order. */
function checkSlots(pages: PageAllocator, grown: ReadonlySet<number>): void {
  const { tree } = pages;
  const seen = new Set<number>();
  for (let r = 0; r < tree.rootCount; r++) {
    const root = tree.roots[r]!;
    if (r > 0 && root <= tree.roots[r - 1]!) fail(`root entry ${root} is out of order in the list of roots`);
    const slot = tree.rootSlot[root]!;
    if (slot < 0 || slot >= tree.rootCount || seen.has(slot)) fail(`root entry ${root} has the slot ${slot}`);
    seen.add(slot);
  }
  let slots = 0;
  for (const slot of tree.rootSlot) if (slot >= 0) slots++;
  if (slots !== tree.rootCount) fail(`${slots} root entries have a slot, but ${tree.rootCount} are listed`);
  for (const chunk of grown) if (tree.flatChunk(chunk) < 0) fail(`chunk ${chunk} is in use without a bitmap`);
}

function bitAt(words: Int32Array, word0: number, i: number): number {
  return (words[word0 + Math.floor(i / 32)]! >>> (i % 32)) & 1;
}

/** Bitmaps against leaf summaries and scavCount, for every chunk that has memory, grown or not. */
function checkLeaves(
  pages: PageAllocator,
  grown: ReadonlySet<number>,
): { free: number; allocated: number; scavenged: number; lowestFree: number } {
  const { tree } = pages;
  const { chunkPages } = pages.geometry;
  const leaf = tree.levels - 1;
  const chunksPerRoot = 2 ** tree.localBits[leaf]!;
  const sum = { free: 0, allocated: 0, scavenged: 0, lowestFree: Number.POSITIVE_INFINITY };
  for (let r = 0; r < tree.rootCount; r++) {
    const { words, first, stride } = entriesBelow(tree, leaf, tree.roots[r]!);
    for (let i = 0; i < chunksPerRoot; i++) {
      const chunk = tree.roots[r]! * chunksPerRoot + i;
      const at = first + i * stride;
      if (!grown.has(chunk)) {
        checkUntouched(pages, chunk, words, at);
        continue;
      }
      const flat = tree.flatChunk(chunk);
      const summary: Triple = [words[at]!, words[at + 1]!, words[at + 2]!];
      const counted = tree.scavengedOf(flat);
      const word0 = flat * tree.wordsPerChunk;
      let start = -1;
      let max = 0;
      let run = 0;
      let scavenged = 0;
      const runs = new Int32Array(chunkPages + 1);
      for (let p = 0; p < chunkPages; p++) {
        const used = bitAt(tree.allocBits, word0, p);
        const gone = bitAt(tree.scavBits, word0, p);
        if (used === 1 && gone === 1) fail(`page ${p} of chunk ${chunk} is both allocated and scavenged`);
        scavenged += gone;
        if (used === 1) {
          // The run at the start is not counted.
          if (start < 0) start = run;
          else runs[run]!++;
          run = 0;
          sum.allocated++;
          continue;
        }
        const page = chunk * chunkPages + p;
        if (page < sum.lowestFree) sum.lowestFree = page;
        sum.free++;
        run++;
        if (run > max) max = run;
      }
      if (start < 0) start = run;
      expectTriple(leaf, chunk, summary, [start, max, run], "its bitmap");
      checkRunCounts(tree, chunk, runs);
      if (scavenged !== counted) {
        fail(`chunk ${chunk} counts ${counted} scavenged pages, but ${scavenged} bits are set`);
      }
      sum.scavenged += scavenged;
    }
  }
  return sum;
}

/** The counts of a chunk's free runs by length, of which runs[n] have n pages and touch no edge of the chunk. */
function checkRunCounts(tree: PageTree, chunk: number, runs: Int32Array): void {
  const flat = tree.flatChunk(chunk);
  let long = 0;
  let longest = 0;
  for (let n = 1; n < runs.length - 1; n++) {
    if (runs[n] === 0) continue;
    longest = Math.min(n, LONG_RUN);
    if (n >= LONG_RUN) long += runs[n]!;
  }
  for (let n = 1; n <= LONG_RUN; n++) {
    const want = n === LONG_RUN ? long : n < runs.length - 1 ? runs[n]! : 0;
    const got = tree.runs.count(flat, n);
    if (got !== want) fail(`chunk ${chunk} counts ${got} free runs of ${n} pages, but has ${want}`);
  }
  const got = tree.runs.longest(flat);
  if (got !== longest)
    fail(`the longest counted run of chunk ${chunk} has ${got} pages instead of ${longest}`);
}

/** A chunk that was not grown offers nothing and holds nothing. */
function checkUntouched(pages: PageAllocator, chunk: number, words: Int32Array, at: number): void {
  const { tree } = pages;
  if ((words[at]! | words[at + 1]! | words[at + 2]!) !== 0) {
    const summary: Triple = [words[at]!, words[at + 1]!, words[at + 2]!];
    expectTriple(tree.levels - 1, chunk, summary, [0, 0, 0], "a chunk that was not grown");
  }
  if (words[at + 3] !== -1) {
    fail(`chunk ${chunk} counts ${words[at + 3]} scavenged pages, though it was not grown`);
  }
  const { allocBits, scavBits } = tree;
  const limit = (tree.flatChunk(chunk) + 1) * tree.wordsPerChunk;
  for (let w = limit - tree.wordsPerChunk; w < limit; w++) {
    if (allocBits[w] !== 0 || scavBits[w] !== 0) {
      fail(`chunk ${chunk} has bits set, though it was not grown`);
    }
  }
}

function expectTriple(level: number, index: number, got: Triple, want: Triple, from: string): void {
  if (got[0] === want[0] && got[1] === want[1] && got[2] === want[2]) return;
  fail(`summary[${level}][${index}] is (${got.join(", ")}), but ${from} gives (${want.join(", ")})`);
}

/** Every summary above the leaves against its children. */
function checkUpperLevels(pages: PageAllocator): void {
  const { tree } = pages;
  for (let level = tree.levels - 2; level >= 0; level--) {
    const children = 2 ** pages.geometry.levelBits[level + 1]!;
    const childPages = 2 ** pages.geometry.levelLogPages[level + 1]!;
    const entriesPerRoot = 2 ** tree.localBits[level]!;
    for (let r = 0; r < tree.rootCount; r++) {
      const above = entriesBelow(tree, level, tree.roots[r]!);
      const below = entriesBelow(tree, level + 1, tree.roots[r]!);
      for (let i = 0; i < entriesPerRoot; i++) {
        // Walk over the children as over a line of pages: `run` is the free run that reaches up to here.
        let [start, max, run, whole, across] = [0, 0, 0, true, 0];
        for (let c = i * children; c < (i + 1) * children; c++) {
          const at = below.first + c * below.stride;
          const childStart = below.words[at]!;
          max = Math.max(max, below.words[at + 1]!, run + childStart);
          if (c > i * children) across = Math.max(across, run + childStart);
          if (whole) start += childStart;
          const allFree = childStart === childPages;
          run = allFree ? run + childPages : below.words[at + 2]!;
          whole = whole && allFree;
        }
        const at = above.first + i * above.stride;
        const got: Triple = [above.words[at]!, above.words[at + 1]!, above.words[at + 2]!];
        const index = tree.roots[r]! * entriesPerRoot + i;
        expectTriple(level, index, got, [start, max, run], "the merge of its children");
        const gotAcross = above.words[at + 3]!;
        if (gotAcross !== across) {
          fail(
            `summary[${level}][${index}] has ${gotAcross} pages across two children, but they have ${across}`,
          );
        }
      }
    }
  }
}

function checkSearchPage(pages: PageAllocator, lowestFree: number, options: CheckPagesOptions): void {
  const { searchPage } = pages;
  if (lowestFree < searchPage) {
    fail(`page ${lowestFree} is free, but searchPage is ${searchPage}, above it`);
  }
  if (searchPage !== pages.maxSearchPage && !Number.isInteger(searchPage)) {
    fail(`searchPage is ${searchPage}, which is no page`);
  }
  if (isSearchInMemory(pages)) return;
  if (options.arenaMapped?.(searchPage) === true || options.searchBehindBlock === true) return;
  fail(`searchPage is ${searchPage}, which lies outside inUse`);
}

/** Whether searchAddr lies in inUse or is maxSearchAddr: what golang/go#38605 broke. */
export function isSearchInMemory(pages: PageAllocator): boolean {
  const { searchPage, inUse } = pages;
  if (searchPage === pages.maxSearchPage) return true;
  const off = searchPage * pages.geometry.pageBytes;
  return inUse.bases.some((base, i) => off >= base && off < inUse.limits[i]!);
}

/** Pages in caches are out of the heap, once each. */
function checkCaches(
  pages: PageAllocator,
  caches: readonly PageCache[],
  grown: ReadonlySet<number>,
): { cached: number; cachedScavenged: number } {
  const { tree } = pages;
  const { chunkPages } = pages.geometry;
  const owner = new Map<number, number>();
  let cachedScavenged = 0;
  caches.forEach((cache, c) => {
    if (cache.page % 64 !== 0) fail(`cache ${c} begins at page ${cache.page}, which begins no block of 64`);
    for (let i = 0; i < 64; i++) {
      const free = ((i < 32 ? cache.cacheLo >>> i : cache.cacheHi >>> (i - 32)) & 1) === 1;
      const gone = ((i < 32 ? cache.scavLo >>> i : cache.scavHi >>> (i - 32)) & 1) === 1;
      const page = cache.page + i;
      if (gone && !free) fail(`page ${page} is scavenged in cache ${c}, but not free in it`);
      if (!free) continue;
      const chunk = Math.floor(page / chunkPages);
      if (!grown.has(chunk)) fail(`page ${page} is in cache ${c}, but was not grown`);
      if (owner.has(page)) fail(`page ${page} is in cache ${c} and in cache ${owner.get(page)}`);
      owner.set(page, c);
      const word0 = tree.flatChunk(chunk) * tree.wordsPerChunk;
      if (bitAt(tree.allocBits, word0, page % chunkPages) === 0) {
        fail(`page ${page} is in cache ${c}, but free in the bitmap`);
      }
      if (gone) cachedScavenged++;
    }
  });
  return { cached: owner.size, cachedScavenged };
}

/** What a scavenger may still look at is grown memory in whole chunks from below, and its watermark is on the line. */
function checkScavenger(pages: PageAllocator, scavenger: GenerationScavenger): void {
  const { chunkBytes, maxOff } = pages.geometry;
  checkRanges("scav.inUse", scavenger.inUse);
  for (let i = 0; i < scavenger.inUse.bases.length; i++) {
    const base = scavenger.inUse.bases[i]!;
    const limit = scavenger.inUse.limits[i]!;
    if (base % chunkBytes !== 0) fail(`range ${i} of scav.inUse begins at ${base}, inside a chunk`);
    const inside = pages.inUse.bases.some((b, j) => b <= base && limit <= pages.inUse.limits[j]!);
    if (!inside) fail(`range ${i} of scav.inUse, [${base}, ${limit}), is not all in use`);
  }
  if (!(scavenger.lwmOff >= 0 && scavenger.lwmOff <= maxOff)) fail(`scavLWM is ${scavenger.lwmOff}`);
  if (!(pages.freeHwmOff >= 0 && pages.freeHwmOff <= maxOff)) fail(`freeHWM is ${pages.freeHwmOff}`);
}

function expectEqual(what: string, got: number, want: number, because: string): void {
  if (got !== want) fail(`${what} is ${got}, but ${because} gives ${want}`);
}

/** What the check of a heap found out. */
export interface HeapTotals extends PageTotals {
  /** The live spans, by address. */
  readonly spans: readonly { readonly page: number; readonly npages: number; readonly kind: number }[];
}

/**
 * Checks a heap: its pages, and that the books agree with them.
 * @param releasing ranges that the scavenger has out of the heap now, pages by first page
 * @throws StateError with a sentence that says what is wrong
 */
export function checkHeap(heap: Heap, releasing: ReadonlyMap<number, number> = new Map()): HeapTotals {
  const arenaMapped = (page: number): boolean => heap.arenas.has(page);
  const searchBehindBlock = heap.policy.pageCache.refillSearchAddr === "behind-block";
  const totals = checkPages(heap.pages, heap.caches, heap.scavenger, {
    arenaMapped,
    searchBehindBlock,
    releasing,
  });
  const spans = checkSpans(heap);
  const unit = heap.geometry.pageBytes;
  const s = heap.statistics;
  const sumOf = (which: (kind: number) => boolean): number =>
    unit * spans.reduce((sum, span) => sum + (which(span.kind) ? span.npages : 0), 0);
  const inUse = sumOf(isHeapKind);
  const stacks = sumOf((kind) => kind === KIND_STACK);
  const gcSpans = sumOf((kind) => !isHeapKind(kind) && kind !== KIND_STACK);
  expectEqual("heap_inuse", s.heapInUseBytes, inUse, "the sum over the live heap spans");
  expectEqual("stack_inuse", s.stackInUseBytes, stacks, "the sum over the live stack spans");
  expectEqual("gcSpansBytes", s.gcSpansBytes, gcSpans, "the sum over the live spans of the collector");
  const { accounts, newMemory } = heap.policy.growth;
  const grownBytes = (totals.grown - heap.growth.withheldPages) * unit;
  const mapped = accounts === "arena" ? heap.arenas.totalBytes : grownBytes;
  expectEqual("the mapped memory", s.mappedBytes, mapped, "what was grown, or reserved as arenas");
  expectEqual("heap_sys", s.heapSysBytes, mapped - stacks - gcSpans, "mapped less stacks and gc");
  expectEqual("heap_idle", s.heapIdleBytes, s.heapSysBytes - inUse, "heap_sys less heap_inuse");
  // Memory that the heap has not grown into counts as released, where new memory does.
  const ahead = newMemory === "released" ? (mapped - grownBytes) / unit + heap.growth.paddingPages : 0;
  const gone = totals.scavenged + totals.cachedScavenged + ahead;
  expectEqual(
    "heap_released",
    s.heapReleasedBytes,
    gone * unit,
    "counting scavenged bits in bitmaps and caches",
  );
  expectEqual("heap_retained", s.heapRetainedBytes, s.heapSysBytes - gone * unit, "heap_sys less released");
  expectEqual("pageCacheBytes", heap.pageCacheBytes, totals.cached * unit, "counting the pages in caches");
  const spanPages = spans.reduce((sum, span) => sum + span.npages, 0);
  let released = 0;
  for (const [page, npages] of releasing) {
    released += npages;
    for (let p = page; p < page + npages; p++) {
      if (!heap.pages.isAllocated(p)) fail(`page ${p} is being released, but free`);
    }
    if (spans.some((span) => span.page < page + npages && page < span.page + span.npages)) {
      fail(`a span lies in the ${npages} pages at ${page} that are being released`);
    }
  }
  expectEqual(
    "the number of allocated pages",
    totals.allocated,
    spanPages + totals.cached + released + heap.growth.withheldPages + heap.growth.paddingPages,
    "spans, caches, what is being released, withheld, or padding",
  );
  const fresh = heap.fresh.releasedPages;
  if (fresh > gone + released) {
    fail(`${fresh} pages are fresh, but only ${gone + released} scavenged, or will be soon`);
  }
  checkSpanFit(heap);
  for (const [peak, now] of [
    ["peakHeapInUseBytes", s.heapInUseBytes],
    ["peakHeapSysBytes", s.heapSysBytes],
    ["peakHeapRetainedBytes", s.heapRetainedBytes],
  ] as const) {
    if (s[peak] < now) fail(`${peak} is ${s[peak]}, less than the ${now} of now`);
  }
  return { ...totals, spans };
}

/** Live spans lie in allocated pages that no cache holds, and do not overlap. The table can only be asked page by page. */
function checkSpans(heap: Heap): HeapTotals["spans"] {
  const { pages, spans } = heap;
  const { pageBytes } = heap.geometry;
  const cached = new Set<number>();
  for (const cache of heap.caches) {
    for (let i = 0; i < 64; i++) {
      if (((i < 32 ? cache.cacheLo >>> i : cache.cacheHi >>> (i - 32)) & 1) === 1) cached.add(cache.page + i);
    }
  }
  const found: { page: number; npages: number; kind: number }[] = [];
  let covered = 0;
  for (let r = 0; r < pages.inUse.bases.length; r++) {
    const limit = pages.inUse.limits[r]! / pageBytes;
    for (let page = pages.inUse.bases[r]! / pageBytes; page < limit; page++) {
      const npages = spans.npagesAt(page);
      if (npages === 0) continue;
      if (page < covered) fail(`the span at page ${page} overlaps the one before it`);
      covered = page + npages;
      for (let p = page; p < covered; p++) {
        if (!pages.isAllocated(p)) fail(`page ${p} of the span at page ${page} is free`);
        if (cached.has(p)) fail(`page ${p} of the span at page ${page} is in a page cache`);
      }
      found.push({ page, npages, kind: spans.kindAt(page) });
    }
  }
  if (found.length !== spans.count) {
    fail(`the span table counts ${spans.count} spans, but ${found.length} begin in the heap`);
  }
  return found;
}
