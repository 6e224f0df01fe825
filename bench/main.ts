/**
 * The benchmark of the page allocator, alone or side by side with the real one.
 *
 *     npm run bench -- [FILE…] [--runs N] [--json FILE] [--go]
 *
 * With --go each run of ours is followed by one of Go's, on the same operations, so that both meet the same machine.
 * What is reported are the medians of the runs, and the median of the ratios ours / Go's of each pair: a machine that is
 * slower for a while is so for both of a pair, but not for both medians.
 */

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GENERATED } from "./generated.js";
import { buildGoDriver, type GoDriver } from "./go/build.js";
import type { Measured } from "./measure.js";

/** One line of the report, and one object of the JSON. */
interface Row {
  name: string;
  timedOps: number;
  nsPerOp: number;
  resultHash: string;
  goVersion?: string;
  goNsPerOp?: number;
  ratio?: number;
}

/** Rounds whose times are not counted. */
const WARM_UP_RUNS = 3;

const USAGE = `usage: npm run bench -- [FILE…] [--runs N] [--json FILE] [--go]

  FILE         workloads in the format of docs/file-formats.md; small generated ones by default
  --runs N     measured runs of each (default 5)
  --json FILE  writes [{name, timedOps, nsPerOp, resultHash, goVersion?, goNsPerOp?, ratio?}]
  --go         measures the page allocator of the installed Go toolchain in turn with ours
               (workload files only)`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      go: { type: "boolean", default: false },
      json: { type: "string" },
      runs: { type: "string", default: "5" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs is "${values.runs}": expected a whole number from 1`);
  const missing = positionals.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing}: no such file`);
  if (values.go && positionals.length === 0)
    throw new Error("--go needs workload files: generated ones exist only here");
  const sources = positionals.length > 0 ? positionals : GENERATED.map((name) => `generated:${name}`);
  const go = values.go ? await buildGoDriver() : undefined;
  try {
    const rows: Row[] = [];
    for (const source of sources) {
      rows.push(await measureBoth(source, runs, go));
      print(rows.at(-1)!);
    }
    printGeometricMean(rows);
    if (values.json !== undefined) writeWhole(values.json, `${JSON.stringify(rows, null, 2)}\n`);
    return rows.some((row) => row.ratio === undefined && go !== undefined) ? 1 : 0;
  } finally {
    await go?.close();
  }
}

async function measureBoth(source: string, runs: number, go: GoDriver | undefined): Promise<Row> {
  const ours: Measured[] = [];
  const theirs: Awaited<ReturnType<GoDriver["run"]>>[] = [];
  const child = startChild(source);
  const ended = once(child, "exit").then(() => {
    throw new Error("the measuring process ended early; its message stands above");
  });
  // It ends after the last answer too, when nobody waits for it any more.
  ended.catch(() => undefined);
  const answer = async (): Promise<unknown> => (await Promise.race([once(child, "message"), ended]))[0];
  try {
    await answer();
    // First come rounds for warming up: page tables and caches of both, and our code is compiled a few times over, as it
    // learns what it meets.
    for (let i = -WARM_UP_RUNS; i < runs; i++) {
      child.send("run");
      const measured = (await answer()) as Measured;
      const real = await go?.run(source);
      if (i < 0) continue;
      ours.push(measured);
      if (real !== undefined) theirs.push(real);
    }
  } finally {
    if (child.connected) child.send("quit");
  }
  const row: Row = { ...ours[0]!, nsPerOp: round(median(ours.map((m) => m.nsPerOp))) };
  if (go === undefined) return row;
  const different = theirs.find((t) => t.resultHash !== row.resultHash);
  if (different !== undefined) {
    throw new Error(
      `${row.name}: our result hash is ${row.resultHash}, Go's ${different.resultHash}: not the same work`,
    );
  }
  const goNsPerOp = round(median(theirs.map((t) => t.nsPerOp)));
  const ratio = round(median(ours.map((m, i) => m.nsPerOp / theirs[i]!.nsPerOp)));
  return { ...row, goVersion: go.goVersion, goNsPerOp, ratio };
}

function startChild(source: string): ChildProcess {
  const script = fileURLToPath(new URL("./child.ts", import.meta.url));
  return fork(script, [source], {
    execArgv: ["--import", "tsx"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

function print(row: Row): void {
  const go =
    row.goNsPerOp === undefined
      ? ""
      : `   ${row.goVersion} ${row.goNsPerOp.toFixed(1)} ns/op   ratio ${row.ratio!.toFixed(3)}`;
  console.log(
    `${row.name.padEnd(14)} ${row.timedOps} ops   ${row.nsPerOp.toFixed(1)} ns/op${go}   ${row.resultHash}`,
  );
}

function printGeometricMean(rows: readonly Row[]): void {
  const ratios = rows.flatMap((row) => (row.ratio === undefined ? [] : [row.ratio]));
  if (ratios.length === 0) return;
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  console.log(`geometric mean of the ratios: ${mean.toFixed(3)}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

function writeWhole(path: string, text: string): void {
  const partial = `${path}.partial-${process.pid}`;
  writeFileSync(partial, text);
  renameSync(partial, path);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(`bench: ${error.message}`);
    process.exitCode = 2;
  },
);
