import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bucketOf,
  LifeTable,
  lowerBound,
  upperBound,
} from "../../../../scenarios/trace/statistics/life-table.js";

const ages = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 52 }));

describe("buckets", () => {
  test("cover all ages without gap or overlap, and are an eighth of a power of two wide", () => {
    fc.assert(
      fc.property(ages, (age) => {
        const bucket = bucketOf(age);
        expect(lowerBound(bucket)).toBeLessThanOrEqual(age);
        expect(upperBound(bucket)).toBeGreaterThanOrEqual(age);
        expect(bucketOf(lowerBound(bucket))).toBe(bucket);
        expect(bucketOf(upperBound(bucket))).toBe(bucket);
        expect(upperBound(bucket) + 1).toBe(lowerBound(bucket + 1));
        const width = upperBound(bucket) - lowerBound(bucket) + 1;
        // Math.log2 would round up just below a power of two.
        let octave = 0;
        while (2 ** (octave + 1) <= age) octave++;
        expect(width).toBe(age < 64 ? 1 : 2 ** (octave - 3));
      }),
    );
  });
});

describe("a life table", () => {
  test("without censored spans is the share of those that lived longer", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 63 }), { minLength: 1, maxLength: 50 }), (lives) => {
        const table = new LifeTable();
        for (const life of lives) table.die(life);
        for (const { from, to, deaths, survival } of table.buckets()) {
          expect(from).toBe(to);
          expect(deaths).toBe(lives.filter((life) => life === from).length);
          expect(survival).toBeCloseTo(lives.filter((life) => life > from).length / lives.length, 10);
        }
        expect(table.meanOfDead).toBeCloseTo(lives.reduce((a, b) => a + b, 0) / lives.length, 10);
      }),
    );
  });

  test("counts a censored span as at risk for half of its bucket", () => {
    const table = new LifeTable();
    for (const age of [1, 1, 2, 5]) table.die(age);
    for (const age of [1, 2, 2, 9]) table.censor(age);
    // 8 at risk, one of them for half the first bucket: 2 of 7.5 die. Then 5 with 2 for half: 1 of 4. Then 1 of 2.
    const first = 1 - 2 / 7.5;
    const second = first * (1 - 1 / 4);
    expect(table.buckets()).toEqual([
      { from: 1, to: 1, deaths: 2, censored: 1, survival: first },
      { from: 2, to: 2, deaths: 1, censored: 2, survival: second },
      { from: 5, to: 5, deaths: 1, censored: 0, survival: second / 2 },
      { from: 9, to: 9, deaths: 0, censored: 1, survival: second / 2 },
    ]);
    expect([0.1, 0.3, 0.5, 0.7].map((share) => table.quantile(share))).toEqual([1, 2, 5, 5]);
    expect(table.quantile(0.9)).toBe(Number.POSITIVE_INFINITY);
  });

  test("of nothing knows nothing", () => {
    const table = new LifeTable();
    expect(table.buckets()).toEqual([]);
    expect(table.quantile(0.5)).toBeNaN();
    expect(table.meanOfDead).toBeNaN();
  });
});
