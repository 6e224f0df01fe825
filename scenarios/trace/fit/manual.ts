/**
 * Spans that are managed by hand, stacks and the collector's own: when they are asked for in a part of the cycles of a
 * stretch, and for how long. Their lifetimes are in ns, since no collection has to find them dead.
 */

import { KIND_GROUPS } from "../statistics/live-spans.js";
import type { CycleCounts } from "./observe.js";
import { PIECES } from "./observe.js";
import { type FittedRate, MOST_IN_ORDER, ratesOf } from "./windows.js";

/** Values that stand for the lifetimes of many. */
const LIFETIME_VALUES = 12;

/** Spans that live alike. */
export interface FittedManualSort {
  readonly weight: number;
  /** Sizes in pages with their weights. */
  readonly pages: readonly (readonly [npages: number, weight: number])[];
  /** Below 0 when they outlive the run. */
  readonly lifetimeNs: number;
}

/** Spans of a kind that are asked for in a part of the cycles of a stretch. */
export interface FittedManual {
  /** Index in KIND_GROUPS. */
  readonly group: number;
  /** Index in PHASES. */
  readonly part: number;
  /** From the start of the cycle. */
  readonly startNs: number;
  readonly stopNs: number;
  readonly rates: readonly FittedRate[];
  /** By weight; or, when they come in the order in which they were recorded, one each. */
  readonly sorts: readonly FittedManualSort[];
  readonly isInOrder: boolean;
}

/** What is asked for in a part of the cycles of a stretch, by kind, as far as there is something. */
export function fitManual(
  members: readonly CycleCounts[],
  part: number,
  startNs: number,
  durationNs: number,
): FittedManual[] {
  if (durationNs === 0) return [];
  return KIND_GROUPS.slice(1).flatMap((_, i): FittedManual[] => {
    const counts = members.flatMap(({ parts }) => parts[part]!.manual[i] ?? []);
    const born = Array.from({ length: PIECES }, (_, piece) =>
      counts.reduce((sum, one) => sum + one.born[piece]!, 0),
    );
    const all = born.reduce((sum, n) => sum + n, 0);
    if (all === 0) return [];
    const first = counts.flatMap((one) => one.first);
    const isInOrder = first.length === all && all <= MOST_IN_ORDER;
    const single = first.map(
      ({ npages, lifetimeNs }): FittedManualSort => ({ weight: 1, pages: [[npages, 1]], lifetimeNs }),
    );
    return [
      {
        group: i + 1,
        part,
        startNs,
        stopNs: startNs + durationNs,
        rates: ratesOf(born, members.length, (piece) => Math.round((durationNs * piece) / PIECES)),
        sorts: isInOrder ? single : sortsOf(counts, all),
        isInOrder,
      },
    ];
  });
}

function sortsOf(counts: readonly CycleCounts["parts"][number]["manual"][number][], all: number) {
  const sizes = new Map<number, number>();
  const lifetimes: number[] = [];
  let died = 0;
  for (const one of counts) {
    if (one === undefined) continue;
    died += one.died;
    for (const [npages, n] of one.sizes) sizes.set(npages, (sizes.get(npages) ?? 0) + n);
    lifetimes.push(...one.lifetimesNs);
  }
  lifetimes.sort((a, b) => a - b);
  const pages = [...sizes].sort((a, b) => a[0] - b[0]);
  const values = evenly(lifetimes, LIFETIME_VALUES);
  const sorts = values.map(
    (lifetimeNs): FittedManualSort => ({
      weight: died / all / values.length,
      pages,
      lifetimeNs,
    }),
  );
  return died < all ? [...sorts, { weight: 1 - died / all, pages, lifetimeNs: -1 }] : sorts;
}

/** At most n evenly spaced quantiles of sorted values. */
function evenly(sorted: readonly number[], n: number): number[] {
  if (sorted.length <= n) return [...sorted];
  return Array.from({ length: n }, (_, i) => sorted[Math.floor(((i + 0.5) / n) * sorted.length)]!);
}
