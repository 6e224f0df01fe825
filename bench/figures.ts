/**
 * From the times of many runs to the one figure that is reported.
 */

/** The middle of at least one value, in order of size; the mean of the two in the middle when their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The geometric mean of at least one positive value. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/**
 * What a run would have taken, had nothing disturbed it: the sum over its slices of the least that the slice took in any
 * round. All rounds have the same slices.
 */
export function undisturbedNs(rounds: readonly (readonly number[])[]): number {
  let sum = 0;
  for (let i = 0; i < rounds[0]!.length; i++) sum += Math.min(...rounds.map((sliceNs) => sliceNs[i]!));
  return sum;
}

/** Rounded to three decimals. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
