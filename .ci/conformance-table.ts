/**
 * The tables of docs/conformance.md: every recording, and how many of its results were compared with the model.
 *
 *     npx tsx .ci/conformance-table.ts SHARED            writes docs/conformance.md
 *     npx tsx .ci/conformance-table.ts SHARED --check    compares it with what is there
 *
 * SHARED is the folder that has oracle/ and traces/. Exit code 1 when there is a mismatch, or with --check another table.
 */

import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conformFile } from "../studies/conform.js";

const OUT = "docs/conformance.md";

/** A kind of recording: which files of a folder, and whether only spans are taken from them. */
interface Group {
  readonly what: string;
  readonly folder: string;
  readonly only?: RegExp;
  readonly spansOnly?: boolean;
}

const GROUPS: readonly Group[] = [
  { what: "Go 1.18: the runtime's own test tables, as vectors", folder: "oracle/go1.18/gotests" },
  { what: "Go 1.18: random vectors for single routines", folder: "oracle/go1.18/extra" },
  { what: "Go 1.18: operation logs, 64 bits", folder: "oracle/go1.18/diff" },
  { what: "Go 1.18: operation logs, 32 bits", folder: "oracle/go1.18-386/diff" },
  { what: "Go 1.18: page-heap traces of real programs, every row", folder: "traces/go1.18" },
  {
    what: "Go 1.18: the same at GOMAXPROCS=1, every span address predicted from the spans alone",
    folder: "traces/go1.18",
    only: /-gmp1\./,
    spansOnly: true,
  },
  { what: "Go 1.19: vectors", folder: "oracle/go1.19/gotests" },
  { what: "Go 1.19: operation logs", folder: "oracle/go1.19/diff" },
  { what: "Go 1.23: vectors", folder: "oracle/go1.23/gotests" },
  { what: "Go 1.23: operation logs", folder: "oracle/go1.23/diff" },
  { what: "Go 1.23: page-heap traces of real programs, every row", folder: "traces/go1.23" },
  {
    what: "Go 1.23: the same at GOMAXPROCS=1, every span address predicted from the spans alone",
    folder: "traces/go1.23",
    only: /-gmp1\./,
    spansOnly: true,
  },
];

interface Row {
  readonly file: string;
  readonly compared: number;
  readonly mismatches: number;
}

async function main(shared: string, check: boolean): Promise<number> {
  const sections: string[] = [];
  const summary: string[] = [];
  let files = 0;
  let compared = 0;
  let mismatches = 0;
  for (const group of GROUPS) {
    const rows = await rowsOf(shared, group);
    const sum = rows.reduce((total, row) => total + row.compared, 0);
    const wrong = rows.reduce((total, row) => total + row.mismatches, 0);
    summary.push(`| ${group.what} | \`${group.folder}\` | ${rows.length} | ${grouped(sum)} | ${wrong} |`);
    sections.push(`## ${group.what}`, "", "| file | compared | mismatches |", "|---|---:|---:|");
    sections.push(...rows.map((row) => `| ${row.file} | ${grouped(row.compared)} | ${row.mismatches} |`), "");
    mismatches += wrong;
    if (group.spansOnly) continue;
    files += rows.length;
    compared += sum;
  }
  const text = [
    "# Conformance, recording by recording",
    "",
    "Made by `npx tsx .ci/conformance-table.ts SHARED`; `.ci/run` compares it with what the model does. What is compared, and what is",
    "not, is told in [validation.md](validation.md).",
    "",
    `Together ${files} files and ${grouped(compared)} results, without the predictions.`,
    "",
    "| against | recordings | files | results compared | mismatches |",
    "|---|---|---:|---:|---:|",
    ...summary,
    "",
    ...sections,
  ].join("\n");
  if (!check) writeFileSync(OUT, text);
  else if (!existsSync(OUT) || readFileSync(OUT, "utf8") !== text) {
    console.error(`${OUT} is not what the recordings give: run npx tsx .ci/conformance-table.ts ${shared}`);
    return 1;
  }
  console.log(`${files} files, ${compared} results, ${mismatches} mismatches`);
  return mismatches === 0 ? 0 : 1;
}

async function rowsOf(shared: string, { folder, only, spansOnly }: Group): Promise<Row[]> {
  const names = readdirSync(join(shared, folder))
    .filter((name) => name !== "index.json" && /\.(json|csv)(\.gz)?$/.test(name))
    .filter((name) => statSync(join(shared, folder, name)).isFile() && (only?.test(name) ?? true))
    .sort();
  if (names.length === 0) throw new Error(`there are no recordings in ${join(shared, folder)}`);
  const rows: Row[] = [];
  for (const name of names) {
    const result = await conformFile(join(shared, folder, name), { spansOnly: spansOnly ?? false });
    if (result.error !== undefined) throw result.error;
    rows.push({
      file: name.replace(/\.(json|csv)(\.gz)?$/, ""),
      compared: result.compared,
      mismatches: result.mismatches,
    });
  }
  return rows;
}

/** Thousands apart. */
function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

const [shared, option] = process.argv.slice(2);
if (shared === undefined) {
  console.error("usage: npx tsx .ci/conformance-table.ts SHARED [--check]");
  process.exitCode = 2;
} else {
  main(shared, option === "--check").then(
    (code) => {
      process.exitCode = code;
    },
    (error: Error) => {
      console.error(error.message);
      process.exitCode = 2;
    },
  );
}
