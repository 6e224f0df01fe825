import fc from "fast-check";
import { expect, it, vi } from "vitest";
import { PageSet } from "../../../sim/os/page-set.js";

vi.setConfig({ testTimeout: 120_000 });
const SEED = Number(process.env.FC_SEED ?? 118);

const range = fc.record({
  what: fc.constantFrom("add", "remove", "addCommon", "count", "has", "hasAll"),
  from: fc.nat(1700),
  length: fc.oneof(fc.nat(70), fc.nat(1200)),
});

it("is a set of numbers", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 40 }), fc.array(range, { maxLength: 5 }), (steps, others) => {
      const set = new PageSet();
      const plain = new Set<number>();
      const other = new PageSet();
      const plainOther = new Set<number>();
      for (const { from, length } of others) {
        other.add(from, from + length);
        for (let p = from; p < from + length; p++) plainOther.add(p);
      }
      for (const { what, from, length } of steps) {
        const pages = Array.from({ length }, (_, i) => from + i);
        const before = plain.size;
        switch (what) {
          case "add":
            for (const p of pages) plain.add(p);
            expect(set.add(from, from + length)).toBe(plain.size - before);
            break;
          case "addCommon":
            for (const p of pages) if (plainOther.has(p)) plain.add(p);
            expect(set.addCommon(other, from, from + length)).toBe(plain.size - before);
            break;
          case "remove":
            for (const p of pages) plain.delete(p);
            expect(set.remove(from, from + length)).toBe(before - plain.size);
            break;
          case "count":
            expect(set.countIn(from, from + length)).toBe(pages.filter((p) => plain.has(p)).length);
            break;
          case "hasAll":
            expect(set.hasAll(from, from + length)).toBe(pages.every((p) => plain.has(p)));
            if (plain.size > 0) expect(set.hasAll(Math.min(...plain), Math.min(...plain) + 1)).toBe(true);
            break;
          default:
            expect(set.has(from)).toBe(plain.has(from));
        }
        expect(set.size).toBe(plain.size);
      }
      expect(Array.from({ length: 3000 }, (_, p) => set.has(p))).toEqual(
        Array.from({ length: 3000 }, (_, p) => plain.has(p)),
      );
      expect([...set.blockNumbers].every((n) => Number.isInteger(n) && n >= 0 && n < 6)).toBe(true);
      expect(new Set(set.blockNumbers).size).toBe(set.blockNumbers.length);
    }),
    { seed: SEED, numRuns: 300 },
  );
});
