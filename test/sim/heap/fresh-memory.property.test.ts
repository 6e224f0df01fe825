import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { FreshMemory } from "../../../sim/heap/fresh-memory.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const PAGES = 200;

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

  it("counts a use that spans several pieces", () => {
    const fresh = new FreshMemory();
    fresh.add(10, 10);
    fresh.add(30, 10);
    expect(fresh.use(14, 2)).toBe(2);
    expect(fresh.use(0, 100)).toBe(18);
    expect(fresh.use(0, 100)).toBe(0);
  });
});
