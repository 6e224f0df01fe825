/** `mheapsim trace`: commands about recorded page-heap traces, one file each. */

import type { CommandModule } from "yargs";
import { traceFitCommand } from "./trace-fit.js";
import { traceFitCostsCommand } from "./trace-fit-costs.js";
import { traceStatsCommand } from "./trace-stats.js";

export const traceCommand: CommandModule = {
  command: "trace",
  describe: "what is in a page-heap trace of a real program",
  builder: (yargs) =>
    yargs
      .command(traceStatsCommand)
      .command(traceFitCommand)
      .command(traceFitCostsCommand)
      .demandCommand(1, "a command is missing after trace: expected stats, fit or fit-costs")
      .example("$0 trace stats prog.csv.gz", "sizes, lifetimes, rates and GC cycles"),
  // With a missing or unknown subcommand yargs fails before it comes to this.
  handler: () => undefined,
};
