/** The background scavengers of Go 1.11 to 1.13, and decay, in virtual time. */

import { describe, expect, it } from "vitest";
import { Simulation } from "../../../engine/simulation.js";
import { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { DEFAULT_COSTS } from "../../../sim/gc/costs.js";
import { Heap } from "../../../sim/heap/heap.js";
import { policyNamed } from "../../../sim/policies/registry.js";
import { createBackground } from "../../../sim/scavenge/backgrounds.js";
import { DECAY_STEPS, smootherStep } from "../../../sim/scavenge/decay.js";
import { type LinearScavenger, MIN_SLEEP_NS } from "../../../sim/scavenge/linear.js";
import { type Background, ScavengerState } from "../../../sim/scavenge/pacing.js";

const MS = 1e6;
const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const PAGE = 8192;

function rigOf(name: string, hugePages = true) {
  const sim = new Simulation();
  const spec = platform("linux/amd64").spec;
  const geometry = new Geometry({ ...spec, physHugePageBytes: hugePages ? spec.physHugePageBytes : 0 });
  const heap = new Heap(geometry, { policy: policyNamed(name), clock: sim });
  heap.resizeProcs(4);
  const background: Background = createBackground(sim, heap, DEFAULT_COSTS, { idleTimerNs: 20 * MS });
  background.setBusy(0);
  return { sim, heap, background };
}

/** Pages that are released now, but for what was never in use. */
function released(heap: Heap): number {
  return heap.statistics.scavengedBytes / PAGE;
}

describe("periodic (1.11, 1.12)", () => {
  it.each(["go1.11", "go1.12.5"])("%s gives back what is unused for more than five minutes", (name) => {
    const { sim, heap } = rigOf(name);
    const pages = [heap.allocSpan(-1, 100, 0), heap.allocSpan(-1, 1, 0), heap.allocSpan(-1, 8192 - 101, 0)];
    sim.run(10 * SECOND);
    heap.freeSpan(pages[0]!);
    // Looks come every 2.5 minutes, on sysmon's first pass after: at 150, 300 and 450 s. Unused since 10 s, the span is
    // old enough at the last of these.
    sim.run(450 * SECOND);
    expect(released(heap)).toBe(0);
    sim.run(451 * SECOND);
    expect(released(heap)).toBe(100);
  });

  it("does nothing while it is switched off, and goes on when it is on again", () => {
    const { sim, heap, background } = rigOf("go1.11");
    heap.freeSpan(heap.allocSpan(-1, 100, 0));
    background.setEnabled(false);
    sim.run(20 * MINUTE);
    expect(released(heap)).toBe(0);
    background.setEnabled(true);
    sim.run(23 * MINUTE);
    expect(released(heap)).toBe(8192);
  });
});

describe("linear (1.13)", () => {
  /** A heap with 1000 free pages, paced so that it should keep so many pages. */
  function paced(goalPages: number, hugePages: boolean) {
    const rig = rigOf("go1.13.3", hugePages);
    const page = rig.heap.allocSpan(-1, 1000, 0);
    rig.heap.allocSpan(-1, 1, 0);
    rig.heap.freeSpan(page);
    rig.heap.scavengeGoalBytes = goalPages * PAGE;
    rig.background.paced();
    return rig;
  }

  it("follows the line: a millisecond for each physical page", () => {
    const { sim, heap, background } = paced(501, false);
    // 500 pages of two physical pages each: a second.
    expect((background as LinearScavenger).bytesPerNs).toBe((500 * PAGE) / SECOND);
    for (const ms of [100, 250, 500, 900]) {
      sim.run(ms * MS);
      // Pages go one by one, and after up to two sleeps beside the line.
      expect(released(heap)).toBeGreaterThan(ms / 2 - 3);
      expect(released(heap)).toBeLessThanOrEqual(ms / 2 + 1);
    }
    sim.run(1100 * MS);
    expect(heap.statistics.heapRetainedBytes).toBeLessThanOrEqual(501 * PAGE);
    expect(released(heap)).toBe(500);
    expect(background.state).toBe(ScavengerState.parked);
  });

  it("huge pages take no longer than small ones", () => {
    const { background } = paced(501, true);
    // 500 pages are to go, and [0, 768) has three whole huge pages: one of them fits into 500 pages, and 244 pages are left.
    expect((background as LinearScavenger).bytesPerNs).toBe((500 * PAGE) / ((1 + 2 * 244) * MS));
  });

  it("is off before there is a goal, and when it is met", () => {
    const rig = rigOf("go1.13.3");
    rig.heap.freeSpan(rig.heap.allocSpan(-1, 1000, 0));
    rig.background.paced();
    rig.sim.run(MINUTE);
    expect(released(rig.heap)).toBe(0);
    rig.heap.scavengeGoalBytes = 2000 * PAGE;
    rig.background.paced();
    rig.sim.run(2 * MINUTE);
    expect(released(rig.heap)).toBe(0);
    expect(rig.background.state).toBe(ScavengerState.parked);
  });

  it("tries again and again when there is nothing to release, half as often each time (golang/go#36374)", () => {
    const { sim, heap, background } = rigOf("go1.13.3");
    heap.allocSpan(-1, 1000, 0);
    heap.scavengeGoalBytes = 500 * PAGE;
    background.paced();
    sim.run(SECOND);
    const linear = background as LinearScavenger;
    const early = linear.rounds;
    // Sleeps of 100 µs, 200 µs and so on: 13 of them are 0.8 s.
    expect(early).toBeGreaterThanOrEqual(12);
    expect(early).toBeLessThanOrEqual(16);
    expect(linear.retryNs).toBeGreaterThanOrEqual(MIN_SLEEP_NS * 2 ** 11);
    sim.run(100 * SECOND);
    expect(linear.rounds - early).toBeLessThanOrEqual(8);
    expect(released(heap)).toBe(0);
  });
});

/** The part of memory of an age that may stay, from 1 for new to 0 for the oldest: as the manual of the curve writes it. */
function partOf(x: number): number {
  return 6 * x ** 5 - 15 * x ** 4 + 10 * x ** 3;
}

describe("decay", () => {
  it("has the curve of jemalloc: 200 steps, even in the middle, flat at both ends", () => {
    expect(DECAY_STEPS).toBe(200);
    // 10/64 − 15/256 + 6/1024, and what is missing to 1 at the other side.
    for (const [x, y] of [
      [0, 0],
      [0.25, 0.103515625],
      [0.5, 0.5],
      [0.75, 0.896484375],
      [1, 1],
    ])
      expect(smootherStep(x!)).toBe(y);
    for (let i = 0; i <= DECAY_STEPS; i++) {
      expect(smootherStep(i / DECAY_STEPS)).toBeCloseTo(partOf(i / DECAY_STEPS), 12);
    }
  });

  it("gives memory back along the curve of jemalloc, in ten seconds", () => {
    const { sim, heap } = rigOf("decay", false);
    const total = 400;
    const page = heap.allocSpan(-1, total, 0);
    heap.allocSpan(-1, 1, 0);
    sim.run(1.01 * SECOND);
    heap.freeSpan(page);
    // It becomes unused in the step that ends at 1.05 s, and is then one step old at 1.10 s, and so on.
    for (let step = 1; step <= DECAY_STEPS; step++) {
      sim.run(1.05 * SECOND + (step * 10 * SECOND) / DECAY_STEPS);
      const mayStay = total * partOf((DECAY_STEPS - step) / DECAY_STEPS);
      // What may stay is counted in bytes, and whole pages go.
      expect(total - released(heap)).toBeLessThanOrEqual(mayStay + 1);
      expect(total - released(heap)).toBeGreaterThan(mayStay - 1);
    }
    expect(released(heap)).toBe(total);
  });

  it("keeps memory that is used again in time", () => {
    const { sim, heap } = rigOf("decay");
    for (let s = 0; s < 60; s++) {
      const page = heap.allocSpan(-1, 100, 0);
      sim.run((s + 0.5) * SECOND);
      heap.freeSpan(page);
      sim.run((s + 1) * SECOND);
    }
    expect(released(heap)).toBeLessThan(20);
  });
});
