import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { CURVES, type CurveSpec, curve, integrate, SpecError } from "../../engine/curves.js";
import { RandomStreams } from "../../engine/random-streams.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

const made = (spec: CurveSpec, seed = 1) => curve(spec, new RandomStreams(seed).get("curve"));
const RAMP: CurveSpec = { kind: "ramp", from: 10, to: 20, startNs: 100, durationNs: 50 };
const SINE: CurveSpec = { kind: "oscillate", mean: 5, amplitude: 2, periodNs: 400 };
const SAW: CurveSpec = { kind: "sawtooth", min: -1, max: 3, periodNs: 100 };
const POINTS: CurveSpec = {
  kind: "piecewise",
  points: [
    [10, 1],
    [20, 3],
    [20, 7],
    [40, 5],
  ],
};
const constant = (value: number): CurveSpec => ({ kind: "constant", value });

/** Curves, and values they have at times. */
const TABLE: readonly (readonly [CurveSpec, Readonly<Record<number, number>>])[] = [
  [constant(7), { 0: 7, 1e15: 7 }],
  [RAMP, { 0: 10, 100: 10, 125: 15, 149: 19.8, 150: 20, 1e12: 20 }],
  [
    { kind: "ramp", from: 4, to: 0, durationNs: 8 },
    { 0: 4, 2: 3, 8: 0, 9: 0 },
  ],
  [
    { kind: "step", before: 1, after: 2, atNs: 50 },
    { 0: 1, 49: 1, 50: 2, 1000: 2 },
  ],
  [
    { kind: "pulse", base: 1, value: 9, startNs: 10, durationNs: 5 },
    { 9: 1, 10: 9, 14: 9, 15: 1 },
  ],
  [
    { kind: "pulse", value: 9, startNs: 0, durationNs: 5 },
    { 0: 9, 5: 0 },
  ],
  [SINE, { 0: 5, 100: 7, 200: 5, 300: 3, 4100: 7 }],
  [
    { ...SINE, phase: 0.25 },
    { 0: 7, 100: 5, 200: 3 },
  ],
  [
    { ...SINE, phase: -0.75 },
    { 0: 7, 100: 5, 200: 3 },
  ],
  [SAW, { 0: -1, 50: 1, 75: 2, 100: -1, 1050: 1 }],
  [
    { ...SAW, phase: 0.25 },
    { 0: 0, 50: 2, 75: -1, 100: 0 },
  ],
  [POINTS, { 0: 1, 10: 1, 15: 2, 19: 2.8, 20: 7, 30: 6, 40: 5, 50: 5 }],
  [
    { kind: "piecewise", points: [[5, 8]] },
    { 0: 8, 5: 8, 9: 8 },
  ],
  [
    { kind: "scale", of: RAMP, by: -2 },
    { 0: -20, 125: -30 },
  ],
  [
    { kind: "offset", of: RAMP, by: 3 },
    { 0: 13, 125: 18 },
  ],
  [
    { kind: "sum", of: [RAMP, SAW, constant(1)] },
    { 0: 10, 125: 16 },
  ],
  [
    { kind: "product", of: [RAMP, SAW, constant(2)] },
    { 0: -20, 125: 0, 150: 40 },
  ],
  [
    { kind: "min", of: [RAMP, constant(12), constant(13)] },
    { 0: 10, 105: 11, 125: 12 },
  ],
  [
    { kind: "max", of: [RAMP, constant(12), constant(11)] },
    { 0: 12, 105: 12, 125: 15 },
  ],
  [
    { kind: "clamp", of: RAMP, min: 11, max: 19 },
    { 0: 11, 125: 15, 200: 19 },
  ],
  [
    { kind: "clamp", of: RAMP, max: 19 },
    { 0: 10, 200: 19 },
  ],
  [
    { kind: "delay", of: POINTS, byNs: 100 },
    { 0: 1, 115: 2, 120: 7, 200: 5 },
  ],
  [
    { kind: "repeat", of: POINTS, periodNs: 30 },
    { 0: 1, 15: 2, 29: 6.1, 30: 1, 45: 2, 3020: 7 },
  ],
  [
    { kind: "repeat", of: POINTS, periodNs: 30, times: 2 },
    { 0: 1, 29: 6.1, 30: 1, 45: 2, 60: 6, 80: 5, 1000: 5 },
  ],
  [
    { kind: "walk", start: 4, step: 0, intervalNs: 10 },
    { 0: 4, 100: 4 },
  ],
];

describe("a curve has its values:", () => {
  it.each(TABLE)("%j", (spec, values) => {
    const found = made(spec);
    for (const [t, expected] of Object.entries(values)) expect(found.at(Number(t))).toBeCloseTo(expected, 9);
  });

  it("every kind of them", () => {
    const tested = new Set(TABLE.map(([spec]) => spec.kind));
    expect([...tested].sort()).toEqual(Object.keys(CURVES).sort());
  });
});

// Short times and few values, so that pieces are short and crossings many.
const whole = (min: number, max: number) => fc.integer({ min, max });
const leaf: fc.Arbitrary<CurveSpec> = fc.oneof(
  fc.record({ kind: fc.constant("constant" as const), value: whole(-5, 9) }),
  fc.record({
    kind: fc.constant("ramp" as const),
    from: whole(-9, 9),
    to: whole(-9, 9),
    startNs: whole(0, 3000),
    durationNs: whole(1, 5000),
  }),
  fc.record({
    kind: fc.constant("step" as const),
    before: whole(-9, 9),
    after: whole(-9, 9),
    atNs: whole(0, 9000),
  }),
  fc.record({
    kind: fc.constant("pulse" as const),
    value: whole(-9, 9),
    startNs: whole(0, 5000),
    durationNs: whole(1, 5000),
  }),
  fc.record({
    kind: fc.constant("oscillate" as const),
    mean: whole(-3, 5),
    amplitude: whole(-9, 9),
    periodNs: whole(1000, 9000),
    phase: fc.double({ min: -1, max: 1, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant("sawtooth" as const),
    min: whole(-9, 9),
    max: whole(-9, 9),
    periodNs: whole(500, 9000),
    phase: fc.double({ min: -1, max: 1, noNaN: true }),
  }),
  fc.record({
    kind: fc.constant("walk" as const),
    start: whole(-3, 3),
    step: whole(0, 2),
    intervalNs: whole(100, 999),
  }),
);
const spec: fc.Arbitrary<CurveSpec> = fc.letrec<{ spec: CurveSpec }>((tie) => {
  const several = fc.array(tie("spec"), { minLength: 1, maxLength: 3 });
  const combinator: fc.Arbitrary<CurveSpec> = fc.oneof(
    fc.record({ kind: fc.constantFrom("sum" as const, "min" as const, "max" as const), of: several }),
    fc.record({
      kind: fc.constantFrom("scale" as const, "offset" as const),
      of: tie("spec"),
      by: whole(-3, 3),
    }),
    fc.record({ kind: fc.constant("clamp" as const), of: tie("spec"), min: whole(-9, 0), max: whole(0, 9) }),
    fc.record({ kind: fc.constant("delay" as const), of: tie("spec"), byNs: whole(0, 3000) }),
    fc.record({
      kind: fc.constant("repeat" as const),
      of: tie("spec"),
      periodNs: whole(500, 5000),
      times: whole(1, 9),
    }),
    fc.record({ kind: fc.constant("product" as const), of: fc.tuple(leaf, leaf) }),
  );
  return { spec: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, combinator) };
}).spec;

describe("a curve", () => {
  it("is the same in whatever order it is asked", () => {
    fc.assert(
      fc.property(
        spec,
        fc.array(whole(0, 20_000), { minLength: 1, maxLength: 20 }),
        fc.nat(),
        (each, times, seed) => {
          const forward = made(each, seed);
          const backward = made(each, seed);
          const expected = times.map((t) => forward.at(t));
          expect([...times].reverse().map((t) => backward.at(t))).toEqual(expected.reverse());
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("has pieces that end later than they are asked for, and are smooth up to there", () => {
    fc.assert(
      fc.property(spec, (each) => {
        const of = made(each);
        for (let t = 0, n = 0; t < 20_000 && n < 200; n++) {
          const end = of.pieceEndNs(t);
          expect(end > t).toBe(true);
          if (end === Number.POSITIVE_INFINITY) {
            for (const later of [1, 1e3, 1e6, 1e12]) expect(of.at(t + later)).toBeCloseTo(of.at(t), 9);
            return;
          }
          t = Math.max(end, t + 1);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("has the integral that a sum over each ns has", () => {
    fc.assert(
      fc.property(spec, whole(0, 5000), whole(1, 10_000), (each, from, width) => {
        const of = made(each);
        let sum = 0;
        let size = 1;
        for (let t = from; t < from + width; t++) {
          const x = of.at(t + 0.5);
          sum += x;
          size = Math.max(size, Math.abs(x));
        }
        // A jump or a crossing between two ns may be off by its height for a ns, and there are a few hundred at most.
        const pieces = 30 * size + 2e-3 * size * width;
        expect(Math.abs(integrate(of, from, from + width) - sum)).toBeLessThan(pieces);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("has exact integrals where pieces are lines and products of lines", () => {
    expect(integrate(made(RAMP), 0, 200)).toBeCloseTo(1000 + 750 + 1000, 9);
    expect(integrate(made(POINTS), 0, 50)).toBeCloseTo(10 + 20 + 120 + 50, 9);
    expect(integrate(made(SAW), 0, 1e6)).toBeCloseTo(1e6, 4);
    // In units of a second: x³ from 0 to 1, and a crossing in the middle. Crossings are found to the ns.
    const rise: CurveSpec = { kind: "ramp", from: 0, to: 1, durationNs: 1e9 };
    const fall: CurveSpec = { kind: "ramp", from: 1, to: 0, durationNs: 1e9 };
    const seconds = (each: CurveSpec, to: number): number => integrate(made(each), 0, to * 1e9) / 1e9;
    expect(seconds({ kind: "product", of: [rise, rise, rise] }, 1)).toBeCloseTo(1 / 4, 12);
    expect(seconds({ kind: "max", of: [rise, fall] }, 1)).toBeCloseTo(3 / 4, 8);
    expect(seconds({ kind: "min", of: [rise, fall] }, 2)).toBeCloseTo(1 / 4, 8);
    // An arch x(1 − x) that is cut at 3/16, where it passes at 1/4 and at 3/4: both within one piece.
    const arch: CurveSpec = { kind: "offset", of: { kind: "product", of: [rise, fall] }, by: -3 / 16 };
    expect(seconds({ kind: "clamp", of: arch, min: 0 }, 1)).toBeCloseTo(1 / 48, 8);
  });

  it("has sines whose integral is right to 1 in 10 million", () => {
    const half = integrate(made({ ...SINE, periodNs: 1e9 }), 0, 5e8);
    expect(Math.abs(half / (2.5e9 + 2e9 / Math.PI) - 1)).toBeLessThan(1e-7);
  });
});

describe("a random walk", () => {
  const WALK: CurveSpec = { kind: "walk", start: 5, step: 1, intervalNs: 10, min: 3, max: 8 };

  it("moves by one step at each interval, within its ends, and gets everywhere", () => {
    const walk = made(WALK);
    const seen = new Set<number>([walk.at(0)]);
    for (let k = 1; k < 1000; k++) {
      const value = walk.at(k * 10);
      expect([walk.at(k * 10 + 9.5), walk.pieceEndNs(k * 10)]).toEqual([value, (k + 1) * 10]);
      expect(Math.abs(value - walk.at(k * 10 - 1))).toBe(1);
      seen.add(value);
    }
    expect([...seen].sort()).toEqual([3, 4, 5, 6, 7, 8]);
  });

  it("has a stream of its own for each place, and another walk for another seed", () => {
    const free: CurveSpec = { kind: "walk", start: 0, step: 1, intervalNs: 1 };
    const values = (each: CurveSpec, seed: number): number[] => {
      const walk = made(each, seed);
      return Array.from({ length: 64 }, (_, t) => walk.at(t));
    };
    expect(values(free, 1)).toEqual(values(free, 1));
    expect(values(free, 2)).not.toEqual(values(free, 1));
    const twice = values({ kind: "sum", of: [free, { kind: "scale", of: free, by: -1 }] }, 1);
    expect(new Set(twice).size).toBeGreaterThan(3);
    // A first walk that is asked alone does not move the second.
    const streams = new RandomStreams(1);
    curve({ kind: "sum", of: [free, constant(1)] }, streams.get("curve")).at(500);
    const second = curve({ kind: "sum", of: [constant(0), free] }, streams.get("curve")).at(40);
    expect(second).toBe(made({ kind: "sum", of: [constant(0), free] }).at(40));
  });

  it("goes as far as it may", () => {
    const walk = made({ kind: "walk", start: 0, step: 1, intervalNs: 1 });
    expect(Number.isInteger(walk.at(2 ** 22 - 1))).toBe(true);
    expect(() => walk.at(2 ** 22)).toThrow(
      "intervalNs: a walk goes 4194304 steps at most, but one every 1 ns",
    );
  });
});

describe("a spec that describes no curve is refused:", () => {
  const WRONG: readonly [unknown, string][] = [
    [{ kind: "rampe" }, 'kind: there is no curve "rampe"; there are constant, ramp, step'],
    [{ ...RAMP, durationNs: 0 }, "durationNs: durationNs is a whole number of ns from 1, not 0"],
    [{ ...RAMP, startNs: 0.5 }, "startNs: startNs is a whole number of ns from 0, not 0.5"],
    [{ ...RAMP, until: 0.5 }, "until: ramp has no parameter until; it has from, to, startNs, durationNs"],
    [{ kind: "step", before: 1, after: 2 }, "atNs: step needs atNs: a whole number of ns from 0"],
    [
      {
        kind: "piecewise",
        points: [
          [5, 1],
          [4, 1],
        ],
      },
      "points.1: 4 ns comes after 5 ns",
    ],
    [{ kind: "piecewise", points: [[-5, 1]] }, "points.0: a time is whole ns from 0, not -5"],
    [
      { kind: "piecewise", points: [[5]] },
      "points: points is a list of one or more pairs of numbers, not [[5]]",
    ],
    [{ kind: "sum", of: [] }, "of: of is a list of one or more objects with kinds, not []"],
    [
      { kind: "sum", of: [RAMP, { kind: "scale", of: { kind: "constant" }, by: 1 }] },
      "of.1.of.value: constant needs",
    ],
    [{ kind: "sum", of: [null] }, "of.0.kind: there is no curve undefined"],
    [{ kind: "clamp", of: RAMP, min: 2, max: 1 }, "max: max (1) is below min (2)"],
    [{ kind: "walk", start: 5, step: 1, intervalNs: 10, max: 3 }, "start: start (5) is not from min to max"],
    [
      { kind: "walk", start: 5, step: 9, intervalNs: 10, min: 0, max: 8 },
      "step: a step of 9 is longer than the way",
    ],
    [{ kind: "walk", start: 5, step: 9, intervalNs: 10, min: 9, max: 8 }, "max: max (8) is below min (9)"],
    [{ kind: "repeat", of: RAMP, periodNs: 5, times: 0 }, "times: times is a whole number from 1"],
  ];

  it.each(WRONG)("%j", (wrong, message) => {
    expect(() => made(wrong as CurveSpec)).toThrow(SpecError);
    expect(() => made(wrong as CurveSpec)).toThrow(message);
  });
});
