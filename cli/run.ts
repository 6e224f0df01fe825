/** `mheapsim run`: replays a trace and writes its time series. */

import { basename, join } from "node:path";
import type { CommandModule } from "yargs";
import { closingTable } from "../results/terminal.js";
import { BUNDLED_TRACES, bundledPath } from "../scenarios/library.js";
import { formatDuration, formatSize, parseDuration } from "../scenarios/units.js";
import { type RunTraceResult, runTrace } from "../studies/run-trace.js";
import { EXIT_FAILED, givenPath, lastGiven } from "./errors.js";
import { startProgress } from "./progress.js";

interface RunArguments {
  trace: string | undefined;
  out: string | undefined;
  force: boolean;
  sample: string | undefined;
  "spans-only": boolean;
}

export const runCommand: CommandModule<object, RunArguments> = {
  command: "run [trace]",
  describe: "replay a page-heap trace of a real program and write CSV time series",
  builder: (yargs) =>
    yargs
      .positional("trace", {
        type: "string",
        describe:
          "trace file (.csv or .csv.gz), a bundled trace's name, or - for standard input; a bundled trace by default",
      })
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "output folder (default out/<trace>-go1.18)",
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
      .coerce(["out", "force", "sample", "spans-only"], lastGiven)
      .example("$0 run", "replay the bundled trace into out/")
      .example("$0 run prog.csv.gz --out result --sample 10ms", "your own trace, a sample every 10 ms")
      .example("$0 run prog.csv.gz --spans-only", "predict every address and growth from the spans"),
  handler: async (args) => {
    const wanted = args.trace === undefined ? BUNDLED_TRACES[0]!.name : givenPath(args.trace);
    const bundled = BUNDLED_TRACES.find((trace) => trace.name === wanted);
    const trace = bundled === undefined ? wanted : bundledPath(bundled);
    const name = traceName(trace) + (args["spans-only"] ? "-spans-only" : "");
    const sampleNs = args.sample === undefined ? undefined : parseDuration(args.sample);
    const progress = startProgress(name);
    let result: RunTraceResult;
    try {
      result = await runTrace({
        trace,
        name,
        out: args.out ?? join("out", `${name}-go1.18`),
        force: args.force,
        spansOnly: args["spans-only"],
        onProgress: (share) => progress.update(share),
        ...(sampleNs === undefined ? {} : { sampleNs }),
      });
    } finally {
      progress.stop();
    }
    printResult(name, result, args["spans-only"]);
    if (result.outOfMemory !== undefined) {
      console.error(result.outOfMemory);
      process.exitCode = EXIT_FAILED;
    }
  },
};

function printResult(name: string, result: RunTraceResult, spansOnly: boolean): void {
  const duration = formatDuration(result.samples.at(-1)?.[0] ?? 0);
  const agreement = spansOnly
    ? `${result.compared - result.mismatches} of ${result.compared} span addresses predicted`
    : `${result.compared} recorded results equal`;
  console.log(`${name} under go1.18: ${duration}, ${result.rows} rows, ${agreement}`);
  console.log();
  console.log(closingTable(result.samples, formatSize));
  console.log();
  console.log(`fingerprint ${result.fingerprint}`);
  console.log(`written to ${result.out}: timeseries.csv, summary.json, manifest.json`);
}

/** A trace's name: its file's without endings. */
function traceName(path: string): string {
  return path === "-" ? "stdin" : basename(path).replace(/(\.csv)?(\.gz)?$/, "");
}
