import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { COLUMN, COLUMNS, type ColumnName } from "../../results/columns.js";
import { METRICS, Series } from "../../results/metrics.js";

type Cells = Partial<Record<ColumnName, number>>;

/** Rows at whole times, other columns 0. */
function rowsOf(cells: readonly Cells[]): Float64Array[] {
  return cells.map((values, i) => {
    const row = new Float64Array(COLUMNS.length);
    row[COLUMN.time_ns] = i;
    for (const [name, value] of Object.entries(values)) row[COLUMN[name as ColumnName]] = value;
    return row;
  });
}

function take(name: string, cells: readonly Cells[], fromNs = 0): number {
  const metric = METRICS.find((one) => one.name === name);
  if (metric === undefined) throw new Error(`there is no metric ${name}`);
  return metric.of(new Series(rowsOf(cells), fromNs));
}

/** One column over time. */
const only = (column: ColumnName, values: readonly number[]): Cells[] =>
  values.map((value) => ({ [column]: value }));

describe("the table of metrics", () => {
  test("has a name once each, in the letters of columns", () => {
    const names = METRICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(METRICS.some(({ headline }) => headline)).toBe(true);
  });

  test("speaks of columns that there are", () => {
    const columns = new Set<string>(COLUMNS.map(({ name }) => name));
    for (const { how } of METRICS) {
      const words = how.match(/[a-z]+(?:_[a-z0-9]+)+/g) ?? [];
      expect(words.length).toBeGreaterThan(0);
      for (const word of words) expect(columns, how).toContain(word);
    }
  });
});

describe("a metric", () => {
  test("means weigh samples by time, from the end of the warm-up on", () => {
    const cells = only("heap_retained_bytes", [10, 40, 20, 90]);
    expect(take("mean_heap_retained_bytes", cells)).toBeCloseTo((10 + 40 + 20) / 3, 12);
    expect(take("mean_heap_retained_bytes", cells, 1)).toBe(30);
    // In the middle between two samples the state is that of the one before.
    expect(take("mean_heap_retained_bytes", cells, 0.5)).toBeCloseTo((5 + 40 + 20) / 2.5, 12);
  });

  test("peaks and ends are those of samples in the window", () => {
    const cells = only("heap_retained_bytes", [100, 40, 20, 90]);
    expect(take("peak_heap_retained_bytes", cells)).toBe(100);
    expect(take("peak_heap_retained_bytes", cells, 1)).toBe(90);
    expect(take("end_heap_retained_bytes", cells, 1)).toBe(90);
  });

  test("counts are what a counter grew by in the window", () => {
    const cells = only("scavenged_bytes", [0, 5, 5, 12]);
    expect(take("scavenged_bytes", cells)).toBe(12);
    expect(take("scavenged_bytes", cells, 1)).toBe(7);
  });

  test("rates are of what both counters grew by, and undefined without anything", () => {
    const cells = [
      { find_calls: 0, fast_path_allocs: 0 },
      { find_calls: 10, fast_path_allocs: 0 },
      { find_calls: 11, fast_path_allocs: 3 },
    ];
    expect(take("find_rate", cells)).toBe(11 / 14);
    expect(take("find_rate", cells, 1)).toBe(0.25);
    expect(take("find_rate", only("find_calls", [4, 4]))).toBeNaN();
  });

  test("waits for the heap lock are those of each time that it was taken, undefined where it is not modelled", () => {
    const waits = [
      { lock_wait_ns: 0, lock_acquisitions: 0 },
      { lock_wait_ns: 600, lock_acquisitions: 4 },
      { lock_wait_ns: 900, lock_acquisitions: 6 },
    ];
    expect(take("lock_wait_per_acquisition_ns", waits)).toBe(150);
    expect(take("peak_lock_wait_max_ns", only("lock_wait_max_ns", [Number.NaN, 7, 3]))).toBe(7);
    const none = only("lock_wait_ns", [Number.NaN, Number.NaN]).map((cell) => ({
      ...cell,
      lock_acquisitions: Number.NaN,
      lock_wait_max_ns: Number.NaN,
    }));
    expect(take("lock_wait_per_acquisition_ns", none)).toBeNaN();
    expect(take("peak_lock_wait_max_ns", none)).toBeNaN();
  });

  test("what is held in excess is the difference of two means", () => {
    const cells = [
      { heap_retained_bytes: 100, heap_inuse_bytes: 60 },
      { heap_retained_bytes: 80, heap_inuse_bytes: 20 },
      { heap_retained_bytes: 0, heap_inuse_bytes: 0 },
    ];
    expect(take("mean_heap_excess_bytes", cells)).toBe(50);
  });

  test("the time of release counts from the peak to nine tenths of what is released after it", () => {
    const inUse = [10, 90, 50, 20, 20, 20, 20];
    const released = [50, 0, 10, 60, 89, 90, 100];
    const cells = inUse.map((value, i) => ({ heap_inuse_bytes: value, heap_released_bytes: released[i]! }));
    expect(take("release_90_ns", cells)).toBe(4);
    expect(take("release_90_ns", cells.slice(0, 2))).toBeNaN();
  });

  test("the time of release is what a search finds", () => {
    const level = fc.integer({ min: 0, max: 20 });
    const sample = fc.record({ heap_inuse_bytes: level, heap_released_bytes: level });
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 30 }), (cells) => {
        let peak = 0;
        cells.forEach((cell, i) => {
          if (cell.heap_inuse_bytes > cells[peak]!.heap_inuse_bytes) peak = i;
        });
        const from = cells[peak]!.heap_released_bytes;
        let wanted = Number.NaN;
        // The first sample after which no more than a tenth of all growth is missing.
        for (let i = cells.length - 1; i >= peak; i--) {
          const rest = cells.slice(peak).map((cell) => cell.heap_released_bytes - from);
          const most = Math.max(...rest);
          if (most > 0 && 10 * rest[i - peak]! >= 9 * most) wanted = i - peak;
        }
        expect(take("release_90_ns", cells)).toEqual(wanted);
      }),
    );
  });
});
