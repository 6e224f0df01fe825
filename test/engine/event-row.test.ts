import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { EventRow, ROW_EVENTS } from "../../engine/event-row.js";

vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

// Times that are close together, that have few values, and that are as far apart as can be.
const timeNs = fc.oneof(
  fc.nat(1000).map((ns) => 2 ** 40 + ns),
  fc.nat(9),
  fc.maxSafeNat(),
  fc.constantFrom(0, 2 ** 53 - 1),
);
const even = fc.array(fc.nat(1_000_000), { maxLength: ROW_EVENTS, size: "max" });
const any = fc.array(timeNs, { maxLength: 200, size: "max" });

/** What is in the row, event by event. */
function events(row: EventRow): number[][] {
  return Array.from({ length: row.end - row.at }, (_, i) => {
    const at = row.at + i;
    return [row.times[at]!, row.orders[at]!, row.kinds[at]!, row.numbers[at]!];
  });
}

function collect(row: EventRow, times: readonly number[]): number[][] {
  return times.map((time, i) => {
    // Orders that rise and fall, each one once.
    const event = [time, (i * 7919) % 10_007, i % 5, -i];
    expect(row.collect(event[0]!, event[1]!, event[2]!, event[3]!)).toBe(true);
    return event;
  });
}

describe("the row of events that are near", () => {
  it("is the batch in order, unless it refuses it", () => {
    const row = new EventRow();
    let sorted = 0;
    fc.assert(
      fc.property(fc.oneof(even, any), (times) => {
        const batch = collect(row, times);
        if (row.sort()) {
          expect(row.batch).toBe(0);
          expect(events(row)).toEqual(batch.sort((x, y) => x[0]! - y[0]! || x[1]! - y[1]!));
          expect(row.times[row.end]).toBe(Number.POSITIVE_INFINITY);
          row.at = row.end;
          sorted++;
        } else {
          expect(row.batch).toBe(times.length);
          expect(row.times[row.at]).toBe(Number.POSITIVE_INFINITY);
          row.batch = 0;
        }
      }),
      { seed: SEED, numRuns: 300 },
    );
    expect(sorted).toBeGreaterThan(100);
  });

  it("refuses a batch of which many are at one time, and an event beyond its room", () => {
    const row = new EventRow();
    collect(row, new Array(17).fill(5));
    expect(row.sort()).toBe(false);
    row.batch = 16;
    expect(row.sort()).toBe(true);
    row.at = row.end;
    collect(
      row,
      Array.from({ length: ROW_EVENTS }, (_, i) => i),
    );
    expect(row.collect(0, 0, 0, 0)).toBe(false);
    expect(row.sort()).toBe(true);
  });
});
