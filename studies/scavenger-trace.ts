/**
 * The model's scavenger against a recorded one.
 *
 * A trace drives the heap by what the program and its collector did, and by nothing that a scavenger did: of its rows
 * only `procs`, `span`, `spanfree`, `gcstart`, `gcmarkdone`, `pace` (heap goal, last heap goal, heap in use) and
 * `sweepdone` reach the model. Goals, generations, wake-ups, sleeps, and which pages go back when, are the model's own.
 * What the other rows tell is only compared:
 *
 *     program's rows ──► Heap + BackgroundScavenger ──► heap_released ┐
 *                                                                    ├──► mean |difference| / peak heap_sys
 *     grow, span.d, scavdone rows ──────────────────► heap_released ┘
 *
 * The program counts as idle between two of its rows that are further apart than idleGapNs; else it keeps one P busy.
 */

import { Priority, Simulation } from "../engine/simulation.js";
import { InputError } from "../scenarios/input-error.js";
import { Op, readHeapTrace, type TraceRow } from "../scenarios/trace/heap-trace.js";
import type { Geometry } from "../sim/address/geometry.js";
import { type Costs, DEFAULT_COSTS } from "../sim/gc/costs.js";
import type { Heap } from "../sim/heap/heap.js";
import { GO_1_18 } from "../sim/policies/go.js";
import { BackgroundScavenger } from "../sim/scavenge/background.js";
import { SCAVENGE_DISABLED, scavengeGoal } from "../sim/scavenge/goal.js";
import { LONGEST_DELAY_NS } from "../sim/scavenge/sysmon.js";
import { Check } from "./check.js";
import { initGeometry } from "./run-trace.js";
import { SpanPrediction } from "./span-prediction.js";

/** How a trace is compared. */
export interface ScavengerTraceOptions {
  readonly costs?: Costs;
  /** Period of a timer that the program keeps, ns. */
  readonly idleTimerNs?: number;
  /** The program is idle between rows that are further apart, ns. */
  readonly idleGapNs?: number;
  /** heap_released is compared at each multiple of this, ns. */
  readonly sampleNs?: number;
  /** Sees each sample: time, heap_released of the model and as recorded. */
  readonly onSample?: (timeNs: number, modelBytes: number, recordedBytes: number) => void;
}

export interface ScavengerTraceResult {
  readonly path: string;
  readonly durationNs: number;
  readonly samples: number;
  /** Mean of |model − recorded| heap_released over time, bytes. */
  readonly meanDifferenceBytes: number;
  readonly peakHeapSysBytes: number;
  /** meanDifferenceBytes / peakHeapSysBytes. */
  readonly error: number;
  /** pace rows, and those where the retained goal before its comparison with heapRetained is as recorded. */
  readonly paceRows: number;
  readonly goalsExact: number;
  /** pace rows where recorded retained memory and goal are more than 5 % of the peak apart, and those with the recorded outcome. */
  readonly clearRows: number;
  readonly clearExact: number;
  /** The same where the model's retained memory is so far from the goal as well. */
  readonly clearerRows: number;
  readonly clearerExact: number;
  readonly sweepDoneRows: number;
  readonly generations: number;
  readonly recordedGenerations: number;
  /** Bytes released in the background, by the model and as recorded. */
  readonly backgroundBytes: number;
  readonly recordedBackgroundBytes: number;
}

/** The longest time between two looks of sysmon. */
const DEFAULT_IDLE_GAP_NS = LONGEST_DELAY_NS;
const DEFAULT_SAMPLE_NS = 1_000_000;
/** Retained memory and the goal are clearly apart when they differ by more than this part of the peak. */
const CLEARLY_APART = 0.05;

/** One pace event: what the model made of it, and what was recorded. */
interface Pace {
  /** Goal before the comparison with retained memory. */
  readonly goal: number;
  readonly resulting: number;
  readonly retained: number;
  readonly recordedResulting: number;
  readonly recordedRetained: number;
}

/**
 * Drives the model by a trace and compares.
 * @throws InputError when the file is no trace or cannot be replayed
 */
export async function compareScavenger(
  path: string,
  options: ScavengerTraceOptions = {},
): Promise<ScavengerTraceResult> {
  let study: ScavengerStudy | undefined;
  await readHeapTrace(path, (row) => {
    study ??= new ScavengerStudy(path, initGeometry(path, row), options);
    study.step(row);
  });
  return study!.result();
}

export class ScavengerStudy {
  readonly heap: Heap;
  readonly scavenger: BackgroundScavenger;
  readonly simulation = new Simulation();
  private readonly prediction: SpanPrediction;
  private readonly geometry: Geometry;
  private readonly idleGapNs: number;
  private readonly sampleNs: number;
  private readonly onSample: ScavengerTraceOptions["onSample"];
  private readonly sampleKind: number;
  /** Recorded changes of heap_released that no sample has seen yet: rows of the scavenger come before time passes here. */
  private readonly changeTimes: number[] = [];
  private readonly changes: number[] = [];
  private nextChange = 0;
  private recordedReleased = 0;
  private recordedBackground = 0;
  private differenceSum = 0;
  private samples = 0;
  private now = 0;
  private lastProgramNs = 0;
  /** Whether the program waits for a collection that it asked for. */
  private isWaiting = false;
  private readonly paces: Pace[] = [];
  private pace: Pace | undefined;
  private sweepDoneRows = 0;
  private recordedGenerations = 0;

  constructor(
    readonly path: string,
    geometry: Geometry,
    options: ScavengerTraceOptions,
  ) {
    this.geometry = geometry;
    this.prediction = new SpanPrediction(path, geometry, GO_1_18, new Check(true));
    this.heap = this.prediction.heap;
    const { idleTimerNs } = options;
    this.scavenger = new BackgroundScavenger(
      this.simulation,
      this.heap,
      options.costs ?? DEFAULT_COSTS,
      idleTimerNs === undefined ? {} : { idleTimerNs },
    );
    this.idleGapNs = options.idleGapNs ?? DEFAULT_IDLE_GAP_NS;
    this.sampleNs = options.sampleNs ?? DEFAULT_SAMPLE_NS;
    this.onSample = options.onSample;
    this.sampleKind = this.simulation.handler("sample", Priority.sample, () => this.#sample());
    this.simulation.schedule(0, this.sampleKind);
  }

  step(row: TraceRow): void {
    if (row.t > this.now) this.now = row.t;
    switch (row.op) {
      case Op.procs:
      case Op.span:
      case Op.spanfree:
        this.#programRuns();
        this.prediction.step(row);
        break;
      case Op.gcstart:
        this.#programRuns();
        // A collection below its trigger was asked for by the program, and whoever asks waits until marking is over.
        this.isWaiting = row.b < row.d;
        if (this.isWaiting) this.scavenger.setBusy(0, false);
        return this.scavenger.collectionStarts();
      case Op.gcmarkdone:
        this.isWaiting = false;
        return this.#programRuns();
      case Op.pace:
        this.#programRuns();
        return this.#pace(row);
      case Op.sweepdone:
        this.#programRuns();
        this.sweepDoneRows++;
        return this.scavenger.sweepDone();
    }
    this.#recorded(row);
  }

  /** Lets virtual time pass up to a row of the program. */
  #programRuns(): void {
    const gap = this.now - this.lastProgramNs;
    if (gap > this.idleGapNs) this.scavenger.setBusy(0);
    this.simulation.run(this.now);
    this.scavenger.setBusy(this.isWaiting ? 0 : 1, false);
    this.lastProgramNs = this.now;
  }

  #pace(row: TraceRow): void {
    const { heap } = this;
    const { physPageBytes } = this.geometry;
    heap.paceScavenger(row.a, row.b, row.c);
    this.pace = {
      goal: scavengeGoal(row.a, row.b, row.c, Number.POSITIVE_INFINITY, physPageBytes),
      resulting: heap.scavengeGoalBytes,
      retained: heap.statistics.heapRetainedBytes,
      recordedResulting: row.d,
      recordedRetained: Number.NaN,
    };
  }

  /** Rows that reach only the recorded side. */
  #recorded(row: TraceRow): void {
    if (row.op === Op.span) this.#releasedChanges(-row.d);
    else if (row.op === Op.grow) this.#releasedChanges(row.b);
    else if (row.op === Op.scavdone) this.#releasedChanges(row.b * this.geometry.pageBytes);
    else if (row.op === Op.scavret && row.b === 0) this.recordedBackground += row.a;
    else if (row.op === Op.gen) this.recordedGenerations++;
    else if (row.op === Op.pace2) this.#pace2(row);
  }

  #pace2(row: TraceRow): void {
    if (this.pace === undefined)
      throw new InputError(this.path, row.line, 1, "pace2: there is no pace row before it");
    this.paces.push({ ...this.pace, recordedRetained: row.a });
    this.pace = undefined;
  }

  #releasedChanges(bytes: number): void {
    this.changeTimes.push(this.now);
    this.changes.push(bytes);
  }

  #sample(): void {
    const now = this.simulation.nowNs;
    while (this.nextChange < this.changes.length && this.changeTimes[this.nextChange]! <= now) {
      this.recordedReleased += this.changes[this.nextChange++]!;
    }
    const model = this.heap.statistics.heapReleasedBytes;
    this.differenceSum += Math.abs(model - this.recordedReleased);
    this.samples++;
    this.onSample?.(now, model, this.recordedReleased);
    this.simulation.schedule(now + this.sampleNs, this.sampleKind);
  }

  /** The figures, at the end of the trace. */
  result(): ScavengerTraceResult {
    this.#programRuns();
    const peak = this.heap.statistics.peakHeapSysBytes;
    const mean = this.samples === 0 ? 0 : this.differenceSum / this.samples;
    const isFar = (retained: number, pace: Pace): boolean =>
      Math.abs(retained - pace.goal) > CLEARLY_APART * peak;
    const clear = this.paces.filter((pace) => isFar(pace.recordedRetained, pace));
    const clearer = clear.filter((pace) => isFar(pace.retained, pace));
    const exact = (paces: readonly Pace[]): number =>
      paces.filter((pace) => pace.resulting === pace.recordedResulting).length;
    return {
      path: this.path,
      durationNs: this.now,
      samples: this.samples,
      meanDifferenceBytes: mean,
      peakHeapSysBytes: peak,
      error: mean / peak,
      paceRows: this.paces.length,
      goalsExact: this.paces.filter((pace) => isGoalExact(pace, this.geometry.physPageBytes)).length,
      clearRows: clear.length,
      clearExact: exact(clear),
      clearerRows: clearer.length,
      clearerExact: exact(clearer),
      sweepDoneRows: this.sweepDoneRows,
      generations: this.heap.scavenger.gen,
      recordedGenerations: this.recordedGenerations,
      backgroundBytes: this.scavenger.releasedBytes,
      recordedBackgroundBytes: this.recordedBackground,
    };
  }
}

/**
 * Whether the goal before its comparison is the recorded one. A recorded outcome of "met" tells only that the recorded
 * retained memory does not exceed the goal by a physical page; a goal in bytes must be equal, and exceeded.
 */
function isGoalExact(pace: Pace, physPageBytes: number): boolean {
  if (pace.goal === SCAVENGE_DISABLED) return pace.recordedResulting === SCAVENGE_DISABLED;
  const isMet = pace.recordedRetained - pace.goal < physPageBytes;
  return isMet ? pace.recordedResulting === SCAVENGE_DISABLED : pace.recordedResulting === pace.goal;
}

/** Timer period of the recorded programs that have a ticker; it is in their description, not in the rows. */
export function recordedIdleTimerNs(name: string): number | undefined {
  return name.includes("-tick-") ? 20_000_000 : undefined;
}
