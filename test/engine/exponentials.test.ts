import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { exponential, exponentials } from "../../engine/exponentials.js";
import { RandomStreams } from "../../engine/random-streams.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const STEP = 2 ** -53;

function isRight(u: number): boolean {
  return Object.is(exponential(u) + 0, -Math.log1p(-u) + 0);
}

/** Places where the algorithm, or the original one, takes another way: as 1 − u, roots of 2 and powers of it. */
const TURNS = [
  ...Array.from({ length: 53 }, (_, k) => 2 ** -k),
  ...Array.from({ length: 53 }, (_, k) => Math.SQRT2 * 2 ** -(k + 1)),
  ...[0x6a09e, 0x6a09d, 0x6a09f].map((bits) => (1 + bits * 2 ** -20) / 2),
  // Where the original takes 1 − u for near enough to 1 to be above the root of ½.
  0.70710635186,
];

describe("−ln(1 − u)", () => {
  it("is −Math.log1p(−u) to the last bit, wherever u lies", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 53 - 1 }),
        fc.integer({ min: 0, max: 52 }),
        (whole, octave) => {
          const u = Math.floor(whole * 2 ** -octave) * STEP;
          expect([u, isRight(u)]).toEqual([u, true]);
          expect([1 - u, u === 0 || isRight(1 - u)]).toEqual([1 - u, true]);
        },
      ),
      { seed: SEED, numRuns: 20_000 },
    );
  });

  it("is so at all places where the way changes, and beside them", () => {
    for (const turn of TURNS) {
      const around = Math.round((1 - turn) / STEP);
      for (const unit of [1, 2 ** 8, 2 ** 16, 2 ** 24, 2 ** 30]) {
        for (let i = -200; i <= 200; i++) {
          const u = (around + i * unit) * STEP;
          if (u < 0 || u >= 1) continue;
          expect([turn, u, isRight(u)]).toEqual([turn, u, true]);
          expect([turn, u, isRight(Math.floor((u * 2 ** -20) / STEP) * STEP)]).toEqual([turn, u, true]);
        }
      }
    }
  });

  it("is that of all numbers of a block", () => {
    const block = new Float64Array(100_000);
    new RandomStreams(3).get("x").doubles(block);
    const drawn = block.slice();
    exponentials(block);
    expect(drawn.findIndex((u, i) => block[i] !== -Math.log1p(-u))).toBe(-1);
  });
});
