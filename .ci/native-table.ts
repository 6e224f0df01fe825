/**
 * Prints the table of docs/validation.md about native runs: what a program returned to the system while idle, and the model.
 *
 *     npx tsx .ci/native-table.ts ../shared/oracle/scavtrace
 */

import { modelled, NATIVE_RUNS, recorded } from "../test/studies/native-runs.js";

const TIMES = [1, 2, 4, 6, 8, 14, 119, 122, 125, 139];

async function main(folder: string): Promise<void> {
  console.log(`| run | | ${TIMES.map((s) => `${s} s`).join(" | ")} |`);
  console.log(`|---|---|${TIMES.map(() => "---:").join("|")}|`);
  for (const run of NATIVE_RUNS) {
    const rows = [
      [`${run.file}`, "program", recorded(folder, run)] as const,
      ["", `model, ${run.release}`, await modelled(run)] as const,
    ];
    for (const [name, who, returned] of rows) {
      const cells = TIMES.map((s) =>
        s > run.seconds + 0.2 ? "" : `${Math.max(0, 100 * returned.at(s)).toFixed(0)}`,
      );
      console.log(`| ${name} | ${who} | ${cells.join(" | ")} |`);
    }
  }
}

const folder = process.argv[2];
if (folder === undefined) {
  console.error("usage: npx tsx .ci/native-table.ts FOLDER");
  process.exitCode = 2;
} else
  main(folder).catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
