/** `mheapsim repro`: replays a case. */

import type { CommandModule } from "yargs";
import { replay } from "../studies/repro/replay.js";
import { readRepro } from "../studies/repro/repro.js";
import { story } from "../studies/repro/story.js";
import { EXIT_FAILED, givenPath } from "./errors.js";

interface ReproArguments {
  readonly file: string;
  readonly story: boolean;
}

export const reproCommand: CommandModule<object, ReproArguments> = {
  command: "repro <file>",
  describe: "replay a case and say whether its effect still stands",
  builder: (yargs) =>
    yargs
      .positional("file", { type: "string", demandOption: true, describe: "a .repro file" })
      .option("story", { type: "boolean", default: false, describe: "also tell what happens in it" })
      .example("$0 repro case.repro", "whether it stands")
      .example("$0 repro case.repro --story", "and what happens in it")
      .epilogue("Exit code: 0 it stands, 1 it does not, 2 bad use or input."),
  handler: async (args) => {
    const path = givenPath(args.file);
    const repro = readRepro(path);
    if (args.story) console.log(story(repro).join("\n"));
    const { sentence, stands, isSameRun, evaluation } = await replay(repro, path);
    console.log(sentence);
    console.log(
      `fingerprints ${evaluation.baseline.fingerprint} ${evaluation.candidate.fingerprint}${isSameRun ? "" : ", other than written: the runs have changed"}`,
    );
    if (!stands) process.exitCode = EXIT_FAILED;
  },
};
