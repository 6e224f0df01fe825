/** `mheapsim validate`: says all that is wrong with scenario files. */

import type { CommandModule } from "yargs";
import { InputError } from "../scenarios/input-error.js";
import type { ScenarioOverrides } from "../scenarios/load/load.js";
import { checkScenarioFile } from "../studies/scenarios.js";
import { EXIT_BAD_INPUT, givenPath } from "./errors.js";

interface ValidateArguments {
  files: string[];
  param: string[];
  set: string[];
}

export const validateCommand: CommandModule<object, ValidateArguments> = {
  command: "validate <files..>",
  describe: "check scenario files and show everything that is wrong with them",
  builder: (yargs) =>
    yargs
      .positional("files", { type: "string", array: true, demandOption: true, describe: "scenario files" })
      .option("param", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe: "another value for a parameter, name=value",
      })
      .option("set", {
        type: "string",
        array: true,
        nargs: 1,
        default: [],
        describe: "another value for anything, path=value, such as gc.gogc=50",
      })
      .example("$0 validate *.yaml", "check scenarios")
      .example("$0 validate a.yaml --param scale=10", "as a run with it would see the file")
      .epilogue("Exit code: 0 all are valid, 2 one is not or cannot be read."),
  handler: ({ files, param, set }) => {
    for (const file of files.map(givenPath)) {
      const errors = errorsOf(file, { params: param, sets: set });
      if (errors.length === 0) console.log(`ok ${file}`);
      else process.exitCode = EXIT_BAD_INPUT;
      for (const { message } of errors) console.error(message);
    }
  },
};

/** All that is wrong with a file; a file that cannot be read is no reason to leave out the next one. */
function errorsOf(file: string, overrides: ScenarioOverrides): readonly InputError[] {
  try {
    return checkScenarioFile(file, overrides).errors;
  } catch (error) {
    if (error instanceof InputError) return [error];
    throw error;
  }
}
