/** `mheapsim report`: finished runs as one HTML file. */

import type { CommandModule } from "yargs";
import { formatSize } from "../scenarios/units.js";
import { writeReport } from "../studies/report.js";
import { givenPath, lastGiven } from "./errors.js";

interface ReportArguments {
  readonly runs: string[];
  readonly out: string;
  readonly force: boolean;
}

export const reportCommand: CommandModule<object, ReportArguments> = {
  command: "report <runs..>",
  describe: "write finished runs as one HTML file: charts, and heap maps down to single pages",
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe:
          "folders that mheapsim run wrote, shown side by side, or of compare, with its tables and the runs of its first seed",
      })
      .option("out", {
        alias: "o",
        type: "string",
        requiresArg: true,
        default: "report.html",
        describe: "file to write",
      })
      .option("force", { type: "boolean", default: false, describe: "replace that file" })
      .coerce(["out", "force"], lastGiven)
      .example("$0 run steady --heapmap --out a && $0 report a -o a.html", "one run")
      .example("$0 report out/steady-compare -o compared.html", "a comparison")
      .example("$0 report before after -o both.html", "two runs at the same moment")
      .epilogue(
        "Exit code: 0 fine, 2 bad use, a folder that is not a run's or is damaged, or a file that could not be written.",
      ),
  handler: ({ runs, out, force }) => {
    const { bytes, withoutMap } = writeReport({ runs: runs.map(givenPath), out, force });
    noteMissingMaps(withoutMap);
    console.log(`written to ${out}: ${formatSize(bytes)}`);
  },
};

/** Says which runs have no heap map, and how to get one; that is no fault. */
export function noteMissingMaps(folders: readonly string[]): void {
  for (const folder of folders)
    console.error(`mheapsim: ${folder} has no heap map; run with --heapmap records one`);
}
