/** `mheapsim check-determinism`: runs a scenario twice and compares fingerprints and bytes. */

import type { CommandModule } from "yargs";
import { checkDeterminism } from "../studies/check-determinism.js";
import { EXIT_FAILED, givenPath, UsageError } from "./errors.js";
import { CHANGES, type Changes, findSource, loadScenario, SEED } from "./scenario-options.js";

interface CheckArguments extends Changes {
  readonly scenario: string;
  readonly seed: string | undefined;
}

export const checkDeterminismCommand: CommandModule<object, CheckArguments> = {
  command: "check-determinism <scenario>",
  describe: "run a scenario twice and compare fingerprints and bytes",
  builder: (yargs) =>
    yargs
      .positional("scenario", { type: "string", demandOption: true, describe: "a scenario's name or file" })
      .option("seed", SEED)
      .options(CHANGES)
      .example("$0 check-determinism steady", "a scenario of the library")
      .example("$0 check-determinism my.yaml --seed 3", "your own, with another seed")
      .epilogue("Exit code: 0 when both runs are the same, 1 when they differ."),
  handler: async ({ scenario: wanted, seed, ...changes }) => {
    const { kind, path } = findSource(givenPath(wanted));
    if (kind === "trace")
      throw new UsageError(
        `${wanted} is no scenario: expected a name of mheapsim list scenarios, or a .yaml file`,
      );
    const scenario = loadScenario(path, changes, seed);
    const { fingerprints, bytes, different } = await checkDeterminism(scenario, path);
    const [first, second] = fingerprints;
    if (first === second && different.length === 0) {
      console.log(
        `${scenario.name}, seed ${scenario.seed}: two runs are the same: fingerprint ${first}, ${bytes} bytes`,
      );
      return;
    }
    const files = different.length === 0 ? "" : `, ${different.join(", ")} differ`;
    console.error(
      `${scenario.name}, seed ${scenario.seed}: two runs differ: fingerprints ${first} and ${second}${files}`,
    );
    process.exitCode = EXIT_FAILED;
  },
};
