import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Simulation } from "../../../engine/simulation.js";
import { platform } from "../../../sim/address/platforms.js";
import { type Costs, DEFAULT_COSTS } from "../../../sim/gc/costs.js";
import { Heap } from "../../../sim/heap/heap.js";
import { GO_1_18 } from "../../../sim/policies/go.js";
import { policyNamed } from "../../../sim/policies/registry.js";
import {
  type BackgroundOptions,
  BackgroundScavenger,
  ScavengerState,
} from "../../../sim/scavenge/background.js";
import { checkHeap } from "../../checkers/state-checkers.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const MS = 1_000_000;
const MIB = 2 ** 20;
/** A request of 64 KiB, which is 16 physical pages in one range, takes 10 µs. */
const COSTS: Costs = {
  ...DEFAULT_COSTS,
  madviseCallNs: 2000,
  madvisePageNs: 500,
  madviseHugePageNs: 256_000,
  wakeUpNs: 1000,
};
const LARGE_SCAN = 0;

interface Rig {
  sim: Simulation;
  heap: Heap;
  scavenger: BackgroundScavenger;
  /** First pages of all spans; those of even index are free. */
  spans: readonly number[];
}

/** A heap in which every second span of 8 pages is free and not released, mib MiB in all. */
function setUp(
  mib: number,
  procs = 1,
  options: BackgroundOptions = {},
  costs = COSTS,
  policy = GO_1_18,
): Rig {
  const sim = new Simulation();
  const heap = new Heap(platform("linux/amd64"), { policy });
  const scavenger = new BackgroundScavenger(sim, heap, costs, options);
  heap.resizeProcs(procs);
  const spans: number[] = [];
  for (let i = 0; i < mib * 16; i++) spans.push(heap.allocSpan(-1, 8, LARGE_SCAN));
  spans.forEach((page, i) => {
    if (i % 2 === 0) heap.freeSpan(page);
  });
  return { sim, heap, scavenger, spans };
}

/** Starts a generation and wakes the scavenger, as a program with a free P would. */
function begin({ sim, heap, scavenger }: Rig, goalBytes = 0): void {
  heap.scavengeGoalBytes = goalBytes;
  scavenger.setBusy(0, false);
  heap.scavenger.sweepDone();
  scavenger.wake();
  sim.run(sim.nowNs + COSTS.wakeUpNs);
}

describe("the background scavenger", () => {
  it("works for 1 ms, and sleeps for a second at first", () => {
    const rig = setUp(64);
    begin(rig);
    const start = rig.sim.nowNs;
    expect(rig.scavenger.state).toBe(ScavengerState.working);
    rig.sim.run(start + MS);
    expect(rig.scavenger.requests).toBe(100);
    expect(rig.scavenger.releasedBytes).toBe(100 * 65536);
    expect(rig.heap.statistics.scavengedBytes).toBe(100 * 65536);
    expect(rig.scavenger.state).toBe(ScavengerState.sleeping);
    expect(rig.scavenger.timerNs).toBe(start + MS + 1000 * MS);
    // Then the controller shortens the sleep to a third of a second, and overshoots.
    rig.sim.run(start + 1003 * MS);
    expect(rig.scavenger.rounds).toBe(2);
    const second = rig.scavenger.timerNs - rig.sim.nowNs;
    expect(second).toBeGreaterThan(300 * MS);
    expect(second).toBeLessThan(340 * MS);
    checkHeap(rig.heap);
  });

  it("takes 1 % of the time of all Ps in the long run", () => {
    for (const procs of [1, 4]) {
      const rig = setUp(2048, procs, {}, { ...COSTS, madvisePageNs: 5000 });
      begin(rig);
      rig.sim.run(rig.sim.nowNs + 20_000 * MS);
      const { scavenger } = rig;
      expect(scavenger.state).not.toBe(ScavengerState.parked);
      const share = scavenger.workedNs / rig.sim.nowNs / procs;
      expect(share).toBeGreaterThan(0.006);
      expect(share).toBeLessThan(0.014);
    }
  });

  it("stops at the goal, and parks when it is asked again", () => {
    const rig = setUp(8);
    const goal = rig.heap.statistics.heapRetainedBytes - MIB - 4096;
    begin(rig, goal);
    rig.sim.run(rig.sim.nowNs + 5 * MS);
    expect(rig.heap.statistics.heapRetainedBytes).toBe(goal + 4096 - 65536);
    expect(rig.scavenger.state).toBe(ScavengerState.sleeping);
    rig.sim.run(rig.sim.nowNs + 2000 * MS);
    expect(rig.scavenger.state).toBe(ScavengerState.parked);
    expect(rig.heap.statistics.heapRetainedBytes).toBe(goal + 4096 - 65536);
  });

  it("asks in vain for the rest of its millisecond when the generation has nothing left, then parks", () => {
    const rig = setUp(2);
    begin(rig);
    const start = rig.sim.nowNs;
    rig.sim.run(start + MS - 1);
    expect(rig.scavenger.releasedBytes).toBe(MIB);
    expect(rig.scavenger.state).toBe(ScavengerState.working);
    rig.sim.run(start + MS);
    expect(rig.scavenger.state).toBe(ScavengerState.sleeping);
    rig.sim.run(start + 1002 * MS);
    expect(rig.scavenger.state).toBe(ScavengerState.working);
    rig.sim.run(start + 1003 * MS);
    expect(rig.scavenger.state).toBe(ScavengerState.parked);
    rig.sim.run(start + 100_000 * MS);
    expect(rig.scavenger.rounds).toBe(2);
    // A generation brings it back, by way of sysmon.
    rig.heap.freeSpan(rig.spans[1]!);
    rig.scavenger.sweepDone();
    rig.sim.run(rig.sim.nowNs + 20 * MS);
    expect(rig.scavenger.releasedBytes).toBe(MIB + 65536);
  });

  it("is woken by sysmon only, while the program is idle, when a timer keeps that awake", () => {
    for (const idleTimerNs of [undefined, 20 * MS]) {
      const rig = setUp(64, 1, idleTimerNs === undefined ? {} : { idleTimerNs });
      rig.heap.scavengeGoalBytes = 0;
      rig.sim.run(500 * MS);
      rig.scavenger.setBusy(0);
      rig.sim.run(510 * MS);
      rig.scavenger.sweepDone();
      rig.sim.run(3000 * MS);
      expect(rig.scavenger.releasedBytes > 0).toBe(idleTimerNs !== undefined);
      rig.scavenger.setBusy(1);
      rig.sim.run(3100 * MS);
      expect(rig.scavenger.releasedBytes).toBeGreaterThan(0);
    }
  });

  it("goes on by its own timer while the program is idle", () => {
    const rig = setUp(64);
    begin(rig);
    rig.scavenger.setBusy(0);
    rig.sim.run(rig.sim.nowNs + 1010 * MS);
    expect(rig.scavenger.rounds).toBe(2);
  });

  it("waits for a time slice while all Ps are busy", () => {
    const rig = setUp(8);
    rig.heap.scavenger.sweepDone();
    rig.scavenger.setBusy(1);
    rig.scavenger.wake();
    rig.sim.run(COSTS.timeSliceNs - 1);
    expect(rig.scavenger.state).toBe(ScavengerState.runnable);
    expect(rig.scavenger.wake()).toBe(false);
    rig.sim.run(COSTS.timeSliceNs);
    expect(rig.scavenger.state).toBe(ScavengerState.working);
  });

  it("counts a sleep that was cut short as what it was", () => {
    const rig = setUp(64);
    begin(rig);
    rig.sim.run(rig.sim.nowNs + 10 * MS);
    expect(rig.scavenger.state).toBe(ScavengerState.sleeping);
    expect(rig.scavenger.wake()).toBe(true);
    rig.sim.run(rig.sim.nowNs + MS);
    // 9 ms of sleep for 1 ms of work is 10 % of the time: the ratio stays at its minimum, and the old timer is gone.
    expect(rig.scavenger.rounds).toBe(2);
    expect(rig.scavenger.sleepRatio).toBe(0.001);
    rig.sim.run(rig.sim.nowNs + 500 * MS);
    expect(rig.scavenger.rounds).toBe(2);
  });

  it("takes 10 µs for each page where the clock is too coarse to see a request", () => {
    const rig = setUp(64, 1, { clockNs: 15 * MS });
    begin(rig);
    const start = rig.sim.nowNs;
    rig.sim.run(start + 70_000);
    // 16 pages are 160 µs: seven requests are more than 1 ms, though they took 70 µs.
    expect(rig.scavenger.requests).toBe(7);
    expect(rig.scavenger.state).toBe(ScavengerState.sleeping);
    expect(rig.scavenger.timerNs).toBe(start + 70_000 + 1120 * MS);
  });

  it("spins until a coarse clock moves when there is nothing left", () => {
    const rig = setUp(2, 1, { clockNs: 15 * MS });
    rig.heap.scavengeGoalBytes = 0;
    rig.scavenger.setBusy(0, false);
    rig.sim.run(MS);
    rig.scavenger.wake();
    rig.sim.run(15 * MS - 1);
    expect(rig.scavenger.state).toBe(ScavengerState.working);
    rig.sim.run(15 * MS);
    expect(rig.scavenger.state).toBe(ScavengerState.parked);
  });

  it("sleeps longer where reuse costs more than release", () => {
    const rig = setUp(64, 1, {}, COSTS, { ...GO_1_18, scavenger: { ...GO_1_18.scavenger, costRatio: 0.7 } });
    begin(rig);
    const start = rig.sim.nowNs;
    rig.sim.run(start + MS);
    expect(rig.scavenger.timerNs).toBe(start + MS + 1700 * MS);
  });

  it("keeps pages out of reach while they are being released, where there are other Ps", () => {
    const rig = setUp(8, 2);
    const { heap, sim } = rig;
    begin(rig);
    // The first range is the topmost free run, and its madvise takes 10 µs.
    const top = rig.spans.at(-2)!;
    expect(heap.pages.isAllocated(top)).toBe(true);
    sim.run(sim.nowNs + 9999);
    expect(heap.pages.isAllocated(top)).toBe(true);
    expect(heap.statistics.scavengedBytes).toBe(0);
    sim.run(sim.nowNs + 1);
    expect(heap.pages.isAllocated(top)).toBe(false);
    expect(heap.statistics.scavengedBytes).toBe(65536);
  });

  it("keeps the heap sound, whatever program runs beside it", () => {
    const step = fc.record({
      ns: fc.nat(30_000),
      pages: fc.integer({ min: 1, max: 40 }),
      free: fc.boolean(),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 150 }),
        fc.integer({ min: 1, max: 3 }),
        (steps, procs) => {
          const rig = setUp(4, procs);
          const { heap, sim } = rig;
          begin(rig);
          const live: number[] = [];
          for (const { ns, pages, free, pick } of steps) {
            sim.run(sim.nowNs + ns);
            if (free && live.length > 0) heap.freeSpan(live.splice(pick % live.length, 1)[0]!);
            else live.push(heap.allocSpan(0, pages, LARGE_SCAN));
            if (pick % 40 === 0) rig.scavenger.sweepDone();
          }
          sim.run(sim.nowNs + 10 * MS);
          checkHeap(heap);
          expect(rig.scavenger.releasedBytes).toBeLessThanOrEqual(heap.statistics.scavengedBytes);
        },
      ),
      { seed: SEED, numRuns: 60 },
    );
  });
});

describe("the background scavenger from 1.19 on", () => {
  const LATER = policyNamed("go1.22");

  it("parks at once when there is nothing to release", () => {
    const rig = setUp(8, 1, {}, COSTS, LATER);
    rig.heap.scavengeGoalBytes = 0;
    rig.scavenger.setBusy(0, false);
    rig.scavenger.wake();
    rig.sim.run(COSTS.wakeUpNs);
    // No mark has ended, so the background cursor knows of nothing.
    expect([rig.scavenger.state, rig.scavenger.requests]).toEqual([ScavengerState.parked, 1]);
  });

  it("ends a round with a request that falls short", () => {
    const rig = setUp(1, 1, {}, COSTS, LATER);
    // Of 512 KiB in pieces of 64 KiB all but half a piece.
    rig.heap.allocSpan(-1, 4, LARGE_SCAN);
    rig.heap.markDone();
    begin(rig);
    rig.sim.run(rig.sim.nowNs + 70_000 + 6000);
    expect([rig.scavenger.requests, rig.scavenger.releasedBytes]).toEqual([8, 491_520]);
    expect(rig.scavenger.state).toBe(ScavengerState.sleeping);
    checkHeap(rig.heap);
  });

  it("works for the memory limit when the heap itself is at its goal", () => {
    for (const [release, works] of [
      ["go1.19", false],
      ["go1.22", true],
    ] as const) {
      const rig = setUp(64, 1, {}, COSTS, policyNamed(release));
      const { heap } = rig;
      heap.markDone();
      heap.memoryLimitBytes = heap.mappedReadyBytes - 8 * MIB;
      heap.paceScavenger(100 * MIB, 100 * MIB, 100 * MIB);
      rig.scavenger.setBusy(0, false);
      rig.scavenger.wake();
      rig.sim.run(600_000 * MS);
      const released = heap.statistics.scavengedBytes;
      if (!works) expect(released).toBe(0);
      else {
        expect(heap.mappedReadyBytes).toBeLessThanOrEqual(heap.memoryLimitBytes * 0.95);
        expect(heap.mappedReadyBytes).toBeGreaterThan(heap.memoryLimitBytes * 0.95 - 2 * MIB);
      }
    }
  });

  it("leaves what was freed above its cursor until the next mark, where 1.18 and 1.19 take it", () => {
    const released = ["go1.18", "go1.19", "go1.22"].map((release) => {
      const rig = setUp(16, 1, {}, COSTS, policyNamed(release));
      rig.heap.markDone();
      rig.heap.scavenger.sweepDone();
      begin(rig);
      rig.sim.run(100_000 * MS);
      const before = rig.heap.statistics.scavengedBytes;
      expect(before).toBe(8 * MIB);
      rig.spans.forEach((page, i) => {
        if (i % 4 === 1) rig.heap.freeSpan(page);
      });
      begin(rig);
      rig.sim.run(200_000 * MS);
      const after = rig.heap.statistics.scavengedBytes - before;
      rig.heap.markDone();
      begin(rig);
      rig.sim.run(300_000 * MS);
      expect(rig.heap.statistics.scavengedBytes - before).toBe(4 * MIB);
      return after;
    });
    expect(released).toEqual([4 * MIB, 4 * MIB, 0]);
  });
});
