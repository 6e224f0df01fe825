/**
 * Requests for more pages than a 32-bit number counts, which nothing can fulfil: they fail as any other that is too large, and
 * cost Go's loop as much.
 */

import { expect, it } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { FIND_CALLS, FIND_ENTRIES, FIND_FAILURES, FIND_LEVELS } from "../../../sim/probes.js";

const CHUNK = 2 ** 25;
const COUNTS = [FIND_CALLS, FIND_LEVELS, FIND_ENTRIES, FIND_FAILURES];

/** What a request that fails adds to the counters. */
function costOfFailing(allocator: PageAllocator, npages: number): number[] {
  const before = COUNTS.map((counter) => allocator.counters[counter]!);
  expect(allocator.alloc(npages)).toBe(-1);
  return COUNTS.map((counter, i) => allocator.counters[counter]! - before[i]!);
}

it.each([
  ["all of the heap is free", 0],
  ["its first chunk is in use, so that the search keeps a window", 512],
])("%s", (_, used) => {
  const allocator = new PageAllocator(platform("linux/amd64"));
  // Two root entries side by side, 16 GiB each, and one further up.
  allocator.grow(CHUNK * 512, 2 * 2 ** 21);
  allocator.grow(CHUNK * 512 + 5 * 2 ** 21, 512);
  if (used > 0) allocator.allocRange(CHUNK * 512, used);
  const tooLarge = costOfFailing(allocator, 2 * 2 ** 21 + 1);
  const at = allocator.formatSearchAddr();
  for (const npages of [2 ** 30, 2 ** 30 + 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33 + 512, 2 ** 34]) {
    expect(costOfFailing(allocator, npages), `${npages} pages`).toEqual(tooLarge);
    expect(allocator.formatSearchAddr()).toBe(at);
  }
});
