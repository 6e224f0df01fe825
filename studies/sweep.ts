/**
 * A scenario with other values for some of its parameters, under the same seeds each time.
 *
 *     out/<scenario>-sweep/
 *       sweep.csv                          a row for each value of a metric: policy, what is varied, seed
 *       sweep-summary.csv                  means over the seeds, with intervals
 *       cells/<values>/<policy>/seed-0001  only when series are asked for
 *       plots/sweep.svg                    when it is asked for
 *       manifest.json
 */

import { ALPHA } from "../results/comparison.js";
import { manifestText } from "../results/manifest.js";
import { METRICS, type Metric } from "../results/metrics.js";
import { OutputFolder } from "../results/output-folder.js";
import {
  type SweepCase,
  sweepHeader,
  sweepLines,
  sweepSummaryHeader,
  sweepSummaryLines,
} from "../results/sweep-files.js";
import { type FinishedSweep, finishedSweep, type SweepManifest } from "../results/sweep-folder.js";
import { TOOL_VERSION } from "../results/version.js";
import type { ScenarioOverrides } from "../scenarios/load/load.js";
import type { Scenario } from "../scenarios/scenario.js";
import type { Policy } from "../sim/policies/policy.js";
import { type CellProgress, CellRunner } from "./cells/cell-runner.js";
import type { StudyPlotter } from "./plot.js";
import { resolvePolicies } from "./policies.js";
import { readScenario } from "./scenarios.js";
import { Study } from "./study.js";
import { StudyError } from "./study-error.js";
import { adoptRuns, folderNames, type Placed, placedDigests, runJson, runNotes } from "./study-files.js";
import type { WarmUp } from "./study-inputs.js";
import { type Point, pointOverrides, pointsOf, type Variation } from "./variation.js";

export interface SweepOptions {
  /** The scenario's file. */
  readonly path: string;
  /** What is changed about it besides. */
  readonly overrides?: ScenarioOverrides;
  /** One at least. */
  readonly vary: readonly Variation[];
  /** Whether the values go together, instead of in all combinations. */
  readonly zip?: boolean;
  /** As resolvePolicy takes them. Default: the scenario's own. */
  readonly policies?: readonly string[];
  /** In rising order, each once. */
  readonly seeds: readonly number[];
  /** Default: all. */
  readonly metrics?: readonly Metric[];
  /** Default: none. With MSER-5 each combination has its own. */
  readonly warmUp?: WarmUp;
  /** Threads. Default: one for each core. */
  readonly workers?: number;
  /** Whether the time series of all runs are kept. */
  readonly series?: boolean;
  readonly out: string;
  readonly force?: boolean;
  /** Draws pictures into the folder `plots`. Default: none. */
  readonly plotter?: StudyPlotter<FinishedSweep>;
  readonly onProgress?: (progress: CellProgress) => void;
}

export interface SweepResult {
  readonly names: readonly string[];
  readonly metrics: readonly Metric[];
  readonly cases: readonly SweepCase[];
  readonly notes: readonly string[];
  /** Whether every run came to its end, or to one that the scenario expects. */
  readonly endedAsExpected: boolean;
}

/** A combination, and the scenario that it makes. */
interface SweepPoint {
  readonly point: Point;
  readonly scenario: Scenario;
}

/**
 * Runs a sweep and writes what came out.
 * @throws InputError for a value that the scenario does not take, StudyError for what cannot be varied, and as compare does
 */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const base = readScenario(options.path, options.overrides ?? {});
  const points = sweepPoints(options, base);
  const policies = [...resolvePolicies(options.policies ?? [base.policy])].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  );
  OutputFolder.check(options.out, options.force ?? false);
  const runner = new CellRunner(options);
  try {
    const arms = points.flatMap(({ scenario }) =>
      policies.map((policy) => ({ policy, scenario, path: options.path })),
    );
    const study = new Study(arms, options.metrics ?? METRICS, options.warmUp ?? { kind: "none" }, runner);
    await study.extend(options.seeds);
    runner.release();
    const result = await new Sweep(options, base, points, policies, study).write(runner);
    await runner.complete();
    return result;
  } catch (error) {
    await runner.fail(error);
    throw error;
  }
}

/** All combinations with their scenarios, so that what is wrong with one is said before anything runs. */
function sweepPoints(
  { path, vary, zip = false, overrides = {} }: SweepOptions,
  base: Scenario,
): SweepPoint[] {
  if (vary.length === 0)
    throw new StudyError("nothing is varied: expected --vary name=values, such as --vary scale=1,2,5");
  const params = base.params.map(({ name }) => name);
  return pointsOf(vary, zip).map((point) => ({
    point,
    scenario: readScenario(path, pointOverrides(vary, point, params, overrides)),
  }));
}

class Sweep {
  private readonly names: readonly string[];
  private readonly folders: ReadonlyMap<string, string>;
  private readonly pointFolders: ReadonlyMap<string, string>;

  constructor(
    private readonly options: SweepOptions,
    private readonly base: Scenario,
    private readonly points: readonly SweepPoint[],
    private readonly policies: readonly Policy[],
    private readonly study: Study,
  ) {
    this.names = options.vary.map(({ name }) => name);
    this.folders = folderNames(policies.map(({ name }) => name));
    this.pointFolders = folderNames(points.map(({ point }) => this.pointText(point)));
  }

  async write(runner: CellRunner): Promise<SweepResult> {
    const { out, force = false, series = false } = this.options;
    const output = new OutputFolder(out, force);
    try {
      const cases = this.study.arms.map((_, arm) => this.caseOf(arm));
      const placed = series ? this.placed() : [];
      const files = new Map([...(await this.writeTables(output, cases)), ...placedDigests(placed)]);
      output.write("manifest.json", manifestText(this.manifest(), files));
      adoptRuns(output, runner, placed);
      output.commit();
      return this.result(cases);
    } catch (error) {
      output.discard();
      throw error;
    }
  }

  /** Writes the tables; their digests by name. */
  private async writeTables(output: OutputFolder, cases: readonly SweepCase[]): Promise<[string, string][]> {
    const { metrics } = this.study;
    const values = output.create("sweep.csv");
    values.write(sweepHeader(this.names));
    for (const one of cases) values.write(sweepLines(one, metrics));
    const summary = [
      sweepSummaryHeader(this.names),
      ...cases.map((one) => sweepSummaryLines(one, metrics, ALPHA)),
    ];
    return [
      ["sweep.csv", values.close()],
      ["sweep-summary.csv", output.write("sweep-summary.csv", summary.join(""))],
      ...(await this.drawn(output, summary.join(""))),
    ];
  }

  /** Draws the pictures that are wanted; their digests by name. @param summary the text of sweep-summary.csv */
  private async drawn(output: OutputFolder, summary: string): Promise<[string, string][]> {
    const { plotter } = this.options;
    if (plotter === undefined) return [];
    const tool = { name: "mheapsim", version: TOOL_VERSION };
    const files = await plotter(finishedSweep({ ...this.manifest(), tool }, summary, this.options.out));
    return [...files].map(([name, content]) => [`plots/${name}`, output.write(`plots/${name}`, content)]);
  }

  private placed(): Placed[] {
    return this.study.arms.flatMap((_, arm) => {
      const point = this.pointFolders.get(this.pointText(this.pointOf(arm).point));
      const prefix = `cells/${point}/${this.folders.get(this.policyOf(arm))}/`;
      return this.study.runs(arm).map((run) => ({ run, prefix }));
    });
  }

  private caseOf(arm: number): SweepCase {
    return {
      scenario: this.base.name,
      policy: this.policyOf(arm),
      point: this.pointOf(arm).point,
      seeds: this.options.seeds,
      values: this.study.values(arm),
    };
  }

  private pointOf(arm: number): SweepPoint {
    return this.points[Math.floor(arm / this.policies.length)]!;
  }

  private policyOf(arm: number): string {
    return this.study.arms[arm]!.policy.name;
  }

  private pointText(point: Point): string {
    return point.map((value, i) => `${this.names[i]}=${value}`).join(", ");
  }

  private manifest(): Record<string, unknown> & Omit<SweepManifest, "tool" | "files"> {
    const { vary, zip = false, seeds, warmUp = { kind: "none" }, overrides = {} } = this.options;
    return {
      name: this.base.name,
      scenario: { kind: "scenario", name: this.base.name },
      study: "sweep",
      policies: this.policies.map(({ name, preset, evidence }) => ({ name, preset, evidence })),
      vary: Object.fromEntries(vary.map(({ name, values }) => [name, values])),
      zip,
      changes: { params: overrides.params ?? [], sets: overrides.sets ?? [] },
      seeds,
      warm_up: warmUp.kind,
      runs: this.study.arms.flatMap((_, arm) =>
        this.study.runs(arm).map((run) => ({
          values: Object.fromEntries(this.names.map((name, i) => [name, this.pointOf(arm).point[i]])),
          warm_up_ns: this.study.warmUpNs(arm),
          ...runJson(run),
        })),
      ),
    };
  }

  private result(cases: readonly SweepCase[]): SweepResult {
    const { arms, metrics } = this.study;
    const runs = arms.map((_, arm) => this.study.runs(arm));
    return {
      names: this.names,
      metrics,
      cases,
      notes: arms.flatMap((_, arm) =>
        runNotes(
          `${this.pointText(this.pointOf(arm).point)} under ${this.policyOf(arm)}`,
          runs[arm]!,
          this.study.changing(arm),
        ),
      ),
      endedAsExpected: runs.flat().every(({ outcome }) => outcome.endedAsExpected),
    };
  }
}
