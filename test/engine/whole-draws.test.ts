import { describe, expect, it } from "vitest";
import { WholeQuantile, wholeExponentials } from "../../engine/distributions/whole.js";
import { type DistributionSpec, distribution, WholeDraws } from "../../engine/distributions.js";
import { RandomStreams } from "../../engine/random-streams.js";

const DRAWS = 60_000;

/** Whole draws that differ from exact ones, rounded and put within ends. */
function differing(spec: DistributionSpec, min = 0, max = Number.MAX_SAFE_INTEGER): number {
  const whole = new WholeDraws(distribution(spec, new RandomStreams(5).get("draws")), min, max);
  const exact = distribution(spec, new RandomStreams(5).get("draws"));
  let wrong = 0;
  for (let i = 0; i < DRAWS; i++) {
    const expected = Math.min(Math.max(min, Math.floor(exact.draw() + 0.5)), max);
    if (whole.next() !== expected) wrong++;
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
    "constant, with a fraction": { kind: "constant", value: 2.5 },
    uniform: { kind: "uniform", min: -3, max: 5 },
    choice: { kind: "choice", values: [0.5, 7, 1e9], weights: [1, 2, 3] },
    "mixture of what takes one number": {
      kind: "mixture",
      parts: [
        { weight: 9, of: exponential(2e7) },
        { weight: 1, of: { kind: "uniform", min: 0, max: 9 } },
        { weight: 1, of: { kind: "clamped", of: lognormal(512, 1.2), max: 600 } },
        { weight: 1, of: { kind: "choice", values: [1, 2.5] } },
      ],
    },
    "mixture of what takes none, one and two": {
      kind: "mixture",
      parts: [
        { weight: 1, of: { kind: "constant", value: 3 } },
        { weight: 1, of: exponential(2e7) },
        { weight: 1, of: { kind: "histogram", edges: [0, 10, 1000], weights: [1, 1] } },
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

  it("are put within two ends", () => {
    expect(differing(lognormal(128, 1), 50, 300)).toBe(0);
    expect(differing({ kind: "normal", mean: 0, deviation: 5 }, -3)).toBe(0);
    expect(differing({ kind: "choice", values: [1, 1e300] })).toBe(0);
  });

  it("are right where the logarithm is of a number near 1, for means of days too", () => {
    const stream = new RandomStreams(1).get("draws");
    const block = Float64Array.from(
      { length: 50_000 },
      () => 2 ** -10 + stream.integer(0, 2 ** 43) * 2 ** -53,
    );
    for (const mean of [1e8, 1e12, 1e14]) {
      const wholes = block.slice();
      wholeExponentials(1 / mean)(wholes);
      const wrong = block.filter((u, i) => wholes[i] !== Math.floor(-Math.log1p(-u) / (1 / mean) + 0.5));
      expect([mean, wrong.length]).toEqual([mean, 0]);
    }
  });

  it("by a table ask the exact function seldom", () => {
    let asked = 0;
    const exact = (u: number): number => {
      asked++;
      return 100 * Math.exp(u);
    };
    const quantile = new WholeQuantile(exact);
    for (let i = 0; i < 16_384; i++) quantile.at(i / 16_384);
    asked = 0;
    for (let i = 0; i < 4096; i++)
      expect(quantile.at((i + 0.25) / 4096)).toBe(Math.round(100 * Math.exp((i + 0.25) / 4096)));
    expect(asked).toBeLessThan(40);
    const block = Float64Array.from({ length: 4096 }, (_, i) => (i + 0.75) / 4096);
    const exactly = block.map((u) => Math.round(exact(u)));
    asked = 0;
    quantile.all(block);
    expect([...block]).toEqual([...exactly]);
    expect(asked).toBeLessThan(40);
  });
});
