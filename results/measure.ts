/**
 * Numbers taken from a time series: a statistic of a column over a window.
 *
 * Each sample counts for as long as it was the last one, as in the summary, within the window: the state at the start of
 * the window is that of the last sample before it.
 */

import { COLUMN, COLUMNS } from "./columns.js";

/** What is taken from a column over a window; `value` is the state at its end. */
export type Statistic =
  | "value"
  | "first"
  | "last"
  | "min"
  | "peak"
  | "mean"
  | "increase"
  | "p5"
  | "p25"
  | "p50"
  | "p75"
  | "p95"
  | "p99";

/** A value and for how long it held, in ns. */
export type Weighted = readonly [value: number, weight: number];

/**
 * A statistic of a column.
 * @param rows samples in order of time; NaN cells are left out
 * @param column index of the column
 * @param fromNs start of the window
 * @param toNs its end, included
 * @returns NaN when there is no value in the window
 */
export function measure(
  rows: readonly Float64Array[],
  column: number,
  statistic: Statistic,
  fromNs: number,
  toNs: number,
): number {
  const weighted = within(rows, column, fromNs, toNs);
  const first = weighted[0]?.[0] ?? Number.NaN;
  const last = weighted.at(-1)?.[0] ?? Number.NaN;
  switch (statistic) {
    case "first":
      return first;
    case "value":
    case "last":
      return last;
    case "increase":
      return last - first;
    case "min":
      return weighted.reduce((least, [value]) => (value < least ? value : least), first);
    case "peak":
      return weighted.reduce((most, [value]) => (value > most ? value : most), first);
    case "mean":
      return weightedMean(weighted);
    default:
      return percentile(weighted, Number(statistic.slice(1)));
  }
}

/** The values of a column that held within a window, with the time for which they did. */
function within(
  rows: readonly Float64Array[],
  column: number,
  fromNs: number,
  toNs: number,
): readonly Weighted[] {
  const found: Weighted[] = [];
  const isRate = COLUMNS[column]!.kind === "rate";
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![column]!;
    if (Number.isNaN(value)) continue;
    // A rate is that of the time before its sample, a state holds until the next one.
    const sinceNs = timeOf(rows, isRate ? i - 1 : i);
    const untilNs = timeOf(rows, isRate ? i : i + 1);
    if (timeOf(rows, i) > toNs || untilNs <= fromNs) continue;
    const end = Math.min(untilNs, toNs);
    found.push([value, end === Number.POSITIVE_INFINITY ? 0 : Math.max(0, end - Math.max(sinceNs, fromNs))]);
  }
  return found;
}

/** When a sample was taken: at 0 before the first, never after the last. */
function timeOf(rows: readonly Float64Array[], i: number): number {
  return i < 0 ? 0 : (rows[i]?.[COLUMN.time_ns] ?? Number.POSITIVE_INFINITY);
}

/** The mean over time; that of the values when no time passes. */
export function weightedMean(weighted: readonly Weighted[]): number {
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
  if (total === 0) return weighted[0]?.[0] ?? Number.NaN;
  return weighted.reduce((sum, [value, weight]) => sum + value * weight, 0) / total;
}

/** The smallest value that holds for at least p percent of the time, p from 0 to 100. */
export function percentile(weighted: readonly Weighted[], p: number): number {
  const sorted = [...weighted].sort((a, b) => a[0] - b[0]);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  return sortedPercentile(sorted, total, p);
}

/** The same of values that are sorted, with the sum of their weights. */
export function sortedPercentile(sorted: readonly Weighted[], total: number, p: number): number {
  const wanted = (total * p) / 100;
  let sum = 0;
  for (const [value, weight] of sorted) {
    sum += weight;
    if (sum >= wanted && sum > 0) return value;
  }
  return sorted.at(-1)?.[0] ?? Number.NaN;
}
