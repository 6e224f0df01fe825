import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ALPHA,
  type ComparisonRow,
  compareMetrics,
  type MetricValues,
  relativeHalfWidth,
} from "../../results/comparison.js";
import { COMPARISON_COLUMNS, comparisonCsv } from "../../results/comparison-files.js";
import { comparisonTable } from "../../results/comparison-table.js";
import { METRICS } from "../../results/metrics.js";
import { tCritical } from "../../results/statistics/student-t.js";

const [RETAINED, PEAK, END] = METRICS;
const NONE = Number.NaN;

function compared(values: Readonly<Record<string, MetricValues>>, lookShare = 1): ComparisonRow[] {
  const [baseline, ...candidates] = Object.keys(values);
  const metrics = METRICS.slice(0, values[baseline!]!.length);
  return compareMetrics({
    metrics,
    baseline: baseline!,
    candidates,
    values: new Map(Object.entries(values)),
    lookShare,
  });
}

describe("a comparison", () => {
  test("of the same values is identical, with differences of exactly 0", () => {
    const values = [
      [1.1, 2.2, 3.3],
      [0, 0, 0],
      [NONE, 4, NONE],
    ];
    for (const row of compared({ a: values, b: values.map((one) => [...one]) })) {
      expect(row).toMatchObject({
        verdict: "identical",
        diff: 0,
        ciLow: 0,
        ciHigh: 0,
        pAdjusted: 1,
        unpaired: 0,
      });
    }
  });

  test("that differs in one run by the least there is, is not identical", () => {
    const [row] = compared({ a: [[1, 2, 3]], b: [[1, 2, 3 + 2 ** -51]] });
    expect(row!.verdict).toBe("no difference shown");
    expect(row!.diff).toBeGreaterThan(0);
  });

  test("is of pairs: what both have in common cancels", () => {
    const noise = [100, -50, 900, 3, -777, 12, 55, 90];
    const small = [1.1, 0.9, 1, 1.05, 0.95, 1.02, 0.98, 1];
    const [row] = compared({ a: [noise], b: [noise.map((x, i) => x + small[i]!)] });
    expect(row!.verdict).toBe("higher");
    expect(row!.diff).toBeCloseTo(1, 10);
    expect(row!.meanCandidate - row!.meanBaseline).toBeCloseTo(row!.diff, 10);
  });

  test("has intervals at alpha by the number of rows and looks, and p times as much", () => {
    const a = [
      [5, 6, 7, 9, 4],
      [1, 1, 2, 3, 5],
    ];
    const b = [
      [7, 7, 9, 12, 5],
      [1, 2, 2, 3, 4],
    ];
    for (const share of [1, 0.5, 1 / 12]) {
      for (const row of compared({ a, b, c: b }, share)) {
        const half = (row.ciHigh - row.ciLow) / 2;
        const m = row.metric === RETAINED ? 0 : 1;
        const d = b[m]!.map((x, i) => x - a[m]![i]!);
        const mean = d.reduce((x, y) => x + y) / 5;
        const se = Math.sqrt(d.reduce((x, y) => x + (y - mean) ** 2, 0) / 4 / 5);
        // Two metrics and two candidates are four rows.
        expect(half).toBeCloseTo(tCritical((ALPHA * share) / 4, 4) * se, 9);
        expect(row.pAdjusted).toBeCloseTo(Math.min(1, (row.p * 4) / share), 12);
        expect(row.pHolm).toBeLessThanOrEqual(row.pAdjusted + 1e-15);
      }
    }
  });

  test("says higher or lower exactly when the interval leaves 0 out, and p_adjusted is below 5 %", () => {
    const runs = fc.array(fc.integer({ min: -20, max: 30 }), { minLength: 2, maxLength: 12 });
    fc.assert(
      fc.property(fc.array(runs, { minLength: 1, maxLength: 6 }), (differences) => {
        const n = Math.min(...differences.map((one) => one.length));
        const b = differences.map((one) => one.slice(0, n));
        for (const row of compared({ a: b.map((one) => one.map(() => 0)), b })) {
          fc.pre(Math.abs(row.pAdjusted - ALPHA) > 1e-9);
          const differs = row.verdict === "higher" || row.verdict === "lower";
          expect(differs).toBe(row.pAdjusted < ALPHA);
          expect(differs).toBe(row.ciLow > 0 || row.ciHigh < 0);
          if (differs) expect(row.verdict).toBe(row.diff > 0 ? "higher" : "lower");
          expect(row.verdict === "identical").toBe(row.diff === 0 && row.ciLow === 0 && row.ciHigh === 0);
        }
      }),
    );
  });

  test("that is the same in every run but not 0 is certain", () => {
    const [row] = compared({ a: [[1, 2, 3]], b: [[3, 4, 5]] });
    expect(row).toMatchObject({ verdict: "higher", diff: 2, ciLow: 2, ciHigh: 2, pAdjusted: 0 });
  });

  test("leaves out pairs of which one is undefined, and counts them", () => {
    const [row] = compared({ a: [[1, NONE, 3, 4, NONE]], b: [[2, 5, NONE, 7, NONE]] });
    expect(row).toMatchObject({ n: 2, unpaired: 2, meanBaseline: 2.5, meanCandidate: 4.5, diff: 2 });
  });

  test("without two pairs is undefined", () => {
    const rows = compared({
      a: [
        [1, NONE],
        [NONE, NONE],
        [NONE, 6],
      ],
      b: [
        [2, 5],
        [3, 5],
        [NONE, NONE],
      ],
    });
    expect(rows.map(({ verdict, n }) => [verdict, n])).toEqual([
      ["undefined", 1],
      ["undefined", 0],
      ["undefined", 0],
    ]);
    expect(rows[1]).toMatchObject({ meanBaseline: NONE, meanCandidate: 4, diff: NONE, ciLow: NONE, p: NONE });
  });

  test("does not depend on the order of the policies, nor of the others on one", () => {
    const values = {
      base: [
        [1, 2, 4],
        [5, 5, 6],
      ],
      x: [
        [2, 2, 5],
        [5, 5, 7],
      ],
      y: [
        [9, 1, 1],
        [0, 0, 0],
      ],
    };
    const { base, x, y } = values;
    const one = compared({ base, x, y });
    const other = compared({ base, y, x });
    for (const row of one) expect(other).toContainEqual(row);
  });
});

describe("the width of an interval", () => {
  test("is in proportion to the larger mean", () => {
    const [row] = compared({ a: [[100, 104, 98]], b: [[50, 53, 51]] });
    expect(relativeHalfWidth(row!)).toBeCloseTo((row!.ciHigh - row!.ciLow) / 2 / row!.meanBaseline, 12);
    expect(relativeHalfWidth(compared({ a: [[0, 0]], b: [[0, 0]] })[0]!)).toBe(0);
  });
});

describe("comparison.csv", () => {
  test("has its columns, and twelve digits that count", () => {
    const rows = compared({ "go1.18": [[1, 2]], 'a,"b"': [[1 / 3, 2 / 3]] });
    const [header, line] = comparisonCsv("steady", rows).trimEnd().split("\n");
    expect(header).toBe(COMPARISON_COLUMNS.join(","));
    expect(line).toMatch(
      /^steady,mean_heap_retained_bytes,bytes,go1\.18,"a,""b""",2,1\.5,0\.5,-1,-5\.2354\d+,3\.2354\d+,0\.20483\d+,no difference shown$/,
    );
  });

  test("leaves empty what there is not", () => {
    const text = comparisonCsv("s", compared({ a: [[NONE, NONE]], b: [[NONE, NONE]] }));
    expect(text).toContain("s,mean_heap_retained_bytes,bytes,a,b,0,,,,,,,undefined\n");
  });
});

describe("the table for people", () => {
  const formats = { bytes: (b: number) => `${b} B`, ns: (ns: number) => `${ns} ns` };

  test("says what differs, what may, and what is the same", () => {
    const rows = compared({
      old: [
        [100, 101, 99, 100],
        [50, 60, 40, 55],
        [1, 2, 3, 4],
      ],
      new: [
        [90, 90.9, 89.1, 90.1],
        [51, 58, 41, 55],
        [1, 2, 3, 4],
      ],
    });
    const text = comparisonTable(rows, formats);
    expect(text).toMatch(/^new differs beyond noise in +old +new +difference +95 % interval\n/);
    expect(text).toMatch(new RegExp(` {2}${RETAINED!.name} +100 B +90 B +−10 B +.* lower by 9\\.98 %\n`));
    expect(text).toMatch(
      new RegExp(`\n\nno difference shown in .*\n {2}${PEAK!.name} .* between −\\S+ % and \\+\\S+ %\n`),
    );
    expect(text).toContain(`\n\nidentical in every run:\n  ${END!.name}`);
  });

  test("says that two policies are identical", () => {
    const values = [
      [1, 2],
      [NONE, NONE],
    ];
    expect(comparisonTable(compared({ old: values, new: values }), formats)).toBe(
      "new and old are identical: every metric is the same in every run",
    );
  });

  test("says that nothing differs, and what is from nothing", () => {
    const rows = compared({
      old: [
        [1, 2, 3],
        [0, 0, 0],
      ],
      new: [
        [1, 3, 2],
        [5, 5, 5],
      ],
    });
    const text = comparisonTable(rows, formats);
    expect(text).toContain("higher, from nothing");
    expect(comparisonTable(rows.slice(0, 1), formats)).toMatch(
      /^new does not differ from old beyond noise in any metric\n/,
    );
  });
});
