/** `mheapsim schema`: the JSON Schema of scenario files. */

import type { CommandModule } from "yargs";
import { jsonSchema } from "../scenarios/schema/json-schema.js";

export const schemaCommand: CommandModule = {
  command: "schema",
  describe: "print the JSON Schema of scenario files, for editors",
  builder: (yargs) =>
    yargs
      .example("$0 schema > mheapsim.schema.json", "keep it for an editor")
      .example("$0 schema", "look at it; docs/scenarios.md says how to use it"),
  handler: () => {
    console.log(JSON.stringify(jsonSchema(), null, 2));
  },
};
