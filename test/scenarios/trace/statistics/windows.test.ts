import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Windows } from "../../../../scenarios/trace/statistics/windows.js";

describe("windows", () => {
  test("of a given width hold what happened in them", () => {
    const windows = new Windows(2, 10, 100);
    for (const [time, column, amount] of [
      [0, 0, 1],
      [99, 0, 2],
      [100, 1, 4],
      [950, 0, 8],
    ] as const) {
      windows.add(windows.at(time), column, amount);
    }
    expect(windows.count).toBe(10);
    expect([windows.sum(0, 0), windows.sum(0, 1), windows.sum(1, 1), windows.sum(9, 0)]).toEqual([
      3, 0, 4, 8,
    ]);
    expect(windows.at(1000)).toBe(-1);
    expect(windows.widthNs).toBe(100);
  });

  test("that double hold what a list of everything tells, in any order of times", () => {
    const event = fc.record({
      time: fc.oneof(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 2 ** 40 })),
      column: fc.integer({ min: 0, max: 2 }),
      amount: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.constantFrom(2, 4, 10, 200), (events, limit) => {
        const windows = new Windows(3, limit);
        for (const { time, column, amount } of events) windows.add(windows.at(time), column, amount);
        const last = Math.max(-1, ...events.map(({ time }) => time));
        expect(windows.count).toBe(Math.floor(last / windows.widthNs) + 1);
        expect(windows.count).toBeLessThanOrEqual(limit);
        // No wider than it has to be: with half the width there would be too many.
        expect(windows.widthNs === 1000 || Math.floor(last / (windows.widthNs / 2)) >= limit).toBe(true);
        for (let w = 0; w < windows.count; w++) {
          for (let column = 0; column < 3; column++) {
            const inside = events.filter(
              (e) => e.column === column && Math.floor(e.time / windows.widthNs) === w,
            );
            expect(windows.sum(w, column)).toBe(inside.reduce((sum, e) => sum + e.amount, 0));
          }
        }
      }),
    );
  });

  test("can be used again", () => {
    const windows = new Windows(1, 4);
    windows.add(windows.at(1_000_000), 0, 5);
    windows.clear();
    expect([windows.count, windows.widthNs]).toEqual([0, 1000]);
    windows.add(windows.at(3500), 0, 1);
    expect([0, 1, 2, 3].map((w) => windows.sum(w, 0))).toEqual([0, 0, 0, 1]);
  });
});
