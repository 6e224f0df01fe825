/** A population beside a plain array from which entries are taken in the same way. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Population } from "../../../sim/objects/population.js";

const step = fc.record({ add: fc.nat({ max: 90_000 }), take: fc.nat({ max: 90_000 }), stride: fc.nat() });

describe("a population", () => {
  it("gives back what was put in, and keeps memory for what is there", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6, size: "max" }), (steps) => {
        const population = new Population();
        const list: number[] = [];
        let next = 0;
        for (const { add, take, stride } of steps) {
          for (let i = 0; i < add; i++) {
            population.add(next);
            list.push(next++);
          }
          for (let i = 0; i < take && list.length > 0; i++) {
            const which = (i * stride) % list.length;
            const wanted = list[which]!;
            const last = list.pop()!;
            if (which < list.length) list[which] = last;
            if (population.at(which) !== wanted || population.take(which) !== wanted) {
              throw new Error(`entry ${which} is not ${wanted}`);
            }
          }
          expect(population.count).toBe(list.length);
          for (let i = 0; i < list.length; i++)
            if (population.at(i) !== list[i]) throw new Error(`entry ${i}`);
          expect(population.memoryBytes).toBeLessThanOrEqual(4 * (list.length + 2 * 65_536));
        }
      }),
      { seed: 118, numRuns: 20 },
    );
  });
});
