/** `mheapsim trace fit`: makes a scenario whose generators match the statistics of a trace. */

import { basename } from "node:path";
import type { CommandModule } from "yargs";
import { refuseUnwritable, writeWholeFile } from "../results/whole-file.js";
import { BUNDLED_TRACES, bundledPath } from "../scenarios/library.js";
import { formatSize } from "../scenarios/units.js";
import {
  checkFit,
  type Figures,
  type FitCheck,
  fitTrace,
  STRETCHES,
  type TraceFit,
} from "../studies/trace-fit.js";
import { givenPath, lastGiven, UsageError } from "./errors.js";
import { startProgress } from "./progress.js";
import { textTable } from "./table.js";

interface TraceFitArguments {
  file: string;
  output: string | undefined;
  force: boolean;
  check: boolean;
  seeds: number;
  stretches: number | undefined;
}

export const traceFitCommand: CommandModule<object, TraceFitArguments> = {
  command: "fit <file>",
  describe: "write a scenario whose generators match the statistics of a trace",
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "trace file (.csv or .csv.gz), or a bundled trace's name",
      })
      .option("output", {
        alias: "o",
        type: "string",
        requiresArg: true,
        describe: "file of the scenario (default <trace>-fitted.yaml)",
      })
      .option("force", { type: "boolean", default: false, describe: "replace an earlier file of that name" })
      .option("check", {
        type: "boolean",
        default: true,
        describe: "run the scenario and compare it with the trace; --no-check leaves that out",
      })
      .option("seeds", {
        type: "number",
        default: 5,
        requiresArg: true,
        describe: "runs that are compared, with the seeds 1, 2, …",
      })
      .option("stretches", {
        type: "number",
        requiresArg: true,
        describe: `cut the trace into so many phases at most (default: ${listed(STRETCHES)}, whichever does best)`,
      })
      .coerce(["output", "force", "check", "seeds", "stretches"], lastGiven)
      .example("$0 trace fit prog.csv.gz", "writes prog-fitted.yaml, and compares it with the trace")
      .example("$0 trace fit prog.csv.gz -o prog.yaml --seeds 20", "another file, and more runs")
      .epilogue("Exit code: 0 fine, 2 bad use, a damaged trace, or a file that could not be written."),
  handler: async (args) => {
    const wanted = givenPath(args.file);
    if (wanted === "-")
      throw new UsageError("a trace to fit is read twice, which a pipe cannot be: name a file");
    checkCount("--seeds", args.seeds, 1000);
    if (args.stretches !== undefined) checkCount("--stretches", args.stretches, 1000);
    const bundled = BUNDLED_TRACES.find((trace) => trace.name === wanted);
    const trace = bundled === undefined ? wanted : bundledPath(bundled);
    const file = basename(trace);
    const name = `${file.replace(/(\.csv)?(\.gz)?$/, "")}-fitted`;
    const output = args.output ?? `${name}.yaml`;
    if (output === "") throw new UsageError("the name of the file after --output is empty");
    refuseUnwritable(output, args.force, "--output");
    const { fit, check } = await work(args, trace, { name, file });
    writeWholeFile(output, fit.text, args.force, "--output");
    if (check !== undefined) console.log(`${report(fit, check)}\n`);
    console.log(`written to ${output}: mheapsim run ${output}`);
  },
};

function checkCount(option: string, value: number, most: number): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= most))
    throw new UsageError(`${option} is a whole number from 1 to ${most}, such as ${option} 20`);
}

async function work(
  args: TraceFitArguments,
  trace: string,
  names: { readonly name: string; readonly file: string },
): Promise<{ readonly fit: TraceFit; readonly check: FitCheck | undefined }> {
  const progress = startProgress(names.name);
  try {
    const fit = await fitTrace({
      trace,
      ...names,
      onProgress: (share) => progress.update(share / 2),
      ...(args.stretches === undefined ? {} : { stretches: args.stretches }),
    });
    if (!args.check) return { fit, check: undefined };
    const check = checkFit(fit.scenario, fit.trace, args.seeds, (share) => progress.update((1 + share) / 2));
    return { fit, check };
  } finally {
    progress.stop();
  }
}

/** The figures of the trace and of the runs, side by side. */
function report({ trace, stretches, scenario }: TraceFit, check: FitCheck): string {
  const { runs, mean, error, within } = check;
  const range = (key: keyof Figures, show: (value: number) => string): string => {
    const values = runs.map((run) => run[key]);
    return `${show(Math.min(...values))} .. ${show(Math.max(...values))}`;
  };
  const row = (label: string, key: keyof Figures, show: (value: number) => string, off: string): string[] => [
    label,
    show(trace[key]),
    show(mean[key]),
    off,
    range(key, show),
  ];
  const share = (value: number): string => value.toFixed(3);
  const table = textTable([
    ["", "trace", "fitted, mean", "off by", "by seed"],
    row("peak heap sys", "peakHeapSysBytes", formatSize, percent(error.peakHeapSysBytes)),
    row("find rate", "findRate", share, percent(error.findRate)),
    row(
      "mean external fragmentation",
      "externalFragmentation",
      share,
      signed(error.externalFragmentation, 3),
    ),
  ]);
  const phases = scenario.phases.length;
  return [
    `${scenario.name}: ${phases} ${phases === 1 ? "phase" : "phases"} (at most ${stretches}), ${scenario.workloads.length} workloads`,
    table,
    `${within} of ${runs.length} seeds are within 20 % (peak, find rate) and 0.05 (fragmentation)`,
  ].join("\n\n");
}

function percent(error: number): string {
  return `${signed(100 * error, 1)} %`;
}

function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : text.replace(/^-(0(\.0*)?)$/, "$1");
}

function listed(numbers: readonly number[]): string {
  return `${numbers.slice(0, -1).join(", ")} or ${numbers.at(-1)}`;
}
