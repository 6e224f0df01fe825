/**
 * MSER-5: how much of the beginning of a series is warm-up (White, 1997; White, Cobb and Spratt, 2000).
 *
 * The series is cut into batches of five. Leaving out the first d of n batches, the rest has the mean Ȳ(d); the cut is
 * where the squared standard error of that mean, with n − d below instead of n − d − 1,
 *
 *     MSER(d) = Σ (Y(i) − Ȳ(d))² / (n − d)²,  i from d + 1 to n,
 *
 * is least: a beginning unlike the rest makes it greater, and so does throwing away what is like the rest. Of the last few
 * batches any two may happen to be alike, so five are always left. When the least value lies in the second half, the series
 * has not settled, or is too short to tell.
 */

import { batchMeans, mean } from "./moments.js";

/** Values in a batch. */
export const MSER_BATCH = 5;

/** Batches that are never cut off. */
const LEFT = 5;

/**
 * The number of values to leave out.
 * @param series values at equal distances in time, none of them NaN
 * @returns a multiple of 5, up to half of the values; NaN when the series has not settled by then, or has fewer than
 *   ten batches
 */
export function mser5(series: ArrayLike<number>): number {
  const batches = batchMeans(series, MSER_BATCH);
  const n = batches.length;
  if (n < 2 * LEFT) return Number.NaN;
  // From the end backward, sums over what is left are at hand. They count from the mean, against lost digits.
  const origin = mean(batches);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  let sum = 0;
  let squares = 0;
  for (let d = n - 1; d >= 0; d--) {
    const off = batches[d]! - origin;
    sum += off;
    squares += off * off;
    const left = n - d;
    if (left < LEFT) continue;
    const error = Math.max(0, squares - (sum * sum) / left) / (left * left);
    if (error <= least) {
      least = error;
      best = d;
    }
  }
  return 2 * best > n ? Number.NaN : best * MSER_BATCH;
}
