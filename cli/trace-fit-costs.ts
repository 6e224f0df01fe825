/** `mheapsim trace fit-costs`: what returning memory costs on the machine that a trace was recorded on. */

import type { CommandModule } from "yargs";
import { fitMadvise, type MadviseFit } from "../studies/madvise-fit.js";
import { givenPath } from "./errors.js";

interface FitCostsArguments {
  trace: string;
  json: boolean;
}

export const traceFitCostsCommand: CommandModule<object, FitCostsArguments> = {
  command: "fit-costs <trace>",
  describe: "costs of madvise, from the scavenge requests in a page-heap trace",
  builder: (yargs) =>
    yargs
      .positional("trace", {
        type: "string",
        demandOption: true,
        describe: "trace file (.csv or .csv.gz), or - for standard input",
      })
      .option("json", { type: "boolean", default: false, describe: "print JSON" })
      .example("$0 trace fit-costs prog.csv.gz", "ns for each call, page and huge page"),
  handler: async (args) => {
    const fit = await fitMadvise(givenPath(args.trace));
    console.log(args.json ? JSON.stringify(fit, null, 2) : costTable(fit));
  },
};

/** The costs as a table, with how much of each the trace has seen. */
export function costTable(fit: MadviseFit): string {
  const { costs } = fit;
  const rows: [string, number, number, keyof MadviseFit["costs"]][] = [
    ["each range", costs.madviseCallNs, fit.ranges, "madviseCallNs"],
    ["each physical page touched", costs.madvisePageNs, fit.touchedPages, "madvisePageNs"],
    [
      "each physical page uncleared",
      costs.madviseUnclearedPageNs,
      fit.unclearedPages,
      "madviseUnclearedPageNs",
    ],
    ["each huge page", costs.madviseHugePageNs, fit.hugePages, "madviseHugePageNs"],
  ];
  const lines = rows.map(([label, ns, seen, name]) => {
    const remark = fit.assumed.includes(name) ? "none in the trace: the default" : `of ${Math.round(seen)}`;
    return `${label.padEnd(30)}${String(ns).padStart(8)} ns  ${name.padEnd(24)}${remark}`;
  });
  const measured = (fit.measuredNs / 1e6).toFixed(3);
  const fitted = (fit.fittedNs / 1e6).toFixed(3);
  lines.push(`${fit.requests} requests took ${measured} ms; by these costs ${fitted} ms`);
  return lines.join("\n");
}
