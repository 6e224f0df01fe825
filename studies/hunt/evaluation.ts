/**
 * One evaluation: the same program and seed under two policies, and the effect on a metric.
 *
 * It writes nothing and takes few samples, since a hunt makes thousands of them.
 */

import { Fingerprint } from "../../engine/fingerprint.js";
import { type Metric, Series } from "../../results/metrics.js";
import { Sampler } from "../../results/sampler.js";
import type { Scenario } from "../../scenarios/scenario.js";
import type { Recordings } from "../../scenarios/workloads/workloads.js";
import type { Policy } from "../../sim/policies/policy.js";
import { type RunEnd, ScenarioRun } from "../scenario-run.js";
import { effectOf } from "./effect.js";

/** Samples of a run, unless the scenario says how often. */
export const HUNT_SAMPLES = 100;

/** The two policies of a hunt. */
export interface Pair {
  readonly baseline: Policy;
  readonly candidate: Policy;
}

/** What came of a run, as far as hunts are concerned. */
export interface RunValue {
  /** NaN when the program did not come to its end, or the metric is undefined for it. */
  readonly value: number;
  readonly fingerprint: string;
}

/** What came of both. */
export interface Evaluation {
  readonly effect: number;
  readonly baseline: RunValue;
  readonly candidate: RunValue;
}

/** Evaluates a scenario. @throws LimitError when a run would never end, PolicyError as the heap does */
export function evaluate(
  scenario: Scenario,
  recordings: Recordings,
  { baseline, candidate }: Pair,
  metric: Metric,
): Evaluation {
  const before = runOnce(scenario, recordings, baseline, metric);
  const after = runOnce(scenario, recordings, candidate, metric);
  return { effect: effectOf(metric, before.value, after.value), baseline: before, candidate: after };
}

function runOnce(scenario: Scenario, recordings: Recordings, policy: Policy, metric: Metric): RunValue {
  const { rows, end, fingerprint } = runWithSamples(scenario, recordings, policy);
  return { value: end === "completed" ? metric.of(new Series(rows)) : Number.NaN, fingerprint };
}

/** Runs a scenario, with the samples and the fingerprint that evaluations look at. */
export function runWithSamples(
  scenario: Scenario,
  recordings: Recordings,
  policy: Policy,
): { rows: Float64Array[]; end: RunEnd; fingerprint: string } {
  const sampler = new Sampler();
  const rows: Float64Array[] = [];
  const fingerprint = new Fingerprint();
  const run = new ScenarioRun(evaluatedSamples(scenario), {
    policy,
    recordings,
    fingerprint,
    onlooker: {
      onSample: ({ sim, heap, collectorSample, systemSample }) => {
        rows.push(sampler.sample(sim.nowNs, heap, collectorSample, systemSample));
      },
    },
  });
  run.run();
  return { rows, end: run.end, fingerprint: fingerprint.hex() };
}

/** The scenario as evaluations run it: if it says nothing of its samples, it has few of them. */
export function evaluatedSamples(scenario: Scenario): Scenario {
  const { samples } = scenario;
  if (samples.kind === "every" || samples.count > 0) return scenario;
  return { ...scenario, samples: { kind: "count", count: HUNT_SAMPLES } };
}
