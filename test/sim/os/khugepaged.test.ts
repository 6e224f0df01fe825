import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Simulation } from "../../../engine/simulation.js";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { HugePages, type ThpMode } from "../../../sim/os/huge-pages.js";
import { DEFAULT_KHUGEPAGED, Khugepaged, type KhugepagedOptions } from "../../../sim/os/khugepaged.js";
import { checkResidency } from "../../checkers/check-residency.js";

vi.setConfig({ testTimeout: 120_000 });
const SEED = Number(process.env.FC_SEED ?? 118);
const REGION = 256;
const SECOND = 1e9;

function machine(options: Partial<KhugepagedOptions> = {}, mode: ThpMode = "always", chunks = 16) {
  const sim = new Simulation();
  const heap = new Heap(platform("linux/amd64"));
  const huge = new HugePages(mode, REGION);
  const residency = heap.trackResidency();
  residency.hugePages = huge;
  const khugepaged = new Khugepaged(sim, heap.pages, residency, huge, {
    ...DEFAULT_KHUGEPAGED,
    ...options,
  });
  heap.resizeProcs(1);
  heap.grow(chunks * 512);
  const base = heap.pages.start * 512;
  return { sim, heap, huge, khugepaged, base, region: base / REGION };
}

describe("khugepaged", () => {
  it("brings released memory back, 8 regions in 10 s with Linux' own settings", () => {
    const { sim, heap, huge, khugepaged, base } = machine();
    heap.freeSpan(heap.allocSpan(-1, 16 * 512, 0));
    expect(huge.backed).toBe(32);
    // All but one page of each huge page goes back.
    for (let r = 0; r < 32; r++) {
      heap.beginRelease(base + r * REGION, REGION - 1);
      heap.endRelease(base + r * REGION, REGION - 1);
    }
    expect([huge.backed, heap.residency!.residentPages, heap.statistics.heapRetainedBytes / 8192]).toEqual([
      0, 32, 32,
    ]);
    sim.run(10 * SECOND - 1);
    expect(khugepaged.collapses).toBe(0);
    sim.run(10 * SECOND);
    expect([khugepaged.collapses, khugepaged.broughtInPages]).toEqual([8, 8 * 255]);
    sim.run(40 * SECOND);
    // The runtime still thinks that 32 pages are retained.
    expect([huge.backed, heap.residency!.residentPages, heap.statistics.heapRetainedBytes / 8192]).toEqual([
      32, 8192, 32,
    ]);
    sim.run(100 * SECOND);
    expect(khugepaged.collapses).toBe(32);
    checkResidency(heap);
  });

  it("wants as many pages to be there as max_ptes_none says", () => {
    for (const [maxPtesNone, collapses] of [
      [0, 0],
      [399, 0],
      [400, 1],
      [511, 1],
    ] as const) {
      const { sim, heap, huge, khugepaged, region } = machine({ maxPtesNone });
      huge.advise(region, region + 1, false);
      heap.allocSpan(-1, 56, 0);
      huge.advise(region, region + 1, true);
      sim.run(10 * SECOND);
      // 56 pages of 8 KiB are 112 of 512 physical ones.
      expect([maxPtesNone, khugepaged.collapses]).toEqual([maxPtesNone, collapses]);
    }
  });

  it("makes nothing of nothing, nor of what the program refused, nor without being allowed, nor without memory", () => {
    const whole = (change: (m: ReturnType<typeof machine>) => void, mode: ThpMode = "always"): number => {
      const m = machine({}, mode);
      m.huge.advise(m.region, m.region + 1, false);
      m.heap.allocSpan(-1, 10, 0);
      m.huge.advise(m.region, m.region + 1, true);
      change(m);
      m.sim.run(60 * SECOND);
      return m.khugepaged.collapses;
    };
    expect(whole(() => {})).toBe(1);
    expect(whole(() => {}, "madvise")).toBe(1);
    expect(whole((m) => m.huge.advise(m.region, m.region + 1, false))).toBe(0);
    expect(whole((m) => (m.heap.residency!.maxPages = 200))).toBe(0);
    expect(
      whole((m) => {
        m.heap.freeSpan(m.base);
        m.heap.beginRelease(m.base, 10);
        m.heap.endRelease(m.base, 10);
      }),
    ).toBe(0);
  });

  it("comes by every region in turn: after enough rounds, all that can be a huge page is one", () => {
    fc.assert(
      fc.property(
        fc.record({
          maxPtesNone: fc.integer({ min: 0, max: 511 }),
          scanPages: fc.integer({ min: 1, max: 9000 }),
          scanNs: fc.integer({ min: 1, max: 1000 }),
        }),
        fc.array(
          fc.record({ region: fc.nat(31), from: fc.nat(255), npages: fc.integer({ min: 1, max: 256 }) }),
          {
            maxLength: 20,
          },
        ),
        (options, holes) => {
          const { sim, heap, huge, khugepaged, base, region } = machine(options);
          heap.freeSpan(heap.allocSpan(-1, 16 * 512, 0));
          const gone = new Set<number>();
          for (const { region: r, from, npages } of holes) {
            const first = base + r * REGION + from;
            for (let p = first; p < Math.min(first + npages, base + (r + 1) * REGION); p++) {
              if (gone.has(p)) continue;
              gone.add(p);
              heap.beginRelease(p, 1);
              heap.endRelease(p, 1);
            }
          }
          // A round looks at one region at least.
          sim.run(33 * options.scanNs);
          for (let r = 0; r < 32; r++) {
            const absent = [...gone].filter((p) => Math.floor((p - base) / REGION) === r).length;
            const isHuge = absent === 0 || (absent < REGION && 2 * absent <= options.maxPtesNone);
            expect([r, absent, huge.isBacked(region + r)]).toEqual([r, absent, isHuge]);
          }
          expect(khugepaged.broughtInPages).toBe(heap.residency!.residentPages - (32 * REGION - gone.size));
          checkResidency(heap);
        },
      ),
      { seed: SEED, numRuns: 100 },
    );
  });
});
