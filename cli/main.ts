#!/usr/bin/env node
/**
 * The command line: parse, call, print. Exit codes: 0 fine, 1 a check failed, 2 bad use or input, 130 Ctrl-C.
 */

import yargs from "yargs";
import { OutputError, OutputFolder, streamFault } from "../results/output-folder.js";
import { TOOL_VERSION } from "../results/version.js";
import { CellRunner } from "../studies/cells/cell-runner.js";
import { bisectCommand } from "./bisect.js";
import { checkCommand } from "./check.js";
import { checkDeterminismCommand } from "./check-determinism.js";
import { compareCommand } from "./compare.js";
import { conformCommand } from "./conform.js";
import { diffPolicyCommand } from "./diff-policy.js";
import { asUsageError, report } from "./errors.js";
import { huntCommand } from "./hunt.js";
import { interruptCommands } from "./interrupt.js";
import { listCommand } from "./list.js";
import { plotCommand } from "./plot.js";
import { stopProgress } from "./progress.js";
import { reportCommand } from "./report.js";
import { reproCommand } from "./repro.js";
import { runCommand } from "./run.js";
import { schemaCommand } from "./schema.js";
import { showCommand } from "./show.js";
import { shrinkCommand } from "./shrink.js";
import { sweepCommand } from "./sweep.js";
import { traceCommand } from "./trace.js";
import { validateCommand } from "./validate.js";
import { viewCommand } from "./view.js";

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

const cli = yargs(args)
  .scriptName("mheapsim")
  .usage("$0 <command>\n\nA deterministic simulator of the Go runtime's page heap.")
  .command(runCommand)
  .command(compareCommand)
  .command(sweepCommand)
  .command(plotCommand)
  .command(reportCommand)
  .command(viewCommand)
  .command(huntCommand)
  .command(shrinkCommand)
  .command(reproCommand)
  .command(checkCommand)
  .command(bisectCommand)
  .command(conformCommand)
  .command(listCommand)
  .command(showCommand)
  .command(diffPolicyCommand)
  .command(validateCommand)
  .command(schemaCommand)
  .command(checkDeterminismCommand)
  .command(traceCommand)
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
