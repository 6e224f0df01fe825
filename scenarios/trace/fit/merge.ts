/**
 * Makes few runs of many neighbours that are alike: every one is a run at first, and those two neighbouring runs become one
 * that lose least likelihood by it.
 *
 *     counts      3 4 3 │ 9 8 │ 2 3 3 2 │       borders stay where merging would lose most
 *
 * Counts are taken for Poisson with a common mean for each unit of weight. With the sum of the counts as weight this is
 * the likelihood of their proportions alone. Twice the loss is, for runs that are alike, about χ² with as many degrees of
 * freedom as there are counts.
 */

/** Neighbours from, inclusive, and to, exclusive. */
export type Run = readonly [from: number, to: number];

/** What is merged. */
export interface MergeOptions {
  /** Runs at most. */
  readonly most: number;
  /** Runs are merged on below that while it loses less than this. Default: not at all. */
  readonly while?: number;
  /** So many at the beginning stay by themselves. Default: none. */
  readonly apart?: number;
}

interface Group {
  readonly from: number;
  readonly to: number;
  readonly counts: Float64Array;
  readonly weight: number;
  /** What merging it with the next one loses. */
  loss: number;
}

/**
 * Merges neighbours.
 * @param rows counts of each, all of the same length
 * @param weights of each, at least 0
 */
export function mergeNeighbours(
  rows: readonly ArrayLike<number>[],
  weights: readonly number[],
  options: MergeOptions,
): Run[] {
  const { most, while: least = 0, apart = 0 } = options;
  const groups: Group[] = rows.map((row, i) => ({
    from: i,
    to: i + 1,
    counts: Float64Array.from(row),
    weight: weights[i]!,
    loss: 0,
  }));
  for (let i = apart; i + 1 < groups.length; i++) groups[i]!.loss = lossOf(groups[i]!, groups[i + 1]!);
  for (;;) {
    let best = -1;
    for (let i = apart; i + 1 < groups.length; i++) {
      if (best < 0 || groups[i]!.loss < groups[best]!.loss) best = i;
    }
    if (best < 0 || (groups.length <= most && groups[best]!.loss >= least)) break;
    const [a, b] = [groups[best]!, groups[best + 1]!];
    const counts = a.counts.map((x, i) => x + b.counts[i]!);
    groups.splice(best, 2, { from: a.from, to: b.to, counts, weight: a.weight + b.weight, loss: 0 });
    for (const i of [best - 1, best]) {
      if (i >= apart && i + 1 < groups.length) groups[i]!.loss = lossOf(groups[i]!, groups[i + 1]!);
    }
  }
  return groups.map(({ from, to }) => [from, to] as const);
}

function lossOf(a: Group, b: Group): number {
  let loss = 0;
  for (let i = 0; i < a.counts.length; i++) {
    const [x, y] = [a.counts[i]!, b.counts[i]!];
    loss += cost(x, a.weight) + cost(y, b.weight) - cost(x + y, a.weight + b.weight);
  }
  return loss;
}

function cost(count: number, weight: number): number {
  return count > 0 ? count * Math.log(count / weight) : 0;
}
