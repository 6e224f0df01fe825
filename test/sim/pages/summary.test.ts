import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  longestOf,
  mergeSummaries,
  packedHex,
  packSummary,
  unpackSummary,
} from "../../../sim/pages/summary.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

/** start, max and end of a row of pages, true = free. */
function summaryOf(pages: readonly boolean[]): [number, number, number] {
  const text = pages.map((free) => (free ? "." : "#")).join("");
  const runs = text.split("#").map((run) => run.length);
  return [runs[0]!, Math.max(...runs), runs.at(-1)!];
}

/** A row of pages of a given length, wholly free or wholly taken ones among them. */
function row(length: number): fc.Arbitrary<boolean[]> {
  return fc.oneof(
    fc.constantFrom(true, false).map((free) => new Array<boolean>(length).fill(free)),
    fc.array(fc.boolean(), { minLength: length, maxLength: length }),
    fc.nat(length).map((used) => Array.from({ length }, (_, i) => i !== used)),
  );
}

/** The longest free run that reaches a boundary between two rows: every run, cut off at no side of it. */
function longestAcross(rows: readonly (readonly boolean[])[]): number {
  let longest = 0;
  for (let r = 1; r < rows.length; r++) {
    const before = rows.slice(0, r).flat();
    const used = rows[r]!.indexOf(false);
    const start = used < 0 ? rows[r]!.length : used;
    longest = Math.max(longest, before.length - 1 - before.lastIndexOf(false) + start);
  }
  return longest;
}

describe("merging summaries", () => {
  it("gives the summary of the pages laid end to end", () => {
    const children = fc
      .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 16 }))
      .chain(([logPages, count]) => fc.array(row(2 ** logPages), { minLength: count, maxLength: count }));
    fc.assert(
      fc.property(children, fc.nat(3), (rows, before) => {
        // Four numbers an entry; the fourth of those that are read is of no interest, nor are the entries around. Siblings
        // begin at a multiple of their number.
        const first = 4 * before * rows.length;
        const from = new Int32Array(first + 4 * (rows.length + 1)).fill(77);
        rows.forEach((pages, i) => {
          from.set(summaryOf(pages), first + 4 * i);
        });
        const read = Int32Array.from(from);
        const to = new Int32Array(12).fill(99);
        mergeSummaries(from, first, rows.length, rows[0]!.length, to, 4);
        const merged = [...summaryOf(rows.flat()), longestAcross(rows)];
        expect([...to]).toEqual([99, 99, 99, 99, ...merged, 99, 99, 99, 99]);
        expect(from).toEqual(read);
        expect(longestOf(from, first, rows.length, merged[3]!)).toBe(merged[1]);
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });
});

describe("packed summaries", () => {
  const triple = fc
    .integer({ min: 1, max: 21 })
    .chain((logMax) =>
      fc.tuple(
        fc.constant(logMax),
        fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 0, max: 2 ** logMax - 1 }))),
      ),
    );

  it("hold three fields, as in a 64-bit number", () => {
    fc.assert(
      fc.property(triple, ([logMax, fields]) => {
        const [start, max, end] = fields as [number, number, number];
        const packed = packSummary(start, max, end, logMax);
        const shift = BigInt(logMax);
        const expected = BigInt(start) | (BigInt(max) << shift) | (BigInt(end) << (2n * shift));
        expect(packedHex(packed)).toBe(expected.toString(16).padStart(16, "0"));
        expect(unpackSummary(packed, logMax)).toEqual({ start, max, end });
      }),
      { seed: SEED, numRuns: 1000 },
    );
  });

  it.each([21, 18, 9, 1])("have a bit of its own for a wholly free root entry of 2^%d pages", (logMax) => {
    const all = 2 ** logMax;
    const packed = packSummary(all, all, all, logMax);
    expect(packedHex(packed)).toBe("8000000000000000");
    expect(unpackSummary(packed, logMax)).toEqual({ start: all, max: all, end: all });
  });
});
