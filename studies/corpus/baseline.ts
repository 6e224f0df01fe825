/**
 * A baseline: what a scenario's metrics are under a policy, kept so that a change of any of them is seen.
 *
 *     baseline: 1
 *     about: a service in balance
 *     scenario: steady            # of the library, or a scenario as in a file of its own
 *     params: {scale: 1}
 *     seed: 1
 *     policy: go1.18
 *     tolerance: 0.02             # how far a value may be from what is written, as a part of it
 *     end: completed              # how the run ends, or "out of memory"
 *     metrics:
 *       mean_heap_retained_bytes: 17301504
 */

import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { Series } from "../../results/metrics.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { metricNamed } from "../hunt/effect.js";
import { runWithSamples } from "../hunt/evaluation.js";
import { policyFault, resolvePolicy } from "../policies.js";
import { readRecordings } from "../recordings.js";
import { metricFault, readCase } from "../repro/case-file.js";
import { CASE_SCENARIO, caseTree } from "../repro/case-scenario.js";
import type { RunEnd } from "../scenario-run.js";
import { scenario } from "../scenarios.js";

export const BASELINE_VERSION = 1;

const schema = z.strictObject({
  baseline: z.literal(BASELINE_VERSION),
  about: z.string().default(""),
  ...CASE_SCENARIO,
  policy: z.string(),
  tolerance: z.number().min(0).max(1).default(0.02),
  end: z.enum(["completed", "out of memory", "stack overflow"]).default("completed"),
  metrics: z.record(z.string(), z.number().nullable()),
});

const FORMAT = { kind: "baseline", version: BASELINE_VERSION, beside: "metrics", schema } as const;

/** A baseline as its file says it. */
export type BaselineContent = z.output<typeof schema>;

/** A baseline. */
export interface Baseline {
  readonly content: BaselineContent;
  readonly tree: ScenarioInput;
}

/** What a baseline is about, as it is now. */
export interface Measured {
  readonly end: RunEnd;
  /** In the order of the baseline's metrics; null where undefined. */
  readonly values: readonly (number | null)[];
}

/**
 * Reads a baseline.
 * @throws InputError with line and column when it is none, is of another version, or names what does not exist
 */
export function readBaseline(path: string): Baseline {
  const { content, refuse } = readCase(readFileSync(path, "utf8"), path, FORMAT);
  const fault = policyFault(content.policy);
  if (fault !== undefined) refuse(["policy"], fault);
  for (const name of Object.keys(content.metrics)) {
    const unknown = metricFault(name);
    if (unknown !== undefined) refuse(["metrics", name], unknown);
  }
  if (Object.keys(content.metrics).length === 0)
    refuse(["metrics"], "there is no metric to look at, expected one of mheapsim list metrics");
  return { content, tree: caseTree(content, refuse) };
}

/** Runs a baseline's scenario. @throws InputError, LimitError, PolicyError as a run does */
export async function measure({ content, tree }: Baseline, path: string): Promise<Measured> {
  const one = scenario(tree);
  const recordings = await readRecordings(one, path);
  const { rows, end } = runWithSamples(one, recordings, resolvePolicy(content.policy));
  const values = Object.keys(content.metrics).map((name) => {
    const now = metricNamed(name).of(new Series(rows));
    return Number.isFinite(now) ? now : null;
  });
  return { end, values };
}

/** What is not as it was, a clause each. */
export function driftOf({ metrics, tolerance, policy, end }: BaselineContent, now: Measured): string[] {
  const drift = Object.entries(metrics).flatMap(([name, was], i) => {
    const is = now.values[i]!;
    const isSame =
      was === null || is === null ? was === is : Math.abs(is - was) <= tolerance * Math.abs(was) + 1e-12;
    return isSame ? [] : [`${metricNamed(name).name} under ${policy} was ${shown(was)} and is ${shown(is)}`];
  });
  return now.end === end
    ? drift
    : [`the run under ${policy} ended "${now.end}" instead of "${end}"`, ...drift];
}

function shown(value: number | null): string {
  return value === null ? "undefined" : String(Number(value.toPrecision(6)));
}

/** The text of a baseline as it is now. */
export function baselineText(content: BaselineContent, now: Measured): string {
  const { baseline, about, scenario: given, params, seed, policy, tolerance, metrics } = content;
  const text = {
    baseline,
    ...(about === "" ? {} : { about }),
    scenario: given,
    ...(Object.keys(params).length === 0 ? {} : { params }),
    ...(seed === undefined ? {} : { seed }),
    policy,
    tolerance,
    ...(now.end === "completed" ? {} : { end: now.end }),
    metrics: Object.fromEntries(Object.keys(metrics).map((name, i) => [name, rounded(now.values[i]!)])),
  };
  return stringify(text, { lineWidth: 120 });
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(9));
}
