/** `mheapsim view`: a report of finished runs, at once. */

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandModule } from "yargs";
import { faultReason, OutputError } from "../results/output-folder.js";
import { writeWholeFile } from "../results/whole-file.js";
import { formatSize } from "../scenarios/units.js";
import { makeReport } from "../studies/report.js";
import { givenPath } from "./errors.js";
import { openerOf, openFile } from "./open-file.js";
import { noteMissingMaps } from "./report.js";

interface ViewArguments {
  readonly runs: string[];
}

export const viewCommand: CommandModule<object, ViewArguments> = {
  command: "view <runs..>",
  describe: "make a report of finished runs, and open it in the browser",
  builder: (yargs) =>
    yargs
      .positional("runs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "folders that mheapsim run or compare wrote; several are shown side by side",
      })
      .example("$0 view out/steady-go1.18-1", "one run")
      .example("$0 view before after", "two runs at the same moment")
      .epilogue(
        "The report is a file in a new folder among the system's temporary ones; mheapsim report -o keeps one where you want it. " +
          "Without a display, or when the output is no terminal, the command only says where the file is.\n\n" +
          "Exit code: 0 fine, 2 bad use, a folder that is not a run's or is damaged, or a file that could not be written.",
      ),
  handler: async ({ runs }) => {
    const { html, withoutMap } = makeReport(runs.map(givenPath));
    const path = join(newFolder(), "report.html");
    writeWholeFile(path, html, false, "TMPDIR");
    noteMissingMaps(withoutMap);
    const opener = openerOf(process.platform, process.env, process.stdout.isTTY === true);
    const isOpen = opener !== null && (await openFile(opener, path));
    console.log(`${isOpen ? "opened" : "written to"} ${path}: ${formatSize(Buffer.byteLength(html))}`);
  },
};

/** @throws OutputError when there is no place for temporary files */
function newFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "mheapsim-view-"));
  } catch (error) {
    throw new OutputError(`cannot write to ${tmpdir()}: ${faultReason(error)}; TMPDIR names another folder`);
  }
}
