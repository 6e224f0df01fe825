import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { PageCache } from "../../../sim/pages/page-cache.js";
import { AddressScavenger } from "../../../sim/scavenge/address-index.js";
import { BitmapScavenger } from "../../../sim/scavenge/bitmap-index.js";
import { DensityScavenger, HAS_FREE } from "../../../sim/scavenge/density-index.js";
import { ReleaseRequest } from "../../../sim/scavenge/scavenger.js";
import { checkPages, StateError } from "../../checkers/state-checkers.js";
import { NaiveIndexHeap, type NaiveKind, type NaiveRun } from "./naive-index.js";

vi.setConfig({ testTimeout: 240_000 });

const SEED = Number(process.env.FC_SEED ?? 123);
const RUNS = Number(process.env.FC_RUNS ?? 40);
const MIB = 2 ** 20;
/** Where the heap may grow, as chunks from that of 0xc000000000: side by side, and in other root entries. */
const REGIONS = [0, 3, 40, 4096, 3 * 4096 + 5];

type Step =
  | { readonly do: "grow"; readonly region: number }
  | { readonly do: "alloc"; readonly npages: number }
  | { readonly do: "free"; readonly which: number }
  | { readonly do: "freeMany"; readonly stride: number }
  | { readonly do: "refill" | "flush"; readonly cache: number }
  | { readonly do: "calloc"; readonly cache: number; readonly npages: number }
  | { readonly do: "scavenge"; readonly bytes: number; readonly force: boolean }
  | { readonly do: "begin"; readonly bytes: number; readonly force: boolean }
  | { readonly do: "end" }
  | { readonly do: "mark" };

const npages = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 41, max: 700 }) },
);
const bytes = fc.oneof(
  fc.constant(65_536),
  fc.integer({ min: 1, max: 4 * MIB }),
  fc.constant(Number.POSITIVE_INFINITY),
);
const cache = fc.integer({ min: 0, max: 1 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("grow" as const), region: fc.nat(REGIONS.length - 1) }),
  },
  { weight: 14, arbitrary: fc.record({ do: fc.constant("alloc" as const), npages }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant("free" as const), which: fc.nat(1000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("freeMany" as const), stride: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("refill" as const), cache }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("flush" as const), cache }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("calloc" as const),
      cache,
      npages: fc.integer({ min: 1, max: 15 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant("scavenge" as const), bytes, force: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("begin" as const), bytes, force: fc.boolean() }) },
  { weight: 3, arbitrary: fc.constant({ do: "end" as const }) },
  { weight: 2, arbitrary: fc.constant({ do: "mark" as const }) },
);

/** A real heap and a naive one, side by side. */
class Pair {
  readonly pages: PageAllocator;
  readonly scavenger: AddressScavenger | BitmapScavenger | DensityScavenger;
  readonly naive: NaiveIndexHeap;
  private readonly caches = [new PageCache(), new PageCache()];
  private readonly live: NaiveRun[] = [];
  private readonly request = new ReleaseRequest();
  /** A release that began and has not ended. */
  private releasing: NaiveRun | undefined;
  private readonly base: number;

  constructor(
    readonly geometry: Geometry,
    readonly kind: NaiveKind,
    denseFraction: number,
  ) {
    this.pages = new PageAllocator(geometry);
    this.scavenger =
      kind === "density"
        ? new DensityScavenger(this.pages, denseFraction)
        : kind === "bitmap"
          ? new BitmapScavenger(this.pages)
          : new AddressScavenger(this.pages);
    this.naive = new NaiveIndexHeap(geometry, kind, Math.floor(denseFraction * geometry.chunkPages));
    this.base = geometry.arenaHintOffs[0]! / geometry.chunkBytes;
    this.grow(0);
  }

  apply(one: Step): void {
    switch (one.do) {
      case "grow":
        return this.grow(one.region);
      case "alloc":
        return this.alloc(one.npages);
      case "free":
        return this.free(one.which);
      case "freeMany":
        for (let i = this.live.length - 1; i >= 0; i -= one.stride) this.free(i);
        return;
      case "refill":
        return this.refill(this.caches[one.cache]!);
      case "flush":
        return this.flush(this.caches[one.cache]!);
      case "calloc": {
        const page = this.caches[one.cache]!.alloc(one.npages);
        if (page >= 0) this.live.push({ page, npages: one.npages });
        return;
      }
      case "scavenge":
        return this.scavenge(one.bytes, one.force);
      case "begin":
        return this.begin(one.bytes, one.force);
      case "end":
        return this.end();
      case "mark":
        this.scavenger.markDone();
        this.scavenger.paced();
        this.naive.nextGeneration();
    }
  }

  /** Grows by the next chunk of a region. */
  private grow(region: number): void {
    const { chunkPages, totalChunks } = this.geometry;
    let chunk = this.base + REGIONS[region]!;
    while (this.naive.chunks.has(chunk)) chunk++;
    if (chunk >= totalChunks) return;
    this.pages.grow(chunk * chunkPages, chunkPages);
    this.scavenger.grew(chunk * chunkPages, chunkPages);
    this.naive.grow(chunk);
  }

  private alloc(npages: number): void {
    const page = this.pages.alloc(npages);
    expect(page).toBe(this.naive.alloc(npages));
    if (page < 0) return;
    this.scavenger.allocated(page, npages);
    this.live.push({ page, npages });
  }

  private free(which: number): void {
    if (this.live.length === 0) return;
    const at = which % this.live.length;
    const { page, npages } = this.live[at]!;
    this.live[at] = this.live.at(-1)!;
    this.live.pop();
    this.pages.free(page, npages);
    this.scavenger.freed(page, npages);
    this.naive.free(page, npages);
  }

  private refill(to: PageCache): void {
    if (!to.empty) return;
    this.pages.allocToCache(to);
    this.scavenger.refilled(to);
    const pages = pagesIn(to);
    for (const page of pages) this.naive.take(page, 1);
    for (const page of pages) this.naive.indexAlloc(page, 1);
  }

  private flush(from: PageCache): void {
    this.naive.flush(pagesIn(from), new Set(pagesIn(from, true)));
    this.scavenger.flushing(from);
    this.pages.flushCache(from);
  }

  private scavenge(bytes: number, force: boolean): void {
    this.scavenger.begin(this.request, force);
    if (this.kind === "address" && force) this.naive.nextGeneration();
    for (let released = 0; released < bytes; ) {
      const run = this.next(bytes - released, force);
      if (run === undefined) break;
      this.scavenger.beginRelease(run.page, run.npages);
      this.scavenger.endRelease(run.page, run.npages);
      this.naive.beginRelease(run);
      this.naive.endRelease(run);
      released += run.npages * this.geometry.pageBytes;
    }
    this.scavenger.end();
  }

  private begin(bytes: number, force: boolean): void {
    if (this.releasing !== undefined) return;
    this.scavenger.begin(this.request, force);
    if (this.kind === "address" && force) this.naive.nextGeneration();
    const run = this.next(bytes, force);
    if (run === undefined) return;
    this.scavenger.beginRelease(run.page, run.npages);
    this.naive.beginRelease(run);
    this.releasing = run;
  }

  private end(): void {
    if (this.releasing === undefined) return;
    this.scavenger.endRelease(this.releasing.page, this.releasing.npages);
    this.naive.endRelease(this.releasing);
    this.releasing = undefined;
  }

  private next(bytes: number, force: boolean): NaiveRun | undefined {
    const isFound = this.scavenger.next(this.request, bytes);
    const naive = this.naive.next(bytes, force);
    const { page, npages } = this.request;
    expect(isFound ? { page, npages } : undefined).toEqual(naive);
    return naive;
  }

  /** Everything there is to know about both must be the same, and make sense. */
  compare(): void {
    const { naive, scavenger } = this;
    const { chunkPages } = this.geometry;
    const { tree } = this.pages;
    if (scavenger instanceof AddressScavenger) expect(scavenger.page).toBe(naive.address);
    else {
      const isDensity = scavenger instanceof DensityScavenger;
      const cursor = isDensity ? scavenger.background : scavenger.cursor;
      expect([cursor.page, cursor.isMarked]).toEqual([naive.background.page, naive.background.marked]);
      if (isDensity) {
        const { forced, freeHighPage, gen } = scavenger;
        expect([forced.page, forced.isMarked]).toEqual([naive.forced.page, naive.forced.marked]);
        expect([freeHighPage, gen]).toEqual([naive.freeHigh, naive.gen]);
      }
    }
    for (const [number, chunk] of naive.chunks) {
      if (scavenger instanceof BitmapScavenger) expect(scavenger.bitOf(number)).toBe(chunk.flag ? 1 : 0);
      if (scavenger instanceof DensityScavenger) {
        const { inUse, lastInUse, gen, flag } = chunk;
        const flags = flag ? HAS_FREE : 0;
        expect(scavenger.entryOf(number)).toEqual({ inUse, lastInUse, gen, flags });
      }
      const word0 = tree.flatChunk(number) * tree.wordsPerChunk;
      for (let i = 0; i < chunkPages; i++) {
        const bit = (words: Int32Array): boolean => ((words[word0 + (i >>> 5)]! >>> (i & 31)) & 1) === 1;
        if (bit(tree.allocBits) === chunk.used[i] && bit(tree.scavBits) === chunk.gone[i]) continue;
        expect.fail(`page ${i} of chunk ${number} should be ${chunk.used[i] ? "in use" : "free"}`);
      }
    }
    const { releasing } = this;
    checkPages(this.pages, this.caches, scavenger, {
      releasing: new Map(releasing === undefined ? [] : [[releasing.page, releasing.npages]]),
    });
  }
}

/** The pages in a cache, lowest first; or only the released ones. */
function pagesIn(cache: PageCache, onlyGone = false): number[] {
  const [lo, hi] = onlyGone ? [cache.scavLo, cache.scavHi] : [cache.cacheLo, cache.cacheHi];
  return Array.from({ length: 64 }, (_, i) => i)
    .filter((i) => ((i < 32 ? lo >>> i : hi >>> (i - 32)) & 1) === 1)
    .map((i) => cache.page + i);
}

const GEOMETRIES: Readonly<Record<string, Geometry>> = {
  "4 KiB pages": platform("linux/amd64"),
  "64 KiB pages": platform("linux/amd64").withPhysicalPages(65_536, 2 * MIB),
  "no huge pages": platform("linux/amd64").withPhysicalPages(4096, 0),
  "32 bits": platform("linux/386"),
};

describe.each(["density", "bitmap", "address"] as const)("the index by %s", (kind) => {
  it.each(Object.keys(GEOMETRIES))("does what a naive one does, with %s", (name) => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 150, size: "max" }),
        fc.constantFrom(0.96875, 0.5, 0.9),
        (steps, denseFraction) => {
          const pair = new Pair(GEOMETRIES[name]!, kind, denseFraction);
          for (const one of steps) {
            pair.apply(one);
            pair.compare();
          }
          for (const what of pair.naive.seen) seen.add(what);
        },
      ),
      { seed: SEED, numRuns: RUNS },
    );
    // What is to be compared must have happened.
    const common = name === "no huge pages" ? [] : ["a huge page in one piece"];
    const wanted = {
      density: [
        "a marked cursor stays",
        "a marked cursor answers itself",
        "a chunk in vain",
        "a dense chunk",
        "a chunk that was dense",
        ...common,
      ],
      bitmap: ["a marked cursor stays", "a marked cursor answers itself", "a chunk in vain", ...common],
      address: common,
    };
    expect([...seen].sort()).toEqual(expect.arrayContaining(wanted[kind].sort()));
  });
});

describe("the checkers of indices find what is wrong", () => {
  function densityPair(): { pages: PageAllocator; scavenger: DensityScavenger; chunk: number } {
    const geometry = platform("linux/amd64");
    const pages = new PageAllocator(geometry);
    const scavenger = new DensityScavenger(pages, 0.96875);
    const chunk = geometry.arenaHintOffs[0]! / geometry.chunkBytes;
    pages.grow(chunk * 512, 1024);
    scavenger.grew(chunk * 512, 1024);
    const page = pages.alloc(600);
    scavenger.allocated(page, 600);
    pages.free(page, 100);
    scavenger.freed(page, 100);
    return { pages, scavenger, chunk };
  }

  it.each<[string, RegExp, (scavenger: DensityScavenger, chunk: number) => void]>([
    [
      "a wrong count",
      /counts 411 pages in use, but 412 are/,
      (s, c) => s.setEntry(c, { ...s.entryOf(c), inUse: 411 }),
    ],
    [
      "a full chunk with free pages",
      /chunk \d+ counts 512 pages in use, but 88 are/,
      (s, c) => s.setEntry(c + 1, { ...s.entryOf(c + 1), inUse: 512, flags: 1 }),
    ],
    [
      "a flag above the cursor",
      /the forced cursor is below it/,
      (s, c) => s.setEntry(c + 1, { ...s.entryOf(c + 1), flags: 1 }),
    ],
    [
      "a generation to come",
      /is of generation 7, but it is 0/,
      (s, c) => s.setEntry(c, { ...s.entryOf(c), gen: 7 }),
    ],
    [
      "more pages than there are",
      /had 513 pages in use/,
      (s, c) => s.setEntry(c, { ...s.entryOf(c), lastInUse: 513 }),
    ],
    ["flags that do not exist", /has the flags 2/, (s, c) => s.setEntry(c, { ...s.entryOf(c), flags: 2 })],
    ["a cursor outside", /the background cursor is page 7/, (s) => s.background.set(7, false)],
    ["a mark on nothing", /is nowhere, but marked/, (s) => s.background.set(-1, true)],
    [
      "freeHWM outside",
      /freeHWM is page 7/,
      (s) => {
        s.freeHighPage = 7;
      },
    ],
    [
      "an end that is too high",
      /searches end at chunk/,
      (s) => {
        s.minChunk++;
      },
    ],
  ])("%s", (_, message, damage) => {
    const { pages, scavenger, chunk } = densityPair();
    checkPages(pages, [], scavenger);
    damage(scavenger, chunk);
    expect(() => checkPages(pages, [], scavenger)).toThrow(StateError);
    expect(() => checkPages(pages, [], scavenger)).toThrow(message);
  });
});
