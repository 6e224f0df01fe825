/**
 * The page allocator, its page caches and the scavenger beside the naive heap: random operations on both, every result
 * and the whole state compared, and the state checked, after each one.
 *
 * The cases are drawn from a fixed seed, so a run is the same everywhere; FC_SEED tries another. On a failure fast-check
 * prints the seed and the shortest sequence of operations that still fails.
 */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { BadOperationError } from "../../../sim/pages/errors.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { PageCache } from "../../../sim/pages/page-cache.js";
import {
  FAST_PATH_ALLOCS,
  FIND_CALLS,
  FIND_ENTRIES,
  FIND_FAILURES,
  FIND_LEVELS,
} from "../../../sim/probes.js";
import { GenerationScavenger } from "../../../sim/scavenge/generations.js";
import { ReleaseRequest } from "../../../sim/scavenge/scavenger.js";
import { checkPages, entryOf, StateError } from "../../checkers/state-checkers.js";
import { type NaiveCache, NaiveHeap, type NaiveWork } from "./naive-heap.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const CACHES = 4;
/** Keeps the naive heap fast enough: it looks at every page all the time. */
const MAX_PAGES = 9000;

const CUSTOM = {
  arenaBaseOffset: "0x0",
  logMaxPackedValue: 21,
  physPageBytes: 4096,
  physHugePageBytes: 0,
  arenaHints: [],
  summariesMappedAtInit: false,
} as const;

/** Shapes that no system has: what the code must not take for granted. */
const CUSTOM_SPECS = [
  // A tiny address space of 64 chunks, at the top of the 64-bit range.
  {
    ...CUSTOM,
    name: "custom/tiny",
    heapAddrBits: 24,
    arenaBaseOffset: "0xffffffffff000000",
    pageShift: 12,
    logChunkPages: 6,
    levelBits: [2, 2, 2],
    logMaxPackedValue: 10,
    arenaBytes: 2 ** 18,
    chunksL1Bits: 0,
  },
  // Uneven levels, chunks of two cache blocks.
  {
    ...CUSTOM,
    name: "custom/wide",
    heapAddrBits: 32,
    pageShift: 13,
    logChunkPages: 7,
    levelBits: [6, 2, 2, 2],
    arenaBytes: 2 ** 20,
    chunksL1Bits: 3,
  },
  // The root is the leaf level.
  {
    ...CUSTOM,
    name: "custom/flat",
    heapAddrBits: 27,
    pageShift: 14,
    logChunkPages: 8,
    levelBits: [5],
    logMaxPackedValue: 8,
    arenaBytes: 2 ** 22,
    chunksL1Bits: 0,
  },
  // A level with one child, small pages, physical pages as large as a cache block.
  {
    ...CUSTOM,
    name: "custom/uneven",
    heapAddrBits: 30,
    pageShift: 10,
    logChunkPages: 9,
    levelBits: [5, 0, 4, 2],
    arenaBytes: 2 ** 20,
    chunksL1Bits: 4,
  },
  // One root entry in all.
  {
    ...CUSTOM,
    name: "custom/one-root",
    heapAddrBits: 25,
    pageShift: 12,
    logChunkPages: 6,
    levelBits: [0, 4, 3],
    arenaBytes: 2 ** 19,
    chunksL1Bits: 2,
  },
];

const GEOMETRIES: readonly Geometry[] = [
  ...["linux/amd64", "linux/arm64", "linux/386", "windows/amd64", "ios/arm64", "ios/arm64-33bit"].map(
    platform,
  ),
  ...CUSTOM_SPECS.map((spec) => new Geometry(spec)),
];

/** How many pages: small ones, up to a chunk, several chunks; the number is a share of what the class allows. */
interface Size {
  readonly cls: "small" | "chunk" | "large";
  readonly share: number;
}

type Op =
  | { op: "grow"; site: number; delta: number; chunks: number; short: number }
  | { op: "alloc"; size: Size }
  | { op: "fill" }
  | { op: "free"; which: number; part: number }
  | { op: "freeSome"; step: number }
  | { op: "freeWrongly"; where: number; npages: number }
  | { op: "refill"; cache: number; discard: boolean }
  | { op: "calloc"; cache: number; npages: number }
  | { op: "flush"; cache: number }
  | { op: "scavenge"; amount: number }
  | { op: "startgen" }
  | { op: "round"; amounts: readonly number[] }
  | { op: "release"; amount: number }
  | { op: "unreserve" };

const size = fc.record<Size>({
  cls: fc.constantFrom("small", "small", "chunk", "large"),
  share: fc.integer({ min: 1, max: 1000 }),
});
const cacheNumber = fc.integer({ min: 0, max: CACHES - 1 });
const amount = fc.integer({ min: 0, max: 12 });

const operation: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("grow" as const),
      site: fc.integer({ min: 0, max: 4 }),
      delta: fc.integer({ min: -6, max: 6 }),
      chunks: fc.integer({ min: 1, max: 6 }),
      short: fc.constantFrom(0, 0, 1, 40),
    }),
  },
  { weight: 12, arbitrary: fc.record({ op: fc.constant("alloc" as const), size }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("fill" as const) }) },
  {
    weight: 9,
    arbitrary: fc.record({
      op: fc.constant("free" as const),
      which: fc.nat(1000),
      part: fc.constantFrom(0, 0, 0, 1, 2, 3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("freeSome" as const), step: fc.integer({ min: 2, max: 4 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("freeWrongly" as const),
      where: fc.nat(100000),
      npages: fc.integer({ min: 0, max: 1200 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("refill" as const),
      cache: cacheNumber,
      discard: fc.constantFrom(false, false, false, true),
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      op: fc.constant("calloc" as const),
      cache: cacheNumber,
      npages: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 70 })),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("flush" as const), cache: cacheNumber }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("scavenge" as const), amount }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("startgen" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("round" as const),
      amounts: fc.array(amount, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 5, arbitrary: fc.record({ op: fc.constant("release" as const), amount }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("unreserve" as const) }) },
);

interface Case {
  readonly phys: number;
  readonly huge: number;
  /** Whether the memory of the start was in use before, so that there is something to scavenge. */
  readonly worn: boolean;
  readonly ops: readonly Op[];
}

const oneCase: fc.Arbitrary<Case> = fc.record({
  phys: fc.nat(2),
  huge: fc.nat(3),
  worn: fc.boolean(),
  ops: fc.array(operation, { minLength: 1, maxLength: 120, size: "max" }),
});

/** A geometry with one of the physical page sizes, and one of the huge ones: none, 2 MiB, a chunk, a quarter of it. */
function variant(geometry: Geometry, { phys, huge }: Case): Geometry {
  return geometry.withPhysicalPages(
    [4096, 16384, 65536][phys]!,
    [0, 2 ** 21, geometry.chunkBytes, geometry.chunkBytes / 4][huge]!,
  );
}

/** The two heaps side by side. */
class Pair {
  readonly events = new Map<string, number>();
  readonly #real: PageAllocator;
  readonly #scavenger: GenerationScavenger;
  readonly #caches: PageCache[] = [];
  readonly #naive: NaiveHeap;
  readonly #naiveCaches: NaiveCache[] = [];
  /** Live allocations, as they can be freed. */
  readonly #live: { page: number; npages: number }[] = [];
  /** A scavenger that works beside the other operations, and whether it holds pages just now. */
  readonly #work = new ReleaseRequest();
  #naiveWork: NaiveWork = { base: 0, limit: 0, gen: 0, page: 0, npages: 0 };
  #releasing = false;

  constructor(readonly geometry: Geometry) {
    this.#real = new PageAllocator(geometry);
    this.#scavenger = new GenerationScavenger(this.#real);
    this.#naive = new NaiveHeap(geometry);
    for (let i = 0; i < CACHES; i++) {
      this.#caches.push(new PageCache());
      this.#naiveCaches.push(NaiveHeap.emptyCache());
    }
  }

  #note(event: string): void {
    this.events.set(event, (this.events.get(event) ?? 0) + 1);
  }

  apply(op: Op): void {
    switch (op.op) {
      case "grow":
        this.#grow(op.site, op.delta, op.chunks, op.short);
        break;
      case "alloc":
        this.#alloc(this.#pagesOf(op.size));
        break;
      case "fill":
        this.#fill();
        break;
      case "free":
        this.#free(op.which, op.part);
        break;
      case "freeSome":
        for (let i = 0, n = 0; i < this.#live.length && n < 8; i += op.step - 1, n++) this.#free(i, 0);
        break;
      case "freeWrongly":
        this.#freeWrongly(op.where, op.npages);
        break;
      case "refill":
        this.#refill(op.cache, op.discard);
        break;
      case "calloc":
        this.#cacheAlloc(op.cache, op.npages);
        break;
      case "flush":
        this.#flush(op.cache);
        break;
      case "scavenge":
        this.#scavenge(this.#bytesOf(op.amount));
        break;
      case "startgen":
        this.#startGeneration();
        break;
      case "round":
        // Several generations with little happening in between, as in an idle program.
        for (const n of op.amounts) {
          this.#startGeneration();
          this.#scavenge(this.#bytesOf(n));
          this.#compare();
        }
        break;
      case "release":
        this.#releaseStep(this.#bytesOf(op.amount));
        break;
      case "unreserve":
        this.#unreserve();
        break;
    }
    this.#compare();
  }

  #pagesOf({ cls, share }: Size): number {
    const { chunkPages } = this.geometry;
    const most = cls === "small" ? 12 : cls === "chunk" ? chunkPages : 5 * chunkPages;
    return Math.max(1, Math.ceil((most * share) / 1000));
  }

  /** From a byte over a few pages to everything. */
  #bytesOf(n: number): number {
    const { pageBytes, chunkBytes } = this.geometry;
    return [
      0,
      1,
      pageBytes - 1,
      pageBytes,
      pageBytes + 1,
      3 * pageBytes,
      9 * pageBytes,
      33 * pageBytes,
      chunkBytes / 4,
      chunkBytes / 2,
      chunkBytes,
      3 * chunkBytes,
      Number.POSITIVE_INFINITY,
    ][n]!;
  }

  /** Where growth happens: around boundaries of root entries, far away, and at the end of the line. */
  #siteChunk(site: number): number {
    const { totalChunks } = this.geometry;
    const perRoot = totalChunks / 2 ** this.geometry.levelBits[0]!;
    const middle = Math.floor(totalChunks / perRoot / 2) * perRoot;
    return [middle, middle, middle + perRoot, middle + Math.floor(perRoot / 2), totalChunks - 3][site]!;
  }

  #grow(site: number, delta: number, count: number, short: number): void {
    const { chunkPages, totalChunks } = this.geometry;
    // Small chunks come by the dozen, so that whole root entries are free now and then.
    const chunks = count * Math.max(1, 256 / chunkPages);
    const chunk = this.#siteChunk(site) + delta;
    // Nothing is ever mapped at the lowest chunk: the runtime takes a start of 0 for "nothing grown yet".
    if (chunk < 1 || (this.#naive.chunks.size + chunks) * chunkPages > MAX_PAGES) return;
    const page = chunk * chunkPages;
    const npages = chunks * chunkPages - short;
    if (!this.#naive.canGrow(page, npages)) {
      expect(() => this.#real.grow(page, npages)).toThrow(BadOperationError);
      this.#note("grow: refused");
      return;
    }
    const [start, end] = [this.#naive.start, this.#naive.end];
    this.#real.grow(page, npages);
    this.#naive.grow(page, npages);
    const perRoot = totalChunks / 2 ** this.geometry.levelBits[0]!;
    if (Math.floor(chunk / perRoot) !== Math.floor((chunk + chunks - 1) / perRoot))
      this.#note("grow: across roots");
    if (chunk + chunks === totalChunks) this.#note("grow: to the end of the line");
    if (short > 0) this.#note("grow: part of a chunk");
    if (end === 0) return;
    if (chunk + chunks <= start) this.#note("grow: downward");
    else if (chunk >= end) this.#note("grow: upward");
    else this.#note("grow: in between");
  }

  #alloc(npages: number): number {
    const { chunkPages, totalPages } = this.geometry;
    const fast = this.#naive.counts.fast;
    const page = this.#real.alloc(npages);
    expect(page).toBe(this.#naive.alloc(npages));
    if (page < 0) {
      this.#note(npages === 1 ? "alloc: exhausted" : "alloc: fails");
      return page;
    }
    expect(this.#real.scavengedPages).toBe(this.#naive.lastScavenged);
    this.#live.push({ page, npages });
    this.#note(this.#naive.counts.fast > fast ? "alloc: fast path" : "alloc: search");
    const last = page + npages - 1;
    const perRoot = totalPages / 2 ** this.geometry.levelBits[0]!;
    if (Math.floor(page / chunkPages) !== Math.floor(last / chunkPages)) this.#note("alloc: across chunks");
    if (Math.floor(page / perRoot) !== Math.floor(last / perRoot)) this.#note("alloc: across roots");
    if (npages >= 3 * chunkPages) this.#note("alloc: whole chunks inside");
    return page;
  }

  /** Takes what there is, in ever smaller pieces, until not a page is left. */
  #fill(): void {
    for (let npages = 2 ** 13; npages >= 1; npages /= 2) {
      let left = 6;
      while (left-- > 0 && this.#alloc(npages) >= 0) this.#compare();
      if (left >= 0) this.#compare();
    }
  }

  #free(which: number, part: number): void {
    if (this.#live.length === 0) return;
    const i = which % this.#live.length;
    const whole = this.#live[i]!;
    this.#live[i] = this.#live.at(-1)!;
    this.#live.pop();
    let { page, npages } = whole;
    if (part > 0 && npages > 2) {
      // Only a third of it: the first, the middle or the last one. The rest stays live.
      const third = Math.floor(npages / 3);
      page += (part - 1) * third;
      npages = part === 3 ? whole.page + whole.npages - page : third;
      if (page > whole.page) this.#live.push({ page: whole.page, npages: page - whole.page });
      const after = whole.page + whole.npages - page - npages;
      if (after > 0) this.#live.push({ page: page + npages, npages: after });
      this.#note("free: part");
    } else {
      this.#note("free: whole");
    }
    const { chunkPages, totalPages } = this.geometry;
    const perRoot = totalPages / 2 ** this.geometry.levelBits[0]!;
    const last = page + npages - 1;
    if (Math.floor(page / chunkPages) !== Math.floor(last / chunkPages)) this.#note("free: across chunks");
    if (Math.floor(page / perRoot) !== Math.floor(last / perRoot)) this.#note("free: across roots");
    this.#real.free(page, npages);
    this.#naive.free(page, npages);
    if (which % 3 === 0) this.#compare();
  }

  #freeWrongly(where: number, npages: number): void {
    const chunks = this.#naive.sortedChunks();
    const { chunkPages } = this.geometry;
    const chunk = chunks[where % (chunks.length + 1)] ?? 1;
    const page = chunk * chunkPages + (where % chunkPages);
    if (this.#naive.canFree(page, npages)) return;
    expect(() => this.#real.free(page, npages)).toThrow(BadOperationError);
    this.#note("free: refused");
  }

  #refill(c: number, discard: boolean): void {
    if (!this.#caches[c]!.empty && !discard) return;
    if (!this.#caches[c]!.empty) this.#note("refill: drops pages");
    const { fast, calls } = this.#naive.counts;
    this.#real.allocToCache(this.#caches[c]!);
    this.#naiveCaches[c] = this.#naive.allocToCache();
    if (this.#caches[c]!.empty) this.#note("refill: nothing left");
    else if (this.#naive.counts.fast > fast) this.#note("refill: fast path");
    else if (this.#naive.counts.calls > calls) this.#note("refill: search");
    if (this.#caches[c]!.freePages % 64 !== 0) this.#note("refill: part of a block");
  }

  #cacheAlloc(c: number, npages: number): void {
    const page = this.#caches[c]!.alloc(npages);
    expect(page).toBe(this.#naive.cacheAlloc(this.#naiveCaches[c]!, npages));
    if (page < 0) {
      this.#note("calloc: fails");
      return;
    }
    expect(this.#caches[c]!.scavengedPages).toBe(this.#naive.lastScavenged);
    this.#live.push({ page, npages });
    this.#note(
      npages === 1 ? "calloc: one page" : npages > 32 ? "calloc: many pages" : "calloc: a few pages",
    );
  }

  #flush(c: number): void {
    const cache = this.#caches[c]!;
    this.#note(
      cache.empty ? "flush: empty" : cache.scavengedFreePages > 0 ? "flush: scavenged" : "flush: in use",
    );
    this.#real.flushCache(cache);
    this.#naive.flush(this.#naiveCaches[c]!);
  }

  #scavenge(bytes: number): void {
    const released = this.#scavenger.scavenge(bytes);
    expect(released).toBe(this.#naive.scavenge(bytes));
    this.#note(released > 0 ? "scavenge: releases" : "scavenge: nothing");
    this.#noteScavenge();
  }

  #noteScavenge(): void {
    if (this.#naive.sawHugeExtension) this.#note("scavenge: huge page kept whole");
    if (this.#naive.sawLimitMoveUp) this.#note("scavenge: limit moves up");
    this.#naive.sawHugeExtension = false;
    this.#naive.sawLimitMoveUp = false;
  }

  #startGeneration(): void {
    const fromHwm = this.#naive.lwmOff < this.#naive.freeHwmOff;
    if (this.#naive.gen > 0 && this.#naive.lwmOff < this.geometry.maxOff) {
      this.#note(fromHwm ? "startgen: from freeHWM" : "startgen: from scavLWM");
    }
    this.#scavenger.startGeneration();
    this.#naive.startGeneration();
  }

  /** One step of a scavenger that does not hold the lock all the time: reserve, take pages out, put them back, and so on. */
  #releaseStep(bytes: number): void {
    if (this.#releasing) {
      this.#scavenger.endRelease(this.#work.page, this.#work.npages);
      this.#naive.endRelease(this.#naiveWork.page, this.#naiveWork.npages);
      this.#releasing = false;
      return;
    }
    if (this.#work.size === 0) {
      this.#scavenger.reserve(this.#work);
      this.#naiveWork = this.#naive.reserve();
    } else {
      const found = this.#scavenger.find(this.#work, bytes);
      expect(found).toBe(this.#naive.search(this.#naiveWork, bytes));
      this.#noteScavenge();
      if (found) {
        expect([this.#work.page, this.#work.npages]).toEqual([this.#naiveWork.page, this.#naiveWork.npages]);
        this.#scavenger.beginRelease(this.#work.page, this.#work.npages);
        this.#naive.beginRelease(this.#naiveWork.page, this.#naiveWork.npages);
        this.#releasing = true;
        this.#note(
          this.#work.gen === this.#scavenger.gen ? "release: in its time" : "release: in a later generation",
        );
      }
    }
    expect(this.#work.size).toBe(this.#naiveWork.limit - this.#naiveWork.base);
    if (this.#work.size > 0) {
      expect([this.#work.base, this.#work.limit]).toEqual([this.#naiveWork.base, this.#naiveWork.limit]);
    }
  }

  #unreserve(): void {
    if (this.#releasing || this.#work.size === 0) return;
    this.#note(this.#work.gen === this.#scavenger.gen ? "unreserve: given back" : "unreserve: too late");
    this.#scavenger.unreserve(this.#work);
    this.#naive.unreserve(this.#naiveWork);
    this.#work.limit = this.#work.base;
    this.#naiveWork.limit = this.#naiveWork.base;
  }

  /** Everything there is to know about both must be the same, and make sense. */
  #compare(): void {
    const [real, naive, scavenger] = [this.#real, this.#naive, this.#scavenger];
    expect({
      searchPage: real.searchPage,
      bounds: [real.start, real.end],
      freeHwmOff: real.freeHwmOff,
      lwmOff: scavenger.lwmOff,
      gen: scavenger.gen,
      reservationBytes: scavenger.reservationBytes,
      releasedBytes: scavenger.releasedBytes,
      inUse: real.inUse.bases.map((base, i) => ({ base, limit: real.inUse.limits[i] })),
      scavInUse: scavenger.inUse.bases.map((base, i) => ({ base, limit: scavenger.inUse.limits[i] })),
      calls: real.counters[FIND_CALLS],
      failures: real.counters[FIND_FAILURES],
      levels: real.counters[FIND_LEVELS],
      entries: real.counters[FIND_ENTRIES],
      fast: real.counters[FAST_PATH_ALLOCS],
      caches: this.#caches.map(cacheText),
    }).toEqual({
      searchPage: naive.searchPage,
      bounds: [naive.start, naive.end],
      freeHwmOff: naive.freeHwmOff,
      lwmOff: naive.lwmOff,
      gen: naive.gen,
      reservationBytes: naive.reservationBytes,
      releasedBytes: naive.releasedBytes,
      inUse: naive.inUse(),
      scavInUse: naive.scavRanges,
      ...naive.counts,
      caches: this.#naiveCaches.map(naiveCacheText),
    });
    const { tree } = real;
    const { chunkPages } = this.geometry;
    for (const [chunk, { used, gone }] of naive.chunks) {
      const word0 = tree.flatChunk(chunk) * tree.wordsPerChunk;
      for (let i = 0; i < chunkPages; i++) {
        const bit = i % 32;
        const w = word0 + (i - bit) / 32;
        if (((tree.allocBits[w]! >>> bit) & 1) === used[i] && ((tree.scavBits[w]! >>> bit) & 1) === gone[i])
          continue;
        expect.fail(
          `page ${i} of chunk ${chunk} should be ${used[i] ? "in use" : gone[i] ? "scavenged" : "free"}`,
        );
      }
    }
    checkPages(real, this.#caches, scavenger);
  }
}

/** A page cache as its page and the pages in it, f free and s scavenged; the page of an empty one does not matter. */
function cacheText(cache: PageCache): string {
  if (cache.empty) return "empty";
  const bits = (lo: number, hi: number): boolean[] =>
    Array.from({ length: 64 }, (_, i) => ((i < 32 ? lo >>> i : hi >>> (i - 32)) & 1) === 1);
  return flagsText(cache.page, bits(cache.cacheLo, cache.cacheHi), bits(cache.scavLo, cache.scavHi));
}

function naiveCacheText(cache: NaiveCache): string {
  return cache.free.includes(true) ? flagsText(cache.page, cache.free, cache.gone) : "empty";
}

function flagsText(page: number, free: readonly boolean[], gone: readonly boolean[]): string {
  return `${page}:${free.map((f, i) => (gone[i] ? "s" : f ? "f" : ".")).join("")}`;
}

function runCase(geometry: Geometry, sequence: Case): Pair {
  const pair = new Pair(variant(geometry, sequence));
  // Something to work with from the start; later growth is up to the operations.
  pair.apply({ op: "grow", site: 0, delta: -2, chunks: 3, short: 0 });
  if (sequence.worn) {
    for (const share of [900, 400, 300, 600]) pair.apply({ op: "alloc", size: { cls: "chunk", share } });
    for (const which of [0, 0, 1]) pair.apply({ op: "free", which, part: 0 });
  }
  for (const op of sequence.ops) pair.apply(op);
  return pair;
}

describe("the page allocator beside a naive one", () => {
  it.each(GEOMETRIES.map((geometry) => [geometry.name, geometry] as const))(
    "gives the same results on %s",
    (_, geometry) => {
      fc.assert(
        fc.property(oneCase, (sequence) => {
          runCase(geometry, sequence);
        }),
        { seed: SEED, numRuns: geometry.heapAddrBits < 40 ? 50 : 15 },
      );
    },
    60000,
  );

  it("meets every kind of event, so that none of the comparisons is empty", () => {
    const seen = new Map<string, number>();
    for (const [i, geometry] of GEOMETRIES.entries()) {
      // Two of the large address spaces are enough for this; they are slow.
      if (geometry.name === "linux/arm64" || geometry.name === "windows/amd64") continue;
      for (const sequence of fc.sample(oneCase, { seed: 1000 + i, numRuns: 8 })) {
        for (const [event, times] of runCase(geometry, sequence).events) {
          seen.set(event, (seen.get(event) ?? 0) + times);
        }
      }
    }
    const rare = EVENTS.filter((event) => (seen.get(event) ?? 0) < 3).map(
      (event) => `${event}: ${seen.get(event) ?? 0}`,
    );
    expect(rare).toEqual([]);
    expect([...seen.keys()].filter((event) => !EVENTS.includes(event))).toEqual([]);
    if (process.env.SHOW_EVENTS !== undefined) console.table([...seen].sort());
  });
});

describe("marking pages scavenged", () => {
  it("counts those that were marked before only once", () => {
    const pages = new PageAllocator(platform("linux/amd64"));
    pages.grow(2 ** 25 * 512, 1024);
    pages.alloc(300);
    const flat = pages.tree.flatChunk(2 ** 25);
    pages.free(2 ** 25 * 512, 300);
    pages.tree.setScavenged(flat, 290, 100);
    expect(pages.tree.scavengedOf(flat)).toBe(222);
    checkPages(pages);
  });
});

const EVENTS = [
  "grow: across roots",
  "grow: to the end of the line",
  "grow: part of a chunk",
  "grow: downward",
  "grow: upward",
  "grow: in between",
  "grow: refused",
  "alloc: fast path",
  "alloc: search",
  "alloc: across chunks",
  "alloc: across roots",
  "alloc: whole chunks inside",
  "alloc: fails",
  "alloc: exhausted",
  "free: whole",
  "free: part",
  "free: across chunks",
  "free: across roots",
  "free: refused",
  "refill: fast path",
  "refill: search",
  "refill: nothing left",
  "refill: part of a block",
  "refill: drops pages",
  "calloc: one page",
  "calloc: a few pages",
  "calloc: many pages",
  "calloc: fails",
  "flush: empty",
  "flush: scavenged",
  "flush: in use",
  "scavenge: releases",
  "scavenge: nothing",
  "scavenge: huge page kept whole",
  "scavenge: limit moves up",
  "startgen: from freeHWM",
  "startgen: from scavLWM",
  "release: in its time",
  "release: in a later generation",
  "unreserve: given back",
  "unreserve: too late",
];

describe("the state checker", () => {
  /** A heap with some of everything, to be broken in one place. */
  function sound(): { pages: PageAllocator; caches: PageCache[]; scavenger: GenerationScavenger } {
    const pages = new PageAllocator(new Geometry(CUSTOM_SPECS[0]!));
    const scavenger = new GenerationScavenger(pages);
    pages.grow(16 * 64, 128);
    pages.grow(24 * 64, 64);
    const cache = new PageCache();
    pages.allocToCache(cache);
    pages.alloc(20);
    pages.free(pages.alloc(5), 5);
    scavenger.startGeneration();
    checkPages(pages, [cache], scavenger);
    return { pages, caches: [cache], scavenger };
  }

  /** Adds to one field of a summary: 0 start, 1 max, 2 end, 3 the scavenged pages of a chunk. */
  function shift(pages: PageAllocator, level: number, index: number, field: number, by: number): void {
    const { words, at } = entryOf(pages.tree, level, index);
    words[at + field]! += by;
  }
  const wordOf = (pages: PageAllocator, chunk: number): number => pages.tree.flatChunk(chunk) * 2;

  it.each<[string, (s: ReturnType<typeof sound>) => void, RegExp]>([
    ["a wrong leaf summary", ({ pages }) => shift(pages, 2, 17, 1, -1), /but its bitmap gives/],
    ["a wrong upper summary", ({ pages }) => shift(pages, 1, 4, 2, 1), /merge of its children/],
    ["a wrong root summary", ({ pages }) => shift(pages, 0, 1, 0, 1), /merge of its children/],
    ["a summary without memory", ({ pages }) => shift(pages, 2, 20, 1, 1), /was not grown gives/],
    ["a bit without memory", ({ pages }) => pages.tree.allocBits[wordOf(pages, 20)]!++, /has bits set/],
    ["a wrong scavenged count", ({ pages }) => shift(pages, 2, 24, 3, -1), /chunk 24 counts 63 scavenged/],
    ["a scavenged count without memory", ({ pages }) => shift(pages, 2, 20, 3, 2), /counts 1 scavenged/],
    [
      "an allocated scavenged page",
      ({ pages }) => {
        pages.tree.scavBits[wordOf(pages, 16)] = 1;
      },
      /both allocated and/,
    ],
    [
      "a searchPage above a free page",
      ({ pages }) => {
        pages.searchPage = 24 * 64;
      },
      /is free, but searchPage/,
    ],
    [
      "a searchPage outside",
      ({ pages }) => {
        pages.searchPage = 15 * 64;
      },
      /outside inUse/,
    ],
    ["a wrong start", ({ pages }) => pages.start--, /\[start, end\)/],
    ["a wrong end", ({ pages }) => pages.end++, /\[start, end\)/],
    ["a wrong total", ({ pages }) => pages.inUse.totalBytes++, /totalBytes of inUse/],
    [
      "ranges that touch",
      ({ scavenger, pages }) => {
        const middle = pages.geometry.chunkBytes * 17;
        const limit = scavenger.inUse.limits[0]!;
        scavenger.inUse.limits[0] = middle;
        scavenger.inUse.bases.splice(1, 0, middle);
        scavenger.inUse.limits.splice(1, 0, limit);
      },
      /touches or overlaps/,
    ],
    [
      "a page in two caches",
      ({ caches }) => {
        caches.push(Object.assign(new PageCache(), caches[0]));
      },
      /in cache 1 and in cache 0/,
    ],
    [
      "a cached page that is free",
      ({ caches }) => {
        caches[0]!.page = 24 * 64;
      },
      /but free in the bitmap/,
    ],
    [
      "a scavenged page that is not cached",
      ({ caches }) => {
        caches[0]!.cacheLo &= ~1;
      },
      /but not free in it/,
    ],
    ["scavenging what is not in use", ({ scavenger }) => scavenger.inUse.add(0, 8), /not all in use/],
  ])("notices %s", (_, breakIt, sentence) => {
    const state = sound();
    breakIt(state);
    const check = (): unknown => checkPages(state.pages, state.caches, state.scavenger);
    expect(check).toThrow(StateError);
    expect(check).toThrow(sentence);
  });
});
