/**
 * A baseline: what a scenario's metrics are under a policy, kept so that a change of any of them is seen.
 *
 *     baseline: 1
 *     about: a service in balance
 *     scenario: steady            # of the library, or a scenario as in a file of its own
 *     params: {scale: 1}
 *     seed: 1
 *     policy: go1.18
 *     tolerance: 0.02
 *     metrics:
 *       mean_heap_retained_bytes: 17301504
 */

import { readFileSync } from "node:fs";
import { stringify } from "yaml";
import { z } from "zod";
import { type Metric, Series } from "../../results/metrics.js";
import { InputError } from "../../scenarios/input-error.js";
import { scenarioNames, scenarioPath } from "../../scenarios/library.js";
import { reportIssues } from "../../scenarios/load/messages.js";
import { readYaml } from "../../scenarios/load/yaml-source.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { metricNamed } from "../hunt/effect.js";
import { runForMetrics } from "../hunt/evaluation.js";
import { policyFault, resolvePolicy } from "../policies.js";
import { readRecordings } from "../recordings.js";
import { scenario, scenarioTree } from "../scenarios.js";

export const BASELINE_VERSION = 1;

const value = z.union([z.string(), z.number(), z.boolean()]);
const schema = z.strictObject({
  baseline: z.literal(BASELINE_VERSION),
  about: z.string().default(""),
  scenario: z.union([z.string(), z.record(z.string(), z.unknown())]),
  params: z.record(z.string(), value).default({}),
  seed: z.union([z.string(), z.number()]).default(1),
  policy: z.string(),
  tolerance: z.number().min(0).max(1).default(0.02),
  metrics: z.record(z.string(), z.number().nullable()),
});

export type Baseline = z.output<typeof schema>;

/** A metric that is not what it was. */
export interface Drift {
  readonly metric: Metric;
  readonly was: number | null;
  readonly is: number | null;
}

/** Reads a baseline. @throws InputError with line and column when it is none */
export function readBaseline(path: string): Baseline {
  const { tree, problems } = readYaml(readFileSync(path, "utf8"), path);
  if (problems.any) throw problems.errors[0]!;
  const content = schema.safeParse(tree);
  if (!content.success) {
    reportIssues(content.error.issues, tree, problems);
    throw problems.errors[0] ?? new InputError(path, 1, 1, "this is no baseline");
  }
  const refuse = (at: (string | number)[], problem: string): never => {
    problems.report(at, problem);
    throw problems.errors[0]!;
  };
  const { policy, metrics, scenario: named } = content.data;
  const fault = policyFault(policy);
  if (fault !== undefined) refuse(["policy"], fault);
  for (const name of Object.keys(metrics)) {
    try {
      metricNamed(name);
    } catch (error) {
      refuse(["metrics", name], (error as Error).message);
    }
  }
  if (typeof named === "string" && !scenarioNames().includes(named))
    refuse(["scenario"], `no scenario of the library is called "${named}"`);
  return content.data;
}

/** The values of a baseline's metrics now, in its order; null where undefined. */
export async function measure(baseline: Baseline, path: string): Promise<(number | null)[]> {
  const one = scenario({ ...treeOf(baseline), seed: baseline.seed });
  const recordings = await readRecordings(one, path);
  const rows = runForMetrics(one, recordings, resolvePolicy(baseline.policy));
  return Object.keys(baseline.metrics).map((name) => {
    const now = metricNamed(name).of(new Series(rows));
    return Number.isFinite(now) ? now : null;
  });
}

/** The metrics that are not what they were, given what they are. */
export function driftOf({ metrics, tolerance }: Baseline, now: readonly (number | null)[]): Drift[] {
  return Object.entries(metrics).flatMap(([name, was], i) => {
    const is = now[i]!;
    const same =
      was === null || is === null ? was === is : Math.abs(is - was) <= tolerance * Math.abs(was) + 1e-12;
    return same ? [] : [{ metric: metricNamed(name), was, is }];
  });
}

/** The text of a baseline with other values. */
export function baselineText(baseline: Baseline, now: readonly (number | null)[]): string {
  const metrics = Object.fromEntries(
    Object.keys(baseline.metrics).map((name, i) => [name, rounded(now[i]!)]),
  );
  return stringify({ ...baseline, metrics }, { lineWidth: 120 });
}

function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(9));
}

function treeOf({ scenario: given, params }: Baseline): ScenarioInput {
  const tree =
    typeof given === "string"
      ? scenarioTree(scenarioPath(given), {
          params: Object.entries(params).map(([name, param]) => `${name}=${param}`),
        })
      : (given as ScenarioInput);
  const { expect: _, ...plain } = tree;
  return plain;
}
