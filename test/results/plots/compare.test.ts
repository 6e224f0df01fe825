/** Pictures of comparisons: those that were looked at, readable with many policies and metrics, and true to the numbers. */

import { beforeAll, describe, expect, it, vi } from "vitest";
import type { FinishedComparison } from "../../../results/comparison-folder.js";
import { METRICS } from "../../../results/metrics.js";
import { BAND_WINDOWS, bandOf } from "../../../results/plots/bands.js";
import { compare } from "../../../results/plots/kinds/compare.js";
import { quantityText, signedPercent } from "../../../results/plots/quantities.js";
import { loadRenderer, type Renderer, specText } from "../../../results/plots/render.js";
import { THEMES } from "../../../results/plots/theme.js";
import { tCritical } from "../../../results/statistics/student-t.js";
import { expectGolden, expectReadable } from "./pictures.js";
import { madeUpComparison } from "./studies.js";

vi.setConfig({ testTimeout: 120_000 });

const LONG = "go1.18{goal.retainExtraPercent=30,scavenger.densityThreshold=0.5}";
const CASES: readonly (readonly [string, FinishedComparison, "light" | "dark"])[] = [
  ["two", madeUpComparison(), "light"],
  ["dark", madeUpComparison(), "dark"],
  ["long-name", madeUpComparison({ candidates: [LONG] }), "light"],
  ["six", madeUpComparison({ candidates: ["a", "b", "c", "d", "e", "go1.18{pages.fit=next}"] }), "light"],
  ["all-metrics", madeUpComparison({ metricCount: METRICS.length }), "light"],
  ["wide", madeUpComparison({ scale: 300 }), "light"],
  ["narrow", madeUpComparison({ scale: 0.001 }), "light"],
  ["nothing", madeUpComparison({ rows: [] }), "light"],
];

let renderer: Renderer;
beforeAll(async () => {
  renderer = await loadRenderer();
});

const drawn = (comparison: FinishedComparison, theme: "light" | "dark" = "light", metrics = METRICS) =>
  renderer.svg(compare.spec(comparison, { theme: THEMES[theme], atNs: [], metrics }));

describe("compare", () => {
  it.each(CASES.filter(([name]) => ["two", "wide"].includes(name)))(
    "is the golden picture: %s",
    async (...given) => {
      const [name, comparison, theme] = given;
      expectGolden(`compare-${name}`, await drawn(comparison, theme));
    },
  );

  it.each(CASES)(
    "has all text within the picture, and none over another: %s",
    async (_, comparison, theme) => {
      expectReadable(await drawn(comparison, theme));
    },
  );

  it("says scenario, policies, seeds and version", async () => {
    const svg = await drawn(madeUpComparison());
    for (const text of [
      "made-up: 2 policies against go1.17",
      "5 seeds · mheapsim 1.2.3",
      "scale = 1 · idle = 3s",
    ])
      expect(svg).toContain(text);
    expect(svg).toContain(">next-fit</text>");
  });

  it("shows means and differences as the rows have them, filled where they leave 0 out", async () => {
    const [row] = madeUpComparison().rows;
    const svg = await drawn(madeUpComparison({ candidates: ["go1.18"] }));
    const { meanBaseline, meanCandidate, diff, metric } = row!;
    expect(svg).toContain(
      `${quantityText(meanBaseline, metric.unit)} → ${quantityText(meanCandidate, metric.unit)}`,
    );
    expect(svg).toContain(`>${signedPercent(diff / meanBaseline)}</text>`);
    const spec = compare.spec(madeUpComparison(), { theme: THEMES.light, atNs: [] });
    const lines = (
      spec.datasets as { forest: { diff: number; low: number; high: number; differs: boolean }[] }
    ).forest;
    expect(lines).toHaveLength(16);
    for (const { low, high, differs } of lines) expect(differs).toBe(low > 0 || high < 0);
  });

  it("shows the metrics that are asked for, and says how many have no room", async () => {
    const [first, second] = METRICS;
    const svg = await drawn(madeUpComparison(), "light", [second!]);
    expect(svg).toContain(`>${second!.name}<`);
    expect(svg).not.toContain(`>${first!.name}<`);
    const all = await drawn(madeUpComparison({ metricCount: METRICS.length }));
    expect(all).toContain(`${METRICS.length - 18} more metrics are in comparison.csv`);
  });

  it("says so when nothing differs", async () => {
    expect(await drawn(madeUpComparison({ rows: [] }))).toContain(
      "no metric that is shown differs in any run",
    );
  });

  it("is the same from the specification that --format vl writes", async () => {
    const spec = compare.spec(madeUpComparison(), { theme: THEMES.light, atNs: [] });
    expect(await renderer.svg(JSON.parse(specText(spec)))).toBe(await renderer.svg(spec));
  });
});

describe("a band", () => {
  const held = (values: number[]) => ({
    timesNs: Float64Array.from(values, (_, i) => i * 1000),
    values: Float64Array.from(values),
  });

  it("is the mean over the runs and its t interval", () => {
    const { points, band } = bandOf([held([10, 10, 10]), held([14, 14, 14]), held([12, 12, 12])], 2000);
    const half = (tCritical(0.05, 2) * 2) / Math.sqrt(3);
    expect(points).toHaveLength(BAND_WINDOWS);
    for (const { value } of points) expect(value).toBe(12);
    expect(band[7]!.low).toBeCloseTo(12 - half, 4);
    expect(band[7]!.high).toBeCloseTo(12 + half, 4);
    expect([points[0]!.timeNs, points.at(-1)!.timeNs]).toEqual([0, 2000]);
  });

  it("weighs values by how long they hold within a window", () => {
    // One sample for each window and a half: windows between two values have the mean by their lengths.
    const runs = [held(Array.from({ length: 108 }, (_, i) => i))];
    const { points } = bandOf(runs, 107_000);
    const width = 107_000 / BAND_WINDOWS;
    for (let w = 1; w < BAND_WINDOWS - 1; w++) {
      const [from, to] = [(w * width) / 1000, ((w + 1) * width) / 1000];
      const edge = Math.ceil(from);
      const mean =
        edge >= to ? Math.floor(from) : ((edge - from) * (edge - 1) + (to - edge) * edge) / (to - from);
      expect(points[w]!.value).toBeCloseTo(mean, 3);
    }
  });

  it("has a gap where no run has a value, and no band with one run", () => {
    const { points, band } = bandOf([held([5, Number.NaN, 7, 7])], 3000);
    expect(points[80]!.value).toBeNull();
    expect(points[20]!.value).toBe(5);
    expect(band.every(({ low, high }) => low === null && high === null)).toBe(true);
  });

  it("goes no further than values can", () => {
    const { band } = bandOf([held([0.1, 0.1]), held([0.9, 0.9])], 1000, 1);
    expect(band[9]).toMatchObject({ low: 0, high: 1 });
  });

  it("goes on with the others when a run ends early", () => {
    const { points } = bandOf([held([4, 4, 4]), held([8, 8])], 2000);
    expect([points[20]!.value, points[140]!.value]).toEqual([6, 4]);
  });
});

describe("quantities", () => {
  it.each([
    [0, "0 %"],
    [-0.00001, "0.00 %"],
    [0.001549, "+0.15 %"],
    [-0.236, "−23.6 %"],
    [0.722487, "+72.2 %"],
    [12.345, "+1,235 %"],
  ])("a difference of %s: %s", (share, text) => expect(signedPercent(share)).toBe(text));

  it.each([
    [0, "bytes", "0 B"],
    [1023, "bytes", "1,023 B"],
    [1024 * 1023.7, "bytes", "1 MiB"],
    [-12.345 * 1024 * 1024, "bytes", "−12.3 MiB"],
    [1500, "ns", "1.5 µs"],
    [90e9, "ns", "1.5 min"],
    [0, "ns", "0 ns"],
    [0.25, "ratio", "0.25"],
    [1234567, "spans", "1,234,567"],
    [0.00001234, "ratio", "1.2e-5"],
    [Number.NaN, "bytes", "–"],
  ])("%s %s: %s", (value, unit, text) => expect(quantityText(value, unit)).toBe(text));
});
