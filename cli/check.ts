/** `mheapsim check`: whether all cases of a folder are as they were. */

import type { CommandModule } from "yargs";
import { refuseUnwritable, writeWholeFile } from "../results/whole-file.js";
import { type CaseResult, checkCorpus } from "../studies/corpus/corpus.js";
import { githubAnnotations, junit } from "../studies/corpus/formats.js";
import { EXIT_BAD_INPUT, EXIT_FAILED, givenPath, lastGiven } from "./errors.js";

interface CheckArguments {
  readonly folder: string;
  readonly update: boolean;
  readonly exact: boolean;
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
        default: "test/regressions",
        describe: "folder with .repro and .baseline files",
      })
      .option("update", {
        type: "boolean",
        default: false,
        describe: "write the cases that changed anew instead of failing",
      })
      .option("exact", {
        type: "boolean",
        default: false,
        describe: "also fail when a repro has its effect, but its runs have other fingerprints",
      })
      .option("junit", { type: "string", requiresArg: true, describe: "also write a JUnit report" })
      .option("github", { type: "boolean", default: false, describe: "also print annotations for GitHub" })
      .coerce(["update", "exact", "junit", "github"], lastGiven)
      .example("$0 check test/regressions", "all cases of a folder")
      .example("$0 check test/regressions --update", "after a change that was meant")
      .example("$0 check test/regressions --junit check.xml --github", "in continuous integration")
      .epilogue(
        "Exit code: 0 all are as they were, 1 one is not, 2 bad use, or a case that cannot be read or run.",
      ),
  handler: async (args) => {
    const folder = givenPath(args.folder);
    if (args.junit !== undefined) refuseUnwritable(args.junit, true, "--junit");
    const results = await checkCorpus(folder, {
      update: args.update,
      exact: args.exact,
      onCase: (result) => console.log(lineOf(result)),
    });
    if (args.github) for (const line of githubAnnotations(results)) console.log(line);
    if (args.junit !== undefined) writeWholeFile(args.junit, junit(results), true, "--junit");
    const count = (wanted: CaseResult["verdict"]): number =>
      results.filter(({ verdict }) => verdict === wanted).length;
    const [changed, unreadable] = [count("changed"), count("unreadable")];
    const updated = results.filter((result) => result.updated).length;
    console.log(
      [
        `${results.length} case${results.length === 1 ? "" : "s"}, ${changed} failed`,
        ...(updated === 0 ? [] : [`${updated} written anew`]),
        ...(unreadable === 0 ? [] : [`${unreadable} cannot be checked`]),
      ].join(", "),
    );
    if (changed > 0) process.exitCode = EXIT_FAILED;
    if (unreadable > 0) process.exitCode = EXIT_BAD_INPUT;
  },
};

function lineOf({ path, verdict, what, updated }: CaseResult): string {
  const word = { same: updated ? "new " : "ok  ", changed: "FAIL", unreadable: "BAD " }[verdict];
  return `${word} ${path}: ${what}`;
}
