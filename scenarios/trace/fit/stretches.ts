/**
 * Cuts the GC cycles of a trace into stretches of cycles that resemble each other, since a program has phases.
 *
 *     cycles      0 │ 1 2 3 4 │ 5 6 7 8 9 10 11 │ 12        every cycle is a stretch at first
 *                             ▲                             and those two neighbours become one that lose
 *                             the border that is kept       least likelihood by it, until there are few enough
 *
 * Counts are taken for Poisson with a common mean in a stretch. What comes before the first cycle stays by itself, since
 * nothing is swept in it.
 */

import { type CycleCounts, SIZE_BUCKETS, sizeBucket } from "./observe.js";

/** Cycles from, inclusive, and to, exclusive. */
export type Stretch = readonly [from: number, to: number];

/** At most so many stretches of the cycles of a trace. */
export function stretchesOf(cycles: readonly CycleCounts[], most: number): Stretch[] {
  interface Group {
    from: number;
    to: number;
    readonly counts: Float64Array;
  }
  const groups: Group[] = cycles.map((cycle, c) => ({ from: c, to: c + 1, counts: features(cycle) }));
  while (groups.length > most) {
    let best = 1;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 1; i + 1 < groups.length; i++) {
      const [a, b] = [groups[i]!, groups[i + 1]!];
      const loss = mergeLoss(a.counts, a.to - a.from, b.counts, b.to - b.from);
      if (loss < least) [best, least] = [i, loss];
    }
    const [a, b] = groups.splice(best, 2) as [Group, Group];
    groups.splice(best, 0, { from: a.from, to: b.to, counts: a.counts.map((x, i) => x + b.counts[i]!) });
  }
  return groups.map(({ from, to }) => [from, to] as const);
}

/** What makes cycles alike: how many spans in each part and size bucket, and how many die soon or late. */
function features({ sizes, parts }: CycleCounts): Float64Array {
  const bySize = new Float64Array(SIZE_BUCKETS);
  for (const [npages, count] of sizes) bySize[sizeBucket(npages)]! += count;
  const values: number[] = [...bySize];
  for (const { arrivals, died, born } of parts) {
    values.push(arrivals.reduce((sum, n) => sum + n, 0));
    const dead = [0, 0, 0];
    for (const byAge of died) {
      byAge?.forEach((n, age) => {
        dead[Math.min(Math.max(age, 1), 3) - 1]! += n;
      });
    }
    values.push(...dead, born.reduce((sum, n) => sum + n, 0) - dead.reduce((sum, n) => sum + n, 0));
  }
  return Float64Array.from(values);
}

function mergeLoss(a: Float64Array, na: number, b: Float64Array, nb: number): number {
  const cost = (sum: number, n: number): number => (sum > 0 ? sum * Math.log(sum / n) : 0);
  let loss = 0;
  for (let i = 0; i < a.length; i++) loss += cost(a[i]!, na) + cost(b[i]!, nb) - cost(a[i]! + b[i]!, na + nb);
  return loss;
}
