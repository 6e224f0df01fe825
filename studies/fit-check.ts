/**
 * How well a fit does: plays the fitted program with many seeds, and sets what comes of it beside the replayed trace.
 *
 * Three figures are compared, within TOLERANCES: the peak of heap_sys, the share of page allocations that need a
 * find(), and the mean external fragmentation over time.
 */

import { RandomStreams } from "../engine/random-streams.js";
import { COLUMN } from "../results/columns.js";
import { Sampler } from "../results/sampler.js";
import { type FittedProgram, fitProgram } from "../scenarios/trace/fit/fit.js";
import { FitObserver } from "../scenarios/trace/fit/observe.js";
import { readHeapTrace, type TraceRow } from "../scenarios/trace/heap-trace.js";
import type { Heap } from "../sim/heap/heap.js";
import { GO_1_18 } from "../sim/policies/go.js";
import { Check } from "./check.js";
import { playFittedProgram } from "./fitted-run.js";
import { initGeometry } from "./run-trace.js";
import { createReplay, type TraceReplay } from "./trace-replay.js";

/** Samples of a run. */
const SAMPLES = 1000;

/** What a run is judged by. */
export interface Figures {
  readonly peakHeapSysBytes: number;
  /** find calls / (find calls + allocations that did without), of the whole run. */
  readonly findRate: number;
  /** Mean over time, where there is free memory at all. */
  readonly externalFragmentation: number;
}

/** How far a fit may be off: relative for the first two, absolute for the last. */
export const TOLERANCES: Figures = { peakHeapSysBytes: 0.2, findRate: 0.2, externalFragmentation: 0.05 };

/** A fit beside its trace. */
export interface FitCheck {
  readonly program: FittedProgram;
  readonly trace: Figures;
  /** One a seed, from 1. */
  readonly runs: readonly Figures[];
  /** Means over the seeds. */
  readonly mean: Figures;
  /** Of the means: relative for the first two, absolute for the last. */
  readonly error: Figures;
  readonly withinTolerances: boolean;
}

/** Samples a heap at equal intervals, and tells its figures. */
export class FigureSampler {
  readonly #sampler = new Sampler();
  readonly #intervalNs: number;
  #taken = 0;
  #fragmentationSum = 0;
  #fragmentationSamples = 0;

  constructor(
    readonly heap: Heap,
    durationNs: number,
  ) {
    this.#intervalNs = durationNs / SAMPLES;
  }

  /** To be called before the state changes at a time: samples all moments before it. */
  before(timeNs: number): void {
    while (this.#taken * this.#intervalNs < timeNs) this.#sample(this.#taken * this.#intervalNs);
  }

  /** The figures at the end of the run. */
  figures(endNs: number): Figures {
    const last = this.#sample(endNs);
    const finds = last[COLUMN.find_calls]!;
    return {
      peakHeapSysBytes: this.heap.statistics.peakHeapSysBytes,
      findRate: finds / (finds + last[COLUMN.fast_path_allocs]!),
      externalFragmentation: this.#fragmentationSum / this.#fragmentationSamples,
    };
  }

  #sample(timeNs: number): Float64Array {
    this.#taken++;
    const row = this.#sampler.sample(timeNs, this.heap, NO_COLLECTOR);
    const fragmentation = row[COLUMN.external_fragmentation]!;
    if (!Number.isNaN(fragmentation)) {
      this.#fragmentationSum += fragmentation;
      this.#fragmentationSamples++;
    }
    return row;
  }
}

const NO_COLLECTOR = { heapLiveBytes: Number.NaN, heapGoalBytes: Number.NaN, cycles: Number.NaN };

/**
 * Fits a trace, replays it, and plays the fit with seeds 1 to `seeds`.
 * @throws InputError when the trace is damaged
 */
export async function checkFit(trace: string, seeds: number): Promise<FitCheck> {
  const observer = new FitObserver(trace);
  await readHeapTrace(trace, (row) => observer.add(row));
  observer.finish();
  const program = fitProgram(observer);
  const recorded = await replayFigures(trace, program.durationNs);
  const runs = Array.from({ length: seeds }, (_, i) => fittedFigures(program, i + 1));
  const mean = meanOf(runs);
  const error = {
    peakHeapSysBytes: relative(mean.peakHeapSysBytes, recorded.peakHeapSysBytes),
    findRate: relative(mean.findRate, recorded.findRate),
    externalFragmentation: mean.externalFragmentation - recorded.externalFragmentation,
  };
  const keys = Object.keys(TOLERANCES) as (keyof Figures)[];
  const withinTolerances = keys.every((key) => Math.abs(error[key]) <= TOLERANCES[key]);
  return { program, trace: recorded, runs, mean, error, withinTolerances };
}

/** How far a value is off, as a share of what it should be; 0 when both are 0. */
function relative(got: number, wanted: number): number {
  return got === wanted ? 0 : got / wanted - 1;
}

/** Plays a fitted program once. */
export function fittedFigures(program: FittedProgram, seed: number): Figures {
  const streams = new RandomStreams(seed);
  let sampler: FigureSampler | undefined;
  const { endNs } = playFittedProgram(program, streams, (heap, timeNs) => {
    sampler ??= new FigureSampler(heap, program.durationNs);
    sampler.before(timeNs);
  });
  return sampler!.figures(endNs);
}

async function replayFigures(path: string, durationNs: number): Promise<Figures> {
  const check = new Check();
  let replay: TraceReplay | undefined;
  let sampler: FigureSampler | undefined;
  await readHeapTrace(path, (row: TraceRow) => {
    replay ??= createReplay(path, row, initGeometry(path, row), GO_1_18, check);
    sampler ??= new FigureSampler(replay.heap, durationNs);
    sampler.before(row.t);
    replay.step(row);
  });
  return sampler!.figures(replay!.now);
}

function meanOf(runs: readonly Figures[]): Figures {
  const mean = (key: keyof Figures): number => runs.reduce((sum, run) => sum + run[key], 0) / runs.length;
  return {
    peakHeapSysBytes: mean("peakHeapSysBytes"),
    findRate: mean("findRate"),
    externalFragmentation: mean("externalFragmentation"),
  };
}
