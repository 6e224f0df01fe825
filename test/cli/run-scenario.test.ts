import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { listing, mheapsim, TestFolder } from "../setup/files.js";

vi.setConfig({ testTimeout: 120_000 });

const folder = new TestFolder();

const SMALL = `
name: small
seed: 4
duration: 2s
samples: 20
params: {rate: {about: "Spans per second", default: 1000, min: 1, max: 5000}}
workloads:
  w: {kind: spans, rate: "\${rate}/s", pages: {uniform: {min: 1, max: 9}}, lifetime: 100ms}
actions:
  - {do: freeOSMemory, at: 1s}
`;
const small = folder.write("small.yaml", SMALL);

const manifestOf = (out: string) => JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));

describe("run", () => {
  test("leaves four files, named after scenario, policy and seed, and says so", async () => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(["run", small, "--seed", "7"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    const out = join(cwd, "out", "small-go1.18-7");
    expect(listing(out)).toEqual(["histograms.json", "manifest.json", "summary.json", "timeseries.csv"]);
    expect(stdout).toMatch(/^small under go1\.18, seed 7: 2 s, \d+ events\n/);
    const manifest = manifestOf(out);
    expect(stdout).toContain(`fingerprint ${manifest.fingerprint}\n`);
    expect(manifest.scenario).toEqual({ kind: "scenario", name: "small", file: "small.yaml", seed: "7" });
    expect(manifest.parameters).toEqual({ rate: 1000, sample_ns: 1e8 });
    expect(readFileSync(join(out, "timeseries.csv"), "utf8").trimEnd().split("\n")).toHaveLength(22);
  });

  test("takes parameters and other values from the command line", async () => {
    const cwd = folder.fresh();
    const changes = ["--param", "rate=50", "--set", "duration=1s", "--sample", "500ms"];
    const { code } = await mheapsim(["run", small, ...changes, "--out", "o"], { cwd });
    expect(code).toBe(0);
    expect(manifestOf(join(cwd, "o")).parameters).toEqual({ rate: 50, sample_ns: 5e8 });
    expect(
      readFileSync(join(cwd, "o", "timeseries.csv"), "utf8")
        .trimEnd()
        .split("\n"),
    ).toHaveLength(4);
  });

  test("repeats with the next seeds, each the same as alone", async () => {
    const cwd = folder.fresh();
    const all = await mheapsim(["run", small, "--repeat", "3", "--out", "o"], { cwd });
    expect([all.code, all.stderr]).toEqual([0, ""]);
    expect(readdirSync(join(cwd, "o")).sort()).toEqual(["manifest.json", "rep-0001", "rep-0002", "rep-0003"]);
    const { replications, files } = manifestOf(join(cwd, "o"));
    expect(replications.map(({ seed }: { seed: string }) => seed)).toEqual(["4", "5", "6"]);
    expect(files).toHaveLength(12);
    await mheapsim(["run", small, "--seed", "5", "--out", "p"], { cwd });
    for (const name of listing(join(cwd, "p"))) {
      const [one, other] = [join(cwd, "o", "rep-0002", name), join(cwd, "p", name)];
      expect(readFileSync(one, "utf8")).toBe(readFileSync(other, "utf8"));
    }
    const refused = await mheapsim(["run", small, "--repeat", "2", "--out", "o"], { cwd });
    expect(refused.code).toBe(2);
    expect((await mheapsim(["run", small, "--repeat", "2", "--out", "o", "--force"], { cwd })).code).toBe(0);
    expect(readdirSync(join(cwd, "o")).sort()).toEqual(["manifest.json", "rep-0001", "rep-0002"]);
  });

  test("prints what the runtime would", async () => {
    const cwd = folder.fresh();
    const { stderr } = await mheapsim(["run", small, "--gctrace", "--scavtrace"], { cwd });
    const lines = stderr.trimEnd().split("\n");
    const gc =
      /^gc \d+ @\d+\.\d{3}s \d+%: [\d.]+\+[\d.]+\+[\d.]+ ms clock, [\d.]+\+[\d.]+\/[\d.]+\/[\d.]+\+[\d.]+ ms cpu, \d+->\d+->\d+ MB, \d+ MB goal, \d+ MB stacks, \d+ MB globals, 4 P( \(forced\))?$/;
    const scav = /^scav \d+ \d+ KiB work, \d+ KiB total, \d+% util( \(forced\))?$/;
    for (const line of lines) expect(line).toMatch(line.startsWith("gc") ? gc : scav);
    expect(lines.filter((line) => line.startsWith("gc") && line.endsWith("(forced)"))).toHaveLength(1);
    expect(lines.filter((line) => line.startsWith("scav") && line.endsWith("(forced)"))).toHaveLength(1);
  });
});

describe("lines of the scavenger", () => {
  test.each([
    ["go1.14.3", /^scav \d+ KiB work, \d+ KiB total, \d+% util( \(forced\))?$/],
    ["go1.17", /^scav \d+ \d+ KiB work, \d+ KiB total, \d+% util( \(forced\))?$/],
    ["go1.20", /^scav \d+ KiB work, \d+ KiB total, \d+% util( \(forced\))?$/],
    ["go1.23", /^scav \d+ KiB work \(bg\), \d+ KiB work \(eager\), \d+ KiB now, \d+% util( \(forced\))?$/],
  ])("of %s", async (policy, form) => {
    const cwd = folder.fresh();
    const { stderr } = await mheapsim(["run", small, "--scavtrace", "--set", `policy=${policy}`], { cwd });
    const lines = stderr.trimEnd().split("\n");
    for (const line of lines) expect(line).toMatch(form);
    expect(lines.filter((line) => line.endsWith("(forced)"))).toHaveLength(1);
    expect(lines.length).toBeGreaterThan(1);
  });
});

describe("exit codes", () => {
  const failing = `${SMALL}
expect:
  - {peak: heap_sys_bytes, atLeast: 1MiB}
  - {value: heap_inuse_bytes, at: 500ms, atMost: 4KiB, about: "nothing is live"}
  - {exit: out of memory}
`;

  test("1, with a line for each expectation that does not hold, and the result all the same", async () => {
    const cwd = folder.fresh();
    const file = folder.write("failing.yaml", failing);
    const { code, stdout, stderr } = await mheapsim(["run", file, "--out", "o"], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain("1 of 3 expectations hold");
    expect(stderr).toMatch(
      /^expected heap_inuse_bytes at 500ms atMost 4KiB, found [\d.]+ MiB \(\d+\) \(nothing is live\)\nexpected exit out of memory, found completed at 2 s\n$/,
    );
    expect(manifestOf(join(cwd, "o")).result.failed_expectations).toBe(2);
  });

  test("0 when what does not hold is about other policies, and 1 under those", async () => {
    const cwd = folder.fresh();
    const about = `${SMALL}
expect:
  - {peak: heap_sys_bytes, atLeast: 1MiB}
  - {peak: heap_sys_bytes, atMost: 4KiB, policies: [..go1.16]}
`;
    const file = folder.write("about.yaml", about);
    const now = await mheapsim(["run", file, "--out", "now"], { cwd });
    expect([now.code, now.stderr]).toEqual([0, ""]);
    expect(now.stdout).toContain("1 of 1 expectations hold");
    expect(manifestOf(join(cwd, "now")).result).toMatchObject({ expectations: 1, failed_expectations: 0 });
    const varied = "policy=go1.16{goal.retainExtraPercent=20}";
    const then = await mheapsim(["run", file, "--set", varied, "--out", "then"], { cwd });
    expect([then.code, then.stdout.includes("1 of 2 expectations hold")]).toEqual([1, true]);
    expect(then.stderr).toMatch(/^expected peak heap_sys_bytes atMost 4KiB under \.\.go1\.16, found /);
    const shown = await mheapsim(["show", file], { cwd });
    expect(shown.stdout).toContain("  peak heap_sys_bytes atMost 4KiB under ..go1.16\n");
  });

  test("1 when memory runs out, 0 when that is expected", async () => {
    const cwd = folder.fresh();
    const file = folder.write("oom.yaml", SMALL.replace("100ms", "forever"));
    const run = await mheapsim(["run", file, "--set", "machine.ram=32MiB", "--out", "o"], { cwd });
    expect(run.code).toBe(1);
    expect(run.stderr).toMatch(/^out of memory: /);
    expect(manifestOf(join(cwd, "o")).result.end).toBe("out of memory");
    const text = `${readFileSync(file, "utf8")}machine: {ram: 32MiB}\nexpect: [{exit: out of memory}]\n`;
    const expected = await mheapsim(["run", folder.write("oom2.yaml", text), "--out", "p"], { cwd });
    expect([expected.code, expected.stderr]).toEqual([0, ""]);
  });

  test.each([
    [["run", small, "--seed", "a/b"], /^mheapsim: --seed "a\/b" is no seed: /],
    [["run", small, "--repeat", "0"], /^mheapsim: --repeat is a whole number from 1 /],
    [["run", small, "--spans-only"], /^mheapsim: --spans-only is for traces only/],
    [["run", "hello.csv", "--seed", "1"], /^mheapsim: --seed is for scenarios only/],
    [["run", small, "--param", "rat=1"], /did you mean "rate"\?/],
    [["run", small, "--set", "limits.events=100"], /^mheapsim: the run takes too long: more than 100 events/],
    [["run", "none.yaml"], /none\.yaml: there is no such file, expected a scenario/],
    [["show", "hello.csv"], /^mheapsim: hello\.csv is no scenario/],
    [["check-determinism", "hello.csv"], /^mheapsim: hello\.csv is no scenario/],
  ])("2, one sentence and no files: %j", async (args, sentence) => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(args, { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync(join(cwd, "out"))).toBe(false);
  });
});

test("show tells parameters, workloads, actions and how much there is to do", async () => {
  const { code, stdout } = await mheapsim(["show", small, "--param", "rate=500"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/ {2}rate +500 +1000 +1 +5000 +Spans per second\n/);
  expect(stdout).toMatch(/ {2}w +spans +0 ns +1000\n/);
  expect(stdout).toContain("1 s  freeOSMemory");
  expect(stdout).toContain("about 1000 events");
});

test("check-determinism compares two runs", async () => {
  const { code, stdout } = await mheapsim(["check-determinism", small]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^small, seed 4: two runs are the same: fingerprint [0-9a-f]{16}, \d+ bytes\n$/);
});
