import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Op, readHeapTrace } from "../../../scenarios/trace/heap-trace.js";
import { GOAL_OFF, Pacer } from "../../../sim/gc/pacer.js";
import { tracePath } from "../../setup/files.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const MIB = 2 ** 20;

/** A pacer after a mark that found so much. */
function after(marked: number, fixed: number, live = marked, scanned = marked): Pacer {
  const pacer = new Pacer(100, fixed);
  pacer.heapLiveBytes = live;
  pacer.startCycle(0);
  pacer.endCycle({ scanWorkBytes: Math.max(1, marked), utilization: 0.25, idleUtilization: 0 });
  pacer.resetLive(marked, scanned);
  pacer.commit(false);
  return pacer;
}

describe("the pacer", () => {
  it("starts at the minimum heap, which GOGC scales", () => {
    for (const [percent, minimum] of [
      [100, 4 * MIB],
      [50, 2 * MIB],
      [400, 16 * MIB],
    ] as const) {
      const pacer = new Pacer(percent);
      expect(pacer.triggerBytes).toBe(minimum);
      expect(pacer.heapGoalBytes).toBe(minimum);
    }
    const off = new Pacer(-1);
    expect(off.triggerBytes).toBe(GOAL_OFF);
    expect(off.heapGoalBytes).toBe(GOAL_OFF);
  });

  it("puts the goal of a cycle at least 64 KiB above what is live", () => {
    const pacer = new Pacer();
    pacer.heapLiveBytes = 4_227_072;
    pacer.startCycle(0);
    // The first gcstart row of kvcache-tick-gmp1.
    expect(pacer.heapGoalBytes).toBe(4_292_608);
    pacer.endCycle({ scanWorkBytes: 1, utilization: 0.25, idleUtilization: 0 });
    expect(pacer.lastHeapGoalBytes).toBe(4_292_608);
  });

  it("gives the goals and triggers of recorded cycles from marked bytes and stacks and globals", async () => {
    let compared = 0;
    let atBound = 0;
    for (const name of ["golist-gmp1", "fraggrow-gmp1", "link-cmdgo-gmp4"]) {
      await readHeapTrace(tracePath(name), (row) => {
        if (row.op !== Op.gcmarkdone) return;
        const { a: marked, b: goal, d: trigger } = row;
        // Stacks and globals are not recorded; where no bound moved the goal they are what it is above twice the marked.
        const pacer = after(marked, Math.max(0, goal - 2 * marked));
        pacer.consMark = 0;
        pacer.commit(false);
        compared++;
        if (goal > 2 * marked) expect(pacer.heapGoalBytes).toBe(Math.max(goal, pacer.triggerBytes));
        // consMark is not recorded: at 0 the trigger is the highest there is; the lowest is where it mostly was.
        expect(trigger).toBeLessThanOrEqual(pacer.triggerBytes);
        pacer.consMark = 1e6;
        pacer.commit(false);
        expect(trigger).toBeGreaterThanOrEqual(pacer.triggerBytes);
        if (trigger === pacer.triggerBytes) atBound++;
      });
    }
    expect(compared).toBe(77);
    expect(atBound).toBeGreaterThan(10);
  });

  it("has the trigger at 70 % of the way or beyond, above the minimum, and not beyond the goal", () => {
    const bytes = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(
        bytes,
        fc.nat(2 ** 28),
        fc.double({ min: -5, max: 5, noNaN: true }),
        fc.integer({ min: 0, max: 500 }),
        (marked, fixed, consMark, percent) => {
          const pacer = new Pacer(percent, fixed);
          pacer.resetLive(marked, marked);
          pacer.consMark = consMark;
          pacer.commit(false);
          const goal = marked + Math.trunc(((marked + fixed) * percent) / 100);
          expect(pacer.heapGoalBytes).toBe(Math.max(goal, pacer.triggerBytes));
          expect(pacer.triggerBytes).toBeGreaterThanOrEqual(Math.max(pacer.heapMinimumBytes, marked + MIB));
          expect(pacer.triggerBytes).toBeGreaterThanOrEqual(marked + Math.trunc(0.7 * (goal - marked)));
          const runway = consMark * 3 * (marked + fixed);
          if (
            consMark >= 0 &&
            runway > 0.05 * (goal - marked) + 1 &&
            runway < 0.3 * (goal - marked) - 1 &&
            goal - runway > marked + MIB + 1 &&
            goal - runway > pacer.heapMinimumBytes + 1
          ) {
            expect(pacer.triggerBytes).toBe(goal - Math.trunc(runway));
          }
          pacer.commit(true);
          if (marked === 0 && fixed === 0) expect(pacer.triggerBytes).toBe(pacer.heapMinimumBytes);
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it("learns how much is allocated while a byte is scanned", () => {
    const pacer = new Pacer();
    const live = 100 * MIB;
    let distance = 0;
    for (let cycle = 0; cycle < 60; cycle++) {
      pacer.heapLiveBytes = Math.max(pacer.triggerBytes, 4 * MIB) + 10 * MIB;
      pacer.startCycle(0);
      pacer.endCycle({ scanWorkBytes: live, utilization: 0.25, idleUtilization: 0 });
      distance = pacer.heapLiveBytes - pacer.lastHeapGoalBytes;
      pacer.resetLive(live, live);
      pacer.commit(true);
    }
    // 10 MiB were allocated while 100 MiB were scanned, by three times the processors: the runway is those 10 MiB.
    expect(pacer.heapGoalBytes - pacer.triggerBytes).toBeGreaterThan(9.9 * MIB);
    expect(pacer.heapGoalBytes - pacer.triggerBytes).toBeLessThan(10.1 * MIB);
    expect(Math.abs(distance)).toBeLessThan(0.1 * MIB);
  });

  it("asks for so much work that marking ends at the goal", () => {
    const pacer = after(100 * MIB, 0);
    pacer.heapLiveBytes = pacer.triggerBytes;
    pacer.heapScanBytes = pacer.heapLiveBytes;
    pacer.startCycle(0);
    let done = 0;
    const step = 64 * 1024;
    while (pacer.heapLiveBytes < pacer.heapGoalBytes) {
      pacer.revise(Math.trunc(done));
      done += pacer.assistWorkPerByte * step;
      pacer.heapLiveBytes += step;
    }
    expect(done).toBeGreaterThan(99 * MIB);
    expect(done).toBeLessThan(101 * MIB);
    // Beyond the goal it aims at a tenth more, and takes all that may be there to be alive.
    pacer.heapLiveBytes = Math.trunc(pacer.heapGoalBytes * 1.05);
    pacer.revise(50 * MIB);
    const left = pacer.heapScanBytes - 50 * MIB;
    expect(pacer.assistWorkPerByte).toBeCloseTo(
      left / (Math.trunc(pacer.heapGoalBytes * 1.1) - pacer.heapLiveBytes),
      9,
    );
    // More work than expected stretches the runway to the most that may be scanned.
    pacer.heapLiveBytes = pacer.triggerBytes;
    pacer.revise(101 * MIB);
    const stretched =
      ((pacer.heapGoalBytes - pacer.triggerBytes) / (100 * MIB)) * pacer.heapScanBytes + pacer.triggerBytes;
    const expected = (pacer.heapScanBytes - 101 * MIB) / (Math.trunc(stretched) - pacer.heapLiveBytes);
    expect(pacer.assistWorkPerByte).toBeCloseTo(expected, 9);
  });
});
