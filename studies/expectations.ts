/**
 * Whether a run did what its scenario expects, read from its time series and from how it ended.
 */

import { COLUMN, COLUMNS, type ColumnName } from "../results/columns.js";
import { measure } from "../results/measure.js";
import { formatCell } from "../results/timeseries.js";
import type { ExpectSpec, MeasureSpec } from "../scenarios/scenario.js";
import { formatDuration, formatSize } from "../scenarios/units.js";
import type { Policy } from "../sim/policies/policy.js";

/** What is known of a run when it is over. */
export interface Outcome {
  /** Samples in order of time. */
  readonly rows: readonly Float64Array[];
  readonly end: string;
  readonly endNs: number;
}

/** The expectations that are about a policy, or about the preset that it changes. */
export function expectedUnder(policy: Policy, expect: readonly ExpectSpec[]): readonly ExpectSpec[] {
  return expect.filter(({ policies }) => policies === null || policies.includes(policy.preset));
}

/** Whether a run that ended so came to its end, or to one that is expected. */
export function isExpectedEnd(end: string, expect: readonly ExpectSpec[]): boolean {
  return end === "completed" || expect.some((one) => one.kind === "exit" && one.exit === end);
}

/** The expectations that do not hold, a line each: what was expected, and what was found. */
export function failedExpectations(expect: readonly ExpectSpec[], outcome: Outcome): string[] {
  return expect.flatMap((one) => {
    const found = one.kind === "exit" ? exitFault(one, outcome) : metricFault(one, outcome);
    return found === undefined ? [] : [`expected ${one.text}, found ${found}${aboutText(one)}`];
  });
}

function aboutText({ about }: ExpectSpec): string {
  return about === "" ? "" : ` (${about.trim().replace(/\s+/g, " ")})`;
}

/** What was found instead of the end that was expected. */
function exitFault(
  { exit, fromNs, toNs }: Extract<ExpectSpec, { kind: "exit" }>,
  { end, endNs }: Outcome,
): string | undefined {
  if (end === exit && endNs >= fromNs && endNs <= toNs) return undefined;
  return `${end} at ${formatDuration(endNs)}`;
}

/** What was found instead of the number that was expected. */
function metricFault(
  one: Extract<ExpectSpec, { kind: "metric" }>,
  { rows, endNs, end }: Outcome,
): string | undefined {
  if (one.measure.fromNs > endNs) return `no value: ${end} at ${formatDuration(endNs)}`;
  const value = measured(one.measure, rows);
  const divisor = one.of === null ? 1 : measured(one.of, rows);
  const found = value / divisor;
  if (holds(found, one)) return undefined;
  if (Number.isNaN(found)) return "no value";
  if (one.of === null) return inUnit(one.measure.metric, found);
  const parts = `${inUnit(one.measure.metric, value)} of ${inUnit(one.of.metric, divisor)}`;
  return `${formatCell(found)} (${parts})`;
}

function measured({ metric, statistic, fromNs, toNs }: MeasureSpec, rows: readonly Float64Array[]): number {
  return measure(rows, COLUMN[metric as ColumnName], statistic, fromNs, toNs);
}

/** Whether a number compares as it should; nothing holds for one that is not there. */
function holds(
  found: number,
  { comparison, value, value2 }: Extract<ExpectSpec, { kind: "metric" }>,
): boolean {
  switch (comparison) {
    case "atLeast":
      return found >= value;
    case "atMost":
      return found <= value;
    case "above":
      return found > value;
    case "below":
      return found < value;
    case "equals":
      return found === value;
    case "between":
      return found >= value && found <= value2;
  }
}

/** A number of a column for people, exact as well when it is a size. */
function inUnit(metric: string, value: number): string {
  const { unit } = COLUMNS[COLUMN[metric as ColumnName]]!;
  return unit === "bytes" && value >= 1024
    ? `${formatSize(value)} (${formatCell(value)})`
    : formatCell(value);
}
