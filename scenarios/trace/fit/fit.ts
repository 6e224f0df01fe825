/**
 * Fits generators to a page-heap trace: a description, of some hundred numbers, of a program that treats its heap alike.
 *
 * What the description says, and why it is enough for heap size, find() and fragmentation:
 *
 *     stretches   runs of GC cycles that resemble each other, at most MAX_STRETCHES: a program has phases
 *       windows   parts of a cycle (mark, sweep, quiet): how long, how fast spans are asked for in each quarter (after a
 *                 sweep a program first fills the free slots of swept spans), which sizes, and how many collections they
 *                 live. Late births, in the last eighth, are a window of their own when they live longer: a span in use
 *                 when marking begins cannot go in that cycle
 *       manual    stacks and the collector's own spans: rates by part, lifetimes in ns, freed directly
 *
 * Lifetimes of heap spans are in collections, since a span can only go in a sweep.
 */

import { KIND_GROUPS } from "../statistics/live-spans.js";
import { MARK, PHASES, QUIET, SWEEP } from "../statistics/statistics.js";
import { type AgeShare, ANY_PART, cohortsOf, Lifetimes } from "./lifetimes.js";
import {
  type CycleCounts,
  cohortOf,
  EARLY,
  type FitObserver,
  LARGE,
  LATE,
  type ManualCounts,
  MEDIUM,
  PIECES,
  SIZE_BUCKETS,
  SMALL,
  sizeBucket,
} from "./observe.js";
import { type Stretch, stretchesOf } from "./stretches.js";

export type { AgeShare } from "./lifetimes.js";

/** Stretches of a fit at most. */
const MAX_STRETCHES = Number(process.env.MS ?? 16);
/** A distribution of lifetimes wants at least so many spans, or a wider one stands in for it. */
const ENOUGH_SPANS = 20;
/** Of large ones there are never many, and each counts for many pages. */
const ENOUGH_LARGE = 4;
/** Windows with fewer arrivals have no course of their rate. */
const FEW_ARRIVALS = 10;
/** More large spans than this in a part of a stretch are described by shares, fewer one by one. */
const MOST_IN_ORDER = Number(process.env.MIO ?? 48);
const MEDIUM_BUCKET = sizeBucket(2);
const LARGE_BUCKET = sizeBucket(16);
/** The size buckets of each size group, [first, last). */
const BUCKETS_OF_GROUP = [
  [0, MEDIUM_BUCKET],
  [MEDIUM_BUCKET, LARGE_BUCKET],
  [LARGE_BUCKET, SIZE_BUCKETS],
] as const;
/** Values that stand for the sizes of a bucket. */
const VALUES_PER_BUCKET = 8;
/** Values that stand for the lifetimes of stacks and the like. */
const LIFETIME_VALUES = 8;
/** Where the late births of a part begin. */
const LATE_FROM = (PIECES - 1) / PIECES;

/** Spans that live alike. */
export interface FittedSort {
  /** Share of the spans of the window. */
  readonly share: number;
  /** Sizes in pages with their weights. */
  readonly pages: readonly (readonly [npages: number, weight: number])[];
  readonly ages: readonly AgeShare[];
}

/** Spans of a size group that are asked for in a part of the cycles of a stretch, or in the beginning or end of one. */
export interface FittedWindow {
  /** Index in PHASES. */
  readonly part: number;
  readonly isLate: boolean;
  /** SMALL, MEDIUM or LARGE. */
  readonly group: number;
  /** From the start of the cycle. */
  readonly startNs: number;
  readonly stopNs: number;
  /** Spans asked for in each of its equal pieces, mean of the cycles. */
  readonly arrivals: readonly number[];
  /** How many come at once, in the mean. */
  readonly batch: number;
  /** By weight; or, when they come in the order in which they were recorded, one each. */
  readonly sorts: readonly FittedSort[];
  readonly isInOrder: boolean;
}

export interface FittedStretch {
  readonly cycles: number;
  /** Of a cycle, and of its parts in the order in which they come: mark, sweep, quiet. */
  readonly cycleNs: number;
  readonly partNs: readonly number[];
  /** Time from the end of marking to the end of sweeping, for each span that is there to be swept, ns. */
  readonly sweepSpanNs: number;
  readonly windows: readonly FittedWindow[];
  readonly manual: readonly FittedManual[];
}

/** Spans of a kind that no collector frees. */
export interface FittedManual {
  /** Index in KIND_GROUPS. */
  readonly group: number;
  /** Spans asked for in each part of a cycle, in the order of partNs. */
  readonly perCycle: readonly number[];
  /** Sizes in pages with their shares. */
  readonly sizes: readonly (readonly [npages: number, share: number])[];
  /** Share that is freed, and evenly spaced quantiles of how long those live, in ns. */
  readonly freedShare: number;
  readonly lifetimesNs: readonly number[];
}

export interface FittedProgram {
  readonly durationNs: number;
  readonly procs: number;
  readonly stretches: readonly FittedStretch[];
}

/** Parts of a cycle in the order in which they come. */
const PARTS = [MARK, SWEEP, QUIET] as const;

/** The fit. The observer must have seen the whole trace. */
export function fitProgram(observer: FitObserver): FittedProgram {
  const lifetimes = new Lifetimes(observer.cycles);
  const manual = KIND_GROUPS.slice(1).map((_, i) => observer.manual[i]!);
  return {
    durationNs: observer.nowNs,
    procs: observer.procs,
    stretches: stretchesOf(observer.cycles, MAX_STRETCHES).map((stretch) =>
      fitStretch(observer.cycles, stretch, lifetimes, manual),
    ),
  };
}

/** How many numbers a description has. */
export function countNumbers(value: unknown): number {
  if (typeof value === "number") return 1;
  if (value === null || typeof value !== "object") return 0;
  return Object.values(value).reduce((sum: number, part) => sum + countNumbers(part), 0);
}

function fitStretch(
  cycles: readonly CycleCounts[],
  stretch: Stretch,
  lifetimes: Lifetimes,
  manual: readonly ManualCounts[],
): FittedStretch {
  const [from, to] = stretch;
  const members = cycles.slice(from, to);
  const partNs = PARTS.map((part) =>
    Math.round(members.reduce((sum, cycle) => sum + cycle.parts[part]!.durationNs, 0) / members.length),
  );
  const fitter = new WindowFitter(members, stretch, lifetimes);
  let startNs = 0;
  const windows = PARTS.flatMap((part, i) => {
    const made = fitter.windows(part, startNs, partNs[i]!);
    startNs += partNs[i]!;
    return made;
  });
  return {
    cycles: members.length,
    cycleNs: startNs,
    partNs,
    sweepSpanNs:
      (partNs[PARTS.indexOf(SWEEP)]! * members.length) /
      Math.max(
        1,
        members.reduce((sum, cycle) => sum + cycle.spansToSweep, 0),
      ),
    windows,
    manual: manual.flatMap((counts, i) => fitManual(i + 1, counts, stretch)),
  };
}

/** Fits the windows of a stretch. */
class WindowFitter {
  /** Sizes of each bucket with their counts, sorted by size. */
  readonly #sizes: readonly (readonly (readonly [number, number])[])[];

  constructor(
    readonly members: readonly CycleCounts[],
    readonly stretch: Stretch,
    readonly lifetimes: Lifetimes,
  ) {
    this.#sizes = bucketValues(members);
  }

  /** The windows of a part: small spans, early and late, medium and large ones, as far as there are some. */
  windows(part: number, startNs: number, durationNs: number): FittedWindow[] {
    if (durationNs === 0) return [];
    const stopNs = startNs + durationNs;
    const lateNs = startNs + Math.round(durationNs * LATE_FROM);
    const fine = (group: number): number[] =>
      Array.from({ length: PIECES }, (_, i) =>
        this.#mean((cycle) => cycle.parts[part]!.arrivals[PIECES * group + i]!),
      );
    const small = fine(SMALL);
    const base = { part, startNs, stopNs, isLate: false, batch: 1, isInOrder: false };
    const windows: FittedWindow[] = [];
    if (this.#isLateDifferent(part) && lateNs > startNs && lateNs < stopNs) {
      const [early, late] = [this.#sorts(part, [EARLY], SMALL), this.#sorts(part, [LATE], SMALL)];
      windows.push(
        { ...base, group: SMALL, stopNs: lateNs, arrivals: this.#course(small.slice(0, -1)), sorts: early },
        { ...base, group: SMALL, startNs: lateNs, arrivals: small.slice(-1), sorts: late, isLate: true },
      );
    } else {
      const sorts = this.#sorts(part, [EARLY, LATE], SMALL);
      windows.push({ ...base, group: SMALL, arrivals: this.#course(pairwise(small)), sorts });
    }
    windows.push({
      ...base,
      group: MEDIUM,
      arrivals: this.#course(pairwise(fine(MEDIUM))),
      batch: this.#batch(part),
      sorts: this.#sorts(part, [EARLY, LATE], MEDIUM),
    });
    const inOrder = this.#largeInOrder(part);
    windows.push({
      ...base,
      group: LARGE,
      arrivals: this.#course(fine(LARGE)),
      sorts: inOrder ?? this.#sorts(part, [EARLY, LATE], LARGE),
      isInOrder: inOrder !== undefined,
    });
    return windows.filter(({ arrivals }) => arrivals.some((n) => n > 0));
  }

  #isLateDifferent(part: number): boolean {
    const { stretch, lifetimes } = this;
    const [early, late] = [EARLY, LATE].map((when) => ({ stretch, part, cohorts: [cohortOf(when, 0)] }));
    return lifetimes.born(late!) >= ENOUGH_SPANS && lifetimes.differ(early!, late!);
  }

  /** Arrivals by piece, or all in one piece when they are few. */
  #course(arrivals: readonly number[]): readonly number[] {
    const all = arrivals.reduce((sum, n) => sum + n, 0);
    return all * this.members.length < FEW_ARRIVALS ? [all] : arrivals;
  }

  /** Medium spans come in a row more often than chance would have it: how many in a batch make rows of that length. */
  #batch(part: number): number {
    const sum = (value: (counts: CycleCounts["parts"][number]) => number): number =>
      this.members.reduce((all, { parts }) => all + value(parts[part]!), 0);
    const mediums = sum((counts) => counts.mediums);
    if (mediums < ENOUGH_SPANS) return 1;
    const spans = sum((counts) => counts.arrivals.reduce((all, n) => all + n, 0));
    const [share, follows] = [mediums / spans, sum((counts) => counts.mediumPairs) / mediums];
    return Math.max(1, (1 - share) / Math.max(1 - follows, 1 / mediums));
  }

  /** Large spans one by one, when they are few: each of them counts. */
  #largeInOrder(part: number): FittedSort[] | undefined {
    const all = this.members.flatMap(({ parts }) => parts[part]!.large);
    const born = this.lifetimes.born({
      stretch: this.stretch,
      part,
      cohorts: cohortsOf(LARGE_BUCKET, SIZE_BUCKETS),
    });
    if (all.length < born || all.length > MOST_IN_ORDER) return undefined;
    return all.map(({ npages, age }) => ({
      share: 1,
      pages: [[npages, 1]],
      ages: age > 0 ? [[age, 1]] : [],
    }));
  }

  #sorts(part: number, when: readonly number[], group: number): FittedSort[] {
    const { stretch } = this;
    const [first, last] = BUCKETS_OF_GROUP[group]!;
    const born = Array.from({ length: last - first }, (_, i) =>
      this.lifetimes.born({ stretch, part, cohorts: cohortsOf(first + i, first + i + 1, when) }),
    );
    const all = born.reduce((sum, n) => sum + n, 0);
    return born.flatMap((n, i) => {
      if (n === 0) return [];
      const ages = this.#ages(part, when, first + i, group);
      return [{ share: n / all, pages: this.#sizes[first + i]!, ages }];
    });
  }

  /**
   * Lifetimes of a size. Few spans say little, so others that were born at the same time help out: first those of like
   * size, then those of the whole stretch, and in the end all that there are.
   */
  #ages(part: number, when: readonly number[], bucket: number, group: number): AgeShare[] {
    const { stretch, lifetimes } = this;
    const [first, last] = BUCKETS_OF_GROUP[group]!;
    const births = (p: number, from: number, to: number, w?: readonly number[]) => ({
      stretch,
      part: p,
      cohorts: cohortsOf(from, to, w),
    });
    return lifetimes.fitFirst(
      [
        births(part, bucket, bucket + 1, when),
        births(ANY_PART, bucket, bucket + 1),
        births(part, first, last),
        births(ANY_PART, first, last),
        births(part, 0, SIZE_BUCKETS),
        births(ANY_PART, 0, SIZE_BUCKETS),
      ],
      group === LARGE ? ENOUGH_LARGE : ENOUGH_SPANS,
    );
  }

  #mean(value: (cycle: CycleCounts) => number): number {
    return this.members.reduce((sum, cycle) => sum + value(cycle), 0) / this.members.length;
  }
}

function pairwise(values: readonly number[]): number[] {
  return Array.from({ length: values.length / 2 }, (_, i) => values[2 * i]! + values[2 * i + 1]!);
}

/** For each size bucket, its sizes with their counts when they are few, else quantiles. */
function bucketValues(cycles: readonly CycleCounts[]): (readonly [number, number])[][] {
  const counts = new Map<number, number>();
  for (const { sizes } of cycles) {
    for (const [npages, n] of sizes) counts.set(npages, (counts.get(npages) ?? 0) + n);
  }
  const buckets: [number, number][][] = Array.from({ length: SIZE_BUCKETS }, () => []);
  for (const [npages, n] of [...counts].sort((a, b) => a[0] - b[0]))
    buckets[sizeBucket(npages)]!.push([npages, n]);
  return buckets.map((sizes) => {
    if (sizes.length <= VALUES_PER_BUCKET) return sizes;
    const all = sizes.flatMap(([npages, n]) => Array<number>(n).fill(npages));
    return quantiles(all, VALUES_PER_BUCKET).map((npages) => [npages, 1] as const);
  });
}

/** At most n evenly spaced quantiles of sorted values. */
function quantiles(sorted: readonly number[], n: number): number[] {
  if (sorted.length <= n) return [...sorted];
  return Array.from({ length: n }, (_, i) => sorted[Math.floor(((i + 0.5) / n) * sorted.length)]!);
}

function fitManual(group: number, counts: ManualCounts, [from, to]: Stretch): FittedManual[] {
  if (counts.born === 0) return [];
  const sorted = [...counts.lifetimesNs].sort((a, b) => a - b);
  const perCycle = PARTS.map((part) => {
    let sum = 0;
    for (let c = from; c < to; c++) sum += counts.byCycle[PHASES.length * c + part] ?? 0;
    return sum / (to - from);
  });
  if (perCycle.every((n) => n === 0)) return [];
  return [
    {
      group,
      perCycle,
      sizes: [...counts.sizes]
        .sort((a, b) => a[0] - b[0])
        .map(([npages, n]) => [npages, n / counts.born] as const),
      freedShare: counts.died / counts.born,
      lifetimesNs: quantiles(sorted, LIFETIME_VALUES),
    },
  ];
}
