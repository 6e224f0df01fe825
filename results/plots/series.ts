/**
 * From the columns of a run to the points of a line.
 *
 * A gauge holds from its sample to the next one, so its line is a staircase. Counters are looked at over windows, each
 * a stretch of whole samples: what happened in it, per second, or as a share of something else that happened in it.
 */

import type { ColumnName } from "../columns.js";
import type { FinishedRun } from "../run-folder.js";
import { downsample, type Point } from "./downsample.js";

/** Windows over the length of a run, at most. */
const WINDOWS = 100;

/** How a run gives a line its points. @param durationNs that the width stands for @param columns of pixels */
export type Points = (run: FinishedRun, durationNs: number, columns: number) => Point[];

/** A state: a column, times a factor that may depend on the run. */
export function gauge(column: ColumnName, factor: (run: FinishedRun) => number = () => 1): Points {
  return (run, durationNs, columns) => {
    const scaleBy = factor(run);
    const values = run.columns[column].map((value) => value * scaleBy);
    return holding(downsample(run.columns.time_ns, values, durationNs, columns));
  };
}

/** Where a staircase ends in a gap, its last value holds until the gap begins. */
function holding(points: readonly Point[]): Point[] {
  return points.flatMap((point, i) => {
    const before = points[i - 1]?.value ?? null;
    return point.value === null && before !== null
      ? [{ timeNs: point.timeNs, value: before }, point]
      : [point];
  });
}

/** What one counter grew by in a window, divided by what several did; a gap where they did not. */
export function shareOf(part: ColumnName, whole: readonly ColumnName[]): Points {
  return windowed((growth) => {
    const all = whole.reduce((sum, column) => sum + growth(column), 0);
    return all === 0 ? Number.NaN : growth(part) / all;
  });
}

/** What a counter grew by in a window, per second. */
export function perSecond(counter: ColumnName): Points {
  return windowed((growth) => (growth(counter) * 1e9) / growth("time_ns"));
}

/** A value for each window: two points, so that the line is flat over it. */
function windowed(valueIn: (growth: (column: ColumnName) => number) => number): Points {
  return ({ columns }) => {
    const points: Point[] = [];
    for (const [from, to] of windowsOf(columns.time_ns.length)) {
      const value = valueIn((column) => columns[column][to]! - columns[column][from]!);
      const shown = Number.isFinite(value) ? value : null;
      points.push({ timeNs: columns.time_ns[from]!, value: shown });
      points.push({ timeNs: columns.time_ns[to]!, value: shown });
    }
    return points;
  };
}

/** Windows as pairs of samples. */
function windowsOf(samples: number): [number, number][] {
  const each = Math.ceil((samples - 1) / WINDOWS);
  const windows: [number, number][] = [];
  for (let from = 0; from < samples - 1; from += each)
    windows.push([from, Math.min(from + each, samples - 1)]);
  return windows;
}

/** The length of a window of a run, ns; 0 when there is none. */
export function windowNs({ columns }: FinishedRun): number {
  const [first] = windowsOf(columns.time_ns.length);
  return first === undefined ? 0 : columns.time_ns[first[1]]! - columns.time_ns[first[0]]!;
}

/** The samples at which a counter had grown, ns. */
export function changesOf(run: FinishedRun, counter: ColumnName): number[] {
  const values = run.columns[counter];
  return Array.from(run.columns.time_ns).filter((_, i) => i > 0 && values[i]! > values[i - 1]!);
}

/** How long a run lasted, ns. */
export function durationOf(run: FinishedRun): number {
  return run.columns.time_ns.at(-1) ?? 0;
}
