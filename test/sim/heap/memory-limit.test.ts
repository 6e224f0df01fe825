import { describe, expect, it } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { DEFAULT_COSTS } from "../../../sim/gc/costs.js";
import { CpuLimiter } from "../../../sim/gc/cpu-limiter.js";
import { runtimeReadyBytes } from "../../../sim/gc/memory-limit.js";
import { ScavengeAssists } from "../../../sim/gc/scavenge-assists.js";
import { Heap } from "../../../sim/heap/heap.js";
import { policyNamed } from "../../../sim/policies/registry.js";
import { DensityScavenger } from "../../../sim/scavenge/density-index.js";
import { checkHeap } from "../../checkers/state-checkers.js";

const MIB = 2 ** 20;
const LARGE = 0;

/** A heap of 64 MiB, of which half is free and retained: every second span of 8 pages. */
function halfFree(release: string): Heap {
  const heap = new Heap(platform("linux/amd64"), { policy: policyNamed(release) });
  heap.resizeProcs(2);
  const pages = Array.from({ length: 1024 }, () => heap.allocSpan(0, 8, LARGE));
  pages.forEach((page, i) => {
    if (i % 2 === 1) heap.freeSpan(page);
  });
  heap.markDone();
  return heap;
}

describe("what allocations release for a memory limit", () => {
  it("is what is above the limit, and what the span takes out of released memory", () => {
    const heap = halfFree("go1.22");
    heap.memoryLimitBytes = heap.mappedReadyBytes - 10 * MIB;
    const before = heap.statistics.heapReleasedBytes;
    heap.allocSpan(0, 8, LARGE);
    // First fit takes the span out of memory that was not released.
    expect(heap.statistics.heapReleasedBytes).toBe(before + 10 * MIB);
    expect(heap.statistics.assistedBytes).toBe(10 * MIB);
    expect(heap.mappedReadyBytes).toBe(heap.memoryLimitBytes);
    const assisted = heap.statistics.assistedBytes;
    const ready = runtimeReadyBytes(heap.statistics.mappedBytes);
    heap.allocSpan(0, 512, LARGE);
    // The heap grew by as much, for which the runtime itself needs some more; whole pages are released.
    const more = 4 * MIB + runtimeReadyBytes(heap.statistics.mappedBytes) - ready;
    expect(heap.statistics.assistedBytes).toBe(assisted + Math.ceil(more / 8192) * 8192);
    checkHeap(heap);
  });

  it("comes also after a page cache was asked, but not on a thread without a P", () => {
    const heap = halfFree("go1.22");
    heap.allocSpan(1, 1, LARGE);
    heap.memoryLimitBytes = heap.mappedReadyBytes - MIB;
    heap.allocSpan(-1, 8, LARGE);
    expect(heap.statistics.assistedBytes).toBe(0);
    heap.allocSpan(1, 1, LARGE);
    expect(heap.statistics.assistedBytes).toBe(MIB);
  });

  it("takes dense chunks too, which the background leaves alone", () => {
    const heap = new Heap(platform("linux/amd64"), { policy: policyNamed("go1.22") });
    heap.resizeProcs(1);
    const pages = Array.from({ length: 512 }, () => heap.allocSpan(-1, 1, LARGE));
    // The free pages of the first block go into the page cache.
    for (const page of [...pages.slice(0, 4), ...pages.slice(300, 306)]) heap.freeSpan(page);
    heap.markDone();
    const scavenger = heap.scavenger as DensityScavenger;
    expect(scavenger).toBeInstanceOf(DensityScavenger);
    // 502 of 512 pages are in use.
    expect(heap.scavenge(65_536)).toBe(0);
    heap.memoryLimitBytes = heap.mappedReadyBytes - 8192;
    heap.allocSpan(0, 1, LARGE);
    expect(heap.statistics.assistedBytes).toBe(8192);
  });

  it("is nothing while the limiter is on, and in releases without limits", () => {
    const heap = halfFree("go1.22");
    heap.memoryLimitBytes = MIB;
    let ranges = 0;
    let allocations = 0;
    const meter = {
      isLimiting: true,
      rangeReleased: () => void ranges++,
      allocationDone: () => void allocations++,
    };
    heap.meter = meter;
    heap.allocSpan(0, 8, LARGE);
    expect([heap.statistics.assistedBytes, allocations]).toEqual([0, 0]);
    meter.isLimiting = false;
    heap.allocSpan(0, 8, LARGE);
    expect(heap.statistics.assistedBytes).toBeGreaterThan(20 * MIB);
    expect(ranges).toBeGreaterThan(100);
    expect(allocations).toBe(1);
    const old = halfFree("go1.18");
    old.memoryLimitBytes = MIB;
    old.scavenger.sweepDone();
    old.allocSpan(0, 8, LARGE);
    expect(old.statistics.assistedBytes).toBe(0);
  });

  it("takes the program time, and the longest that one allocation took is told once", () => {
    const heap = halfFree("go1.22");
    heap.trackResidency();
    const idle = { nowNs: () => 0, procs: () => 2, busyProcs: () => 1, isMarking: () => false };
    const assists = new ScavengeAssists(heap, DEFAULT_COSTS, new CpuLimiter(idle));
    heap.meter = assists;
    const releasing = (mib: number): number => {
      const before = assists.totalNs;
      heap.memoryLimitBytes = heap.mappedReadyBytes - mib * MIB;
      heap.allocSpan(0, 8, LARGE);
      return assists.totalNs - before;
    };
    const small = releasing(1);
    const large = releasing(4);
    // Spans of 64 KiB, one call for each; pages cost nothing, since nobody looked when they were touched.
    expect(small).toBe(16 * DEFAULT_COSTS.madviseCallNs);
    expect(large).toBe(4 * small);
    expect(assists.takeLongestNs()).toBe(large);
    expect(assists.takeLongestNs()).toBe(0);
    expect(releasing(1)).toBe(assists.takeLongestNs());
  });

  it("sees in 1.19 at once what was freed, and from 1.21 on in forced searches", () => {
    for (const release of ["go1.19", "go1.22"]) {
      const heap = halfFree(release);
      const page = heap.allocSpan(0, 8, LARGE);
      heap.freeSpan(page);
      heap.memoryLimitBytes = heap.mappedReadyBytes - 2 * MIB;
      heap.allocSpan(0, 8, LARGE);
      expect([release, heap.statistics.assistedBytes]).toEqual([release, 2 * MIB]);
    }
  });
});

describe("goals", () => {
  it("under a limit are 0.95 of it, and were 95 times it up to 1.21", () => {
    const heap = halfFree("go1.22");
    heap.memoryLimitBytes = 60 * MIB;
    heap.paceScavenger(100 * MIB, 100 * MIB, 100 * MIB);
    expect(heap.limitGoalBytes).toBe(57 * MIB);
    expect(heap.isAtGoals).toBe(false);
    heap.memoryLimitBytes = 600 * MIB;
    heap.paceScavenger(100 * MIB, 100 * MIB, 100 * MIB);
    expect([heap.limitGoalBytes, heap.isAtGoals]).toEqual([Number.POSITIVE_INFINITY, true]);
    const before = halfFree("go1.21.4");
    before.memoryLimitBytes = 60 * MIB;
    before.paceScavenger(100 * MIB, 100 * MIB, 100 * MIB);
    expect([before.limitGoalBytes, before.isAtGoals]).toEqual([Number.POSITIVE_INFINITY, true]);
  });

  it("are 0 before the first pace, both where there are two", () => {
    for (const [release, limitGoal] of [
      ["go1.18", Number.POSITIVE_INFINITY],
      ["go1.19", 0],
      ["go1.22", 0],
    ] as const) {
      const heap = new Heap(platform("linux/amd64"), { policy: policyNamed(release) });
      expect([heap.scavengeGoalBytes, heap.limitGoalBytes]).toEqual([0, limitGoal]);
    }
  });
});
