/** `mheapsim bisect`: which difference between two policies brings a regression. */

import type { CommandModule } from "yargs";
import { textTable } from "../results/text-table.js";
import { fieldValue } from "../sim/policies/fields.js";
import { bisect, type Share } from "../studies/bisect.js";
import { formatEffect } from "../studies/hunt/effect.js";
import { resolvePolicies } from "../studies/policies.js";
import { readRepro } from "../studies/repro/repro.js";
import { givenPath } from "./errors.js";

interface BisectArguments {
  readonly good: string;
  readonly bad: string;
  readonly case: string;
}

export const bisectCommand: CommandModule<object, BisectArguments> = {
  command: "bisect <good> <bad> <case>",
  describe: "find the axis, or the pair of axes, in which two policies differ that brings a regression",
  builder: (yargs) =>
    yargs
      .positional("good", { type: "string", demandOption: true, describe: "the policy that is fine" })
      .positional("bad", { type: "string", demandOption: true, describe: "the policy that is not" })
      .positional("case", { type: "string", demandOption: true, describe: "a .repro file that shows it" })
      .example("$0 bisect go1.12.5 go1.12.4 case.repro", "which of their differences it is")
      .example("$0 bisect go1.22 mine.yaml case.repro", "which of one's own changes it is")
      .epilogue("Exit code: 0 fine, 2 bad use or input."),
  handler: async (args) => {
    const [good, bad] = resolvePolicies([args.good, args.bad]) as [never, never];
    const path = givenPath(args.case);
    const { metric, whole, shares, blamed } = await bisect(good, bad, readRepro(path), path);
    const row = ({ fields, effect, impossible }: Share): string[] => [
      fields.map((field) => `${field}: ${fieldValue(good, field)} → ${fieldValue(bad, field)}`).join(", "),
      impossible === undefined ? formatEffect(metric, effect) : "cannot be taken over alone",
    ];
    console.log(`${metric.name} of ${args.bad} against ${args.good}: ${formatEffect(metric, whole)}\n`);
    console.log(textTable([["taken over", "effect"], ...shares.map(row)], false).join("\n"));
    const names = blamed.map(({ fields }) => fields.join(" with "));
    console.log(
      !(whole > 0)
        ? `\n${args.bad} is not worse than ${args.good} here`
        : names.length === 0
          ? "\nno single field and no pair brings half of it"
          : `\nbrought by ${names.join(", or by ")}`,
    );
  },
};
