/** `mheapsim check`: whether all cases of a folder are as they were. */

import type { CommandModule } from "yargs";
import { checkCorpus } from "../studies/corpus/corpus.js";
import { githubAnnotations, junit } from "../studies/corpus/formats.js";
import { writeWhole } from "../studies/hunt/hunt.js";
import { EXIT_FAILED, givenPath, lastGiven } from "./errors.js";

interface CheckArguments {
  readonly folder: string;
  readonly update: boolean;
  readonly junit: string | undefined;
  readonly github: boolean;
}

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: "check [folder]",
  describe: "replay a folder of repros and baselines, and fail when one of them is not what it was",
  builder: (yargs) =>
    yargs
      .positional("folder", {
        type: "string",
        default: "regressions",
        describe: "folder with .repro and .baseline files",
      })
      .option("update", {
        type: "boolean",
        default: false,
        describe: "write the cases that changed anew instead of failing",
      })
      .option("junit", { type: "string", requiresArg: true, describe: "also write a JUnit report" })
      .option("github", { type: "boolean", default: false, describe: "also print annotations for GitHub" })
      .coerce(["update", "junit", "github"], lastGiven)
      .example("$0 check regressions", "all cases of a folder")
      .example("$0 check regressions --update", "after a change that was meant")
      .epilogue("Exit code: 0 all are as they were, 1 one is not, 2 bad use or input."),
  handler: async (args) => {
    const results = await checkCorpus(givenPath(args.folder), {
      update: args.update,
      onCase: ({ path, failure, updated, what }) =>
        console.log(
          `${failure !== undefined ? "FAIL" : updated ? "new " : "ok  "} ${path}: ${failure ?? what}`,
        ),
    });
    if (args.github) for (const line of githubAnnotations(results)) console.log(line);
    if (args.junit !== undefined) writeWhole(args.junit, junit(results));
    const failed = results.filter(({ failure }) => failure !== undefined).length;
    console.log(`${results.length} cases, ${failed} failed`);
    if (failed > 0) process.exitCode = EXIT_FAILED;
  },
};
