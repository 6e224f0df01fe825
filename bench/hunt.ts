/**
 * How many evaluations a hunt makes: `npm run bench:hunt -- [evaluations]`.
 *
 * The scenario has 20,000 span events: 10,000 spans of 1 to 64 pages that the program frees, some 500 of them live. An
 * evaluation runs it under both policies. Hunts are whole processes, from their start until the findings are written, with one
 * thread and with one for each core; the second rate leaves out the start, measured by a hunt of one evaluation.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const SCENARIO = `name: churn
duration: 10s
workloads:
  spans:
    kind: spans
    rate: 1000/s
    pages: {choice: {1: 55, 2: 18, 3: 7, 4: 8, 5: 4, 8: 4, 16: 3, 64: 1}}
    lifetime: {exponential: {mean: 500ms}}
    freedBy: program
`;

const evaluations = Number(process.argv[2] ?? 500);
const folder = mkdtempSync(join(tmpdir(), "mheapsim-bench-"));

/** Seconds that a hunt takes. */
function timed(count: number, workers: number): number {
  const start = performance.now();
  const what = ["hunt", join(folder, "churn.yaml"), "--candidate", "next-fit", "--baseline", "go1.22"];
  const how = [
    "--seeds",
    `1..${count}`,
    "--workers",
    String(workers),
    "--out",
    join(folder, "out"),
    "--force",
  ];
  const { status } = spawnSync(process.execPath, [MAIN, ...what, ...how], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`a hunt ended with exit code ${status}`);
  return (performance.now() - start) / 1e3;
}

try {
  writeFileSync(join(folder, "churn.yaml"), SCENARIO);
  for (const workers of new Set([1, availableParallelism()])) {
    const startS = timed(1, workers);
    const s = timed(evaluations, workers);
    const rate = (evaluations / s).toFixed(1);
    const without = ((evaluations - 1) / (s - startS)).toFixed(1);
    console.log(
      `${workers} thread${workers === 1 ? "" : "s"}: ${evaluations} evaluations in ${s.toFixed(1)} s, ${rate}/s; ${without}/s without the start`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
