import { describe, expect, it } from "vitest";
import { UNSURE, WholeQuantile, wholeExponential } from "../../engine/distributions/whole.js";
import { type DistributionSpec, distribution } from "../../engine/distributions.js";
import { RandomStreams } from "../../engine/random-streams.js";

const DRAWS = 60_000;

/** Draws of drawInteger that differ from those of draw, rounded. */
function differing(spec: DistributionSpec): number {
  const whole = distribution(spec, new RandomStreams(5).get("draws"));
  const exact = distribution(spec, new RandomStreams(5).get("draws"));
  let wrong = 0;
  for (let i = 0; i < DRAWS; i++) {
    if (whole.drawInteger() !== Math.max(0, Math.floor(exact.draw() + 0.5))) wrong++;
  }
  return wrong;
}

const exponential = (mean: number): DistributionSpec => ({ kind: "exponential", mean });
const lognormal = (median: number, sigma: number): DistributionSpec => ({ kind: "lognormal", median, sigma });

describe("draws of whole units", () => {
  const specs: Record<string, DistributionSpec> = {
    "exponential, 3 units": exponential(3),
    "exponential, 100 ms in ns": exponential(1e8),
    "exponential, 10 s in ns": exponential(1e10),
    "exponential, 200 s in ns": exponential(2e11),
    "exponential, 28 h in ns": exponential(1e14),
    "lognormal, all alike": lognormal(100.5, 0),
    "lognormal, small sizes": lognormal(128, 1),
    "lognormal, times": lognormal(2e7, 1.2),
    "lognormal, wide": lognormal(512, 4),
    mixture: {
      kind: "mixture",
      parts: [
        { weight: 9, of: exponential(2e7) },
        { weight: 1, of: { kind: "uniform", min: 0, max: 9 } },
      ],
    },
    "clamped at whole ends": { kind: "clamped", of: lognormal(512, 1.2), min: 7, max: 1000 },
    "clamped at broken ends": { kind: "clamped", of: lognormal(512, 1.2), min: 99.7, max: 1000.5 },
  };
  for (const [name, spec] of Object.entries(specs)) {
    it(`are those of the exact formula, rounded: ${name}`, () => {
      expect(differing(spec)).toBe(0);
    });
  }

  it("are approximated at all, but near a half, at the ends, and where values are great", () => {
    const { double } = new RandomStreams(1).get("draws");
    let unsure = 0;
    for (let i = 0; i < 10_000; i++) if (wholeExponential(double(), 1e8) === UNSURE) unsure++;
    expect(unsure).toBeLessThan(60);
    for (const u of [0, 2 ** -53, 1 - 2 ** -53, 1 - 2 ** -21]) expect(wholeExponential(u, 1e8)).toBe(UNSURE);
    expect(wholeExponential(0.5, 1e12)).toBe(UNSURE);
    // 100.5 is the value, and 101 what it is rounded to.
    expect(wholeExponential(0.5, 100.5 / Math.LN2)).toBe(UNSURE);
  });

  it("by a table ask the exact function seldom", () => {
    let asked = 0;
    const exact = (u: number): number => {
      asked++;
      return 100 * Math.exp(u);
    };
    const quantile = new WholeQuantile(exact);
    for (let i = 0; i < 4096; i++) quantile.at(i / 4096);
    asked = 0;
    for (let i = 0; i < 4096; i++)
      expect(quantile.at((i + 0.25) / 4096)).toBe(Math.round(100 * Math.exp((i + 0.25) / 4096)));
    expect(asked).toBeLessThan(40);
  });
});
