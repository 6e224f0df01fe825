/** Every policy that has a name runs two scenarios of the library, small ones, with all state checkers on. */

import { describe, expect, test, vi } from "vitest";
import { scenarioPath } from "../../../scenarios/library.js";
import { POLICIES, policyNamed } from "../../../sim/policies/registry.js";
import { ScenarioRun } from "../../../studies/scenario-run.js";
import { readScenario } from "../../../studies/scenarios.js";
import { checkHeap } from "../../checkers/state-checkers.js";
import { watch } from "../../swarm/watch.js";

vi.setConfig({ testTimeout: 300_000 });

/** Scenarios, with what makes them small, and how often the checkers look. */
const RUNS = [
  { name: "steady", params: ["scale=0.3"], durationNs: 6e9, everyEvents: 400, checks: 10 },
  {
    name: "spike-then-idle",
    params: ["scale=0.1", "idle=700s"],
    durationNs: 704e9,
    everyEvents: 50,
    checks: 2,
  },
] as const;

describe.each(RUNS)("$name", ({ name, params, durationNs, everyEvents, checks }) => {
  const scenario = { ...readScenario(scenarioPath(name), { params: [...params], sets: [] }), durationNs };

  test.each(POLICIES.map((policy) => policy.name))("%s", (policyName) => {
    const run = new ScenarioRun(scenario, { policy: policyNamed(policyName) });
    const watched = watch(run, everyEvents, 1e9);
    run.run();
    expect(run.end).toBe("completed");
    expect(watched.stopped).toBe(false);
    expect(watched.checks).toBeGreaterThanOrEqual(checks);
    checkHeap(run.heap);
    expect(watched.marks).toBeGreaterThan(1);
    // Whoever is idle for ten minutes has given the spike back by then.
    if (name === "spike-then-idle") {
      const { peakHeapRetainedBytes, heapRetainedBytes } = run.heap.statistics;
      expect(heapRetainedBytes).toBeLessThan(0.25 * peakHeapRetainedBytes);
    }
  });
});
