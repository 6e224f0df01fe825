/**
 * From many runs to one line with a band: the mean over the runs, and where the true mean lies.
 *
 *     run 1   ▁▃▅▇▅▃      windows of time, in each the time-weighted mean of the run
 *     run 2   ▁▃▆█▅▂   ──►  ──►  over the runs: mean ± t · s / √n
 *     run 3   ▁▂▅▇▆▃
 *
 * The interval is that of each window by itself, at 95 %. A run that ended early counts as far as it goes.
 */

import { ALPHA } from "../comparison.js";
import { estimate, halfWidth } from "../statistics/intervals.js";
import type { Point } from "./downsample.js";
import type { BandPoint } from "./panels.js";

/** Windows over the length of a picture. */
export const BAND_WINDOWS = 160;

/** One column of a run: values that hold from their time to the next. */
export interface HeldSeries {
  readonly timesNs: Float64Array;
  /** NaN for none. */
  readonly values: Float64Array;
}

/** A line and its band. */
export interface Band {
  readonly points: readonly Point[];
  readonly band: readonly BandPoint[];
}

/**
 * The mean of runs over time. Without a second run there is no band.
 * @param durationNs that the windows share
 * @param most that a value can be; a band goes no further, and not below 0
 */
export function bandOf(
  runs: readonly HeldSeries[],
  durationNs: number,
  most = Number.POSITIVE_INFINITY,
): Band {
  const means = runs.map((run) => windowMeans(run, durationNs));
  const points: Point[] = [];
  const band: BandPoint[] = [];
  for (let w = 0; w < BAND_WINDOWS; w++) {
    const found = estimate(means.map((values) => values[w]!).filter((value) => !Number.isNaN(value)));
    const half = halfWidth(found, ALPHA);
    // The middle of the window stands for it; the first and the last reach to the edges of the picture.
    const place = w === 0 ? 0 : w === BAND_WINDOWS - 1 ? BAND_WINDOWS : w + 0.5;
    const timeNs = Math.round((place * durationNs) / BAND_WINDOWS);
    points.push({ timeNs, value: shown(found.mean) });
    const [low, high] = [Math.max(0, found.mean - half), Math.min(most, found.mean + half)];
    band.push({ timeNs, low: shown(low), high: shown(high) });
  }
  return { points, band };
}

/** The time-weighted mean in each window; NaN where the run has no value. */
function windowMeans({ timesNs, values }: HeldSeries, durationNs: number): Float64Array {
  const sums = new Float64Array(BAND_WINDOWS);
  const weights = new Float64Array(BAND_WINDOWS);
  const width = durationNs / BAND_WINDOWS;
  for (let i = 0; i + 1 < timesNs.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    const [from, to] = [timesNs[i]!, timesNs[i + 1]!];
    for (let w = Math.floor(from / width); w < BAND_WINDOWS && w * width < to; w++) {
      const weight = Math.min(to, (w + 1) * width) - Math.max(from, w * width);
      if (weight <= 0) continue;
      sums[w]! += value * weight;
      weights[w]! += weight;
    }
  }
  return sums.map((sum, w) => (weights[w]! > 0 ? sum / weights[w]! : Number.NaN));
}

/** Six digits that count are finer than a picture, and keep the last bits of a sum out of its text. */
function shown(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(6)) : null;
}
