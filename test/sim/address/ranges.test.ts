/** Address ranges beside a plain row of flags, one for each address. */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { AddressRangeError, AddressRanges } from "../../../sim/address/ranges.js";
import { checkRanges } from "../../checkers/state-checkers.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const SIZE = 80;

/** The runs of set flags as [base, limit) pairs. */
function runs(flags: readonly boolean[]): [number, number][] {
  const found: [number, number][] = [];
  flags.forEach((set, i) => {
    if (!set) return;
    const last = found.at(-1);
    if (last !== undefined && last[1] === i) last[1] = i + 1;
    else found.push([i, i + 1]);
  });
  return found;
}

const step = fc.record({
  what: fc.constantFrom("add", "add", "add", "add", "removeLast", "removeGreaterEqual", "copy"),
  at: fc.nat(SIZE - 1),
  size: fc.nat(12),
});

describe("address ranges", () => {
  it("do what a row of flags does", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        let ranges = new AddressRanges();
        const flags: boolean[] = new Array(SIZE).fill(false);
        for (const { what, at, size } of steps) {
          const limit = Math.min(SIZE, at + size);
          if (what === "add") {
            if (at === limit || flags.slice(at, limit).includes(true)) {
              expect(() => ranges.add(at, limit)).toThrow(AddressRangeError);
            } else {
              ranges.add(at, limit);
              flags.fill(true, at, limit);
            }
          } else if (what === "removeLast") {
            const last = runs(flags).at(-1);
            ranges.removeLast(size);
            if (last === undefined) {
              expect([ranges.takenBase, ranges.takenLimit]).toEqual([0, 0]);
            } else {
              const base = Math.max(last[0], last[1] - size);
              expect([ranges.takenBase, ranges.takenLimit]).toEqual([base, last[1]]);
              flags.fill(false, base, last[1]);
            }
          } else if (what === "removeGreaterEqual") {
            ranges.removeGreaterEqual(at);
            flags.fill(false, at);
          } else {
            const copy = new AddressRanges();
            copy.add(500, 600);
            copy.copyFrom(ranges);
            // Changing the one must not change the other.
            ranges.removeGreaterEqual(0);
            ranges = copy;
          }
          compare(ranges, flags);
        }
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  function compare(ranges: AddressRanges, flags: readonly boolean[]): void {
    const expected = runs(flags);
    expect(ranges.bases.map((base, i) => [base, ranges.limits[i]])).toEqual(expected);
    expect(ranges.length).toBe(expected.length);
    checkRanges("the list", ranges);
    const offs = flags.map((_, off) => off);
    expect(offs.map((off) => ranges.contains(off))).toEqual(flags);
    expect(offs.map((off) => ranges.findAddrGreaterEqual(off))).toEqual(
      offs.map((off) => flags.indexOf(true, off)),
    );
    expect(offs.map((off) => ranges.findSucc(off))).toEqual(
      offs.map((off) => expected.filter(([base]) => base <= off).length),
    );
  }

  it("keep whole bytes at the far end of a 48-bit line", () => {
    const ranges = new AddressRanges();
    ranges.add(2 ** 48 - 2 ** 22, 2 ** 48);
    ranges.removeLast(8191);
    expect(ranges.takenBase).toBe(2 ** 48 - 8191);
    expect(ranges.limits).toEqual([2 ** 48 - 8191]);
    expect(ranges.totalBytes).toBe(2 ** 22 - 8191);
    expect(ranges.contains(2 ** 48 - 8191)).toBe(false);
    expect(ranges.contains(2 ** 48 - 8192)).toBe(true);
  });

  it("refuse empty and inverted ranges", () => {
    const ranges = new AddressRanges();
    expect(() => ranges.add(5, 5)).toThrow(/empty or inverted/);
    expect(() => ranges.add(6, 5)).toThrow(AddressRangeError);
    ranges.add(10, 20);
    expect(() => ranges.add(19, 21)).toThrow(/overlaps one in use/);
    expect(() => ranges.add(5, 11)).toThrow(/overlaps one in use/);
    expect(() => ranges.add(5, 30)).toThrow(/overlaps one in use/);
    expect(ranges.totalBytes).toBe(10);
  });
});
