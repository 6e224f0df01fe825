/** The oracle: what it releases is not used within the horizon, and what it keeps is, by an account of the test's own. */

import { describe, expect, it } from "vitest";
import { scenarioPath } from "../../../scenarios/library.js";
import { resolvePolicy } from "../../../studies/policies.js";
import { ScenarioRun } from "../../../studies/scenario-run.js";
import { readScenario } from "../../../studies/scenarios.js";

interface Span {
  readonly page: number;
  readonly npages: number;
  readonly fromNs: number;
  toNs: number;
}

/** Runs a small `steady`, and tells its spans and what was released and when. */
function run(policy: string, sets: string[] = []) {
  const scenario = readScenario(scenarioPath("steady"), { params: ["scale=0.2"], sets });
  const one = new ScenarioRun({ ...scenario, durationNs: 8e9 }, { policy: resolvePolicy(policy) });
  const spans: Span[] = [];
  const live = new Map<number, Span>();
  const releases: { page: number; npages: number; atNs: number }[] = [];
  const { heap, sim } = one;
  const retained: [number, number][] = [];
  const allocSpan = heap.allocSpan.bind(heap);
  const freeSpan = heap.freeSpan.bind(heap);
  const endRelease = heap.endRelease.bind(heap);
  const note = (): void => void retained.push([sim.nowNs, heap.statistics.heapRetainedBytes]);
  heap.allocSpan = (p, npages, kind, long) => {
    const page = allocSpan(p, npages, kind, long);
    const span = { page, npages, fromNs: sim.nowNs, toNs: Number.POSITIVE_INFINITY };
    spans.push(span);
    live.set(page, span);
    note();
    return page;
  };
  heap.freeSpan = (page) => {
    live.get(page)!.toNs = sim.nowNs;
    freeSpan(page);
    note();
  };
  heap.endRelease = (page, npages) => {
    releases.push({ page, npages, atNs: sim.nowNs });
    return endRelease(page, npages);
  };
  one.run();
  return { one, spans, releases, retained };
}

/** When a page is used first after a time, by all spans that there were. */
function nextUse(spans: readonly Span[], page: number, afterNs: number): number {
  let first = Number.POSITIVE_INFINITY;
  for (const span of spans) {
    if (page >= span.page && page < span.page + span.npages && span.fromNs >= afterNs) {
      first = Math.min(first, span.fromNs);
    }
  }
  return first;
}

describe.each([200e6, 2e9])("with a horizon of %d ns", (horizonNs) => {
  const policy = `oracle-release{scavenger.horizonNs=${horizonNs}}`;

  it("nothing that it releases is used within the horizon", () => {
    const { spans, releases } = run(policy);
    expect(releases.length).toBeGreaterThan(10);
    for (const { page, npages, atNs } of releases) {
      for (let p = page; p < page + npages; p++) {
        // A use at the instant of the release would be one of the span that was just freed.
        expect(nextUse(spans, p, atNs) - atNs).toBeGreaterThan(horizonNs);
      }
    }
  });

  it("what it keeps though it is free is used within the horizon", () => {
    const { one, spans, releases } = run(policy);
    const { tree } = one.heap.pages;
    const { chunkPages } = one.heap.geometry;
    const cached = new Set<number>();
    for (const cache of one.heap.caches) for (let i = 0; i < 64; i++) cached.add(cache.page + i);
    let kept = 0;
    for (const span of spans) {
      if (span.toNs === Number.POSITIVE_INFINITY) continue;
      for (let p = span.page; p < span.page + span.npages; p++) {
        const next = nextUse(spans, p, span.toNs);
        const gone = releases.some(
          ({ page, npages, atNs }) => p >= page && p < page + npages && atNs === span.toNs,
        );
        expect(gone).toBe(next - span.toNs > horizonNs);
        if (!gone) kept++;
      }
    }
    expect(kept).toBeGreaterThan(100);
    // So in the end only what was freed a moment ago, and would be used, is free and resident.
    for (let chunk = one.heap.pages.start; chunk < one.heap.pages.end; chunk++) {
      const flat = tree.flatChunk(chunk);
      for (let i = 0; i < chunkPages; i++) {
        const page = chunk * chunkPages + i;
        if (one.heap.pages.isAllocated(page) || cached.has(page) || tree.isScavenged(flat, i)) continue;
        throw new Error(`page ${page} is free and resident, though nobody will use it`);
      }
    }
  });
});

describe("as a bound", () => {
  it("keeps less than every other policy with the same placement, at every moment", () => {
    // go1.22 places spans alike, and without its scavenger nothing is refaulted at all.
    const bound = run("oracle-release{scavenger.horizonNs=0}");
    const other = run("go1.22{limit.supported=false,limit.headroomPercent=0,alloc.scavenge=none}");
    expect(other.spans.map(({ page }) => page)).toEqual(bound.spans.map(({ page }) => page));
    bound.retained.forEach(([atNs, bytes], i) => {
      expect(other.retained[i]![0]).toBe(atNs);
      expect(other.retained[i]![1]).toBeGreaterThanOrEqual(bytes);
    });
  });
});
