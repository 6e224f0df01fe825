import { describe, expect, it } from "vitest";
import { CAPACITY_PER_PROC_NS, CpuLimiter, UPDATE_PERIOD_NS } from "../../../sim/gc/cpu-limiter.js";
import { type LimitInputs, limitHeapGoal, runtimeReadyBytes } from "../../../sim/gc/memory-limit.js";
import { GOAL_OFF, Pacer } from "../../../sim/gc/pacer.js";
import { policyNamed } from "../../../sim/policies/registry.js";

const MIB = 2 ** 20;
const GO_1_19 = policyNamed("go1.19").limit;
const GO_1_22 = policyNamed("go1.22").limit;

const INPUTS: LimitInputs = {
  limitBytes: 300 * MIB,
  mappedReadyBytes: 200 * MIB,
  heapFreeBytes: 20 * MIB,
  heapAllocBytes: 160 * MIB,
  heapMarkedBytes: 100 * MIB,
};

describe("the heap goal under a limit", () => {
  it("leaves room for what no collection frees, and a headroom", () => {
    // 200 − 20 − 160 = 20 MiB are no objects; 3 % of the other 280 are 8.4 MiB.
    const room = 280 * MIB;
    expect(limitHeapGoal(INPUTS, GO_1_22)).toBe(room - Math.trunc(room / 100) * 3);
    expect(limitHeapGoal(INPUTS, GO_1_19)).toBe(room - MIB);
  });

  it("falls by what is above the limit already", () => {
    const above = { ...INPUTS, mappedReadyBytes: 310 * MIB };
    // 130 MiB are no objects, and 10 MiB too much.
    expect(limitHeapGoal(above, GO_1_19)).toBe((300 - 130 - 10 - 1) * MIB);
  });

  it("is never below what was marked", () => {
    expect(limitHeapGoal({ ...INPUTS, heapMarkedBytes: 290 * MIB }, GO_1_22)).toBe(290 * MIB);
    // Nothing is left for the heap at all.
    expect(limitHeapGoal({ ...INPUTS, mappedReadyBytes: 500 * MIB }, GO_1_22)).toBe(100 * MIB);
  });

  it("is at least the headroom in a small limit", () => {
    const small = { ...INPUTS, limitBytes: 21.5 * MIB, heapMarkedBytes: 0, mappedReadyBytes: 21 * MIB };
    expect(limitHeapGoal({ ...small, heapFreeBytes: 0, heapAllocBytes: MIB }, GO_1_19)).toBe(MIB);
  });

  it("is infinite without a limit", () => {
    expect(limitHeapGoal({ ...INPUTS, limitBytes: Number.POSITIVE_INFINITY }, GO_1_22)).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it("knows about the runtime's own memory what recorded programs had", () => {
    // Mapped, and what was ready beside the heap, of kvcache and httpjson of Go 1.23; in MiB.
    for (const [mapped, recorded] of [
      [8, 2.08],
      [28, 3.9],
      [224, 5.25],
      [316, 6.25],
      [444, 7.06],
    ] as const) {
      expect(Math.abs(runtimeReadyBytes(mapped * MIB) / MIB - recorded)).toBeLessThan(1.2);
    }
  });
});

describe("the pacer under a limit", () => {
  function pacer(gcPercent: number): Pacer {
    const one = new Pacer(gcPercent);
    one.heapLiveBytes = 100 * MIB;
    one.resetLive(100 * MIB, 100 * MIB);
    one.commit(true);
    return one;
  }

  it("takes the smaller goal, with a trigger between what is alive and the goal", () => {
    const one = pacer(100);
    const { heapGoalBytes, triggerBytes } = one;
    one.limitTo(150 * MIB);
    expect(one.heapGoalBytes).toBe(150 * MIB);
    expect(one.triggerBytes).toBeGreaterThanOrEqual(135 * MIB);
    expect(one.triggerBytes).toBeLessThanOrEqual(150 * MIB);
    one.limitTo(Number.POSITIVE_INFINITY);
    expect([one.heapGoalBytes, one.triggerBytes]).toEqual([heapGoalBytes, triggerBytes]);
    one.limitTo(500 * MIB);
    expect([one.heapGoalBytes, one.triggerBytes]).toEqual([heapGoalBytes, triggerBytes]);
  });

  it("collects for ever when there is no room", () => {
    const one = pacer(100);
    one.limitTo(100 * MIB);
    expect([one.heapGoalBytes, one.triggerBytes]).toEqual([100 * MIB, 100 * MIB]);
  });

  it("has a goal with GOGC off", () => {
    const one = pacer(-1);
    expect(one.heapGoalBytes).toBe(GOAL_OFF);
    one.limitTo(400 * MIB);
    expect(one.heapGoalBytes).toBe(400 * MIB);
    expect(one.triggerBytes).toBeLessThanOrEqual(400 * MIB);
    expect(one.triggerBytes).toBeGreaterThan(300 * MIB);
  });
});

describe("the limiter of the collector's time", () => {
  function rig(procs: number, busy: number) {
    const state = { now: 0, marking: false };
    const limiter = new CpuLimiter({
      nowNs: () => state.now,
      procs: () => procs,
      busyProcs: () => busy,
      isMarking: () => state.marking,
    });
    return { state, limiter };
  }

  it("fills while collecting takes more than the program, and drains else", () => {
    const { state, limiter } = rig(4, 4);
    state.marking = true;
    // A quarter is marked in the background, and assists take all of the rest.
    state.now = CAPACITY_PER_PROC_NS / 2;
    limiter.addAssist(3 * state.now);
    expect(limiter.fillNs).toBe(4 * state.now);
    expect(limiter.isLimiting).toBe(false);
    state.now = CAPACITY_PER_PROC_NS;
    limiter.addAssist((3 * CAPACITY_PER_PROC_NS) / 2);
    expect(limiter.isLimiting).toBe(true);
    state.marking = false;
    state.now += UPDATE_PERIOD_NS;
    limiter.update();
    expect(limiter.isLimiting).toBe(false);
    expect(limiter.fillNs).toBe(4 * CAPACITY_PER_PROC_NS - 4 * UPDATE_PERIOD_NS);
  });

  it("does not count idle Ps for the program, nor for the collector", () => {
    const { state, limiter } = rig(4, 1);
    state.marking = true;
    state.now = 1e8;
    limiter.update();
    // One P marks, one P runs the program: that is even.
    expect(limiter.fillNs).toBe(0);
    state.now = 2e8;
    limiter.addAssist(1e8);
    expect(limiter.fillNs).toBe(2e8);
  });

  it("looks at most every 10 ms at assists", () => {
    const { state, limiter } = rig(1, 0);
    state.now = UPDATE_PERIOD_NS - 1;
    limiter.addAssist(5);
    expect([limiter.fillNs, limiter.assistNs]).toEqual([0, 5]);
    state.now = UPDATE_PERIOD_NS;
    limiter.addAssist(5);
    expect(limiter.fillNs).toBe(10);
  });
});
