import fc from "fast-check";
import * as ss from "simple-statistics";
import { describe, expect, test } from "vitest";
import { estimate, halfWidth, pairedDifferences } from "../../../results/statistics/intervals.js";
import { batchMeans, mean, standardDeviation, variance } from "../../../results/statistics/moments.js";
import { mser5 } from "../../../results/statistics/mser.js";
import { bonferroni, holm, lookShare } from "../../../results/statistics/multiplicity.js";
import {
  incompleteBeta,
  lnGamma,
  tCdf,
  tCritical,
  tQuantile,
  tTails,
} from "../../../results/statistics/student-t.js";

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });
const sample = fc.array(number, { minLength: 2, maxLength: 60 });

/** Whether two numbers are the same but for rounding. */
function near(got: number, wanted: number, relative = 1e-9, absolute = 1e-9): boolean {
  return Math.abs(got - wanted) <= absolute + relative * Math.abs(wanted);
}

describe("mean and spread", () => {
  test("agree with simple-statistics", () => {
    fc.assert(
      fc.property(sample, (values) => {
        expect(near(mean(values), ss.mean(values))).toBe(true);
        expect(near(variance(values), ss.sampleVariance(values), 1e-9, 1e-6)).toBe(true);
        expect(near(standardDeviation(values), ss.sampleStandardDeviation(values), 1e-9, 1e-3)).toBe(true);
      }),
    );
  });

  test("keep their digits when values are large and alike", () => {
    const values = [0, 1, 2, 3].map((x) => 2 ** 50 + x);
    expect([mean(values), variance(values)]).toEqual([2 ** 50 + 1.5, 5 / 3]);
  });

  test("of values that are all the same are exact", () => {
    for (const value of [0.1, 1 / 3, 1e15 + 0.3]) {
      const values = Array.from({ length: 30 }, () => value);
      expect([mean(values), variance(values)]).toEqual([value, 0]);
    }
  });

  test("of too little are NaN", () => {
    expect([mean([]), variance([1]), standardDeviation([])]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test("batches leave out what fills none", () => {
    expect([...batchMeans([1, 3, 5, 7, 100], 2)]).toEqual([2, 6]);
    expect([...batchMeans([1, 2], 5)]).toEqual([]);
  });
});

describe("Student's t", () => {
  test("ln Γ agrees with simple-statistics, and with factorials", () => {
    for (const x of [0.5, 1, 1.5, 2.5, 7, 20.5, 171, 1000.5])
      expect(lnGamma(x)).toBeCloseTo(ss.gammaln(x), 9);
    for (let n = 1; n < 20; n++) expect(lnGamma(n + 1)).toBeCloseTo(Math.log(ss.factorial(n)), 11);
    expect(lnGamma(0.5)).toBeCloseTo(Math.log(Math.sqrt(Math.PI)), 13);
  });

  test("the incomplete beta function is that of its integral", () => {
    // I(x; a, b) by Simpson's rule, for a and b of 1 or more.
    const integral = (x: number, a: number, b: number): number => {
      const n = 2000;
      let sum = 0;
      for (let i = 0; i <= n; i++) {
        const t = (x * i) / n;
        sum += (i === 0 || i === n ? 1 : i % 2 === 1 ? 4 : 2) * t ** (a - 1) * (1 - t) ** (b - 1);
      }
      return ((sum * x) / n / 3) * Math.exp(lnGamma(a + b) - lnGamma(a) - lnGamma(b));
    };
    for (const [x, a, b] of [
      [0.3, 2, 3],
      [0.9, 5, 1],
      [0.5, 4, 4],
      [0.01, 1, 7],
      [0.99, 10, 3],
    ] as const)
      expect(incompleteBeta(x, a, b)).toBeCloseTo(integral(x, a, b), 8);
    expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1]);
  });

  test("has the closed form of one, two and three degrees of freedom", () => {
    for (const t of [-30, -2.5, -1, -0.1, 0, 0.3, 1, 4, 100]) {
      expect(tCdf(t, 1)).toBeCloseTo(0.5 + Math.atan(t) / Math.PI, 12);
      expect(tCdf(t, 2)).toBeCloseTo(0.5 + t / (2 * Math.sqrt(2 + t * t)), 12);
      const x = t / Math.sqrt(3);
      expect(tCdf(t, 3)).toBeCloseTo(0.5 + (x / (1 + x * x) + Math.atan(x)) / Math.PI, 12);
    }
  });

  test("comes near the normal distribution", () => {
    for (const z of [-1.5, 0.5, 1.96])
      expect(tCdf(z, 1e6)).toBeCloseTo(ss.cumulativeStdNormalProbability(z), 4);
  });

  test("has all digits far out", () => {
    // P(|T| > t) = 1 − 2 atan(t) / π is about 2 / (π t) for one degree of freedom.
    expect(tTails(1e12, 1) / (2 / (Math.PI * 1e12))).toBeCloseTo(1, 12);
    // Leading term of the tail for ν degrees of freedom: 2 c(ν) ν^((ν−1)/2) t^−ν.
    const df = 29;
    const c = Math.exp(lnGamma((df + 1) / 2) - lnGamma(df / 2)) / Math.sqrt(df * Math.PI);
    const tail = 2 * c * df ** ((df - 1) / 2) * 1e4 ** -df;
    expect(tTails(1e4, df) / tail).toBeCloseTo(1, 4);
  });

  // Critical values as printed in tables (NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2).
  test.each([
    [0.1, 1, 6.314],
    [0.05, 1, 12.706],
    [0.05, 2, 4.303],
    [0.01, 2, 9.925],
    [0.05, 5, 2.571],
    [0.05, 9, 2.262],
    [0.02, 10, 2.764],
    [0.05, 29, 2.045],
    [0.01, 29, 2.756],
    [0.002, 29, 3.396],
    [0.05, 100, 1.984],
  ])("critical value of %f and %i degrees of freedom", (alpha, df, wanted) => {
    expect(tCritical(alpha, df)).toBeCloseTo(wanted, 3);
  });

  test("quantiles are where the distribution has that much below", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }),
        fc.integer({ min: 1, max: 500 }),
        (p, df) => {
          expect(near(tCdf(tQuantile(p, df), df), p, 1e-9, 1e-12)).toBe(true);
        },
      ),
    );
    expect(tQuantile(0.5, 7)).toBeCloseTo(0, 15);
    expect(() => tCritical(0, 3)).toThrow("a probability is above 0 and at most 1, not 0");
  });
});

describe("intervals", () => {
  test("agree with simple-statistics: its t of the ends is the critical value", () => {
    fc.assert(
      fc.property(sample, fc.constantFrom(0.1, 0.05, 0.01, 0.0005), (values, alpha) => {
        fc.pre(ss.sampleStandardDeviation(values) > 1e-3 * (1 + Math.abs(ss.mean(values))));
        const found = estimate(values);
        const half = halfWidth(found, alpha);
        const critical = tCritical(alpha, values.length - 1);
        // Its t divides by the standard deviation of a population, with n below instead of n − 1.
        const t = (x: number): number => ss.tTest(values, x) * Math.sqrt((values.length - 1) / values.length);
        expect(near(t(found.mean - half), critical, 1e-6)).toBe(true);
        expect(near(t(found.mean + half), -critical, 1e-6)).toBe(true);
        const byHand = (critical * ss.sampleStandardDeviation(values)) / Math.sqrt(values.length);
        expect(near(half, byHand, 1e-9)).toBe(true);
        expect(near(found.p, tTails(t(0), values.length - 1), 1e-6, 1e-12)).toBe(true);
      }),
    );
  });

  test("leave out 0 exactly when p is below alpha", () => {
    fc.assert(
      fc.property(sample, fc.double({ min: 1e-6, max: 0.5, noNaN: true }), (values, alpha) => {
        const found = estimate(values);
        const half = halfWidth(found, alpha);
        // At the very border rounding decides.
        fc.pre(Math.abs(found.p - alpha) > 1e-9);
        expect(Math.abs(found.mean) > half).toBe(found.p < alpha);
      }),
    );
  });

  test("of a worked example", () => {
    // 30, 31, 34, 36: mean 32.75, s² = 22.75 / 3, half = 3.18245 · s / 2.
    const found = estimate([30, 31, 34, 36]);
    expect(found.mean).toBe(32.75);
    expect(halfWidth(found, 0.05)).toBeCloseTo((3.182446305 * Math.sqrt(22.75 / 3)) / 2, 8);
  });

  test("of values that are all the same are exact", () => {
    expect(estimate([3, 3, 3])).toEqual({ n: 3, mean: 3, standardError: 0, p: 0 });
    expect(estimate([0, 0])).toEqual({ n: 2, mean: 0, standardError: 0, p: 1 });
    expect(halfWidth(estimate([3, 3, 3]), 0.01)).toBe(0);
  });

  test("of one value or none there are none", () => {
    expect(estimate([3]).p).toBeNaN();
    expect(halfWidth(estimate([3]), 0.05)).toBeNaN();
    expect(halfWidth(estimate([]), 0.05)).toBeNaN();
  });

  test("pairs count where both are there", () => {
    expect([...pairedDifferences([1, Number.NaN, 3, 4], [2, 5, Number.NaN, 1])]).toEqual([1, -3]);
  });
});

describe("many comparisons", () => {
  /** Holm's procedure as he states it: reject in order of p, as long as p ≤ alpha / (hypotheses left). */
  function rejectedByHolm(ps: readonly number[], alpha: number): Set<number> {
    const rejected = new Set<number>();
    const order = ps.map((p, i) => ({ p, i })).sort((a, b) => a.p - b.p);
    for (const [rank, { p, i }] of order.entries()) {
      if (p > alpha / (ps.length - rank)) break;
      rejected.add(i);
    }
    return rejected;
  }

  test("Holm's adjusted values reject what his procedure rejects", () => {
    const p = fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x ** 4);
    fc.assert(
      fc.property(
        fc.array(p, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0.001, max: 0.5, noNaN: true }),
        (ps, alpha) => {
          const adjusted = holm(ps);
          fc.pre(adjusted.every((value) => Math.abs(value - alpha) > 1e-12));
          const wanted = rejectedByHolm(ps, alpha);
          expect(adjusted.every((value, i) => value <= alpha === wanted.has(i))).toBe(true);
          // He never rejects less than Bonferroni.
          for (const [i, one] of ps.entries())
            expect(adjusted[i]).toBeLessThanOrEqual(bonferroni(one, ps.length));
        },
      ),
    );
  });

  test("Holm of a worked example, with one that is undefined", () => {
    const adjusted = holm([0.01, Number.NaN, 0.04, 0.03, 0.005]);
    expect(adjusted.map((p) => Number(p.toFixed(6)))).toEqual([0.03, Number.NaN, 0.06, 0.06, 0.02]);
    expect(holm([0.01], 5)).toEqual([0.05]);
  });

  test("all looks together use what there is, and no more", () => {
    let sum = 0;
    for (let look = 1; look <= 10_000; look++) sum += lookShare(look);
    expect(sum).toBeLessThanOrEqual(1);
    expect(sum).toBeCloseTo(1, 3);
  });
});

describe("MSER-5", () => {
  /** By definition: every cut, its own sums. */
  function slow(series: readonly number[]): number {
    const batches: number[] = [];
    for (let i = 0; i + 5 <= series.length; i += 5) batches.push(ss.mean(series.slice(i, i + 5)));
    const n = batches.length;
    if (n < 10) return Number.NaN;
    const errors = Array.from({ length: n - 4 }, (_, d) => {
      const rest = batches.slice(d);
      const middle = ss.mean(rest);
      return ss.sum(rest.map((y) => (y - middle) ** 2)) / rest.length ** 2;
    });
    const best = errors.indexOf(Math.min(...errors));
    return best > n / 2 ? Number.NaN : 5 * best;
  }

  test("is what its definition says", () => {
    const series = fc.array(fc.integer({ min: -1000, max: 1000 }), { maxLength: 120 });
    fc.assert(
      fc.property(series, fc.integer({ min: 0, max: 100 }), (noise, decay) => {
        const values = noise.map((x, i) => x + 10_000 * Math.exp(-i / (1 + decay)));
        expect(mser5(values)).toEqual(slow(values));
      }),
    );
  });

  test("cuts off a beginning that is unlike the rest", () => {
    const series = Array.from({ length: 200 }, (_, i) => (i < 33 ? 1000 - 30 * i : 10) + (i % 7));
    const cut = mser5(series);
    expect(cut).toBeGreaterThanOrEqual(30);
    expect(cut).toBeLessThanOrEqual(40);
  });

  test("leaves a series without a beginning whole", () => {
    expect(mser5(Array.from({ length: 100 }, () => 7.3))).toBe(0);
    expect(mser5(Array.from({ length: 100 }, (_, i) => i % 2))).toBe(0);
  });

  test("says when a series never settles, or is too short", () => {
    expect(mser5(Array.from({ length: 100 }, (_, i) => i))).toBeNaN();
    expect(mser5(Array.from({ length: 100 }, (_, i) => (i < 70 ? 0 : 1000)))).toBeNaN();
    expect(mser5(Array.from({ length: 49 }, () => 1))).toBeNaN();
  });
});
