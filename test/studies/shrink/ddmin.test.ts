import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ddmin } from "../../../studies/shrink/ddmin.js";

describe("delta debugging", () => {
  it("finds the items that matter, wherever they are", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 6 }), (matter) => {
        const all = Array.from({ length: 61 }, (_, i) => i);
        const kept = ddmin(all, (items) => matter.every((one) => items.includes(one)));
        expect(kept).toEqual([...matter].sort((a, b) => a - b));
      }),
      { seed: 118 },
    );
  });

  it("leaves a list of which no single item can be left out, also where more is not better", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(9), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 7 }),
        (items, m) => {
          const test = (some: readonly number[]): boolean =>
            some.reduce((sum, one) => sum + one, 0) % m === 0;
          fc.pre(test(items));
          const kept = ddmin(items, test);
          expect(test(kept)).toBe(true);
          for (let i = 0; i < kept.length && kept.length > 1; i++)
            expect(test(kept.filter((_, k) => k !== i))).toBe(false);
        },
      ),
      { seed: 118 },
    );
  });

  it("tries far fewer lists than there are", () => {
    let tried = 0;
    const all = Array.from({ length: 4096 }, (_, i) => i);
    ddmin(all, (items) => {
      tried++;
      return items.includes(77) && items.includes(3000);
    });
    expect(tried).toBeLessThan(200);
  });
});
