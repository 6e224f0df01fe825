/** The half of `mheapsim run` that runs scenarios. */

import { join } from "node:path";
import type { Keyframes } from "../results/heapmap/recorder.js";
import type { RunOutcome } from "../results/run-json.js";
import { formatDuration } from "../scenarios/units.js";
import { loadPlotter } from "../studies/plot.js";
import { type RunScenarioResult, runScenario } from "../studies/run-scenario.js";
import { EXIT_FAILED, UsageError } from "./errors.js";
import { type OutputChoice, printOutcome, progressFor, tableOf } from "./run-output.js";
import { type Changes, loadScenario } from "./scenario-options.js";

/** More replications than this are refused: their folders have four digits. */
const MAX_REPEAT = 9999;

/** What the command line asks for. */
export interface ScenarioArguments extends Changes, OutputChoice {
  readonly path: string;
  readonly seed: string | undefined;
  readonly repeat: number | undefined;
  readonly out: string | undefined;
  readonly force: boolean;
  readonly sampleNs: number | undefined;
  readonly keyframes: Keyframes | undefined;
  readonly gctrace: boolean;
  readonly scavtrace: boolean;
  readonly plots: boolean;
}

/** Runs a scenario and prints what came out. */
export async function runScenarioCommand(args: ScenarioArguments): Promise<void> {
  const { path, sampleNs, repeat, keyframes } = args;
  if (repeat !== undefined && !(Number.isInteger(repeat) && repeat >= 1 && repeat <= MAX_REPEAT)) {
    throw new UsageError(`--repeat is a whole number from 1 to ${MAX_REPEAT}, such as --repeat 20`);
  }
  const read = loadScenario(path, args, args.seed);
  const scenario =
    sampleNs === undefined ? read : { ...read, samples: { kind: "every", everyNs: sampleNs } as const };
  const { name, policy, seed } = scenario;
  const out = args.out ?? join("out", fileName(`${name}-${policy}-${seed}`));
  const print = (line: string): void => console.error(line);
  const progress = progressFor(name, args);
  let results: RunScenarioResult[];
  try {
    results = await runScenario({
      scenario,
      path,
      out,
      force: args.force,
      onProgress: (share) => progress.update(share),
      ...(repeat === undefined ? {} : { repeat }),
      ...(keyframes === undefined ? {} : { keyframes }),
      ...(args.plots ? { plotter: await loadPlotter() } : {}),
      ...(args.gctrace ? { onGcLine: print } : {}),
      ...(args.scavtrace ? { onScavengeLine: print } : {}),
    });
  } finally {
    progress.stop();
  }
  const what = `${name} under ${policy}`;
  const outcomes = results.map((result) => outcomeOf(result, name, policy));
  printOutcome(args, out, outcomes, () => printRuns(what, out, results, args));
  for (const result of results) reportRun(result);
}

function outcomeOf(result: RunScenarioResult, name: string, policy: string): RunOutcome {
  const { folder, seed, end, endMessage, samples, fingerprint, events, expectations, failures } = result;
  return {
    folder,
    name,
    kind: "scenario",
    policy,
    seed,
    end,
    message: endMessage === "" ? null : endMessage,
    samples,
    fingerprint,
    events,
    expectations: { count: expectations, failed: failures },
    recording: null,
  };
}

function printRuns(
  what: string,
  out: string,
  results: readonly RunScenarioResult[],
  { plots, keyframes, repeat }: ScenarioArguments,
): void {
  for (const result of results) printRun(what, result);
  const [only] = results;
  if (repeat === undefined) {
    console.log(`\n${tableOf(only!.samples)}\n`);
    console.log(`fingerprint ${only!.fingerprint}`);
  }
  const files = writtenFiles(plots, keyframes !== undefined);
  const folders = repeat === undefined ? files : `manifest.json, and ${files} in ${foldersText(results)}`;
  console.log(`written to ${out}: ${folders}`);
}

/** A line about a run; with several, its folder and fingerprint too. */
function printRun(what: string, result: RunScenarioResult): void {
  const { folder, seed, end, endNs, events, expectations, failures, fingerprint } = result;
  const held =
    expectations === 0 ? "" : `, ${expectations - failures.length} of ${expectations} expectations hold`;
  const ended = end === "completed" ? "" : `, ${end}`;
  const line = `${what}, seed ${seed}: ${formatDuration(endNs)}${ended}, ${events} events${held}`;
  console.log(folder === "" ? line : `${folder} ${line}, fingerprint ${fingerprint}`);
}

/** What went wrong, a line each on stderr, and the exit code. */
function reportRun({ folder, end, endMessage, endedAsExpected, failures }: RunScenarioResult): void {
  const where = folder === "" ? "" : `${folder}: `;
  if (end !== "completed" && !endedAsExpected) console.error(`${where}${endMessage}`);
  for (const failure of failures) console.error(`${where}${failure}`);
  if (!endedAsExpected || failures.length > 0) process.exitCode = EXIT_FAILED;
}

/** What a run leaves, in words. */
export function writtenFiles(plots: boolean, heapMap: boolean): string {
  const others = `${heapMap ? "heapmap.bin, " : ""}${plots ? "plots, " : ""}`;
  return `timeseries.csv, summary.json, histograms.json, ${others}manifest.json`;
}

function foldersText(results: readonly RunScenarioResult[]): string {
  const [first, last] = [results[0]!.folder, results.at(-1)!.folder];
  return first === last ? first : `${first} to ${last}`;
}

/** A name without what file systems and shells would stumble over. */
function fileName(name: string): string {
  return name.replace(/[^\w.+-]+/g, "-");
}
