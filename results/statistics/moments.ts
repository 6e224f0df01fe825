/**
 * Mean and spread of a sample.
 *
 * Sums are of differences from the first value, so that bytes in the billions that differ by a few keep their digits, and
 * values that are all the same have exactly that mean and a variance of exactly 0.
 */

/** The mean; NaN of nothing. */
export function mean(values: ArrayLike<number>): number {
  const first = values[0] ?? Number.NaN;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! - first;
  return first + sum / values.length;
}

/** The sample variance, with n − 1 below; NaN of fewer than two values. */
export function variance(values: ArrayLike<number>): number {
  if (values.length < 2) return Number.NaN;
  const middle = mean(values);
  let squares = 0;
  // What rounding left in the mean is taken off again (the corrected two-pass formula of Chan, Golub and LeVeque, 1983).
  let rest = 0;
  for (let i = 0; i < values.length; i++) {
    const off = values[i]! - middle;
    squares += off * off;
    rest += off;
  }
  return Math.max(0, squares - (rest * rest) / values.length) / (values.length - 1);
}

/** The sample standard deviation; NaN of fewer than two values. */
export function standardDeviation(values: ArrayLike<number>): number {
  return Math.sqrt(variance(values));
}

/** Means of so many values in a row each; values that fill no batch any more are left out. */
export function batchMeans(values: ArrayLike<number>, size: number): Float64Array {
  const batches = new Float64Array(Math.floor(values.length / size));
  for (let b = 0; b < batches.length; b++) {
    let sum = 0;
    for (let i = b * size; i < (b + 1) * size; i++) sum += values[i]!;
    batches[b] = sum / size;
  }
  return batches;
}
