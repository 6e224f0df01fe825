/**
 * summary.json: a run in a few numbers.
 *
 * For each gauge: mean and percentiles over time (each sample counts for as long as it was the last one), smallest and
 * largest sample and when, the value at the end. Counters have their total. Two whole states stand beside them: when the
 * heap in use was largest, and when most memory was retained, since that is where a machine is sized.
 */

import { COLUMN, COLUMNS } from "./columns.js";
import { sortedPercentile, weightedMean } from "./measure.js";
import { cellNumber } from "./timeseries.js";

/** Percentiles that are reported, 0..100. */
const PERCENTILES = [5, 25, 50, 75, 95, 99] as const;

type Json = number | string | null | Json[] | { [key: string]: Json };

/** Peaks that are exact at every event, not only at samples. */
export interface ExactPeaks {
  readonly peakHeapInUseBytes: number;
  readonly peakHeapSysBytes: number;
  readonly peakHeapRetainedBytes: number;
}

/** Collects samples; about 45 numbers each. */
export class Summary {
  readonly #rows: Float64Array[] = [];

  /** Adds a sample. */
  add(row: Float64Array): void {
    this.#rows.push(row);
  }

  /** The last sample. */
  get last(): Float64Array {
    return this.#rows.at(-1) ?? new Float64Array(COLUMNS.length);
  }

  /** The samples. */
  get rows(): readonly Float64Array[] {
    return this.#rows;
  }

  /**
   * The whole summary.
   * @param more sections that follow the others
   */
  toJson(peaks: ExactPeaks, more: { readonly [key: string]: unknown } = {}): object {
    const gauges: Record<string, Json> = {};
    const counters: Record<string, Json> = {};
    COLUMNS.forEach((column, i) => {
      if (column.kind === "gauge") gauges[column.name] = this.#gauge(i);
      if (column.kind === "counter") counters[column.name] = cellNumber(this.last[i]!);
    });
    return {
      duration_ns: this.last[COLUMN.time_ns]!,
      samples: this.#rows.length,
      peaks: {
        heap_inuse_bytes: peaks.peakHeapInUseBytes,
        heap_sys_bytes: peaks.peakHeapSysBytes,
        heap_retained_bytes: peaks.peakHeapRetainedBytes,
      },
      gauges,
      counters,
      find_rate: cellNumber(this.#totalFindRate()),
      state_at_peak_heap_inuse: this.#stateAtPeak(COLUMN.heap_inuse_bytes),
      state_at_peak_heap_retained: this.#stateAtPeak(COLUMN.heap_retained_bytes),
      ...more,
    };
  }

  #totalFindRate(): number {
    const finds = this.last[COLUMN.find_calls]!;
    const all = finds + this.last[COLUMN.fast_path_allocs]!;
    return all === 0 ? Number.NaN : finds / all;
  }

  #gauge(column: number): Json {
    const weighted = this.#weighted(column);
    if (weighted.length === 0) return null;
    const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
    const mean = weightedMean(weighted);
    const sorted = [...weighted].sort((a, b) => a[0] - b[0]);
    const percentiles: Record<string, Json> = {};
    for (const p of PERCENTILES) percentiles[`p${p}`] = cellNumber(sortedPercentile(sorted, total, p));
    return {
      mean: cellNumber(mean),
      min: cellNumber(sorted[0]![0]),
      max: cellNumber(sorted.at(-1)![0]),
      ...percentiles,
      end: cellNumber(this.last[column]!),
    };
  }

  /** Defined values with the time until the next sample, in ns. */
  #weighted(column: number): [number, number][] {
    const weighted: [number, number][] = [];
    this.#rows.forEach((row, i) => {
      if (Number.isNaN(row[column]!)) return;
      const next = this.#rows[i + 1];
      weighted.push([row[column]!, next === undefined ? 0 : next[COLUMN.time_ns]! - row[COLUMN.time_ns]!]);
    });
    return weighted;
  }

  #stateAtPeak(column: number): Json {
    let peak = this.last;
    for (const row of this.#rows) if (row[column]! > peak[column]!) peak = row;
    const first = this.#rows.find((row) => row[column] === peak[column]) ?? peak;
    return Object.fromEntries(COLUMNS.map((c, i) => [c.name, cellNumber(first[i]!)]));
  }
}
