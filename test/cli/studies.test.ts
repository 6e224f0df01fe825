import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { METRICS } from "../../results/metrics.js";
import { listing, MAIN, mheapsim, TestFolder } from "../setup/files.js";

vi.setConfig({ testTimeout: 240_000 });

const folder = new TestFolder();
const VARIED = "go1.18{goal.retainExtraPercent=40}";
const text = (duration: string): string => `
name: study
duration: ${duration}
samples: 50
gc: {minHeap: 128KiB}
params: {rate: {about: "Spans per second", default: 2000, min: 1, max: 5000}}
workloads:
  w: {kind: spans, rate: "\${rate}/s", pages: {uniform: {min: 1, max: 30}}, lifetime: {exponential: {mean: 20ms}}}
`;
const small = folder.write("study.yaml", text("300ms"));
const long = folder.write("long.yaml", text("4s"));

function contents(out: string): Map<string, string> {
  const names = listing(out).filter((name) => statSync(join(out, name)).isFile());
  return new Map(names.map((name) => [name, readFileSync(join(out, name), "latin1")]));
}

describe("compare", () => {
  test("prints what differs, in words, and writes its files", async () => {
    const cwd = folder.fresh();
    const args = [
      "compare",
      small,
      "--policies",
      `go1.18,${VARIED}`,
      "--policies",
      "go1.18{goal.retainExtraPercent=10}",
    ];
    const { code, stdout, stderr } = await mheapsim([...args, "--seeds", "1..8"], { cwd });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^study: .* against go1\.18, 8 seeds \(1\.\.8\)\n/);
    expect(stdout).toContain("go1.18{goal.retainExtraPercent=10} and go1.18 are identical");
    expect(stdout).toMatch(/mean_heap_retained_bytes .* higher by [\d.]+ %\n/);
    expect(stdout).toContain("intervals together hold with 95 %");
    const out = join(cwd, "out", "study-compare");
    expect(readdirSync(out)).toEqual(["cells", "comparison.csv", "comparison.json", "manifest.json"]);
    const csv = readFileSync(join(out, "comparison.csv"), "utf8").trimEnd().split("\n");
    expect(csv).toHaveLength(1 + 2 * METRICS.length);
    const manifest = JSON.parse(readFileSync(join(out, "manifest.json"), "utf8"));
    // Two of the comparison, and those of 24 runs, manifest.json among them.
    expect(manifest.files.length % 24).toBe(2);
    expect(
      manifest.files.filter(({ name }: { name: string }) => name.endsWith("/manifest.json")),
    ).toHaveLength(24);
    expect(readdirSync(join(cwd, "out"))).toEqual(["study-compare"]);
  });

  // From the first buffer that changes hands on, V8 drops all code that reads typed arrays, and asks at each access later on.
  test("hands no buffer over to another thread", () => {
    const trace = (...args: string[]): string =>
      execFileSync(process.execPath, ["--trace-protector-invalidation", ...args], {
        cwd: folder.fresh(),
        encoding: "utf8",
      });
    const detached = "ArrayBufferDetaching";
    expect(trace("-e", "const b = new ArrayBuffer(8); structuredClone(b, { transfer: [b] })")).toContain(
      detached,
    );
    const stdout = trace(
      MAIN,
      "compare",
      small,
      "--policies",
      "go1.17,go1.18",
      "--seeds",
      "1..3",
      "--workers",
      "2",
    );
    expect(stdout).toContain("3 seeds (1..3)");
    expect(stdout).not.toContain(detached);
  });

  test("prints JSON when asked", async () => {
    const cwd = folder.fresh();
    const args = [
      "compare",
      small,
      "--policies",
      `go1.18,${VARIED}`,
      "--seeds",
      "1,2",
      "--metrics",
      "gc_cycles",
      "--json",
    ];
    const { code, stdout } = await mheapsim(args, { cwd });
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync(join(cwd, "out", "study-compare", "comparison.json"), "utf8"));
    expect(JSON.parse(stdout).rows).toHaveLength(1);
  });

  test("says how narrow the intervals became", async () => {
    const cwd = folder.fresh();
    const args = ["compare", small, "--policies", `go1.18,${VARIED}`, "--seeds", "1..3"];
    const { stdout } = await mheapsim([...args, "--until-ci", "0.001%", "--max-seeds", "5"], { cwd });
    expect(stdout).toMatch(/given up after 5 seeds \(--max-seeds 5\): not within 0\.001 %: \w+ of go1\.18\{/);
    const wide = await mheapsim([...args, "--until-ci", "100%", "--out", "o"], { cwd });
    expect(wide.stdout).toMatch(/the intervals are within 100 % of the means after \d+ seeds/);
  });

  test("1 when a program runs out of memory that was not to", async () => {
    const cwd = folder.fresh();
    const args = [
      "compare",
      small,
      "--policies",
      `go1.18,${VARIED}`,
      "--seeds",
      "1,2",
      "--set",
      "machine.ram=2MiB",
    ];
    const { code, stdout } = await mheapsim(args, { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain(
      "go1.18: 2 of 2 runs ended early (out of memory); their metrics are undefined\n",
    );
  });

  test.each([
    [["compare", small], /Missing required argument: policies/],
    [["compare", small, "--policies", "go1.18"], /a comparison is between two policies at least/],
    [["compare", small, "--policies", "go1.18,go1.81"], /go1\.81/],
    [["compare", small, "--policies", "go1.18,go1.17", "--seeds", "x"], /--seeds "x"/],
    [["compare", small, "--policies", "go1.18,go1.17", "--warmup", "soon"], /--warmup "soon"/],
    [
      ["compare", small, "--policies", "go1.18,go1.17", "--workers", "0"],
      /--workers is a whole number from 1/,
    ],
    [
      ["compare", small, "--policies", "go1.18,go1.17", "--max-seeds", "9"],
      /--max-seeds is for --until-ci only/,
    ],
    [
      ["compare", small, "--policies", "go1.18,go1.17", "--until-ci", "2"],
      /--until-ci "2": expected a percentage/,
    ],
    [["compare", small, "--policies", "go1.18,go1.17", "--metrics", "rss"], /no metric is called "rss"/],
    [
      ["compare", small, "--policies", "go1.18,go1.17", "--set", "limits.events=50"],
      /takes too long: more than 50 events/,
    ],
    [["compare", "a.csv", "--policies", "go1.18,go1.17"], /a\.csv is no scenario/],
    [["sweep", small], /Missing required argument: vary/],
    [["sweep", small, "--vary", "rate=9000", "--seeds", "1"], /--param rate=9000: /],
    [["sweep", small, "--vary", "rate"], /--vary rate: expected name=value/],
  ])("2, one sentence and no files: %j", async (args, sentence) => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(args, { cwd });
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(listing(cwd)).toEqual([]);
  });
});

test("sweep prints means with intervals, and writes tidy tables", async () => {
  const cwd = folder.fresh();
  const args = ["sweep", small, "--vary", "rate=1000,2000", "--seeds", "1..3", "--policies", "go1.17,go1.18"];
  const { code, stdout, stderr } = await mheapsim(args, { cwd });
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(
    /^study: rate, 3 seeds each\n\nrate +policy +mean_heap_retained_bytes +peak_heap_retained_bytes\n/,
  );
  expect(stdout).toMatch(/\n2000 +go1\.18 +\S+ MiB ± \S+ \w+ /);
  expect(readdirSync(join(cwd, "out", "study-sweep"))).toEqual([
    "manifest.json",
    "sweep-summary.csv",
    "sweep.csv",
  ]);
});

test("list metrics has all of them", async () => {
  const { stdout } = await mheapsim(["list", "metrics"]);
  for (const { name, meaning } of METRICS) {
    expect(stdout).toContain(` ${name} `);
    expect(stdout).toContain(meaning);
  }
});

describe.skipIf(process.platform === "win32")("an interrupted study", () => {
  const args = (out: string): string[] => [
    "compare",
    long,
    "--policies",
    `go1.18,${VARIED}`,
    "--seeds",
    "1..20",
    "--out",
    out,
  ];

  /** Starts a study and waits until it has finished some cells. */
  async function started(cwd: string, cells: number): Promise<{ child: ChildProcess; stderr: () => string }> {
    const child = spawn(process.execPath, [MAIN, ...args("o")], { cwd, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr!.setEncoding("utf8").on("data", (part: string) => {
      stderr += part;
    });
    const store = join(cwd, ".o.runs");
    for (let i = 0; i < 4000; i++) {
      if (existsSync(store) && finished(store).length >= cells) return { child, stderr: () => stderr };
      await sleep(10);
    }
    throw new Error("the study finished no cells");
  }

  const finished = (store: string): string[] =>
    readdirSync(store).filter((name) => /^[0-9a-f]{64}$/.test(name));

  test("keeps finished runs, and the same command goes on from them: Ctrl-C", async () => {
    const cwd = folder.fresh();
    const { child, stderr } = await started(cwd, 3);
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    expect(code).toBe(130);
    const kept = finished(join(cwd, ".o.runs"));
    expect(kept.length).toBeGreaterThanOrEqual(3);
    expect(kept.length).toBeLessThan(40);
    // Nothing half-written is left, and no result.
    expect(readdirSync(join(cwd, ".o.runs"))).toEqual(kept);
    expect(readdirSync(cwd)).toEqual([".o.runs"]);
    expect(stderr()).toBe(
      `mheapsim: interrupted, ${kept.length} finished runs are kept: the same command goes on from them\n`,
    );
    const modified = statSync(join(cwd, ".o.runs", kept[0]!, "timeseries.csv")).mtimeMs;
    const inode = statSync(join(cwd, ".o.runs", kept[0]!, "timeseries.csv")).ino;
    expect((await mheapsim(args("o"), { cwd })).code).toBe(0);
    expect(readdirSync(cwd)).toEqual(["o"]);
    // The files of a run that was kept are those that were there.
    const stats = listing(join(cwd, "o")).map((name) => statSync(join(cwd, "o", name)));
    expect(stats.some(({ ino, mtimeMs }) => ino === inode && mtimeMs === modified)).toBe(true);
    const whole = folder.fresh();
    expect((await mheapsim(args("o"), { cwd: whole })).code).toBe(0);
    expect(contents(join(cwd, "o"))).toEqual(contents(join(whole, "o")));
  });

  test("a killed process as well", async () => {
    const cwd = folder.fresh();
    const { child } = await started(cwd, 2);
    child.kill("SIGKILL");
    await once(child, "close");
    const kept = finished(join(cwd, ".o.runs"));
    expect(kept.length).toBeGreaterThanOrEqual(2);
    const inode = statSync(join(cwd, ".o.runs", kept[0]!, "timeseries.csv")).ino;
    expect((await mheapsim(args("o"), { cwd })).code).toBe(0);
    expect(readdirSync(cwd)).toEqual(["o"]);
    const inodes = listing(join(cwd, "o")).map((name) => statSync(join(cwd, "o", name)).ino);
    expect(inodes).toContain(inode);
  });
});
