import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  DISTRIBUTIONS,
  type DistributionSpec,
  distribution,
  SpecError,
  WholeDraws,
} from "../../engine/distributions.js";
import { RandomStreams } from "../../engine/random-streams.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const DRAWS = 100_000;

function drawn(spec: DistributionSpec, count = DRAWS, seed = 11): Float64Array {
  const made = distribution(spec, new RandomStreams(seed).get("test"));
  return Float64Array.from({ length: count }, made.draw);
}

const meanOf = (spec: DistributionSpec): number => distribution(spec, new RandomStreams(1).get("x")).mean;

/** √n times the greatest distance from a cumulative distribution: below 1.95 in 999 of 1,000 cases. */
function kolmogorov(values: Float64Array, cdf: (x: number) => number): number {
  const sorted = values.slice().sort();
  let distance = 0;
  sorted.forEach((x, i) => {
    const p = cdf(x);
    distance = Math.max(distance, Math.abs(p - i / sorted.length), Math.abs(p - (i + 1) / sorted.length));
  });
  return distance * Math.sqrt(sorted.length);
}

/** Φ by the trapezoidal rule, slow and obvious, in steps of a thousandth from −9 to 9. */
const PHI = new Float64Array(18_001);
for (let i = 1; i < PHI.length; i++) {
  const [from, to] = [(i - 1) / 1000 - 9, i / 1000 - 9];
  PHI[i] =
    PHI[i - 1]! +
    (0.001 * (Math.exp(-(from ** 2) / 2) + Math.exp(-(to ** 2) / 2))) / 2 / Math.sqrt(2 * Math.PI);
}

function phi(z: number): number {
  const x = Math.min(Math.max((z + 9) * 1000, 0), PHI.length - 2);
  const i = Math.floor(x);
  return PHI[i]! + (x - i) * (PHI[i + 1]! - PHI[i]!);
}

/** The distribution function of gamma with a shape that is a whole number or half of one: by parts, from 1 or ½. */
function gammaCdf(shape: number, x: number): number {
  if (x <= 0) return 0;
  let p = shape % 1 === 0 ? 1 - Math.exp(-x) : 2 * phi(Math.sqrt(2 * x)) - 1;
  let k = shape % 1 === 0 ? 1 : 0.5;
  // P(k + 1, x) = P(k, x) − x^k e^−x / Γ(k + 1)
  let gamma = shape % 1 === 0 ? 1 : Math.sqrt(Math.PI) / 2;
  for (; k < shape; k++) {
    p -= (x ** k * Math.exp(-x)) / gamma;
    gamma *= k + 1;
  }
  return p;
}

interface Continuous {
  readonly spec: DistributionSpec;
  readonly cdf: (x: number) => number;
  readonly mean: number;
}

const between = (lo: number, hi: number, cdf: (x: number) => number) => (x: number) =>
  x < lo ? 0 : x >= hi ? 1 : (cdf(x) - cdf(lo)) / (cdf(hi) - cdf(lo));

const CONTINUOUS: readonly Continuous[] = [
  { spec: { kind: "uniform", min: -3, max: 5 }, cdf: (x) => (x + 3) / 8, mean: 1 },
  { spec: { kind: "exponential", mean: 20 }, cdf: (x) => 1 - Math.exp(-x / 20), mean: 20 },
  { spec: { kind: "normal", mean: 5, deviation: 2 }, cdf: (x) => phi((x - 5) / 2), mean: 5 },
  {
    spec: { kind: "normal", mean: 5, deviation: 2, min: 4 },
    cdf: between(4, Number.POSITIVE_INFINITY, (x) => (x === Number.POSITIVE_INFINITY ? 1 : phi((x - 5) / 2))),
    mean: 6.0183,
  },
  {
    spec: { kind: "normal", mean: 0, deviation: 1, max: -6 },
    cdf: (x) => phi(Math.min(x, -6)) / phi(-6),
    mean: -6.158,
  },
  {
    spec: { kind: "normal", mean: 10, deviation: 3, min: 14, max: 16 },
    cdf: between(14, 16, (x) => phi((x - 10) / 3)),
    mean: 14.82109,
  },
  {
    spec: { kind: "lognormal", median: 100, sigma: 0.5 },
    cdf: (x) => phi(Math.log(x / 100) / 0.5),
    mean: 113.3148,
  },
  { spec: { kind: "pareto", min: 2, shape: 3 }, cdf: (x) => 1 - (2 / x) ** 3, mean: 3 },
  { spec: { kind: "pareto", min: 2, shape: 1 }, cdf: (x) => 1 - 2 / x, mean: Number.POSITIVE_INFINITY },
  {
    spec: { kind: "pareto", min: 2, shape: 0.5, max: 200 },
    cdf: between(2, 200, (x) => 1 - (2 / x) ** 0.5),
    mean: 20,
  },
  {
    spec: { kind: "pareto", min: 2, shape: 1, max: 8 },
    cdf: between(2, 8, (x) => 1 - 2 / x),
    mean: 2.66667 * Math.log(4),
  },
  { spec: { kind: "gamma", shape: 3, scale: 2 }, cdf: (x) => gammaCdf(3, x / 2), mean: 6 },
  { spec: { kind: "gamma", shape: 0.5, scale: 2 }, cdf: (x) => gammaCdf(0.5, x / 2), mean: 1 },
  { spec: { kind: "gamma", shape: 1, scale: 2 }, cdf: (x) => gammaCdf(1, x / 2), mean: 2 },
  {
    spec: { kind: "weibull", shape: 2, scale: 10 },
    cdf: (x) => 1 - Math.exp(-((x / 10) ** 2)),
    mean: 8.8623,
  },
  {
    spec: { kind: "weibull", shape: 0.5, scale: 10 },
    cdf: (x) => 1 - Math.exp(-Math.sqrt(x / 10)),
    mean: 20,
  },
  {
    spec: { kind: "histogram", edges: [0, 1, 3, 3, 7], weights: [2, 4, 0, 4] },
    cdf: (x) => (x < 1 ? 0.2 * x : x < 3 ? 0.2 + 0.2 * (x - 1) : 0.6 + 0.1 * (x - 3)),
    mean: 2.9,
  },
  {
    spec: {
      kind: "cdf",
      points: [
        [0, 0],
        [10, 0.5],
        [30, 1],
      ],
    },
    cdf: (x) => (x < 10 ? x / 20 : 0.5 + (x - 10) / 40),
    mean: 12.5,
  },
  {
    spec: {
      kind: "mixture",
      parts: [
        { weight: 3, of: { kind: "uniform", min: 0, max: 1 } },
        { weight: 0, of: { kind: "pareto", min: 1, shape: 1 } },
        { weight: 1, of: { kind: "uniform", min: 10, max: 12 } },
      ],
    },
    cdf: (x) => (x < 1 ? 0.75 * x : x < 10 ? 0.75 : 0.75 + (x - 10) / 8),
    mean: 3.125,
  },
  {
    spec: { kind: "shifted", by: 7, of: { kind: "exponential", mean: 2 } },
    cdf: (x) => 1 - Math.exp(-(x - 7) / 2),
    mean: 9,
  },
  {
    spec: { kind: "scaled", by: -3, of: { kind: "uniform", min: 0, max: 1 } },
    cdf: (x) => 1 + x / 3,
    mean: -1.5,
  },
];

describe("a distribution draws what it says:", () => {
  it.each(CONTINUOUS)("$spec", ({ spec, cdf, mean }) => {
    const values = drawn(spec);
    expect(kolmogorov(values, cdf)).toBeLessThan(1.95);
    if (mean === Number.POSITIVE_INFINITY) expect(meanOf(spec)).toBe(mean);
    else expect(Math.abs(meanOf(spec) / mean - 1)).toBeLessThan(1e-4);
    checkMoment(spec, values);
  });

  it("and another seed draws others of the same", () => {
    const spec: DistributionSpec = { kind: "gamma", shape: 2.5, scale: 1 };
    const [a, b] = [drawn(spec), drawn(spec, DRAWS, 12)];
    expect(a[0]).not.toBe(b[0]);
    expect(kolmogorov(b, (x) => gammaCdf(2.5, x))).toBeLessThan(1.95);
  });

  /** The mean of the draws lies near the mean, where the draws are not too wild to tell. */
  function checkMoment(spec: DistributionSpec, values: Float64Array): void {
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    const expected = meanOf(spec);
    if (Number.isFinite(expected)) {
      expect(Math.abs(mean - expected)).toBeLessThan(4.5 * Math.sqrt(variance / values.length));
    }
  }

  const factorial = (k: number): number => (k < 2 ? 1 : k * factorial(k - 1));
  const DISCRETE: readonly { spec: DistributionSpec; probabilities: Record<number, number>; mean: number }[] =
    [
      {
        spec: { kind: "uniformInteger", min: -1, max: 2 },
        probabilities: { [-1]: 0.25, 0: 0.25, 1: 0.25, 2: 0.25 },
        mean: 0.5,
      },
      {
        spec: { kind: "geometric", probability: 0.3 },
        probabilities: Object.fromEntries(range(1, 12).map((k) => [k, 0.3 * 0.7 ** (k - 1)])),
        mean: 1 / 0.3,
      },
      { spec: { kind: "geometric", probability: 1 }, probabilities: { 1: 1 }, mean: 1 },
      {
        spec: { kind: "poisson", mean: 2.5 },
        probabilities: Object.fromEntries(
          range(0, 8).map((k) => [k, (2.5 ** k * Math.exp(-2.5)) / factorial(k)]),
        ),
        mean: 2.5,
      },
      {
        spec: { kind: "poisson", mean: 40 },
        probabilities: Object.fromEntries(
          range(22, 60).map((k) => [k, (40 ** k * Math.exp(-40)) / factorial(k)]),
        ),
        mean: 40,
      },
      {
        spec: { kind: "zipf", count: 4, exponent: 1 },
        probabilities: { 1: 12 / 25, 2: 6 / 25, 3: 4 / 25, 4: 3 / 25 },
        mean: 48 / 25,
      },
      {
        spec: { kind: "zipf", count: 3, exponent: 0 },
        probabilities: { 1: 1 / 3, 2: 1 / 3, 3: 1 / 3 },
        mean: 2,
      },
      { spec: { kind: "choice", values: [5, 7] }, probabilities: { 5: 0.5, 7: 0.5 }, mean: 6 },
      {
        spec: { kind: "choice", values: [10, 20, 30, 40], weights: [1, 0, 6, 3] },
        probabilities: { 10: 0.1, 30: 0.6, 40: 0.3 },
        mean: 31,
      },
      {
        spec: {
          kind: "cdf",
          points: [
            [4, 0.25],
            [4, 0.5],
            [9, 0.5],
            [9, 1],
          ],
        },
        probabilities: { 4: 0.5, 9: 0.5 },
        mean: 6.5,
      },
      { spec: { kind: "constant", value: 2.5 }, probabilities: { 2.5: 1 }, mean: 2.5 },
    ];

  function range(from: number, to: number): number[] {
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }

  it.each(DISCRETE)("$spec", ({ spec, probabilities, mean }) => {
    const values = drawn(spec);
    let chiSquare = 0;
    let rest = DRAWS;
    let restExpected = DRAWS;
    for (const [value, p] of Object.entries(probabilities)) {
      const count = values.filter((x) => x === Number(value)).length;
      chiSquare += (count - p * DRAWS) ** 2 / (p * DRAWS);
      rest -= count;
      restExpected -= p * DRAWS;
    }
    if (restExpected > 1) chiSquare += (rest - restExpected) ** 2 / restExpected;
    else expect(rest).toBe(0);
    const degrees = Object.keys(probabilities).length;
    // Below this in far more than 999 of 1,000 cases, whatever the degrees.
    expect(chiSquare).toBeLessThan(degrees + 4.5 * Math.sqrt(2 * degrees) + 5);
    expect(meanOf(spec)).toBeCloseTo(mean, 10);
    checkMoment(
      spec,
      values.map((x, i) => x + (i % 2 === 0 ? 1e-9 : -1e-9)),
    );
  });
});

describe("ends hold:", () => {
  const BOUNDED: readonly [DistributionSpec, number, number][] = [
    [{ kind: "uniform", min: 3, max: 3 }, 3, 3],
    [{ kind: "uniform", min: 1, max: 2 }, 1, 2],
    [{ kind: "normal", mean: 0, deviation: 1, min: -0.001, max: 0.001 }, -0.001, 0.001],
    [{ kind: "normal", mean: 0, deviation: 1, min: 30 }, 30, 31],
    [{ kind: "normal", mean: 0, deviation: 1, min: 8, max: 8.1 }, 8, 8.1],
    [{ kind: "normal", mean: 0, deviation: 1 }, -8.3, 8.3],
    [{ kind: "pareto", min: 1, shape: 0.1, max: 1e6 }, 1, 1e6],
    [{ kind: "pareto", min: 5, shape: 2, max: 5 }, 5, 5],
    [{ kind: "histogram", edges: [2, 4], weights: [1] }, 2, 4],
    [{ kind: "clamped", of: { kind: "normal", mean: 0, deviation: 10 }, min: -1, max: 2 }, -1, 2],
    [{ kind: "lognormal", median: 1e9, sigma: 0 }, 1e9, 1e9],
  ];

  it.each(BOUNDED)("%j from %s to %s", (spec, min, max) => {
    const values = drawn(spec, 50_000).sort();
    expect(values[0]).toBeGreaterThanOrEqual(min);
    expect(values.at(-1)).toBeLessThanOrEqual(max);
    // And both ends are come near to, so that the whole range is used; what has no end itself tells nothing.
    if (spec.kind === "uniform" || spec.kind === "pareto" || spec.kind === "clamped") {
      expect(values[0]! - min).toBeLessThanOrEqual((max - min) * 0.001);
      expect(max - values.at(-1)!).toBeLessThanOrEqual((max - min) * 0.05);
    }
  });

  it("a normal far out in the tail has the tail's shape", () => {
    // Beyond 30 deviations the excess is nearly exponential with rate 30 (mean 30 + 1/30.07).
    const values = drawn({ kind: "normal", mean: 0, deviation: 1, min: 30 });
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    expect(mean).toBeCloseTo(30.03326, 3);
    expect(meanOf({ kind: "normal", mean: 0, deviation: 1, min: 30 })).toBeCloseTo(30.03326, 4);
  });
});

describe("whole units", () => {
  it("are rounded to, halves upward, within the ends", () => {
    const whole = (value: number, min?: number, max?: number): number =>
      new WholeDraws(
        distribution({ kind: "constant", value }, new RandomStreams(1).get("x")),
        min,
        max,
      ).next();
    expect([2.4, 2.5, 3.5, -3, 1e300].map((x) => whole(x))).toEqual([2, 3, 4, 0, Number.MAX_SAFE_INTEGER]);
    expect([whole(2.4, 1, 8), whole(0.2, 1, 8), whole(9, 1, 8), whole(-2.6, -5)]).toEqual([2, 1, 8, -3]);
  });

  it("come of any distribution, whatever its numbers", () => {
    const positive = fc.double({ min: 1e-6, max: 1e15, noNaN: true });
    const spec: fc.Arbitrary<DistributionSpec> = fc.oneof(
      fc.record({ kind: fc.constant("exponential" as const), mean: positive }),
      fc.record({
        kind: fc.constant("lognormal" as const),
        median: positive,
        sigma: fc.double({ min: 0, max: 9, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant("pareto" as const),
        min: positive,
        shape: fc.double({ min: 0.01, max: 9, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant("weibull" as const),
        shape: fc.double({ min: 0.05, max: 9, noNaN: true }),
        scale: positive,
      }),
      fc.record({
        kind: fc.constant("gamma" as const),
        shape: fc.double({ min: 0.05, max: 99, noNaN: true }),
        scale: positive,
      }),
      fc.record({
        kind: fc.constant("poisson" as const),
        mean: fc.double({ min: 1e-6, max: 1e12, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(spec, fc.nat(), fc.nat(100), (each, seed, min) => {
        const wholes = new WholeDraws(distribution(each, new RandomStreams(seed).get("x")), min, 2 ** 40);
        for (let i = 0; i < 10; i++) {
          const x = wholes.next();
          expect(Number.isInteger(x) && x >= min && x <= 2 ** 40).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe("the state of a distribution", () => {
  it("is the stream's alone, for all kinds but gamma and poisson: two that take turns draw what one draws", () => {
    for (const { spec } of CONTINUOUS) {
      if (JSON.stringify(spec).includes("gamma")) continue;
      const stream = new RandomStreams(4).get("x");
      const [a, b] = [distribution(spec, stream), distribution(spec, stream)];
      const turns = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? a : b).draw());
      expect(turns).toEqual([...drawn(spec, 20, 4).keys()].map((i) => again[i]!(spec)));
    }
  });

  // The i-th draw of a distribution that is alone on the stream of seed 4.
  const again = Array.from({ length: 20 }, (_, i) => (spec: DistributionSpec): number => {
    const made = distribution(spec, new RandomStreams(4).get("x"));
    for (let k = 0; k < i; k++) made.draw();
    return made.draw();
  });

  // Computed in Python, from the stream's first draws (random-streams.test.ts) and the inverses.
  it.each([
    [{ kind: "exponential", mean: 1 }, 0.5715733671992839],
    [{ kind: "normal", mean: 0, deviation: 1 }, -0.16273475432075293],
    [{ kind: "lognormal", median: 100, sigma: 0.5 }, 92.18549607696946],
    [{ kind: "choice", values: [1, 2, 3, 4] }, 2],
  ] as [DistributionSpec, number][])("gives what it gives everywhere: %j", (spec, expected) => {
    const made = distribution(spec, new RandomStreams(1).get("a"));
    expect(Math.abs(made.draw() / expected - 1)).toBeLessThan(1e-15);
  });
});

describe("a spec that describes nothing is refused:", () => {
  const WRONG: readonly [unknown, string][] = [
    [
      { kind: "expnential", mean: 1 },
      'kind: there is no distribution "expnential"; there are constant, uniform',
    ],
    [{ kind: "toString" }, 'kind: there is no distribution "toString"'],
    [null, "kind: there is no distribution undefined"],
    [{ kind: "exponential" }, "mean: exponential needs mean: a number above 0"],
    [{ kind: "exponential", mean: 0 }, "mean: mean is a number above 0, not 0"],
    [{ kind: "exponential", mean: "5" }, 'mean: mean is a number above 0, not "5"'],
    [{ kind: "exponential", mean: 1, median: 2 }, "median: exponential has no parameter median; it has mean"],
    [{ kind: "constant", value: Number.NaN }, "value: value is a number, not null"],
    [{ kind: "uniform", min: 2, max: 1 }, "max: max (1) is below min (2)"],
    [{ kind: "uniform", min: -1e308, max: 1e308 }, "max: max is too far above min"],
    [{ kind: "uniformInteger", min: 0.5, max: 1 }, "min: min is not whole: 0.5"],
    [{ kind: "uniformInteger", min: -9e15, max: 9e15 }, "max: max is 2^53 or more above min"],
    [{ kind: "normal", mean: 0, deviation: 1, min: 2, max: 1 }, "max: max (1) is below min (2)"],
    [
      { kind: "normal", mean: 0, deviation: 1, min: 40 },
      "next to nothing of this normal distribution lies from 40",
    ],
    [{ kind: "pareto", min: 5, shape: 1, max: 4 }, "max: max (4) is below min (5)"],
    [
      { kind: "geometric", probability: 1.5 },
      "probability: probability is a number above 0, up to 1, not 1.5",
    ],
    [{ kind: "zipf", count: 1e7, exponent: 1 }, "count: count is a whole number from 1 to 1000000"],
    [{ kind: "choice", values: [] }, "values: values is a list of one or more numbers, not []"],
    [{ kind: "choice", values: [1, 2], weights: [1] }, "weights: there are 1 weights for 2 values"],
    [{ kind: "choice", values: [1, 2], weights: [0, 0] }, "weights: weights is a list of numbers from 0"],
    [{ kind: "histogram", edges: [1], weights: [1] }, "edges: 1 buckets have 2 edges, not 1"],
    [{ kind: "histogram", edges: [1, 0], weights: [1] }, "edges.1: 0 comes after 1, but edges rise"],
    [{ kind: "cdf", points: [[1, 0.5]] }, "points.0: the last share is 1, not 0.5"],
    [
      {
        kind: "cdf",
        points: [
          [1, -0.5],
          [2, 1],
        ],
      },
      "points.0: a share is from 0 to 1, not -0.5",
    ],
    [
      {
        kind: "cdf",
        points: [
          [1, 0.5],
          [2, 0.4],
          [3, 1],
        ],
      },
      "points.1: share 0.4 comes after 0.5, but shares rise",
    ],
    [
      {
        kind: "cdf",
        points: [
          [1, 0.5],
          [0, 1],
        ],
      },
      "points.2: 0 comes after 1, but edges rise",
    ],
    [{ kind: "mixture", parts: [] }, "parts: parts is a list of one or more {weight, of}, not []"],
    [
      { kind: "mixture", parts: [{ weight: 0, of: { kind: "constant", value: 1 } }] },
      "parts: the weights of the parts",
    ],
    [
      { kind: "mixture", parts: [{ weight: 1, of: { kind: "scaled", by: 2, of: { kind: "poisson" } } }] },
      "parts.0.of.of.mean: poisson needs mean",
    ],
  ];

  it.each(WRONG)("%j", (spec, message) => {
    const make = (): unknown => distribution(spec as DistributionSpec, new RandomStreams(1).get("x"));
    expect(make).toThrow(SpecError);
    expect(make).toThrow(message);
  });

  it("and none of another is, whatever optional parameter is left out or undefined", () => {
    const stream = new RandomStreams(1).get("x");
    expect(distribution({ kind: "normal", mean: 1, deviation: 1, min: undefined }, stream).mean).toBe(1);
    expect(distribution({ kind: "clamped", of: { kind: "constant", value: 4 } }, stream).draw()).toBe(4);
  });
});

it("every kind is tested here", () => {
  const text = JSON.stringify([CONTINUOUS, "uniformInteger geometric poisson zipf choice constant clamped"]);
  for (const kind of Object.keys(DISTRIBUTIONS)) expect(text).toContain(kind);
});
