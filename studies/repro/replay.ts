/** Replays a repro: whether its effect still stands, and whether the runs are still the same. */

import type { Metric } from "../../results/metrics.js";
import { formatEffect, metricNamed } from "../hunt/effect.js";
import { type Evaluation, evaluate } from "../hunt/evaluation.js";
import { resolvePolicy } from "../policies.js";
import { readRecordings } from "../recordings.js";
import { type Repro, reproScenario } from "./repro.js";

/** What came of a replay. */
export interface ReplayResult {
  readonly metric: Metric;
  readonly evaluation: Evaluation;
  /** Whether the effect is as written, within its tolerance. */
  readonly stands: boolean;
  /** Whether both runs have the fingerprints that are written; true when none are. */
  readonly isSameRun: boolean;
  /** In a sentence. */
  readonly sentence: string;
}

/**
 * Replays.
 * @param path of the repro's file, from whose folder recordings are looked up
 * @throws InputError, LimitError as a run does
 */
export async function replay(repro: Repro, path = ""): Promise<ReplayResult> {
  const metric = metricNamed(repro.metric);
  const scenario = reproScenario(repro);
  const recordings = await readRecordings(scenario, path);
  const pair = { baseline: resolvePolicy(repro.baseline), candidate: resolvePolicy(repro.candidate) };
  const evaluation = evaluate(scenario, recordings, pair, metric);
  const { effect, baseline, candidate } = evaluation;
  const slack = Math.max(repro.tolerance * Math.abs(repro.effect), 1e-9);
  const stands = Math.abs(effect - repro.effect) <= slack;
  const [before, after] = repro.fingerprints;
  const isSameRun =
    (before === "" || before === baseline.fingerprint) && (after === "" || after === candidate.fingerprint);
  const sentence = stands
    ? `${repro.metric} of ${repro.candidate} against ${repro.baseline} is ${formatEffect(metric, effect)}, as written`
    : `${repro.metric} of ${repro.candidate} against ${repro.baseline} was ${formatEffect(metric, repro.effect)} and is ${formatEffect(metric, effect)}`;
  return { metric, evaluation, stands, isSameRun, sentence };
}
