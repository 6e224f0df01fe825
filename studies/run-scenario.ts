/**
 * A seeded scenario in, time series out.
 *
 *     out/<name>/timeseries.csv, summary.json, histograms.json, manifest.json     one run
 *     out/<name>/rep-0001/…, rep-0002/…, manifest.json                            --repeat: the seeds of the replications differ
 *
 * Output goes to a folder that appears when it is complete.
 */

import type { Keyframes } from "../results/heapmap/recorder.js";
import { manifestText } from "../results/manifest.js";
import { OutputFolder } from "../results/output-folder.js";
import type { Scenario } from "../scenarios/scenario.js";
import type { Recordings } from "../scenarios/workloads/workloads.js";
import { type RecordedRun, recordRun } from "./recorded-run.js";
import type { Plotter } from "./recording.js";
import { readRecordings } from "./recordings.js";
import { CycleLog } from "./runtime-lines.js";
import { ScavengeLog } from "./scavenge-lines.js";
import { parametersOf } from "./scenario-parameters.js";
import type { Onlooker } from "./scenario-run.js";

/** What to run, and where the result goes. */
export interface RunScenarioOptions {
  readonly scenario: Scenario;
  /** Path of the scenario's file, from whose folder recordings are looked up; the current folder without. */
  readonly path?: string;
  /** Output folder. */
  readonly out: string;
  /** Whether an earlier result in that folder may be replaced. */
  readonly force?: boolean;
  /** Number of runs, each with a seed of its own. Default: one, not in a folder of its own. */
  readonly repeat?: number;
  /** Keyframes of a heap map, times in ns. Default: no heap map. */
  readonly keyframes?: Keyframes;
  /** Draws plots into the folder of each run. Default: nobody does. */
  readonly plotter?: Plotter;
  /** Called now and then with the share of the work that is done, 0..1. */
  readonly onProgress?: (share: number) => void;
  /** Gets the line of each collection, in the runtime's own format. */
  readonly onGcLine?: (line: string) => void;
  /** Gets the line of each generation of the scavenger. */
  readonly onScavengeLine?: (line: string) => void;
}

/** What came of a run. */
export interface RunScenarioResult extends Omit<RecordedRun, "digests"> {
  /** Folder of the run within the output folder, "" for the folder itself. */
  readonly folder: string;
  readonly seed: string;
}

/**
 * Runs a scenario and writes what came out.
 * @returns a result for each run
 * @throws InputError when a recording cannot be read, OutputError when the result cannot be written, LimitError when the
 *   run would never end; nothing is left behind then
 */
export async function runScenario(options: RunScenarioOptions): Promise<RunScenarioResult[]> {
  const folder = new OutputFolder(options.out, options.force ?? false);
  try {
    const recordings = await readRecordings(options.scenario, options.path ?? "");
    const job = new ScenarioJob(options, folder, recordings);
    const results = options.repeat === undefined ? [await job.run("", 0)] : await job.repeat(options.repeat);
    folder.commit();
    return results;
  } catch (error) {
    folder.discard();
    throw error;
  }
}

/** The seed of a replication, counted from 0: the next numbers, or the word with a number. */
export function replicationSeed(seed: string, index: number): string {
  if (index === 0) return seed;
  return /^\d+$/.test(seed) ? String(Number(seed) + index) : `${seed}-${index}`;
}

class ScenarioJob {
  constructor(
    readonly options: RunScenarioOptions,
    readonly folder: OutputFolder,
    readonly recordings: Recordings,
  ) {}

  /** Runs the replications, and writes a manifest of all of them. */
  async repeat(times: number): Promise<RunScenarioResult[]> {
    const { scenario } = this.options;
    const files = new Map<string, string>();
    const results: RunScenarioResult[] = [];
    for (let i = 0; i < times; i++)
      results.push(await this.run(`rep-${String(i + 1).padStart(4, "0")}`, i, files));
    const content = {
      name: scenario.name,
      scenario: { kind: "scenario", name: scenario.name, seed: scenario.seed },
      policy: scenario.policy,
      parameters: parametersOf(scenario),
      replications: results.map(({ folder, seed, end, fingerprint, failures }) => ({
        folder,
        seed,
        end,
        fingerprint,
        failed_expectations: failures.length,
      })),
    };
    this.folder.write("manifest.json", manifestText(content, files));
    return results;
  }

  /** One run, into a folder within the output; the digests of its files go into `files`. */
  async run(folder: string, index: number, files = new Map<string, string>()): Promise<RunScenarioResult> {
    const { options, recordings } = this;
    const scenario = { ...options.scenario, seed: replicationSeed(options.scenario.seed, index) };
    const { digests, ...result } = await recordRun({
      scenario,
      recordings,
      folder: this.folder,
      ...(options.path === undefined ? {} : { path: options.path }),
      prefix: folder === "" ? "" : `${folder}/`,
      ...(options.keyframes === undefined ? {} : { keyframes: options.keyframes }),
      ...(options.plotter === undefined ? {} : { plotter: options.plotter }),
      onlooker: this.lines(),
      onProgress: (part) => options.onProgress?.((index + part) / (options.repeat ?? 1)),
    });
    for (const [file, digest] of digests) files.set(file, digest);
    return { folder, seed: scenario.seed, ...result };
  }

  /** Prints what the runtime would. */
  private lines(): Onlooker {
    const { onGcLine, onScavengeLine } = this.options;
    const log = new CycleLog();
    const scavenges = new ScavengeLog();
    return {
      ...(onGcLine === undefined ? {} : { onCycle: (run) => onGcLine(log.line(run)) }),
      ...(onScavengeLine === undefined
        ? {}
        : {
            onGeneration: (run) => onScavengeLine(scavenges.line(run)),
            onForcedRelease: (run, releasedBytes) => onScavengeLine(scavenges.forced(run, releasedBytes)),
          }),
    };
  }
}
