import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { KIND_STACK } from "../../../sim/heap/kinds.js";
import { Residency } from "../../../sim/os/residency.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const LARGE_SCAN = 0;
const LARGE_NOSCAN = 1;
/** Objects of 3456 and of 4096 bytes without pointers. */
const CLASS_3456 = 43 * 2 + 1;
const CLASS_4096 = 44 * 2 + 1;

function counts(residency: Residency, page: number, npages: number): number[] {
  residency.release(page, npages);
  return [residency.touched, residency.optional, residency.huge];
}

describe("residency of pages", () => {
  it("knows who writes to fresh memory", () => {
    const residency = new Residency(0);
    residency.use(0, 2, LARGE_SCAN);
    residency.use(2, 3, LARGE_NOSCAN);
    residency.use(5, 1, CLASS_3456);
    residency.use(6, 1, CLASS_4096);
    residency.use(7, 4, KIND_STACK);
    expect(counts(residency, 0, 12)).toEqual([2 + 1 + 4, 3 + 1, 0]);
    // What went back is absent.
    expect(counts(residency, 0, 12)).toEqual([0, 0, 0]);
  });

  it("takes memory that was in use before as cleared, released or not, also when it is only a part", () => {
    const residency = new Residency(0);
    residency.use(10, 1, LARGE_SCAN);
    residency.release(10, 1);
    residency.use(8, 4, LARGE_NOSCAN);
    expect(counts(residency, 8, 4)).toEqual([4, 0, 0]);
  });

  it("counts huge pages that were touched as a whole", () => {
    const residency = new Residency(256);
    residency.use(100, 800, LARGE_SCAN);
    // [256, 512) and [512, 768) are whole; of the rest 156 and 132 pages.
    expect(counts(residency, 100, 800)).toEqual([156 + 132, 0, 2]);
    residency.use(1024, 256, LARGE_NOSCAN);
    expect(counts(residency, 1024, 256)).toEqual([0, 256, 0]);
  });

  it("is that of a record for each page", () => {
    const span = fc.record({
      page: fc.nat(1200),
      npages: fc.integer({ min: 1, max: 600 }),
      kind: fc.constantFrom(LARGE_SCAN, LARGE_NOSCAN, CLASS_3456, CLASS_4096, KIND_STACK),
      release: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(span, { maxLength: 30 }), fc.constantFrom(0, 16, 256), (steps, huge) => {
        const residency = new Residency(huge);
        const state = new Array<string>(2000).fill("absent");
        const used = new Array<boolean>(2000).fill(false);
        for (const { page, npages, kind, release } of steps) {
          const pages = Array.from({ length: npages }, (_, i) => page + i);
          if (release) {
            const whole = new Set<number>();
            for (const p of pages) {
              if (huge === 0 || p % huge !== 0 || p + huge > page + npages) continue;
              const all = Array.from({ length: huge }, (_, i) => p + i);
              if (all.every((q) => state[q] === "touched")) for (const q of all) whole.add(q);
            }
            const count = (wanted: string): number =>
              pages.filter((p) => state[p] === wanted && !whole.has(p)).length;
            const expected = [count("touched"), count("optional"), huge === 0 ? 0 : whole.size / huge];
            expect(counts(residency, page, npages)).toEqual(expected);
            for (const p of pages) state[p] = "absent";
          } else {
            const mayChoose = kind === LARGE_NOSCAN || kind === CLASS_4096;
            const next = mayChoose && !pages.some((p) => used[p]) ? "optional" : "touched";
            residency.use(page, npages, kind);
            for (const p of pages) {
              state[p] = next;
              used[p] = true;
            }
          }
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});
