/**
 * What a fit needs to know of a trace, by GC cycle: when heap spans of which size are asked for, how many cycles they
 * live, and where in a sweep they are freed.
 *
 * Cycle c lasts from one `gcstart` to the next; cycle 0 is what the program does before its first. A span that is asked
 * for in cycle c and freed in cycle c + a has age a. Each cycle keeps a table of fixed size, so memory is bounded by the
 * live spans and the number of cycles.
 */

import { Op, type TraceRow } from "../heap-trace.js";
import { kindGroup, type LiveSpan, LiveSpans } from "../statistics/live-spans.js";
import { MARK, PHASES, QUIET, SWEEP } from "../statistics/statistics.js";
import { Windows } from "../statistics/windows.js";

/** Buckets of span sizes: 1, 2, 3, then a power of two each. The last holds all larger ones: from 64 MiB on. */
export const SIZE_BUCKETS = 15;
/** Pieces that a part of a cycle is cut into for the course of its rate. */
export const PIECES = 8;
/**
 * Lifetimes are told apart for spans born early in a part and late, in its last piece: a span that a thread still takes
 * objects from when marking begins cannot be freed in that cycle.
 */
export const EARLY = 0;
export const LATE = 1;
/** Pieces that a sweep is cut into for the course of its frees. */
export const SWEEP_PIECES = 8;
/** Ages that are told apart, in cycles; the last holds all older ones. */
export const AGES = 24;
/** The bucket of a size in pages. */
export function sizeBucket(npages: number): number {
  if (npages < 4) return npages - 1;
  let bucket = 3;
  for (let limit = 8; npages >= limit && bucket < SIZE_BUCKETS - 1; limit *= 2) bucket++;
  return bucket;
}

/** Groups of sizes: single pages, what else the page cache serves, and large ones. */
export const SMALL = 0;
export const MEDIUM = 1;
export const LARGE = 2;
export const SIZE_GROUPS = 3;

/** The group of a size in pages. */
export function sizeGroup(npages: number): number {
  if (npages < 2) return SMALL;
  return npages < 16 ? MEDIUM : LARGE;
}

/** Large spans of a part that are remembered one by one. */
export const MAX_LARGE = 64;

/** A large span. */
export interface LargeSpan {
  readonly npages: number;
  /** The age at which it died, 0 while it lives. */
  age: number;
}

/** One part of a cycle: quiet, mark or sweep. */
export class PartCounts {
  startNs = 0;
  durationNs = 0;
  /** Width of the windows that its arrivals were counted in. */
  windowNs = 1;
  /** Heap spans asked for in each piece of it, by size group: SIZE_GROUPS rows of PIECES. */
  readonly arrivals = new Float64Array(SIZE_GROUPS * PIECES);
  /** Of medium spans: how many there were, and how many came directly after another. */
  mediums = 0;
  mediumPairs = 0;
  /** The first MAX_LARGE large spans, in the order in which they were asked for. */
  readonly large: LargeSpan[] = [];
  /** By cohort: spans born, and how many of them died at each age; nothing where none did. */
  readonly born = new Float64Array(COHORTS);
  readonly died: (Float64Array | undefined)[] = [];

  /** The cohort of a span of a size born at a time of this part, whose end must have come. */
  cohort(bornNs: number, npages: number): number {
    const window = Math.floor((bornNs - this.startNs) / this.windowNs);
    const late = pieceOf(window, this.windowNs, this.durationNs, PIECES) === PIECES - 1 ? LATE : EARLY;
    return cohortOf(late, sizeBucket(npages));
  }

  /** A span of a cohort died. */
  bury(cohort: number, age: number): void {
    const died = this.died[cohort] ?? new Float64Array(AGES);
    died[age]!++;
    this.died[cohort] = died;
  }
}

const GROUP_OF_BUCKET = Array.from({ length: SIZE_BUCKETS }, (_, bucket) => sizeGroup(leastSize(bucket)));

/** The smallest size of a bucket, pages. */
function leastSize(bucket: number): number {
  return bucket < 3 ? bucket + 1 : 2 ** (bucket - 1);
}

/** Cohorts of a part: early and late, of all size buckets each. */
export const COHORTS = 2 * SIZE_BUCKETS;

/** The cohort of spans by when they are born, EARLY or LATE, and their size bucket. */
export function cohortOf(when: number, bucket: number): number {
  return SIZE_BUCKETS * when + bucket;
}

/** Which of n pieces of a duration the middle of a window falls into. */
function pieceOf(window: number, widthNs: number, durationNs: number, n: number): number {
  const middle = Math.min((window + 0.5) * widthNs, durationNs);
  return Math.min(n - 1, Math.floor((middle / Math.max(1, durationNs)) * n));
}

/** One cycle. */
export class CycleCounts {
  readonly parts = [new PartCounts(), new PartCounts(), new PartCounts()];
  /** Heap spans by exact size in pages. */
  readonly sizes = new Map<number, number>();
  /** Heap spans in use when its marking ends, which are to be swept; and pages of heap spans at its start. */
  spansToSweep = 0;
  startPages = 0;
}

/** Spans that are managed by hand: stacks and the collector's own. */
export class ManualCounts {
  /** Spans asked for in each part of each cycle: PHASES.length numbers a cycle. */
  readonly byCycle: number[] = [];
  readonly sizes = new Map<number, number>();
  /** Lifetimes in ns of those that died, in the order of their deaths, at most a few thousand of them. */
  readonly lifetimesNs: number[] = [];
  died = 0;
  born = 0;
}

const MAX_LIFETIMES = 4096;

interface FitSpan extends LiveSpan {
  readonly part: number;
  readonly large: LargeSpan | undefined;
}

export class FitObserver {
  readonly cycles: CycleCounts[] = [new CycleCounts()];
  /** Stacks, bits, work buffers: by kind group 1, 2, 3. */
  readonly manual = [new ManualCounts(), new ManualCounts(), new ManualCounts()];
  /** Where in sweeps heap spans are freed, by piece. */
  readonly sweepFrees = new Float64Array(SWEEP_PIECES);
  /** Heap spans freed in a sweep, and elsewhere. */
  freedInSweep = 0;
  freedElsewhere = 0;
  /** Spans asked for by P, those without one left out. */
  readonly byProc = new Map<number, number>();
  /** Spans on the same P as the one before. */
  sameProc = 0;
  procs = 1;
  nowNs = 0;
  /** Heap spans now, and their pages. */
  #spans = 0;
  #pages = 0;
  readonly #live: LiveSpans<FitSpan>;
  readonly #arrivals = new Windows(SIZE_BUCKETS, 256);
  readonly #frees = new Windows(1, 256);
  #part: number = QUIET;
  #lastProc = -1;
  #lastGroup = -1;

  constructor(readonly path: string) {
    this.#live = new LiveSpans(path);
  }

  add(row: TraceRow): void {
    if (row.t > this.nowNs) this.nowNs = row.t;
    switch (row.op) {
      case Op.span:
        return this.#span(row);
      case Op.spanfree:
        return this.#spanFree(row);
      case Op.procs:
        this.procs = Math.max(this.procs, row.b);
        return;
      case Op.gcstart:
        return this.#enter(MARK);
      case Op.gcmarkdone:
        return this.#enter(SWEEP);
      case Op.sweepdone:
        if (this.#part === SWEEP) this.#enter(QUIET);
    }
  }

  finish(): void {
    this.#enter(QUIET);
  }

  #enter(part: number): void {
    const counts = this.cycles.at(-1)!.parts[this.#part]!;
    counts.durationNs = this.nowNs - counts.startNs;
    counts.windowNs = this.#arrivals.widthNs;
    for (let w = 0; w < this.#arrivals.count; w++) {
      const piece = pieceOf(w, counts.windowNs, counts.durationNs, PIECES);
      for (let bucket = 0; bucket < SIZE_BUCKETS; bucket++) {
        const born = this.#arrivals.sum(w, bucket);
        counts.arrivals[PIECES * GROUP_OF_BUCKET[bucket]! + piece]! += born;
        counts.born[cohortOf(piece === PIECES - 1 ? LATE : EARLY, bucket)]! += born;
      }
    }
    this.#arrivals.clear();
    for (let w = 0; w < this.#frees.count; w++) {
      const piece = pieceOf(w, this.#frees.widthNs, counts.durationNs, SWEEP_PIECES);
      this.sweepFrees[piece]! += this.#frees.sum(w, 0);
    }
    this.#frees.clear();
    if (part === MARK) this.cycles.push(new CycleCounts());
    if (part === MARK) this.cycles.at(-1)!.startPages = this.#pages;
    if (part === SWEEP) this.cycles.at(-1)!.spansToSweep = this.#spans;
    this.#part = part;
    this.cycles.at(-1)!.parts[part]!.startNs = this.nowNs;
  }

  #span(row: TraceRow): void {
    const cycle = this.cycles.length - 1;
    const group = kindGroup(row.c);
    const span: FitSpan = {
      kind: row.c,
      npages: row.b,
      bornNs: this.nowNs,
      bornCycle: cycle,
      part: this.#part,
      large: group === 0 ? this.#born(row.b) : undefined,
    };
    this.#live.add(row, span);
    if (row.p >= 0) {
      this.byProc.set(row.p, (this.byProc.get(row.p) ?? 0) + 1);
      if (row.p === this.#lastProc) this.sameProc++;
      this.#lastProc = row.p;
    }
    if (group > 0) {
      const manual = this.manual[group - 1]!;
      const i = PHASES.length * cycle + this.#part;
      manual.byCycle[i] = (manual.byCycle[i] ?? 0) + 1;
      manual.born++;
      manual.sizes.set(row.b, (manual.sizes.get(row.b) ?? 0) + 1);
      return;
    }
  }

  /** A heap span is asked for; @returns the record of a large one. */
  #born(npages: number): LargeSpan | undefined {
    this.#spans++;
    this.#pages += npages;
    const counts = this.cycles.at(-1)!;
    counts.sizes.set(npages, (counts.sizes.get(npages) ?? 0) + 1);
    const part = counts.parts[this.#part]!;
    this.#arrivals.add(this.#arrivals.at(this.nowNs - part.startNs), sizeBucket(npages), 1);
    const group = sizeGroup(npages);
    if (group === MEDIUM) {
      part.mediums++;
      if (this.#lastGroup === MEDIUM) part.mediumPairs++;
    }
    this.#lastGroup = group;
    if (group !== LARGE || part.large.length === MAX_LARGE) return undefined;
    const large = { npages, age: 0 };
    part.large.push(large);
    return large;
  }

  #spanFree(row: TraceRow): void {
    const span = this.#live.remove(row);
    const group = kindGroup(row.c);
    if (group > 0) {
      const manual = this.manual[group - 1]!;
      manual.died++;
      if (manual.lifetimesNs.length < MAX_LIFETIMES) manual.lifetimesNs.push(this.nowNs - span.bornNs);
      return;
    }
    this.#spans--;
    this.#pages -= span.npages;
    const cycle = this.cycles.length - 1;
    const age = Math.min(cycle - span.bornCycle, AGES - 1);
    // A span that is freed in the part of its birth knows no cohort yet; only direct frees of heap spans do that.
    if (cycle > span.bornCycle) {
      const part = this.cycles[span.bornCycle]!.parts[span.part]!;
      part.bury(part.cohort(span.bornNs, span.npages), age);
      if (span.large !== undefined) span.large.age = cycle - span.bornCycle;
    }
    if (this.#part === SWEEP) {
      this.freedInSweep++;
      const { startNs } = this.cycles[cycle]!.parts[SWEEP]!;
      this.#frees.add(this.#frees.at(this.nowNs - startNs), 0, 1);
    } else this.freedElsewhere++;
  }
}
