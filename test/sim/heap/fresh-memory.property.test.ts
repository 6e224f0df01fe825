import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { FreshMemory } from "../../../sim/heap/fresh-memory.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const PAGES = 200;

/** Of each fresh page: whether it is released. */
class NaiveFresh {
  readonly grown = new Set<number>();
  readonly left = new Map<number, boolean>();
  wentBack = false;

  constructor(private readonly growsReleased: boolean) {}

  /** @returns for a use, how many of the pages were fresh and released */
  apply(what: "add" | "release" | "touch" | "use", pages: readonly number[]): number {
    let used = 0;
    for (const p of pages) {
      if (what === "add") {
        this.grown.add(p);
        this.left.set(p, this.growsReleased);
      }
      if (!this.left.has(p)) continue;
      if (what === "release") {
        if (!this.left.get(p)) this.wentBack = true;
        this.left.set(p, true);
      }
      if (what === "touch") this.left.set(p, false);
      if (what !== "use") continue;
      if (this.left.get(p)) used++;
      this.left.delete(p);
    }
    return used;
  }

  released(): number[] {
    return [...this.left].flatMap(([p, isReleased]) => (isReleased ? [p] : [])).sort((a, b) => a - b);
  }
}

describe("fresh memory", () => {
  it("counts what a set of pages counts", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.nat(PAGES), fc.integer({ min: 1, max: 60 })), {
          maxLength: 60,
          size: "max",
        }),
        (steps) => {
          const fresh = new FreshMemory();
          const grown = new Set<number>();
          const left = new Set<number>();
          for (const [grow, page, npages] of steps) {
            const range = Array.from({ length: npages }, (_, i) => page + i);
            if (grow) {
              // Memory is grown once.
              if (range.some((p) => grown.has(p))) continue;
              fresh.add(page, npages);
              for (const p of range) {
                grown.add(p);
                left.add(p);
              }
            } else {
              expect(fresh.use(page, npages)).toBe(range.filter((p) => left.has(p)).length);
              for (const p of range) left.delete(p);
            }
            expect(fresh.pages).toBe(left.size);
          }
          // Page by page, so that the ranges themselves are seen and not only their sum.
          const pages = Array.from({ length: PAGES + 60 }, (_, p) => p);
          expect(pages.filter((p) => fresh.use(p, 1) === 1)).toEqual(pages.filter((p) => left.has(p)));
          expect(fresh.pages).toBe(0);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  it.each([true, false])("follows each page where new memory counts as released: %s", (growsReleased) => {
    const step = fc.record({
      what: fc.constantFrom("add", "release", "touch", "use"),
      page: fc.nat(PAGES),
      npages: fc.integer({ min: 1, max: 60 }),
    });
    let wentBack = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const fresh = new FreshMemory(growsReleased);
        const naive = new NaiveFresh(growsReleased);
        for (const { what, page, npages } of steps) {
          const pages = Array.from({ length: npages }, (_, i) => page + i);
          if (what === "add" && pages.some((p) => naive.grown.has(p))) continue;
          const used = naive.apply(what, pages);
          expect(fresh[what](page, npages) ?? 0).toBe(used);
          expect([fresh.pages, fresh.releasedPages]).toEqual([naive.left.size, naive.released().length]);
          expect(fresh.wentBack).toBe(naive.wentBack);
          const stretches: number[] = [];
          fresh.eachReleased(page - 20, npages + 40, (from, count) => {
            for (let p = from; p < from + count; p++) stretches.push(p);
          });
          expect(stretches).toEqual(naive.released().filter((p) => p >= page - 20 && p < page + npages + 20));
        }
        if (naive.wentBack) wentBack++;
      }),
      { seed: SEED, numRuns: 200 },
    );
    expect(wentBack).toBeGreaterThan(50);
  });

  it("counts a use that spans several pieces", () => {
    const fresh = new FreshMemory();
    fresh.add(10, 10);
    fresh.add(30, 10);
    expect(fresh.use(14, 2)).toBe(2);
    expect(fresh.use(0, 100)).toBe(18);
    expect(fresh.use(0, 100)).toBe(0);
  });
});
