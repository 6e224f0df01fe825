import fc from "fast-check";
import seedrandom from "seedrandom";
import { describe, expect, it, vi } from "vitest";
import { RandomStreams } from "../../engine/random-streams.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

/** The first draws of some streams, as an implementation of Alea in another language (Python, of its own) gives them. */
const RECORDED: readonly (readonly [number | string, string, readonly number[]])[] = [
  [1, "a", [0.43536364086835, 0.9871567305108299, 0.9207257827549624]],
  [1, "b", [0.9744344078993249, 0.16183770448224855, 0.9393568872600728]],
  [2, "a", [0.5949784777108099, 0.7179406686192542, 0.09558335591628364]],
  [7, "workload/cache/lifetime", [0.826935500023378, 0.6189239317417181, 0.055324204599867643]],
  ["soak", "trace", [0.5652902353119004, 0.9467504730220938, 0.05401911218948485]],
];

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

/** χ² of counts that should all be alike. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, n) => sum + n, 0) / counts.length;
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
}

describe("a random stream", () => {
  it.each(RECORDED)("of seed %s and name %s gives what it gives everywhere", (seed, name, expected) => {
    const stream = new RandomStreams(seed).get(name);
    expect(draws(3, stream.double)).toEqual(expected);
  });

  it("is seedrandom's alea with all its 53 bits", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.stringMatching(/^[a-z]{1,9}(\/[a-z]{1,9}){0,2}$/), (seed, name) => {
        const stream = new RandomStreams(seed).get(name);
        const reference = seedrandom.alea(`${seed}/${name}`);
        expect(draws(500, stream.double)).toEqual(draws(500, reference.double));
      }),
      { seed: SEED, numRuns: 100 },
    );
    const last = draws(1000, new RandomStreams(1).get("bits").double).map((x) => (x * 2 ** 53) % 2);
    expect(last.filter((bit) => bit === 1).length).toBeGreaterThan(400);
  });

  it("gives the same numbers one by one and in blocks", () => {
    const blocks = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })), { maxLength: 30 });
    fc.assert(
      fc.property(fc.nat(), blocks, (seed, lengths) => {
        const stream = new RandomStreams(seed).get("x");
        const drawn: number[] = [];
        for (const length of lengths) {
          const block = new Float64Array(length);
          if (length > 0) stream.doubles(block);
          drawn.push(...block, stream.double());
        }
        expect(drawn).toEqual(draws(drawn.length, seedrandom.alea(`${seed}/x`).double));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("is not moved by other consumers, however many come and whatever they draw", () => {
    const alone = draws(100, new RandomStreams(5).get("workload/a").double);
    const streams = new RandomStreams(5);
    const stream = streams.get("workload/a");
    const among = draws(100, () => {
      streams.get(`other/${stream.name}`).integer(1, 6);
      streams.get("workload/b").double();
      stream.fork("lifetime").double();
      return streams.get("workload/a").double();
    });
    expect(among).toEqual(alone);
  });

  it("is one for a name, and forks by name", () => {
    const streams = new RandomStreams(5);
    const stream = streams.get("workload");
    expect(streams.get("workload")).toBe(stream);
    expect(stream.fork("cache").fork("size")).toBe(streams.get("workload/cache/size"));
    expect(stream.fork("cache").name).toBe("workload/cache");
  });

  it("has nothing to do with a stream of a name or seed nearby", () => {
    const firsts: number[] = [];
    for (let seed = 1; seed <= 100; seed++) {
      const streams = new RandomStreams(seed);
      for (let i = 0; i < 100; i++) firsts.push(streams.get(`workload/${i}`).double());
    }
    const bins = new Array<number>(100).fill(0);
    // Cells of a square: one draw across, that of the next name upward.
    const cells = new Array<number>(100).fill(0);
    firsts.forEach((x, i) => {
      bins[Math.floor(x * 100)]!++;
      const next = firsts[(i + 1) % firsts.length]!;
      cells[Math.floor(x * 10) * 10 + Math.floor(next * 10)]!++;
    });
    // 99 degrees of freedom: below 149 in 999 of 1,000 cases.
    expect(chiSquare(bins)).toBeLessThan(149);
    expect(chiSquare(cells)).toBeLessThan(149);
  });
});

describe("whole numbers of a stream", () => {
  it("are in range, and come from one draw in order", () => {
    const bound = fc.maxSafeInteger();
    fc.assert(
      fc.property(bound, fc.nat(Number.MAX_SAFE_INTEGER), fc.nat(), (min, width, seed) => {
        const max = Math.min(min + width, Number.MAX_SAFE_INTEGER);
        const stream = new RandomStreams(seed).get("x");
        for (let i = 0; i < 5; i++) {
          const value = stream.integer(min, max);
          expect(Number.isSafeInteger(value) && value >= min && value <= max).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("have no favourites", () => {
    const stream = new RandomStreams(3).get("die");
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) counts[stream.integer(-2, 3) + 2]!++;
    // 5 degrees of freedom: below 20.5 in 999 of 1,000 cases.
    expect(chiSquare(counts)).toBeLessThan(20.5);
  });

  it("have no favourites where a remainder would: two thirds of 2^53", () => {
    // Of a plain remainder or product the halves would come up twice to once, or every third value never.
    const values = Math.floor((2 ** 53 * 2) / 3);
    const stream = new RandomStreams(3).get("wide");
    let low = 0;
    const thirds = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) {
      const value = stream.integer(0, values - 1);
      if (value < values / 2) low++;
      thirds[value % 3]!++;
    }
    expect(Math.abs(low - 15_000)).toBeLessThan(4 * Math.sqrt(30_000 / 4));
    expect(chiSquare(thirds)).toBeLessThan(13.8);
  });

  it("may come from a single value, or from all there are", () => {
    const stream = new RandomStreams(3).get("edge");
    expect(stream.integer(7, 7)).toBe(7);
    expect(stream.integer(0, 2 ** 53 - 1)).toBeGreaterThan(2 ** 40);
  });

  it.each([
    [1, 0],
    [0.5, 3],
    [0, 2 ** 53],
    [-(2 ** 53) + 1, 2 ** 53 - 1],
    [0, Number.NaN],
  ])("from %s to %s are refused", (min, max) => {
    expect(() => new RandomStreams(1).get("x").integer(min, max)).toThrow(RangeError);
  });
});

describe("chance", () => {
  it("is never, always, or as often as told", () => {
    const stream = new RandomStreams(3).get("chance");
    const hits = (p: number): number =>
      draws(10_000, () => (stream.chance(p) ? 1 : 0)).reduce((a, b) => a + b, 0);
    expect([hits(0), hits(1)]).toEqual([0, 10_000]);
    expect(Math.abs(hits(0.3) - 3000)).toBeLessThan(4 * Math.sqrt(10_000 * 0.3 * 0.7));
  });
});

describe("seeds and names", () => {
  it.each([[1.5], [Number.NaN], [2 ** 53], [""], ["a/b"]])("refuse the seed %s", (seed) => {
    expect(() => new RandomStreams(seed)).toThrow("a seed is a whole number");
  });

  it.each(["", "/", "a/", "/a", "a//b"])("refuse the name %j", (name) => {
    expect(() => new RandomStreams(1).get(name)).toThrow("the name of a stream");
  });

  it("take 0 and −0 for one", () => {
    expect(new RandomStreams(-0).get("a").double()).toBe(new RandomStreams(0).get("a").double());
  });
});
