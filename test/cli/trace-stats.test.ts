import { createHash } from "node:crypto";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listing, mheapsim, TestFolder, textOf, tracePath } from "../setup/files.js";

const folder = new TestFolder();
const HELLO = tracePath("hello-gmp1");
const FILES = ["cycles.csv", "kinds.csv", "lifetimes.csv", "manifest.json", "rates.csv", "sizes.csv"];

/** A CSV file as records by column name. */
function records(path: string): Record<string, string>[] {
  const [header, ...rows] = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
  return rows.map((row) => {
    expect(row.length).toBe(header!.length);
    return Object.fromEntries(header!.map((name, i) => [name, row[i]!]));
  });
}

describe("trace stats", () => {
  test("prints tables of a bundled trace", async () => {
    const { code, stdout, stderr } = await mheapsim(["trace", "stats", "compile-gotypes-gmp1"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^compile-gotypes-gmp1: 2\.16 s, 39329 rows, 15254 spans, 9 GC cycles\n/);
    const headings = stdout.split("\n").filter((line) => /^\S/.test(line));
    expect(headings.length).toBe(10);
    expect(stdout).toMatch(/\n {2}allocated +15223 +21 +10 +15254\n {2}freed +3245 +15 +10 +3270\n/);
    expect(stdout).toMatch(/\n {2}live at the end +11978 +6 +0 +11984\n/);
    expect(stdout).toMatch(/\n {2}half live no longer than +> the trace +41\.94 ms/);
    expect(stdout).toMatch(/\n {2}1 +14286 +0 +0 +14286 +93\.7 % +69\.4 %\n/);
    expect(stdout).toMatch(/\n {2}heap +12\.2 % +37\.7 % +50\.1 % +0\.0 % +0\.0 % +100\.0 %\n/);
    expect(stdout).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("of a program without a GC cycle says so", async () => {
    const { code, stdout, stderr } = await mheapsim(["trace", "stats", HELLO]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("GC cycles\n\n  none in this trace\n");
    expect(stdout).toContain("Frees with no allocation between them\n\n  none in this trace\n");
    expect(stdout).not.toMatch(/NaN|undefined|Infinity/);
  });

  test("writes CSV files whose sums agree, the same from a pipe", async () => {
    const cwd = folder.fresh();
    const args = ["trace", "stats", "--window", "100ms", "--csv"];
    const trace = tracePath("compile-gotypes-gmp1");
    const { code, stdout } = await mheapsim([...args, "one", trace], { cwd });
    expect(code).toBe(0);
    expect(stdout).toContain(
      "\nwritten to one: kinds, sizes, lifetimes, rates and cycles as CSV, manifest.json\n",
    );
    expect(listing(join(cwd, "one"))).toEqual(FILES);
    const table = (name: string): Record<string, string>[] => records(join(cwd, "one", `${name}.csv`));
    const sum = (rows: Record<string, string>[], column: string): number =>
      rows.reduce((total, row) => total + Number(row[column]), 0);
    expect(
      table("kinds").map((row) => [row["kind"], row["allocs"], row["frees"], row["live_at_end"]]),
    ).toEqual([
      ["heap", "15223", "3245", "11978"],
      ["stack", "21", "15", "6"],
      ["bits", "0", "0", "0"],
      ["workbuf", "10", "10", "0"],
      ["all", "15254", "3270", "11984"],
    ]);
    for (const kind of table("kinds")) {
      const own = (row: Record<string, string>): boolean => row["kind"] === kind["kind"];
      const sizes = table("sizes").filter(own);
      expect([sum(sizes, "allocs"), sum(sizes, "frees")]).toEqual([
        Number(kind["allocs"]),
        Number(kind["frees"]),
      ]);
      const pages = sizes.reduce((total, row) => total + Number(row["npages"]) * Number(row["allocs"]), 0);
      expect(pages).toBe(Number(kind["alloc_pages"]));
      for (const unit of ["ns", "cycles"]) {
        const lives = table("lifetimes").filter((row) => own(row) && row["unit"] === unit);
        expect(sum(lives, "deaths")).toBe(Number(kind["frees"]));
        expect(sum(lives, "censored")).toBe(Number(kind["live_at_end"]));
      }
      const rates = table("rates").filter(own);
      expect(rates.map((row) => Number(row["from_ns"]))).toEqual(rates.map((_, i) => i * 100_000_000));
      expect([sum(rates, "allocs"), sum(rates, "free_pages")]).toEqual([
        Number(kind["allocs"]),
        Number(kind["free_pages"]),
      ]);
      expect(rates.at(-1)).toMatchObject({
        live: kind["live_at_end"],
        live_pages: kind["live_pages_at_end"],
      });
    }
    expect(table("cycles").map((row) => row["cycle"])).toEqual(["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    // The whole is the same from standard input, but for the name of the file.
    const piped = await mheapsim([...args, "two", "-"], { cwd, input: readFileSync(trace) });
    expect([piped.code, piped.stderr]).toEqual([0, ""]);
    for (const name of FILES.filter((file) => file.endsWith(".csv")))
      expect(textOf(join(cwd, "two", name))).toBe(textOf(join(cwd, "one", name)));
    const manifest = JSON.parse(textOf(join(cwd, "one", "manifest.json")));
    expect(manifest.scenario).toEqual({
      kind: "trace",
      file: "compile-gotypes-gmp1.csv.gz",
      sha256: createHash("sha256").update(readFileSync(trace)).digest("hex"),
      rows: 39329,
    });
    expect(manifest.files.map((file: { name: string }) => file.name).sort()).toEqual(
      FILES.filter((file) => file.endsWith(".csv")),
    );
  });

  test("a result is replaced only by force", async () => {
    const cwd = folder.fresh();
    const args = ["trace", "stats", HELLO, "--csv", "out"];
    expect((await mheapsim(args, { cwd })).code).toBe(0);
    const refused = await mheapsim(args, { cwd });
    expect(refused).toEqual({
      code: 2,
      stdout: "",
      stderr: "mheapsim: out exists: add --force to replace it, or name another folder with --csv\n",
    });
    expect((await mheapsim([...args, "--force"], { cwd })).code).toBe(0);
  });

  test("nothing is written for a damaged trace", async () => {
    const cwd = folder.fresh();
    const lines = textOf(HELLO).split("\n");
    const at = lines.findIndex((line) => line.includes(",span,"));
    folder.write("damaged.csv", [...lines.slice(0, -1), lines[at], ""].join("\n"));
    copyFileSync(folder.at("damaged.csv"), join(cwd, "damaged.csv"));
    const { code, stdout, stderr } = await mheapsim(["trace", "stats", "damaged.csv", "--csv", "a/b"], {
      cwd,
    });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      `mheapsim: damaged.csv:${lines.length}:1: span: a span is live at this address already\n`,
    );
    expect(existsSync(join(cwd, "a"))).toBe(false);
    expect(listing(cwd)).toEqual(["damaged.csv"]);
  });

  test.each([
    [["trace"], "a command is missing after trace: expected "],
    [["trace", "walk"], "Unknown argument: walk; mheapsim --help shows how"],
    [
      ["trace", "stats"],
      "Not enough non-option arguments: got 0, need at least 1; mheapsim --help shows how",
    ],
    [["trace", "stats", ""], "the name of a file is empty; mheapsim --help shows how"],
    [["trace", "stats", "none.csv"], "none.csv: no such file: expected a recording, gzipped or plain"],
    [["trace", "stats", HELLO, "--csv", ""], "the name of the folder after --csv is empty"],
    [["trace", "stats", HELLO, "--window", "10"], '"10" is not a duration: expected a number from 1ns up'],
    [["trace", "stats", HELLO, "--nope"], "Unknown argument: nope; mheapsim --help shows how"],
  ])("bad use: %j", async (args, sentence) => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(args, { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.startsWith(`mheapsim: ${sentence}`)).toBe(true);
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(listing(cwd)).toEqual([]);
  });

  test("has help with examples", async () => {
    const { code, stdout } = await mheapsim(["trace", "stats", "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain("mheapsim trace stats <file>");
    expect(stdout).toContain("mheapsim trace stats prog.csv.gz --csv stats ");
    expect(stdout).toContain("Exit code: 0 fine, 2 bad use");
    expect((await mheapsim(["trace", "--help"])).stdout).toContain("mheapsim trace stats <file>");
  });
});
