import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Histogram, TimeWeighted } from "../../engine/statistics.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

describe("a time-weighted value", () => {
  it("is a list of values with durations", () => {
    const changes = fc.array(fc.tuple(fc.nat(20), fc.integer({ min: -1000, max: 1000 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(changes, fc.nat(50), fc.nat(30), (list, start, after) => {
        const weighted = new TimeWeighted();
        const values: number[] = [];
        const times: number[] = [];
        let now = start;
        for (const [wait, value] of list) {
          now += wait;
          weighted.set(now, value);
          values.push(value);
          times.push(now);
        }
        const until = now + after;
        let area = 0;
        values.forEach((value, i) => {
          area += value * ((times[i + 1] ?? until) - times[i]!);
        });
        expect(weighted.areaUntil(until)).toBe(area);
        const elapsed = until - times[0]!;
        expect(weighted.meanUntil(until)).toBeCloseTo(elapsed > 0 ? area / elapsed : values.at(-1)!, 9);
        const [max, min] = [Math.max(...values), Math.min(...values)];
        expect([weighted.max, weighted.maxAtNs]).toEqual([max, times[values.indexOf(max)]]);
        expect([weighted.min, weighted.minAtNs]).toEqual([min, times[values.indexOf(min)]]);
        expect(weighted.value).toBe(values.at(-1));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("is nothing before its first value, and does not go back in time", () => {
    const weighted = new TimeWeighted();
    expect([weighted.value, weighted.max, weighted.min, weighted.meanUntil(5)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    weighted.set(10, 4);
    weighted.add(20, 2);
    expect(weighted.meanUntil(30)).toBe(5);
    expect(() => weighted.set(19, 1)).toThrow("a value at 19 ns comes after one at 20 ns");
  });
});

describe("a histogram", () => {
  const value = fc.oneof(
    fc.nat(200),
    fc.maxSafeNat(),
    fc.nat(52).map((e) => 2 ** e),
    fc.nat(51).map((e) => 2 ** (e + 1) - 1),
  );

  /** The slow and obvious quantile: of the sorted list. */
  function sortedQuantile(values: readonly number[], share: number): number {
    const sorted = [...values].sort((a, b) => a - b);
    return sorted[Math.max(Math.ceil(share * sorted.length) - 1, 0)]!;
  }

  it("has the quantiles of a sorted list, within 1 in 64", () => {
    const share = fc.oneof(
      fc.constantFrom(0, 0.5, 0.99, 1),
      fc.integer({ min: 0, max: 64 }).map((k) => k / 64),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 64 }), share, (values, q) => {
        const histogram = new Histogram();
        for (const each of values) histogram.add(each);
        const expected = sortedQuantile(values, q);
        const found = histogram.quantile(q);
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(expected < 64 ? 0 : expected / 64);
        expect([histogram.min, histogram.max, histogram.count]).toEqual([
          Math.min(...values),
          Math.max(...values),
          values.length,
        ]);
        const mean = values.reduce((sum, each) => sum + each, 0) / values.length;
        expect(Math.abs(histogram.mean - mean)).toBeLessThanOrEqual(mean * 1e-12);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("merges as if all had been counted in one, and weighs", () => {
    const weighed = fc.array(fc.tuple(value, fc.nat(5)), { maxLength: 40 });
    fc.assert(
      fc.property(weighed, weighed, (a, b) => {
        const [left, right, one] = [new Histogram(), new Histogram(), new Histogram()];
        for (const [each, weight] of a) left.add(each, weight);
        for (const [each, weight] of b) right.add(each, weight);
        for (const [each, weight] of [...a, ...b]) for (let i = 0; i < weight; i++) one.add(each);
        left.merge(right);
        expect(buckets(left)).toEqual(buckets(one));
        expect([left.count, left.min, left.max]).toEqual([one.count, one.min, one.max]);
        expect(left.quantile(0.3)).toBe(one.quantile(0.3));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  function buckets(histogram: Histogram): number[][] {
    const found: number[][] = [];
    histogram.forEach((from, to, weight) => {
      found.push([from, to, weight]);
    });
    return found;
  }

  it("has buckets side by side, each of which holds what it says", () => {
    fc.assert(
      fc.property(value, (each) => {
        const histogram = new Histogram();
        histogram.add(each);
        const [[from, to]] = buckets(histogram) as [number[]];
        expect(from! <= each && each < to!).toBe(true);
        // The last value of a bucket is in it, and the first after it is not.
        histogram.add(to! - 1);
        expect(buckets(histogram)).toHaveLength(1);
        if (to! <= Number.MAX_SAFE_INTEGER) histogram.add(to!);
        expect(buckets(histogram)).toHaveLength(to! <= Number.MAX_SAFE_INTEGER ? 2 : 1);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("is nothing of nothing, and refuses what it cannot count", () => {
    const histogram = new Histogram();
    histogram.add(5, 0);
    expect([histogram.mean, histogram.min, histogram.max, histogram.quantile(0.5)]).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    for (const bad of [-1, Number.NaN, 2 ** 53])
      expect(() => histogram.add(bad)).toThrow("numbers from 0 to 2^53");
    expect(() => histogram.add(1, -1)).toThrow("weights from 0, not -1");
    expect(() => histogram.quantile(1.5)).toThrow("a share from 0 to 1, not 1.5");
  });
});
