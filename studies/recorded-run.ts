/** One run of a scenario under one seed, with everything that it leaves behind in a folder. */

import { basename, resolve } from "node:path";
import { Fingerprint } from "../engine/fingerprint.js";
import { type Keyframes, keyframeTimes } from "../results/heapmap/recorder.js";
import type { OutputFolder } from "../results/output-folder.js";
import { scenarioNames, scenarioPath } from "../scenarios/library.js";
import type { Scenario } from "../scenarios/scenario.js";
import type { Recordings } from "../scenarios/workloads/workloads.js";
import type { Policy } from "../sim/policies/policy.js";
import { expectedUnder, failedExpectations, isExpectedEnd } from "./expectations.js";
import { type Plotter, Recording } from "./recording.js";
import { withDuration } from "./recordings.js";
import { parametersOf } from "./scenario-parameters.js";
import { type Onlooker, type RunEnd, ScenarioRun } from "./scenario-run.js";

export interface RecordRunOptions {
  readonly scenario: Scenario;
  /** Path of its file. Default: it has none. */
  readonly path?: string;
  /** What the heap does. Default: the policy that the scenario names. */
  readonly policy?: Policy;
  /** What its trace workloads play. */
  readonly recordings: Recordings;
  /** Gets timeseries.csv, summary.json and manifest.json. */
  readonly folder: OutputFolder;
  /** Of their names, such as `rep-0001/`. */
  readonly prefix: string;
  /** Keyframes of a heap map, times in ns. Default: no heap map. */
  readonly keyframes?: Keyframes;
  /** Draws plots into the folder, if they are wanted. */
  readonly plotter?: Plotter;
  /** Who else looks on; samples go to the recording. */
  readonly onlooker?: Omit<Onlooker, "onSample">;
  /** Called now and then with the share of the run that is done, 0..1. */
  readonly onProgress?: (share: number) => void;
}

/** What came of a run. */
export interface RecordedRun {
  readonly end: RunEnd;
  /** What the runtime or the system said when it ended the program. */
  readonly endMessage: string;
  readonly endNs: number;
  /** Time between samples, ns. */
  readonly sampleNs: number;
  readonly samples: readonly Float64Array[];
  readonly fingerprint: string;
  readonly events: number;
  /** How many expectations are about its policy. */
  readonly expectations: number;
  /** Those that do not hold, a line each. */
  readonly failures: readonly string[];
  /** Whether the program came to its end, or to the one that the scenario expects. */
  readonly endedAsExpected: boolean;
  /** sha256 of the files by name. */
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * Runs a scenario and writes its files.
 * @throws OutputError when they cannot be written, LimitError when the run would never end
 */
export async function recordRun(options: RecordRunOptions): Promise<RecordedRun> {
  const { scenario, policy, recordings, folder, prefix, onlooker = {}, onProgress } = options;
  const fingerprint = new Fingerprint();
  const { durationNs: lengthNs } = withDuration(scenario, recordings);
  const times = options.keyframes === undefined ? undefined : keyframeTimes(options.keyframes, lengthNs);
  const recording = new Recording(folder, fingerprint, prefix, times);
  const onSample = ({ sim, heap, collectorSample, systemSample, durationNs }: ScenarioRun): void => {
    recording.sample(sim.nowNs, heap, collectorSample, systemSample);
    onProgress?.(sim.nowNs / durationNs);
  };
  const run = new ScenarioRun(scenario, {
    onlooker: { ...onlooker, onSample },
    recordings,
    fingerprint,
    ...(policy === undefined ? {} : { policy }),
  });
  run.heap.census = recording.census;
  run.run();
  const expect = expectedUnder(run.heap.policy, scenario.expect);
  const failures = failedExpectations(expect, {
    rows: recording.rows,
    end: run.end,
    endNs: run.sim.nowNs,
  });
  const content = {
    name: scenario.name,
    scenario: { kind: "scenario", name: scenario.name, ...sourceOf(options.path), seed: scenario.seed },
    policy: run.heap.policy.name,
    policy_requested: scenario.policy,
    parameters: { ...parametersOf(scenario), sample_ns: run.sampleNs },
    // Which policy it was, and which asked for, is said above; studies choose it whatever the scenario says.
    set: scenario.sets.filter((change) => !/^\s*policy\s*=/.test(change)),
    ...(options.keyframes === undefined ? {} : { keyframes: options.keyframes }),
    result: {
      end: run.end,
      message: run.endMessage === "" ? null : run.endMessage,
      events: run.sim.events,
      expectations: expect.length,
      failed_expectations: failures.length,
    },
  };
  const digests = await recording.finish(run.heap, content, run.runtime.lock, options.plotter);
  return {
    end: run.end,
    endMessage: run.endMessage,
    endNs: run.sim.nowNs,
    sampleNs: run.sampleNs,
    samples: recording.rows,
    fingerprint: fingerprint.hex(),
    events: run.sim.events,
    expectations: expect.length,
    failures,
    endedAsExpected: isExpectedEnd(run.end, expect),
    digests,
  };
}

/** Which file a scenario is of, for manifests; the name is enough of those that come with the tool. */
function sourceOf(path: string | undefined): { readonly file?: string } {
  if (path === undefined || path === "") return {};
  const file = basename(path);
  const isBundled = scenarioNames().some((name) => resolve(path) === scenarioPath(name));
  return isBundled ? {} : { file };
}
