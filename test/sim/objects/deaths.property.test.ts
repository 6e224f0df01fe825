/** Deaths beside a plain list of them: who is over before each question, exactly, and memory that goes with what is kept. */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Deaths } from "../../../sim/objects/deaths.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

function taken(deaths: Deaths, timeNs: number): number[] {
  const spans: number[] = [];
  deaths.takeBefore(timeNs, { died: (span) => spans.push(span) });
  return spans.sort((a, b) => a - b);
}

const step = fc.record({
  adds: fc.array(
    fc.oneof(
      fc.nat({ max: 100 }),
      fc.integer({ min: 0, max: 2 ** 33 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    ),
    { maxLength: 30 },
  ),
  times: fc.integer({ min: 1, max: 200 }),
  forward: fc.oneof(
    fc.nat({ max: 64 }),
    fc.integer({ min: 0, max: 2 ** 34 }),
    fc.integer({ min: 0, max: 2 ** 51 }),
  ),
});

describe("deaths", () => {
  it("are told when they are over, and only then", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20, size: "max" }), (steps) => {
        const deaths = new Deaths();
        let list: { span: number; ns: number }[] = [];
        let now = 0;
        let span = 0;
        for (const { adds, times, forward } of steps) {
          for (const add of adds) {
            for (let i = 0; i < times; i++) {
              const ns = Math.min(now + add, Number.MAX_SAFE_INTEGER);
              deaths.add(span, ns);
              list.push({ span: span++, ns });
            }
          }
          now = Math.min(now + forward, Number.MAX_SAFE_INTEGER);
          expect(taken(deaths, now)).toEqual(list.filter((e) => e.ns < now).map((e) => e.span));
          list = list.filter((e) => e.ns >= now);
          expect(deaths.count).toBe(list.length);
        }
      }),
      { seed: SEED, numRuns: Number(process.env.FC_RUNS ?? 100) },
    );
  });

  it("at the time of a question are not over, and earlier ones count as at the last question", () => {
    const deaths = new Deaths();
    deaths.add(1, 500);
    expect(taken(deaths, 500)).toEqual([]);
    deaths.add(2, 3);
    expect(taken(deaths, 500)).toEqual([]);
    expect(taken(deaths, 501)).toEqual([1, 2]);
    expect(taken(deaths, 7)).toEqual([]);
  });

  it("take memory for what is kept, however long it goes on", () => {
    const deaths = new Deaths();
    let most = 0;
    for (let now = 0; now < 4_000_000; now++) {
      deaths.add(0, now + 1 + ((now * 7919) % 50_000));
      if (now % 10_000 === 0) deaths.takeBefore(now, { died: () => {} });
      if (now % 100_000 === 0) most = Math.max(most, deaths.memoryBytes);
    }
    expect(deaths.count).toBeLessThan(60_000);
    // Below 60,000 entries of 12 bytes, as many in spare blocks, and a block begun in each of 54 buckets.
    expect(most).toBeLessThan(2 * 60_000 * 12 + (54 + 64 + 4) * 1024 * 12);
    deaths.takeBefore(10_000_000, { died: () => {} });
    expect(deaths.count).toBe(0);
    expect(deaths.memoryBytes).toBeLessThan(70 * 1024 * 12);
  });
});
