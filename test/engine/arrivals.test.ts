import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Arrivals, Gaps, NO_ARRIVAL } from "../../engine/arrivals.js";
import { type Curve, type CurveSpec, curve, integrate } from "../../engine/curves.js";
import { type RandomStream, RandomStreams } from "../../engine/random-streams.js";
import { LimitError } from "../../engine/simulation.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const SECOND = 1e9;

const made = (spec: CurveSpec): Curve => curve(spec, new RandomStreams(1).get("curve"));
const stream = (seed: number) => new RandomStreams(seed).get("arrivals");
const constant = (value: number): CurveSpec => ({ kind: "constant", value });

function all(arrivals: Arrivals, endNs: number): number[] {
  const times: number[] = [];
  for (let t = arrivals.next(endNs); t !== NO_ARRIVAL; t = arrivals.next(endNs)) times.push(t);
  return times;
}

describe("even arrivals", () => {
  it("come at equal times at a constant rate", () => {
    expect(all(new Arrivals(made(constant(4)), null), SECOND)).toEqual(
      [0.25, 0.5, 0.75, 1].map((s) => s * SECOND),
    );
    expect(all(new Arrivals(made(constant(2)), null, 3 * SECOND), 4 * SECOND)).toEqual([
      3.5 * SECOND,
      4 * SECOND,
    ]);
    // 3 a second: thirds of a second, rounded but not drifting.
    const thirds = all(new Arrivals(made(constant(3)), null), 1000 * SECOND);
    expect(thirds).toEqual(
      Array.from({ length: thirds.length }, (_, i) => Math.round(((i + 1) * SECOND) / 3)),
    );
    expect(thirds.length).toBeGreaterThanOrEqual(2999);
  });

  it("come where the area under a ramp has grown by 1: at the roots", () => {
    const ramp = made({ kind: "ramp", from: 0, to: 100, durationNs: 10 * SECOND });
    const times = all(new Arrivals(ramp, null), 10 * SECOND);
    // Area 5 t².
    times.forEach((t, i) => {
      expect(Math.abs(t - Math.sqrt((i + 1) / 5) * SECOND)).toBeLessThanOrEqual(0.6);
    });
    expect(times.length).toBeGreaterThanOrEqual(499);
  });

  it("come where the integral of any curve says", () => {
    const rates: CurveSpec[] = [
      { kind: "oscillate", mean: 50, amplitude: 100, periodNs: SECOND },
      { kind: "sawtooth", min: 90, max: -10, periodNs: 333_333_333 },
      {
        kind: "product",
        of: [
          { kind: "sawtooth", min: 0, max: 9, periodNs: SECOND },
          { kind: "sawtooth", min: 5, max: -1, periodNs: SECOND / 2 },
        ],
      },
      { kind: "walk", start: 20, step: 15, intervalNs: SECOND / 10, min: -10, max: 50 },
      { kind: "repeat", of: { kind: "pulse", value: 1000, startNs: 5e8, durationNs: 1e7 }, periodNs: SECOND },
    ];
    for (const spec of rates) {
      const rate = made(spec);
      const positive = made({ kind: "max", of: [spec, constant(0)] });
      const walk = spec.kind === "walk";
      const times = all(new Arrivals(rate, null), 5 * SECOND);
      expect(times.length).toBeGreaterThan(20);
      // The integral itself is tested in curves.test.ts. A walk within max has another place, and so another stream.
      if (walk) continue;
      let area = 0;
      let from = 0;
      times.forEach((t, i) => {
        area += integrate(positive, from, t) / SECOND;
        from = t;
        expect(Math.abs(area - (i + 1))).toBeLessThan(1e-5);
      });
      expect(integrate(positive, from, 5 * SECOND) / SECOND).toBeLessThan(1.00001);
    }
  });
});

describe("stratified arrivals", () => {
  it("are one in each unit of area, anywhere in it", () => {
    const spec = { kind: "oscillate", mean: 40, amplitude: 60, periodNs: 2 * SECOND } as const;
    const rate = made(spec);
    const positive = made({ kind: "max", of: [spec, constant(0)] });
    const places: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      let area = 0;
      let from = 0;
      all(new Arrivals(rate, new Gaps(stream(seed), true)), 3 * SECOND).forEach((t, i) => {
        area += integrate(positive, from, t) / SECOND;
        from = t;
        expect(Math.floor(area + 1e-6)).toBeLessThanOrEqual(i + 1);
        expect(area).toBeGreaterThan(i - 1e-6);
        places.push(area - i);
      });
    }
    const mean = places.reduce((sum, x) => sum + x, 0) / places.length;
    const variance = places.reduce((sum, x) => sum + (x - mean) ** 2, 0) / places.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / places.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.01);
  });

  it("come with the probability of the area when less than one is expected", () => {
    const rate = made(constant(0.3));
    let came = 0;
    for (let seed = 0; seed < 2000; seed++)
      came += all(new Arrivals(rate, new Gaps(stream(seed), true)), SECOND).length;
    expect(Math.abs(came / 2000 - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / 2000));
  });
});

describe("Poisson arrivals", () => {
  it("are as many as the area says, with the spread that they should have", () => {
    const rate = made({ kind: "oscillate", mean: 40, amplitude: 60, periodNs: 2 * SECOND });
    const positive = made({
      kind: "clamp",
      of: { kind: "oscillate", mean: 40, amplitude: 60, periodNs: 2 * SECOND },
      min: 0,
    });
    const runs = 400;
    const counts = Array.from(
      { length: runs },
      (_, seed) => all(new Arrivals(rate, stream(seed)), 3 * SECOND).length,
    );
    const expected = integrate(positive, 0, 3 * SECOND) / SECOND;
    const mean = counts.reduce((sum, n) => sum + n, 0) / runs;
    const variance = counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / (runs - 1);
    expect(Math.abs(mean - expected)).toBeLessThan(4 * Math.sqrt(expected / runs));
    // Mean and variance are alike; the spread of a variance of that many is √(2/n).
    expect(Math.abs(variance / expected - 1)).toBeLessThan(4 * Math.sqrt(2 / runs));
  });

  it("lie along a ramp as its density says, and apart as an exponential does", () => {
    const ramp = made({ kind: "ramp", from: 0, to: 20_000, durationNs: 10 * SECOND });
    const times = all(new Arrivals(ramp, stream(3)), 10 * SECOND);
    let distance = 0;
    times.forEach((t, i) => {
      distance = Math.max(distance, Math.abs((t / 1e10) ** 2 - (i + 0.5) / times.length));
    });
    expect(distance * Math.sqrt(times.length)).toBeLessThan(1.95);
    const gaps = times.map((t, i) => 1e5 * ((t / 1e10) ** 2 - ((times[i - 1] ?? 0) / 1e10) ** 2));
    const longer = gaps.filter((gap) => gap > 1).length / gaps.length;
    expect(Math.abs(longer - Math.exp(-1))).toBeLessThan(4 * Math.sqrt(0.2325 / gaps.length));
  });

  it("take one draw each, so that a greater rate brings the same ones earlier", () => {
    const slow = all(new Arrivals(made(constant(10)), stream(5)), 50 * SECOND);
    const fast = all(new Arrivals(made(constant(20)), stream(5)), 25 * SECOND);
    expect(Math.abs(fast.length - slow.length)).toBeLessThanOrEqual(1);
    slow.slice(0, 400).forEach((t, i) => {
      expect(Math.abs(fast[i]! - t / 2)).toBeLessThanOrEqual(1);
    });
  });
});

describe("arrivals of any kind", () => {
  const rates = fc.oneof(
    fc.nat(1000).map(constant),
    fc.record({
      kind: fc.constant("oscillate" as const),
      mean: fc.integer({ min: -500, max: 500 }),
      amplitude: fc.nat(500),
      periodNs: fc.integer({ min: 1e7, max: 1e9 }),
    }),
    fc.record({
      kind: fc.constant("pulse" as const),
      value: fc.nat(5000),
      startNs: fc.nat(1e9),
      durationNs: fc.integer({ min: 1, max: 1e9 }),
    }),
  );

  it("come in order, as whole ns, between start and end, also when the end moves on", () => {
    fc.assert(
      fc.property(rates, fc.nat(1e9), fc.option(fc.nat()), (spec, start, seed) => {
        const chance = () => (seed === null ? null : stream(seed));
        const end = start + SECOND;
        const whole = all(new Arrivals(made(spec), chance(), start), end);
        const pieces = new Arrivals(made(spec), chance(), start);
        const found: number[] = [];
        for (const share of [0, 0.3, 0.3, 0.7, 1])
          found.push(...all(pieces, Math.floor(start + share * SECOND)));
        let last = start;
        for (const t of whole) {
          expect(Number.isInteger(t) && t >= last && t <= end).toBe(true);
          last = t;
        }
        expect(found).toEqual(whole);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it.each([
    [constant(0)],
    [constant(-5)],
    [{ kind: "pulse", value: 1e6, startNs: 2 ** 52, durationNs: 1 }],
    [{ kind: "oscillate", mean: -9, amplitude: 8, periodNs: 1e12 }],
    [{ kind: "sawtooth", min: 0, max: 0, periodNs: 1e12 }],
  ] as [CurveSpec][])("never come at a rate of nothing: %j", (spec) => {
    expect(new Arrivals(made(spec), null).next(1e15)).toBe(NO_ARRIVAL);
    expect(new Arrivals(made(spec), stream(1)).next(1e15)).toBe(NO_ARRIVAL);
  });

  it("never come at a rate of nothing, even if chance gives a 0", () => {
    const nought = { double: () => 0 } as RandomStream;
    for (const spec of [constant(0), { kind: "sawtooth", min: 0, max: 0, periodNs: 1e12 } as CurveSpec]) {
      expect(new Arrivals(made(spec), nought).next(1e15)).toBe(NO_ARRIVAL);
    }
    expect(new Arrivals(made(constant(1)), nought).next(1e15)).toBe(0);
  });

  it("come after a long silence", () => {
    const rate = made({ kind: "pulse", value: 1e6, startNs: 4e15, durationNs: 3500 });
    expect(all(new Arrivals(rate, null), 9e15)).toEqual([4e15 + 1000, 4e15 + 2000, 4e15 + 3000]);
  });

  it("end with a sentence when the curve has endless pieces, or no bound", () => {
    const restless = made({ kind: "oscillate", mean: -1, amplitude: 0.5, periodNs: 10 });
    const arrivals = new Arrivals(restless, null, 0, 1000);
    expect(() => arrivals.next(1e15)).toThrow(LimitError);
    expect(() => new Arrivals(restless, null, 0, 1000).next(1e15)).toThrow(
      "the curve of the rate changed 1000 times",
    );
    const wild = made({ kind: "product", of: [constant(1e300), constant(1e300)] });
    expect(() =>
      new Arrivals(
        made({ kind: "product", of: [{ kind: "step", before: 1e300, after: 0, atNs: 50 }, constant(1e300)] }),
        null,
      ).next(100),
    ).toThrow("not finite from 0 ns on");
    expect(() => new Arrivals(wild, null).next(100)).toThrow(
      "the rate of arrivals is not finite from 0 ns on",
    );
  });
});
