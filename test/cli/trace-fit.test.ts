import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listing, mheapsim, TestFolder, textOf, tracePath } from "../setup/files.js";

const folder = new TestFolder();
const HELLO = tracePath("hello-gmp1");

describe("trace fit", () => {
  test("writes a scenario that runs, and compares it with the trace", async () => {
    const cwd = folder.fresh();
    const args = ["trace", "fit", "compile-gotypes-gmp1", "--stretches", "12", "--seeds", "2"];
    const { code, stdout, stderr } = await mheapsim(args, { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^compile-gotypes-gmp1-fitted: 10 phases \(at most 12\), \d+ workloads\n\n/);
    expect(stdout).toMatch(/\n +trace +fitted, mean +off by +by seed\n/);
    expect(stdout).toMatch(/\npeak heap sys +112 MiB +11\d MiB +[+-]?\d+\.\d % +\d+ MiB \.\. \d+ MiB\n/);
    expect(stdout).toMatch(/\nfind rate +0\.382 +0\.3\d\d +[+-]\d+\.\d % +0\.\d{3} \.\. 0\.\d{3}\n/);
    expect(stdout).toMatch(
      /\nmean external fragmentation +0\.280 +0\.\d{3} +[+-]?0\.\d{3} +0\.\d{3} \.\. 0\.\d{3}\n/,
    );
    expect(stdout).toMatch(
      /\n2 of 2 seeds are within 20 % \(peak, find rate\) and 0\.05 \(fragmentation\)\n/,
    );
    expect(stdout).toMatch(
      /\nwritten to compile-gotypes-gmp1-fitted\.yaml: mheapsim run compile-gotypes-gmp1-fitted\.yaml\n$/,
    );
    expect(listing(cwd)).toEqual(["compile-gotypes-gmp1-fitted.yaml"]);
    const file = "compile-gotypes-gmp1-fitted.yaml";
    expect(await mheapsim(["validate", file], { cwd })).toEqual({
      code: 0,
      stdout: `ok ${file}\n`,
      stderr: "",
    });
    const run = await mheapsim(["run", file, "--out", "run"], { cwd });
    expect([run.code, run.stderr]).toEqual([0, ""]);
    expect(run.stdout).toMatch(/^compile-gotypes-gmp1-fitted under go1\.18, seed 1: 2\.16 s, /);
    expect(run.stdout).toMatch(/\nheap sys +\d+ MiB +11\d MiB\n/);
  });

  test("of a program without a collection is one phase", async () => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(["trace", "fit", HELLO, "-o", "a.yaml", "--no-check"], {
      cwd,
    });
    expect([code, stdout, stderr]).toEqual([0, "written to a.yaml: mheapsim run a.yaml\n", ""]);
    const text = readFileSync(join(cwd, "a.yaml"), "utf8");
    expect(text).toContain("# Fitted to hello-gmp1.csv.gz by mheapsim trace fit: 79 rows, ");
    expect(text.match(/stretch-\d+:/g)).toEqual(["stretch-0:"]);
    expect((await mheapsim(["run", "a.yaml", "--out", "run"], { cwd })).code).toBe(0);
  });

  test("a file is replaced only by force, and that is said before the work", async () => {
    const cwd = folder.fresh();
    const args = ["trace", "fit", HELLO, "--output", "a.yaml", "--no-check"];
    writeFileSync(join(cwd, "a.yaml"), "mine");
    expect(await mheapsim(args, { cwd })).toEqual({
      code: 2,
      stdout: "",
      stderr: "mheapsim: a.yaml exists: add --force to replace it, or name another file with --output\n",
    });
    expect(readFileSync(join(cwd, "a.yaml"), "utf8")).toBe("mine");
    expect((await mheapsim([...args, "--force"], { cwd })).code).toBe(0);
    expect(readFileSync(join(cwd, "a.yaml"), "utf8")).toContain("hello-gmp1-fitted");
    expect(listing(cwd)).toEqual(["a.yaml"]);
  });

  test("the name of the file may have a dollar sign in it", async () => {
    const cwd = folder.fresh();
    copyFileSync(HELLO, join(cwd, "a$b.csv.gz"));
    expect((await mheapsim(["trace", "fit", "a$b.csv.gz", "--seeds", "1"], { cwd })).code).toBe(0);
    const run = await mheapsim(["run", "a$b-fitted.yaml", "--out", "run"], { cwd });
    expect([run.code, run.stdout.split(" ")[0]]).toEqual([0, "a$b-fitted"]);
  });

  test("nothing is written for a damaged trace", async () => {
    const cwd = folder.fresh();
    const lines = textOf(HELLO).split("\n");
    const at = lines.findIndex((line) => line.includes(",span,"));
    writeFileSync(join(cwd, "damaged.csv"), [...lines.slice(0, -1), lines[at], ""].join("\n"));
    expect(await mheapsim(["trace", "fit", "damaged.csv"], { cwd })).toEqual({
      code: 2,
      stdout: "",
      stderr: `mheapsim: damaged.csv:${lines.length}:1: span: a span is live at this address already\n`,
    });
    expect(listing(cwd)).toEqual(["damaged.csv"]);
  });

  test.each([
    [["-"], "a trace to fit is read twice, which a pipe cannot be: name a file"],
    [[HELLO, "--seeds", "0"], "--seeds is a whole number from 1 to 1000, such as --seeds 20"],
    [[HELLO, "--seeds", "many"], "--seeds is a whole number from 1 to 1000, such as --seeds 20"],
    [[HELLO, "--stretches", "1.5"], "--stretches is a whole number from 1 to 1000, such as --stretches 20"],
    [[HELLO, "-o", ""], "the name of the file after --output is empty"],
    [
      [HELLO, "-o", "none/a.yaml", "--no-check"],
      "cannot write none/a.yaml: there is no such folder; nothing was left behind",
    ],
  ])("%j is refused", async (args, sentence) => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(["trace", "fit", ...args], { cwd });
    expect([code, stdout, stderr]).toEqual([2, "", `mheapsim: ${sentence}\n`]);
    expect(listing(cwd)).toEqual([]);
    expect(existsSync(join(cwd, "none"))).toBe(false);
  });
});
