/** `mheapsim conform`: holds recordings of the real runtime against the model. */

import type { CommandModule } from "yargs";
import { parseSize } from "../scenarios/units.js";
import { type ConformOptions, type ConformResult, conformFile } from "../studies/conform.js";
import { resolvePolicy } from "../studies/policies.js";
import { namedGeometry } from "../studies/recorded-under.js";
import { EXIT_BAD_INPUT, EXIT_FAILED, givenPath, lastGiven, UsageError } from "./errors.js";

interface ConformArguments {
  files: string[];
  all: boolean;
  "spans-only": boolean;
  geometry: string | undefined;
  policy: string | undefined;
  "phys-page": string | undefined;
  "huge-page": string | undefined;
}

export const conformCommand: CommandModule<object, ConformArguments> = {
  command: "conform <files..>",
  describe: "compare recordings of the real runtime with the model, result by result",
  builder: (yargs) =>
    yargs
      .positional("files", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "operation logs, vector files and traces, in any mix",
      })
      .option("all", {
        type: "boolean",
        default: false,
        describe: "go on after a mismatch, from the recorded state",
      })
      .option("spans-only", {
        type: "boolean",
        default: false,
        describe: "traces: predict every span address from spans alone",
      })
      .option("policy", {
        type: "string",
        requiresArg: true,
        describe:
          "policy that they were recorded under (default: that of the release in meta.json or index.json)",
      })
      .option("geometry", {
        type: "string",
        requiresArg: true,
        describe:
          "address space: a name (see list geometries) or a JSON file (default: the recording's meta.json)",
      })
      .option("phys-page", {
        type: "string",
        requiresArg: true,
        describe: "physical page size, such as 64KiB",
      })
      .option("huge-page", {
        type: "string",
        requiresArg: true,
        describe: "huge page size, such as 2MiB; 0 for none",
      })
      .coerce(["all", "spans-only", "policy", "geometry", "phys-page", "huge-page"], lastGiven)
      .example("$0 conform diff/*.csv.gz", "replay operation logs")
      .example("$0 conform --spans-only prog-gmp1.csv.gz", "predict a program's addresses")
      .epilogue("Exit code: 0 all equal, 1 a mismatch, 2 a file could not be read."),
  handler: async (args) => {
    // yargs drops a lone `-`, and no file at all would look like success.
    if (process.argv.includes("-"))
      throw new UsageError("conform reads files twice, so it cannot take standard input; name a file");
    const options = optionsOf(args);
    let results = 0;
    let mismatches = 0;
    for (const path of args.files.map(givenPath)) {
      const result = await conformFile(path, options);
      results += result.compared;
      mismatches += result.mismatches;
      printResult(result);
      if (result.error !== undefined) process.exitCode = EXIT_BAD_INPUT;
      else if (result.mismatches > 0) process.exitCode ??= EXIT_FAILED;
    }
    console.log(`${args.files.length} files, ${results} results, ${mismatches} mismatches`);
  },
};

function optionsOf(args: ConformArguments): ConformOptions {
  // A geometry that does not exist is wrong for every file, so it is said once.
  if (args.geometry !== undefined) namedGeometry(args.geometry);
  return {
    all: args.all,
    spansOnly: args["spans-only"],
    ...(args.policy === undefined ? {} : { policy: resolvePolicy(args.policy) }),
    ...(args.geometry === undefined ? {} : { geometry: args.geometry }),
    ...(args["phys-page"] === undefined ? {} : { physPageBytes: parseSize(args["phys-page"]) }),
    ...(args["huge-page"] === undefined ? {} : { hugePageBytes: parseSize(args["huge-page"]) }),
  };
}

function printResult(result: ConformResult): void {
  const { path, compared, mismatches } = result;
  const ok = result.error === undefined && mismatches === 0;
  console.log(`${ok ? "ok" : "FAIL"} ${path} ${compared} ${mismatches}`);
  if (result.remark !== undefined) console.error(`mheapsim: ${result.remark}`);
  if (result.error !== undefined) console.error(`mheapsim: ${result.error.message}`);
  for (const { file, line, what, expected, got, around } of result.shown) {
    console.error(`${file}:${line}: ${what}: expected ${expected}, got ${got}\n    ${around}`);
  }
}
