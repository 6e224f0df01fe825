/** `mheapsim hunt`: searches for the seed under which one policy is worst beside another. */

import { join } from "node:path";
import type { CommandModule } from "yargs";
import { METRICS } from "../results/metrics.js";
import { textTable } from "../results/text-table.js";
import type { ScenarioOverrides } from "../scenarios/load/load.js";
import { parseDuration } from "../scenarios/units.js";
import { DEFAULT_METRIC, formatEffect, metricNamed } from "../studies/hunt/effect.js";
import { writeFindings } from "../studies/hunt/findings.js";
import { type HuntOptions, type HuntResult, hunt } from "../studies/hunt/hunt.js";
import type { Entry } from "../studies/hunt/ledger.js";
import { type HuntSource, pointsOf as variationsOf } from "../studies/hunt/source.js";
import type { HuntTask } from "../studies/hunt/worker.js";
import { shellWord } from "../studies/shell-word.js";
import { parseSeeds } from "../studies/study-inputs.js";
import { parseVariation, pointOverrides, pointsOf } from "../studies/variation.js";
import { givenPath, lastGiven, UsageError } from "./errors.js";
import { onInterrupt } from "./interrupt.js";
import { LiveTable } from "./live-table.js";
import { CHANGES, type Changes, loadScenario } from "./scenario-options.js";
import { studyScenarioPath } from "./study-options.js";

interface HuntArguments extends Changes {
  readonly scenario: string | undefined;
  readonly candidate: string;
  readonly baseline: string;
  readonly metric: string;
  readonly seeds: string;
  readonly vary: string[];
  readonly operations: boolean;
  readonly swarm: boolean;
  readonly for: string | undefined;
  readonly evaluations: number | undefined;
  readonly workers: number | undefined;
  readonly out: string | undefined;
  readonly force: boolean;
}

export const huntCommand: CommandModule<object, HuntArguments> = {
  command: "hunt [scenario]",
  describe: "search seeds, parameters or drawn programs for the largest regression of a policy",
  builder: (yargs) =>
    yargs
      .positional("scenario", { type: "string", describe: "a scenario's name or file" })
      .option("candidate", {
        type: "string",
        demandOption: true,
        requiresArg: true,
        describe: "the policy in doubt",
      })
      .option("baseline", {
        type: "string",
        demandOption: true,
        requiresArg: true,
        describe: "the policy that it is held against",
      })
      .option("metric", {
        type: "string",
        requiresArg: true,
        default: DEFAULT_METRIC,
        describe: "what must not get worse: a metric of mheapsim list metrics, or a column, for its mean",
      })
      .option("seeds", {
        type: "string",
        requiresArg: true,
        default: "1..10000",
        describe: "seeds to try, such as 1..500",
      })
      .option("vary", {
        type: "string",
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: "a parameter, or a path as of --set, and values to try: name=1,2,5 or name=1..8:1",
      })
      .option("operations", {
        type: "boolean",
        default: false,
        describe: "instead of a scenario, lists of operations drawn from each seed",
      })
      .option("swarm", {
        type: "boolean",
        default: false,
        describe: "instead of a scenario, whole random scenarios drawn from each seed",
      })
      .option("for", { type: "string", requiresArg: true, describe: "stop after so long, such as 10m" })
      .option("evaluations", {
        type: "number",
        requiresArg: true,
        describe: "stop after so many evaluations",
      })
      .option("workers", { type: "number", requiresArg: true, describe: "threads (default: one a core)" })
      .option("out", {
        type: "string",
        requiresArg: true,
        describe: "output folder (default out/hunt-<what>, and -<seed> for one seed)",
      })
      .option("force", { type: "boolean", default: false, describe: "begin anew instead of going on" })
      .options(CHANGES)
      .coerce(
        ["candidate", "baseline", "metric", "seeds", "for", "evaluations", "workers", "out", "force"],
        lastGiven,
      )
      .example(
        "$0 hunt --operations --candidate go1.12.4 --baseline go1.12.5 --metric peak_heap_sys_bytes --seeds 1..500",
        "small cases",
      )
      .example(
        "$0 hunt steady --candidate next-fit --baseline go1.22 --for 10m",
        "the worst seed of a scenario",
      )
      .example(
        "$0 hunt ramp --candidate go1.19 --baseline go1.18 --vary scale=1,2,4 --evaluations 200",
        "parameters too",
      )
      .epilogue(
        "What is evaluated is kept in evaluations.jsonl; the same command goes on from there, also after Ctrl-C or a crash. " +
          "Exit code: 0 fine, with or without findings, 2 bad use or input, 130 interrupted.",
      ),
  handler: async (args) => {
    const { source, name } = sourceOf(args);
    const options = optionsOf(args, source, name);
    const table = new LiveTable();
    const abort = new AbortController();
    const release = onInterrupt(() => abort.abort());
    const result = await hunt({
      ...options,
      signal: abort.signal,
      onProgress: (done, total, worst) => table.show(progressLines(options, done, total, worst)),
    }).finally(() => {
      table.clear();
      release();
    });
    writeFindings(options, result.findings, (entry) => commandOf(args, options, entry));
    console.log(report(args, options, result));
    if (result.interrupted) {
      console.error(
        `mheapsim: interrupted, ${result.evaluations} evaluations are kept: the same command goes on from them`,
      );
      process.exitCode = 130;
    }
  },
};

function sourceOf(args: HuntArguments): { source: HuntSource; name: string } {
  const kinds = [args.scenario !== undefined, args.operations, args.swarm].filter((one) => one).length;
  if (kinds !== 1) throw new UsageError("hunt needs one of a scenario, --operations or --swarm");
  const drawn = args.operations ? "operations" : args.swarm ? "swarm" : undefined;
  if (drawn !== undefined) {
    if (args.vary.length + args.param.length + args.set.length > 0)
      throw new UsageError(`--${drawn} draws its own programs: --vary, --param and --set are for a scenario`);
    return { source: { kind: drawn }, name: drawn };
  }
  const path = studyScenarioPath(givenPath(args.scenario!));
  const scenario = loadScenario(path, args);
  const declared = scenario.params.map((param) => param.name);
  const variations = args.vary.map(parseVariation);
  const given = { params: args.param, sets: args.set };
  const points = pointsOf(variations, false).map((point) =>
    pointOverrides(variations, point, declared, given),
  );
  return { source: { kind: "scenario", path, points }, name: scenario.name.replace(/[^\w.+-]+/g, "-") };
}

function optionsOf(args: HuntArguments, source: HuntSource, name: string): HuntOptions {
  const { evaluations, workers } = args;
  const seeds = parseSeeds(args.seeds);
  // The line of a finding evaluates one seed, in a folder of its own, whatever was hunted there before.
  const isOne = seeds.length === 1 && variationsOf(source) === 1;
  for (const [option, value] of [
    ["--evaluations", evaluations],
    ["--workers", workers],
  ] as const) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1))
      throw new UsageError(`${option} is a whole number from 1, such as ${option} 2`);
  }
  return {
    source,
    seeds,
    baseline: args.baseline,
    candidate: args.candidate,
    metric: metricNamed(args.metric).name,
    out: args.out ?? join("out", `hunt-${name}${isOne ? `-${seeds[0]}` : ""}`),
    force: args.force || (isOne && args.out === undefined),
    ...(evaluations === undefined ? {} : { evaluations }),
    ...(workers === undefined ? {} : { workers }),
    ...(args.for === undefined ? {} : { untilMs: performance.now() + parseDuration(args.for) / 1e6 }),
  };
}

/** The command that makes one evaluation again, and nothing else. */
function commandOf(args: HuntArguments, { source, metric }: HuntTask, { seed, point }: Entry): string {
  const what = source.kind === "scenario" ? shellWord(args.scenario!) : `--${source.kind}`;
  const { params = [], sets = [] } = changesOf(source, point);
  const changes = [
    ...params.map((change) => `--param ${shellWord(change)}`),
    ...sets.map((change) => `--set ${shellWord(change)}`),
  ];
  return [
    `mheapsim hunt ${what} --candidate ${shellWord(args.candidate)} --baseline ${shellWord(args.baseline)}`,
    `--metric ${metric} --seeds ${seed}`,
    ...changes,
  ].join(" ");
}

/** What a variation changes. */
function changesOf(source: HuntSource, point: number): ScenarioOverrides {
  return source.kind === "scenario" ? source.points[point]! : {};
}

function progressLines(options: HuntOptions, done: number, total: number, worst: readonly Entry[]): string[] {
  const head = `${done} of ${total} evaluations of ${options.metric}, the worst so far:`;
  return [head, ...tableOf(options, worst.slice(0, 5))];
}

function tableOf({ metric, source }: HuntTask, entries: readonly Entry[]): string[] {
  const shown = METRICS.find(({ name }) => name === metric)!;
  const number = (value: number | null): string =>
    value === null ? "-" : String(Number(value.toPrecision(6)));
  const isVaried = variationsOf(source) > 1;
  const rows = entries.map((entry) => [
    formatEffect(shown, entry.effect ?? Number.NaN),
    String(entry.seed),
    number(entry.baseline),
    number(entry.candidate),
    ...(isVaried ? [Object.values(changesOf(source, entry.point)).flat().join(" ")] : []),
  ]);
  const head = ["effect", "seed", "baseline", "candidate", ...(isVaried ? ["with"] : [])];
  return rows.length === 0 ? [] : textTable([head, ...rows], true);
}

function report(args: HuntArguments, options: HuntOptions, result: HuntResult): string {
  const { candidate, baseline, metric, out } = options;
  const { evaluations, undefinedEffects, findings } = result;
  const head = `${evaluations} evaluations: ${metric} of ${candidate} against ${baseline}`;
  const undefinedLine = `in ${undefinedEffects} of them it is undefined: the baseline is 0, nothing of the kind happened, or a program did not come to its end`;
  const notes = undefinedEffects === 0 ? [] : [undefinedLine];
  if (findings.length === 0) return [head, `in none of them is ${candidate} worse`, ...notes].join("\n\n");
  const lines = findings.slice(0, 3).map((entry) => commandOf(args, options, entry));
  return [
    head,
    tableOf(options, findings).join("\n"),
    ...notes,
    `the largest again:\n${lines.map((line) => `  ${line}`).join("\n")}`,
    `written to ${out}: findings.txt, and the findings as ${join(out, "finding-01.repro")} and so on; mheapsim shrink makes one small`,
  ].join("\n\n");
}
