/**
 * How well a comparison keeps the cores busy: `npm run bench:compare -- [rounds]`.
 *
 * Four policies under 30 seeds of the scenario steady, in turn and each in fresh processes: with one worker, with one for each
 * core, and as many comparisons with one worker at once as there are cores. The last says what the machine gives to
 * processes that have nothing to do with each other; on one that does nothing else it is nearly the number of cores.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const ARGS = ["compare", "steady", "--policies", "go1.15,go1.16,go1.17,go1.18", "--seeds", "1..30"];

/** Seconds that comparisons take, side by side. */
async function timed(workers: number, folders: readonly string[]): Promise<number> {
  const start = performance.now();
  const ends = folders.map(async (out) => {
    const args = [MAIN, ...ARGS, "--workers", String(workers), "--out", out, "--force"];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`a comparison ended with exit code ${code}`);
  });
  await Promise.all(ends);
  return (performance.now() - start) / 1e3;
}

const rounds = Number(process.argv[2] ?? 3);
const cores = availableParallelism();
const best = {
  one: Number.POSITIVE_INFINITY,
  all: Number.POSITIVE_INFINITY,
  apart: Number.POSITIVE_INFINITY,
};
const folder = mkdtempSync(join(tmpdir(), "mheapsim-bench-"));
const folders = Array.from({ length: cores }, (_, i) => join(folder, `out-${i}`));
try {
  for (let round = 0; round < rounds; round++) {
    const one = await timed(1, folders.slice(0, 1));
    const all = await timed(cores, folders.slice(0, 1));
    const apart = await timed(1, folders);
    best.one = Math.min(best.one, one);
    best.all = Math.min(best.all, all);
    best.apart = Math.min(best.apart, apart);
    const seconds = [one, all, apart].map((time) => time.toFixed(2));
    console.log(
      `1 worker ${seconds[0]} s, ${cores} workers ${seconds[1]} s, ${cores} processes ${seconds[2]} s`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const gain = (best.one / best.all).toFixed(2);
const given = ((cores * best.one) / best.apart).toFixed(2);
console.log(`fastest of ${rounds}: ${cores} workers are ${gain} times one; the machine gives ${given}`);
