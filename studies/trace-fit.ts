/**
 * Fits a scenario to a trace, and tells how well it does: plays it with many seeds, and sets what comes of it beside the
 * replayed trace.
 *
 *     trace ──observe──► fits with several numbers of stretches ──► YAML ──► Scenario ──► runs with other seeds
 *       │                                                                                   │ the best one
 *       └──replay──► figures ◄──────────────── compared ──────────────── figures ◄──────────┘
 *
 * Three figures are compared, within TOLERANCES: the peak of heap_sys, the share of page allocations that need a
 * find(), and the mean external fragmentation over time. A fit with more stretches follows the program more closely, and
 * takes more of its chance for law; which number does best shows only when the fits are run.
 */

import { COLUMN } from "../results/columns.js";
import { type CollectorSample, Sampler } from "../results/sampler.js";
import { checkScenario, scenarioOf } from "../scenarios/load/load.js";
import type { Scenario } from "../scenarios/scenario.js";
import { fitProgram } from "../scenarios/trace/fit/fit.js";
import { FitObserver } from "../scenarios/trace/fit/observe.js";
import { fittedYaml } from "../scenarios/trace/fit/yaml.js";
import { readHeapTrace, type TraceRow } from "../scenarios/trace/heap-trace.js";
import type { Heap } from "../sim/heap/heap.js";
import { Check } from "./check.js";
import { tracePolicy } from "./recorded-under.js";
import { initGeometry } from "./run-trace.js";
import { ScenarioRun } from "./scenario-run.js";
import { VOCABULARY } from "./scenarios.js";
import { createReplay, type TraceReplay } from "./trace-replay.js";

/** Numbers of stretches that are tried. */
export const STRETCHES = [12, 16, 24, 40] as const;
/** Runs by which the number is chosen; their seeds are none that anybody would take. */
const TRIAL_RUNS = 4;
/** Of two fits, one is as good whose squared errors are not more than so many times those of the other: chance does that. */
const AS_GOOD = 1.5;
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
const KEYS = Object.keys(TOLERANCES) as readonly (keyof Figures)[];

export interface FitOptions {
  /** Path of the trace. */
  readonly trace: string;
  /** Name of the scenario, and of the trace's file, for its comments. */
  readonly name: string;
  readonly file: string;
  /** Stretches that the trace is cut into, at most. Default: that of STRETCHES which does best. */
  readonly stretches?: number;
  /** Called now and then with the share of the work that is done, 0..1. */
  readonly onProgress?: (share: number) => void;
}

/** A scenario that was fitted to a trace. */
export interface TraceFit {
  /** The scenario file. */
  readonly text: string;
  readonly scenario: Scenario;
  /** Stretches that the trace was cut into, at most. */
  readonly stretches: number;
  /** Figures of the trace. */
  readonly trace: Figures;
}

/** A fit beside its trace. */
export interface FitCheck {
  /** One a seed, from 1. */
  readonly runs: readonly Figures[];
  /** Means over the seeds. */
  readonly mean: Figures;
  /** Of the means: relative for the first two, absolute for the last. */
  readonly error: Figures;
  /** Runs that are within the tolerances. */
  readonly within: number;
  /** Whether the means are. */
  readonly isWithin: boolean;
}

/**
 * Fits a scenario to a trace.
 * @throws InputError when the trace is damaged
 */
export async function fitTrace(options: FitOptions): Promise<TraceFit> {
  const { trace, stretches, onProgress } = options;
  const observer = new FitObserver(trace);
  let rows = 0;
  await readHeapTrace(trace, (row) => {
    rows++;
    observer.add(row);
  });
  observer.finish();
  const figures = await traceFigures(trace, observer.nowNs);
  const fit = (most: number): TraceFit => {
    const text = fittedYaml(fitProgram(observer, most), { name: options.name, file: options.file, rows });
    return {
      text,
      scenario: scenarioOf(checkScenario(text, `the fit of ${trace}`, VOCABULARY)),
      stretches: most,
      trace: figures,
    };
  };
  const fits = stretches === undefined ? choices(observer.cycles.length).map(fit) : [fit(stretches)];
  return bestOf(fits, figures, (share) => onProgress?.(share));
}

/** Numbers of stretches that make a difference to so many cycles. */
function choices(cycles: number): number[] {
  return STRETCHES.filter((_, i) => i === 0 || STRETCHES[i - 1]! < cycles);
}

/** The fit with the fewest stretches that does about as well as any: they come with more and more. */
function bestOf(fits: readonly TraceFit[], trace: Figures, onProgress: (share: number) => void): TraceFit {
  if (fits.length === 1) return fits[0]!;
  const scores = fits.map((fit, f) => {
    let sum = 0;
    for (let i = 0; i < TRIAL_RUNS; i++) {
      const error = errorOf(runFigures(fit.scenario, `trial ${i + 1}`), trace);
      for (const key of KEYS) sum += (error[key] / TOLERANCES[key]) ** 2;
      onProgress((f * TRIAL_RUNS + i + 1) / (fits.length * TRIAL_RUNS));
    }
    return sum;
  });
  const least = Math.min(...scores);
  return fits[scores.findIndex((score) => score <= AS_GOOD * least)]!;
}

/** Runs a fitted scenario with the seeds 1 to `seeds`, and compares. */
export function checkFit(
  scenario: Scenario,
  trace: Figures,
  seeds: number,
  onProgress: (share: number) => void = () => {},
): FitCheck {
  const runs = Array.from({ length: seeds }, (_, i) => {
    const figures = runFigures(scenario, `${i + 1}`);
    onProgress((i + 1) / seeds);
    return figures;
  });
  const mean = meanOf(runs);
  return {
    runs,
    mean,
    error: errorOf(mean, trace),
    within: runs.filter((run) => isWithin(errorOf(run, trace))).length,
    isWithin: isWithin(errorOf(mean, trace)),
  };
}

/** How far figures are off: relative for the first two, absolute for the last. */
export function errorOf(got: Figures, wanted: Figures): Figures {
  return {
    peakHeapSysBytes: relative(got.peakHeapSysBytes, wanted.peakHeapSysBytes),
    findRate: relative(got.findRate, wanted.findRate),
    externalFragmentation: got.externalFragmentation - wanted.externalFragmentation,
  };
}

/** Whether errors are within the tolerances. */
export function isWithin(error: Figures): boolean {
  return KEYS.every((key) => Math.abs(error[key]) <= TOLERANCES[key]);
}

/** Runs a scenario under a seed, as `mheapsim run` does, and takes the figures. */
export function runFigures(scenario: Scenario, seed: string): Figures {
  let sampler: FigureSampler | undefined;
  const run = new ScenarioRun(
    { ...scenario, seed, samples: { kind: "count", count: SAMPLES } },
    {
      onlooker: {
        onSample: ({ heap, sim, collectorSample }) => {
          sampler ??= new FigureSampler(heap);
          sampler.sample(sim.nowNs, collectorSample);
        },
      },
    },
  );
  run.run();
  return sampler!.figures();
}

/**
 * Replays a trace and takes its figures.
 * @param durationNs of the trace
 * @throws InputError when it is damaged, or contradicts the model
 */
export async function traceFigures(path: string, durationNs: number): Promise<Figures> {
  const check = new Check();
  const intervalNs = durationNs / SAMPLES;
  let replay: TraceReplay | undefined;
  let sampler: FigureSampler | undefined;
  let next = 0;
  await readHeapTrace(path, (row: TraceRow) => {
    replay ??= createReplay(path, row, initGeometry(path, row), tracePolicy(path, {}), check);
    sampler ??= new FigureSampler(replay.heap);
    for (; next * intervalNs < row.t; next++) sampler.sample(next * intervalNs, NO_COLLECTOR);
    replay.step(row);
  });
  sampler!.sample(replay!.now, NO_COLLECTOR);
  return sampler!.figures();
}

const NO_COLLECTOR = { heapLiveBytes: Number.NaN, heapGoalBytes: Number.NaN, cycles: Number.NaN };

/** Takes the figures of a heap from samples at equal intervals. */
class FigureSampler {
  private readonly sampler = new Sampler();
  private last: Float64Array = new Float64Array(0);
  private sum = 0;
  private samples = 0;

  constructor(private readonly heap: Heap) {}

  sample(timeNs: number, collector: CollectorSample): void {
    this.last = this.sampler.sample(timeNs, this.heap, collector);
    const fragmentation = this.last[COLUMN.external_fragmentation]!;
    if (Number.isNaN(fragmentation)) return;
    this.sum += fragmentation;
    this.samples++;
  }

  /** Figures that are not defined, since nothing was free or allocated, are 0. */
  figures(): Figures {
    const finds = this.last[COLUMN.find_calls]!;
    return {
      peakHeapSysBytes: this.heap.statistics.peakHeapSysBytes,
      findRate: finds / Math.max(1, finds + this.last[COLUMN.fast_path_allocs]!),
      externalFragmentation: this.sum / Math.max(1, this.samples),
    };
  }
}

/** How far a value is off, as a share of what it should be; 0 when both are 0. */
function relative(got: number, wanted: number): number {
  return got === wanted ? 0 : got / wanted - 1;
}

function meanOf(runs: readonly Figures[]): Figures {
  const mean = (key: keyof Figures): number => runs.reduce((sum, run) => sum + run[key], 0) / runs.length;
  return {
    peakHeapSysBytes: mean("peakHeapSysBytes"),
    findRate: mean("findRate"),
    externalFragmentation: mean("externalFragmentation"),
  };
}
