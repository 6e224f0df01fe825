import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COLUMN, COLUMNS } from "../../results/columns.js";
import { measure, type Statistic } from "../../results/measure.js";

/** Samples of one column, [time, value] each. */
function rowsOf(column: number, samples: readonly (readonly [number, number])[]): Float64Array[] {
  return samples.map(([time, value]) => {
    const row = new Float64Array(COLUMNS.length).fill(Number.NaN);
    row[COLUMN.time_ns] = time;
    row[column] = value;
    return row;
  });
}

const { heap_sys_bytes: STATE, find_rate: RATE } = COLUMN;
const rows = rowsOf(STATE, [
  [0, 10],
  [10, 40],
  [20, 20],
  [30, 30],
]);
const take = (statistic: Statistic, from: number, to: number): number =>
  measure(rows, STATE, statistic, from, to);

describe("a measure", () => {
  test.each([
    ["value", 20, 20, 20],
    ["value", 25, 25, 20],
    ["value", 9, 9, 10],
    ["value", 99, 99, 30],
    ["first", 15, 30, 40],
    ["last", 0, 29, 20],
    ["min", 0, 30, 10],
    ["min", 10, 30, 20],
    ["peak", 0, 9, 10],
    ["peak", 5, 30, 40],
    ["increase", 0, 30, 20],
    ["increase", 10, 25, -20],
    ["mean", 0, 30, 70 / 3],
    ["mean", 5, 15, 25],
    ["mean", 20, 20, 20],
    ["p50", 0, 30, 20],
    ["p5", 0, 30, 10],
    ["p95", 0, 30, 40],
  ] as const)("%s from %i to %i is %d", (statistic, from, to, value) => {
    expect(take(statistic, from, to)).toBeCloseTo(value, 9);
  });

  test("leaves out what is not there", () => {
    expect(take("mean", 40, 50)).toBe(30);
    expect(measure([], STATE, "mean", 0, 10)).toBeNaN();
    expect(measure(rowsOf(STATE, [[0, Number.NaN]]), STATE, "value", 0, 9)).toBeNaN();
  });

  test("of a rate is that of the time before its samples", () => {
    const rates = rowsOf(RATE, [
      [0, Number.NaN],
      [10, 1],
      [30, 0],
    ]);
    expect(measure(rates, RATE, "mean", 0, 30)).toBeCloseTo(1 / 3, 9);
  });

  test("is what one would get by looking at every instant", () => {
    const series = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -9, max: 9 })), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(series, fc.nat(30), fc.integer({ min: 1, max: 30 }), (steps, from, length) => {
        let time = 0;
        const samples = steps.map(([step, value], i): [number, number] => {
          if (i > 0) time += step;
          return [time, value];
        });
        const at = (t: number): number => samples.filter(([sampled]) => sampled <= t).at(-1)![1];
        const instants = Array.from({ length }, (_, i) => at(from + i));
        const found = (statistic: Statistic): number =>
          measure(rowsOf(STATE, samples), STATE, statistic, from, from + length);
        // A window that ends after the last sample ends with it, as far as time is weighed.
        if (from + length <= time) {
          expect(found("mean")).toBeCloseTo(instants.reduce((sum, v) => sum + v, 0) / length, 9);
        }
        const seen = [...instants, at(from + length)];
        expect(found("peak")).toBe(Math.max(...seen));
        expect(found("min")).toBe(Math.min(...seen));
        expect(found("value")).toBe(seen.at(-1));
      }),
    );
  });
});
