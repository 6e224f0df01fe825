/**
 * One survivor pins a span, and a page that is not free keeps a larger physical page: the two effects that golang/go#78962
 * puts together, in small, against the share of spans that chance leaves without a survivor.
 */

import { describe, expect, it, vi } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { FOREVER, Objects } from "../../../sim/objects/objects.js";
import { Population } from "../../../sim/objects/population.js";
import { CLASS_OBJECTS, sizeClassOf } from "../../../sim/objects/size-classes.js";
import { checkObjects } from "./check-objects.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

/** Whole numbers below n, evenly enough (xorshift). */
function source(seed: number): (n: number) => number {
  let x = seed;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return Math.floor(((x >>> 0) / 4294967296) * n);
  };
}

interface Left {
  /** Share of spans that were freed. */
  freedShare: number;
  /** Share of freed memory that was released to the system. */
  releasedShare: number;
  objects: Objects;
}

/** So many objects, of which a share dies at random; then a collection, a sweep, and everything that can be released is. */
function thinOut(physPageBytes: number, count: number, share: number): Left {
  const heap = new Heap(platform("linux/arm64-64k").withPhysicalPages(physPageBytes, 0));
  const objects = new Objects(heap);
  const population = new Population();
  for (let i = 0; i < count; i++) population.add(objects.alloc(0, 200, false, FOREVER));
  const before = heap.statistics.heapInUseBytes;
  const random = source(78962);
  for (let i = Math.round(count * share); i > 0; i--) objects.kill(population.take(random(population.count)));
  objects.startMark();
  expect(objects.finishMark(1, 2)).toBe(208 * population.count);
  objects.sweep(Number.MAX_SAFE_INTEGER);
  checkObjects(objects, heap, 1);
  const released = heap.statistics.heapReleasedBytes;
  heap.scavenger.startGeneration();
  heap.scavenge(Number.POSITIVE_INFINITY);
  const freed = before - heap.statistics.heapInUseBytes;
  return {
    freedShare: freed / before,
    releasedShare: (heap.statistics.heapReleasedBytes - released) / freed,
    objects,
  };
}

describe("objects of 200 bytes of which 95 % die at random (golang/go#78962)", () => {
  const SLOTS = CLASS_OBJECTS[sizeClassOf(200)]!;

  it("leave 0.95^39 of the spans free, all of it returned with 4 KiB pages, next to nothing with 64 KiB pages", () => {
    expect(SLOTS).toBe(39);
    const small = thinOut(4096, 300_000, 0.95);
    const large = thinOut(65536, 300_000, 0.95);
    // 7,692 spans: the standard deviation is 0.004.
    expect(Math.abs(small.freedShare - 0.95 ** SLOTS)).toBeLessThan(0.016);
    expect(large.freedShare).toBe(small.freedShare);
    expect(small.releasedShare).toBe(1);
    expect(large.releasedShare).toBeLessThan(0.01);
  });

  it("leave fewer when fewer die", () => {
    expect(Math.abs(thinOut(4096, 300_000, 0.9).freedShare - 0.9 ** SLOTS)).toBeLessThan(0.006);
    expect(thinOut(4096, 300_000, 0.5).freedShare).toBe(0);
    expect(thinOut(4096, 39_000, 1).freedShare).toBe(1);
  });

  it("take slots in the spans that survivors pin before new spans are made", () => {
    const { objects } = thinOut(4096, 300_000, 0.95);
    const pages = objects.inUsePages;
    const slots = pages * SLOTS - objects.markedBytes / 208;
    for (let i = 0; i < slots; i++) objects.alloc(0, 200, false, FOREVER);
    expect(objects.inUsePages).toBe(pages);
    objects.alloc(0, 200, false, FOREVER);
    expect(objects.inUsePages).toBe(pages + 1);
  });
});

describe("a span", () => {
  it("stays for its last object, and goes when that was dead at a mark and the span was swept", () => {
    const heap = new Heap(platform("linux/amd64"));
    const objects = new Objects(heap);
    const first = objects.alloc(0, 4096, false, FOREVER);
    expect(objects.alloc(0, 4096, false, 10)).toBe(first);
    objects.alloc(0, 4096, false, FOREVER);
    expect(heap.statistics.heapInUseBytes).toBe(2 * 8192);
    objects.finishMark(20, 30);
    objects.sweep(10);
    objects.kill(first);
    expect(heap.statistics.heapInUseBytes).toBe(2 * 8192);
    objects.startMark();
    objects.finishMark(40, 50);
    expect(heap.statistics.heapInUseBytes).toBe(2 * 8192);
    objects.sweep(10);
    expect(heap.statistics.heapInUseBytes).toBe(8192);
  });

  it("keeps what died or was made while marking went on, until the next mark", () => {
    const heap = new Heap(platform("linux/amd64"));
    const objects = new Objects(heap);
    const doomed = objects.alloc(0, 8192, true, FOREVER);
    objects.alloc(0, 8192, true, 101);
    objects.startMark();
    objects.kill(doomed);
    objects.alloc(0, 8192, true, 102);
    expect(objects.finishMark(100, 110)).toBe(3 * 8192);
    expect(objects.heapLiveBytes).toBe(3 * 8192);
    objects.sweep(10);
    objects.startMark();
    expect(objects.finishMark(200, 210)).toBe(0);
    objects.sweep(10);
    expect(heap.statistics.heapInUseBytes).toBe(0);
  });
});

describe("heapLive", () => {
  it("counts a span when a P takes it, with its tail, and what a P gives back unused comes off", () => {
    const objects = new Objects(new Heap(platform("linux/amd64")));
    objects.alloc(0, 200, false, FOREVER);
    expect(objects.heapLiveBytes).toBe(8192);
    for (let i = 0; i < 38; i++) objects.alloc(0, 200, false, FOREVER);
    expect(objects.heapLiveBytes).toBe(8192);
    objects.alloc(0, 200, false, FOREVER);
    expect(objects.heapLiveBytes).toBe(2 * 8192);
    objects.alloc(0, 32_769, false, FOREVER);
    expect(objects.heapLiveBytes).toBe(7 * 8192);
    objects.resizeProcs(0);
    expect(objects.heapLiveBytes).toBe(7 * 8192 - 38 * 208);
    objects.alloc(0, 200, false, FOREVER);
    expect(objects.heapLiveBytes).toBe(8 * 8192 - 38 * 208 - 208);
  });
});

describe("tiny objects", () => {
  it("share blocks of 16 bytes that die with the last of them", () => {
    const objects = new Objects(new Heap(platform("linux/amd64")));
    // 5 and 1 bytes, then 8 at 8: one block. 4 more do not fit, and their block has more room: it takes the place.
    for (const [bytes, dies] of [
      [5, 10],
      [1, 30],
      [8, 20],
      [4, 10],
      [12, 5],
    ] as const) {
      objects.alloc(0, bytes, true, dies);
    }
    expect(objects.heldSlots(0, 5)).toBe(510);
    expect(objects.finishMark(20, 21)).toBe(16);
    objects.sweep(1);
    // The mark dropped the block of the P: a new one is begun.
    objects.alloc(0, 1, true, 40);
    expect(objects.heldSlots(0, 5)).toBe(510);
    expect(objects.finishMark(35, 36)).toBe(16);
  });

  it("that die early do not end their block, and a block with as much room does not replace another", () => {
    const objects = new Objects(new Heap(platform("linux/amd64")));
    objects.alloc(0, 8, true, 30);
    objects.alloc(0, 8, true, 10);
    expect(objects.finishMark(20, 21)).toBe(16);
    const others = new Objects(new Heap(platform("linux/amd64")));
    others.alloc(0, 12, true, 10);
    others.alloc(0, 12, true, 100);
    others.alloc(0, 4, true, 50);
    expect(others.finishMark(20, 21)).toBe(32);
  });

  it("of eight bytes are two to a block, those of nine one", () => {
    const objects = new Objects(new Heap(platform("linux/amd64")));
    for (let i = 0; i < 10; i++) objects.alloc(1, 8, true, FOREVER);
    expect(objects.heldSlots(1, 5)).toBe(512 - 5);
    for (let i = 0; i < 10; i++) objects.alloc(1, 9, true, FOREVER);
    expect(objects.heldSlots(1, 5)).toBe(512 - 15);
    for (let i = 0; i < 10; i++) objects.alloc(1, 8, false, FOREVER);
    expect(objects.heldSlots(1, 5)).toBe(512 - 15);
  });
});

describe("an address space with other pages", () => {
  it("cannot hold objects", () => {
    const heap = { geometry: { pageBytes: 4096 } } as unknown as Heap;
    expect(() => new Objects(heap)).toThrow("objects need pages of 8192 bytes");
  });
});
