/**
 * Many comparisons at once, and comparisons that are looked at more than once.
 *
 * Of 20 metrics that do not differ, one does "with 95 % confidence" by chance. Bonferroni's rule divides the allowed
 * probability of a false alarm among them: whatever depends on what, at most alpha of all comparisons have a false alarm at
 * all. Holm's (1979) does the same and finds a little more, but has no intervals of its own, so it is reported beside it.
 *
 * Whoever adds data until a result pleases looks several times, and each look is a chance of a false alarm. The looks
 * share alpha: look k may use alpha / (k (k + 1)), a half, a sixth, a twelfth, …, which sum up to alpha however many there
 * are, and whatever the rule by which one stops.
 */

/** The share of alpha that look k may use, counted from 1. */
export function lookShare(look: number): number {
  return 1 / (look * (look + 1));
}

/** A p-value times the number of chances it had, at most 1. */
export function bonferroni(p: number, chances: number): number {
  return Math.min(1, p * chances);
}

/**
 * Holm's adjusted p-values: the smallest times m, the next times m − 1, …, each no less than the one before.
 * @param ps NaN where there is none, which stays so
 * @param count of comparisons; that of the values that are given when it is less
 */
export function holm(ps: readonly number[], count = 0): number[] {
  const order = ps.map((_, i) => i).filter((i) => !Number.isNaN(ps[i]!));
  order.sort((i, j) => ps[i]! - ps[j]! || i - j);
  const m = Math.max(count, order.length);
  const adjusted = ps.map(() => Number.NaN);
  let last = 0;
  order.forEach((i, rank) => {
    last = Math.max(last, bonferroni(ps[i]!, m - rank));
    adjusted[i] = last;
  });
  return adjusted;
}
