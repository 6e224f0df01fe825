/** Stacks under random programs, beside a model with a record for each stack, each on a heap of its own. */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { StackError, Stacks } from "../../../sim/objects/stacks.js";
import { checkHeap } from "../../checkers/state-checkers.js";
import { type NaiveStack, NaiveStacks } from "./naive-stacks.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

const op = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("alloc" as const),
      p: fc.integer({ min: -1, max: 2 }),
      order: fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: 9 })),
      times: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("free" as const),
      p: fc.integer({ min: -1, max: 2 }),
      which: fc.nat(),
      times: fc.integer({ min: 1, max: 60 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("startMark" as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("finishMark" as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("procs" as const), procs: fc.nat({ max: 3 }) }) },
);

describe("stacks under random programs", () => {
  it("are where the model has them", () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 60, size: "max" }), (ops) => {
        const heap = new Heap(platform("linux/amd64"));
        const stacks = new Stacks(heap);
        const naive = new NaiveStacks(new Heap(platform("linux/amd64")));
        const live: { span: number; stack: NaiveStack }[] = [];
        for (const o of ops) {
          if (o.op === "alloc") {
            for (let i = 0; i < o.times; i++) {
              live.push({
                span: stacks.alloc(o.p, 2048 << o.order),
                stack: naive.alloc(o.p, 2048 << o.order),
              });
            }
          } else if (o.op === "free") {
            for (let i = 0; i < o.times && live.length > 0; i++) {
              const [{ span, stack }] = live.splice((o.which + i) % live.length, 1) as [(typeof live)[0]];
              stacks.free(o.p, span, stack.bytes);
              naive.free(o.p, stack);
            }
          } else if (o.op === "startMark") {
            stacks.startMark();
            naive.marking = true;
          } else if (o.op === "finishMark") {
            stacks.finishMark();
            naive.finishMark();
          } else {
            stacks.resizeProcs(o.procs);
            naive.resize(o.procs);
          }
          expect(heap.statistics).toEqual(naive.heap.statistics);
          expect(stacks.spanCount).toBe(heap.spans.count);
        }
        checkHeap(heap);
        // Spans in use have the same addresses in both heaps: what is left goes in the same order to the same places.
        for (const { stack } of live) expect(heap.spans.npagesAt(stack.span.page)).toBeGreaterThan(0);
        for (const { span, stack } of live) {
          stacks.free(-1, span, stack.bytes);
          naive.free(-1, stack);
        }
        stacks.finishMark();
        expect(stacks.spanCount).toBe(0);
        expect(heap.statistics.stackInUseBytes).toBe(0);
      }),
      { seed: SEED, numRuns: Number(process.env.FC_RUNS ?? 100) },
    );
  });
});

describe("stacks", () => {
  it("come from the cache of the P, half of which is filled at a time", () => {
    const stacks = new Stacks(new Heap(platform("linux/amd64")));
    stacks.alloc(0, 2048);
    expect(stacks.cachedStacks(0, 2048)).toBe(7);
    stacks.alloc(0, 16384);
    expect(stacks.cachedStacks(0, 16384)).toBe(0);
    const spans = Array.from({ length: 40 }, () => stacks.alloc(0, 2048));
    for (const span of spans.slice(0, 16)) stacks.free(0, span, 2048);
    expect(stacks.cachedStacks(0, 2048)).toBe(15);
  });

  it("go back to the heap at once when nothing marks, else when the mark ends", () => {
    const heap = new Heap(platform("linux/amd64"));
    const stacks = new Stacks(heap);
    const large = stacks.alloc(0, 65536);
    const small = stacks.alloc(-1, 4096);
    stacks.startMark();
    stacks.free(0, large, 65536);
    stacks.free(-1, small, 4096);
    expect(heap.statistics.stackInUseBytes).toBe(65536 + 32768);
    expect(stacks.alloc(1, 65536)).toBe(large);
    stacks.free(1, large, 65536);
    stacks.finishMark();
    expect(heap.statistics.stackInUseBytes).toBe(0);
    stacks.free(0, stacks.alloc(0, 32768), 32768);
    expect(heap.statistics.stackInUseBytes).toBe(0);
  });

  it("that are none are not freed", () => {
    const stacks = new Stacks(new Heap(platform("linux/amd64")));
    const large = stacks.alloc(0, 65536);
    stacks.free(0, large, 65536);
    expect(() => stacks.free(0, large, 65536)).toThrow(StackError);
    const small = stacks.alloc(-1, 2048);
    expect(() => stacks.free(-1, small, 4096)).toThrow("has no stack of 4096 bytes to free");
  });
});
