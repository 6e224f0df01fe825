import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { Regret } from "../../../sim/os/regret.js";
import { policyNamed } from "../../../sim/policies/registry.js";

vi.setConfig({ testTimeout: 120_000 });
const SEED = Number(process.env.FC_SEED ?? 118);

describe("regret", () => {
  it("counts what is used again within the window, by decision", () => {
    const clock = { nowNs: 0 };
    const regret = new Regret(clock, 100);
    regret.released(0, 16);
    regret.released(600, 4);
    clock.nowNs = 40;
    regret.released(100, 10);
    regret.used(0, 4);
    expect(regret.regrettedPages).toBe(4);
    clock.nowNs = 100;
    regret.used(600, 4);
    expect(regret.regrettedPages).toBe(8);
    clock.nowNs = 101;
    regret.used(4, 20);
    expect([regret.decisions, regret.releasedPages, regret.reusedPages, regret.regrettedPages]).toEqual([
      3, 30, 20, 8,
    ]);
    // Of the first, 4 of 16 were used again in time; the second whole; the third may yet be.
    expect(regret.outcomes()).toEqual({ none: 0, some: 1, most: 0, all: 1, open: 1 });
    clock.nowNs = 141;
    expect(regret.outcomes()).toEqual({ none: 1, some: 1, most: 0, all: 1, open: 0 });
    expect([regret.ages.count, regret.ages.min, regret.ages.max]).toEqual([20, 40, 101]);
  });

  it("forgets pages whose use would be no use again, and with the last of them the decision is over", () => {
    const clock = { nowNs: 0 };
    const regret = new Regret(clock, 100);
    regret.released(508, 8);
    regret.forget(500, 10);
    regret.used(500, 10);
    expect([regret.reusedPages, regret.regrettedPages, regret.ages.count]).toEqual([0, 0, 0]);
    expect(regret.outcomes().open).toBe(1);
    regret.used(510, 2);
    expect(regret.regrettedPages).toBe(2);
    // Forgotten pages are neither used again nor missing: 2 of the 8 were regretted.
    regret.forget(512, 4);
    expect(regret.outcomes()).toEqual({ none: 0, some: 1, most: 0, all: 0, open: 0 });
    // A page can go back again later, as part of another decision.
    regret.released(508, 1);
    regret.used(508, 1);
    expect(regret.outcomes()).toEqual({ none: 0, some: 1, most: 0, all: 1, open: 0 });
  });

  it("is that of a list of decisions", () => {
    const WINDOW = 50;
    const step = fc.record({
      what: fc.constantFrom("released", "used", "forget"),
      page: fc.nat(1100),
      npages: fc.integer({ min: 1, max: 80 }),
      later: fc.constantFrom(0, 0, 1, 10, 40),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: "max" }), (steps) => {
        const clock = { nowNs: 0 };
        const regret = new Regret(clock, WINDOW);
        const decisions: { at: number; pages: Set<number>; npages: number; regretted: number }[] = [];
        let [reused, regretted] = [0, 0];
        for (const { what, page, npages, later } of steps) {
          clock.nowNs += later;
          const pages = Array.from({ length: npages }, (_, i) => page + i);
          if (what === "released") {
            for (const one of decisions) for (const p of pages) one.pages.delete(p);
            decisions.push({ at: clock.nowNs, pages: new Set(pages), npages, regretted: 0 });
            regret.released(page, npages);
          } else if (what === "forget") {
            for (const one of decisions) for (const p of pages) one.pages.delete(p);
            regret.forget(page, npages);
          } else {
            for (const one of decisions) {
              for (const p of pages) {
                if (!one.pages.delete(p)) continue;
                reused++;
                if (clock.nowNs - one.at > WINDOW) continue;
                regretted++;
                one.regretted++;
              }
            }
            regret.used(page, npages);
          }
          expect([regret.reusedPages, regret.regrettedPages]).toEqual([reused, regretted]);
        }
        const outcomes = { none: 0, some: 0, most: 0, all: 0, open: 0 };
        for (const { at, pages, npages, regretted: count } of decisions) {
          if (pages.size > 0 && clock.nowNs - at <= WINDOW) outcomes.open++;
          else if (count === 0) outcomes.none++;
          else if (count === npages) outcomes.all++;
          else if (2 * count < npages) outcomes.some++;
          else outcomes.most++;
        }
        expect(regret.outcomes()).toEqual(outcomes);
        expect(regret.decisions).toBe(decisions.length);
        expect(regret.ages.count).toBe(reused);
        // Places are used again: there are no more than decisions that were open at once.
        expect(regret["places"] - regret["vacant"].length).toBe(
          decisions.filter((one) => one.pages.size > 0).length,
        );
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

describe("a heap that grows by memory that counts as retained", () => {
  it("does not regret the first use of what went back before it was ever in use", () => {
    const heap = new Heap(platform("linux/amd64"), { policy: policyNamed("go1.12.5") });
    const regret = new Regret({ nowNs: 0 });
    heap.regret = regret;
    heap.freeSpan(heap.allocSpan(-1, 100, 0));
    // The heap is an arena of 8192 pages, all of them free and retained, and all go back as one.
    heap.scavenge(Number.POSITIVE_INFINITY);
    expect([regret.decisions, regret.releasedPages]).toEqual([1, 8192]);
    // Of these 150 pages 100 were in use before.
    heap.allocSpan(-1, 150, 0);
    expect([regret.reusedPages, heap.statistics.refaultedBytes / 8192]).toEqual([100, 100]);
    heap.allocSpan(-1, 50, 0);
    expect(regret.reusedPages).toBe(100);
  });
});
