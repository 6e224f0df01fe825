/**
 * Objects under random programs, step by step beside a model that has a record for each object and span, each on a heap of its
 * own: the same spans at the same addresses, the same live and dead, the same books.
 */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { FOREVER, NO_OBJECT, ObjectError, Objects } from "../../../sim/objects/objects.js";
import { checkHeap } from "../../checkers/state-checkers.js";
import { checkObjects } from "./check-objects.js";
import { type NaiveObject, NaiveObjects, type NaiveSpan } from "./naive-objects.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 240_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const PROCS = 3;
const MAX_SPANS = 600;

type Op =
  | { op: "alloc"; p: number; bytes: number; noscan: boolean; times: number; lifeNs: number }
  | { op: "killable"; p: number; bytes: number; times: number }
  | { op: "aged"; p: number; npages: number; noscan: boolean; collections: number }
  | { op: "kill"; which: number; times: number }
  | { op: "wait"; ns: number }
  | { op: "startMark" }
  | { op: "endMark" }
  | { op: "sweep"; n: number }
  | { op: "reclaim"; npages: number }
  | { op: "procs"; procs: number };

const bytes = fc.oneof(
  fc.constantFrom(0, 1, 3, 4, 8, 12, 15, 16, 17, 200, 1024, 8192, 32768, 32769, 100_000),
  fc.integer({ min: 1, max: 40_000 }),
);
const p = fc.integer({ min: 0, max: PROCS - 1 });
const lifeNs = fc.oneof(
  fc.integer({ min: 0, max: 50 }),
  fc.integer({ min: 0, max: 2000 }),
  fc.integer({ min: 0, max: 2 ** 45 }),
  fc.constant(FOREVER),
);
const aged = fc.record({
  op: fc.constant("aged" as const),
  p: fc.nat({ max: 1 }),
  npages: fc.integer({ min: 1, max: 20 }),
  noscan: fc.boolean(),
  collections: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 5, max: 2 ** 40 })),
});
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: aged },
  {
    weight: 8,
    arbitrary: fc.record({
      op: fc.constant("alloc" as const),
      p,
      bytes,
      noscan: fc.boolean(),
      times: fc.integer({ min: 1, max: 140 }),
      lifeNs,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("killable" as const),
      p,
      bytes: fc.constantFrom(16, 200, 4096, 8192, 50_000),
      times: fc.integer({ min: 1, max: 140 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("kill" as const),
      which: fc.nat(),
      times: fc.integer({ min: 1, max: 100 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("wait" as const),
      ns: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 2 ** 44 })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("startMark" as const) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("endMark" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant("sweep" as const), n: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("reclaim" as const), npages: fc.integer({ min: 1, max: 40 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("procs" as const), procs: fc.integer({ min: 1, max: PROCS }) }),
  },
);

/** A collection with what a program does before, during and after it, on a few classes, so that lists get long. */
const few = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(200, 1024, 8192, 8192, 40_000) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 15 }) },
  { weight: 1, arbitrary: fc.constant(6 * 2 ** 20) },
);
const use = fc.oneof(
  { weight: 2, arbitrary: aged },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant("alloc" as const),
      p: fc.nat({ max: 1 }),
      bytes: few,
      noscan: fc.constant(true),
      times: fc.integer({ min: 1, max: 140 }),
      lifeNs: fc.oneof(fc.integer({ min: 0, max: 4000 }), fc.constant(FOREVER)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("killable" as const),
      p: fc.nat({ max: 1 }),
      bytes: fc.constantFrom(200, 8192, 8192),
      times: fc.integer({ min: 100, max: 180 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant("kill" as const),
      which: fc.nat(),
      times: fc.constantFrom(1, 20, 300),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("wait" as const), ns: fc.integer({ min: 1, max: 1000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("procs" as const), procs: fc.nat({ max: 2 }) }) },
);
const sweeping = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("sweep" as const), n: fc.integer({ min: 1, max: 60 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("reclaim" as const), npages: fc.integer({ min: 1, max: 300 }) }),
  },
);
const round = fc
  .tuple(
    fc.array(use, { maxLength: 5, size: "max" }),
    fc.array(use, { maxLength: 2, size: "max" }),
    fc.array(fc.oneof(use, sweeping), { maxLength: 5, size: "max" }),
  )
  .map(([before, during, after]): Op[] => [
    ...before,
    { op: "startMark" },
    ...during,
    { op: "endMark" },
    ...after,
  ]);

interface Killable {
  span: number;
  object: NaiveObject;
}

class Pair {
  readonly heap = new Heap(platform("linux/amd64"));
  readonly naive = new NaiveObjects(new Heap(platform("linux/amd64")));
  readonly objects: Objects;
  readonly killable: Killable[] = [];
  nowNs = 0;
  markStartNs = -1;
  calls = 0;
  liveBytes = 0;

  constructor(sweepEvery: number) {
    this.objects = new Objects(this.heap, {
      beforeSpan: (spanBytes) => {
        if (spanBytes % 8192 !== 0) throw new Error(`a span of ${spanBytes} bytes`);
        if (this.calls++ % sweepEvery === 0) this.objects.sweep(2);
      },
      heapLiveChanged: (delta) => {
        this.liveBytes += delta;
      },
    });
    let calls = 0;
    this.naive.beforeSpan = () => {
      if (calls++ % sweepEvery === 0) this.naive.sweep(2);
    };
  }

  run(o: Op): void {
    switch (o.op) {
      case "alloc":
        this.alloc(o.p, o.bytes, o.noscan, o.times, this.nowNs + o.lifeNs);
        break;
      case "aged":
        this.aged(o.p, o.npages, o.noscan, o.collections);
        break;
      case "killable":
        this.alloc(o.p, o.bytes, o.bytes === 16, o.times, FOREVER, true);
        break;
      case "kill":
        this.kill(o.which, o.times);
        break;
      case "wait":
        if (this.nowNs + o.ns < 2 ** 52) this.nowNs += o.ns;
        break;
      case "startMark":
        this.startMark();
        break;
      case "endMark":
        this.endMark();
        break;
      case "sweep":
        expect(this.objects.sweep(o.n)).toBe(this.naive.sweep(o.n));
        break;
      case "reclaim":
        expect(this.objects.reclaim(o.npages)).toBe(this.naive.reclaim(o.npages));
        break;
      case "procs":
        this.objects.resizeProcs(o.procs);
        this.naive.resize(o.procs);
        break;
    }
  }

  alloc(p: number, bytes: number, noscan: boolean, times: number, deathNs: number, killable = false): void {
    for (let i = 0; i < times && this.naive.spans.length < MAX_SPANS; i++) {
      const span = this.objects.alloc(p, bytes, noscan, deathNs);
      const made = this.naive.alloc(p, bytes, noscan, deathNs);
      if (made === undefined) {
        expect(span).toBe(NO_OBJECT);
        continue;
      }
      const page = this.objects.spans.pages[span];
      if (page !== made[0].page) throw new Error(`allocated at page ${page}, expected ${made[0].page}`);
      if (killable) this.killable.push({ span, object: made[1] });
    }
  }

  aged(p: number, npages: number, noscan: boolean, collections: number): void {
    if (this.naive.spans.length >= MAX_SPANS) return;
    const span = this.objects.allocAged(p, npages, noscan ? 1 : 0, collections);
    expect(this.objects.spans.pages[span]).toBe(this.naive.aged(p, npages, noscan, collections).page);
  }

  kill(which: number, times: number): void {
    for (let i = 0; i < times && this.killable.length > 0; i++) {
      const [{ span, object }] = this.killable.splice((which + 31 * i) % this.killable.length, 1) as [
        Killable,
      ];
      this.objects.kill(span);
      object.diesNs = this.nowNs;
    }
  }

  startMark(): void {
    if (this.markStartNs >= 0) return;
    while (this.objects.unsweptSpans > 0) this.objects.sweep(7);
    this.naive.sweep(Number.MAX_SAFE_INTEGER);
    // Frees and allocations at the instant of a mark come after it, as priorities say; those before are earlier.
    this.nowNs++;
    this.markStartNs = this.nowNs;
    this.objects.startMark();
    this.naive.beginMark();
  }

  endMark(): void {
    if (this.markStartNs < 0) return;
    const inUse = this.heap.statistics.heapInUseBytes;
    const marked = this.objects.finishMark(this.markStartNs, this.nowNs);
    expect(this.heap.statistics.heapInUseBytes).toBe(inUse);
    this.naive.endMark(this.markStartNs);
    this.markStartNs = -1;
    expect(marked).toBe(this.naive.marked);
    this.liveBytes = marked;
  }

  check(): void {
    const { objects, naive } = this;
    const free = checkObjects(objects, this.heap, PROCS);
    expect(objects.heapLiveBytes).toBe(naive.heapLive);
    expect(this.liveBytes).toBe(naive.heapLive);
    expect(objects.unsweptSpans).toBe(naive.unswept);
    expect(free.size).toBe(naive.spans.length);
    const dead = new Map<number, number>();
    for (let s = 0; s < objects.spans.rows; s++) dead.set(objects.spans.pages[s]!, objects.spans.dead[s]!);
    for (const span of naive.spans) {
      // Plain comparisons, since there are millions of them.
      const slots = span.slots - span.objects.length;
      if (free.get(span.page) !== slots || dead.get(span.page) !== deadIn(span)) {
        throw new Error(
          `the span at page ${span.page} has ${free.get(span.page)} free slots and ${dead.get(span.page)} dead, expected ${slots} and ${deadIn(span)}`,
        );
      }
    }
    expect(this.heap.statistics).toEqual(naive.heap.statistics);
  }
}

function deadIn(span: NaiveSpan): number {
  let dead = 0;
  for (const object of span.objects) if (object.foundDead) dead++;
  return dead;
}

describe("objects under random programs", () => {
  it("are where the model has them", () => {
    fc.assert(
      fc.property(
        fc.array(op, { minLength: 1, maxLength: 60, size: "max" }),
        fc.constantFrom(1, 3, 1_000_000),
        (ops, sweepEvery) => {
          const pair = new Pair(sweepEvery);
          for (const o of ops) {
            pair.run(o);
            pair.check();
          }
          checkHeap(pair.heap);
        },
      ),
      { seed: SEED, numRuns: Number(process.env.FC_RUNS ?? 60) },
    );
  });

  it("are where the model has them, collection after collection", () => {
    fc.assert(
      fc.property(
        fc.array(round, { minLength: 1, maxLength: 8, size: "max" }),
        fc.constantFrom(2, 1_000_000, 1_000_000),
        (rounds, sweepEvery) => {
          const pair = new Pair(sweepEvery);
          for (const o of rounds.flat()) {
            pair.run(o);
            pair.check();
          }
        },
      ),
      { seed: SEED, numRuns: Number(process.env.FC_RUNS ?? 60) },
    );
  });

  it("refuse what no program can do", () => {
    const objects = new Objects(new Heap(platform("linux/amd64")));
    expect(() => objects.kill(0)).toThrow(ObjectError);
    expect(() => objects.kill(5000)).toThrow("there is no span 5000");
    const large = objects.alloc(0, 40_000, true, FOREVER);
    objects.kill(large);
    expect(() => objects.kill(large)).toThrow("all objects of span 0 are dead already");
    objects.finishMark(1, 1);
    expect(() => objects.finishMark(2, 2)).toThrow("a mark cannot end while 1 spans are unswept");
    expect(() => objects.startMark()).toThrow("marking cannot begin while 1 spans are unswept");
    objects.sweep(1);
    expect(() => objects.kill(large)).toThrow("there is no span");
  });
});
