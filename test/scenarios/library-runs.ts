/**
 * Runs of the scenarios of the library, in memory: what came of one, and what it takes for its point to be lost.
 *
 *     npm run library                 all scenarios, seeds 1 to 20: a line each, exit 1 when one fails
 *     npm run library -- --seeds 3    fewer seeds
 *     npm run library -- --policies all --seeds 1          under every policy; or under those named, with commas between
 *     npm run library -- --only steady,ramp                some scenarios
 *     npm run library -- --renew      writes scenarios/library/fingerprints.json anew, of seed 1
 */

import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Sampler } from "../../results/sampler.js";
import { scenarioNames, scenarioPath } from "../../scenarios/library.js";
import type { ScenarioOverrides } from "../../scenarios/load/load.js";
import type { Scenario } from "../../scenarios/scenario.js";
import { POLICIES } from "../../sim/policies/registry.js";
import { expectedUnder, failedExpectations } from "../../studies/expectations.js";
import { splitPolicies } from "../../studies/policies.js";
import { readRecordings } from "../../studies/recordings.js";
import { ScenarioRun } from "../../studies/scenario-run.js";
import { readScenario } from "../../studies/scenarios.js";

/** What came of a run. */
export interface LibraryRun {
  readonly scenario: Scenario;
  readonly rows: readonly Float64Array[];
  /** Expectations that do not hold, a line each. */
  readonly failures: readonly string[];
  readonly fingerprint: string;
  readonly events: number;
}

/** Seeds for which all expectations hold. */
const SEEDS = 20;

const FINGERPRINTS = join(dirname(scenarioPath("steady")), "fingerprints.json");

/** Runs a scenario of the library. */
export async function runLibraryScenario(
  name: string,
  seed: number,
  overrides: ScenarioOverrides = {},
): Promise<LibraryRun> {
  const path = scenarioPath(name);
  const scenario = { ...readScenario(path, overrides), seed: String(seed) };
  const sampler = new Sampler();
  const rows: Float64Array[] = [];
  const onlooker = {
    onSample: ({ sim, heap, collectorSample, systemSample }: ScenarioRun) => {
      rows.push(sampler.sample(sim.nowNs, heap, collectorSample, systemSample).slice());
    },
  };
  const run = new ScenarioRun(scenario, { onlooker, recordings: await readRecordings(scenario, path) });
  run.run();
  const failures = failedExpectations(expectedUnder(run.heap.policy, scenario.expect), {
    rows,
    end: run.end,
    endNs: run.sim.nowNs,
  });
  return { scenario, rows, failures, fingerprint: run.fingerprint.hex(), events: run.sim.events };
}

/** The recorded fingerprints, of seed 1 and default parameters. */
export function recordedFingerprints(): Record<string, string> {
  return JSON.parse(readFileSync(FINGERPRINTS, "utf8")) as Record<string, string>;
}

async function renew(): Promise<void> {
  const fingerprints: Record<string, string> = {};
  for (const name of scenarioNames()) fingerprints[name] = (await runLibraryScenario(name, 1)).fingerprint;
  writeFileSync(FINGERPRINTS, `${JSON.stringify(fingerprints, null, 2)}\n`);
  console.log(`${Object.keys(fingerprints).length} fingerprints written`);
}

/** Runs scenarios, and prints what fails. */
async function check({ seeds, policies, only }: Options): Promise<void> {
  const names = scenarioNames().filter((name) => only.length === 0 || only.includes(name));
  let failed = 0;
  const startMs = performance.now();
  for (const name of names) {
    const fromMs = performance.now();
    let events = 0;
    for (const policy of policies) {
      const overrides = policy === null ? {} : { sets: [`policy=${policy}`] };
      for (let seed = 1; seed <= seeds; seed++) {
        const run = await runLibraryScenario(name, seed, overrides);
        events += run.events;
        if (run.failures.length > 0) failed++;
        for (const line of run.failures)
          console.log(`${name}, ${policy ?? "its policy"}, seed ${seed}: ${line}`);
      }
    }
    console.log(`${name}: ${seeds * policies.length} runs, ${events} events, ${seconds(fromMs)} s`);
  }
  console.log(`${names.length} scenarios, ${failed} runs failed, ${seconds(startMs)} s`);
  if (failed > 0) process.exitCode = 1;
}

function seconds(fromMs: number): string {
  return ((performance.now() - fromMs) / 1000).toFixed(1);
}

interface Options {
  readonly seeds: number;
  /** Null: that of the scenario. */
  readonly policies: readonly (string | null)[];
  /** Names; all when there are none. */
  readonly only: readonly string[];
}

/** @throws Error for an option that there is not */
function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { seeds: { type: "string" }, policies: { type: "string" }, only: { type: "string" } },
  });
  const { seeds = String(SEEDS), policies, only } = values;
  const all = POLICIES.map(({ name }) => name);
  return {
    seeds: Number(seeds),
    policies: policies === undefined ? [null] : policies === "all" ? all : splitPolicies(policies),
    only: only === undefined ? [] : only.split(","),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const args = process.argv.slice(2);
  if (args.includes("--renew")) await renew();
  else await check(optionsOf(args));
}
