/** `mheapsim diff-policy`: in what two policies differ. */

import type { CommandModule } from "yargs";
import { textTable } from "../results/text-table.js";
import { differenceRows } from "../studies/policies/describe.js";
import { resolvePolicy } from "../studies/policies.js";

interface DiffArguments {
  readonly a: string;
  readonly b: string;
}

export const diffPolicyCommand: CommandModule<object, DiffArguments> = {
  command: "diff-policy <a> <b>",
  describe: "show in which fields two policies differ",
  builder: (yargs) =>
    yargs
      .positional("a", { type: "string", demandOption: true, describe: "a policy: name, release or file" })
      .positional("b", { type: "string", demandOption: true, describe: "another one" })
      .example("$0 diff-policy go1.18 go1.22", "what changed in between")
      .example("$0 diff-policy go1.12.4 go1.12.5", "any releases"),
  handler: ({ a, b }) => {
    const [first, second] = [resolvePolicy(a), resolvePolicy(b)];
    const rows = differenceRows(first, second);
    const module = first.module?.sha256 === second.module?.sha256 ? "" : "\nparts of a module differ as well";
    if (rows.length === 0) console.log(`${first.name} and ${second.name} have the same fields${module}`);
    else {
      const header = ["field", first.name, second.name, "unit", "meaning"];
      console.log(textTable([header, ...rows], false).join("\n") + module);
    }
  },
};
