/** `mheapsim report` and `view`: what they write and say, and what they say about folders that are not in order. */

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { openerOf, openFile } from "../../cli/open-file.js";
import { TOOL_VERSION } from "../../results/version.js";
import { makeReport } from "../../studies/report.js";
import { cut, DAMAGES, edit, resigned } from "../setup/damages.js";
import { listing, mheapsim, TestFolder } from "../setup/files.js";

vi.setConfig({ testTimeout: 240_000 });

const folder = new TestFolder();

folder.write(
  "small.yaml",
  `
name: small
seed: 4
duration: 1s
samples: 20
workloads:
  w: {kind: spans, rate: "1000/s", pages: {uniform: {min: 1, max: 9}}, lifetime: 100ms}
`,
);

const mheapsimHere = (args: readonly string[], env: Record<string, string> = {}) =>
  mheapsim(args, { cwd: folder.path, env: { ...process.env, ...env } });

beforeAll(async () => {
  process.chdir(folder.path);
  for (const args of [
    ["--out", "one", "--heapmap", "--keyframes", "2"],
    ["--seed", "5", "--out", "two"],
  ]) {
    const { code, stderr } = await mheapsimHere(["run", "small.yaml", ...args]);
    expect([code, stderr]).toEqual([0, ""]);
  }
});

describe("report", () => {
  test("writes one file, the same bytes each time, and says which runs have no heap map", async () => {
    const first = await mheapsimHere(["report", "one", "two", "-o", "first.html"]);
    expect([first.code, first.stderr]).toEqual([
      0,
      "mheapsim: two has no heap map; run with --heapmap records one\n",
    ]);
    expect(first.stdout).toMatch(/^written to first\.html: \d+ KiB\n$/);
    const again = await mheapsimHere(["report", "one", "two", "-o", "again.html"]);
    expect(again.code).toBe(0);
    expect(readFileSync("again.html").equals(readFileSync("first.html"))).toBe(true);
  });

  test("replaces a file only with --force, and says what cannot be written before it reads anything", async () => {
    writeFileSync("mine.html", "mine");
    expect(await mheapsimHere(["report", "nowhere", "-o", "mine.html"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "mheapsim: mine.html exists: add --force to replace it, or name another file with -o\n",
    });
    expect(readFileSync("mine.html", "utf8")).toBe("mine");
    expect((await mheapsimHere(["report", "one", "-o", "mine.html", "--force"])).code).toBe(0);
    expect(readFileSync("mine.html", "utf8")).toMatch(/^<!doctype html>/);
    expect(await mheapsimHere(["report", "one", "-o", "no/such/place.html"])).toMatchObject({
      code: 2,
      stderr: "mheapsim: cannot write no/such/place.html: there is no such folder; nothing was left behind\n",
    });
  });

  test("says in one sentence that a run cannot be read, and writes nothing", async () => {
    mkdirSync("empty");
    const before = listing(".");
    expect(await mheapsimHere(["report", "one", "empty", "-o", "never.html"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "mheapsim: empty has no manifest.json: expected the folder of a run that came to its end\n",
    });
    expect(listing(".")).toEqual(before);
  });
});

describe("view", () => {
  test("makes the report in a new folder and says where, when nobody could see it open", async () => {
    const TMPDIR = folder.fresh();
    const { code, stdout, stderr } = await mheapsimHere(["view", "one"], { TMPDIR });
    expect([code, stderr]).toEqual([0, ""]);
    const path = /^written to (.*report\.html): \d+ KiB\n$/.exec(stdout)![1]!;
    expect(dirname(dirname(path))).toBe(TMPDIR);
    expect(readFileSync(path, "utf8")).toBe(makeReport(["one"]).html);
  });

  test("leaves nothing behind when a run cannot be read, or there is no place for it", async () => {
    const TMPDIR = folder.fresh();
    expect(await mheapsimHere(["view", "small.yaml"], { TMPDIR })).toEqual({
      code: 2,
      stdout: "",
      stderr: "mheapsim: small.yaml is not a folder: expected one that mheapsim run wrote\n",
    });
    expect(listing(TMPDIR)).toEqual([]);
    const gone = await mheapsimHere(["view", "one"], { TMPDIR: join(TMPDIR, "gone") });
    expect([gone.code, gone.stderr]).toEqual([
      2,
      `mheapsim: cannot write to ${join(TMPDIR, "gone")}: there is no such folder; TMPDIR names another folder\n`,
    ]);
  });

  test.each([
    ["linux", { DISPLAY: ":0" }, true, ["xdg-open"]],
    ["linux", { WAYLAND_DISPLAY: "wayland-0" }, true, ["xdg-open"]],
    ["linux", {}, true, null],
    ["linux", { DISPLAY: "" }, true, null],
    ["linux", { DISPLAY: ":0" }, false, null],
    ["darwin", {}, true, ["open"]],
    ["darwin", {}, false, null],
    ["win32", {}, true, ["cmd", "/c", "start", ""]],
  ] as const)("on %s with %j, a terminal: %s, opens by %j", (platform, env, isTerminal, opener) => {
    expect(openerOf(platform, env, isTerminal)).toEqual(opener);
  });

  test("an opener gets the file, and one that is not there is no fault", async () => {
    const script = "require('fs').writeFileSync(process.argv[1] + '.seen', process.argv[1])";
    const path = folder.at("a report.html");
    expect(await openFile([process.execPath, "-e", script], path)).toBe(true);
    await vi.waitFor(() => expect(readFileSync(`${path}.seen`, "utf8")).toBe(path), { timeout: 20_000 });
    expect(await openFile([folder.at("no-such-program")], path)).toBe(false);
  });
});

/** Damages to what only a report reads. */
const MAP_DAMAGES: readonly (readonly [string, (bad: string) => void, string])[] = [
  [
    "a heap map that is gone",
    (bad) => rmSync(join(bad, "heapmap.bin")),
    "bad has no heapmap.bin: expected the folder of a run that came to its end",
  ],
  [
    "half a heap map",
    (bad) => {
      const bytes = readFileSync(join(bad, "heapmap.bin"));
      writeFileSync(join(bad, "heapmap.bin"), bytes.subarray(0, bytes.length / 2));
    },
    "bad/heapmap.bin: the heap map is damaged (it is not as long as it says): record it again with run --heapmap",
  ],
  [
    "a heap map of something else",
    (bad) => writeFileSync(join(bad, "heapmap.bin"), "\u007fELF"),
    "bad/heapmap.bin: this is no heap map: it does not begin with MHEAPMAP",
  ],
  [
    "a heap map of another version",
    (bad) => {
      const bytes = readFileSync(join(bad, "heapmap.bin"));
      bytes[8] = 7;
      writeFileSync(join(bad, "heapmap.bin"), bytes);
    },
    "bad/heapmap.bin: this heap map is of version 7, expected 1: record it again with run --heapmap",
  ],
];

describe("a folder that is not in order", () => {
  test.each([...DAMAGES, ...MAP_DAMAGES])("%s", (_, damage, sentence) => {
    rmSync("bad", { recursive: true, force: true });
    cpSync("one", "bad", { recursive: true });
    damage("bad");
    expect(() => makeReport(["two", "bad"])).toThrow(
      expect.objectContaining({
        name: expect.stringMatching(/^(RunFolder|HeapMap)Error$/),
        message: sentence,
      }),
    );
  });

  test("a heap map of another run", async () => {
    await mheapsimHere(["run", "small.yaml", "--seed", "9", "--out", "other", "--heapmap"]);
    rmSync("bad", { recursive: true, force: true });
    cpSync("one", "bad", { recursive: true });
    cpSync("other/heapmap.bin", "bad/heapmap.bin");
    expect(() => makeReport(["bad"])).toThrow(
      "bad/heapmap.bin is not what the run wrote, by its sha256 in manifest.json: it was cut off or changed; run it again",
    );
  });

  test("a damaged comparison, and one of another version", async () => {
    const args = [
      "compare",
      "small.yaml",
      "--policies",
      "go1.18,go1.22",
      "--seeds",
      "1..2",
      "--out",
      "compared",
    ];
    expect((await mheapsimHere(args)).code).toBe(0);
    expect(makeReport(["compared"]).withoutMap).toHaveLength(2);
    const damaged = (damage: (bad: string) => void): string => {
      rmSync("bad", { recursive: true, force: true });
      cpSync("compared", "bad", { recursive: true });
      damage("bad");
      try {
        makeReport(["bad"]);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(damaged((bad) => cut(bad, "comparison.json"))).toBe(
      "bad/comparison.json is not what the run wrote, by its sha256 in manifest.json: it was cut off or changed; run it again",
    );
    expect(damaged((bad) => edit(bad, "manifest.json", (json) => json.replace(TOOL_VERSION, "0.0.1")))).toBe(
      `bad was made by mheapsim 0.0.1, and this is ${TOOL_VERSION}: run it again with this version`,
    );
    expect(damaged((bad) => rmSync(join(bad, "comparison.json")))).toBe(
      "bad has no comparison.json: expected the folder of a run that came to its end",
    );
    expect(damaged((bad) => resigned(bad, "comparison.json", "{}"))).toBe(
      "bad/comparison.json is not that of a comparison: it was changed; compare again",
    );
    expect(damaged((bad) => rmSync(join(bad, "cells", "go1.22"), { recursive: true }))).toMatch(
      /^bad\/cells\/go1\.22\/seed-0001 is not a folder/,
    );
  });

  test("nothing was left where there was a fault", () => {
    expect(existsSync("never.html")).toBe(false);
    expect(listing(".").filter((name) => name.includes("partial"))).toEqual([]);
  });
});
