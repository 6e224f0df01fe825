import { describe, expect, test } from "vitest";
import { countNumbers } from "../../scenarios/trace/fit/fit.js";
import { checkFit, fittedFigures } from "../../studies/fit-check.js";
import { tracePath } from "../setup/files.js";

describe("the fit of compile-gotypes-gmp1", () => {
  test("has the peak, find rate and fragmentation of the trace over 20 seeds", async () => {
    const check = await checkFit(tracePath("compile-gotypes-gmp1"), 20);
    expect(check.trace.peakHeapSysBytes).toBe(117243904);
    expect(check.trace.findRate).toBeCloseTo(0.381847, 5);
    expect(check.trace.externalFragmentation).toBeCloseTo(0.2803, 3);
    expect(Math.abs(check.error.peakHeapSysBytes)).toBeLessThan(0.2);
    expect(Math.abs(check.error.findRate)).toBeLessThan(0.2);
    expect(Math.abs(check.error.externalFragmentation)).toBeLessThan(0.05);
    expect(check.withinTolerances).toBe(true);
    // Generators, not the trace itself: its 15,254 spans in a few hundred numbers.
    expect(countNumbers(check.program)).toBeLessThan(600);
    // One seed always plays the same, and others play otherwise.
    expect(fittedFigures(check.program, 3)).toEqual(check.runs[2]);
    expect(new Set(check.runs.map((run) => run.findRate)).size).toBeGreaterThan(15);
  });
});
