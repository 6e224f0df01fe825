/**
 * What each release before 1.18 does, and 1.26, in a few operations each: addresses and bytes follow by hand from the rules
 * of the release's sources. Pages are counted from the beginning of the heap.
 */

import { describe, expect, it } from "vitest";
import { scenarioPath } from "../../../scenarios/library.js";
import { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { policyNamed } from "../../../sim/policies/registry.js";
import { ReleaseRequest } from "../../../sim/scavenge/scavenger.js";
import { resolvePolicy } from "../../../studies/policies.js";
import { ScenarioRun } from "../../../studies/scenario-run.js";
import { readScenario } from "../../../studies/scenarios.js";
import { checkHeap, isSearchInMemory } from "../../checkers/state-checkers.js";

const MINUTE = 60e9;
/** Pages of an arena of 64 MiB, of a chunk, and of a huge page. */
const ARENA = 8192;
const CHUNK = 512;
const HUGE = 256;

class Rig {
  readonly clock = { nowNs: 0 };
  readonly heap: Heap;
  private readonly base: number;

  constructor(name: string, physPageBytes = 4096) {
    const geometry = new Geometry({ ...platform("linux/amd64").spec, physPageBytes });
    this.heap = new Heap(geometry, { policy: policyNamed(name), clock: this.clock });
    this.base = geometry.arenaHintOffs[0]! / geometry.pageBytes;
  }

  /** Allocates on no P; the first page, from the beginning of the heap. */
  alloc(npages: number): number {
    const page = this.heap.allocSpan(-1, npages, 0);
    checkHeap(this.heap);
    return page - this.base;
  }

  free(page: number): void {
    this.heap.freeSpan(page + this.base);
    checkHeap(this.heap);
  }

  /** Spans of so many pages, side by side; those at odd places are then freed, in the order given. */
  holes(sizes: readonly number[], freed: readonly number[]): number[] {
    const pages = sizes.map((npages) => this.alloc(npages));
    for (const i of freed) this.free(pages[i]!);
    return pages;
  }

  /** Releases what sysmon would: spans unused for more than five minutes. @returns pages */
  releaseOld(): number {
    const { heap } = this;
    const request = new ReleaseRequest();
    let pages = 0;
    heap.scavenger.begin(request, false);
    request.unusedNs = heap.policy.scavenger.unusedNs;
    while (heap.scavenger.next(request, Number.POSITIVE_INFINITY)) {
      heap.beginRelease(request.page, request.npages);
      heap.endRelease(request.page, request.npages);
      pages += request.npages;
    }
    checkHeap(heap);
    return pages;
  }

  get releasedPages(): number {
    return this.heap.statistics.heapReleasedBytes / 8192;
  }

  get mappedPages(): number {
    return this.heap.statistics.mappedBytes / 8192;
  }
}

describe("go1.11", () => {
  it("grows by whole arenas, which count as retained", () => {
    const rig = new Rig("go1.11");
    expect(rig.alloc(1)).toBe(0);
    expect([rig.mappedPages, rig.releasedPages]).toEqual([ARENA, 0]);
    // More than is left of the arena: a new one for all of it, and the rest of the old one joins its low end.
    expect(rig.alloc(ARENA)).toBe(1);
    expect(rig.mappedPages).toBe(2 * ARENA);
  });

  it("takes the span of the exact size that was freed last", () => {
    const rig = new Rig("go1.11");
    // 3 used, 3 free, 1 used, 3 free, 1 used, 4 free, 1 used: lists of 3 and of 4 pages.
    const pages = rig.holes([3, 3, 1, 3, 1, 4, 1], [5, 1, 3]);
    expect(pages).toEqual([0, 3, 6, 7, 10, 11, 15]);
    // Page 7 was freed after page 3, so it is in front.
    expect(rig.alloc(3)).toBe(7);
    expect(rig.alloc(3)).toBe(3);
    // No list of 3 has one now: the next list that has any is that of 4, and its rest of 1 page goes to list 1.
    expect(rig.alloc(3)).toBe(11);
    expect(rig.alloc(1)).toBe(14);
  });

  it("joins neighbours whether they are released or not, and counts a span that is taken in part as resident", () => {
    const rig = new Rig("go1.11");
    const [a, b] = rig.holes([10, 10, 1], [0]) as [number, number];
    rig.clock.nowNs = 6 * MINUTE;
    // The hole of 10 and the rest of the arena are old.
    expect(rig.releaseOld()).toBe(10 + ARENA - 21);
    rig.free(b);
    expect(rig.releasedPages).toBe(10 + ARENA - 21);
    // 20 pages now, half of them released. One page of it makes all of it resident by the runtime's account.
    expect(rig.alloc(1)).toBe(a);
    expect(rig.releasedPages).toBe(ARENA - 21);
  });

  it("releases spans unused for more than five minutes, whole physical pages of them", () => {
    const rig = new Rig("go1.11", 65_536);
    // Physical pages of 8: of the hole [4, 20) only [8, 16) can go.
    rig.holes([4, 16, ARENA - 20], [1]);
    rig.clock.nowNs = 5 * MINUTE;
    expect(rig.releaseOld()).toBe(0);
    rig.clock.nowNs = 5 * MINUTE + 1;
    expect(rig.releaseOld()).toBe(8);
    // What joined it since is as young as what came last.
    rig.free(0);
    expect(rig.releaseOld()).toBe(0);
  });
});

describe("go1.12.0 to go1.12.4", () => {
  it("keep scavenged and unscavenged spans apart, and take the shorter fit, of equal ones the unscavenged", () => {
    const rig = new Rig("go1.12.5");
    // Holes of 5 at page 1 and of 5 at page 7; the first is released, which takes the rest of the arena along.
    const pages = rig.holes([1, 5, 1, 5, 1], [1]);
    rig.heap.scavenge(Number.POSITIVE_INFINITY, true);
    rig.free(pages[3]!);
    expect(rig.releasedPages).toBe(5 + ARENA - 13);
    expect(rig.alloc(5)).toBe(7);
    expect(rig.alloc(5)).toBe(1);
    // Its scavenged pages are resident again.
    expect(rig.releasedPages).toBe(ARENA - 13);
  });

  it("leave the rest of a scavenged span scavenged", () => {
    const rig = new Rig("go1.12.5");
    rig.alloc(1);
    rig.heap.scavenge(Number.POSITIVE_INFINITY, true);
    expect(rig.alloc(2)).toBe(1);
    expect(rig.releasedPages).toBe(ARENA - 3);
  });

  it("release as much as they took out of a scavenged span, the largest spans first; 1.12.5 does not", () => {
    for (const [name, released] of [
      ["go1.12.0", 259 + 40],
      ["go1.12.5", 259],
    ] as const) {
      const rig = new Rig(name);
      // Free: 300 at page 1, 40 at page 302, nothing else.
      const pages = rig.holes([1, 300, 1, 40, ARENA - 342], [1]);
      rig.heap.scavenge(Number.POSITIVE_INFINITY, true);
      rig.free(pages[3]!);
      // 41 pages do not fit into the unscavenged 40, so they come out of the released 300, of which 259 are left. 1.12.0
      // then releases the largest unscavenged span, the one of 40, though 41 were wanted.
      expect(rig.alloc(41)).toBe(1);
      expect(rig.releasedPages).toBe(released);
    }
  });

  it("release the largest spans when the heap grows, as much as it grows by, and remember what was too much", () => {
    const rig = new Rig("go1.12.5");
    // 3 arenas of which the first two are free but for a page each.
    rig.holes([1, ARENA - 2, 1, ARENA - 1, 1], [1, 3]);
    // The third growth wanted 1 arena released, of 8190 and 8191 pages free then none: both were in use.
    const credit = rig.heap.scavengeCreditBytes / 8192;
    expect(credit).toBe(0);
    // The fourth arena: 8192 pages are to be released, the spans of 8191 and of 8190 pages are, and 8189 are credit.
    rig.alloc(ARENA);
    expect(rig.releasedPages).toBe(2 * ARENA - 3);
    expect(rig.heap.scavengeCreditBytes / 8192).toBe(ARENA - 3);
  });

  it("up to 1.12.4 do not always find the best fit (golang/go#31616)", () => {
    // Many holes of all sizes: somewhere on the way down the first that is long enough is not the shortest.
    const sizes = Array.from({ length: 60 }, (_, i) => [1, 2 + ((i * 37) % 60)]).flat();
    const freed = Array.from({ length: 60 }, (_, i) => 2 * i + 1);
    const wasted = ["go1.12.0", "go1.12.5"].map((name) => {
      const rig = new Rig(name);
      const pages = rig.holes([...sizes, ARENA - sizes.reduce((a, b) => a + b)], freed);
      let waste = 0;
      for (let npages = 2; npages <= 61; npages += 3) {
        const i = pages.indexOf(rig.alloc(npages));
        if (i >= 0) waste += sizes[i]! - npages;
      }
      return waste;
    });
    expect(wasted[1]).toBeLessThan(wasted[0]!);
  });
});

describe("go1.13", () => {
  it("grows by what was asked for, in physical pages, and counts the whole arena as released when it is reserved", () => {
    const rig = new Rig("go1.13.3", 65_536);
    expect(rig.alloc(3)).toBe(0);
    expect([rig.mappedPages, rig.releasedPages]).toEqual([ARENA, ARENA - 8]);
    // A physical page is 8 pages: the heap has grown into 8, and the edge of it is resident along with the span.
    expect(rig.heap.growth.withheldPages).toBe(CHUNK - 8);
    expect(rig.alloc(5)).toBe(3);
    expect(rig.alloc(1)).toBe(8);
    expect(rig.heap.growth.withheldPages).toBe(CHUNK - 16);
  });

  it("takes the lowest span, scavenged or not", () => {
    const rig = new Rig("go1.13.3");
    const pages = rig.holes([1, 5, 1, 5, 1], [1]);
    rig.heap.scavenge(Number.POSITIVE_INFINITY);
    rig.free(pages[3]!);
    // Where 1.12 would have taken the unscavenged span at page 7.
    expect(rig.alloc(5)).toBe(1);
  });

  it("releases from the highest address, what has a huge page first, and splits what is more than wanted", () => {
    const rig = new Rig("go1.13.3");
    // Free: 600 pages at 0, which hold the huge pages [0, 256) and [256, 512), and 20 at 601.
    const pages = rig.holes([600, 1, 20, 1], [0, 2]);
    expect(pages).toEqual([0, 600, 601, 621]);
    const before = rig.releasedPages;
    // 10 pages are wanted: of the span with huge pages, though the other one is higher. Its end is rounded down from page
    // 590 to where a huge page begins, 512, as the span reaches down to there.
    expect(rig.heap.scavenge(10 * 8192)).toBe(88 * 8192);
    expect(rig.releasedPages).toBe(before + 88);
    // 100 more: [412, 512) would cut the huge page [256, 512), so that goes as a whole.
    expect(rig.heap.scavenge(100 * 8192)).toBe(HUGE * 8192);
    // What is left of the span is the huge page [0, 256): all of it for a single page. Then the small one.
    expect(rig.heap.scavenge(8192)).toBe(HUGE * 8192);
    expect(rig.heap.scavenge(8192)).toBe(8192);
    expect(rig.alloc(20)).toBe(0);
  });

  it("releases under the lock when the heap grows beyond the goal, before the new memory is there", () => {
    const rig = new Rig("go1.13.3");
    // The hole does not begin at a huge page, so that it is not one that a split would cut.
    rig.holes([1, 100, 1, 1], [1]);
    // 103 pages are retained, of which 100 are free. Growth by 120 exceeds a goal of 211 by 12: the top of the hole goes.
    rig.heap.scavengeGoalBytes = 211 * 8192;
    const before = rig.releasedPages;
    expect(rig.alloc(120)).toBe(103);
    expect(rig.releasedPages).toBe(before + 12 - 120);
    // 211 are retained now; growth by 130 exceeds the goal by as much, of which the hole has 88 left.
    expect(rig.alloc(130)).toBe(223);
    expect(rig.releasedPages).toBe(before + 100 - 120 - 130);
  });

  it("1.13.0 aims at a tenth above the heap goal in object bytes, 1.13.3 at heap in use as the goal moves", () => {
    for (const [name, goal] of [
      ["go1.13.0", 1100 * 8192],
      ["go1.13.3", 2200 * 8192],
    ] as const) {
      const rig = new Rig(name);
      rig.alloc(3000);
      // Before the second collection there is no goal.
      rig.heap.paceScavenger(1000 * 8192, 0, 0);
      expect(rig.heap.scavengeGoalBytes).toBe(0);
      // Heap in use was 4000 pages at a goal of 2000: with a goal of 1000 it will be 2000, and a tenth.
      rig.heap.paceScavenger(1000 * 8192, 2000 * 8192, 4000 * 8192);
      expect(rig.heap.scavengeGoalBytes).toBe(goal);
      // The goal stands when it is met, so that growth beyond it releases.
      rig.heap.paceScavenger(8000 * 8192, 8000 * 8192, 8000 * 8192);
      expect(rig.heap.scavengeGoalBytes).toBe(8800 * 8192);
    }
  });
});

describe("go1.14 to go1.17", () => {
  it("grow by chunks; up to 1.16 the whole arena counts when it is reserved, from 1.17 what was grown", () => {
    for (const [name, mapped] of [
      ["go1.14.0", ARENA],
      ["go1.16", ARENA],
      ["go1.17", CHUNK],
    ] as const) {
      const rig = new Rig(name);
      expect(rig.alloc(3)).toBe(0);
      expect([rig.mappedPages, rig.releasedPages]).toEqual([mapped, mapped - 3]);
      expect(rig.heap.statistics.heapRetainedBytes).toBe(3 * 8192);
      expect(rig.heap.pages.inUse.totalBytes).toBe(CHUNK * 8192);
    }
  });

  it("release under the lock after the heap grew, before the span is taken; 1.18 after it", () => {
    for (const name of ["go1.15", "go1.17", "go1.18"]) {
      const rig = new Rig(name);
      const pages = rig.holes([300, CHUNK - 300], [0]);
      rig.heap.scavenger.sweepDone();
      rig.heap.scavengeGoalBytes = 400 * 8192;
      // 512 pages are retained, with 300 free. Growth by a chunk exceeds 400 by 624, of which 512 are asked for: the 300 go.
      rig.alloc(301);
      expect(rig.releasedPages).toBe(300 + CHUNK - 301 + (name === "go1.15" ? ARENA - 2 * CHUNK : 0));
      expect(pages[1]).toBe(300);
    }
  });

  it("release nothing before the first collection; from 1.18 on the goal is 0 until then, and growth releases what is free", () => {
    for (const [name, freed] of [
      ["go1.14.0", 0],
      ["go1.15", 0],
      ["go1.17", 0],
      ["go1.18", 300],
    ] as const) {
      const rig = new Rig(name);
      rig.holes([300, CHUNK - 300], [0]);
      rig.heap.scavenger.sweepDone();
      rig.heap.scavenger.paced();
      expect([name, rig.heap.isAtGoals]).toEqual([name, freed === 0]);
      rig.alloc(301);
      expect([name, rig.heap.statistics.scavengedBytes / 8192]).toEqual([name, freed]);
      // Like a collection before which there was none: SetGCPercent at the start of a program.
      rig.heap.paceScavenger(1000 * 8192, 0, 0);
      expect(rig.heap.isAtGoals).toBe(true);
    }
  });

  it("up to 1.14.2 leave searchAddr behind the block that a cache took, which may be no memory (golang/go#38605)", () => {
    for (const [name, isInMemory] of [
      ["go1.14.0", false],
      ["go1.14.3", true],
    ] as const) {
      const rig = new Rig(name);
      rig.heap.resizeProcs(1);
      // All of the chunk but its last 64 pages, which a cache then takes.
      rig.alloc(CHUNK - 64);
      rig.heap.allocSpan(0, 1, 0);
      expect(isSearchInMemory(rig.heap.pages)).toBe(isInMemory);
      const page = rig.heap.pages.searchPage - rig.heap.pages.start * CHUNK;
      expect(page).toBe(isInMemory ? CHUNK - 1 : CHUNK);
      checkHeap(rig.heap);
      // Nothing is free below, so what follows is the same: the next span is in new memory.
      expect(rig.alloc(1)).toBe(CHUNK);
    }
  });
});

describe("go1.26", () => {
  it("begins the heap behind some chunks and some pages of padding, which count as released memory", () => {
    const geometry = platform("linux/amd64");
    const start = { chunks: 3, paddingPages: 500 };
    const base = geometry.arenaHintOffs[0]! / geometry.pageBytes;
    for (const name of ["go1.22", "go1.26"]) {
      const isRandom = name === "go1.26";
      const heap = new Heap(geometry, { policy: policyNamed(name), start });
      const first = isRandom ? 3 * CHUNK + 500 : 0;
      // 12 pages are left of the first chunk, so a request of 100 grows the heap by two.
      expect(heap.allocSpan(-1, 100, 0) - base).toBe(first);
      expect(heap.statistics.mappedBytes).toBe((isRandom ? 2 : 1) * CHUNK * 8192);
      expect(heap.statistics.heapRetainedBytes).toBe(100 * 8192);
      checkHeap(heap);
      // The arena is used up to its end.
      while (heap.arenas.count === 1) heap.allocSpan(-1, CHUNK, 0);
      checkHeap(heap);
      heap.scavenge(Number.POSITIVE_INFINITY, true);
      expect(heap.pages.isAllocated(base + first - 1)).toBe(isRandom);
    }
  });

  it("begins elsewhere under another seed, and can be made to begin at the hint", () => {
    const first = (policy: string, seed: string): number => {
      const scenario = { ...readScenario(scenarioPath("steady")), seed, durationNs: 1e6 };
      const run = new ScenarioRun(scenario, { policy: resolvePolicy(policy) });
      run.run();
      return run.heap.pages.start;
    };
    const places = ["1", "2", "3", "4"].map((seed) => first("go1.26", seed));
    expect(new Set(places).size).toBeGreaterThan(1);
    expect(first("go1.26", "1")).toBe(places[0]);
    const hinted = ["1", "2"].map((seed) => first("go1.26{layout.base=hint}", seed));
    expect(hinted).toEqual([first("go1.22", "1"), first("go1.22", "2")]);
  });
});
