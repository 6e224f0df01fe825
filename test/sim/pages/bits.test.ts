/** The bitmap routines beside arrays of booleans. */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  allSet,
  clearAcross,
  clearIfSet,
  clearRange,
  countRange,
  endsSet,
  fillWords,
  findOnes,
  findOnes64,
  findZeros,
  firstZero,
  longestZeros,
  popCount,
  setAcross,
  setRange,
  trailingZeros,
  wordMask,
  zerosDown,
  zerosUp,
} from "../../../sim/pages/bits.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const WORDS = 8;
const BITS = 32 * WORDS;
/** The bitmap under test stands in the middle of a larger array, whose other words must stay as they are. */
const WORD0 = 3;
const GUARD = 0x5a5a5a5a;

/** Words with long runs of both kinds, as bitmaps of pages have them, edges of words among the turning points. */
const bitmap: fc.Arbitrary<boolean[]> = fc
  .array(
    fc.tuple(
      fc.boolean(),
      fc.oneof(
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(31, 32, 33, 63, 64, 65),
        fc.integer({ min: 1, max: 150 }),
      ),
    ),
    { minLength: 1, maxLength: 40, size: "max" },
  )
  .map((pieces) => {
    const bits = pieces.flatMap(([set, length]) => new Array<boolean>(length).fill(set)).slice(0, BITS);
    return [...bits, ...new Array<boolean>(BITS - bits.length).fill(pieces[0]![0])];
  });

function toWords(bits: readonly boolean[]): Int32Array {
  const words = new Int32Array(WORD0 + WORDS + 2).fill(GUARD);
  for (let w = 0; w < WORDS; w++) {
    words[WORD0 + w] = bits.slice(32 * w, 32 * w + 32).reduce((sum, set, i) => sum | (set ? 1 << i : 0), 0);
  }
  return words;
}

function fromWords(words: Int32Array): boolean[] {
  const guards = [...words.slice(0, WORD0), ...words.slice(WORD0 + WORDS)];
  expect(guards).toEqual(guards.map(() => GUARD));
  return Array.from(
    { length: BITS },
    (_, i) => ((words[WORD0 + Math.floor(i / 32)]! >>> (i % 32)) & 1) === 1,
  );
}

function ones(x: number): boolean[] {
  return Array.from({ length: 32 }, (_, i) => ((x >>> i) & 1) === 1);
}

/** Index of the first run of n flags of a kind that begins at or after `from`; -1 for none. */
function firstRun(bits: readonly boolean[], kind: boolean, from: number, n: number): number {
  for (let i = from; i + n <= bits.length; i++) if (bits.slice(i, i + n).every((b) => b === kind)) return i;
  return -1;
}

function longestRun(bits: readonly boolean[], kind: boolean): number {
  let longest = 0;
  let run = 0;
  for (const b of bits) {
    run = b === kind ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

const range = fc
  .tuple(fc.nat(BITS - 1), fc.nat(BITS))
  .map(([from, n]) => [from, Math.min(n, BITS - from)] as const);
const word = fc.oneof(
  fc.integer(),
  fc.tuple(fc.integer(), fc.integer()).map(([a, b]) => a & b),
  fc.tuple(fc.integer(), fc.integer()).map(([a, b]) => a | b),
  fc.constantFrom(0, -1, 1, -2, 0x7fffffff, -0x80000000),
);

describe("words", () => {
  it("are counted and searched as flags are", () => {
    fc.assert(
      fc.property(
        word,
        word,
        fc.integer({ min: 1, max: 32 }),
        fc.integer({ min: 1, max: 64 }),
        (hi, lo, n, n64) => {
          const bits = ones(lo);
          expect(popCount(lo)).toBe(bits.filter((b) => b).length);
          expect(trailingZeros(lo)).toBe(bits.includes(true) ? bits.indexOf(true) : 32);
          expect(findOnes(lo, n)).toBe(firstRun(bits, true, 0, n));
          expect(findOnes64(hi, lo, n64)).toBe(firstRun([...bits, ...ones(hi)], true, 0, n64));
        },
      ),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("have masks from any bit to any other", () => {
    for (let from = 0; from < 32; from++) {
      for (let to = from + 1; to <= 32; to++) {
        const expected = Array.from({ length: 32 }, (_, i) => i >= from && i < to);
        if (ones(wordMask(from, to)).join() !== expected.join()) expect.fail(`wordMask(${from}, ${to})`);
      }
    }
  });

  it("hold runs of exactly n, at each place", () => {
    for (let n = 1; n <= 64; n++) {
      for (let at = 0; at + n <= 64; at++) {
        const bits = Array.from({ length: 64 }, (_, i) => i >= at && i < at + n);
        const half = (from: number): number =>
          bits.slice(from, from + 32).reduce((sum, set, i) => sum | (set ? 1 << i : 0), 0);
        if (findOnes64(half(32), half(0), n) !== at) expect.fail(`findOnes64 for ${n} at ${at}`);
        if (n < 64 && findOnes64(half(32), half(0), n + 1) !== -1)
          expect.fail(`findOnes64 for ${n + 1} at ${at}`);
      }
    }
  });
});

describe("bitmaps", () => {
  it("change in the range asked for and nowhere else", () => {
    fc.assert(
      fc.property(bitmap, range, (bits, [from, n]) => {
        const set = toWords(bits);
        setRange(set, WORD0, from, n);
        expect(fromWords(set)).toEqual(bits.map((b, i) => b || (i >= from && i < from + n)));
        const cleared = toWords(bits);
        clearRange(cleared, WORD0, from, n);
        expect(fromWords(cleared)).toEqual(bits.map((b, i) => b && (i < from || i >= from + n)));
        const part = bits.slice(from, from + n);
        const words = toWords(bits);
        expect(countRange(words, WORD0, from, n)).toBe(part.filter((b) => b).length);
        expect(allSet(words, WORD0, from, n)).toBe(part.every((b) => b));
        const freed = words.slice();
        expect(clearIfSet(freed, WORD0, from, n)).toBe(part.every((b) => b));
        expect(freed).toEqual(part.every((b) => b) ? cleared : words);
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  it("change from inside one bitmap to inside a later one and nowhere else", () => {
    // The words as that many bitmaps in a row.
    const places = fc
      .constantFrom(1, 2, 4)
      .chain((count) =>
        fc.tuple(
          fc.constant(count),
          fc.nat(WORDS / count - 2),
          fc.nat(32 * count - 1),
          fc.integer({ min: 1, max: 32 * count }),
          fc.double({ min: 0, max: 1, noNaN: true }),
        ),
      );
    fc.assert(
      fc.property(bitmap, places, fc.boolean(), (random, [count, low, from, limit, share], full) => {
        const high = low + 1 + Math.floor(share * (WORDS / count - low - 2));
        const ofWord = 32 * count;
        const start = low * ofWord + from;
        const end = high * ofWord + limit;
        const inside = (i: number): boolean => i >= start && i < end;
        const bits = full ? random.map((b, i) => b || inside(i)) : random;
        const lowWord = WORD0 + low * count;
        const highWord = WORD0 + high * count;
        const set = toWords(bits);
        setAcross(set, lowWord, from, highWord, limit);
        expect(fromWords(set)).toEqual(bits.map((b, i) => b || inside(i)));
        const cleared = toWords(bits);
        clearAcross(cleared, lowWord, from, highWord, limit);
        expect(fromWords(cleared)).toEqual(bits.map((b, i) => b && !inside(i)));
        const ends = [...bits.slice(start, (low + 1) * ofWord), ...bits.slice(high * ofWord, end)];
        expect(endsSet(toWords(bits), lowWord, from, count, highWord, limit)).toBe(ends.every((b) => b));
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it("are filled by whole words", () => {
    fc.assert(
      fc.property(fc.nat(40), fc.nat(40), fc.integer(), (from, count, value) => {
        const words = Int32Array.from({ length: 90 }, (_, w) => w);
        fillWords(words, from, from + count, value);
        const filled = Int32Array.from({ length: 90 }, (_, w) => (w >= from && w < from + count ? value : w));
        expect(words).toEqual(filled);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("are searched as rows of flags are", () => {
    fc.assert(
      fc.property(
        bitmap,
        fc.nat(BITS),
        fc.integer({ min: 1, max: BITS }),
        fc.nat(BITS - 1),
        (bits, at, n, from) => {
          const words = toWords(bits);
          const next = bits.indexOf(false, at);
          expect(firstZero(words, WORD0, at, BITS)).toBe(next < 0 ? BITS : next);
          const up = bits.indexOf(true, at);
          expect(zerosUp(words, WORD0, at, BITS)).toBe((up < 0 ? BITS : up) - at);
          expect(zerosDown(words, WORD0, at)).toBe(at === 0 ? 0 : at - 1 - bits.lastIndexOf(true, at - 1));
          // A search begins in the 64-page word of `from`, wherever in it that is.
          const small = (n % 70) + 1;
          expect(findZeros(words, WORD0, from, BITS, n)).toBe(firstRun(bits, false, from - (from % 64), n));
          expect(findZeros(words, WORD0, from, BITS, small)).toBe(
            firstRun(bits, false, from - (from % 64), small),
          );
          expect(findZeros(words, WORD0, from, BITS, 1)).toBe(bits.indexOf(false, from - (from % 64)));
        },
      ),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it("know their longest free run, also when something is known of it before", () => {
    fc.assert(
      fc.property(bitmap, fc.nat(1000), fc.nat(1000), (bits, a, b) => {
        const words = toWords(bits);
        const longest = longestRun(bits, false);
        expect(longestZeros(words, WORD0, BITS)).toBe(longest);
        const known = a % (longest + 1);
        const limit = longest + (b % (BITS - longest + 1));
        expect(longestZeros(words, WORD0, BITS, known)).toBe(longest);
        expect(longestZeros(words, WORD0, BITS, known, limit)).toBe(longest);
        expect(longestZeros(words, WORD0, BITS, 0, longest)).toBe(longest);
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });
});
