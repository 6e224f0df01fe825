/**
 * Means with confidence intervals, and differences of pairs.
 *
 * The interval of a mean of n values is mean ± t · s / √n, with t of n − 1 degrees of freedom (Law, Simulation Modeling
 * and Analysis, chapters 9 and 10). Two policies see the same random numbers under the same seed, so what is averaged is
 * the difference within a seed: what both have in common cancels, and the interval is the narrower for it.
 */

import { mean, variance } from "./moments.js";
import { tCritical, tTails } from "./student-t.js";

/** A mean and where the true one lies. */
export interface Estimate {
  readonly n: number;
  /** NaN of nothing. */
  readonly mean: number;
  /** Standard error of the mean; NaN of fewer than two values. */
  readonly standardError: number;
  /** How likely a mean at least as far from 0 is if the true one is 0; NaN of fewer than two values. */
  readonly p: number;
}

/**
 * The mean of values, with what an interval and a test need.
 *
 * Values that are all the same have no spread: the mean is then taken as exact, p is 1 when it is 0 and 0 otherwise.
 */
export function estimate(values: ArrayLike<number>): Estimate {
  const n = values.length;
  const middle = mean(values);
  const standardError = Math.sqrt(variance(values) / n);
  return { n, mean: middle, standardError, p: pOf(n, middle, standardError) };
}

function pOf(n: number, middle: number, standardError: number): number {
  if (n < 2) return Number.NaN;
  if (standardError === 0) return middle === 0 ? 1 : 0;
  return tTails(middle / standardError, n - 1);
}

/** Half the width of the interval that holds the true mean with probability 1 − alpha; NaN of fewer than two values. */
export function halfWidth({ n, standardError }: Estimate, alpha: number): number {
  if (n < 2) return Number.NaN;
  return standardError === 0 ? 0 : tCritical(alpha, n - 1) * standardError;
}

/**
 * Differences of pairs, b − a, where both are defined.
 * @param a and b as long as each other; NaN stands for undefined
 */
export function pairedDifferences(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  const differences: number[] = [];
  for (let i = 0; i < a.length; i++) {
    const difference = b[i]! - a[i]!;
    if (!Number.isNaN(difference)) differences.push(difference);
  }
  return Float64Array.from(differences);
}
