/**
 * The heaps of Go 1.11 to 1.13 beside the obvious model of them: the same addresses, the same released memory, the same spans,
 * after every operation, with the state checkers on.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Geometry } from "../../../../sim/address/geometry.js";
import { platform } from "../../../../sim/address/platforms.js";
import type { SpanFit } from "../../../../sim/heap/fits/span-fit.js";
import { Heap } from "../../../../sim/heap/heap.js";
import { policyNamed } from "../../../../sim/policies/registry.js";
import { ReleaseRequest } from "../../../../sim/scavenge/scavenger.js";
import { checkHeap } from "../../../checkers/state-checkers.js";
import { NaiveSpanHeap } from "./naive-span-heap.js";

const MIB = 2 ** 20;
/** The state checkers walk over all pages, so they do not look after every step. */
const CHECK_EVERY = 10;

/** One thing that is done to both. */
type Step =
  | { readonly do: "alloc"; readonly npages: number; readonly manual: boolean }
  | { readonly do: "free"; readonly which: number }
  | { readonly do: "wait"; readonly ns: number }
  | { readonly do: "old"; readonly unusedNs: number }
  | { readonly do: "all" }
  | { readonly do: "scavenge"; readonly npages: number }
  | { readonly do: "goal"; readonly npages: number };

const npages = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 3, arbitrary: fc.integer({ min: 13, max: 140 }) },
  { weight: 2, arbitrary: fc.integer({ min: 141, max: 700 }) },
);

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 10, arbitrary: fc.record({ do: fc.constant("alloc" as const), npages, manual: fc.boolean() }) },
    { weight: 8, arbitrary: fc.record({ do: fc.constant("free" as const), which: fc.nat() }) },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("wait" as const), ns: fc.integer({ min: 1, max: 100 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("old" as const), unusedNs: fc.integer({ min: 1, max: 100 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ do: "all" as const }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("scavenge" as const), npages }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant("goal" as const), npages: fc.integer({ min: 0, max: 900 }) }),
    },
  ),
  { minLength: 10, maxLength: 120, size: "max" },
);

class Pair {
  readonly heap: Heap;
  readonly naive: NaiveSpanHeap;
  private readonly clock = { nowNs: 0 };
  private readonly live: number[] = [];
  private readonly unit: number;

  constructor(
    private readonly name: string,
    physPageBytes: number,
    seed: number,
  ) {
    const policy = policyNamed(name);
    const base = platform("linux/amd64").spec;
    const geometry = new Geometry({
      ...base,
      arenaBytes: 4 * MIB,
      physPageBytes,
      physHugePageBytes: 2 * MIB,
    });
    this.unit = geometry.pageBytes;
    this.heap = new Heap(geometry, { policy, seed, clock: this.clock });
    this.naive = new NaiveSpanHeap(policy, {
      arenaPages: geometry.arenaPages,
      minPages: Math.max(1, physPageBytes / geometry.pageBytes),
      hugePages: 256,
      physPagesPerPage: geometry.pageBytes / physPageBytes,
      base: geometry.arenaHintOffs[0]! / geometry.pageBytes,
      seed,
    });
  }

  run(steps: readonly Step[]): void {
    steps.forEach((step, i) => {
      this.step(step);
      this.compare();
      if (i % CHECK_EVERY === 0 || i === steps.length - 1) checkHeap(this.heap);
    });
  }

  private step(step: Step): void {
    const { heap, naive, unit } = this;
    switch (step.do) {
      case "alloc": {
        const page = heap.allocSpan(-1, step.npages, 0);
        expect(page).toBe(naive.alloc(step.npages));
        this.live.push(page);
        return;
      }
      case "free": {
        if (this.live.length === 0) return;
        const [page] = this.live.splice(step.which % this.live.length, 1);
        heap.freeSpan(page!);
        naive.free(page!);
        return;
      }
      case "wait":
        this.clock.nowNs += step.ns;
        naive.nowNs = this.clock.nowNs;
        return;
      case "old":
        if (this.name !== "go1.13.3") this.scavengeOld(step.unusedNs);
        return;
      case "all": {
        const released = heap.scavenge(Number.POSITIVE_INFINITY, true);
        const want = this.name === "go1.13.3" ? naive.scavengeHighest(2 ** 30) : naive.scavengeOld(-1);
        expect(released).toBe(want * unit);
        return;
      }
      case "scavenge":
        if (this.name === "go1.13.3") {
          expect(heap.scavenge(step.npages * unit)).toBe(naive.scavengeHighest(step.npages) * unit);
        }
        return;
      case "goal":
        if (this.name !== "go1.13.3") return;
        heap.scavengeGoalBytes = step.npages * unit;
        naive.goalPages = step.npages;
    }
  }

  private scavengeOld(unusedNs: number): void {
    const { heap, naive } = this;
    const request = new ReleaseRequest();
    let released = 0;
    heap.scavenger.begin(request, false);
    request.unusedNs = unusedNs;
    while (heap.scavenger.next(request, Number.POSITIVE_INFINITY)) {
      heap.beginRelease(request.page, request.npages);
      released += heap.endRelease(request.page, request.npages);
    }
    heap.scavenger.end(request);
    expect(released).toBe(naive.scavengeOld(unusedNs) * this.unit);
  }

  private compare(): void {
    const { heap, naive, unit } = this;
    const fit = heap.fit as SpanFit;
    const { rows } = fit;
    const got: string[] = [];
    for (const { page } of naive.spans) {
      const row = fit.starts.get(page);
      got.push(`${page} ${rows.npages[row]} ${rows.scavenged[row]} ${rows.sinceNs[row]}`);
    }
    const want = naive.spans.map((s) => `${s.page} ${s.npages} ${s.scavenged ? 1 : 0} ${s.sinceNs}`);
    expect(got).toEqual(want);
    expect(rows.count).toBe(want.length);
    expect(heap.statistics.mappedBytes).toBe(naive.mappedPages * unit);
    expect(heap.statistics.heapReleasedBytes).toBe(naive.releasedPages * unit);
    expect(heap.scavengeCreditBytes).toBe(naive.creditPages * unit);
  }
}

describe("the heaps of Go 1.11 to 1.13 do what the obvious model does", () => {
  for (const name of ["go1.11", "go1.12.0", "go1.12.5", "go1.13.3"]) {
    for (const physPageBytes of [4096, 65_536]) {
      test(`${name}, physical pages of ${physPageBytes} bytes`, () => {
        fc.assert(
          fc.property(steps, fc.nat(), (list, seed) => new Pair(name, physPageBytes, seed).run(list)),
          { numRuns: 40, endOnFailure: true },
        );
      });
    }
  }
});
