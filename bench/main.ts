/**
 * The benchmark of the page allocator, alone or side by side with the real one.
 *
 *     npm run bench -- [FILE…] [--runs N | --best-of N] [--json FILE] [--go]
 *
 * With --go each run of ours is followed by one of Go's, on the same operations, so that both meet the same machine.
 * What is reported are the medians of the runs, and the median of the ratios ours / Go's of each pair: a machine that is
 * slower for a while is so for both of a pair, but not for both medians.
 *
 * On a machine that never is quiet, --best-of reports instead what the runs would have taken undisturbed: each is cut into
 * slices of 5,000 operations, and of every slice the fastest of N rounds counts, on both sides. Whole runs without a
 * disturbance are rare there, slices of a millisecond are not.
 */

import { existsSync, renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { geometricMean, median, rounded, undisturbedNs } from "./figures.js";
import { GENERATED } from "./generated.js";
import { buildGoDriver, type GoBenchResult, type GoDriver } from "./go/build.js";
import type { Measured } from "./measure.js";
import { compileOurs, OursProcess } from "./ours.js";

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

/** How to measure: how many rounds, and operations of a slice, or 0 for whole runs. */
interface Plan {
  readonly rounds: number;
  readonly sliceOps: number;
}

/** Rounds whose times are not counted. */
const WARM_UP_RUNS = 3;
/** Operations of a slice: about half a millisecond, so that the clock costs nothing and most slices are undisturbed. */
const SLICE_OPS = 5000;

const USAGE = `usage: npm run bench -- [FILE…] [--runs N | --best-of N] [--json FILE] [--go]

  FILE         workloads in the format of docs/file-formats.md; small generated ones by default
  --runs N     medians of N measured runs of each (default 5)
  --best-of N  undisturbed times instead: the fastest of N rounds of each slice of ${SLICE_OPS} operations
  --json FILE  writes [{name, timedOps, nsPerOp, resultHash, goVersion?, goNsPerOp?, ratio?}]
  --go         measures the page allocator of the installed Go toolchain in turn with ours
               (workload files only)`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      go: { type: "boolean", default: false },
      json: { type: "string" },
      runs: { type: "string" },
      "best-of": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const plan = planOf(values.runs, values["best-of"]);
  const missing = positionals.find((file) => !existsSync(file));
  if (missing !== undefined) throw new Error(`${missing}: no such file`);
  if (values.go && positionals.length === 0)
    throw new Error("--go needs workload files: generated ones exist only here");
  const sources = positionals.length > 0 ? positionals : GENERATED.map((name) => `generated:${name}`);
  compileOurs();
  const go = values.go ? await buildGoDriver() : undefined;
  try {
    const rows: Row[] = [];
    for (const source of sources) {
      rows.push(await measureBoth(source, plan, go));
      print(rows.at(-1)!);
    }
    printGeometricMean(rows);
    if (values.json !== undefined) writeWhole(values.json, `${JSON.stringify(rows, null, 2)}\n`);
    return rows.some((row) => row.ratio === undefined && go !== undefined) ? 1 : 0;
  } finally {
    await go?.close();
  }
}

function planOf(runs: string | undefined, bestOf: string | undefined): Plan {
  if (runs !== undefined && bestOf !== undefined)
    throw new Error("--runs and --best-of exclude each other: give one of them");
  const [flag, text] = bestOf === undefined ? ["--runs", runs ?? "5"] : ["--best-of", bestOf];
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`${flag} is "${text}": expected a whole number from 1`);
  return { rounds, sliceOps: bestOf === undefined ? 0 : SLICE_OPS };
}

async function measureBoth(source: string, plan: Plan, go: GoDriver | undefined): Promise<Row> {
  const ours: Measured[] = [];
  const theirs: GoBenchResult[] = [];
  const child = await OursProcess.start(source);
  try {
    // First come rounds for warming up: page tables and caches of both, and our code is compiled a few times over, as it
    // learns what it meets.
    for (let i = -WARM_UP_RUNS; i < plan.rounds; i++) {
      const measured = await child.run(plan.sliceOps);
      const real = await go?.run(source, plan.sliceOps);
      if (i < 0) continue;
      ours.push(measured);
      if (real !== undefined) theirs.push(real);
    }
  } finally {
    child.close();
  }
  const { name, timedOps, resultHash } = ours[0]!;
  const row: Row = { name, timedOps, nsPerOp: nsPerOp(ours, plan), resultHash };
  if (go === undefined) return row;
  const different = theirs.find((t) => t.resultHash !== resultHash);
  if (different !== undefined) {
    throw new Error(
      `${name}: our result hash is ${resultHash}, Go's ${different.resultHash}: not the same work`,
    );
  }
  const goNsPerOp = nsPerOp(theirs, plan);
  const ratio =
    plan.sliceOps === 0
      ? median(ours.map((m, i) => m.nsPerOp / theirs[i]!.nsPerOp))
      : row.nsPerOp / goNsPerOp;
  return { ...row, goVersion: go.goVersion, goNsPerOp, ratio: rounded(ratio) };
}

/** The figure of one side: the median of whole runs, or the undisturbed time of sliced ones. */
function nsPerOp(runs: readonly (Measured | GoBenchResult)[], plan: Plan): number {
  if (plan.sliceOps === 0) return rounded(median(runs.map((run) => run.nsPerOp)));
  return rounded(undisturbedNs(runs.map((run) => run.sliceNs)) / runs[0]!.timedOps);
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
  if (ratios.length > 0) console.log(`geometric mean of the ratios: ${geometricMean(ratios).toFixed(3)}`);
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
