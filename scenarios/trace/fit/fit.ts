/**
 * Fits generators to a page-heap trace: a description, of a few hundred numbers, of a program that treats its heap alike.
 *
 * What the description says, and why it is enough for heap size, find() and fragmentation:
 *
 *     stretches   runs of GC cycles that resemble each other, at most MAX_STRETCHES: a program has phases
 *       parts     quiet, mark, sweep: how long, how fast spans are asked for in each quarter (after a sweep a program first
 *                 fills the free slots of swept spans), and how many cycles they live
 *       sizes     how many spans of which size bucket
 *     sizes       which sizes are in each bucket
 *     patches     neighbours in the order of allocation die together more often than chance has it
 *     sweepFrees  where in a sweep spans are freed
 *     manual      stacks and the collector's own spans: rates by stretch, lifetimes in ns, freed directly
 *
 * Lifetimes of heap spans are in GC cycles, since a span can only go in a sweep. Spans still live at the end of the trace
 * are censored: their cohorts count as at risk for the ages that were seen (the product-limit estimate).
 */

import { KIND_GROUPS } from "../statistics/live-spans.js";
import { MARK, PHASES, SWEEP } from "../statistics/statistics.js";
import {
  AGES,
  type CycleCounts,
  type FitObserver,
  type ManualCounts,
  PIECES,
  SIZE_BUCKETS,
  SIZE_GROUPS,
  sizeBucket,
} from "./observe.js";

/** Stretches of a fit at most. */
const MAX_STRETCHES = 12;
/** A distribution of lifetimes wants at least so many spans, or a wider one stands in for it. */
const ENOUGH_SPANS = 20;
/** Values that stand for the sizes of a bucket. */
const VALUES_PER_BUCKET = 6;
/** Values that stand for the lifetimes of stacks and the like. */
const LIFETIME_VALUES = 8;

/** A lifetime in cycles and the share of spans that have it. What is left of 1 outlives the run. */
export type AgeShare = readonly [age: number, share: number];

export interface FittedPart {
  readonly durationNs: number;
  /** Heap spans asked for in each quarter of it, mean of the stretch's cycles. */
  readonly arrivals: readonly number[];
  /** Lifetimes by size group. */
  readonly lifetimes: readonly (readonly AgeShare[])[];
}

export interface FittedStretch {
  readonly cycles: number;
  /** By PHASES. */
  readonly parts: readonly FittedPart[];
  /** Share of spans in each size bucket. */
  readonly sizes: readonly number[];
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
  readonly patches: { readonly share: number; readonly spans: number };
  /** Share of the frees of a sweep in each piece of it. */
  readonly sweepFrees: readonly number[];
  readonly manual: readonly FittedManual[];
}

/** The fit. The observer must have seen the whole trace. */
export function fitProgram(observer: FitObserver): FittedProgram {
  const groups = stretchesOf(observer.cycles);
  const lifetimes = new Lifetimes(observer.cycles);
  const whole = [0, observer.cycles.length] as const;
  const asked = [...observer.byProc.values()].reduce((sum, n) => sum + n, 0);
  return {
    durationNs: observer.nowNs,
    procs: observer.procs,
    procSwitch: asked < 2 ? 0 : round(1 - observer.sameProc / (asked - 1)),
    stretches: groups.map(([from, to]) => fitStretch(observer.cycles, from, to, lifetimes, whole)),
    sizes: bucketValues(observer.sizes),
    patches: fitPatches(observer),
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
  whole: readonly [number, number],
): FittedStretch {
  const n = to - from;
  const members = cycles.slice(from, to);
  const sum = (value: (cycle: CycleCounts) => number): number => members.reduce((s, c) => s + value(c), 0);
  const parts = PHASES.map((_, part): FittedPart => {
    const arrivals = Array.from({ length: PIECES }, (_, i) => round(sum((c) => c.parts[part]!.arrivals[i]!) / n));
    const asked = arrivals.some((mean) => mean > 0);
    return {
      durationNs: Math.round(sum((c) => c.parts[part]!.durationNs) / n),
      arrivals: asked ? arrivals : [],
      lifetimes: !asked
        ? []
        : Array.from({ length: SIZE_GROUPS }, (_, group) => {
            for (const [a, b, p] of [
              [from, to, part],
              [from, to, -1],
              [...whole, part],
            ] as const) {
              if (lifetimes.born(a, b, p, group) >= ENOUGH_SPANS) return lifetimes.fit(a, b, p, group);
            }
            return lifetimes.fit(...whole, -1, group);
          }),
    };
  });
  const sizes = new Float64Array(SIZE_BUCKETS).map((_, i) => sum((c) => c.sizes[i]!));
  return { cycles: n, parts, sizes: shares(sizes) };
}

/** Product-limit estimates of lifetimes. */
class Lifetimes {
  /** Cycles up to this one were swept. */
  readonly #lastSwept: number;

  constructor(readonly cycles: readonly CycleCounts[]) {
    const last = cycles.length - 1;
    this.#lastSwept = cycles[last]!.parts[SWEEP]!.durationNs > 0 ? last : last - 1;
  }

  /** Spans born in cycles [from, to), in a part of them or in all (-1), of a size group. */
  born(from: number, to: number, part: number, group: number): number {
    let born = 0;
    for (let c = from; c < to; c++) {
      this.cycles[c]!.parts.forEach((counts, p) => {
        if (part < 0 || p === part) born += counts.born[group]!;
      });
    }
    return born;
  }

  /** The shares that die at each age. */
  fit(from: number, to: number, part: number, group: number): AgeShare[] {
    const atRisk = new Float64Array(AGES);
    const died = new Float64Array(AGES);
    for (let c = from; c < to; c++) {
      this.cycles[c]!.parts.forEach((counts, p) => {
        if (part >= 0 && p !== part) return;
        let alive = counts.born[group]!;
        for (let age = 0; age < AGES && c + age <= this.#lastSwept; age++) {
          atRisk[age]! += alive;
          died[age]! += counts.died[group]![age]!;
          alive -= counts.died[group]![age]!;
        }
      });
    }
    const result: AgeShare[] = [];
    let survival = 1;
    for (let age = 0; age < AGES; age++) {
      if (died[age]! === 0) continue;
      const hazard = died[age]! / atRisk[age]!;
      const share = round(survival * hazard);
      if (share > 0) result.push([age, share]);
      survival *= 1 - hazard;
    }
    return result;
  }
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
    for (const byAge of died) byAge.forEach((n, age) => void (dead[Math.min(age, 3) - 1]! += n));
    values.push(...dead, born.reduce((sum, n) => sum + n, 0) - dead.reduce((sum, n) => sum + n, 0));
  }
  return Float64Array.from(values, (value) => value || 0);
}

function mergeLoss(a: Float64Array, na: number, b: Float64Array, nb: number): number {
  const cost = (sum: number, n: number): number => (sum > 0 ? sum * Math.log(sum / n) : 0);
  let loss = 0;
  for (let i = 0; i < a.length; i++) loss += cost(a[i]!, na) + cost(b[i]!, nb) - cost(a[i]! + b[i]!, na + nb);
  return loss;
}

/** From how often neighbours share their fate, beyond chance: how many spans take the fate of their patch, and how long patches are. */
function fitPatches(observer: FitObserver): FittedProgram["patches"] {
  const chance = shareByChance(observer.cycles);
  const [near, far] = observer.pairs.map(({ pairs, same }) =>
    pairs === 0 ? 0 : Math.max(0, (same / pairs - chance) / Math.max(1e-9, 1 - chance)),
  ) as [number, number];
  if (near < 0.01) return { share: 0, spans: 1 };
  const lag = observer.pairs[1]!.lag - observer.pairs[0]!.lag;
  const decay = (Math.min(far, 0.97 * near) / near) ** (1 / lag);
  return { share: round(Math.sqrt(near)), spans: Math.round(1 / Math.max(1e-3, 1 - decay)) };
}

/** The probability that two spans born in one part of a cycle share their fate when fates are dealt at random. */
function shareByChance(cycles: readonly CycleCounts[]): number {
  let same = 0;
  let all = 0;
  for (const { parts } of cycles) {
    for (const { born, died } of parts) {
      const n = born.reduce((sum, x) => sum + x, 0);
      if (n === 0) continue;
      let left = n;
      for (let age = 0; age < AGES; age++) {
        const dead = died.reduce((sum, byAge) => sum + byAge[age]!, 0);
        same += dead ** 2 / n;
        left -= dead;
      }
      same += left ** 2 / n;
      all += n;
    }
  }
  return all === 0 ? 0 : same / all;
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
      sizes: [...counts.sizes].sort((a, b) => a[0] - b[0]).map(([npages, n]) => [npages, round(n / counts.born)] as const),
      freedShare: round(counts.died / counts.born),
      lifetimesNs: quantiles(sorted, LIFETIME_VALUES),
    },
  ];
}

function shares(counts: Float64Array): number[] {
  const sum = counts.reduce((s, n) => s + n, 0);
  return Array.from(counts, (n) => (sum === 0 ? 0 : round(n / sum)));
}

/** Four significant digits: more would be pretence. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** The part in which workers of the collector come and go. */
export const COLLECTOR_PART = MARK;
