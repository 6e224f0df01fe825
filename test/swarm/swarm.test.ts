import { describe, expect, test, vi } from "vitest";
import { checkScenario } from "../../scenarios/load/load.js";
import { VOCABULARY } from "../../studies/scenarios.js";
import { randomScenario } from "../../studies/swarm/generate.js";
import { runOne } from "./swarm.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 300_000 });

/** Others than the swarm of CI begins with. */
const FIRST = 100_000;
const COUNT = 36;

describe("the swarm", () => {
  test("writes scenarios that can be read", () => {
    // 9217 once had a walk whose steps were longer than its way.
    for (let seed = 9100; seed < 9300; seed++) {
      const { errors } = checkScenario(JSON.stringify(randomScenario(seed)), "swarm", VOCABULARY);
      expect(errors.map(({ message }) => `${seed}: ${message}`)).toEqual([]);
    }
  });

  test(`${COUNT} random scenarios keep all that must be true`, async () => {
    const failures: string[] = [];
    const sum = { events: 0, checks: 0, marks: 0 };
    for (let seed = FIRST; seed < FIRST + COUNT; seed++) {
      const run = await runOne(seed);
      sum.events += run.events;
      sum.checks += run.checks;
      sum.marks += run.marks;
      if (run.failure !== undefined) failures.push(`npm run swarm -- --seed ${seed}: ${run.failure}`);
    }
    expect(failures).toEqual([]);
    // Were scenarios to end at once, nothing would have been checked.
    expect(sum.events).toBeGreaterThan(1000 * COUNT);
    expect(sum.checks).toBeGreaterThan(5 * COUNT);
    expect(sum.marks).toBeGreaterThan(3 * COUNT);
  });
});
