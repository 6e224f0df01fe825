/** `mheapsim plot`: pictures of finished runs, comparisons and sweeps. */

import { basename, dirname, join, resolve } from "node:path";
import type { CommandModule } from "yargs";
import type { PlotKind } from "../results/plots/kind.js";
import { PLOT_KINDS, RUN_KINDS } from "../results/plots/kinds.js";
import { THEME_NAMES, type ThemeName } from "../results/plots/theme.js";
import { parseDuration } from "../scenarios/units.js";
import { suggestion } from "../scenarios/values/near-miss.js";
import { drawPlots, MOST_RUNS, PLOT_FORMATS } from "../studies/plot.js";
import { parseMetrics } from "../studies/study-inputs.js";
import { givenPath, lastGiven, UsageError } from "./errors.js";
import { startProgress } from "./progress.js";

interface PlotArguments {
  readonly runs: string[];
  readonly kind: string[];
  readonly format: string[];
  readonly theme: ThemeName;
  readonly at: string[];
  readonly metrics: string | undefined;
  readonly out: string | undefined;
  readonly force: boolean;
}

export const plotCommand: CommandModule<object, PlotArguments> = {
  command: "plot <runs..>",
  describe: "draw finished runs for a design document, as SVG, PNG or Vega-Lite",
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: `folders that mheapsim run wrote, at most ${MOST_RUNS}, drawn over or below one another; or one of mheapsim compare or sweep`,
      })
      .option("kind", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        defaultDescription: `of runs ${RUN_KINDS.filter((kind) => kind.isUsual([]))
          .map(({ name }) => name)
          .join(",")}, and heapmap where there is one`,
        describe: "what to draw, names with commas between them; see below",
      })
      .option("format", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        defaultDescription: "svg",
        describe:
          "svg, png, or vl (the Vega-Lite specification with its data, to restyle), with commas between them",
      })
      .option("theme", { choices: THEME_NAMES, default: "light" as const, describe: "colours" })
      .option("at", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe:
          "sizes: a time whose free runs are shown; pages: that of the keyframe; such as 12.5s; may be given again",
      })
      .option("metrics", {
        type: "string",
        requiresArg: true,
        describe:
          "compare, sweep: metrics with commas between, see list metrics (default: what differs, and the usual ones)",
      })
      .option("out", {
        alias: "o",
        type: "string",
        requiresArg: true,
        describe: "output folder (default: beside the first run, named after it)",
      })
      .option("force", { type: "boolean", default: false, describe: "replace earlier plots in that folder" })
      .coerce(["theme", "metrics", "out", "force"], lastGiven)
      .example("$0 plot out/steady-go1.18-1", "all kinds, into out/steady-go1.18-1-plots/")
      .example("$0 plot before after --kind memory,scavenger --format svg,png -o pictures", "two runs")
      .example("$0 plot out/steady-go1.18-1 --kind memory --format vl -o spec", "a specification to restyle")
      .example("$0 plot out/steady-compare", "a comparison: bands over the seeds, and a forest plot")
      .epilogue(
        `Kinds:\n${PLOT_KINDS.map(({ name, about }) => `  ${name.padEnd(14)} ${about}`).join("\n")}\n\n` +
          "Exit code: 0 fine, 2 bad use, a folder that is not a run's or is damaged, or files that could not be written.",
      ),
  handler: async (args) => {
    const runs = args.runs.map(givenPath);
    if (runs.length > MOST_RUNS)
      throw new UsageError(
        `plot takes at most ${MOST_RUNS} runs, so that all are told apart, not ${runs.length}`,
      );
    if (args.out === "") throw new UsageError("the name of the folder after --out is empty");
    const out = args.out ?? defaultFolder(runs);
    const kinds = kindsOf(args.kind);
    const progress = startProgress("plot");
    let files: string[];
    try {
      files = await drawPlots({
        folders: runs,
        ...(kinds === undefined ? {} : { kinds }),
        formats: listed(args.format, "--format", PLOT_FORMATS, ["svg"]),
        theme: args.theme,
        atNs: args.at.map(parseDuration),
        ...(args.metrics === undefined ? {} : { metrics: parseMetrics(args.metrics) }),
        out,
        force: args.force,
        onProgress: (share) => progress.update(share),
      });
    } finally {
      progress.stop();
    }
    console.log(`written to ${out}: ${files.join(", ")}, manifest.json`);
  },
};

/** The kinds that are asked for; undefined when none is. */
function kindsOf(given: readonly string[]): PlotKind[] | undefined {
  if (given.length === 0) return undefined;
  const names = PLOT_KINDS.map(({ name }) => name);
  const wanted = listed(given, "--kind", names, names);
  return PLOT_KINDS.filter(({ name }) => wanted.includes(name));
}

/** Names of lists with commas, each once, in the order of those that are known. */
function listed<T extends string>(
  given: readonly string[],
  option: string,
  known: readonly T[],
  standard: readonly T[],
): readonly T[] {
  if (given.length === 0) return standard;
  const names = given.flatMap((list) => list.split(",")).map((name) => name.trim());
  const wrong = names.find((name) => !known.some((one) => one === name));
  if (wrong !== undefined) {
    throw new UsageError(`${option} ${JSON.stringify(wrong)} is not known, ${suggestion(wrong, known)}`);
  }
  return known.filter((name) => names.includes(name));
}

/** Beside the first run. A path such as `.` names no folder by itself, so its whole path is taken. */
function defaultFolder(runs: readonly string[]): string {
  const first = /^\.*\/*$/.test(basename(runs[0]!)) ? resolve(runs[0]!) : runs[0]!;
  const others = runs.length === 1 ? "" : `-and-${runs.length - 1}-more`;
  return join(dirname(first), `${basename(first)}${others}-plots`);
}
