import { describe, expect, it } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { DEFAULT_COSTS } from "../../../sim/gc/costs.js";
import { LOCK_OPS } from "../../../sim/heap/critical-sections.js";
import { Heap } from "../../../sim/heap/heap.js";
import { FIND_ENTRIES } from "../../../sim/probes.js";
import { HeapLock } from "../../../sim/runtime/heap-lock.js";
import { resolvePolicy } from "../../../studies/policies.js";

const LOCK = { baseNs: 100, entryNs: 3, chunkNs: 10, refillNs: 1000, growNs: 100_000 };
const COSTS = { ...DEFAULT_COSTS, madviseCallNs: 5000, madvisePageNs: 100, madviseHugePageNs: 900_000 };

function locked(policy = "go1.18") {
  const clock = { nowNs: 0 };
  const heap = new Heap(platform("linux/amd64"), { policy: resolvePolicy(policy) });
  heap.resizeProcs(2);
  const lock = new HeapLock(clock, heap, COSTS, LOCK);
  heap.lock = lock;
  const all = (): Record<string, number[]> => {
    lock.resource.advance(Number.MAX_SAFE_INTEGER);
    return Object.fromEntries(
      LOCK_OPS.map((op, i) => [op, [lock.ops[i]!.holds.count, lock.ops[i]!.holds.max]]),
    );
  };
  return { clock, heap, lock, all };
}

describe("the heap lock", () => {
  it("is taken for what the page cache does not serve, and costs what the section does", () => {
    const { heap } = locked();
    heap.lock = null;
    heap.grow(512);
    const entries = () => heap.pages.counters[FIND_ENTRIES]!;
    const lock = new HeapLock({ nowNs: 0 }, heap, COSTS, LOCK);
    heap.lock = lock;
    const before = entries();
    const pages = Array.from({ length: 64 }, () => heap.allocSpan(0, 1, 0));
    lock.resource.advance(Number.MAX_SAFE_INTEGER);
    // 64 spans, and the lock once.
    expect(lock.resource.served).toBe(1);
    expect(lock.resource.heldNs).toBe(100 + 10 + 1000 + 3 * (entries() - before));
    const large = heap.allocSpan(0, 200, 0);
    lock.resource.advance(Number.MAX_SAFE_INTEGER);
    expect(lock.resource.served).toBe(2);
    heap.freeSpan(large);
    for (const page of pages) heap.freeSpan(page);
    lock.resource.advance(Number.MAX_SAFE_INTEGER);
    expect(lock.resource.served).toBe(2 + 65);
  });

  it("counts growth, and chunks that a span covers", () => {
    const { heap, all } = locked();
    heap.allocSpan(-1, 2000, 0);
    expect(all().grow![0]).toBe(1);
    expect(all().grow![1]).toBeGreaterThanOrEqual(100 + 4 * 10 + 100_000);
    expect(all().alloc![0]).toBe(0);
  });

  it.each([
    ["true", 1, 100 + 10 + 5000 + 20 * 2 * 100],
    ["false", 2, 100 + 10],
  ])("madvise with the lock held: %s", (held, sections, longest) => {
    const { heap, lock, all } = locked(`go1.18{lock.madviseHeld=${held}}`);
    heap.grow(512);
    const page = heap.allocSpan(-1, 20, 0);
    heap.freeSpan(page);
    lock.resource.advance(Number.MAX_SAFE_INTEGER);
    heap.beginRelease(page, 20);
    heap.endRelease(page, 20);
    expect(all().scavenge).toEqual([sections, longest]);
  });

  it("what growth releases goes back in the section when the policy says so, and else after it", () => {
    for (const [scavenge, held, sections] of [
      ["under-lock", true, 0],
      ["after-unlock", true, 1],
      ["after-unlock", false, 2],
    ] as const) {
      const { heap, lock, all } = locked(`go1.18{growth.scavenge=${scavenge},lock.madviseHeld=${held}}`);
      const page = heap.allocSpan(-1, 512, 0);
      heap.allocSpan(-1, 512, 0);
      heap.freeSpan(page);
      heap.scavenger.sweepDone();
      heap.scavengeGoalBytes = 0;
      heap.allocSpan(-1, 1024, 0);
      expect(heap.statistics.scavengedBytes).toBe(512 * 8192);
      const { grow, scavenge: apart } = all();
      expect([scavenge, held, apart![0]]).toEqual([scavenge, held, sections]);
      const isLong = grow![1]! >= 100_000 + 5000 + 2 * 900_000;
      expect(isLong).toBe(scavenge === "under-lock");
      // Whether the lock is held or not, whoever releases is through only after madvise.
      expect(lock.resource.freeNs).toBeGreaterThan(100_000 + 5000 + 2 * 900_000);
    }
  });

  it("lets threads wait for each other, and a thread not for itself", () => {
    const { clock, heap, lock } = locked();
    heap.grow(4096);
    lock.takeInterval();
    clock.nowNs = 1_000_000;
    for (const p of [0, 0, 1]) {
      lock.byProc(p);
      heap.allocSpan(p, 16, 0);
      lock.byNobody();
    }
    clock.nowNs = 2_000_000;
    const waits = lock.takeInterval();
    const hold = lock.ops[0]!.holds;
    expect(waits.count).toBe(3);
    // The second P waits for the first one's first; the first one's second comes when that is over, and waits for the second P.
    expect(waits.min).toBe(0);
    expect(lock.resource.waitedNs).toBeGreaterThan(0);
    expect(waits.max).toBeLessThanOrEqual(2 * hold.max);
    expect(lock.takeInterval().count).toBe(0);
  });

  it("the background scavenger that holds it lets allocations wait for all of a madvise", () => {
    for (const [held, longest] of [
      ["true", 905_000],
      ["false", 110],
    ] as const) {
      const { clock, heap, lock } = locked(`go1.18{lock.madviseHeld=${held}}`);
      heap.grow(4096);
      const page = heap.allocSpan(-1, 256, 0);
      heap.freeSpan(page);
      clock.nowNs = 1_000_000;
      lock.takeInterval();
      heap.beginRelease(page, 256);
      clock.nowNs += 1;
      lock.byProc(0);
      heap.allocSpan(0, 16, 0);
      lock.byNobody();
      clock.nowNs = 2_000_000;
      const { max } = lock.takeInterval();
      expect(max).toBeGreaterThan(longest - 10);
      expect(max).toBeLessThan(longest + 10_000);
      if (held === "false") expect(max).toBeLessThan(200);
    }
  });
});
