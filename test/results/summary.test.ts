import { describe, expect, it } from "vitest";
import { COLUMN, COLUMNS } from "../../results/columns.js";
import { Summary } from "../../results/summary.js";
import { formatCell } from "../../results/timeseries.js";

const PEAKS = { peakHeapInUseBytes: 7, peakHeapSysBytes: 8, peakHeapRetainedBytes: 9 };

function row(
  time: number,
  inUse: number,
  extra: Partial<Record<keyof typeof COLUMN, number>> = {},
): Float64Array {
  const values = new Float64Array(COLUMNS.length);
  values[COLUMN.time_ns] = time;
  values[COLUMN.heap_inuse_bytes] = inUse;
  for (const [name, value] of Object.entries(extra)) values[COLUMN[name as keyof typeof COLUMN]] = value;
  return values;
}

// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested
function summarize(rows: Float64Array[]): any {
  const summary = new Summary();
  for (const r of rows) summary.add(r);
  return summary.toJson(PEAKS);
}

describe("summary", () => {
  // In use: 100 for 30 ns, 400 for 10 ns, then the end.
  const json = summarize([
    row(0, 100),
    row(30, 400),
    row(40, 200, { span_allocs: 5, find_calls: 1, fast_path_allocs: 3 }),
  ]);

  it("weights means by time", () => {
    expect(json.gauges.heap_inuse_bytes.mean).toBe((100 * 30 + 400 * 10) / 40);
  });

  it("weights percentiles by time, and knows extremes and the end", () => {
    const { p50, p75, p95, min, max, end } = json.gauges.heap_inuse_bytes;
    expect({ p50, p75, p95, min, max, end }).toEqual({
      p50: 100,
      p75: 100,
      p95: 400,
      min: 100,
      max: 400,
      end: 200,
    });
  });

  it("has totals, the rate of the whole run, and exact peaks", () => {
    expect(json.counters.span_allocs).toBe(5);
    expect(json.find_rate).toBe(0.25);
    expect(json.peaks).toEqual({ heap_inuse_bytes: 7, heap_sys_bytes: 8, heap_retained_bytes: 9 });
    expect(json.duration_ns).toBe(40);
  });

  it("shows the whole state at the first largest sample", () => {
    expect(json.state_at_peak_heap_inuse.time_ns).toBe(30);
  });

  it("gives null for a gauge that never had a value, and leaves undefined samples out of means", () => {
    const { gauges } = summarize([
      row(0, 1, { heap_goal_bytes: Number.NaN, external_fragmentation: Number.NaN }),
      row(10, 1, { heap_goal_bytes: Number.NaN, external_fragmentation: 0.5 }),
      row(20, 1, { heap_goal_bytes: Number.NaN, external_fragmentation: 0.5 }),
    ]);
    expect(gauges.heap_goal_bytes).toBeNull();
    expect(gauges.external_fragmentation.mean).toBe(0.5);
  });
});

describe("formatCell", () => {
  it.each([
    [Number.NaN, ""],
    [0, "0"],
    [2 ** 52, "4503599627370496"],
    [1 / 3, "0.333333"],
    [0.5, "0.5"],
  ])("%d", (value, text) => expect(formatCell(value)).toBe(text));
});
