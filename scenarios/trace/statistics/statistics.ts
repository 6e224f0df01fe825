/**
 * What a page-heap trace is like, in one pass over its rows.
 *
 *     span, spanfree ──► sizes, lifetimes (time and GC cycles), live spans and pages with their peaks, rates over time
 *     gcstart, gcmarkdone, sweepdone ──► GC cycles, and in which part of a cycle spans come and go
 *     all rows ──► how many of each operation, which P the thread held
 *
 * By kind of span (heap, stack, GC bits, work buffers) and for all together. Memory is bounded by the spans live at once,
 * the GC cycles, and histograms; never by the length of the trace. Lifetimes of spans still live at the end are censored
 * (life-table.ts). Time is the running maximum of t, since t may step back a little between threads.
 *
 * The parts of a GC cycle: it marks from `gcstart` to `gcmarkdone`, sweeps until `sweepdone`, and is quiet until the next
 * `gcstart`, as is the program before the first. Frees happen where sweeping finds a span empty, so they cluster: a burst
 * is a sequence of frees with no allocation between them.
 */

import { InputError } from "../../input-error.js";
import { OP_NAMES, Op, type TraceRow } from "../heap-trace.js";
import { LifeTable } from "./life-table.js";
import { KIND_GROUPS, kindGroup, LiveSpans } from "./live-spans.js";
import { MAX_WINDOWS, Windows } from "./windows.js";

/** Names of the groups that everything is counted for; the last is all of them together. */
export const GROUPS = [...KIND_GROUPS, "all"] as const;
/** Index of the group `all`. */
export const ALL = KIND_GROUPS.length;

/** Parts of a GC cycle. */
export const PHASES = ["quiet", "mark", "sweep"] as const;
export const QUIET = 0;
export const MARK = 1;
export const SWEEP = 2;

/** Columns of the windows, for each group. */
export const ALLOCS = 0;
export const ALLOC_PAGES = 1;
export const FREES = 2;
export const FREE_PAGES = 3;
const WINDOW_COLUMNS = 4;

/** Windows when no width is given: from half as many up to this. */
const DOUBLING_WINDOWS = 200;

/** What is known of one group of spans. */
export class GroupStatistics {
  allocs = 0;
  allocPages = 0;
  frees = 0;
  freePages = 0;
  /** Live now, which at the end means those that outlive the trace. */
  live = 0;
  livePages = 0;
  peakLive = 0;
  peakLiveNs = 0;
  peakPages = 0;
  peakPagesNs = 0;
  /** Spans allocated, freed, and live at the end, by pages. */
  readonly sizes = new Map<number, SizeCount>();
  /** Lifetimes in ns, and in GC cycles that began in them. */
  readonly lifetimes = new LifeTable();
  readonly lifetimeCycles = new LifeTable();
  /** Allocations and frees by part of the cycle, see PHASES. */
  readonly allocsIn = [0, 0, 0];
  readonly freesIn = [0, 0, 0];

  alloc(npages: number, phase: number, nowNs: number): void {
    this.allocs++;
    this.allocPages += npages;
    this.allocsIn[phase]!++;
    this.#size(npages).allocs++;
    this.livePages += npages;
    this.live++;
    if (this.live > this.peakLive) {
      this.peakLive = this.live;
      this.peakLiveNs = nowNs;
    }
    if (this.livePages > this.peakPages) {
      this.peakPages = this.livePages;
      this.peakPagesNs = nowNs;
    }
  }

  free(npages: number, phase: number, ageNs: number, ageCycles: number): void {
    this.frees++;
    this.freePages += npages;
    this.freesIn[phase]!++;
    this.#size(npages).frees++;
    this.live--;
    this.livePages -= npages;
    this.lifetimes.die(ageNs);
    this.lifetimeCycles.die(ageCycles);
  }

  censor(ageNs: number, ageCycles: number): void {
    this.lifetimes.censor(ageNs);
    this.lifetimeCycles.censor(ageCycles);
  }

  #size(npages: number): SizeCount {
    let size = this.sizes.get(npages);
    if (size === undefined) {
      size = { npages, allocs: 0, frees: 0 };
      this.sizes.set(npages, size);
    }
    return size;
  }
}

/** Spans of one size. */
export interface SizeCount {
  readonly npages: number;
  allocs: number;
  frees: number;
}

/** A GC cycle. NaN stands for what the trace does not tell, as when it ends before. */
export interface CycleStatistics {
  readonly cycle: number;
  readonly startNs: number;
  readonly heapLiveBytes: number;
  readonly heapGoalBytes: number;
  readonly triggerBytes: number;
  markDoneNs: number;
  heapMarkedBytes: number;
  nextGoalBytes: number;
  sweepDoneNs: number;
  /** Spans allocated and freed from its start to the next one's. */
  allocs: number;
  frees: number;
  /** Of the frees, those before `sweepdone`. */
  sweepFrees: number;
  freePages: number;
}

/** Rows of one thread position: a P, or -1 for none. */
export interface ProcStatistics {
  readonly p: number;
  rows: number;
  spans: number;
  pages: number;
  spanFrees: number;
}

/** Options of the statistics. */
export interface StatisticsOptions {
  /** Width of the windows of the rates in ns; by default one that makes 100 to 200 windows. */
  readonly windowNs?: number;
}

export class TraceStatistics {
  rows = 0;
  /** Virtual time: the running maximum of t, in ns. */
  nowNs = 0;
  /** Rows whose t is below that of a row before. */
  backsteps = 0;
  /** Rows by Op. */
  readonly rowsByOp: number[] = OP_NAMES.map(() => 0);
  /** By index in GROUPS. */
  readonly groups: readonly GroupStatistics[] = GROUPS.map(() => new GroupStatistics());
  readonly cycles: CycleStatistics[] = [];
  /** Rates over time: WINDOW_COLUMNS sums for each group. */
  readonly windows: Windows;
  /** Lengths of bursts of frees: how many bursts of each length. */
  readonly bursts = new Map<number, number>();
  /** Allocations on the P of the allocation before. */
  sameProc = 0;
  /** Values of GOMAXPROCS in the order they were set. */
  readonly procs: number[] = [];
  /** Physical page size as the trace's init row tells it. */
  physPageBytes = Number.NaN;

  readonly #live: LiveSpans<Born>;
  readonly #byProc = new Map<number, ProcStatistics>();
  #phase: number = QUIET;
  #burst = 0;
  #lastProc = Number.NaN;

  /** @param path of the trace, for messages */
  constructor(
    readonly path: string,
    options: StatisticsOptions = {},
  ) {
    this.#live = new LiveSpans(path);
    const { windowNs } = options;
    this.windows = new Windows(
      WINDOW_COLUMNS * GROUPS.length,
      windowNs === undefined ? DOUBLING_WINDOWS : MAX_WINDOWS,
      windowNs,
    );
  }

  /**
   * Takes a row into account.
   * @throws InputError for a row that contradicts those before
   */
  add(row: TraceRow): void {
    if (this.rows === 0 && row.op !== Op.init)
      throw new InputError(this.path, row.line, 1, "the first row of a trace must be init");
    this.rows++;
    this.rowsByOp[row.op]!++;
    if (row.t < this.nowNs) this.backsteps++;
    else this.nowNs = row.t;
    const proc = this.#proc(row.p);
    proc.rows++;
    if (row.op === Op.span) this.#span(row, proc);
    else if (row.op === Op.spanfree) this.#spanFree(row, proc);
    else this.#other(row);
  }

  /** Takes the end of the trace into account: live spans are censored. To be called once, after the last row. */
  finish(): void {
    this.#endBurst();
    this.windows.at(this.nowNs);
    for (const span of this.#live.values()) {
      const ageNs = this.nowNs - span.bornNs;
      const ageCycles = this.cycles.length - span.bornCycle;
      this.groups[kindGroup(span.kind)]!.censor(ageNs, ageCycles);
      this.groups[ALL]!.censor(ageNs, ageCycles);
    }
  }

  /** Use of the Ps, those without one (-1) first. */
  byProc(): ProcStatistics[] {
    return [...this.#byProc.values()].sort((a, b) => a.p - b.p);
  }

  #proc(p: number): ProcStatistics {
    let proc = this.#byProc.get(p);
    if (proc === undefined) {
      proc = { p, rows: 0, spans: 0, pages: 0, spanFrees: 0 };
      this.#byProc.set(p, proc);
    }
    return proc;
  }

  #span(row: TraceRow, proc: ProcStatistics): void {
    this.#live.add(row, { kind: row.c, npages: row.b, bornNs: this.nowNs, bornCycle: this.cycles.length });
    this.#endBurst();
    proc.spans++;
    proc.pages += row.b;
    if (row.p === this.#lastProc) this.sameProc++;
    this.#lastProc = row.p;
    const group = kindGroup(row.c);
    this.groups[group]!.alloc(row.b, this.#phase, this.nowNs);
    this.groups[ALL]!.alloc(row.b, this.#phase, this.nowNs);
    this.#rate(row, group, ALLOCS, row.b);
    const cycle = this.cycles.at(-1);
    if (cycle !== undefined) cycle.allocs++;
  }

  #spanFree(row: TraceRow, proc: ProcStatistics): void {
    const span = this.#live.remove(row);
    this.#burst++;
    proc.spanFrees++;
    const group = kindGroup(row.c);
    const ageNs = this.nowNs - span.bornNs;
    const ageCycles = this.cycles.length - span.bornCycle;
    this.groups[group]!.free(row.b, this.#phase, ageNs, ageCycles);
    this.groups[ALL]!.free(row.b, this.#phase, ageNs, ageCycles);
    this.#rate(row, group, FREES, row.b);
    const cycle = this.cycles.at(-1);
    if (cycle === undefined) return;
    cycle.frees++;
    cycle.freePages += row.b;
    if (this.#phase !== QUIET) cycle.sweepFrees++;
  }

  /** Counts spans in one column and their pages in the next, for the group and for all. */
  #rate(row: TraceRow, group: number, column: number, npages: number): void {
    const window = this.windows.at(this.nowNs);
    if (window < 0) {
      const problem = `more than ${MAX_WINDOWS} windows up to here: use a longer --window, or mend the time`;
      throw new InputError(this.path, row.line, 1, problem);
    }
    for (const g of [group, ALL]) {
      this.windows.add(window, g * WINDOW_COLUMNS + column, 1);
      this.windows.add(window, g * WINDOW_COLUMNS + column + 1, npages);
    }
  }

  /** A sum of a window: one of ALLOCS, ALLOC_PAGES, FREES, FREE_PAGES for a group. */
  windowSum(window: number, group: number, column: number): number {
    return this.windows.sum(window, group * WINDOW_COLUMNS + column);
  }

  #endBurst(): void {
    if (this.#burst > 0) this.bursts.set(this.#burst, (this.bursts.get(this.#burst) ?? 0) + 1);
    this.#burst = 0;
  }

  #other(row: TraceRow): void {
    const cycle = this.cycles.at(-1);
    switch (row.op) {
      case Op.init:
        this.physPageBytes = row.a;
        return;
      case Op.procs:
        if (this.procs.at(-1) !== row.b) this.procs.push(row.b);
        return;
      case Op.gcstart:
        this.#phase = MARK;
        this.cycles.push(startedCycle(row, this.nowNs));
        return;
      case Op.gcmarkdone:
        this.#phase = SWEEP;
        if (cycle === undefined) return;
        cycle.markDoneNs = this.nowNs;
        cycle.heapMarkedBytes = row.a;
        cycle.nextGoalBytes = row.b;
        return;
      case Op.sweepdone:
        // A cycle may begin before the sweepers have said that they are done with the one before.
        if (this.#phase === SWEEP) this.#phase = QUIET;
        if (cycle !== undefined && Number.isNaN(cycle.sweepDoneNs)) cycle.sweepDoneNs = this.nowNs;
    }
  }
}

/** A live span. */
interface Born {
  readonly kind: number;
  readonly npages: number;
  readonly bornNs: number;
  readonly bornCycle: number;
}

function startedCycle(row: TraceRow, nowNs: number): CycleStatistics {
  return {
    cycle: row.a,
    startNs: nowNs,
    heapLiveBytes: row.b,
    heapGoalBytes: row.c,
    triggerBytes: row.d,
    markDoneNs: Number.NaN,
    heapMarkedBytes: Number.NaN,
    nextGoalBytes: Number.NaN,
    sweepDoneNs: Number.NaN,
    allocs: 0,
    frees: 0,
    sweepFrees: 0,
    freePages: 0,
  };
}
