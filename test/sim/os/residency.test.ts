import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { KIND_STACK } from "../../../sim/heap/kinds.js";
import { HugePages } from "../../../sim/os/huge-pages.js";
import { Residency } from "../../../sim/os/residency.js";
import { NaiveResidency } from "./naive-residency.js";

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

  it("is that of a system with an object for each page, under huge pages, large pages and MADV_FREE", () => {
    const PAGES = 256;
    const options = fc.record({
      regionPages: fc.constantFrom(0, 16, 64),
      thp: fc.constantFrom("always" as const, "madvise" as const, "none" as const),
      physPages: fc.constantFrom(1, 1, 4),
      lazy: fc.boolean(),
      maxPages: fc.constantFrom(Number.POSITIVE_INFINITY, 150),
    });
    // Ranges by whole physical pages: the runtime releases no others.
    const step = fc.record({
      what: fc.constantFrom("use", "use", "release", "release", "collapse", "collapse", "advise"),
      from: fc.nat(63),
      length: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 })),
      odd: fc.nat(3),
      flag: fc.boolean(),
      absent: fc.constantFrom(3, 12, 60, 64),
    });
    let [huges, lazies, splits, collapses] = [0, 0, 0, 0];
    fc.assert(
      fc.property(options, fc.array(step, { minLength: 8, maxLength: 45 }), (how, steps) => {
        const { regionPages, thp, physPages, lazy, maxPages } = how;
        const residency = new Residency(regionPages, { physPages, lazy });
        const huge = regionPages === 0 || thp === "none" ? null : new HugePages(thp, regionPages);
        residency.hugePages = huge;
        residency.maxPages = maxPages;
        const naive = new NaiveResidency(how, PAGES);
        const inUse = new Set<number>();
        for (const { what, from, length, odd, flag, absent } of steps) {
          const base = from * 4;
          const npages = Math.min(length * 4, PAGES - base);
          const region = regionPages === 0 ? 0 : Math.floor(base / regionPages);
          if (what === "use") {
            // A span need not be whole physical pages.
            const pages = npages - (npages > odd ? odd : 0);
            residency.use(base, pages, flag ? LARGE_NOSCAN : LARGE_SCAN);
            naive.use(base, pages, flag);
            for (let p = base; p < base + pages; p++) inUse.add(p);
          } else if (what === "release") {
            for (let p = base; p < base + npages; p++) inUse.delete(p);
            expect(counts(residency, base, npages)).toEqual(naive.release(base, npages));
          } else if (what === "collapse" && huge !== null) {
            const done = naive.collapse(region, absent);
            expect(residency.collapse(region, absent)).toBe(done);
            if (done) collapses++;
          } else if (what === "advise" && huge !== null) {
            huge.advise(region, region + 1, flag);
            naive.advise(region, region + 1, flag);
          }
          expect(residency.residentPages).toBe(naive.resident);
          expect(residency.lazyPages).toBe(naive.pages.filter((page) => page.lazy).length);
          for (const p of inUse) expect(residency.isResident(p) && !residency.isLazilyFreed(p)).toBe(true);
          expect(residency.faultedPages).toBe(naive.faulted);
          naive.regions.forEach((one, r) => {
            expect([r, huge!.isBacked(r)]).toEqual([r, one.huge]);
            if (one.huge) expect(residency.residentIn(r)).toBe(regionPages);
          });
          expect(huge?.backed ?? 0).toBe(naive.regions.filter((one) => one.huge).length);
          expect(huge?.faults ?? 0).toBe(naive.hugeFaults);
          expect(huge?.advisedFaults ?? 0).toBe(naive.advisedFaults);
          expect(huge?.splits ?? 0).toBe(naive.splits);
          huges += naive.hugeFaults;
          lazies += residency.lazyPages;
          splits += naive.splits;
        }
        const wanted = Math.ceil(residency.lazyPages / 2);
        const before = [residency.residentPages, residency.lazyPages] as const;
        const taken = residency.reclaim(wanted);
        expect(taken).toBeGreaterThanOrEqual(wanted);
        expect([residency.residentPages, residency.lazyPages]).toEqual([
          before[0] - taken,
          before[1] - taken,
        ]);
        residency.reclaim(Number.POSITIVE_INFINITY);
        expect(residency.lazyPages).toBe(0);
        for (const p of inUse) expect(residency.isResident(p)).toBe(true);
        naive.regions.forEach((_, r) => {
          if (huge!.isBacked(r)) expect(residency.residentIn(r)).toBe(regionPages);
        });
      }),
      { seed: SEED, numRuns: 500 },
    );
    for (const seen of [huges, lazies, splits, collapses]) expect(seen).toBeGreaterThan(60);
  });
});
