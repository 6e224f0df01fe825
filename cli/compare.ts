/** `mheapsim compare`: the same scenario and random numbers under several policies. */

import type { CommandModule } from "yargs";
import { ALPHA } from "../results/comparison.js";
import { comparisonTable } from "../results/comparison-table.js";
import { formatDuration, formatSize } from "../scenarios/units.js";
import { type CompareResult, compare, type UntilNarrow } from "../studies/compare.js";
import { splitPolicies } from "../studies/policies.js";
import { parsePercent, seedsText } from "../studies/study-inputs.js";
import { EXIT_FAILED, givenPath, lastGiven, UsageError } from "./errors.js";
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

interface CompareArguments extends StudyArguments {
  readonly policies: string[];
  readonly baseline: string | undefined;
  readonly "until-ci": string | undefined;
  readonly "max-seeds": number | undefined;
  readonly plots: boolean;
}

/** Seeds at which --until-ci gives up unless told otherwise. */
const DEFAULT_MAX_SEEDS = 300;

export const compareCommand: CommandModule<object, CompareArguments> = {
  command: "compare <scenario>",
  describe: "run a scenario under several policies and tell what differs beyond noise",
  builder: (yargs) =>
    yargs
      .positional("scenario", { type: "string", demandOption: true, describe: "a scenario's name or file" })
      .option("policies", {
        type: "string",
        array: true,
        nargs: 1,
        demandOption: true,
        describe: "policies with commas between: names, variations in braces, or files",
      })
      .option("baseline", {
        type: "string",
        requiresArg: true,
        describe: "the policy that the others are compared with (default: the first)",
      })
      .options(STUDY_OPTIONS)
      .option("until-ci", {
        type: "string",
        requiresArg: true,
        describe: "add seeds until the intervals are within so many percent of the means, such as 2%",
      })
      .option("max-seeds", {
        type: "number",
        requiresArg: true,
        describe: `seeds at which --until-ci gives up (default: ${DEFAULT_MAX_SEEDS})`,
      })
      .option("plots", {
        type: "boolean",
        default: false,
        describe: "draw plots/compare.svg into the output folder, as mheapsim plot does",
      })
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "output folder (default out/<scenario>-compare)",
      })
      .option("json", {
        type: "boolean",
        default: false,
        describe: "print comparison.json instead of the table",
      })
      .coerce([...SINGLE, "baseline", "until-ci", "max-seeds", "plots"], lastGiven)
      .example("$0 compare steady --policies go1.17,go1.18", "30 seeds each")
      .example("$0 compare steady --policies go1.18,'go1.18{goal.retainExtraPercent=20}'", "a variation")
      .example(
        "$0 compare ramp --policies go1.16,go1.18 --warmup 5s --until-ci 2%",
        "until it is known to 2 %",
      )
      .epilogue(
        "Ctrl-C keeps the runs that are finished, and the same command goes on from them. Exit code: 0 fine, 1 a program ran out of memory, 2 bad use or input, 130 interrupted.",
      ),
  handler: async (args) => {
    const path = studyScenarioPath(givenPath(args.scenario));
    const scenario = loadScenario(path, args);
    const request = studyRequest(args);
    const until = untilOf(args);
    const out = args.out ?? studyFolder(scenario, "compare");
    const progress = startRunProgress(scenario.name);
    let result: CompareResult;
    try {
      result = await compare({
        ...request,
        scenario,
        path,
        policies: args.policies.flatMap(splitPolicies),
        out,
        onProgress: ({ done, total, kept }) => progress.update(done, total, kept),
        ...(args.baseline === undefined ? {} : { baseline: args.baseline }),
        ...(until === undefined ? {} : { until }),
        ...(args.plots
          ? { plotter: await (await import("../studies/plot.js")).loadComparisonPlotter() }
          : {}),
      });
    } finally {
      progress.stop();
    }
    if (args.json) process.stdout.write(result.json);
    else console.log(report(scenario.name, result, until, args.plots, out));
    if (!result.endedAsExpected) process.exitCode = EXIT_FAILED;
  },
};

function untilOf(args: CompareArguments): UntilNarrow | undefined {
  const { "until-ci": percent, "max-seeds": maxSeeds = DEFAULT_MAX_SEEDS } = args;
  if (percent === undefined) {
    if (args["max-seeds"] !== undefined) throw new UsageError("--max-seeds is for --until-ci only");
    return undefined;
  }
  if (!(Number.isInteger(maxSeeds) && maxSeeds >= 2 && maxSeeds <= 10_000))
    throw new UsageError("--max-seeds is a whole number from 2 to 10000, such as --max-seeds 300");
  return { share: parsePercent("--until-ci", percent), maxSeeds };
}

function report(
  name: string,
  result: CompareResult,
  until: UntilNarrow | undefined,
  plots: boolean,
  out: string,
): string {
  const { baseline, candidates, seeds, rows, notes, warmUpNs } = result;
  const warmUp = warmUpNs === 0 ? "" : `, without the first ${formatDuration(warmUpNs)}`;
  const tables = candidates.map((candidate) =>
    comparisonTable(
      rows.filter((row) => row.candidate === candidate),
      { bytes: formatSize, ns: formatDuration },
    ),
  );
  return [
    `${name}: ${candidates.join(", ")} against ${baseline}, ${seeds.length} seeds (${seedsText(seeds)})${warmUp}`,
    ...(notes.length === 0 ? [] : [notes.join("\n")]),
    ...tables,
    `${method(result, until !== undefined)}\nwritten to ${out}: comparison.csv, comparison.json, ${plots ? "plots, " : ""}manifest.json, and the runs in cells/`,
  ]
    .concat(until === undefined ? [] : [widthText(result, until)])
    .join("\n\n");
}

/** What the intervals mean. */
function method({ rows, looks, seeds }: CompareResult, isRepeated: boolean): string {
  const confidence = `${100 * (1 - ALPHA)} %`;
  const chances = `${rows.length} comparisons${isRepeated ? `, and look ${looks}` : ""}`;
  return [
    `differences within a seed, means of ${seeds.length}; all ${rows.length} intervals together hold with ${confidence} (Student's t, Bonferroni for ${chances})`,
    "objects and pacer are those of go1.18 under every policy",
  ].join("\n");
}

/** Whether the intervals are as narrow as was asked for. */
function widthText({ wide, seeds }: CompareResult, { share, maxSeeds }: UntilNarrow): string {
  const percent = `${Number((100 * share).toPrecision(6))} %`;
  if (wide.length === 0)
    return `the intervals are within ${percent} of the means after ${seeds.length} seeds`;
  const names = wide.map(({ metric, candidate }) => `${metric.name} of ${candidate}`);
  const shown =
    names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
  return `given up after ${seeds.length} seeds (--max-seeds ${maxSeeds}): not within ${percent}: ${shown}`;
}
