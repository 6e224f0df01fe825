/**
 * How well a comparison keeps the cores busy: `npm run bench:compare -- [rounds]`.
 *
 * Four policies under 30 seeds of the scenario steady, in turn and each in fresh processes:
 *
 *     one core     one worker, and the whole process bound to one core (taskset, where there is one)
 *     1 worker     the same with all cores, so that start, compiler and garbage collector have another one
 *     n workers    one for each core
 *     n processes  as many comparisons with one worker at once as there are cores: what the machine gives to processes that
 *                  have nothing to do with each other; on one that does nothing else it is nearly the number of cores
 *
 * Beside each time stands the processor time of the process, all threads: what n workers take beyond one is what each does
 * anew, loading and compiling, and what cores lose that share caches.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const ARGS = ["compare", "steady", "--policies", "go1.15,go1.16,go1.17,go1.18", "--seeds", "1..30"];
const ONE_CORE = spawnSync("taskset", ["-c", "0", "true"]).status === 0 ? ["taskset", "-c", "0"] : null;

/** What comparisons took, s: until the last had ended, and of processors, all together. */
interface Taken {
  readonly wallS: number;
  readonly cpuS: number;
}

/** Has the measured process say in the end, in a file, what it took. */
function reportTo(file: string): string {
  const text = `import { writeFileSync } from "node:fs"; import { isMainThread } from "node:worker_threads";
    if (isMainThread) process.on("exit", () => writeFileSync(${JSON.stringify(file)}, JSON.stringify(process.cpuUsage())));`;
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

/** Runs comparisons side by side. @param prefix command that runs each */
async function timed(
  workers: number,
  folders: readonly string[],
  prefix: readonly string[] = [],
): Promise<Taken> {
  const start = performance.now();
  const ends = folders.map(async (out) => {
    const usage = `${out}.usage`;
    const options = ["--workers", String(workers), "--out", out, "--force"];
    const [command, ...args] = [
      ...prefix,
      process.execPath,
      "--import",
      reportTo(usage),
      MAIN,
      ...ARGS,
      ...options,
    ];
    const child = spawn(command!, args, { stdio: ["ignore", "ignore", "inherit"] });
    const [code] = await once(child, "close");
    if (code !== 0) throw new Error(`a comparison ended with exit code ${code}`);
    const { user, system } = JSON.parse(readFileSync(usage, "utf8")) as NodeJS.CpuUsage;
    return (user + system) / 1e6;
  });
  const cpuS = (await Promise.all(ends)).reduce((sum, one) => sum + one, 0);
  return { wallS: (performance.now() - start) / 1e3, cpuS };
}

const rounds = Number(process.argv[2] ?? 3);
const cores = availableParallelism();
const folder = mkdtempSync(join(tmpdir(), "mheapsim-bench-"));
const folders = Array.from({ length: cores }, (_, i) => join(folder, `out-${i}`));
const alone = folders.slice(0, 1);
const cases: Record<string, () => Promise<Taken>> = {
  ...(ONE_CORE === null ? {} : { "one core": () => timed(1, alone, ONE_CORE) }),
  "1 worker": () => timed(1, alone),
  [`${cores} workers`]: () => timed(cores, alone),
  [`${cores} processes`]: () => timed(1, folders),
};
const best = new Map<string, Taken>();
try {
  for (let round = 0; round < rounds; round++) {
    const line: string[] = [];
    for (const [name, run] of Object.entries(cases)) {
      const taken = await run();
      const before = best.get(name);
      if (before === undefined || taken.wallS < before.wallS) best.set(name, taken);
      line.push(`${name} ${taken.wallS.toFixed(2)} s (processors ${taken.cpuS.toFixed(2)} s)`);
    }
    console.log(line.join(", "));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const all = best.get(`${cores} workers`)!;
const one = best.get("1 worker")!;
const given = ((cores * one.wallS) / best.get(`${cores} processes`)!.wallS).toFixed(2);
const bound = best.get("one core");
const gain = (from: Taken): string => (from.wallS / all.wallS).toFixed(2);
console.log(`fastest of ${rounds}: ${cores} workers are ${gain(one)} times one; the machine gives ${given}`);
if (bound !== undefined)
  console.log(`${cores} workers on ${cores} cores are ${gain(bound)} times one worker on one core`);
console.log(
  `${(all.cpuS / all.wallS).toFixed(2)} cores were busy; ${cores} workers took ${(all.cpuS - one.cpuS).toFixed(2)} s more of processors than one`,
);
