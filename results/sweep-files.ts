/** sweep.csv and sweep-summary.csv: metrics by what was varied, in tidy form: each value has a row of its own. */

import { stringify } from "csv-stringify/sync";
import type { MetricValues } from "./comparison.js";
import type { Metric } from "./metrics.js";
import { computedCell } from "./numbers.js";
import { type Estimate, estimate, halfWidth } from "./statistics/intervals.js";
import { standardDeviation } from "./statistics/moments.js";

/** One combination of values under one policy. */
export interface SweepCase {
  readonly scenario: string;
  readonly policy: string;
  /** Values of what is varied, in the order of the columns. */
  readonly point: readonly string[];
  readonly seeds: readonly number[];
  /** By metric and seed. */
  readonly values: MetricValues;
}

const BEFORE = ["scenario", "policy"] as const;
const AFTER = ["seed", "metric", "unit", "value"] as const;
const SUMMARY = ["metric", "unit", "n", "mean", "standard_deviation", "ci_low", "ci_high"] as const;

/** Where the columns of sweep-summary.csv stand: so many before what is varied, and the mean so many after it. */
export const SUMMARY_AROUND = { before: BEFORE.length, mean: SUMMARY.indexOf("mean") } as const;

/** Names of the columns of what is varied: their own, unless the table has a column of that name. */
function variedColumns(names: readonly string[]): string[] {
  const taken: readonly string[] = [...BEFORE, ...AFTER, ...SUMMARY];
  return names.map((name) => (taken.includes(name) ? `varied_${name}` : name));
}

/** The first line of sweep.csv. @param names of what is varied */
export function sweepHeader(names: readonly string[]): string {
  return stringify([[...BEFORE, ...variedColumns(names), ...AFTER]]);
}

/** The lines of a case in sweep.csv: seed by seed, metric by metric. */
export function sweepLines(
  { scenario, policy, point, seeds, values }: SweepCase,
  metrics: readonly Metric[],
): string {
  return stringify(
    seeds.flatMap((seed, s) =>
      metrics.map(({ name, unit }, m) => [
        ...[scenario, policy, ...point, String(seed), name, unit],
        computedCell(values[m]![s]!),
      ]),
    ),
  );
}

/** The first line of sweep-summary.csv. */
export function sweepSummaryHeader(names: readonly string[]): string {
  return stringify([[...BEFORE, ...variedColumns(names), ...SUMMARY]]);
}

/** The lines of a case in sweep-summary.csv. @param alpha probability that an interval, each by itself, misses the mean */
export function sweepSummaryLines(
  { scenario, policy, point, values }: SweepCase,
  metrics: readonly Metric[],
  alpha: number,
): string {
  return stringify(
    metrics.map(({ name, unit }, m) => {
      const found = definedEstimate(values[m]!);
      const half = halfWidth(found, alpha);
      const spread = standardDeviation(values[m]!.filter((value) => !Number.isNaN(value)));
      const numbers = [found.mean, spread, found.mean - half, found.mean + half];
      return [scenario, policy, ...point, name, unit, String(found.n), ...numbers.map(computedCell)];
    }),
  );
}

/** The mean of the values that there are. */
export function definedEstimate(values: readonly number[]): Estimate {
  return estimate(values.filter((value) => !Number.isNaN(value)));
}
