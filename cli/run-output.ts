/** What `mheapsim run` prints in the end: a table for people, JSON for programs, or nothing. */

import { type RunOutcome, runsJson } from "../results/run-json.js";
import { closingTable } from "../results/terminal.js";
import { formatSize } from "../scenarios/units.js";
import { UsageError } from "./errors.js";
import { type Progress, startProgress } from "./progress.js";

/** Options of yargs. */
export const OUTPUT = {
  quiet: {
    type: "boolean",
    default: false,
    describe: "print nothing but errors",
  },
  json: {
    type: "boolean",
    default: false,
    describe: "print what came out as JSON instead of a table",
  },
} as const;

export interface OutputChoice {
  readonly quiet: boolean;
  readonly json: boolean;
}

/** Most characters for the course of a series. */
const MOST_SPARKS = 48;
/** Room that the rest of the table takes. */
const TABLE_WIDTH = 48;

/** @throws UsageError when both are wanted */
export function checkOutput({ quiet, json }: OutputChoice): void {
  if (quiet && json) throw new UsageError("--quiet and --json do not go together: give one of them");
}

/** Progress, unless nothing is to be printed. */
export function progressFor(label: string, { quiet }: OutputChoice): Progress {
  return quiet ? { update: () => {}, stop: () => {} } : startProgress(label);
}

/**
 * Prints what came out.
 * @param print prints it for people
 */
export function printOutcome(
  { quiet, json }: OutputChoice,
  out: string,
  runs: readonly RunOutcome[],
  print: () => void,
): void {
  if (json) console.log(runsJson(out, runs));
  else if (!quiet) print();
}

/** The closing table, with the course of each series where the terminal can show it. */
export function tableOf(samples: readonly Float64Array[]): string {
  return closingTable(samples, formatSize, sparkWidth(process.stdout, process.env, process.platform));
}

/**
 * Characters for the course of a series: none where they would not be seen as what they are.
 * @param stream where the table goes
 */
export function sparkWidth(
  { isTTY, columns }: { readonly isTTY?: boolean; readonly columns?: number },
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): number {
  if (isTTY !== true || env["TERM"] === "dumb" || !speaksUtf8(env, platform)) return 0;
  // A terminal that does not know its width says 0, or nothing.
  const room = Math.min(MOST_SPARKS, (columns || 80) - TABLE_WIDTH);
  // A few characters tell nothing.
  return room < 8 ? 0 : room;
}

/** Whether text is shown in UTF-8: as the locale says, in the order in which the C library looks at its variables. */
function speaksUtf8(env: Readonly<Record<string, string | undefined>>, platform: string): boolean {
  if (platform === "win32") return true;
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find(
    (value) => value !== undefined && value !== "",
  );
  return /utf-?8/i.test(locale ?? "");
}
