/**
 * The command line: parse, call, print. Exit codes: 0 fine, 1 a check failed, 2 bad use or input, 130 Ctrl-C.
 *
 * It runs as it is loaded (see main.ts).
 */

import yargs, { type CommandModule } from "yargs";
import { OutputError, OutputFolder, streamFault } from "../results/output-folder.js";
import { TOOL_VERSION } from "../results/version.js";
import { asUsageError, report } from "./errors.js";
import { interruptCommands } from "./interrupt.js";
import { stopProgress } from "./progress.js";

/** By name, in the order of the help. Each is loaded only when it is asked for: most of what starting takes is loading. */
const COMMANDS: Readonly<Record<string, () => Promise<unknown>>> = {
  run: async () => (await import("./run.js")).runCommand,
  compare: async () => (await import("./compare.js")).compareCommand,
  sweep: async () => (await import("./sweep.js")).sweepCommand,
  plot: async () => (await import("./plot.js")).plotCommand,
  report: async () => (await import("./report.js")).reportCommand,
  view: async () => (await import("./view.js")).viewCommand,
  hunt: async () => (await import("./hunt.js")).huntCommand,
  shrink: async () => (await import("./shrink.js")).shrinkCommand,
  repro: async () => (await import("./repro.js")).reproCommand,
  check: async () => (await import("./check.js")).checkCommand,
  bisect: async () => (await import("./bisect.js")).bisectCommand,
  conform: async () => (await import("./conform.js")).conformCommand,
  list: async () => (await import("./list.js")).listCommand,
  show: async () => (await import("./show.js")).showCommand,
  "diff-policy": async () => (await import("./diff-policy.js")).diffPolicyCommand,
  validate: async () => (await import("./validate.js")).validateCommand,
  schema: async () => (await import("./schema.js")).schemaCommand,
  "check-determinism": async () => (await import("./check-determinism.js")).checkDeterminismCommand,
  trace: async () => (await import("./trace.js")).traceCommand,
};

const args = process.argv.slice(2);
const debug = args.includes("--debug");

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const) {
  let again = false;
  process.on(signal, async () => {
    // Who asks twice does not want to wait until all is tidy.
    if (again) process.exit(code);
    again = true;
    stopProgress();
    if (interruptCommands()) return;
    // Whoever has runs to end has loaded it.
    const { CellRunner } = await import("../studies/cells/cell-runner.js");
    const kept = await CellRunner.interruptAll();
    const discarded = OutputFolder.discardAll() || kept !== undefined;
    const left = kept
      ? `, ${kept} finished runs are kept: the same command goes on from them`
      : discarded
        ? ", nothing was written"
        : "";
    process.stderr.write(`mheapsim: interrupted${left}\n`);
    process.exit(code);
  });
}

// A reader that goes away, such as head, is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  OutputFolder.discardAll();
  process.exit(error.code === "EPIPE" ? 0 : report(new OutputError(streamFault(error)), debug));
});

// For the help, and where a name is wrong or an option comes first, all of them are needed.
const asked = Object.keys(COMMANDS).filter((name) => name === args[0]);
const wanted = asked.length > 0 ? asked : Object.keys(COMMANDS);
const commands = await Promise.all(wanted.map((name) => COMMANDS[name]!()));

const cli = yargs(args)
  .scriptName("mheapsim")
  .usage("$0 <command>\n\nA deterministic simulator of the Go runtime's page heap.")
  .command(commands as CommandModule[])
  .demandCommand(
    1,
    "a command is missing: expected run, compare, sweep, plot, report, view, hunt, shrink, repro, check, bisect, conform, list, show, diff-policy, validate, schema, check-determinism or trace",
  )
  .option("debug", { type: "boolean", default: false, describe: "show stack traces of errors" })
  .strict()
  .version(TOOL_VERSION)
  .alias("help", "h")
  .wrap(Math.min(110, process.stdout.columns || 110))
  .exitProcess(false)
  .fail((message, error) => {
    throw asUsageError(message, error);
  });

try {
  await cli.parseAsync();
} catch (error) {
  process.exitCode = report(error, debug);
}
