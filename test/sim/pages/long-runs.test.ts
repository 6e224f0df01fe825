/**
 * The longest run of a chunk with a few long ones: after a cut it comes from the runs that are known without a look at the
 * bitmap, when those are all, which is easy to get wrong by one.
 */

import fc from "fast-check";
import { expect, it } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { LONG_RUN } from "../../../sim/pages/run-counts.js";

const SEED = 20261127;
const CHUNK = 2 ** 25;

/** Length of the longest run of free pages. */
function longestFree(used: readonly boolean[]): number {
  let longest = 0;
  let run = 0;
  for (const page of used) {
    run = page ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

it("is that of the bitmap after every range that is taken or freed", () => {
  const pages = fc.integer({ min: 0, max: 511 });
  const steps = fc.array(fc.tuple(pages, fc.integer({ min: 1, max: 4 * LONG_RUN })), { maxLength: 60 });
  let cuts = 0;
  fc.assert(
    fc.property(steps, (all) => {
      const allocator = new PageAllocator(platform("linux/amd64"));
      const base = CHUNK * 512;
      allocator.grow(base, 512);
      const flat = allocator.tree.flatChunk(CHUNK);
      const used: boolean[] = new Array(512).fill(false);
      for (const [from, most] of all) {
        // As many pages as are in the state that the first of them has.
        let limit = from;
        while (limit < 512 && limit - from < most && used[limit] === used[from]) limit++;
        if (used[from]) allocator.free(base + from, limit - from);
        else {
          if (longestFree(used) >= LONG_RUN) cuts++;
          allocator.allocRange(base + from, limit - from);
        }
        used.fill(!used[from], from, limit);
        expect(allocator.tree.maxOf(flat)).toBe(longestFree(used));
      }
    }),
    { seed: SEED, numRuns: 400 },
  );
  expect(cuts).toBeGreaterThan(1000);
});
