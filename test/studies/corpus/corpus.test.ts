/**
 * The corpus is as it was; it goes red when the allocator changes, and says what changed in a sentence.
 */

import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { mheapsim, type Outcome, ROOT, runProgram, TestFolder } from "../../setup/files.js";

vi.setConfig({ testTimeout: 240_000 });

const folder = new TestFolder();
const CORPUS = join(ROOT, "test", "regressions");
const NAMES = readdirSync(CORPUS).sort();
const read = (path: string): string => readFileSync(path, "utf8");

/** A new folder with some of the cases. */
function copyOf(...names: string[]): string {
  const path = folder.fresh();
  for (const name of names) cpSync(join(CORPUS, name), join(path, name));
  return path;
}

/** Runs a copy of the tool in which a policy does something else. */
function changedTool(
  file: string,
  before: string,
  after: string,
): (args: readonly string[]) => Promise<Outcome> {
  const tool = folder.fresh();
  for (const name of ["dist", "package.json"])
    cpSync(join(ROOT, name), join(tool, name), { recursive: true });
  mkdirSync(join(tool, "scenarios"));
  symlinkSync(join(ROOT, "scenarios", "library"), join(tool, "scenarios", "library"));
  symlinkSync(join(ROOT, "node_modules"), join(tool, "node_modules"));
  const path = join(tool, "dist", file);
  const text = read(path);
  expect(text.includes(before), before).toBe(true);
  writeFileSync(path, text.replace(before, after));
  return (args) => runProgram(process.execPath, [join(tool, "dist", "cli", "main.js"), ...args]);
}

describe("the corpus", () => {
  it("has at least twelve cases, a paragraph on each, and is as it was in less than a minute", async () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(12);
    const manual = read(join(ROOT, "docs", "regressions.md"));
    for (const name of NAMES) expect(manual).toContain(`\n**${name.replace(/\.\w+$/, "")}**`);
    const start = performance.now();
    const { code, stdout, stderr } = await mheapsim(["check", CORPUS]);
    expect([code, stderr, stdout]).toEqual([0, "", expect.stringMatching(/\n\d+ cases, 0 failed\n$/)]);
    expect(performance.now() - start).toBeLessThan(60_000);
    expect(stdout.trim().split("\n")).toHaveLength(NAMES.length + 1);
  });

  it.each([
    [
      "how much the scavenger keeps",
      ["sim/policies/go.js", "retainExtraPercent: 10", "retainExtraPercent: 20"],
      "density-1.22.repro: mean_heap_retained_bytes of go1.22 against go1.18 was +35.4 % and is",
    ],
    [
      "what counts as dense",
      ["sim/policies/go.js", "denseFraction: 0.96875", "denseFraction: 0.5"],
      "huge-page-stalls-1.21.1.baseline: lock_wait_per_acquisition_ns under go1.21.1 was",
    ],
    [
      "how much the scavenger asks for at a time",
      ["sim/policies/go.js", "quantumBytes: 65_536", "quantumBytes: 131_072"],
      "spike-then-idle.baseline: scavenge_calls under go1.18 was",
    ],
    [
      "which span a treap answers with",
      ["sim/policies/go.js", 'walk: "best"', 'walk: "first-enough"'],
      "treap-walk-1.12.0.repro: peak_heap_sys_bytes of go1.12.4 against go1.12.5 was +100.0 % and is +0.0 %",
    ],
    [
      "how many pages a cache takes",
      ["sim/policies/go.js", "pageCache: { pages: 64,", "pageCache: { pages: 0,"],
      "alternating-spans.baseline: peak_heap_sys_bytes under go1.22 was",
    ],
  ] as const)("goes red when a constant changes: %s", async (_, [file, before, after], sentence) => {
    const { code, stdout } = await changedTool(file, before, after)(["check", CORPUS]);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`(^|\n)FAIL \\S*${sentence.replace(/[.+]/g, "\\$&")}`));
  });
});

describe("check", () => {
  it("writes what changed anew when asked, and nothing else", async () => {
    const path = copyOf("next-fit.repro", "steady.baseline", "density-1.22.repro");
    const at = (name: string): string => join(path, name);
    writeFileSync(at("next-fit.repro"), read(at("next-fit.repro")).replace(/^effect: .*$/m, "effect: 0.1"));
    writeFileSync(
      at("steady.baseline"),
      `# Kept.\n${read(at("steady.baseline")).replace(/ {2}find_rate: .*/, "  find_rate: 0.5")}`,
    );
    const red = await mheapsim(["check", path]);
    expect(red.code).toBe(1);
    expect(red.stdout).toContain(
      "next-fit.repro: mean_external_fragmentation of next-fit against go1.22 was +0.100 and is +0.420\n",
    );
    expect(red.stdout).toMatch(/steady\.baseline: find_rate under go1\.22 was 0\.5 and is 0\.\d+\n/);
    expect(red.stdout).toContain("\n3 cases, 2 failed\n");
    const update = await mheapsim(["check", path, "--update"]);
    expect([update.code, update.stdout]).toEqual([
      0,
      expect.stringContaining("\n3 cases, 0 failed, 2 written anew\n"),
    ]);
    expect(read(at("next-fit.repro"))).toBe(read(join(CORPUS, "next-fit.repro")));
    expect(read(at("density-1.22.repro"))).toBe(read(join(CORPUS, "density-1.22.repro")));
    expect(read(at("steady.baseline"))).toBe(`# Kept.\n${read(join(CORPUS, "steady.baseline"))}`);
    expect((await mheapsim(["check", path])).code).toBe(0);
  });

  it("looks at fingerprints too when it is to be exact", async () => {
    const path = copyOf("next-fit.repro");
    const file = join(path, "next-fit.repro");
    writeFileSync(file, read(file).replace(/ {2}- [0-9a-f]{16}/, "  - 0123456789abcdef"));
    expect((await mheapsim(["check", path])).code).toBe(0);
    const exact = await mheapsim(["check", path, "--exact"]);
    expect([exact.code, exact.stdout]).toEqual([
      1,
      expect.stringContaining("as written, but the runs have other fingerprints\n"),
    ]);
    expect((await mheapsim(["check", CORPUS, "--exact"])).stdout).toMatch(/, 0 failed\n$/);
  });

  it("says all that is wrong with cases, each in a line, and checks the others", async () => {
    const repro = read(join(CORPUS, "next-fit.repro"));
    const baseline = read(join(CORPUS, "steady.baseline"));
    const faults: Record<string, [string, string]> = {
      "a.repro": ["", "the file is empty"],
      "b.repro": [repro.slice(0, repro.indexOf("scenario:")), "scenario"],
      "c.repro": [repro.replace("repro: 1", "repro: 2"), "this repro is of version 2, expected 1"],
      "d.repro": [repro.replace("next-fit\n", "next-fti\n"), 'did you mean "next-fit"?'],
      "e.repro": [repro.replace("metric: mean_external", "metric: mean_eternal"), "did you mean"],
      "f.repro": [repro.replace("- free a", "- free z"), 'nothing called "z" is live here'],
      "g.baseline": [baseline.replace("baseline: 1", "baseline: 7"), "this baseline is of version 7"],
      "h.baseline": [baseline.replace("policy: go1.22", "policy: go1.99"), "go1.99 is newer than"],
      "i.baseline": [baseline.replace("scenario: steady", "scenario: stedy"), 'did you mean "steady"?'],
      "j.baseline": [baseline.replace("scale:", "sclae:"), "sclae"],
      "k.baseline": [baseline.replace("find_rate:", "find_rat:"), 'did you mean "find_rate"?'],
      "l.baseline": [baseline.replace(/metrics:\n[\s\S]*/, "metrics: {}\n"), "there is no metric to look at"],
      "m.repro": [
        repro.replace("workloads:", "limits: {events: 2}\n  workloads:"),
        "takes too long: more than 2 events",
      ],
    };
    const path = copyOf("density-1.22.repro");
    for (const [name, [text]] of Object.entries(faults)) writeFileSync(join(path, name), text);
    const xml = join(path, "report.xml");
    const { code, stdout, stderr } = await mheapsim(["check", path, "--junit", xml, "--github"]);
    expect([code, stderr]).toEqual([2, ""]);
    const lines = stdout.split("\n");
    for (const [name, [, message]] of Object.entries(faults)) {
      const line = lines.find((one) => one.startsWith(`BAD  ${join(path, name)}:`));
      expect(line, name).toContain(message);
    }
    expect(stdout).toContain("ok   ");
    expect(stdout).toContain(`\n14 cases, 0 failed, 13 cannot be checked\n`);
    expect(read(xml)).toContain('tests="14" failures="0" errors="13"');
  });

  it.each([
    [["check", "nowhere"], "there is no folder nowhere"],
    [
      ["check", join(ROOT, "docs")],
      `there is no .repro and no .baseline in ${join(ROOT, "docs")}: nothing to check`,
    ],
    [["check", CORPUS, "--junit", join("nowhere", "a.xml")], "there is no such folder"],
    [["bisect", "go1.18", "go1.22", "nowhere.repro"], "nowhere.repro: there is no such repro"],
    [["bisect", "go1.18", "go1.222", join(CORPUS, "next-fit.repro")], "go1.222 is newer than"],
    [["shrink", join(CORPUS, "next-fit.repro"), "--share", "2"], "--share is above 0 and up to 1"],
    [["shrink", join(CORPUS, "steady.baseline"), "-o", "x.repro"], "this is no repro"],
    [["repro", join(CORPUS, "steady.baseline")], "this is no repro"],
  ])("%j is refused in a sentence", async (args, message) => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(args, { cwd });
    expect([code, stdout, stderr]).toEqual([2, "", expect.stringContaining(message)]);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe("reports for others", () => {
  it("tell failures to JUnit and GitHub, with what these take for signs of their own escaped", async () => {
    const path = copyOf("next-fit.repro", "density-1.22.repro");
    const file = join(path, "a,b%c:d&.repro");
    const repro = read(join(path, "next-fit.repro"));
    writeFileSync(file, repro.replace(/^effect: .*$/m, "effect: 0.1"));
    const xml = join(path, "report.xml");
    const { code, stdout } = await mheapsim(["check", path, "--junit", xml, "--github"]);
    expect(code).toBe(1);
    const sentence = "mean_external_fragmentation of next-fit against go1.22 was +0.100 and is +0.420";
    expect(stdout).toContain(`\n::error file=${path}/a%2Cb%25c%3Ad&.repro::${sentence}\n`);
    expect(stdout.match(/^::error/gm)).toHaveLength(1);
    expect(read(xml)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="mheapsim check" tests="3" failures="1" errors="0">
    <testcase classname="mheapsim" name="${path}/a,b%c:d&amp;.repro">
      <failure message="${sentence}"/>
    </testcase>
    <testcase classname="mheapsim" name="${path}/density-1.22.repro"/>
    <testcase classname="mheapsim" name="${path}/next-fit.repro"/>
  </testsuite>
</testsuites>
`);
  });
});
