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
import { MARK, QUIET, SWEEP } from "../statistics/statistics.js";
import { Windows } from "../statistics/windows.js";

/** Buckets of span sizes: 1, 2, 3, then a power of two each. The last holds all larger ones. */
export const SIZE_BUCKETS = 10;
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

/** One part of a cycle: quiet, mark or sweep. */
export class PartCounts {
  startNs = 0;
  durationNs = 0;
  /** Width of the windows that its arrivals were counted in. */
  windowNs = 1;
  /** Heap spans asked for in each piece of it. */
  readonly arrivals = new Float64Array(PIECES);
  /** By cohort: spans born, and how many of them died at each age. */
  readonly born = new Float64Array(COHORTS);
  readonly died = Array.from({ length: COHORTS }, () => new Float64Array(AGES));

  /** The cohort of a span of a size born at a time of this part, whose end must have come. */
  cohort(bornNs: number, npages: number): number {
    const window = Math.floor((bornNs - this.startNs) / this.windowNs);
    const late = pieceOf(window, this.windowNs, this.durationNs, PIECES) === PIECES - 1 ? LATE : EARLY;
    return cohortOf(late, npages);
  }
}

/** Cohorts of a part: early and late, of three groups of sizes each. */
export const COHORTS = 6;
/** Lifetimes are told apart for single pages, sizes that the page cache serves, and larger ones. */
export const SIZE_GROUPS = 3;

/** The cohort of a span by when it is born, EARLY or LATE, and its pages. */
export function cohortOf(when: number, npages: number): number {
  return SIZE_GROUPS * when + sizeGroup(npages);
}

/** The group of a size. */
export function sizeGroup(npages: number): number {
  if (npages < 2) return 0;
  return npages < 16 ? 1 : 2;
}

/** Which of n pieces of a duration the middle of a window falls into. */
function pieceOf(window: number, widthNs: number, durationNs: number, n: number): number {
  const middle = Math.min((window + 0.5) * widthNs, durationNs);
  return Math.min(n - 1, Math.floor((middle / Math.max(1, durationNs)) * n));
}

/** One cycle. */
export class CycleCounts {
  readonly parts = [new PartCounts(), new PartCounts(), new PartCounts()];
  readonly sizes = new Float64Array(SIZE_BUCKETS);
}

/** Spans that are managed by hand: stacks and the collector's own. */
export class ManualCounts {
  /** Spans asked for in each cycle. */
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
}

export class FitObserver {
  readonly cycles: CycleCounts[] = [new CycleCounts()];
  /** Stacks, bits, work buffers: by kind group 1, 2, 3. */
  readonly manual = [new ManualCounts(), new ManualCounts(), new ManualCounts()];
  /** Heap spans by exact size. */
  readonly sizes = new Map<number, number>();
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
  readonly #live: LiveSpans<FitSpan>;
  readonly #arrivals = new Windows(SIZE_GROUPS, 256);
  readonly #frees = new Windows(1, 256);
  #part: number = QUIET;
  #lastProc = -1;

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
      for (let group = 0; group < SIZE_GROUPS; group++) {
        const born = this.#arrivals.sum(w, group);
        counts.arrivals[piece]! += born;
        counts.born[SIZE_GROUPS * (piece === PIECES - 1 ? LATE : EARLY) + group]! += born;
      }
    }
    this.#arrivals.clear();
    for (let w = 0; w < this.#frees.count; w++) {
      const piece = pieceOf(w, this.#frees.widthNs, counts.durationNs, SWEEP_PIECES);
      this.sweepFrees[piece]! += this.#frees.sum(w, 0);
    }
    this.#frees.clear();
    if (part === MARK) this.cycles.push(new CycleCounts());
    this.#part = part;
    this.cycles.at(-1)!.parts[part]!.startNs = this.nowNs;
  }

  #span(row: TraceRow): void {
    const cycle = this.cycles.length - 1;
    const span: FitSpan = {
      kind: row.c,
      npages: row.b,
      bornNs: this.nowNs,
      bornCycle: cycle,
      part: this.#part,
    };
    this.#live.add(row, span);
    if (row.p >= 0) {
      this.byProc.set(row.p, (this.byProc.get(row.p) ?? 0) + 1);
      if (row.p === this.#lastProc) this.sameProc++;
      this.#lastProc = row.p;
    }
    const group = kindGroup(row.c);
    if (group > 0) {
      const manual = this.manual[group - 1]!;
      manual.byCycle[cycle] = (manual.byCycle[cycle] ?? 0) + 1;
      manual.born++;
      manual.sizes.set(row.b, (manual.sizes.get(row.b) ?? 0) + 1);
      return;
    }
    const counts = this.cycles[cycle]!;
    counts.sizes[sizeBucket(row.b)]!++;
    this.sizes.set(row.b, (this.sizes.get(row.b) ?? 0) + 1);
    const { startNs } = counts.parts[this.#part]!;
    this.#arrivals.add(this.#arrivals.at(this.nowNs - startNs), sizeGroup(row.b), 1);
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
    const cycle = this.cycles.length - 1;
    const age = Math.min(cycle - span.bornCycle, AGES - 1);
    // A span that is freed in the part of its birth knows no cohort yet; only direct frees of heap spans do that.
    if (cycle > span.bornCycle) {
      const part = this.cycles[span.bornCycle]!.parts[span.part]!;
      part.died[part.cohort(span.bornNs, span.npages)]![age]!++;
    }
    if (this.#part === SWEEP) {
      this.freedInSweep++;
      const { startNs } = this.cycles[cycle]!.parts[SWEEP]!;
      this.#frees.add(this.#frees.at(this.nowNs - startNs), 0, 1);
    } else this.freedElsewhere++;
  }
}
