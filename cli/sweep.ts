/** `mheapsim sweep`: a scenario with other values for some of its parameters. */

import type { CommandModule } from "yargs";
import { ALPHA } from "../results/comparison.js";
import { quantity } from "../results/comparison-table.js";
import type { Metric } from "../results/metrics.js";
import { halfWidth } from "../results/statistics/intervals.js";
import { definedEstimate, type SweepCase } from "../results/sweep-files.js";
import { textTable } from "../results/text-table.js";
import { formatDuration, formatSize } from "../scenarios/units.js";
import { splitPolicies } from "../studies/policies.js";
import { type SweepResult, sweep } from "../studies/sweep.js";
import { parseVariation } from "../studies/variation.js";
import { EXIT_FAILED, givenPath, lastGiven } from "./errors.js";
import { startRunProgress } from "./progress.js";
import { loadScenario } from "./scenario-options.js";
import {
  SINGLE,
  STUDY_OPTIONS,
  type StudyArguments,
  studyFolder,
  studyRequest,
  studyScenarioPath,
} from "./study-options.js";

interface SweepArguments extends Omit<StudyArguments, "json"> {
  readonly vary: string[];
  readonly zip: boolean;
  readonly policies: string[] | undefined;
  readonly series: boolean;
  readonly plots: boolean;
}

/** Metrics that the table shows at most, and lines. The files have all of them. */
const SHOWN_METRICS = 4;
const SHOWN_LINES = 40;

export const sweepCommand: CommandModule<object, SweepArguments> = {
  command: "sweep <scenario>",
  describe: "run a scenario with other values for its parameters, and write all metrics as a table",
  builder: (yargs) =>
    yargs
      .positional("scenario", { type: "string", demandOption: true, describe: "a scenario's name or file" })
      .option("vary", {
        type: "string",
        array: true,
        nargs: 1,
        demandOption: true,
        describe: "a parameter, or a path as of --set, and its values: name=1,2,5 or name=1..8:1",
      })
      .option("zip", {
        type: "boolean",
        default: false,
        describe: "take the first values together, then the second ones, instead of all combinations",
      })
      .option("policies", {
        type: "string",
        array: true,
        nargs: 1,
        describe: "policies with commas between (default: the scenario's)",
      })
      .options(STUDY_OPTIONS)
      .option("series", {
        type: "boolean",
        default: false,
        describe: "keep the time series of every run",
      })
      .option("plots", {
        type: "boolean",
        default: false,
        describe: "draw plots/sweep.svg into the output folder, as mheapsim plot does",
      })
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "output folder (default out/<scenario>-sweep)",
      })
      .coerce(
        [...SINGLE, "zip", "series", "plots"].filter((name) => name !== "json"),
        lastGiven,
      )
      .example("$0 sweep steady --vary scale=0.5,1,2", "three loads, 30 seeds each")
      .example("$0 sweep steady --vary gogc=50..200:50 --policies go1.17,go1.18", "under two policies")
      .epilogue(
        "Ctrl-C keeps the runs that are finished, and the same command goes on from them. Exit code: 0 fine, 1 a program ran out of memory, 2 bad use or input, 130 interrupted.",
      ),
  handler: async (args) => {
    const path = studyScenarioPath(givenPath(args.scenario));
    const { param, set } = args;
    const scenario = loadScenario(path, args);
    const request = studyRequest({ ...args, json: false });
    const vary = args.vary.map(parseVariation);
    const out = args.out ?? studyFolder(scenario, "sweep");
    const progress = startRunProgress(scenario.name);
    let result: SweepResult;
    try {
      result = await sweep({
        ...request,
        path,
        overrides: { params: param, sets: set },
        vary,
        zip: args.zip,
        series: args.series,
        out,
        ...(args.plots ? { plotter: await (await import("../studies/plot.js")).loadSweepPlotter() } : {}),
        onProgress: ({ done, total, kept }) => progress.update(done, total, kept),
        ...(args.policies === undefined ? {} : { policies: args.policies.flatMap(splitPolicies) }),
      });
    } finally {
      progress.stop();
    }
    console.log(report(scenario.name, result, args, out));
    if (!result.endedAsExpected) process.exitCode = EXIT_FAILED;
  },
};

function report(
  name: string,
  { names, metrics, cases, notes }: SweepResult,
  { series, plots }: Pick<SweepArguments, "series" | "plots">,
  out: string,
): string {
  const seeds = cases[0]!.seeds.length;
  const headlines = metrics.filter(({ headline }) => headline);
  const shown = (headlines.length > 0 && metrics.length > SHOWN_METRICS ? headlines : metrics).slice(
    0,
    SHOWN_METRICS,
  );
  const lines = cases.slice(0, SHOWN_LINES).map((one) => lineOf(one, metrics, shown));
  const table = textTable([[...names, "policy", ...shown.map((metric) => metric.name)], ...lines], true);
  const rest = cases.length - lines.length;
  const files = `sweep.csv, sweep-summary.csv, ${plots ? "plots, " : ""}manifest.json${series ? ", and the runs in cells/" : ""}`;
  return [
    `${name}: ${names.join(", ")}, ${seeds} ${seeds === 1 ? "seed" : "seeds"} each`,
    ...(notes.length === 0 ? [] : [notes.slice(0, SHOWN_LINES).join("\n")]),
    table.join("\n") + (rest > 0 ? `\n… and ${rest} more` : ""),
    `means ± half of the ${100 * (1 - ALPHA)} % interval, each by itself\nwritten to ${out}: ${files}`,
  ].join("\n\n");
}

function lineOf(
  { point, policy, values }: SweepCase,
  metrics: readonly Metric[],
  shown: readonly Metric[],
): string[] {
  const cells = shown.map((metric) => {
    const found = definedEstimate(values[metrics.indexOf(metric)]!);
    const show = (value: number): string =>
      quantity(value, metric.unit, { bytes: formatSize, ns: formatDuration });
    if (found.n === 0) return "-";
    return found.n === 1 ? show(found.mean) : `${show(found.mean)} ± ${show(halfWidth(found, ALPHA))}`;
  });
  return [...point, policy, ...cells];
}
