import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LONG_RUN, RunCounts } from "../../../sim/pages/run-counts.js";

const SEED = 20261122;
const FLAT = 2;

/** The runs of a chunk as a plain list, which the counts are compared with. */
class Runs {
  lengths: number[] = [];

  count(n: number): number {
    if (n < LONG_RUN) return this.lengths.filter((length) => length === n).length;
    return this.lengths.filter((length) => length >= LONG_RUN).length;
  }

  longest(): number {
    return Math.min(LONG_RUN, Math.max(0, ...this.lengths));
  }
}

function expectSame(counts: RunCounts, runs: Runs): void {
  expect(counts.longest(FLAT)).toBe(runs.longest());
  expect(counts.longRuns(FLAT)).toBe(runs.count(LONG_RUN));
  for (let n = 1; n <= LONG_RUN; n++) expect([n, counts.count(FLAT, n)]).toEqual([n, runs.count(n)]);
}

describe("counts of free runs", () => {
  it.each([32, 64, 512, 1024])("follow cuts and joins in a chunk of %i pages", (chunkPages) => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(1e6), fc.nat(1e6), fc.nat(1e6)), { maxLength: 120 });
    fc.assert(
      fc.property(steps, (all) => {
        const counts = new RunCounts(chunkPages);
        counts.reserve(4);
        const runs = new Runs();
        for (const [cut, a, b, c] of all) {
          if (cut && runs.lengths.length > 0) {
            const run = runs.lengths.splice(a % runs.lengths.length, 1)[0]!;
            const below = b % run;
            const above = c % (run - below);
            const longest = counts.cut(FLAT, run, below, above);
            runs.lengths.push(...[below, above].filter((n) => n > 0));
            expect(longest).toBe(runs.longest());
          } else {
            const used = chunkPages - runs.lengths.reduce((sum, n) => sum + n, 0);
            if (used === 0) continue;
            const freed = 1 + (a % used);
            const below = b % 2 === 1 ? (runs.lengths.shift() ?? 0) : 0;
            const above = c % 2 === 1 ? (runs.lengths.shift() ?? 0) : 0;
            counts.join(FLAT, below, above, below + freed + above);
            runs.lengths.push(below + freed + above);
          }
          expectSame(counts, runs);
        }
        // The chunks beside it are as they were.
        for (const other of [FLAT - 1, FLAT + 1]) expect(counts.longest(other)).toBe(0);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it.each([
    [512, 256],
    [1024, 512],
  ])("hold as many runs of one page as a chunk of %i can have", (chunkPages, most) => {
    const counts = new RunCounts(chunkPages);
    counts.reserve(FLAT + 1);
    for (let i = 1; i <= most; i++) {
      counts.join(FLAT, 0, 0, 1);
      expect([counts.count(FLAT, 1), counts.longest(FLAT)]).toEqual([i, 1]);
    }
    for (let i = most - 1; i >= 0; i--) {
      counts.cut(FLAT, 1, 0, 0);
      expect([counts.count(FLAT, 1), counts.longest(FLAT)]).toEqual([i, i === 0 ? 0 : 1]);
    }
  });

  it("stay when room is made for more chunks, and can be forgotten", () => {
    const counts = new RunCounts(512);
    counts.reserve(FLAT + 1);
    counts.join(FLAT, 0, 0, 7);
    counts.reserve(100);
    counts.add(FLAT, 7);
    expect(counts.count(FLAT, 7)).toBe(2);
    counts.clear(FLAT);
    expect([counts.count(FLAT, 7), counts.longest(FLAT)]).toEqual([0, 0]);
  });
});
