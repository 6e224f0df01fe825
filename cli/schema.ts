/** `mheapsim schema`: the JSON Schema of scenario files. */

import type { CommandModule } from "yargs";
import { jsonSchema } from "../scenarios/schema/json-schema.js";

export const schemaCommand: CommandModule = {
  command: "schema",
  describe: "print the JSON Schema of scenario files, for editors",
  builder: (yargs) =>
    yargs
      .example("$0 schema > scenario.schema.json", "then begin a scenario file with the line:")
      .example("$0 schema", "# yaml-language-server: $schema=scenario.schema.json"),
  handler: () => {
    console.log(JSON.stringify(jsonSchema(), null, 2));
  },
};
