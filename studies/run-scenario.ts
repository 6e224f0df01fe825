/**
 * A seeded scenario in, time series out.
 *
 *     out/<name>/timeseries.csv, summary.json, manifest.json              one run
 *     out/<name>/rep-0001/…, rep-0002/…, manifest.json                    --repeat: the seeds of the replications differ
 *
 * Output goes to a folder that appears when it is complete.
 */

import { OutputFolder } from "../results/output-folder.js";
import type { Scenario } from "../scenarios/scenario.js";
import { Recording } from "./recording.js";
import { type Onlooker, type RunEnd, ScenarioRun } from "./scenario-run.js";

/** What to run, and where the result goes. */
export interface RunScenarioOptions {
  readonly scenario: Scenario;
  /** Output folder. */
  readonly out: string;
  /** Whether an earlier result in that folder may be replaced. */
  readonly force?: boolean;
  /** Called now and then with the share of the run that is over, 0..1. */
  readonly onProgress?: (share: number) => void;
  /** Sees each collection and each scavenge. */
  readonly onlooker?: Omit<Onlooker, "onSample">;
}

/** What came of a run. */
export interface RunScenarioResult {
  readonly seed: string;
  readonly end: RunEnd;
  /** What the runtime or the system said when it ended the program. */
  readonly endMessage: string;
  readonly endNs: number;
  readonly samples: readonly Float64Array[];
  readonly fingerprint: string;
  readonly events: number;
}

/**
 * Runs a scenario and writes what came out.
 * @throws OutputError when it cannot be written, LimitError when the run would never end; nothing is left behind then
 */
export function runScenario(options: RunScenarioOptions): RunScenarioResult {
  const folder = new OutputFolder(options.out, options.force ?? false);
  try {
    const result = recordRun(options.scenario, folder, "", options);
    folder.commit();
    return result;
  } catch (error) {
    folder.discard();
    throw error;
  }
}

function recordRun(
  scenario: Scenario,
  folder: OutputFolder,
  prefix: string,
  options: RunScenarioOptions,
): RunScenarioResult {
  let recording: Recording | undefined;
  const run = new ScenarioRun(scenario, {
    ...options.onlooker,
    onSample: ({ sim, heap, collectorSample, fingerprint, durationNs }) => {
      recording ??= new Recording(folder, fingerprint, prefix);
      recording.sample(sim.nowNs, heap, collectorSample);
      options.onProgress?.(sim.nowNs / durationNs);
    },
  });
  run.run();
  recording!.finish(run.heap, {
    name: scenario.name,
    scenario: { kind: "scenario", name: scenario.name, seed: scenario.seed },
    policy: scenario.policy,
    parameters: {
      ...Object.fromEntries(scenario.params.map(({ name, value }) => [name, value])),
      sample_ns: run.sampleNs,
    },
    result: { end: run.end, message: run.endMessage === "" ? null : run.endMessage, events: run.sim.events },
  });
  return {
    seed: scenario.seed,
    end: run.end,
    endMessage: run.endMessage,
    endNs: run.sim.nowNs,
    samples: recording!.rows,
    fingerprint: run.fingerprint.hex(),
    events: run.sim.events,
  };
}
