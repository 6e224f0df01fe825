import { describe, expect, it } from "vitest";
import { cumulative, density, lowerQuantile, standardNormal } from "../../engine/distributions/normal.js";

/** Quantiles as Python's statistics.NormalDist gives them. */
const QUANTILES: readonly (readonly [number, number])[] = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798405],
  [1e-12, -7.034483825301132],
  [1e-9, -5.9978070150076865],
  [1e-5, -4.2648907939228256],
  [0.01, -2.3263478740408408],
  [0.07, -1.4757910281791702],
  [0.075, -1.4395314709384557],
  [0.1, -1.2815515655446008],
  [0.3, -0.5244005127080407],
  [0.5, 0],
];

describe("the normal distribution", () => {
  it.each(QUANTILES)("has the quantile of %s at %s", (p, z) => {
    expect(Math.abs(lowerQuantile(p) - z)).toBeLessThanOrEqual(4e-15 * Math.abs(z));
  });

  it("has a distribution function that is the quantiles' inverse, in both tails", () => {
    for (let z = -37; z <= 0; z += 0.0625) {
      const p = cumulative(z);
      expect(Math.abs(lowerQuantile(p) - z)).toBeLessThan(1e-12);
      expect(cumulative(-z)).toBeCloseTo(1 - p, 14);
    }
    expect([cumulative(-60), cumulative(60)]).toEqual([0, 1]);
    expect(density(0)).toBeCloseTo(0.3989422804014327, 15);
  });

  it("is finite at both ends of a draw, and symmetric", () => {
    const step = 2 ** -53;
    expect(standardNormal(0)).toBeCloseTo(-8.292361, 6);
    for (const u of [0, step, 0.1, 0.25, 0.4999]) {
      // 1 − step − u is the mirror image of u among the multiples of the step.
      expect(standardNormal(1 - step - Math.floor(u / step) * step)).toBe(
        -standardNormal(Math.floor(u / step) * step),
      );
    }
  });

  it("rises with its draw", () => {
    let last = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < 10_000; i++) {
      const z = standardNormal(i / 10_000);
      expect(z > last).toBe(true);
      last = z;
    }
  });
});
