/**
 * Fits generators to a page-heap trace: a description, much shorter than the trace, of a program that treats its heap alike.
 *
 * What the description says, and why it is enough for heap size, find() and fragmentation:
 *
 *     stretches   runs of GC cycles that resemble each other, as many as wanted: a program has phases
 *       windows   what is asked for in a part of the cycle (mark, sweep, quiet) or in a section of it: how fast (after a
 *                 sweep a program first fills the free slots of swept spans), which sizes, how many collections they live,
 *                 and how many of a sort come in a row, since neighbours in time become neighbours in the heap
 *       manual    stacks and the collector's own spans: rates by part, lifetimes in ns, freed directly
 *
 * Lifetimes of heap spans are in collections, since a span can only go in a sweep; and so collections come when they came.
 */

import { MARK, QUIET, SWEEP } from "../statistics/statistics.js";
import { Lifetimes } from "./lifetimes.js";
import { type FittedManual, fitManual } from "./manual.js";
import { mergeNeighbours, type Run } from "./merge.js";
import type { CycleCounts, FitObserver } from "./observe.js";
import { SIZE_BUCKETS, sizeBucket } from "./sizes.js";
import { type FittedWindow, WindowFitter } from "./windows.js";

/** Parts of a cycle in the order in which they come. */
const PARTS = [MARK, SWEEP, QUIET] as const;

export interface FittedStretch {
  readonly cycles: number;
  /** Of a cycle, and of its parts in the order in which they come: mark, sweep, quiet. */
  readonly cycleNs: number;
  readonly partNs: readonly number[];
  readonly windows: readonly FittedWindow[];
  readonly manual: readonly FittedManual[];
}

export interface FittedProgram {
  readonly durationNs: number;
  readonly procs: number;
  readonly physPageBytes: number;
  readonly hugePageBytes: number;
  /** The largest factor by which heap spans grow from one collection to the next, from at least FLOOR_BYTES. */
  readonly growth: number;
  /** Bytes of heap spans at the first collection. */
  readonly firstStartBytes: number;
  readonly stretches: readonly FittedStretch[];
}

/**
 * The fit.
 * @param observer has seen the whole trace
 * @param stretches that the trace is cut into, at most
 */
export function fitProgram(observer: FitObserver, stretches: number): FittedProgram {
  const { cycles } = observer;
  const lifetimes = new Lifetimes(cycles);
  const runs = mergeNeighbours(
    cycles.map(features),
    cycles.map(() => 1),
    { most: stretches, apart: 1 },
  );
  return {
    durationNs: observer.nowNs,
    procs: observer.procs,
    physPageBytes: observer.physPageBytes,
    hugePageBytes: observer.hugePageBytes,
    growth: growth(cycles),
    firstStartBytes: (cycles[1]?.startPages ?? 0) * PAGE_BYTES,
    stretches: runs.map((stretch) => fitStretch(stretch, lifetimes)).filter(({ cycleNs }) => cycleNs > 0),
  };
}

const PAGE_BYTES = 8192;
/** Heaps below this are taken to be of this size: their goal is the smallest there is. */
export const FLOOR_BYTES = 8 * 1024 * 1024;

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

function fitStretch(stretch: Run, lifetimes: Lifetimes): FittedStretch {
  const members = lifetimes.cycles.slice(...stretch);
  const sum = (value: (cycle: CycleCounts) => number): number =>
    members.reduce((all, cycle) => all + value(cycle), 0);
  const partNs = PARTS.map((part) =>
    Math.round(sum(({ parts }) => parts[part]!.durationNs) / members.length),
  );
  const fitter = new WindowFitter(stretch, lifetimes);
  const windows: FittedWindow[] = [];
  const manual: FittedManual[] = [];
  let startNs = 0;
  PARTS.forEach((part, i) => {
    windows.push(...fitter.windows(part, startNs, partNs[i]!));
    manual.push(...fitManual(members, part, startNs, partNs[i]!));
    startNs += partNs[i]!;
  });
  return {
    cycles: members.length,
    cycleNs: startNs,
    partNs,
    windows,
    manual,
  };
}
