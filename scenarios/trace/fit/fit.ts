/**
 * Fits generators to a page-heap trace: a description, of a few hundred numbers, of a program that treats its heap alike.
 *
 * What the description says, and why it is enough for heap size, find() and fragmentation:
 *
 *     stretches   runs of GC cycles that resemble each other, at most MAX_STRETCHES: a program has phases
 *       parts     quiet, mark, sweep: how long, how fast spans are asked for in each quarter (after a sweep a program first
 *                 fills the free slots of swept spans), and how many cycles they live; late births live
 *                 longer, since a span in use when marking begins cannot go in that cycle
 *       sizes     how many spans of which size bucket
 *     sizes       which sizes are in each bucket
 *     sweepFrees  where in a sweep spans are freed
 *     manual      stacks and the collector's own spans: rates by stretch, lifetimes in ns, freed directly
 *
 * Lifetimes of heap spans are in GC cycles, since a span can only go in a sweep. Spans still live at the end of the trace
 * are censored: their cohorts count as at risk for the ages that were seen (the product-limit estimate).
 */

import { KIND_GROUPS } from "../statistics/live-spans.js";
import { PHASES, SWEEP } from "../statistics/statistics.js";
import {
  AGES,
  COHORTS,
  type CycleCounts,
  EARLY,
  type FitObserver,
  LATE,
  type ManualCounts,
  PIECES,
  SIZE_BUCKETS,
  SIZE_GROUPS,
  sizeBucket,
} from "./observe.js";

/** Stretches of a fit at most. */
const MAX_STRETCHES = 10;
/** A distribution of lifetimes wants at least so many spans, or a wider one stands in for it. */
const ENOUGH_SPANS = 20;
/** Of large ones there are never many, and each counts for many pages. */
const ENOUGH_LARGE = 4;
/** Smallest share of a lifetime that is told apart. */
const LEAST_SHARE = 0.03;
/** Likelihood ratio above which two cohorts are told apart: p = 0.001 for three degrees of freedom. */
const DIFFERENT = 16.3;
/** Parts with fewer arrivals have no course of their rate. */
const FEW_ARRIVALS = 10;
const ANY_PART = -1;
/** Group of sizes: single pages. */
const SMALL = 0;
const ALL_COHORTS = Array.from({ length: COHORTS }, (_, cohort) => cohort);
/** Values that stand for the sizes of a bucket. */
const VALUES_PER_BUCKET = 6;
/** Values that stand for the lifetimes of stacks and the like. */
const LIFETIME_VALUES = 8;

/** A lifetime in cycles and the share of spans that have it. What is left of 1 outlives the run. */
export type AgeShare = readonly [age: number, share: number];

export interface FittedPart {
  readonly durationNs: number;
  /** Heap spans asked for in each of its equal pieces (four, or one when they are few), mean of the stretch's cycles. */
  readonly arrivals: readonly number[];
  /** Lifetimes of single pages born in it before its last eighth. */
  readonly early: readonly AgeShare[];
  /** Lifetimes of single pages born in its last eighth, when they differ. */
  readonly late?: readonly AgeShare[];
}

export interface FittedStretch {
  readonly cycles: number;
  /** By PHASES. */
  readonly parts: readonly FittedPart[];
  /** Share of spans in each size bucket. */
  readonly sizes: readonly number[];
  /** Lifetimes of spans of 2 to 15 pages, and of larger ones. */
  readonly medium: readonly AgeShare[];
  readonly large: readonly AgeShare[];
}

export interface FittedManual {
  /** Index in KIND_GROUPS. */
  readonly group: number;
  /** Spans asked for in a cycle, by stretch. */
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
  /** Probability that a span is asked for by another P than the one before. */
  readonly procSwitch: number;
  readonly stretches: readonly FittedStretch[];
  /** Sizes of each bucket, in pages, as evenly spaced quantiles. */
  readonly sizes: readonly (readonly number[])[];
  /** Share of the frees of a sweep in each piece of it. */
  readonly sweepFrees: readonly number[];
  readonly manual: readonly FittedManual[];
}

/** The fit. The observer must have seen the whole trace. */
export function fitProgram(observer: FitObserver): FittedProgram {
  const groups = stretchesOf(observer.cycles);
  const lifetimes = new Lifetimes(observer.cycles);
  const asked = [...observer.byProc.values()].reduce((sum, n) => sum + n, 0);
  return {
    durationNs: observer.nowNs,
    procs: observer.procs,
    procSwitch: asked < 2 ? 0 : round(1 - observer.sameProc / (asked - 1)),
    stretches: groups.map(([from, to]) => fitStretch(observer.cycles, from, to, lifetimes)),
    sizes: bucketValues(observer.sizes),
    sweepFrees: shares(observer.sweepFrees),
    manual: KIND_GROUPS.slice(1).flatMap((_, i) => fitManual(i + 1, observer.manual[i]!, groups)),
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
  from: number,
  to: number,
  lifetimes: Lifetimes,
): FittedStretch {
  const n = to - from;
  const members = cycles.slice(from, to);
  const sum = (value: (cycle: CycleCounts) => number): number => members.reduce((s, c) => s + value(c), 0);
  const parts = PHASES.map((_, part): FittedPart => {
    const fine = Array.from({ length: PIECES }, (_, i) => sum((c) => c.parts[part]!.arrivals[i]!) / n);
    const asked = fine.reduce((total, mean) => total + mean, 0);
    const early = asked === 0 ? [] : lifetimes.fitOrWider(from, to, SMALL, part, EARLY);
    const enough =
      lifetimes.born(from, to, part, [cohort(LATE, SMALL)]) >= ENOUGH_SPANS &&
      lifetimes.differ(from, to, part, cohort(EARLY, SMALL), cohort(LATE, SMALL));
    return {
      durationNs: Math.round(sum((c) => c.parts[part]!.durationNs) / n),
      arrivals: asked < FEW_ARRIVALS ? [round(asked)] : pairwise(fine).map(round),
      early,
      ...(enough ? { late: lifetimes.fit(from, to, part, [cohort(LATE, SMALL)]) } : {}),
    };
  });
  const sizes = new Float64Array(SIZE_BUCKETS).map((_, i) => sum((c) => c.sizes[i]!));
  const [medium, large] = [1, 2].map((size) => lifetimes.fitOrWider(from, to, size, ANY_PART, EARLY));
  return { cycles: n, parts, sizes: trimmed(shares(sizes)), medium: medium!, large: large! };
}

/** Without the zeros at the end. */
function trimmed(values: readonly number[]): number[] {
  let length = values.length;
  while (length > 0 && values[length - 1] === 0) length--;
  return values.slice(0, length);
}

function pairwise(values: readonly number[]): number[] {
  return Array.from({ length: values.length / 2 }, (_, i) => values[2 * i]! + values[2 * i + 1]!);
}

/** Product-limit estimates of lifetimes. */
class Lifetimes {
  /** Cycles up to this one were swept. */
  readonly #lastSwept: number;

  constructor(readonly cycles: readonly CycleCounts[]) {
    const last = cycles.length - 1;
    this.#lastSwept = cycles[last]!.parts[SWEEP]!.durationNs > 0 ? last : last - 1;
  }

  /** Spans born in cycles [from, to), in a part of them or in all (-1), of a cohort. */
  born(from: number, to: number, part: number, cohorts: readonly number[]): number {
    let born = 0;
    for (let c = from; c < to; c++) {
      this.cycles[c]!.parts.forEach((counts, p) => {
        if (part >= 0 && p !== part) return;
        for (const cohort of cohorts) born += counts.born[cohort]!;
      });
    }
    return born;
  }

  /** Whether the fates of two cohorts differ by more than chance would have it (a likelihood ratio test). */
  differ(from: number, to: number, part: number, a: number, b: number): boolean {
    const [first, second] = [this.#fates(from, to, part, a), this.#fates(from, to, part, b)];
    const n = first.reduce((sum, x) => sum + x, 0);
    const m = second.reduce((sum, x) => sum + x, 0);
    let ratio = 0;
    first.forEach((x, i) => {
      const both = x + second[i]!;
      if (x > 0) ratio += 2 * x * Math.log((x * (n + m)) / (both * n));
      if (second[i]! > 0) ratio += 2 * second[i]! * Math.log((second[i]! * (n + m)) / (both * m));
    });
    return ratio > DIFFERENT;
  }

  /** Spans of a cohort that die at ages 1, 2, later, and never. */
  #fates(from: number, to: number, part: number, cohort: number): number[] {
    const fates = [0, 0, 0, 0];
    for (let c = from; c < to; c++) {
      const { born, died } = this.cycles[c]!.parts[part]!;
      let left = born[cohort]!;
      died[cohort]!.forEach((n, age) => {
        fates[Math.min(Math.max(age, 1), 3) - 1]! += n;
        left -= n;
      });
      fates[3]! += left;
    }
    return fates;
  }

  /**
   * Lifetimes of a size in a part of the cycles [from, to). Few spans say little, so others that were born at the same time
   * help out: those of the next smaller size, then all of the stretch, and in the end all that there are.
   */
  fitOrWider(from: number, to: number, size: number, part: number, when: number): AgeShare[] {
    const both = [cohort(EARLY, size), cohort(LATE, size)];
    const smaller = [...both, cohort(EARLY, Math.max(0, size - 1)), cohort(LATE, Math.max(0, size - 1))];
    const choices = [
      [part, size === SMALL ? [cohort(when, size)] : both],
      [part, both],
      [part, smaller],
      [ANY_PART, ALL_COHORTS],
    ] as const;
    for (const [p, cohorts] of choices) {
      const enough = size === SMALL ? ENOUGH_SPANS : ENOUGH_LARGE;
      if (this.born(from, to, p, cohorts) >= enough) return this.fit(from, to, p, cohorts);
    }
    return this.fit(0, this.cycles.length, ANY_PART, ALL_COHORTS);
  }

  /** The shares that die at each age. */
  fit(from: number, to: number, part: number, cohorts: readonly number[]): AgeShare[] {
    const atRisk = new Float64Array(AGES);
    const died = new Float64Array(AGES);
    for (let c = from; c < to; c++) {
      this.cycles[c]!.parts.forEach((counts, p) => {
        if (part >= 0 && p !== part) return;
        for (const cohort of cohorts) {
          let alive = counts.born[cohort]!;
          for (let age = 0; age < AGES && c + age <= this.#lastSwept; age++) {
            atRisk[age]! += alive;
            died[age]! += counts.died[cohort]![age]!;
            alive -= counts.died[cohort]![age]!;
          }
        }
      });
    }
    const dying: AgeShare[] = [];
    let survival = 1;
    for (let age = 0; age < AGES; age++) {
      if (died[age]! === 0) continue;
      const hazard = died[age]! / atRisk[age]!;
      dying.push([age, survival * hazard]);
      survival *= 1 - hazard;
    }
    return coarse(dying);
  }
}

/** Puts ages with few deaths together, at their mean: a share below LEAST_SHARE is not worth two numbers. */
function coarse(dying: readonly AgeShare[]): AgeShare[] {
  const result: AgeShare[] = [];
  let share = 0;
  let ages = 0;
  dying.forEach(([age, died], i) => {
    share += died;
    ages += died * age;
    if (share < LEAST_SHARE && i < dying.length - 1) return;
    if (share >= LEAST_SHARE / 4) result.push([Math.round(ages / share), round(share)]);
    share = 0;
    ages = 0;
  });
  return result;
}

/**
 * Cuts the cycles into stretches, [from, to) each: every cycle is one at first, and those two neighbours become one that
 * lose least likelihood by it, counts being taken for Poisson with a common mean in a stretch. What comes before the first
 * cycle stays by itself.
 */
function stretchesOf(cycles: readonly CycleCounts[]): (readonly [number, number])[] {
  interface Group {
    from: number;
    to: number;
    readonly counts: Float64Array;
  }
  const groups: Group[] = cycles.map((cycle, c) => ({ from: c, to: c + 1, counts: features(cycle) }));
  while (groups.length > MAX_STRETCHES) {
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
function features(cycle: CycleCounts): Float64Array {
  const values: number[] = [...cycle.sizes];
  for (const { arrivals, died, born } of cycle.parts) {
    values.push(arrivals.reduce((sum, n) => sum + n, 0));
    const dead = [0, 0, 0];
    for (const byAge of died) {
      byAge.forEach((n, age) => {
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

/** For each size bucket, values that stand for its sizes: all of them when they are few, else quantiles. */
function bucketValues(sizes: ReadonlyMap<number, number>): number[][] {
  const buckets: number[][] = Array.from({ length: SIZE_BUCKETS }, () => []);
  for (const [npages, count] of [...sizes].sort((a, b) => a[0] - b[0])) {
    for (let i = 0; i < count; i++) buckets[sizeBucket(npages)]!.push(npages);
  }
  return buckets.map((values) => {
    if (values.length > 0 && values[0] === values.at(-1)) return [values[0]!];
    return quantiles(values, VALUES_PER_BUCKET);
  });
}

/** At most n evenly spaced quantiles of sorted values. */
function quantiles(sorted: readonly number[], n: number): number[] {
  if (sorted.length <= n) return [...sorted];
  return Array.from({ length: n }, (_, i) => sorted[Math.floor(((i + 0.5) / n) * sorted.length)]!);
}

function fitManual(
  group: number,
  counts: ManualCounts,
  groups: readonly (readonly [number, number])[],
): FittedManual[] {
  if (counts.born === 0) return [];
  const sorted = [...counts.lifetimesNs].sort((a, b) => a - b);
  return [
    {
      group,
      perCycle: groups.map(([from, to]) => {
        let sum = 0;
        for (let c = from; c < to; c++) sum += counts.byCycle[c] ?? 0;
        return round(sum / (to - from));
      }),
      sizes: [...counts.sizes]
        .sort((a, b) => a[0] - b[0])
        .map(([npages, n]) => [npages, round(n / counts.born)] as const),
      freedShare: round(counts.died / counts.born),
      lifetimesNs: quantiles(sorted, LIFETIME_VALUES),
    },
  ];
}

function cohort(when: number, size: number): number {
  return SIZE_GROUPS * when + size;
}

function shares(counts: Float64Array): number[] {
  const sum = counts.reduce((s, n) => s + n, 0);
  return Array.from(counts, (n) => (sum === 0 ? 0 : round(n / sum)));
}

/** Four significant digits: more would be pretence. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
