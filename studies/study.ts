/**
 * Runs of several arms under the same seeds, and the metrics of each run.
 *
 *     arms × seeds ──CellRunner──► samples ──without the warm-up──► metrics by arm, metric and seed
 *
 * Arms of one scenario share a warm-up, so that all their metrics are of the same window of the same demands. MSER-5 reads
 * it off the mean over the seeds of the heap in use, which is the demands' doing more than the policies'; the latest cut of
 * all arms counts. What policies do with that heap may go on changing, as memory that is retained for good does: that is for
 * whoever reads the result to know, and no reason to leave out more of the run.
 */

import { COLUMN, type ColumnName } from "../results/columns.js";
import type { MetricValues } from "../results/comparison.js";
import { type Metric, Series } from "../results/metrics.js";
import { mser5 } from "../results/statistics/mser.js";
import { formatDuration } from "../scenarios/units.js";
import type { Arm, Cell, CellOutcome } from "./cells/cell.js";
import { type FinishedCell, rowsOf } from "./cells/cell-folder.js";
import type { CellRunner } from "./cells/cell-runner.js";
import { StudyError } from "./study-error.js";
import type { WarmUp } from "./study-inputs.js";

/** Columns that MSER-5 looks at: the first says how long the warm-up is, the others are watched. Whole numbers all. */
const WARM_UP_COLUMNS: readonly ColumnName[] = ["heap_inuse_bytes", "heap_retained_bytes", "free_runs"];

/** One run of a study. */
export interface StudyRun {
  readonly cell: Cell;
  readonly outcome: CellOutcome;
  /** sha256 of its files by name. */
  readonly digests: Readonly<Record<string, string>>;
}

interface Entry extends StudyRun {
  /** In the order of the metrics. */
  values: readonly number[];
  /** WARM_UP_COLUMNS with a value each sample; not there unless MSER-5 asks for them. */
  readonly columns: readonly Float64Array[];
}

export class Study {
  /** By arm, then by seed. */
  private readonly entries: Map<number, Entry>[];
  private readonly cuts = new Map<Arm["scenario"], number>();
  /** Columns that go on changing, by arm. */
  private readonly unsettled = new Map<Arm, readonly string[]>();

  constructor(
    readonly arms: readonly Arm[],
    readonly metrics: readonly Metric[],
    readonly warmUp: WarmUp,
    private readonly runner: CellRunner,
  ) {
    this.entries = arms.map(() => new Map());
    if (warmUp.kind !== "time") return;
    for (const { scenario } of arms) {
      if (warmUp.ns >= scenario.durationNs) throw tooLong(warmUp.ns, scenario.durationNs);
    }
  }

  /**
   * Runs all arms under more seeds.
   * @throws StudyError when MSER-5 finds that a run does not settle; as a run does
   */
  async extend(seeds: readonly number[]): Promise<void> {
    // Seed by seed, so that an interrupted study has whole pairs.
    const cells = seeds.flatMap((seed) => this.arms.map((arm, a) => ({ a, cell: { ...arm, seed } })));
    await this.runner.run(
      cells.map(({ cell }) => cell),
      (index, finished) => {
        const { a, cell } = cells[index]!;
        this.entries[a]!.set(cell.seed, this.entryOf(cell, finished));
      },
    );
    if (this.warmUp.kind === "mser5") await this.settle();
  }

  /** The runs of an arm in the order of their seeds. */
  runs(arm: number): readonly StudyRun[] {
    return this.sorted(arm);
  }

  /** Metrics of an arm, each in the order of the seeds; NaN where undefined, as under all of a run that ended early. */
  values(arm: number): MetricValues {
    const entries = this.sorted(arm);
    return this.metrics.map((_, m) => entries.map(({ values }) => values[m]!));
  }

  /**
   * Reads the samples of an arm's runs again.
   * @param of makes of a run's samples what is wanted of them
   * @returns that, in the order of the seeds
   */
  async mapSamples<T>(arm: number, of: (rows: readonly Float64Array[]) => T): Promise<T[]> {
    const cells = this.sorted(arm).map(({ cell }) => cell);
    const found: T[] = [];
    await this.runner.run(
      cells,
      (index, { samples }) => {
        found[index] = of(rowsOf(samples));
      },
      false,
    );
    return found;
  }

  /** The length of the warm-up of an arm, ns. */
  warmUpNs(arm: number): number {
    if (this.warmUp.kind === "time") return this.warmUp.ns;
    return this.cuts.get(this.arms[arm]!.scenario) ?? 0;
  }

  private sorted(arm: number): Entry[] {
    return [...this.entries[arm]!.values()].sort((a, b) => a.cell.seed - b.cell.seed);
  }

  private entryOf(cell: Cell, { outcome, samples, digests }: FinishedCell): Entry {
    const isAuto = this.warmUp.kind === "mser5";
    const rows = rowsOf(samples);
    const fromNs = this.warmUp.kind === "time" ? this.warmUp.ns : 0;
    const values = isAuto ? [] : this.measured(rows, outcome, fromNs);
    const columns = isAuto
      ? WARM_UP_COLUMNS.map((name) => Float64Array.from(rows, (row) => row[COLUMN[name]]!))
      : [];
    return { cell, outcome, digests, values, columns };
  }

  private measured(rows: readonly Float64Array[], outcome: CellOutcome, fromNs: number): number[] {
    // What came of half of a run says nothing beside what came of whole ones.
    if (outcome.end !== "completed") return this.metrics.map(() => Number.NaN);
    if (fromNs >= outcome.endNs) throw tooLong(fromNs, outcome.endNs);
    const series = new Series(rows, fromNs);
    return this.metrics.map((metric) => metric.of(series));
  }

  /** Finds the cuts, and measures all runs after them. */
  private async settle(): Promise<void> {
    this.arms.forEach(({ scenario }, a) => {
      if (a === this.arms.findIndex((arm) => arm.scenario === scenario))
        this.cuts.set(scenario, this.cutOf(scenario));
    });
    for (const [a, entries] of this.entries.entries()) {
      const fromNs = this.warmUpNs(a);
      const cells = [...entries.values()];
      // They are finished, so this reads them.
      await this.runner.run(
        cells.map(({ cell }) => cell),
        (index, { samples, outcome }) => {
          cells[index]!.values = this.measured(rowsOf(samples), outcome, fromNs);
        },
        false,
      );
    }
  }

  /** The latest cut of the arms of a scenario, ns. */
  private cutOf(scenario: Arm["scenario"]): number {
    let latest = 0;
    for (const [a, arm] of this.arms.entries()) {
      const whole = this.sorted(a).filter(({ outcome }) => outcome.end === "completed");
      if (arm.scenario !== scenario || whole.length === 0) continue;
      const [samples, ...watched] = WARM_UP_COLUMNS.map((_, c) =>
        mser5(meanSeries(whole.map(({ columns }) => columns[c]!))),
      );
      if (Number.isNaN(samples!)) throw neverSettles(arm);
      latest = Math.max(latest, samples! * whole[0]!.outcome.sampleNs);
      const changing = WARM_UP_COLUMNS.slice(1).filter((_, c) => Number.isNaN(watched[c]!));
      this.unsettled.set(arm, changing);
    }
    return latest;
  }

  /** Columns of an arm that, to MSER-5, go on changing after half of the run. */
  changing(arm: number): readonly string[] {
    return this.unsettled.get(this.arms[arm]!) ?? [];
  }
}

/** The mean over runs, sample by sample; as long as the shortest. */
function meanSeries(series: readonly Float64Array[]): Float64Array {
  const length = Math.min(...series.map((one) => one.length));
  return Float64Array.from(
    { length },
    (_, i) => series.reduce((sum, one) => sum + one[i]!, 0) / series.length,
  );
}

function tooLong(warmUpNs: number, durationNs: number): StudyError {
  return new StudyError(
    `--warmup ${formatDuration(warmUpNs)} leaves nothing of a run of ${formatDuration(durationNs)}, expected less`,
  );
}

function neverSettles({ scenario, policy }: Arm): StudyError {
  return new StudyError(
    `${scenario.name} does not settle under ${policy.name}: to MSER-5 half of heap_inuse_bytes or more is warm-up, or there are fewer than 50 samples; the runs are kept: say --warmup TIME or --warmup none, or let it last longer`,
  );
}
