/**
 * Fits generators to a page-heap trace: a description, much shorter than the trace, of a program that treats its heap alike.
 *
 * What the description says, and why it is enough for heap size, find() and fragmentation:
 *
 *     stretches   runs of GC cycles that resemble each other, at most MAX_STRETCHES: a program has phases
 *       windows   what is asked for in a part of the cycle (mark, sweep, quiet) or in a section of it: how fast (after a
 *                 sweep a program first fills the free slots of swept spans), which sizes, how many collections they live,
 *                 and how many of a sort come in a row, since neighbours in time become neighbours in the heap
 *       manual    stacks and the collector's own spans: rates by part, lifetimes in ns, freed directly
 *
 * Lifetimes of heap spans are in collections, since a span can only go in a sweep; and so collections come when they came.
 */

import { KIND_GROUPS } from "../statistics/live-spans.js";
import { MARK, PHASES, QUIET, SWEEP } from "../statistics/statistics.js";
import { Lifetimes } from "./lifetimes.js";
import { mergeNeighbours, type Run } from "./merge.js";
import type { CycleCounts, FitObserver, ManualCounts } from "./observe.js";
import { SIZE_BUCKETS, sizeBucket } from "./sizes.js";
import { type FittedWindow, WindowFitter } from "./windows.js";

/** Stretches of a fit at most. */
const MAX_STRETCHES = Number(process.env.MS ?? 16);
/** Values that stand for the lifetimes of stacks and the like. */
const LIFETIME_VALUES = 8;
/** Parts of a cycle in the order in which they come. */
const PARTS = [MARK, SWEEP, QUIET] as const;

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

export interface FittedProgram {
  readonly durationNs: number;
  readonly procs: number;
  readonly physPageBytes: number;
  readonly hugePageBytes: number;
  /** Bytes of spans that one P marks in a second. */
  readonly markBytesPerSecond: number;
  /** The largest factor by which heap spans grow from one collection to the next, from at least FLOOR_BYTES. */
  readonly growth: number;
  /** Bytes of heap spans at the first collection. */
  readonly firstStartBytes: number;
  readonly stretches: readonly FittedStretch[];
}

/** The fit. The observer must have seen the whole trace. */
export function fitProgram(observer: FitObserver): FittedProgram {
  const { cycles } = observer;
  const lifetimes = new Lifetimes(cycles);
  const stretches = mergeNeighbours(
    cycles.map(features),
    cycles.map(() => 1),
    { most: MAX_STRETCHES, apart: 1 },
  );
  return {
    durationNs: observer.nowNs,
    procs: observer.procs,
    physPageBytes: observer.physPageBytes,
    hugePageBytes: observer.hugePageBytes,
    markBytesPerSecond: markRate(cycles, observer.procs),
    growth: growth(cycles),
    firstStartBytes: (cycles[1]?.startPages ?? 0) * PAGE_BYTES,
    stretches: stretches
      .map((stretch) => fitStretch(stretch, lifetimes, observer.manual))
      .filter(({ cycleNs }) => cycleNs > 0),
  };
}

const PAGE_BYTES = 8192;
/** Part of the Ps that marks. */
const MARKING_SHARE = 0.25;
/** Heaps below this are taken to be of this size: their goal is the smallest there is. */
export const FLOOR_BYTES = 8 * 1024 * 1024;

/** How fast one P marks, if all that is alive is marked by a quarter of them; 0 when nothing was. */
function markRate(cycles: readonly CycleCounts[], procs: number): number {
  let pages = 0;
  let ns = 0;
  for (const { sweptPages, parts } of cycles.slice(1)) {
    pages += sweptPages;
    ns += parts[MARK]!.durationNs;
  }
  return ns === 0 ? 0 : Math.round((pages * PAGE_BYTES * 1e9) / (ns * procs * MARKING_SHARE));
}

function growth(cycles: readonly CycleCounts[]): number {
  let most = 1;
  for (let c = 1; c + 1 < cycles.length; c++) {
    const before = Math.max(FLOOR_BYTES, cycles[c]!.sweptPages * PAGE_BYTES);
    most = Math.max(most, (cycles[c + 1]!.startPages * PAGE_BYTES) / before);
  }
  return most;
}

/** How many numbers a description has. */
export function countNumbers(value: unknown): number {
  if (typeof value === "number") return 1;
  if (value === null || typeof value !== "object") return 0;
  return Object.values(value).reduce((sum: number, part) => sum + countNumbers(part), 0);
}

/** What makes cycles alike: how many spans in each part and size bucket, and how many die soon or late. */
function features({ sizes, parts }: CycleCounts): Float64Array {
  const bySize = new Float64Array(SIZE_BUCKETS);
  for (const [npages, count] of sizes) bySize[sizeBucket(npages)]! += count;
  const values: number[] = [...bySize];
  for (const { died, born } of parts) {
    const all = born.reduce((sum, n) => sum + n, 0);
    const dead = [0, 0, 0];
    for (const byAge of died) {
      byAge?.forEach((n, age) => {
        dead[Math.min(Math.max(age, 1), 3) - 1]! += n;
      });
    }
    values.push(all, ...dead, all - dead.reduce((sum, n) => sum + n, 0));
  }
  return Float64Array.from(values);
}

function fitStretch(stretch: Run, lifetimes: Lifetimes, manual: readonly ManualCounts[]): FittedStretch {
  const members = lifetimes.cycles.slice(...stretch);
  const sum = (value: (cycle: CycleCounts) => number): number =>
    members.reduce((all, cycle) => all + value(cycle), 0);
  const partNs = PARTS.map((part) =>
    Math.round(sum(({ parts }) => parts[part]!.durationNs) / members.length),
  );
  const fitter = new WindowFitter(stretch, lifetimes);
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
      sum(({ parts }) => parts[SWEEP]!.durationNs) /
      Math.max(
        1,
        sum((cycle) => cycle.spansToSweep),
      ),
    windows,
    manual: manual.flatMap((counts, i) => fitManual(i + 1, counts, stretch)),
  };
}

function fitManual(group: number, counts: ManualCounts, [from, to]: Run): FittedManual[] {
  const perCycle = PARTS.map((part) => {
    let sum = 0;
    for (let c = from; c < to; c++) sum += counts.byPart[PHASES.length * c + part] ?? 0;
    return sum / (to - from);
  });
  if (perCycle.every((n) => n === 0)) return [];
  const sorted = [...counts.lifetimesNs].sort((a, b) => a - b);
  return [
    {
      group,
      perCycle,
      sizes: [...counts.sizes]
        .sort((a, b) => a[0] - b[0])
        .map(([npages, n]) => [npages, n / counts.born] as const),
      freedShare: counts.died / counts.born,
      lifetimesNs: evenly(sorted, LIFETIME_VALUES),
    },
  ];
}

/** At most n evenly spaced quantiles of sorted values. */
function evenly(sorted: readonly number[], n: number): number[] {
  if (sorted.length <= n) return [...sorted];
  return Array.from({ length: n }, (_, i) => sorted[Math.floor(((i + 0.5) / n) * sorted.length)]!);
}
void KIND_GROUPS;
