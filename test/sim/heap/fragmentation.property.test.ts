/**
 * Fragmentation, measured again and again while pages come and go, is what a look at each page says; and a measurement looks
 * at the chunks that changed, and at no other.
 */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { Fragmentation } from "../../../sim/heap/fragmentation.js";
import { Heap } from "../../../sim/heap/heap.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { PageCache } from "../../../sim/pages/page-cache.js";
import { GenerationScavenger } from "../../../sim/scavenge/generations.js";
import { checkFragmentation } from "../../checkers/check-fragmentation.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const CACHES = 3;
/** Chunks that may be grown, around the boundary of two root entries, with a gap that never is. */
const CHUNKS = 9;
const NEVER_GROWN = 6;

type Op =
  | { op: "grow"; chunk: number }
  | { op: "alloc"; npages: number }
  | { op: "fill"; npages: number; times: number }
  | { op: "free"; which: number }
  | { op: "freeMost"; keep: number }
  | { op: "cache"; which: number }
  | { op: "take"; which: number; npages: number }
  | { op: "flush"; which: number }
  | { op: "scavenge"; pages: number }
  | { op: "measure" };

const which = fc.nat(1000);
const op = <K extends Op["op"]>(kind: K): fc.Arbitrary<K> => fc.constant(kind);
const npages = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.constantFrom(255, 256, 257, 511, 512, 513, 1100, 1600),
);
const operation: fc.Arbitrary<Op> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: op("grow"), chunk: fc.nat(CHUNKS - 1) }) },
  { weight: 4, arbitrary: fc.record({ op: op("alloc"), npages }) },
  { weight: 2, arbitrary: fc.record({ op: op("fill"), npages, times: fc.integer({ min: 2, max: 60 }) }) },
  { weight: 6, arbitrary: fc.record({ op: op("free"), which }) },
  { weight: 1, arbitrary: fc.record({ op: op("freeMost"), keep: fc.integer({ min: 2, max: 30 }) }) },
  { weight: 2, arbitrary: fc.record({ op: op("cache"), which }) },
  { weight: 2, arbitrary: fc.record({ op: op("take"), which, npages: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ op: op("flush"), which }) },
  { weight: 1, arbitrary: fc.record({ op: op("scavenge"), pages: fc.constantFrom(1, 8, 100, 3000) }) },
  { weight: 5, arbitrary: fc.record({ op: op("measure") }) },
);

/** A page allocator with caches and a scavenger, and the spans that were taken. */
class Program {
  readonly pages: PageAllocator;
  readonly caches = Array.from({ length: CACHES }, () => new PageCache());
  private readonly scavenger: GenerationScavenger;
  private readonly firstChunk: number;
  private spans: (readonly [page: number, npages: number])[] = [];

  constructor(geometry: Geometry) {
    this.pages = new PageAllocator(geometry);
    this.scavenger = new GenerationScavenger(this.pages);
    const root = Math.floor(geometry.arenaHintOffs[0]! / geometry.chunkBytes / 2 ** this.pages.tree.leafBits);
    this.firstChunk = 2 ** this.pages.tree.leafBits * (root + 1) - 4;
    // Four in a row, so that spans may cover some of them whole; one is beyond the boundary.
    this.pages.grow((this.firstChunk + 1) * geometry.chunkPages, 4 * geometry.chunkPages);
  }

  apply(o: Op): void {
    const { pages, caches } = this;
    const chunkPages = pages.geometry.chunkPages;
    switch (o.op) {
      case "grow": {
        const page = (this.firstChunk + o.chunk) * chunkPages;
        if (o.chunk === NEVER_GROWN || pages.inUse.contains(page * pages.geometry.pageBytes)) return;
        pages.grow(page, chunkPages);
        return;
      }
      case "alloc":
        return this.alloc(o.npages);
      case "fill":
        for (let i = 0; i < o.times; i++) this.alloc(o.npages);
        return;
      case "free": {
        const at = o.which % Math.max(1, this.spans.length);
        for (const [page, n] of this.spans.splice(at, 1)) pages.free(page, n);
        return;
      }
      case "freeMost":
        this.spans.filter((_, i) => i % o.keep !== 0).forEach(([page, n]) => void pages.free(page, n));
        this.spans = this.spans.filter((_, i) => i % o.keep === 0);
        return;
      case "cache": {
        const cache = caches[o.which % CACHES]!;
        if (cache.empty) pages.allocToCache(cache);
        return;
      }
      case "take": {
        const page = caches[o.which % CACHES]!.alloc(o.npages);
        if (page >= 0) this.spans.push([page, o.npages]);
        return;
      }
      case "flush":
        return pages.flushCache(caches[o.which % CACHES]!);
      case "scavenge":
        this.scavenger.startGeneration();
        this.scavenger.scavenge(o.pages * pages.geometry.pageBytes);
        return;
      case "measure":
        return;
    }
  }

  private alloc(npages: number): void {
    const page = this.pages.alloc(npages);
    if (page >= 0) this.spans.push([page, npages]);
  }
}

describe("fragmentation", () => {
  it.each(["linux/amd64", "linux/arm64-64k", "linux/386", "ios/arm64"])(
    "is what a look at each page says, whatever changed since the last time, on %s",
    (name) => {
      fc.assert(
        fc.property(fc.array(operation, { minLength: 5, maxLength: 80, size: "max" }), (ops) => {
          const program = new Program(platform(name));
          const often = new Fragmentation();
          const seldom = new Fragmentation();
          for (const o of ops) {
            program.apply(o);
            if (o.op === "measure") checkFragmentation(often, program.pages, program.caches);
          }
          // Two who measure do not take each other's changes away.
          checkFragmentation(seldom, program.pages, program.caches);
          checkFragmentation(often, program.pages, program.caches);
        }),
        { seed: SEED, numRuns: 60 },
      );
    },
  );

  it("is measured by a look at the chunks that changed, however many there are", () => {
    const heap = new Heap(platform("linux/amd64"));
    const { chunkPages } = heap.geometry;
    const pages = Array.from({ length: 600 }, () => heap.allocSpan(-1, chunkPages, 0));
    const fragmentation = new Fragmentation();
    fragmentation.measure(heap.pages, heap.caches);
    expect(fragmentation.chunksLookedAt).toBeGreaterThanOrEqual(600);
    fragmentation.measure(heap.pages, heap.caches);
    expect(fragmentation.chunksLookedAt).toBe(0);
    heap.freeSpan(pages[7]!);
    heap.freeSpan(pages[300]!);
    heap.allocSpan(-1, 3, 0);
    fragmentation.measure(heap.pages, heap.caches);
    expect(fragmentation.chunksLookedAt).toBe(2);
    expect(fragmentation.freePages).toBe(2 * chunkPages - 3);
  });
});
