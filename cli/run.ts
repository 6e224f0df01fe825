/** `mheapsim run`: runs a scenario, or replays a trace, and writes its time series. */

import { basename, join } from "node:path";
import type { CommandModule } from "yargs";
import { DEFAULT_KEYFRAMES, type Keyframes } from "../results/heapmap/recorder.js";
import { BUNDLED_TRACES } from "../scenarios/library.js";
import { formatDuration, parseDuration } from "../scenarios/units.js";
import { loadPlotter } from "../studies/plot.js";
import { resolvePolicy } from "../studies/policies.js";
import { tracePolicy } from "../studies/recorded-under.js";
import { type RunTraceResult, runTrace } from "../studies/run-trace.js";
import { EXIT_FAILED, givenPath, lastGiven, UsageError } from "./errors.js";
import { checkOutput, OUTPUT, type OutputChoice, printOutcome, progressFor, tableOf } from "./run-output.js";
import { runScenarioCommand, writtenFiles } from "./run-scenario.js";
import { CHANGES, type Changes, findSource, SEED } from "./scenario-options.js";

/** More keyframes than this are refused: each holds the whole heap. */
const MAX_KEYFRAMES = 1000;

interface RunArguments extends Changes, OutputChoice {
  what: string | undefined;
  seed: string | undefined;
  repeat: number | undefined;
  gctrace: boolean;
  scavtrace: boolean;
  plots: boolean;
  out: string | undefined;
  force: boolean;
  sample: string | undefined;
  "spans-only": boolean;
  heapmap: boolean;
  keyframes: string | undefined;
  policy: string | undefined;
}

export const runCommand: CommandModule<object, RunArguments> = {
  command: "run [what]",
  describe: "run a scenario, or replay a page-heap trace of a real program, and write CSV time series",
  builder: (yargs) =>
    yargs
      .positional("what", {
        type: "string",
        describe:
          "scenario (.yaml) or trace (.csv or .csv.gz): a file, the name of a bundled one, or - for a trace on standard input; a bundled trace by default",
      })
      .option("seed", SEED)
      .option("repeat", {
        type: "number",
        requiresArg: true,
        describe: "run so many times with the next seeds, into rep-0001, rep-0002, …",
      })
      .option("gctrace", {
        type: "boolean",
        default: false,
        describe: "print a line for each collection, as GODEBUG=gctrace=1 does",
      })
      .option("scavtrace", {
        type: "boolean",
        default: false,
        describe: "print a line for each generation of the scavenger, as GODEBUG=scavtrace=1 does",
      })
      .option("plots", {
        type: "boolean",
        default: false,
        describe: "draw the usual plots into the output folder, as mheapsim plot does",
      })
      .options(CHANGES)
      .options(OUTPUT)
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "output folder (default out/<scenario>-<policy>-<seed>, out/<trace>-<policy>)",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "replace an earlier result in that folder",
      })
      .option("sample", {
        type: "string",
        requiresArg: true,
        describe: "sample interval, such as 10ms (default: a thousandth of the duration)",
      })
      .option("spans-only", {
        type: "boolean",
        default: false,
        describe: "predict the heap from the trace's init, procs, span and spanfree rows alone",
      })
      .option("heapmap", {
        type: "boolean",
        default: false,
        describe: "record what every chunk of the heap holds at each sample, into heapmap.bin",
      })
      .option("keyframes", {
        type: "string",
        requiresArg: true,
        describe: `page bitmaps in the heap map: how many (default ${DEFAULT_KEYFRAMES}), or times, such as 1s,12.5s`,
      })
      .option("policy", {
        type: "string",
        requiresArg: true,
        describe: "traces: what the program ran under (default: the release that recorded it)",
      })
      .coerce(
        [
          "policy",
          "heapmap",
          "keyframes",
          "out",
          "force",
          "sample",
          "spans-only",
          "seed",
          "repeat",
          "gctrace",
          "scavtrace",
          "plots",
          "quiet",
          "json",
        ],
        lastGiven,
      )
      .example("$0 run steady --seed 7 --param scale=2", "a scenario of the library, with a seed of your own")
      .example("$0 run", "replay the bundled trace into out/")
      .example("$0 run prog.csv.gz --out result --sample 10ms", "your own trace, a sample every 10 ms")
      .example("$0 run prog.csv.gz --spans-only", "predict every address and growth from the spans"),
  handler: async (args) => {
    checkOutput(args);
    const wanted = args.what === undefined ? BUNDLED_TRACES[0]!.name : givenPath(args.what);
    const { kind, path } = findSource(wanted);
    const sampleNs = args.sample === undefined ? undefined : parseDuration(args.sample);
    const keyframes = keyframesOf(args);
    if (kind === "scenario") {
      refuse(args["spans-only"], "--spans-only", "traces");
      refuse(args.policy !== undefined, "--policy", "traces");
      await runScenarioCommand({ ...args, path, sampleNs, keyframes });
      return;
    }
    refuse(args.seed !== undefined, "--seed", "scenarios");
    refuse(args.repeat !== undefined, "--repeat", "scenarios");
    refuse(args.gctrace, "--gctrace", "scenarios");
    refuse(args.scavtrace, "--scavtrace", "scenarios");
    refuse(args.param.length > 0, "--param", "scenarios");
    refuse(args.set.length > 0, "--set", "scenarios");
    await replay(path, args, sampleNs, keyframes);
  },
};

/** Keyframes of the heap map that is asked for; undefined when none is. */
function keyframesOf({ heapmap, keyframes }: RunArguments): Keyframes | undefined {
  if (!heapmap) {
    if (keyframes !== undefined) throw new UsageError("--keyframes is for a heap map: give --heapmap too");
    return undefined;
  }
  if (keyframes === undefined) return DEFAULT_KEYFRAMES;
  if (!/^\d+$/.test(keyframes)) return keyframes.split(",").map((time) => parseDuration(time.trim()));
  const count = Number(keyframes);
  if (count >= 1 && count <= MAX_KEYFRAMES) return count;
  throw new UsageError(
    `--keyframes ${keyframes}: expected 1 to ${MAX_KEYFRAMES}, or times, such as 1s,12.5s`,
  );
}

/** An option that means nothing here is a mistake. */
function refuse(isGiven: boolean, option: string, what: string): void {
  if (isGiven) throw new UsageError(`${option} is for ${what} only; mheapsim run --help shows how`);
}

async function replay(
  trace: string,
  args: RunArguments,
  sampleNs: number | undefined,
  keyframes: Keyframes | undefined,
): Promise<void> {
  const name = traceName(trace) + (args["spans-only"] ? "-spans-only" : "");
  const policy = tracePolicy(trace, args.policy === undefined ? {} : { policy: resolvePolicy(args.policy) });
  const progress = progressFor(name, args);
  let result: RunTraceResult;
  try {
    result = await runTrace({
      trace,
      name,
      out: args.out ?? join("out", `${name}-${policy.name}`),
      policy,
      force: args.force,
      spansOnly: args["spans-only"],
      onProgress: (share) => progress.update(share),
      ...(sampleNs === undefined ? {} : { sampleNs }),
      ...(keyframes === undefined ? {} : { keyframes }),
      ...(args.plots ? { plotter: await loadPlotter() } : {}),
    });
  } finally {
    progress.stop();
  }
  const outcome = {
    folder: "",
    name,
    kind: "trace",
    policy: policy.name,
    seed: null,
    end: result.outOfMemory === undefined ? "finished" : "out of memory",
    message: result.outOfMemory ?? null,
    samples: result.samples,
    fingerprint: result.fingerprint,
    events: result.rows,
    expectations: null,
    recording: { compared: result.compared, mismatches: result.mismatches },
  } as const;
  printOutcome(args, result.out, [outcome], () => printResult(name, policy.name, result, args));
  if (result.outOfMemory !== undefined) {
    console.error(result.outOfMemory);
    process.exitCode = EXIT_FAILED;
  }
}

function printResult(
  name: string,
  policy: string,
  result: RunTraceResult,
  { plots, heapmap, "spans-only": spansOnly }: RunArguments,
): void {
  const duration = formatDuration(result.samples.at(-1)?.[0] ?? 0);
  const agreement = spansOnly
    ? `${result.compared - result.mismatches} of ${result.compared} span addresses predicted`
    : `${result.compared} recorded results equal`;
  console.log(`${name} under ${policy}: ${duration}, ${result.rows} rows, ${agreement}`);
  console.log();
  console.log(tableOf(result.samples));
  console.log();
  console.log(`fingerprint ${result.fingerprint}`);
  console.log(`written to ${result.out}: ${writtenFiles(plots, heapmap)}`);
}

/** A trace's name: its file's without endings. */
function traceName(path: string): string {
  return path === "-" ? "stdin" : basename(path).replace(/(\.csv)?(\.gz)?$/, "");
}
