import { describe, expect, it } from "vitest";
import { Simulation } from "../../../engine/simulation.js";
import { platform } from "../../../sim/address/platforms.js";
import { type Costs, DEFAULT_COSTS } from "../../../sim/gc/costs.js";
import { Heap } from "../../../sim/heap/heap.js";
import { policyNamed } from "../../../sim/policies/registry.js";
import { createBackground } from "../../../sim/scavenge/backgrounds.js";
import { EwmaScavenger } from "../../../sim/scavenge/ewma.js";
import { type BackgroundOptions, ScavengerState } from "../../../sim/scavenge/pacing.js";
import { checkHeap } from "../../checkers/state-checkers.js";

const US = 1000;
const MIB = 2 ** 20;
/** A physical page takes 10 µs, all told. */
const COSTS: Costs = { ...DEFAULT_COSTS, madviseCallNs: 9000, madvisePageNs: 500, wakeUpNs: 0 };

function setUp(release: string, options: BackgroundOptions = {}, mib = 16, costs = COSTS) {
  const sim = new Simulation();
  const heap = new Heap(platform("linux/amd64"), { policy: policyNamed(release) });
  const scavenger = createBackground(sim, heap, costs, options) as EwmaScavenger;
  expect(scavenger).toBeInstanceOf(EwmaScavenger);
  heap.resizeProcs(1);
  const spans = Array.from({ length: mib * 16 }, () => heap.allocSpan(-1, 8, 0));
  spans.forEach((page, i) => {
    if (i % 2 === 0) heap.freeSpan(page);
  });
  scavenger.setBusy(0, false);
  // As if a collection had said that nothing is to be kept.
  heap.scavengeGoalBytes = 0;
  return { sim, heap, scavenger, spans };
}

describe("the background scavenger of 1.14 to 1.17", () => {
  it("releases a page, and sleeps a hundred times as long as that took", () => {
    const { sim, heap, scavenger } = setUp("go1.16");
    heap.scavenger.sweepDone();
    scavenger.wake();
    sim.run(0);
    expect(heap.statistics.scavengedBytes).toBe(8192);
    sim.run(10 * US);
    expect(scavenger.state).toBe(ScavengerState.sleeping);
    expect(scavenger.timerNs).toBe(10 * US + 1000 * US);
    sim.run(100_000 * US);
    // One page each 1.01 ms, which is a hundredth of the time.
    expect(scavenger.rounds).toBe(100);
    expect(scavenger.averageFraction).toBeCloseTo(0.00995, 6);
    expect(heap.statistics.scavengedBytes).toBe(100 * 8192);
    checkHeap(heap);
  });

  it("works down from the top, and below what it released", () => {
    const { sim, heap, scavenger, spans } = setUp("go1.17");
    heap.scavenger.sweepDone();
    scavenger.wake();
    sim.run(20_000 * US);
    const released = heap.statistics.scavengedBytes / 8192;
    const [top] = spans.slice(-2) as [number, number];
    expect(released).toBeGreaterThan(16);
    // The topmost free span goes first, from its last page on.
    for (let page = top; page < top + 8; page++) expect(heap.pages.allocRange(page, 1)).toBe(1);
  });

  it("sleeps ever less after sleeps that were too long, but for a thousandth that counts from 1.17 on", () => {
    // All Ps are busy, and each turn comes after an hour.
    const costs = { ...COSTS, timeSliceNs: 3_600_000_000_000 };
    const averages = ["go1.16", "go1.17"].map((release) => {
      const { sim, heap, scavenger } = setUp(release, {}, 16, costs);
      scavenger.setBusy(1);
      heap.scavenger.sweepDone();
      scavenger.wake();
      sim.run(31 * 3_600_000_000_000);
      expect(scavenger.rounds).toBeGreaterThan(28);
      return scavenger.averageFraction;
    });
    expect(averages[0]).toBeLessThan(1e-8);
    expect(averages[1]).toBeCloseTo(0.001, 6);
  });

  it("counts 10 µs a page where the clock shows none, and 10 ms at most", () => {
    const { sim, heap, scavenger } = setUp("go1.16", { clockNs: 15_000_000 });
    heap.scavenger.sweepDone();
    scavenger.wake();
    sim.run(10 * US);
    // Two physical pages to a page of the runtime.
    expect(scavenger.timerNs - sim.nowNs).toBe(2000 * US);
    const slow = { ...COSTS, madviseCallNs: 50_000_000 };
    const sim2 = new Simulation();
    const heap2 = new Heap(platform("linux/amd64"), { policy: policyNamed("go1.16") });
    const scavenger2 = createBackground(sim2, heap2, slow);
    heap2.resizeProcs(1);
    heap2.scavengeGoalBytes = 0;
    heap2.freeSpan(heap2.allocSpan(-1, 8, 0));
    scavenger2.setBusy(0, false);
    heap2.scavenger.sweepDone();
    scavenger2.wake();
    sim2.run(51_000_000);
    expect(scavenger2.timerNs - 50_000_500).toBeLessThanOrEqual(1_000_001_000);
    expect(scavenger2.timerNs - 50_000_500).toBeGreaterThanOrEqual(999_999_000);
  });

  it("takes a huge page whole when it is free as a whole", () => {
    const { sim, heap, scavenger, spans } = setUp("go1.15");
    for (let i = 1; i < spans.length; i += 2) heap.freeSpan(spans[i]!);
    heap.scavenger.sweepDone();
    scavenger.wake();
    sim.run(0);
    expect(heap.statistics.scavengedBytes).toBe(2 * MIB);
  });

  it("is woken by new goals in 1.14, and by sysmon after a sweep from 1.15 on", () => {
    const old = setUp("go1.14.3");
    old.scavenger.sweepDone();
    old.scavenger.collectionStarts();
    old.sim.run(50_000 * US);
    expect(old.scavenger.rounds).toBe(0);
    old.heap.paceScavenger(1, 1000, 1000);
    old.scavenger.paced();
    old.sim.run(60_000 * US);
    expect(old.scavenger.rounds).toBeGreaterThan(5);
    const later = setUp("go1.15", { idleTimerNs: 1_000_000 });
    later.scavenger.paced();
    later.sim.run(50_000 * US);
    expect(later.scavenger.rounds).toBe(0);
    later.scavenger.sweepDone();
    later.sim.run(80_000 * US);
    expect(later.scavenger.rounds).toBeGreaterThan(5);
  });

  it("parks at the goal, and when nothing is left", () => {
    const { sim, heap, scavenger } = setUp("go1.16", {}, 1);
    heap.scavengeGoalBytes = heap.statistics.heapRetainedBytes - 3 * 8192;
    heap.scavenger.sweepDone();
    scavenger.wake();
    sim.run(1_000_000 * US);
    expect(heap.statistics.scavengedBytes).toBe(3 * 8192);
    expect(scavenger.state).toBe(ScavengerState.parked);
    heap.scavengeGoalBytes = 0;
    scavenger.wake();
    sim.run(2_000_000 * US);
    expect(heap.statistics.scavengedBytes).toBe(MIB / 2);
    expect(scavenger.state).toBe(ScavengerState.parked);
  });
});
