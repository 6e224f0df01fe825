import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { METRICS } from "../../results/metrics.js";
import { parseMetrics } from "../../studies/study-inputs.js";
import { type SweepOptions, sweep } from "../../studies/sweep.js";
import { parseVariation } from "../../studies/variation.js";
import { listing, TestFolder } from "../setup/files.js";

vi.setConfig({ testTimeout: 120_000 });

const folder = new TestFolder();
const path = folder.write(
  "swept.yaml",
  `
name: swept
duration: 200ms
samples: 50
params:
  rate: {about: "Spans per second", default: 1000, min: 1, max: 5000}
  seed: {about: "Not that seed", default: 1}
workloads:
  w: {kind: spans, rate: "\${rate * seed}/s", pages: {uniform: {min: 1, max: 9}}, lifetime: 50ms}
`,
);

function options(vary: readonly string[], changes: Partial<SweepOptions> = {}): SweepOptions {
  return {
    path,
    vary: vary.map(parseVariation),
    seeds: [1, 2, 3],
    metrics: parseMetrics("span_allocs,mean_heap_retained_bytes"),
    workers: 1,
    out: join(folder.fresh(), "out"),
    ...changes,
  };
}

/** Lines of a CSV without quotes, split. */
const cells = (out: string, name: string): string[][] =>
  readFileSync(join(out, name), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));

describe("a sweep", () => {
  test("writes a row for each value, and means with intervals", async () => {
    const given = options(["rate=1000..3000:1000", "gc.gogc=50,100"], { policies: ["go1.18", "go1.17"] });
    await sweep(given);
    const [header, ...rows] = cells(given.out, "sweep.csv");
    expect(header).toEqual(["scenario", "policy", "rate", "gc.gogc", "seed", "metric", "unit", "value"]);
    expect(rows).toHaveLength(3 * 2 * 2 * 3 * 2);
    expect(rows[0]!.slice(0, 7)).toEqual([
      "swept",
      "go1.17",
      "1000",
      "50",
      "1",
      "mean_heap_retained_bytes",
      "bytes",
    ]);
    // The rate is what it says: 200 ms of it, and chance.
    for (const row of rows.filter(({ 5: metric }) => metric === "span_allocs")) {
      const wanted = 0.2 * Number(row[2]);
      expect(Math.abs(Number(row[7]) - wanted)).toBeLessThan(5 * Math.sqrt(wanted));
    }
    const [summaryHeader, ...summary] = cells(given.out, "sweep-summary.csv");
    expect(summaryHeader!.slice(4)).toEqual([
      "metric",
      "unit",
      "n",
      "mean",
      "standard_deviation",
      "ci_low",
      "ci_high",
    ]);
    expect(summary).toHaveLength(3 * 2 * 2 * 2);
    for (const line of summary) {
      const values = rows
        .filter((row) => row.slice(0, 4).join() === line.slice(0, 4).join() && row[5] === line[4])
        .map((row) => Number(row[7]));
      const mean = values.reduce((x, y) => x + y) / 3;
      const sd = Math.sqrt(values.reduce((x, y) => x + (y - mean) ** 2, 0) / 2);
      expect(Number(line[6])).toBe(3);
      expect(Number(line[7])).toBeCloseTo(mean, 4);
      expect(Number(line[8])).toBeCloseTo(sd, 4);
      // 4.302653 is the critical value of 5 % and two degrees of freedom.
      expect(Number(line[10]) - Number(line[7])).toBeCloseTo((4.30265273 * sd) / Math.sqrt(3), 1);
      expect(Number(line[7]) - Number(line[9])).toBeCloseTo((4.30265273 * sd) / Math.sqrt(3), 1);
    }
  });

  test("gives the same bytes whatever the number of workers and the order of the policies", async () => {
    const one = options(["rate=1000,2000"], { policies: ["go1.18", "go1.17"], series: true });
    const other = options(["rate=1000,2000"], { policies: ["go1.17", "go1.18"], workers: 2, series: true });
    await sweep(one);
    await sweep(other);
    const names = listing(one.out);
    expect(listing(other.out)).toEqual(names);
    for (const name of names.filter((file) => /\.\w+$/.test(file) && !/\d$/.test(file)))
      expect(readFileSync(join(other.out, name), "latin1"), name).toBe(
        readFileSync(join(one.out, name), "latin1"),
      );
    expect(readdirSync(join(one.out, "cells"))).toEqual(["rate=1000", "rate=2000"]);
    expect(names).toContain(join("cells", "rate=2000", "go1.17", "seed-0003", "timeseries.csv"));
  });

  test("keeps no series unless asked for", async () => {
    const given = options(["rate=1000"], { seeds: [1] });
    const { cases } = await sweep(given);
    expect(listing(given.out)).toEqual(["manifest.json", "sweep-summary.csv", "sweep.csv"]);
    expect(cases).toHaveLength(1);
    // One run has a mean and no interval.
    expect(cells(given.out, "sweep-summary.csv")[1]!.slice(-3)).toEqual(["", "", ""]);
  });

  test("zips, and renames what its columns are called already", async () => {
    const given = options(["rate=1000,2000", "seed=1,2"], { zip: true, seeds: [1] });
    await expect(sweep(given)).rejects.toThrow("--vary seed: expected --seeds");
    const metric = folder.write("metric.yaml", readFileSync(path, "utf8").replaceAll("seed", "metric"));
    await sweep({ ...given, path: metric, vary: ["rate=1000,2000", "metric=1,2"].map(parseVariation) });
    const [header, ...rows] = cells(given.out, "sweep.csv");
    expect(header!.slice(0, 5)).toEqual(["scenario", "policy", "rate", "varied_metric", "seed"]);
    expect(new Set(rows.map((row) => `${row[2]},${row[3]}`))).toEqual(new Set(["1000,1", "2000,2"]));
  });

  test("takes all metrics by default", async () => {
    const { metrics, ...given } = options(["rate=1000"], { seeds: [1] });
    expect(metrics).toHaveLength(2);
    await sweep(given);
    expect(cells(given.out, "sweep.csv")).toHaveLength(1 + METRICS.length);
  });

  test.each([
    [["rate=1000,9000"], /^--param rate=9000: .*5000/],
    [["gc.gogc=50,fast"], /^--set gc\.gogc=fast: /],
    [["rat=1"], /did you mean "rate"\?/],
    [["nothing.at.all=1"], /nothing/],
    [[], /^nothing is varied/],
  ])("says what a scenario does not take, before anything runs: %j", async (vary, sentence) => {
    const cwd = folder.fresh();
    await expect(sweep(options(vary, { out: join(cwd, "out") }))).rejects.toThrow(sentence);
    expect(listing(cwd)).toEqual([]);
  });
});
