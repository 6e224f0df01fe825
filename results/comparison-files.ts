/** comparison.csv and what comparison.json says of the rows. */

import { stringify } from "csv-stringify/sync";
import type { ComparisonRow } from "./comparison.js";
import { METRICS } from "./metrics.js";
import { computed, computedCell } from "./numbers.js";

/** Columns of comparison.csv. */
export const COMPARISON_COLUMNS = [
  "scenario",
  "metric",
  "unit",
  "baseline",
  "candidate",
  "n",
  "mean_baseline",
  "mean_candidate",
  "diff",
  "ci_low",
  "ci_high",
  "p_adjusted",
  "verdict",
] as const;

/** The text of comparison.csv. @param scenario its name */
export function comparisonCsv(scenario: string, rows: readonly ComparisonRow[]): string {
  const cells = rows.map((row) => [
    scenario,
    row.metric.name,
    row.metric.unit,
    row.baseline,
    row.candidate,
    String(row.n),
    ...[row.meanBaseline, row.meanCandidate, row.diff, row.ciLow, row.ciHigh, row.pAdjusted].map(
      computedCell,
    ),
    row.verdict,
  ]);
  return stringify([[...COMPARISON_COLUMNS], ...cells]);
}

/** A row of comparison.json; null where a number is undefined. */
export interface ComparisonRowJson {
  readonly metric: string;
  readonly unit: string;
  readonly baseline: string;
  readonly candidate: string;
  readonly n: number;
  readonly unpaired: number;
  readonly mean_baseline: number | null;
  readonly mean_candidate: number | null;
  readonly diff: number | null;
  readonly ci_low: number | null;
  readonly ci_high: number | null;
  readonly p: number | null;
  readonly p_adjusted: number | null;
  readonly p_holm: number | null;
  readonly verdict: ComparisonRow["verdict"];
}

/** A row for comparison.json: that of the CSV, p by itself and by Holm's procedure, and how many pairs are incomplete. */
export function comparisonJson(row: ComparisonRow): ComparisonRowJson {
  return {
    metric: row.metric.name,
    unit: row.metric.unit,
    baseline: row.baseline,
    candidate: row.candidate,
    n: row.n,
    unpaired: row.unpaired,
    mean_baseline: computed(row.meanBaseline),
    mean_candidate: computed(row.meanCandidate),
    diff: computed(row.diff),
    ci_low: computed(row.ciLow),
    ci_high: computed(row.ciHigh),
    p: computed(row.p),
    p_adjusted: computed(row.pAdjusted),
    p_holm: computed(row.pHolm),
    verdict: row.verdict,
  };
}

/** A row as it was before comparisonJson; undefined when this version has no such metric. */
export function comparisonRow(row: ComparisonRowJson): ComparisonRow | undefined {
  const metric = METRICS.find(({ name }) => name === row.metric);
  if (metric === undefined) return undefined;
  const number = (value: number | null): number => value ?? Number.NaN;
  return {
    metric,
    baseline: row.baseline,
    candidate: row.candidate,
    n: row.n,
    unpaired: row.unpaired,
    meanBaseline: number(row.mean_baseline),
    meanCandidate: number(row.mean_candidate),
    diff: number(row.diff),
    ciLow: number(row.ci_low),
    ciHigh: number(row.ci_high),
    p: number(row.p),
    pAdjusted: number(row.p_adjusted),
    pHolm: number(row.p_holm),
    verdict: row.verdict,
  };
}
