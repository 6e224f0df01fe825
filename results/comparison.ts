/**
 * Candidates against a baseline, metric by metric, as paired differences with intervals.
 *
 *     seed        1     2     3   …              same seed: same random numbers
 *     candidate  61.2  60.8  61.9
 *     baseline   64.0  63.9  64.8                verdict
 *     difference −2.8  −3.1  −2.9   …  ──► −2.93 ± 0.4, p = 0.0001  ──► lower
 *
 * All intervals of a comparison hold together with 95 %: each is made at 5 % divided by the number of its rows (Bonferroni),
 * and p_adjusted is p times that number, so a verdict is "higher" or "lower" exactly when the interval leaves 0 out, and
 * exactly when p_adjusted is below 0.05. All rows count, those without any difference too: leaving them out because of what
 * was found would be looking first and testing then.
 *
 * Differences that are all exactly 0 are no matter of statistics: those rows are identical.
 */

import type { Metric } from "./metrics.js";
import { type Estimate, estimate, halfWidth, pairedDifferences } from "./statistics/intervals.js";
import { mean } from "./statistics/moments.js";
import { bonferroni, holm } from "./statistics/multiplicity.js";

/** Probability of a false alarm anywhere in a comparison. */
export const ALPHA = 0.05;

/** What can be said about a row. */
export type Verdict = "higher" | "lower" | "no difference shown" | "identical" | "undefined";

/** A metric under a candidate and under the baseline. Numbers that there are not are NaN. */
export interface ComparisonRow {
  readonly metric: Metric;
  readonly baseline: string;
  readonly candidate: string;
  /** Pairs in which both are defined. */
  readonly n: number;
  /** Seeds under which the metric is undefined for one of the two only. */
  readonly unpaired: number;
  /** Means over those pairs; without any pair, over what there is. */
  readonly meanBaseline: number;
  readonly meanCandidate: number;
  /** Mean of candidate − baseline. */
  readonly diff: number;
  readonly ciLow: number;
  readonly ciHigh: number;
  /** Of this row alone. */
  readonly p: number;
  /** Of this row among all others, and all looks. */
  readonly pAdjusted: number;
  /** The same by Holm's procedure. */
  readonly pHolm: number;
  readonly verdict: Verdict;
}

/** Metrics by seed, one array for each metric, in one order of seeds for all policies; NaN where undefined. */
export type MetricValues = readonly (readonly number[])[];

export interface ComparisonInput {
  readonly metrics: readonly Metric[];
  readonly baseline: string;
  /** Names of the others, in the order of the rows. */
  readonly candidates: readonly string[];
  readonly values: ReadonlyMap<string, MetricValues>;
  /** By what the probability of a false alarm is divided besides the number of rows, when the data are looked at repeatedly. */
  readonly lookShare?: number;
}

/** Rows of all candidates, candidate by candidate, metric by metric. */
export function compareMetrics(input: ComparisonInput): ComparisonRow[] {
  const { metrics, baseline, candidates, values, lookShare = 1 } = input;
  const chances = (metrics.length * candidates.length) / lookShare;
  const rows = candidates.flatMap((candidate) =>
    metrics.map((metric, m) =>
      compareOne(
        { metric, baseline, candidate, chances },
        values.get(baseline)![m]!,
        values.get(candidate)![m]!,
      ),
    ),
  );
  const holms = holm(
    rows.map(({ p }) => p),
    metrics.length * candidates.length,
  );
  return rows.map((row, i) => ({ ...row, pHolm: Math.min(1, holms[i]! / lookShare) }));
}

interface RowSubject {
  readonly metric: Metric;
  readonly baseline: string;
  readonly candidate: string;
  readonly chances: number;
}

const NO_DIFFERENCE: Estimate = { n: 0, mean: 0, standardError: 0, p: 1 };

function compareOne(
  subject: RowSubject,
  a: readonly number[],
  b: readonly number[],
): Omit<ComparisonRow, "pHolm"> {
  const { metric, baseline, candidate, chances } = subject;
  const identical = isIdentical(a, b);
  // What is the same in every run is so for certain, however few runs there are.
  const found = identical
    ? { ...NO_DIFFERENCE, n: pairedDifferences(a, b).length }
    : estimate(pairedDifferences(a, b));
  const unpaired = a.filter((value, i) => Number.isNaN(value) !== Number.isNaN(b[i]!)).length;
  const half = identical ? 0 : halfWidth(found, ALPHA / chances);
  const pAdjusted = bonferroni(found.p, chances);
  return {
    metric,
    baseline,
    candidate,
    n: found.n,
    unpaired,
    meanBaseline: meanOf(a, b),
    meanCandidate: meanOf(b, a),
    diff: found.n === 0 ? Number.NaN : found.mean,
    ciLow: found.mean - half,
    ciHigh: found.mean + half,
    p: found.p,
    pAdjusted,
    verdict: verdictOf(found, pAdjusted, identical),
  };
}

/** The mean of values whose partner is defined too; of all that are when none has one. */
function meanOf(values: readonly number[], partners: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  const paired = values.filter((value, i) => !Number.isNaN(value) && !Number.isNaN(partners[i]!));
  return mean(paired.length > 0 ? paired : defined);
}

/** Whether two metrics are the same number in every run. */
function isIdentical(a: readonly number[], b: readonly number[]): boolean {
  return (
    a.every((value, i) => Object.is(value, b[i]!) || value === b[i]!) &&
    a.some((value) => !Number.isNaN(value))
  );
}

function verdictOf({ n, mean: diff }: Estimate, pAdjusted: number, identical: boolean): Verdict {
  if (identical) return "identical";
  if (n < 2) return "undefined";
  if (pAdjusted >= ALPHA) return "no difference shown";
  return diff > 0 ? "higher" : "lower";
}

/**
 * Half the width of a row's interval, in proportion to the larger of the two means.
 * @returns 0 for a row that is identical; NaN when there is no interval
 */
export function relativeHalfWidth({
  verdict,
  ciLow,
  ciHigh,
  meanBaseline,
  meanCandidate,
}: ComparisonRow): number {
  if (verdict === "identical") return 0;
  return (ciHigh - ciLow) / 2 / Math.max(Math.abs(meanBaseline), Math.abs(meanCandidate));
}
