/** Goroutines: stacks that double and halve, free lists, descriptors that stay. */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { Goroutines } from "../../../sim/objects/goroutines.js";
import { Objects } from "../../../sim/objects/objects.js";
import { StackError, Stacks } from "../../../sim/objects/stacks.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

function setUp(): { heap: Heap; stacks: Stacks; goroutines: Goroutines; objects: Objects } {
  const heap = new Heap(platform("linux/amd64"));
  const stacks = new Stacks(heap);
  const objects = new Objects(heap);
  return { heap, stacks, objects, goroutines: new Goroutines(stacks, objects) };
}

function collect(stacks: Stacks, goroutines: Goroutines): void {
  stacks.startMark();
  goroutines.scan(0);
  stacks.finishMark();
}

/** One of the keys of a map, or undefined when there is none. */
function pick(live: Map<number, number>, which: number): number | undefined {
  let i = which % Math.max(1, live.size);
  for (const g of live.keys()) if (i-- === 0) return g;
  return undefined;
}

describe("a goroutine", () => {
  it("gets a stack that its use and the guard fit in, doubling", () => {
    const { goroutines } = setUp();
    const g = goroutines.start(0, 1120);
    expect(goroutines.stackBytesOf(g)).toBe(2048);
    goroutines.setUsed(0, g, 1121);
    expect(goroutines.stackBytesOf(g)).toBe(4096);
    goroutines.setUsed(0, g, 100_000);
    expect(goroutines.stackBytesOf(g)).toBe(131072);
    expect(goroutines.stackBytes).toBe(131072);
  });

  it("gives half of it up at each mark while less than a quarter is used", () => {
    const { goroutines, stacks } = setUp();
    const g = goroutines.start(0, 100_000);
    goroutines.setUsed(0, g, 1024 - 800);
    const sizes: number[] = [];
    for (let i = 0; i < 7; i++) {
      collect(stacks, goroutines);
      sizes.push(goroutines.stackBytesOf(g));
    }
    // 224 used and 800 of limit are a quarter of 4096: there it stops.
    expect(sizes).toEqual([65536, 32768, 16384, 8192, 4096, 4096, 4096]);
    goroutines.setUsed(0, g, 223);
    collect(stacks, goroutines);
    collect(stacks, goroutines);
    expect(goroutines.stackBytesOf(g)).toBe(2048);
  });

  it("cannot have more than the largest stack", () => {
    const { goroutines } = setUp();
    expect(() => goroutines.start(0, 600_000_000)).toThrow("goroutine stack exceeds 1000000000-byte limit");
  });

  it("has the new stack before it gives up the old one", () => {
    const { heap, goroutines } = setUp();
    const g = goroutines.start(0, 100_000);
    const taken = vi.spyOn(heap, "allocSpan");
    const given = vi.spyOn(heap, "freeSpan");
    goroutines.setUsed(0, g, 200_000);
    expect(taken).toHaveBeenCalledTimes(1);
    expect(given).toHaveBeenCalledTimes(1);
    expect(taken.mock.invocationCallOrder[0]).toBeLessThan(given.mock.invocationCallOrder[0]!);
  });

  it("ends once", () => {
    const { goroutines } = setUp();
    const g = goroutines.start(0, 0);
    goroutines.finish(0, g);
    expect(() => goroutines.finish(0, g)).toThrow(StackError);
    expect(() => goroutines.setUsed(0, 77, 5)).toThrow("goroutine 77 does not run");
  });
});

describe("a burst of goroutines", () => {
  it("leaves its descriptors for ever, and its stacks until marks", () => {
    const { heap, stacks, objects, goroutines } = setUp();
    const burst = Array.from({ length: 10_000 }, () => goroutines.start(0, 5_000));
    expect(goroutines.stackBytes).toBe(10_000 * 8192);
    for (const g of burst) goroutines.finish(0, g);
    expect(goroutines.live).toBe(0);
    expect(goroutines.stackBytes).toBe(0);
    collect(stacks, goroutines);
    expect(heap.statistics.stackInUseBytes).toBe(0);
    objects.finishMark(1, 2);
    objects.sweep(1e9);
    expect(objects.markedBytes).toBe(10_000 * 416);
    for (let i = 0; i < 10_000; i++) goroutines.start(0, 0);
    expect(goroutines.made).toBe(10_000);
    goroutines.start(0, 0);
    expect(goroutines.made).toBe(10_001);
  });

  it("leaves 33 of 64 descriptors to the other Ps", () => {
    const { goroutines } = setUp();
    const burst = Array.from({ length: 64 }, () => goroutines.start(0, 0));
    for (const g of burst) goroutines.finish(0, g);
    for (let i = 0; i < 33; i++) goroutines.start(1, 0);
    expect(goroutines.made).toBe(64);
    goroutines.start(1, 0);
    expect(goroutines.made).toBe(65);
  });

  it("of small stacks keeps those of the Ps' lists, and frees those of the global list at the next mark", () => {
    const { heap, stacks, goroutines } = setUp();
    const burst = Array.from({ length: 1000 }, () => goroutines.start(0, 500));
    for (const g of burst) goroutines.finish(0, g);
    expect(heap.statistics.stackInUseBytes).toBeGreaterThanOrEqual(1000 * 2048);
    collect(stacks, goroutines);
    // 1,000 = 31 + 29 · 33 + 12: 43 descriptors stay with the P.
    expect(heap.statistics.stackInUseBytes).toBeLessThanOrEqual(43 * 32768);
    expect(heap.statistics.stackInUseBytes).toBeGreaterThanOrEqual(43 * 2048);
    goroutines.resizeProcs(0);
    collect(stacks, goroutines);
    expect(heap.statistics.stackInUseBytes).toBe(0);
  });
});

describe("goroutines under random programs", () => {
  const op = fc.record({
    op: fc.constantFrom("start", "start", "use", "use", "finish", "collect", "procs"),
    p: fc.nat({ max: 2 }),
    which: fc.nat(),
    bytes: fc.oneof(fc.nat({ max: 3000 }), fc.nat({ max: 300_000 })),
    times: fc.integer({ min: 1, max: 100 }),
  });
  it("have stacks that hold what they use, and no more descriptors than ran at once", () => {
    fc.assert(
      fc.property(fc.array(op, { maxLength: 60, size: "max" }), (ops) => {
        const { heap, stacks, goroutines } = setUp();
        const live = new Map<number, number>();
        let most = 0;
        for (const o of ops) {
          for (let i = 0; i < o.times; i++) {
            const g = o.op === "use" || o.op === "finish" ? pick(live, o.which) : undefined;
            if (o.op === "start") live.set(goroutines.start(o.p, o.bytes), o.bytes);
            if (o.op === "use" && g !== undefined) {
              goroutines.setUsed(o.p, g, o.bytes);
              live.set(g, o.bytes);
            }
            if (o.op === "finish" && g !== undefined) {
              goroutines.finish(o.p, g);
              live.delete(g);
            }
          }
          if (o.op === "collect") collect(stacks, goroutines);
          if (o.op === "procs") {
            stacks.resizeProcs(o.p);
            goroutines.resizeProcs(o.p);
          }
          most = Math.max(most, live.size);
          let bytes = 0;
          for (const [g, used] of live) {
            if (goroutines.stackBytesOf(g) < used + 928) throw new Error(`goroutine ${g} overflows`);
            bytes += goroutines.stackBytesOf(g);
          }
          expect(goroutines.stackBytes).toBe(bytes);
          expect(goroutines.live).toBe(live.size);
          expect(heap.statistics.stackInUseBytes).toBeGreaterThanOrEqual(bytes);
        }
        // Free descriptors of another P are out of reach until 64 are together.
        expect(goroutines.made).toBeLessThanOrEqual(most + 3 * 64);
        for (const g of live.keys()) goroutines.finish(0, g);
        stacks.resizeProcs(0);
        goroutines.resizeProcs(0);
        collect(stacks, goroutines);
        expect(heap.statistics.stackInUseBytes).toBe(0);
      }),
      { seed: Number(process.env.FC_SEED ?? 118), numRuns: Number(process.env.FC_RUNS ?? 50) },
    );
  });
});
