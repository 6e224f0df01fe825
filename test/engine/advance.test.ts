import { describe, expect, test } from "vitest";
import { LimitError, Simulation } from "../../engine/simulation.js";

/** A source of events every stepNs, which goes on by itself where it may; others at some times; what happened when. */
function ran(stepNs: number, others: readonly number[], untilNs: number, advancing: boolean): string[] {
  const sim = new Simulation();
  const seen: string[] = [];
  const source = sim.handler("source", 3, () => {
    for (;;) {
      seen.push(`source ${sim.nowNs}`);
      const at = sim.nowNs + stepNs;
      if (advancing && sim.advance(at, source)) continue;
      sim.schedule(at, source);
      return;
    }
  });
  // One that comes before the source at the same instant, and one that comes after it.
  const before = sim.handler("before", 2, () => seen.push(`before ${sim.nowNs}`));
  const after = sim.handler("after", 4, () => seen.push(`after ${sim.nowNs}`));
  sim.schedule(0, source);
  for (const at of others) {
    sim.schedule(at, before);
    sim.schedule(at, after);
  }
  sim.run(untilNs);
  sim.run(untilNs + 2 * stepNs);
  seen.push(`${sim.events} events, ${sim.firedOf(source)} of the source, at ${sim.nowNs}`);
  return seen;
}

describe("advance", () => {
  test.each([
    [10, [], 100],
    [10, [5, 20, 25, 25, 99], 100],
    [7, [7, 14, 50], 49],
  ])("does what the queue would: every %i ns beside %j until %i ns", (step, others, until) => {
    expect(ran(step, others, until, true)).toEqual(ran(step, others, until, false));
  });

  test("stops where the run stops, and counts for the limits", () => {
    const sim = new Simulation({ maxEvents: 1000 });
    let last = 0;
    const kind = sim.handler("endless", 0, () => {
      while (sim.advance(sim.nowNs + 1, kind)) {
        last = sim.nowNs;
        if (last === 10) sim.stop();
      }
      sim.schedule(sim.nowNs + 1, kind);
    });
    sim.schedule(0, kind);
    sim.run(1e6);
    expect([last, sim.nowNs]).toEqual([10, 10]);
    expect(() => sim.run(1e6)).toThrow(LimitError);
    expect(() => sim.advance(sim.nowNs + 1, kind)).not.toThrow();
    expect(sim.advance(sim.nowNs + 1, kind)).toBe(false);
  });

  test("does not go back", () => {
    const sim = new Simulation();
    const kind = sim.handler("back", 0, () => sim.advance(4, kind));
    sim.schedule(5, kind);
    expect(() => sim.run(9)).toThrow("in the past");
  });
});
