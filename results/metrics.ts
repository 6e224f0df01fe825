/**
 * What is compared: a run in some forty numbers, each read off its time series within a window.
 *
 *     rows ──window──► Series ──one line each──► mean_heap_retained_bytes, find_rate, release_90_ns, …
 *
 * The window is the run without its warm-up. A mean weighs each sample by how long it was the last one; a count is what a
 * counter grew by within the window; a rate is of two such counts. A number that a run does not have is NaN: the time it
 * took to release memory, when none was.
 *
 * This table is also the documentation: docs/compare.md is checked against it by a test. A new metric is one line.
 */

import { COLUMN, COLUMNS, type ColumnName } from "./columns.js";
import { measure, type Statistic } from "./measure.js";

/** The rows of a run and the window that counts. */
export class Series {
  /**
   * @param rows in the order of COLUMNS and of time; NaN for an empty cell
   * @param fromNs start of the window
   * @param toNs its end
   */
  constructor(
    readonly rows: readonly Float64Array[],
    readonly fromNs = 0,
    readonly toNs = rows.at(-1)?.[COLUMN.time_ns] ?? 0,
  ) {}

  /** A statistic of a column over the window. */
  of(statistic: Statistic, column: ColumnName): number {
    return measure(this.rows, COLUMN[column], statistic, this.fromNs, this.toNs);
  }

  /** What a counter grew by. */
  grown(column: ColumnName): number {
    return this.of("increase", column);
  }

  /** The samples within the window, as pairs of time and value. */
  samples(column: ColumnName): readonly (readonly [timeNs: number, value: number])[] {
    return this.rows
      .map((row) => [row[COLUMN.time_ns]!, row[COLUMN[column]]!] as const)
      .filter(([timeNs]) => timeNs >= this.fromNs && timeNs <= this.toNs);
  }
}

/** One number of a run. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly meaning: string;
  /** How it is computed. */
  readonly how: string;
  /** Whether it is among those that --until-ci waits for unless others are named. */
  readonly headline: boolean;
  readonly of: (series: Series) => number;
}

function metric(name: string, unit: string, meaning: string, how: string, of: Metric["of"]): Metric {
  return { name, unit, meaning, how, of, headline: false };
}

function mean(column: ColumnName, meaning: string): Metric {
  const { unit } = COLUMNS[COLUMN[column]]!;
  return metric(`mean_${column}`, unit, meaning, `time-weighted mean of ${column}`, (s) =>
    s.of("mean", column),
  );
}

function peak(column: ColumnName, meaning: string): Metric {
  const { unit } = COLUMNS[COLUMN[column]]!;
  return metric(`peak_${column}`, unit, meaning, `largest sample of ${column}`, (s) => s.of("peak", column));
}

function end(column: ColumnName, meaning: string): Metric {
  const { unit } = COLUMNS[COLUMN[column]]!;
  return metric(`end_${column}`, unit, meaning, `last sample of ${column}`, (s) => s.of("last", column));
}

function count(column: ColumnName, meaning: string): Metric {
  const { unit } = COLUMNS[COLUMN[column]]!;
  return metric(column, unit, meaning, `growth of ${column}`, (s) => s.grown(column));
}

/** A quotient of what two counters grew by. */
function per(
  name: string,
  unit: string,
  above: ColumnName,
  below: readonly ColumnName[],
  meaning: string,
): Metric {
  const divisor = below.length === 1 ? below[0]! : `(${below.join(" + ")})`;
  return metric(name, unit, meaning, `growth of ${above} / growth of ${divisor}`, (s) =>
    quotient(
      s.grown(above),
      below.reduce((sum, column) => sum + s.grown(column), 0),
    ),
  );
}

const headline = (one: Metric): Metric => ({ ...one, headline: true });

/** All metrics, in the order of tables and files. */
export const METRICS: readonly Metric[] = [
  headline(mean("heap_retained_bytes", "memory that the runtime holds, on average")),
  headline(peak("heap_retained_bytes", "the most memory that it holds")),
  end("heap_retained_bytes", "memory that it holds at the end"),
  metric(
    "mean_heap_excess_bytes",
    "bytes",
    "memory held and not in use, on average",
    "time-weighted mean of heap_retained_bytes − that of heap_inuse_bytes",
    (s) => s.of("mean", "heap_retained_bytes") - s.of("mean", "heap_inuse_bytes"),
  ),
  mean("heap_inuse_bytes", "memory in spans of the heap, on average"),
  peak("heap_inuse_bytes", "the most memory in spans of the heap"),
  mean("heap_live_bytes", "what the collector takes for live, on average"),
  mean("heap_sys_bytes", "mapped memory of the heap, on average"),
  peak("heap_sys_bytes", "the most mapped memory of the heap"),
  mean("heap_released_bytes", "memory given back or never used, on average"),
  peak("metadata_bytes", "what the page allocator's own tables take"),
  count("scavenged_bytes", "memory given back to the system"),
  count("refaulted_bytes", "memory given back and then needed again"),
  per(
    "refaulted_share",
    "ratio",
    "refaulted_bytes",
    ["scavenged_bytes"],
    "how much of what was given back was needed again",
  ),
  count("scavenge_calls", "requests to give memory back"),
  metric(
    "release_90_ns",
    "ns",
    "how long it takes after the peak to give back 90 % of what ever is",
    "first sample of heap_released_bytes at 90 % of its growth from the peak of heap_inuse_bytes to its largest value after it, from that peak on",
    release90Ns,
  ),
  mean("external_fragmentation", "share of free memory outside the longest free run, on average"),
  mean("unusable_free_index_16", "share of free pages in runs too short for 16 pages, on average"),
  mean("unusable_free_index_256", "share of free pages in runs too short for 256 pages, on average"),
  mean("unusable_free_index_512", "share of free pages in runs too short for 512 pages, on average"),
  mean("free_runs", "runs of free pages, on average"),
  mean("hugepages_intact", "huge pages' worth of memory with nothing given back, on average"),
  mean("hugepages_broken", "huge pages of which a part was given back, on average"),
  per(
    "find_rate",
    "ratio",
    "find_calls",
    ["find_calls", "fast_path_allocs"],
    "share of allocations and refills that search the radix tree",
  ),
  per("find_calls_per_span", "calls/span", "find_calls", ["span_allocs"], "searches for each span"),
  per(
    "find_entries_per_find",
    "entries/call",
    "find_entries",
    ["find_calls"],
    "summaries looked at in a search",
  ),
  per(
    "cache_refills_per_span",
    "calls/span",
    "cache_refills",
    ["span_allocs"],
    "page cache refills for each span",
  ),
  mean("resident_bytes", "memory that the system has really given, on average"),
  peak("resident_bytes", "the most memory that the system has given"),
  end("resident_bytes", "memory that the system has given at the end"),
  mean("huge_coverage", "share of memory in spans that lies in huge pages of the system, on average"),
  count("fault_ns", "time that first touches of memory took"),
  count("advice_ns", "time that calls about huge pages took"),
  per(
    "lock_wait_per_acquisition_ns",
    "ns",
    "lock_wait_ns",
    ["lock_acquisitions"],
    "how long the heap lock is waited for each time, where it is modelled",
  ),
  peak("lock_wait_max_ns", "the longest that an allocation waits for it"),
  count("assist_released_bytes", "memory that allocations gave back themselves"),
  count("assist_ns", "time that this took the program"),
  peak("assist_max_ns", "the longest that one allocation gave memory back for"),
  count("heap_growths", "times the heap grew"),
  count("gc_cycles", "collections"),
  count("span_allocs", "spans handed out"),
];

/** Time from the peak of memory in use until 90 % of what is released from then on has been; NaN when nothing is. */
function release90Ns(series: Series): number {
  const inUse = series.samples("heap_inuse_bytes");
  const highest = inUse.reduce((most, [, value]) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  const peakNs = inUse.find(([, value]) => value === highest)?.[0] ?? Number.NaN;
  const after = series.samples("heap_released_bytes").filter(([timeNs]) => timeNs >= peakNs);
  const before = after[0]?.[1] ?? Number.NaN;
  const most = after.reduce((all, [, value]) => Math.max(all, value), before);
  if (!(most > before)) return Number.NaN;
  const wanted = before + 0.9 * (most - before);
  return after.find(([, value]) => value >= wanted)![0] - peakNs;
}

/** a / b, NaN when b is 0. */
function quotient(a: number, b: number): number {
  return b === 0 ? Number.NaN : a / b;
}
