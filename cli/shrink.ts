/** `mheapsim shrink`: makes a case small. */

import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { CommandModule } from "yargs";
import { OutputError } from "../results/output-folder.js";
import { parseDuration } from "../scenarios/units.js";
import { formatEffect, metricNamed } from "../studies/hunt/effect.js";
import { writeWhole } from "../studies/hunt/hunt.js";
import { readRepro, reproText } from "../studies/repro/repro.js";
import { story } from "../studies/repro/story.js";
import { shrink } from "../studies/shrink/shrink.js";
import { givenPath, lastGiven, UsageError } from "./errors.js";
import { LiveTable } from "./live-table.js";

interface ShrinkArguments {
  readonly case: string;
  readonly share: number;
  readonly for: string | undefined;
  readonly out: string | undefined;
  readonly force: boolean;
}

export const shrinkCommand: CommandModule<object, ShrinkArguments> = {
  command: "shrink <case>",
  describe: "reduce a finding to the smallest case that still shows a share of its effect",
  builder: (yargs) =>
    yargs
      .positional("case", {
        type: "string",
        demandOption: true,
        describe: "a .repro file, as hunt writes them",
      })
      .option("share", {
        type: "number",
        requiresArg: true,
        default: 0.5,
        describe: "share of the effect that must stay, above 0 and up to 1",
      })
      .option("for", { type: "string", requiresArg: true, describe: "stop after so long, such as 2m" })
      .option("out", {
        alias: "o",
        type: "string",
        requiresArg: true,
        describe: "file to write (default <case>-small.repro)",
      })
      .option("force", { type: "boolean", default: false, describe: "replace that file" })
      .coerce(["share", "for", "out", "force"], lastGiven)
      .example(
        "$0 shrink out/hunt-operations/finding-01.repro -o case.repro",
        "half of the effect, a few lines",
      )
      .example("$0 shrink case.repro --share 0.9 --for 1m -o smaller.repro", "more of it, in a minute")
      .epilogue("Exit code: 0 fine, 2 bad use or input, or a case without an effect."),
  handler: async (args) => {
    const path = givenPath(args.case);
    if (!(args.share > 0 && args.share <= 1))
      throw new UsageError("--share is above 0 and up to 1, such as --share 0.5");
    const out = args.out ?? join(dirname(path), `${basename(path).replace(/\.repro$/, "")}-small.repro`);
    if (existsSync(out) && !args.force)
      throw new OutputError(`${out} is there already: give another file, or --force to replace it`);
    const given = readRepro(path);
    const table = new LiveTable();
    const result = await shrink(given, path, {
      share: args.share,
      ...(args.for === undefined ? {} : { untilMs: performance.now() + parseDuration(args.for) / 1e6 }),
      onProgress: (text) => table.show([text]),
    }).finally(() => table.clear());
    const { repro, before, evaluations, operations, outOfTime } = result;
    const lines = story(repro);
    writeWhole(out, reproText(repro, lines));
    const metric = metricNamed(repro.metric);
    const what = operations === undefined ? "a scenario" : `${operations} operations`;
    console.log(
      `${what} with ${formatEffect(metric, repro.effect)} of ${formatEffect(metric, before)}, after ${evaluations} evaluations${outOfTime ? ", when the time was up" : ""}`,
    );
    console.log(`\n${lines.join("\n")}\nwritten to ${out}`);
  },
};
