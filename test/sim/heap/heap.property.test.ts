/**
 * The heap under random programs: spans come and go, Ps come and go, memory is scavenged, arenas lie where others left
 * room. After each operation the books must agree with the pages (checkHeap), and what the operation did is compared
 * with a plain account kept here: which pages were ever in use, and which were scavenged before.
 */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { Fragmentation } from "../../../sim/heap/fragmentation.js";
import { Heap, OutOfMemoryError, SpanError } from "../../../sim/heap/heap.js";
import { KIND_BITS, KIND_STACK, KIND_WORKBUF } from "../../../sim/heap/kinds.js";
import { AddressSpace } from "../../../sim/os/address-space.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { checkFragmentation } from "../../checkers/check-fragmentation.js";
import { checkHeap, checkPages, type HeapTotals, StateError } from "../../checkers/state-checkers.js";

/** Requests of so many pages and more pass by the page cache: a quarter of its pages. */
const PAGE_CACHE_REQUEST_LIMIT = 16;

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const MAX_PROCS = 4;
/** Above this many pages only frees are made, to keep the checks fast. */
const MAX_PAGES = 10000;

const SMALL = new Geometry({
  name: "custom/small",
  heapAddrBits: 28,
  arenaBaseOffset: "0x0",
  pageShift: 13,
  logChunkPages: 6,
  levelBits: [3, 3, 3],
  logMaxPackedValue: 12,
  arenaBytes: 2 ** 21,
  physPageBytes: 16384,
  physHugePageBytes: 2 ** 18,
  arenaHints: ["0x4000000", "0x8000000"],
  summariesMappedAtInit: false,
  chunksL1Bits: 0,
});

const GEOMETRIES = [
  platform("linux/amd64"),
  platform("linux/386"),
  platform("ios/arm64"),
  platform("linux/arm64-64k").withPhysicalPages(65536, 0),
  SMALL,
];

type Op =
  | { op: "alloc"; p: number; npages: number; kind: number }
  | { op: "free"; which: number }
  | { op: "freeMost"; keep: number }
  | { op: "procs"; procs: number }
  | { op: "scavenge"; pages: number }
  | { op: "pace"; goal: number; last: number }
  | { op: "startgen" }
  | { op: "freeOsMemory" };

const npages = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: PAGE_CACHE_REQUEST_LIMIT + 1 }) },
  { weight: 3, arbitrary: fc.integer({ min: 10, max: 300 }) },
  { weight: 1, arbitrary: fc.integer({ min: 300, max: 1600 }) },
);

const operation: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      op: fc.constant("alloc" as const),
      p: fc.integer({ min: -1, max: MAX_PROCS - 1 }),
      npages,
      kind: fc.constantFrom(0, 5, 135, KIND_STACK, KIND_BITS, KIND_WORKBUF),
    }),
  },
  { weight: 8, arbitrary: fc.record({ op: fc.constant("free" as const), which: fc.nat(1000) }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("freeMost" as const), keep: fc.integer({ min: 2, max: 5 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("procs" as const),
      procs: fc.integer({ min: 1, max: MAX_PROCS }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant("scavenge" as const), pages: fc.constantFrom(1, 8, 100, 3000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("pace" as const),
      goal: fc.integer({ min: 1, max: 40 }),
      last: fc.integer({ min: 0, max: 10 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("startgen" as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("freeOsMemory" as const) }) },
);

interface Program {
  /** In the way of arenas: [hint number, arenas behind it, arenas taken]. */
  readonly occupied: readonly (readonly [number, number, number])[];
  readonly ops: readonly Op[];
}

const program: fc.Arbitrary<Program> = fc.record({
  occupied: fc.array(fc.tuple(fc.nat(1), fc.nat(3), fc.integer({ min: 1, max: 3 })), { maxLength: 3 }),
  ops: fc.array(operation, { minLength: 5, maxLength: 90, size: "max" }),
});

/** Runs a program on a heap and keeps the plain account. */
class Run {
  readonly heap: Heap;
  readonly events = new Map<string, number>();
  /** Pages that were ever part of a span. */
  readonly #everUsed = new Set<number>();
  #refaulted = 0;
  readonly #fragmentation = new Fragmentation();
  #totals: HeapTotals;

  constructor(geometry: Geometry, occupied: Program["occupied"]) {
    const space = new AddressSpace(geometry);
    for (const [hint, arenas, count] of occupied) {
      const off = geometry.arenaHintOffs[hint];
      if (off === undefined) continue;
      space.occupy(off + arenas * geometry.arenaBytes, count * geometry.arenaBytes);
    }
    this.heap = new Heap(geometry, { space });
    this.heap.resizeProcs(MAX_PROCS);
    this.#totals = checkHeap(this.heap);
  }

  #note(event: string): void {
    this.events.set(event, (this.events.get(event) ?? 0) + 1);
  }

  apply(op: Op): void {
    switch (op.op) {
      case "alloc":
        this.#alloc(op.p, op.npages, op.kind);
        break;
      case "free":
        this.#free(op.which);
        break;
      case "freeMost":
        for (const [i, span] of this.#totals.spans.entries())
          if (i % op.keep !== 0) this.heap.freeSpan(span.page);
        break;
      case "procs":
        this.heap.resizeProcs(op.procs);
        for (const cache of this.heap.caches.slice(op.procs)) expect(cache.empty).toBe(true);
        break;
      case "scavenge":
        this.#scavenge(op.pages * this.heap.geometry.pageBytes);
        break;
      case "pace":
        this.#pace(op.goal, op.last);
        break;
      case "startgen":
        this.heap.scavenger.sweepDone();
        break;
      case "freeOsMemory":
        // debug.FreeOSMemory: after a collection a new generation, and everything that is free goes.
        this.heap.scavenger.sweepDone();
        this.#scavenge(Number.POSITIVE_INFINITY);
        break;
    }
    this.#check();
  }

  #alloc(p: number, n: number, kind: number): void {
    if (this.#totals.grown > MAX_PAGES) return;
    const { heap } = this;
    const scavengedBefore = this.#scavengedPages();
    const { scavengeCalls, heapGrowths, scavengedBytes } = heap.statistics;
    const retained = heap.statistics.heapRetainedBytes;
    const curRanges = heap.pages.inUse.length;
    const onP = p < heap.procs ? p : -1;
    const cached = onP >= 0 && n < PAGE_CACHE_REQUEST_LIMIT;
    const arenas = heap.arenas.count;
    const page = heap.allocSpan(onP, n, kind);
    for (let q = page; q < page + n; q++) {
      if (scavengedBefore.has(q) && this.#everUsed.has(q)) this.#refaulted++;
      this.#everUsed.add(q);
    }
    if (cached) this.#note("alloc: page cache is asked");
    if (heap.arenas.count > arenas) this.#note("alloc: reserves an arena");
    if (heap.statistics.heapGrowths === heapGrowths) {
      expect(heap.statistics.scavengeCalls).toBe(scavengeCalls);
      return;
    }
    this.#note("alloc: grows");
    if (heap.pages.inUse.length > Math.max(1, curRanges)) this.#note("alloc: grows elsewhere");
    if (heap.lastGrowth.length > 2) this.#note("alloc: the rest of the old arena joins");
    // Growing is itself neutral to what is retained, so what to scavenge follows from the figures of before.
    let grown = 0;
    for (let i = 1; i < heap.lastGrowth.length; i += 2)
      grown += heap.lastGrowth[i]! * heap.geometry.pageBytes;
    const overage = retained + grown - heap.scavengeGoalBytes;
    expect(heap.statistics.scavengeCalls - scavengeCalls).toBe(overage > 0 ? 1 : 0);
    if (heap.statistics.scavengedBytes > scavengedBytes) this.#note("alloc: scavenges for growth");
  }

  #free(which: number): void {
    const { spans } = this.#totals;
    if (spans.length === 0) return;
    const { page, npages: n } = spans[which % spans.length]!;
    const { heap } = this;
    if (n > 1) expect(() => heap.freeSpan(page + 1)).toThrow(SpanError);
    heap.freeSpan(page);
    expect(() => heap.freeSpan(page)).toThrow(SpanError);
    expect(heap.pages.isAllocated(page)).toBe(false);
  }

  #scavenge(bytes: number): void {
    const { heap } = this;
    const before = this.#totals.scavenged;
    const released = heap.scavenge(bytes);
    const totals = checkHeap(heap);
    expect(totals.scavenged - before).toBe(released / heap.geometry.pageBytes);
    if (released > 0) this.#note("scavenge: releases");
    if (bytes === Number.POSITIVE_INFINITY && released > 0) this.#note("scavenge: everything");
  }

  #pace(goal: number, last: number): void {
    const { heap } = this;
    heap.paceScavenger(goal * 1e6, last * 1e6, heap.statistics.heapInUseBytes);
    if (!heap.scavengeEnabled) return;
    this.#note("pace: sets a goal");
    expect(heap.scavengeGoalBytes % heap.geometry.physPageBytes).toBe(0);
    expect(heap.scavengeGoalBytes).toBeLessThanOrEqual(heap.statistics.heapRetainedBytes);
  }

  /** Scavenged pages, in the bitmaps and in page caches. */
  #scavengedPages(): Set<number> {
    const { pages, caches, geometry } = this.heap;
    const found = new Set<number>();
    for (let r = 0; r < pages.inUse.length; r++) {
      const limit = pages.inUse.limits[r]! / geometry.pageBytes;
      for (let page = pages.inUse.bases[r]! / geometry.pageBytes; page < limit; page++) {
        const chunk = Math.floor(page / geometry.chunkPages);
        const bit = page - chunk * geometry.chunkPages;
        const word = pages.tree.flatChunk(chunk) * pages.tree.wordsPerChunk + (bit >>> 5);
        if (((pages.tree.scavBits[word]! >>> (bit & 31)) & 1) === 1) found.add(page);
      }
    }
    for (const cache of caches) {
      for (let i = 0; i < 64; i++) {
        if (((i < 32 ? cache.scavLo >>> i : cache.scavHi >>> (i - 32)) & 1) === 1) found.add(cache.page + i);
      }
    }
    return found;
  }

  #check(): void {
    const { heap } = this;
    this.#totals = checkHeap(heap);
    // Fresh is what was never in a span. All of it is scavenged still.
    const { pageBytes } = heap.geometry;
    let fresh = 0;
    const scavenged = this.#scavengedPages();
    for (let r = 0; r < heap.pages.inUse.length; r++) {
      const limit = heap.pages.inUse.limits[r]! / pageBytes;
      for (let page = heap.pages.inUse.bases[r]! / pageBytes; page < limit; page++) {
        if (this.#everUsed.has(page)) continue;
        fresh++;
        if (!scavenged.has(page)) expect.fail(`page ${page} was never in use, but is not scavenged`);
      }
    }
    expect(heap.fresh.pages).toBe(fresh);
    checkFragmentation(this.#fragmentation, heap.pages, heap.caches);
    expect(heap.statistics.refaultedBytes).toBe(this.#refaulted * pageBytes);
    expect(heap.statistics.spanAllocs - heap.statistics.spanFrees).toBe(heap.spans.count);
    for (let r = 0; r < heap.pages.inUse.length; r++) {
      expect(heap.arenas.has(heap.pages.inUse.bases[r]! / pageBytes)).toBe(true);
    }
  }
}

function runProgram(geometry: Geometry, { occupied, ops }: Program): Run {
  const run = new Run(geometry, occupied);
  for (const op of ops) {
    try {
      run.apply(op);
    } catch (error) {
      // A heap that ran out of address space stays usable.
      if (!(error instanceof OutOfMemoryError)) throw error;
      checkHeap(run.heap);
    }
  }
  return run;
}

describe("the heap", () => {
  it.each(GEOMETRIES.map((geometry) => [geometry.name, geometry] as const))(
    "keeps its books on %s",
    (_, geometry) => {
      fc.assert(
        fc.property(program, (p) => {
          runProgram(geometry, p);
        }),
        { seed: SEED, numRuns: 14 },
      );
    },
    60000,
  );

  it("meets every kind of event", () => {
    const seen = new Map<string, number>();
    for (const geometry of GEOMETRIES) {
      for (const p of fc.sample(program, { seed: 7, numRuns: 5 })) {
        for (const [event, times] of runProgram(geometry, p).events)
          seen.set(event, (seen.get(event) ?? 0) + times);
      }
    }
    const expected = [
      "alloc: grows",
      "alloc: grows elsewhere",
      "alloc: page cache is asked",
      "alloc: reserves an arena",
      "alloc: scavenges for growth",
      "alloc: the rest of the old arena joins",
      "pace: sets a goal",
      "scavenge: everything",
      "scavenge: releases",
    ];
    expect([...seen.keys()].sort()).toEqual(expected);
    for (const event of expected) expect(seen.get(event), event).toBeGreaterThanOrEqual(2);
  });
});

describe("the heap checker", () => {
  it.each<[string, (heap: Heap, page: number) => unknown, RegExp]>([
    ["heap_inuse", (heap) => heap.statistics.heapInUseBytes++, /heap_inuse is/],
    ["stack_inuse", (heap) => heap.statistics.stackInUseBytes++, /stack_inuse is/],
    ["memory of the collector", (heap) => heap.statistics.gcSpansBytes++, /gcSpansBytes is/],
    ["mapped memory", (heap) => heap.statistics.mappedBytes++, /mapped memory is/],
    ["heap_released", (heap) => heap.statistics.heapReleasedBytes--, /heap_released is/],
    ["a span that is not accounted", (heap, page) => heap.spans.remove(page), /stack_inuse is/],
    ["a span that is free", (heap, page) => heap.pages.free(page, 1), /of the span at page \d+ is free/],
    ["a span too many", (heap) => heap.spans.add(1, 1, 0), /counts 5 spans, but 4/],
    ["spans that overlap", (heap, page) => heap.spans.add(page + 1, 1, 0), /overlaps the one before it/],
    ["a page that is nobody's", (heap) => heap.pages.alloc(1), /heap_released is|number of allocated pages/],
    ["a page cache that lost pages", (heap) => heap.cacheOf(0).clear(), /heap_released is|allocated pages/],
    [
      "a peak below the present",
      (heap) => {
        heap.statistics.peakHeapSysBytes = 0;
      },
      /peakHeapSysBytes is 0/,
    ],
  ])("notices %s that is wrong", (_, breakIt, sentence) => {
    const heap = new Heap(platform("linux/amd64"));
    heap.resizeProcs(1);
    heap.allocSpan(-1, 3, 0);
    // The page cache of P 0 is filled for this one, and keeps the rest of its block.
    heap.allocSpan(0, 3, 0);
    const page = heap.allocSpan(-1, 40, KIND_STACK);
    heap.allocSpan(-1, 2, KIND_WORKBUF);
    checkHeap(heap);
    breakIt(heap, page);
    expect(() => checkHeap(heap)).toThrow(StateError);
    expect(() => checkHeap(heap)).toThrow(sentence);
  });
});

describe("arenas of the heap", () => {
  const GIB = 2 ** 30;
  const MIB = 2 ** 20;
  const first = (heap: Heap, npages: number): string =>
    heap.geometry.formatPage(heap.allocSpan(-1, npages, 0));

  it("begin at the first hint and go on behind what they got", () => {
    const heap = new Heap(platform("linux/amd64"));
    expect(first(heap, 8192)).toBe("0xc000000000");
    expect(first(heap, 1)).toBe("0xc004000000");
    expect(heap.pages.inUse.length).toBe(1);
    expect(heap.arenas.totalBytes).toBe(128 * MIB);
    checkHeap(heap);
  });

  it("go to the next hint when somebody is in the way, and the rest of the old arena joins the heap", () => {
    const geometry = platform("linux/amd64");
    const space = new AddressSpace(geometry);
    space.occupy(geometry.parseAddress("0xc004000000"), MIB);
    const heap = new Heap(geometry, { space });
    expect(first(heap, 1)).toBe("0xc000000000");
    expect(first(heap, 8192)).toBe("0x1c000000000");
    // 63 MiB less a chunk of the first arena were grown along the way, and they are used first.
    expect(heap.pages.inUse.limits[0]).toBe(geometry.parseAddress("0xc004000000"));
    expect(first(heap, 7000)).toBe("0xc000002000");
    checkHeap(heap);
  });

  it("take what the system gives when no hint is left, and extend that upward and then downward", () => {
    const geometry = platform("linux/amd64");
    const space = new AddressSpace(geometry);
    for (const hint of geometry.arenaHintOffs) space.occupy(hint, MIB);
    // The top of the line is somebody else's, so the first arena lies right below it.
    space.occupy(geometry.maxOff + 1 - GIB, GIB);
    const heap = new Heap(geometry, { space });
    const top = geometry.maxOff + 1 - GIB;
    expect(heap.allocSpan(-1, 8192, 0) * geometry.pageBytes).toBe(top - 64 * MIB);
    // There is no room above it, so it grows downward.
    expect(heap.allocSpan(-1, 8192, 0) * geometry.pageBytes).toBe(top - 128 * MIB);
    expect(heap.pages.inUse.length).toBe(1);
    checkHeap(heap);
  });

  it("go on downward from where they got to, though there is room elsewhere", () => {
    const geometry = platform("linux/amd64");
    const space = new AddressSpace(geometry);
    for (const hint of geometry.arenaHintOffs) space.occupy(hint, MIB);
    // At the top of the line there is room for one arena, below others' memory for all.
    const top = geometry.maxOff + 1;
    space.occupy(top - 128 * MIB, 64 * MIB);
    const heap = new Heap(geometry, { space });
    const next = (npages: number): number => (top - heap.allocSpan(-1, npages, 0) * geometry.pageBytes) / MIB;
    expect(next(16384)).toBe(256);
    for (const below of [320, 384, 448]) expect(next(8192)).toBe(below);
    expect(heap.pages.inUse.length).toBe(1);
    checkHeap(heap);
  });

  it("let searchAddr lie in a mapped arena, even where the heap has not grown", () => {
    const geometry = platform("linux/amd64");
    const { chunkPages } = geometry;
    const block = 2 ** 25;
    const searchPageAfter = (arenaMapped?: (page: number) => boolean): number => {
      const pages = new PageAllocator(geometry, arenaMapped === undefined ? {} : { arenaMapped });
      // A full chunk far below, and a free run across two blocks of eight chunks, of which the first begins with a hole.
      pages.grow((block - 20) * chunkPages, chunkPages);
      pages.alloc(chunkPages);
      pages.grow((block + 6) * chunkPages, 3 * chunkPages);
      expect(pages.alloc(2 * chunkPages + 1)).toBe((block + 6) * chunkPages);
      expect(() =>
        checkPages(pages, [], undefined, arenaMapped === undefined ? {} : { arenaMapped }),
      ).not.toThrow();
      return pages.searchPage;
    };
    expect(searchPageAfter()).toBe((block + 6) * chunkPages);
    expect(searchPageAfter(() => false)).toBe((block + 6) * chunkPages);
    expect(searchPageAfter(() => true)).toBe(block * chunkPages);
  });
});

describe("a 32-bit heap", () => {
  it("runs out of memory with the sentence of the runtime, and stays as it was", () => {
    const geometry = platform("linux/386");
    const heap = new Heap(geometry);
    let spans = 0;
    let error: unknown;
    try {
      for (;;) {
        heap.allocSpan(0, 40000, 0);
        spans++;
      }
    } catch (e) {
      error = e;
    }
    expect(error).toBeInstanceOf(OutOfMemoryError);
    // 40000 pages are 78.125 chunks, so the request is for 79 of them.
    const ask = 79 * 2 ** 22;
    const inUse = heap.statistics.heapSysBytes;
    expect((error as Error).message).toBe(
      `runtime: out of memory: cannot allocate ${ask}-byte block (${inUse} in use)\nfatal error: out of memory`,
    );
    expect(spans).toBe(heap.spans.count);
    expect(spans).toBeGreaterThanOrEqual(10);
    checkHeap(heap);
    // What is left in the heap can be had still.
    expect(heap.allocSpan(-1, 100, 0)).toBeGreaterThan(0);
    checkHeap(heap);
  });

  it("runs out of memory by small spans too, and can use what is freed then", () => {
    const geometry = SMALL;
    const space = new AddressSpace(geometry);
    space.occupy(0, 2 ** 28 - 2 ** 24);
    const heap = new Heap(geometry, { space });
    const pages: number[] = [];
    const fill = (): void => {
      for (;;) pages.push(heap.allocSpan(0, 15, KIND_STACK));
    };
    expect(fill).toThrow(OutOfMemoryError);
    checkHeap(heap);
    expect(heap.statistics.mappedBytes).toBe(2 ** 24);
    for (const page of pages.splice(0, 20)) heap.freeSpan(page);
    expect(heap.allocSpan(0, 15 * 4, 0)).toBeGreaterThan(0);
    checkHeap(heap);
    expect(fill).toThrow(OutOfMemoryError);
    checkHeap(heap);
  });
});
