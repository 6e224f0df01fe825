/**
 * What a fit needs to know of a trace, by GC cycle: when heap spans of which size are asked for, how many cycles they
 * live, and where in a sweep they are freed.
 *
 * Cycle c lasts from one `gcstart` to the next; cycle 0 is what the program does before its first. A span that is asked
 * for in cycle c and freed in cycle c + a has age a. Each cycle keeps a table of fixed size, so memory is bounded by the
 * live spans and the number of cycles.
 *
 * That neighbours in the order of allocation share their fate more often than chance has it, is measured on pairs: when
 * both of a pair (a span and the lag-th one after it) are known to be dead or live at the end, did they die in the same
 * cycle?
 */

import { isHeapKind } from "../../../sim/heap/kinds.js";
import { Op, type TraceRow } from "../heap-trace.js";
import { kindGroup, type LiveSpan, LiveSpans } from "../statistics/live-spans.js";
import { MARK, QUIET, SWEEP } from "../statistics/statistics.js";
import { Windows } from "../statistics/windows.js";

/** Buckets of span sizes: 1, 2, 3, then a power of two each. The last holds all larger ones. */
export const SIZE_BUCKETS = 10;
/** Pieces that a part of a cycle is cut into for the course of its rate. */
export const PIECES = 4;
/** Pieces that a sweep is cut into for the course of its frees. */
export const SWEEP_PIECES = 8;
/** Ages that are told apart, in cycles; the last holds all older ones. */
export const AGES = 24;
/** Lifetimes are told apart for small spans and for the others. */
export const SIZE_GROUPS = 2;
/** Lags at which pairs are compared. */
const LAGS = [1, 32] as const;

/** The bucket of a size in pages. */
export function sizeBucket(npages: number): number {
  if (npages < 4) return npages - 1;
  let bucket = 3;
  for (let limit = 8; npages >= limit && bucket < SIZE_BUCKETS - 1; limit *= 2) bucket++;
  return bucket;
}

/** 0 for spans of one page, 1 for larger ones. */
export function sizeGroup(npages: number): number {
  return npages < 2 ? 0 : 1;
}

/** One part of a cycle: quiet, mark or sweep. */
export class PartCounts {
  durationNs = 0;
  /** Heap spans asked for in each piece of it. */
  readonly arrivals = new Float64Array(PIECES);
  /** By size group: spans born, and how many of them died at each age. */
  readonly born = new Float64Array(SIZE_GROUPS);
  readonly died = Array.from({ length: SIZE_GROUPS }, () => new Float64Array(AGES));
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
  readonly sequence: number;
  died: number;
  /**
   * Its neighbours in the order of allocation, the span LAGS[i] before it at 2i and the one after it at 2i + 1, as long as
   * both are live; and the cycles in which those died that went first.
   */
  readonly neighbours: (FitSpan | undefined)[];
  readonly fates: (number | undefined)[];
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
  /** For each lag: pairs born in the same part of the same cycle, and how many of them share their fate. */
  readonly pairs = LAGS.map((lag) => ({ lag, pairs: 0, same: 0 }));

  readonly #live: LiveSpans<FitSpan>;
  readonly #arrivals = new Windows(1, 256);
  readonly #frees = new Windows(1, 256);
  readonly #recent: FitSpan[] = [];
  #part: number = QUIET;
  #partStartNs = 0;
  #lastProc = -1;
  #sequence = 0;

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
        this.#enter(MARK);
        this.cycles.push(new CycleCounts());
        return;
      case Op.gcmarkdone:
        return this.#enter(SWEEP);
      case Op.sweepdone:
        if (this.#part === SWEEP) this.#enter(QUIET);
    }
  }

  finish(): void {
    this.#enter(QUIET);
    for (const span of this.#live.values()) if (isHeapKind(span.kind)) this.#settlePairs(span);
  }

  #enter(part: number): void {
    const counts = this.cycles.at(-1)!.parts[this.#part]!;
    const duration = this.nowNs - this.#partStartNs;
    counts.durationNs += duration;
    spread(this.#arrivals, duration, counts.arrivals);
    this.#arrivals.clear();
    if (this.#part === SWEEP) spread(this.#frees, duration, this.sweepFrees);
    this.#frees.clear();
    this.#part = part;
    this.#partStartNs = this.nowNs;
  }

  #span(row: TraceRow): void {
    const cycle = this.cycles.length - 1;
    const span: FitSpan = {
      kind: row.c,
      npages: row.b,
      bornNs: this.nowNs,
      bornCycle: cycle,
      part: this.#part,
      sequence: this.#sequence,
      died: Number.POSITIVE_INFINITY,
      neighbours: [],
      fates: [],
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
    this.#sequence++;
    const counts = this.cycles[cycle]!;
    counts.sizes[sizeBucket(row.b)]!++;
    counts.parts[this.#part]!.born[sizeGroup(row.b)]!++;
    this.sizes.set(row.b, (this.sizes.get(row.b) ?? 0) + 1);
    this.#arrivals.add(this.#arrivals.at(this.nowNs - this.#partStartNs), 0, 1);
    this.#link(span);
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
    span.died = cycle;
    const age = Math.min(cycle - span.bornCycle, AGES - 1);
    this.cycles[span.bornCycle]!.parts[span.part]!.died[sizeGroup(span.npages)]![age]!++;
    if (this.#part === SWEEP) {
      this.freedInSweep++;
      this.#frees.add(this.#frees.at(this.nowNs - this.#partStartNs), 0, 1);
    } else this.freedElsewhere++;
    this.#settlePairs(span);
  }

  /** Notes the neighbours of a new span. */
  #link(span: FitSpan): void {
    const longest = LAGS.at(-1)!;
    for (let i = 0; i < LAGS.length; i++) {
      const before = this.#recent[(span.sequence - LAGS[i]! + longest) % longest];
      if (before === undefined || before.bornCycle !== span.bornCycle || before.part !== span.part) continue;
      if (before.died < Number.POSITIVE_INFINITY) span.fates[2 * i] = before.died;
      else {
        span.neighbours[2 * i] = before;
        before.neighbours[2 * i + 1] = span;
      }
    }
    this.#recent[span.sequence % longest] = span;
  }

  /** A span is dead, or the trace is over: compares it with neighbours that went first, and tells the others. */
  #settlePairs(span: FitSpan): void {
    for (let slot = 0; slot < 2 * LAGS.length; slot++) {
      const fate = span.fates[slot];
      const neighbour = span.neighbours[slot];
      if (fate !== undefined) {
        const pair = this.pairs[slot >> 1]!;
        pair.pairs++;
        if (fate === span.died) pair.same++;
      } else if (neighbour !== undefined) {
        neighbour.neighbours[slot ^ 1] = undefined;
        neighbour.fates[slot ^ 1] = span.died;
      }
    }
    span.neighbours.length = 0;
  }
}

/** Spreads sums over equal windows on fewer pieces of a duration. */
function spread(windows: Windows, durationNs: number, into: Float64Array): void {
  for (let w = 0; w < windows.count; w++) {
    const sum = windows.sum(w, 0);
    if (sum === 0) continue;
    const middle = Math.min((w + 0.5) * windows.widthNs, durationNs);
    const piece = Math.min(into.length - 1, Math.floor((middle / Math.max(1, durationNs)) * into.length));
    into[piece]! += sum;
  }
}
