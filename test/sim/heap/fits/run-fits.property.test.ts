/** Fits that no release has, beside a search of the whole heap, page by page. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Geometry } from "../../../../sim/address/geometry.js";
import { platform } from "../../../../sim/address/platforms.js";
import { Heap } from "../../../../sim/heap/heap.js";
import { policyNamed } from "../../../../sim/policies/registry.js";
import { checkHeap } from "../../../checkers/state-checkers.js";

type Step =
  | { readonly do: "alloc"; readonly npages: number; readonly long: boolean }
  | { readonly do: "free"; readonly which: number };

const npages = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 12 }) },
  { weight: 2, arbitrary: fc.integer({ min: 13, max: 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 201, max: 600 }) },
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 6, arbitrary: fc.record({ do: fc.constant("alloc" as const), npages, long: fc.boolean() }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant("free" as const), which: fc.nat() }) },
  ),
  { minLength: 30, maxLength: 150, size: "max" },
);

/** Where a request goes: a page of those that are free, or undefined. */
type Search = (free: ReadonlySet<number>, npages: number, long: boolean) => number | undefined;

/** Stretches of free pages, from below: [first, length]. */
function runsOf(free: ReadonlySet<number>): [number, number][] {
  const runs: [number, number][] = [];
  for (const page of [...free].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === page) last[1]++;
    else runs.push([page, 1]);
  }
  return runs;
}

const isRoom = (free: ReadonlySet<number>, page: number, npages: number): boolean => {
  for (let p = page; p < page + npages; p++) if (!free.has(p)) return false;
  return true;
};

/** A new search for each test: next fit remembers. */
const SEARCHES: Readonly<Record<string, () => Search>> = {
  "best-fit": () => (free, npages) =>
    runsOf(free)
      .filter(([, length]) => length >= npages)
      .sort((a, b) => a[1] - b[1] || a[0] - b[0])[0]?.[0],
  "next-fit": () => {
    let last = 0;
    return (free, npages) => {
      const places = [...free].filter((page) => isRoom(free, page, npages)).sort((a, b) => a - b);
      const page = places.find((place) => place >= last) ?? places[0];
      if (page !== undefined) last = page + npages;
      return page;
    };
  },
  "lifetime-split": () => (free, npages, long) => {
    const places = [...free].filter((page) => isRoom(free, page, npages)).sort((a, b) => a - b);
    return long ? places[0] : places.at(-1);
  },
};

class Rig {
  readonly heap: Heap;
  readonly live: { page: number; npages: number }[] = [];
  readonly free = new Set<number>();

  constructor(name: string) {
    const geometry = new Geometry({ ...platform("linux/amd64").spec, arenaBytes: 2 ** 23 });
    this.heap = new Heap(geometry, { policy: policyNamed(name) });
  }

  /** Allocates past the page caches. */
  alloc(npages: number, long: boolean): number {
    const page = this.heap.allocSpan(-1, npages, 0, long);
    this.live.push({ page, npages });
    for (let p = page; p < page + npages; p++) this.free.delete(p);
    return page;
  }

  release(which: number): void {
    if (this.live.length === 0) return;
    const [{ page, npages }] = this.live.splice(which % this.live.length, 1) as [
      { page: number; npages: number },
    ];
    this.heap.freeSpan(page);
    for (let p = page; p < page + npages; p++) this.free.add(p);
  }

  /** What the heap would have, did it grow for a request. */
  grown(npages: number): Set<number> {
    const free = new Set(this.free);
    const geometry = this.heap.geometry;
    const end = this.heap.pages.end * geometry.chunkPages || geometry.arenaHintOffs[0]! / geometry.pageBytes;
    const size = Math.ceil(npages / geometry.chunkPages) * geometry.chunkPages;
    for (let p = end; p < end + size; p++) free.add(p);
    return free;
  }

  /** Takes note of what growing brought. */
  noteGrowth(before: number): void {
    const { heap } = this;
    const { chunkPages } = heap.geometry;
    const from = before === 0 ? heap.pages.start : before;
    for (let p = from * chunkPages; p < heap.pages.end * chunkPages; p++) {
      if (!heap.pages.isAllocated(p)) this.free.add(p);
    }
  }
}

describe("fits place spans where a search page by page does", () => {
  test.each(Object.entries(SEARCHES))("%s", (name, makeSearch) => {
    let grew = 0;
    let found = 0;
    fc.assert(
      fc.property(steps, (list) => {
        const rig = new Rig(name);
        const search = makeSearch();
        list.forEach((step, i) => {
          if (step.do === "free") rig.release(step.which);
          else {
            const before = rig.heap.pages.end;
            const here = search(rig.free, step.npages, step.long);
            const want = here ?? search(rig.grown(step.npages), step.npages, step.long);
            if (here === undefined) grew++;
            else found++;
            expect(rig.alloc(step.npages, step.long)).toBe(want);
            rig.noteGrowth(before);
          }
          if (i % 20 === 0) checkHeap(rig.heap);
        });
      }),
      { numRuns: 20, endOnFailure: true },
    );
    expect(grew).toBeGreaterThan(20);
    expect(found).toBeGreaterThan(500);
  });

  test("hugepage-filler: the fullest huge page that has room, and its lowest place", () => {
    let choices = 0;
    fc.assert(
      fc.property(steps, (list) => {
        const rig = new Rig("hugepage-filler");
        list.forEach((step, i) => {
          if (step.do === "free") rig.release(step.which);
          else {
            const before = rig.heap.pages.end;
            const units = unitsWithRoom(rig.free, step.npages);
            const page = rig.alloc(step.npages, step.long);
            if (step.npages < 256 && units.length > 0) {
              const fullest = Math.min(...units.map((unit) => unit.free));
              expect(units).toContainEqual({ first: page - (page % 256), free: fullest, place: page });
              if (units.length > 1) choices++;
            }
            // Without a huge page that has room the heap grows, though there may be room across two.
            if (step.npages < 256 && units.length === 0) expect(rig.heap.pages.end).toBeGreaterThan(before);
            rig.noteGrowth(before);
          }
          if (i % 20 === 0) checkHeap(rig.heap);
        });
      }),
      { numRuns: 20, endOnFailure: true },
    );
    expect(choices).toBeGreaterThan(100);
  });
});

/** Huge pages with a free stretch of so many pages, with their free pages and the lowest place in them. */
function unitsWithRoom(
  free: ReadonlySet<number>,
  npages: number,
): { first: number; free: number; place: number }[] {
  const units = new Map<number, number>();
  for (const page of free) units.set(page - (page % 256), (units.get(page - (page % 256)) ?? 0) + 1);
  return [...units].flatMap(([first, count]) => {
    for (let place = first; place + npages <= first + 256; place++) {
      if (isRoom(free, place, npages)) return [{ first, free: count, place }];
    }
    return [];
  });
}
