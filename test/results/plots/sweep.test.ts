/** Pictures of sweeps: those that were looked at, readable with many values and policies, and true to the means. */

import { beforeAll, describe, expect, it, vi } from "vitest";
import { METRICS } from "../../../results/metrics.js";
import { sweep } from "../../../results/plots/kinds/sweep.js";
import { loadRenderer, type Renderer, specText } from "../../../results/plots/render.js";
import { THEMES } from "../../../results/plots/theme.js";
import { sweepSummaryHeader } from "../../../results/sweep-files.js";
import { type FinishedSweep, finishedSweep } from "../../../results/sweep-folder.js";
import { expectGolden, expectReadable } from "./pictures.js";

vi.setConfig({ testTimeout: 120_000 });

const UNITS = {
  mean_heap_retained_bytes: 3e7,
  refaulted_bytes: 5e6,
  release_90_ns: 2e9,
  find_rate: 0.2,
  gc_cycles: 12,
};

/** A sweep with made-up means, by way of the text that a sweep writes. */
function madeUp(
  vary: Record<string, string[]>,
  policies = ["go1.18", "go1.22{a=1,b=2}"],
  zip = false,
): FinishedSweep {
  const all = Object.values(vary);
  const points = zip
    ? all[0]!.map((_, i) => all.map((values) => values[i]!))
    : all.reduce<string[][]>(
        (some, values) => some.flatMap((point) => values.map((v) => [...point, v])),
        [[]],
      );
  const rows = points.flatMap((point, i) =>
    policies.flatMap((policy, p) =>
      Object.entries(UNITS).map(([metric, size]) => {
        const mean = size * (1 + 0.3 * ((i * 7) % 5) + 0.1 * p);
        const cells = [
          "made-up",
          `"${policy}"`,
          ...point,
          metric,
          "",
          3,
          mean,
          size / 10,
          mean - size / 9,
          mean + size / 9,
        ];
        return cells.join(",");
      }),
    ),
  );
  const manifest = {
    tool: { name: "mheapsim", version: "1.2.3" },
    name: "made-up",
    policies: policies.map((name) => ({ name })),
    vary,
    zip,
    changes: { params: ["idle=3s"], sets: [] },
    seeds: [1, 2, 3],
  };
  return finishedSweep(manifest, `${sweepSummaryHeader(Object.keys(vary))}${rows.join("\n")}\n`, "made-up");
}

const many = Array.from({ length: 40 }, (_, i) => `${(i + 1) * 1000}/s`);
const CASES: readonly (readonly [string, FinishedSweep, "light" | "dark"])[] = [
  ["one", madeUp({ gogc: ["50", "100", "200", "400"] }), "light"],
  ["two", madeUp({ gogc: ["50", "100", "200"], idle: ["10s", "20s"] }), "light"],
  ["two-dark", madeUp({ gogc: ["50", "100", "200"], idle: ["10s", "20s"] }), "dark"],
  ["many", madeUp({ rate: many }), "light"],
  ["many-by-many", madeUp({ rate: many, gogc: ["50", "100"] }, ["go1.18"]), "light"],
  [
    "words",
    madeUp({ kind: ["uniform", "exponential", "lognormal"] }, ["a", "b", "c", "d", "e", "f", "g"]),
    "light",
  ],
  ["zipped", madeUp({ gogc: ["50", "100"], idle: ["10s", "1m"] }, ["go1.18"], true), "light"],
  ["single", madeUp({ gogc: ["50"] }, ["go1.18"]), "light"],
];

let renderer: Renderer;
beforeAll(async () => {
  renderer = await loadRenderer();
});

const options = { theme: THEMES.light, atNs: [] };

describe("sweep", () => {
  it.each(CASES.filter(([name]) => ["one", "two"].includes(name)))(
    "is the golden picture: %s",
    async (name, given) => {
      expectGolden(`sweep-${name}`, await renderer.svg(sweep.spec(given, options)));
    },
  );

  it.each(CASES)("has all text within the picture, and none over another: %s", async (_, given, theme) => {
    expectReadable(await renderer.svg(sweep.spec(given, { ...options, theme: THEMES[theme] })));
  });

  it("says scenario, what is varied, policy, seeds, version and changes", async () => {
    const svg = await renderer.svg(sweep.spec(madeUp({ gogc: ["50", "100"] }, ["go1.18"]), options));
    for (const text of ["made-up over gogc", "go1.18 · 3 seeds · mheapsim 1.2.3", "idle=3s", ">gogc</text>"])
      expect(svg).toContain(text);
  });

  it("has the means and intervals of the table, values in proportion", () => {
    const given = madeUp({ gogc: ["50", "100", "200"] });
    const spec = sweep.spec(given, options);
    const rows = (
      spec.datasets as Record<string, { place: number; value: number; low: number; series: string }[]>
    ).panel_1!;
    const own = given.means.filter(({ metric }) => metric.name === "mean_heap_retained_bytes");
    expect(rows).toHaveLength(6);
    for (const { policy, point, mean, ciLow } of own) {
      const row = rows.find((one) => one.series === policy && one.value === Number(mean.toPrecision(6)))!;
      expect(row.low).toBeCloseTo(ciLow, -2);
      expect(row.place).toBeCloseTo((Number(point[0]) - 50) / 150, 5);
    }
  });

  it("has every mean in the cells of a heat map", async () => {
    const given = madeUp({ gogc: ["50", "100"], idle: ["10s", "20s"] }, ["go1.18"]);
    const gc = METRICS.find(({ name }) => name === "gc_cycles")!;
    const svg = await renderer.svg(sweep.spec(given, { ...options, metrics: [gc] }));
    for (const { mean, metric } of given.means)
      if (metric === gc) expect(svg).toContain(`>${Number(mean.toPrecision(3))}</text>`);
  });

  it("refuses what no picture shows", () => {
    const three = madeUp({ a: ["1"], b: ["2"], c: ["3"] });
    expect(() => sweep.spec(three, options)).toThrow(
      "a picture shows what one or two parameters do, and this sweep varies 3 (a, b, c): sweep fewer, or use sweep-summary.csv",
    );
    const other = METRICS.find(({ name }) => name === "mean_free_runs")!;
    expect(() => sweep.spec(madeUp({ a: ["1"] }), { ...options, metrics: [other] })).toThrow(
      "the sweep did not measure mean_free_runs: run it again with that metric",
    );
  });

  it("is the same from the specification that --format vl writes", async () => {
    const spec = sweep.spec(madeUp({ gogc: ["50", "100"] }), options);
    expect(await renderer.svg(JSON.parse(specText(spec)))).toBe(await renderer.svg(spec));
  });
});
