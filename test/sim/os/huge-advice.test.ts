import { describe, expect, it } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { backedPagesInUse } from "../../../sim/heap/huge-coverage.js";
import { HugeAdvice } from "../../../sim/os/huge-advice.js";
import { HugePages, type ThpMode } from "../../../sim/os/huge-pages.js";
import { resolvePolicy } from "../../../studies/policies.js";
import { checkResidency } from "../../checkers/check-residency.js";

const COSTS = { adviceCallNs: 10, collapseNs: 1000, compactNs: 5 };
const REGION = 256;
const CHUNK = 512;

/** A heap with huge pages, grown by so many chunks; its first page stands at 0 of `at`. */
function heapWith(kind: string, mode: ThpMode = "always", chunks = 4) {
  const heap = new Heap(platform("linux/amd64"), {
    policy: resolvePolicy(`go1.18{system.hugePages=${kind}}`),
  });
  const huge = new HugePages(mode, REGION);
  const residency = heap.trackResidency();
  residency.hugePages = huge;
  const advice = new HugeAdvice(heap.policy.system.hugePages, 0.96875, heap.pages, residency, huge, COSTS);
  heap.hugeAdvice = advice;
  heap.resizeProcs(1);
  heap.grow(chunks * CHUNK);
  const base = heap.pages.start * CHUNK;
  const region = (page: number) => Math.floor((base + page) / REGION);
  return { heap, huge, advice, base, region };
}

/** Releases pages now. */
function release(heap: Heap, page: number, npages: number): void {
  heap.beginRelease(page, npages);
  heap.endRelease(page, npages);
}

describe("what the runtime says about huge pages", () => {
  it("head-tail: releases refuse the huge pages that they cut at their ends, as one call when those are neighbours", () => {
    const { heap, huge, advice, base, region } = heapWith("head-tail");
    heap.freeSpan(heap.allocSpan(-1, 4 * REGION, 0));
    // Taken by a span that touches its fresh memory: whole huge pages are asked for, in one call.
    expect([advice.calls, huge.isAdvised(region(0)), huge.backed]).toEqual([1, true, 4]);
    release(heap, base + 8, 8);
    expect([huge.isRefused(region(0)), huge.isRefused(region(REGION)), advice.calls]).toEqual([
      true,
      false,
      2,
    ]);
    release(heap, base + REGION, REGION);
    // A whole one is not marked, and goes as a whole.
    expect([huge.isRefused(region(REGION)), advice.calls, huge.backed]).toEqual([false, 2, 2]);
    release(heap, base + 3 * REGION - 4, 8);
    expect([huge.isRefused(region(2 * REGION)), huge.isRefused(region(3 * REGION)), advice.calls]).toEqual([
      true,
      true,
      3,
    ]);
    expect([huge.backed, huge.splits]).toEqual([0, 3]);
    checkResidency(heap);
    // Used again: only whole huge pages are asked for.
    const page = heap.allocSpan(-1, REGION + 100, 0);
    expect(page).toBe(base);
    expect([huge.isRefused(region(0)), huge.isRefused(region(REGION))]).toEqual([false, false]);
    // The one that went as a whole comes back as one, the broken one in small pages.
    expect([huge.isBacked(region(0)), huge.isBacked(region(REGION))]).toEqual([false, true]);
    expect(advice.ns).toBe(advice.calls * COSTS.adviceCallNs);
    checkResidency(heap);
  });

  it("head-tail: two ends apart are two calls, and a range within one huge page is one", () => {
    const { heap, advice, base } = heapWith("head-tail");
    heap.freeSpan(heap.allocSpan(-1, 4 * REGION, 0));
    const before = advice.calls;
    release(heap, base + 100, 2);
    expect(advice.calls).toBe(before + 1);
    heap.freeSpan(heap.allocSpan(-1, 4 * REGION, 0));
    const between = advice.calls;
    release(heap, base + 100, 2 * REGION);
    expect(advice.calls).toBe(between + 2);
  });

  it("dense: asks for new memory, refuses a chunk before its first release, and asks again when it becomes dense", () => {
    const { heap, huge, advice, base, region } = heapWith("dense", "madvise");
    expect([huge.isAdvised(region(0)), huge.isAdvised(region(7 * REGION)), advice.calls]).toEqual([
      true,
      true,
      1,
    ]);
    const span = heap.allocSpan(-1, CHUNK - 32, 0);
    expect([span, huge.backed, huge.advisedFaults]).toEqual([base, 2, 2]);
    heap.freeSpan(span);
    release(heap, base, 8);
    release(heap, base + 16, 8);
    expect([
      huge.isRefused(region(0)),
      huge.isRefused(region(REGION)),
      huge.isRefused(region(CHUNK)),
    ]).toEqual([true, true, false]);
    expect([advice.calls, huge.backed]).toEqual([2, 1]);
    for (let i = 0; i < 496; i++) heap.allocSpan(-1, 1, 0);
    expect([huge.isRefused(region(0)), advice.calls]).toEqual([true, 2]);
    // 497 of 512 pages are more than 31 of 32.
    heap.allocSpan(-1, 1, 0);
    expect([huge.isAdvised(region(0)), huge.isAdvised(region(REGION)), advice.calls]).toEqual([
      true,
      true,
      3,
    ]);
    for (let i = 0; i < 15; i++) heap.allocSpan(-1, 1, 0);
    expect(advice.calls).toBe(3);
    checkResidency(heap);
  });

  it("collapse: makes huge pages of a chunk that becomes dense, page by page or by a cache, but not by one span", () => {
    const { heap, huge, advice, base, region } = heapWith("collapse", "madvise");
    for (let i = 0; i < 496; i++) heap.allocSpan(-1, 1, 0);
    expect([advice.calls, huge.backed]).toEqual([0, 0]);
    heap.allocSpan(-1, 1, 0);
    expect([advice.calls, advice.collapses, huge.backed]).toEqual([1, 2, 2]);
    expect(advice.ns).toBe(10 + 2 * 1005);
    expect(heap.residency!.residentPages).toBe(512);
    // The next chunk goes by the page cache of a P: 64 pages at a time.
    for (let i = 0; i < 15 + 448; i++) heap.allocSpan(0, 1, 0);
    expect([advice.calls, huge.backed]).toEqual([1, 2]);
    heap.allocSpan(0, 1, 0);
    expect([advice.calls, advice.collapses]).toEqual([2, 4]);
    heap.allocSpan(-1, CHUNK, 0);
    expect([advice.calls, huge.isBacked(region(2 * CHUNK))]).toEqual([2, false]);
    expect(heap.residency!.isResident(base + 2 * CHUNK)).toBe(true);
    checkResidency(heap);
  });

  it("none: says nothing, and the system does what it allows", () => {
    for (const [mode, backed] of [
      ["always", 8],
      ["madvise", 0],
    ] as const) {
      const { heap, huge, advice, base } = heapWith("none", mode);
      heap.freeSpan(heap.allocSpan(-1, 4 * CHUNK, 0));
      expect(huge.backed).toBe(backed);
      release(heap, base, 8);
      expect([advice.calls, advice.ns]).toEqual([0, 0]);
      checkResidency(heap);
    }
  });

  it("coverage counts pages of spans in huge pages, and not what caches hold", () => {
    const { heap, huge } = heapWith("none");
    heap.allocSpan(0, 1, 0);
    // One page in use, 63 in the cache, 256 in memory.
    expect([huge.backed, heap.residency!.residentPages, backedPagesInUse(heap)]).toEqual([1, 256, 1]);
    heap.allocSpan(-1, 300, 0);
    expect([huge.backed, backedPagesInUse(heap)]).toEqual([2, 301]);
  });
});
