/**
 * Policies compared: the same scenario and the same random numbers under each of them.
 *
 *     out/<scenario>-compare/
 *       comparison.csv                     a row for each metric and candidate
 *       comparison.json                    the same and more: p-values, values of every run, how it was done
 *       cells/<policy>/seed-0001/…         time series, summary and manifest of every run
 *       plots/compare.svg                  when it is asked for
 *       manifest.json                      digests of all of these
 *
 * Nothing in these files depends on the order in which policies were named, or on how many runs went on at a time.
 */

import { ALPHA, type ComparisonRow, compareMetrics, relativeHalfWidth } from "../results/comparison.js";
import { comparisonCsv, comparisonJson } from "../results/comparison-files.js";
import { type BandRun, bandRun, type FinishedComparison, shownRow } from "../results/comparison-folder.js";
import { manifestText } from "../results/manifest.js";
import { METRICS, type Metric } from "../results/metrics.js";
import { computed } from "../results/numbers.js";
import { OutputFolder } from "../results/output-folder.js";
import { columnsOf } from "../results/run-folder.js";
import { lookShare } from "../results/statistics/multiplicity.js";
import { TOOL_VERSION } from "../results/version.js";
import type { Scenario } from "../scenarios/scenario.js";
import type { Policy } from "../sim/policies/policy.js";
import { type CellProgress, CellRunner } from "./cells/cell-runner.js";
import type { StudyPlotter } from "./plot.js";
import { resolvePolicies, resolvePolicy } from "./policies.js";
import { parametersOf } from "./scenario-parameters.js";
import { Study } from "./study.js";
import { StudyError } from "./study-error.js";
import { adoptRuns, folderNames, placedDigests, runJson, runNotes } from "./study-files.js";
import type { WarmUp } from "./study-inputs.js";

/** Seeds are added until intervals are narrow. */
export interface UntilNarrow {
  /** Half the width of an interval, as a share of the larger of the two means. */
  readonly share: number;
  /** Seeds in all, after which it is given up. */
  readonly maxSeeds: number;
}

export interface CompareOptions {
  readonly scenario: Scenario;
  /** Path of the scenario's file, from whose folder recordings are looked up; the current folder without. */
  readonly path?: string;
  /** What to compare, as resolvePolicy takes it; two at least. */
  readonly policies: readonly string[];
  /** The policy that the others are compared with, as it is named among them. Default: the first one. */
  readonly baseline?: string;
  /** In rising order, each once; two at least. */
  readonly seeds: readonly number[];
  /** Default: all. */
  readonly metrics?: readonly Metric[];
  /** Default: none. */
  readonly warmUp?: WarmUp;
  /** Default: as many seeds as there are. */
  readonly until?: UntilNarrow;
  /** Threads. Default: one for each core. */
  readonly workers?: number;
  readonly out: string;
  /** Whether an earlier result in that folder may be replaced. */
  readonly force?: boolean;
  /** Draws pictures into the folder `plots`. Default: none. */
  readonly plotter?: StudyPlotter<FinishedComparison>;
  readonly onProgress?: (progress: CellProgress) => void;
}

export interface CompareResult {
  readonly baseline: string;
  /** In the order of their names. */
  readonly candidates: readonly string[];
  readonly seeds: readonly number[];
  /** How often the data were looked at. */
  readonly looks: number;
  /** Rows that are still wider than was asked for. */
  readonly wide: readonly ComparisonRow[];
  readonly warmUpNs: number;
  readonly rows: readonly ComparisonRow[];
  /** What one should know about the runs, a line each. */
  readonly notes: readonly string[];
  /** Whether every run came to its end, or to one that the scenario expects. */
  readonly endedAsExpected: boolean;
  /** The text of comparison.json. */
  readonly json: string;
}

/** With so many more seeds each time, there are few looks, and none is much more than needed. */
const GROWTH = 1.5;

/**
 * Compares policies and writes what came out.
 * @throws StudyError for what cannot be compared, PolicySpecError for a policy that there is not, OutputError when the result
 *   cannot be written, and what a run throws
 */
export async function compare(options: CompareOptions): Promise<CompareResult> {
  const { policies, baseline } = comparedPolicies(options);
  if (options.seeds.length < 2)
    throw new StudyError("one seed shows no noise: expected two at least, such as --seeds 1..30");
  OutputFolder.check(options.out, options.force ?? false);
  const metrics = options.metrics ?? METRICS;
  const { scenario, path = "", warmUp = { kind: "none" } } = options;
  const runner = new CellRunner(options);
  try {
    const arms = policies.map((policy) => ({ policy, scenario, path }));
    const study = new Study(arms, metrics, warmUp, runner);
    const comparison = new Comparison(options, policies, baseline, study);
    await comparison.run();
    runner.release();
    const result = await comparison.write(runner);
    await runner.complete();
    return result;
  } catch (error) {
    await runner.fail(error);
    throw error;
  }
}

/** The policies in the order of their names, and the name of the baseline. */
function comparedPolicies(options: CompareOptions): { policies: readonly Policy[]; baseline: string } {
  const policies = resolvePolicies(options.policies);
  if (policies.length < 2)
    throw new StudyError("a comparison is between two policies at least, such as --policies go1.17,go1.18");
  const names = policies.map(({ name }) => name);
  const baseline = options.baseline === undefined ? names[0]! : resolvePolicy(options.baseline).name;
  if (!names.includes(baseline)) {
    throw new StudyError(
      `the baseline ${options.baseline} is not among the policies, expected one of ${names.join(", ")}`,
    );
  }
  return { policies: [...policies].sort((a, b) => (a.name < b.name ? -1 : 1)), baseline };
}

class Comparison {
  private readonly metrics: readonly Metric[];
  private readonly candidates: readonly string[];
  private seeds: readonly number[];
  private looks = 0;
  private rows: readonly ComparisonRow[] = [];
  private wide: readonly ComparisonRow[] = [];

  constructor(
    private readonly options: CompareOptions,
    private readonly policies: readonly Policy[],
    private readonly baseline: string,
    private readonly study: Study,
  ) {
    this.metrics = study.metrics;
    this.seeds = options.seeds;
    this.candidates = policies.map(({ name }) => name).filter((name) => name !== baseline);
  }

  /** Runs and looks, until there is enough to see. */
  async run(): Promise<void> {
    const { until } = this.options;
    let more = this.seeds;
    for (;;) {
      await this.study.extend(more);
      this.look();
      if (until === undefined || this.wide.length === 0 || this.seeds.length >= until.maxSeeds) return;
      const wanted = Math.min(Math.ceil(this.seeds.length * GROWTH), until.maxSeeds);
      const last = this.seeds.at(-1)!;
      more = Array.from({ length: wanted - this.seeds.length }, (_, i) => last + 1 + i);
      this.seeds = [...this.seeds, ...more];
    }
  }

  private look(): void {
    const { until } = this.options;
    this.looks++;
    this.rows = compareMetrics({
      metrics: this.metrics,
      baseline: this.baseline,
      candidates: this.candidates,
      values: new Map(this.policies.map(({ name }, arm) => [name, this.study.values(arm)])),
      ...(until === undefined ? {} : { lookShare: lookShare(this.looks) }),
    });
    if (until === undefined) return;
    // More seeds do not define what is not defined.
    this.wide = this.rows.filter(
      (row) =>
        this.awaited(row.metric) && row.verdict !== "undefined" && relativeHalfWidth(row) > until.share,
    );
  }

  /** Whether a metric's interval must be narrow: all that were asked for by name, else the headlines. */
  private awaited(metric: Metric): boolean {
    return this.options.metrics !== undefined || metric.headline;
  }

  /** Writes the files. */
  async write(runner: CellRunner): Promise<CompareResult> {
    const { scenario, out, force = false } = this.options;
    const output = new OutputFolder(out, force);
    try {
      const json = `${JSON.stringify(this.json(), null, 2)}\n`;
      const folders = folderNames(this.policies.map(({ name }) => name));
      const placed = this.policies.flatMap(({ name }, arm) =>
        this.study.runs(arm).map((run) => ({ run, prefix: `cells/${folders.get(name)}/` })),
      );
      const files = new Map([
        ["comparison.csv", output.write("comparison.csv", comparisonCsv(scenario.name, this.rows))],
        ["comparison.json", output.write("comparison.json", json)],
        ...(await this.drawn(output)),
        ...placedDigests(placed),
      ]);
      output.write("manifest.json", manifestText(this.manifest(folders), files));
      adoptRuns(output, runner, placed);
      output.commit();
      return this.result(json);
    } catch (error) {
      output.discard();
      throw error;
    }
  }

  /** Draws the pictures that are wanted; their digests by name. */
  private async drawn(output: OutputFolder): Promise<[string, string][]> {
    const { plotter } = this.options;
    if (plotter === undefined) return [];
    const files = await plotter(await this.finished());
    return [...files].map(([name, content]) => [`plots/${name}`, output.write(`plots/${name}`, content)]);
  }

  /** What a picture shows, the same as is read from the folder later. */
  private async finished(): Promise<FinishedComparison> {
    const { scenario } = this.options;
    const runs = new Map<string, BandRun[]>();
    for (const [arm, { name }] of this.policies.entries()) {
      const rows = await this.study.mapSamples(arm, (samples) => bandRun(columnsOf(samples)));
      runs.set(name, rows);
    }
    return {
      name: scenario.name,
      version: TOOL_VERSION,
      baseline: this.baseline,
      candidates: this.candidates,
      seeds: this.seeds,
      parameters: parametersOf(scenario),
      warmUpNs: this.study.warmUpNs(0),
      rows: this.rows.map(comparisonJson).map(shownRow),
      runs,
    };
  }

  private manifest(folders: ReadonlyMap<string, string>): Record<string, unknown> {
    const { scenario } = this.options;
    return {
      name: scenario.name,
      scenario: { kind: "scenario", name: scenario.name },
      study: "compare",
      baseline: this.baseline,
      policies: this.policies.map(({ name, preset, evidence }) => ({
        name,
        preset,
        evidence,
        folder: `cells/${folders.get(name)}`,
      })),
      seeds: this.seeds,
      parameters: parametersOf(scenario),
    };
  }

  private json(): Record<string, unknown> {
    const { scenario, until, warmUp = { kind: "none" } } = this.options;
    return {
      scenario: scenario.name,
      baseline: this.baseline,
      candidates: this.candidates,
      policies: this.policies.map(({ name, preset, evidence }) => ({ name, preset, evidence })),
      parameters: parametersOf(scenario),
      seeds: this.seeds,
      warm_up: { kind: warmUp.kind, ns: this.study.warmUpNs(0) },
      confidence: 1 - ALPHA,
      adjustment: "bonferroni",
      comparisons: this.rows.length,
      looks: this.looks,
      ...(until === undefined
        ? {}
        : { until_ci: { share: until.share, max_seeds: until.maxSeeds, reached: this.wide.length === 0 } }),
      rows: this.rows.map(comparisonJson),
      runs: this.policies.flatMap((_, arm) => this.study.runs(arm).map(runJson)),
      values: Object.fromEntries(this.policies.map(({ name }, arm) => [name, this.valuesJson(arm)])),
    };
  }

  /** Each metric's values in the order of the seeds. */
  private valuesJson(arm: number): Record<string, (number | null)[]> {
    const values = this.study.values(arm);
    return Object.fromEntries(this.metrics.map(({ name }, m) => [name, values[m]!.map(computed)]));
  }

  private result(json: string): CompareResult {
    const runs = this.policies.map((_, arm) => this.study.runs(arm));
    return {
      baseline: this.baseline,
      candidates: this.candidates,
      seeds: this.seeds,
      looks: this.looks,
      wide: this.wide,
      warmUpNs: this.study.warmUpNs(0),
      rows: this.rows,
      notes: this.policies.flatMap(({ name }, arm) => runNotes(name, runs[arm]!, this.study.changing(arm))),
      endedAsExpected: runs.flat().every(({ outcome }) => outcome.endedAsExpected),
      json,
    };
  }
}
