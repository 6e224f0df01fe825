/**
 * How well a comparison keeps the cores busy: `npm run bench:compare -- [rounds]`.
 *
 * Four policies under 30 seeds of the scenario steady, with one worker and with one for each core, in turn, each in a fresh
 * process. What counts is the ratio of the fastest of each, on a machine that does nothing else.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const ARGS = ["compare", "steady", "--policies", "go1.15,go1.16,go1.17,go1.18", "--seeds", "1..30"];

/** Seconds of a comparison. */
function timed(workers: number, out: string): number {
  const start = performance.now();
  const args = [MAIN, ...ARGS, "--workers", String(workers), "--out", out, "--force"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - start) / 1e3;
}

const rounds = Number(process.argv[2] ?? 3);
const many = availableParallelism();
const best = { one: Number.POSITIVE_INFINITY, many: Number.POSITIVE_INFINITY };
const folder = mkdtempSync(join(tmpdir(), "mheapsim-bench-"));
try {
  for (let round = 0; round < rounds; round++) {
    const [one, all] = [timed(1, join(folder, "out")), timed(many, join(folder, "out"))];
    best.one = Math.min(best.one, one);
    best.many = Math.min(best.many, all);
    console.log(
      `1 worker ${one.toFixed(2)} s, ${many} workers ${all.toFixed(2)} s, ratio ${(one / all).toFixed(2)}`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`fastest of ${rounds}: ratio ${(best.one / best.many).toFixed(2)}`);
