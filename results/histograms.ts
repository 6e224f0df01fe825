/**
 * histograms.json: spans by size and lifetime, and how long the runs of free pages were, now and then.
 *
 * Lifetimes and allocations are counted over the whole run. What depends on the moment (free runs, live spans) is noted
 * at the samples with most heap in use and with most free runs, and at up to 64 others, evenly apart: when there would be
 * more, every other one is forgotten, and from then on only every other sample is looked at.
 *
 *     samples   0 1 2 3 4 5 6 7 8 …      moments   0 1 2 3 … 63   ──►   0 2 4 … 62 64 66 …   ──►   0 4 8 …
 */

import { freeRunsByLength } from "../sim/heap/free-runs.js";
import type { Heap } from "../sim/heap/heap.js";
import { PAGE_BUCKETS, pageBucketStart } from "../sim/heap/page-buckets.js";
import {
  AGE_BUCKETS_NS,
  ageBucket,
  groupOf,
  SPAN_GROUPS,
  SpanCensus,
  type SpanGroup,
} from "../sim/heap/span-census.js";

/** Counts by bucket; buckets after the last one that holds something are left out. */
export type Counts = readonly number[];

/** Counts for each group of spans. */
export type GroupCounts = Readonly<Record<SpanGroup, Counts>>;

/** The heap at a time. */
export interface Moment {
  readonly time_ns: number;
  /** Runs of free pages by length in pages. */
  readonly free_runs: Counts;
  /** Live spans by size in pages. */
  readonly live_spans: GroupCounts;
}

/** What histograms.json holds. */
export interface Histograms {
  /** The fewest pages of each bucket of sizes and lengths. */
  readonly page_buckets: readonly number[];
  /** The least age of each bucket of ages, ns. */
  readonly age_buckets_ns: readonly number[];
  /** Spans handed out in the whole run, by size. */
  readonly allocated_spans: GroupCounts;
  /** Spans given back, by the age that they reached. */
  readonly freed_by_age: GroupCounts;
  /** Spans that lived at the end, by age. */
  readonly live_by_age: GroupCounts;
  /** The first samples with most heap in use, and with most free runs, give or take a hundredth. */
  readonly at_peak_heap_inuse: Moment;
  readonly at_most_free_runs: Moment;
  /** Samples in order of time, the last one at the end. */
  readonly moments: readonly Moment[];
}

/** A peak counts as higher than the one before it from here on. */
const CLEARLY_MORE = 1.01;
/** Moments that are kept, beside the two and the end. */
const MOST_MOMENTS = 64;

export class HistogramRecorder {
  readonly census = new SpanCensus();
  private readonly moments: Moment[] = [];
  private stride = 1;
  private samples = 0;
  private peak: Moment | undefined;
  private peakBytes = 0;
  private fragmented: Moment | undefined;
  private mostRuns = 0;

  /**
   * Sees the heap at a sample. A moment costs a look at the whole heap, so a slightly higher peak makes no new one.
   * @param freeRuns runs of free pages now
   */
  sample(timeNs: number, heap: Heap, freeRuns: number): void {
    const { heapInUseBytes } = heap.statistics;
    const isPeak = heapInUseBytes > this.peakBytes * CLEARLY_MORE;
    const isFragmented = freeRuns > this.mostRuns * CLEARLY_MORE;
    const isRegular = this.samples++ % this.stride === 0;
    if (!isPeak && !isFragmented && !isRegular) return;
    const moment = momentAt(timeNs, heap, this.census);
    if (isPeak) {
      this.peak = moment;
      this.peakBytes = heapInUseBytes;
    }
    if (isFragmented) {
      this.fragmented = moment;
      this.mostRuns = freeRuns;
    }
    if (isRegular) this.keep(moment);
  }

  private keep(moment: Moment): void {
    if (this.moments.length === MOST_MOMENTS) {
      const kept = this.moments.filter((_, i) => i % 2 === 0);
      this.moments.splice(0, this.moments.length, ...kept);
      this.stride *= 2;
      if ((this.samples - 1) % this.stride !== 0) return;
    }
    this.moments.push(moment);
  }

  /** All of it, at the end of the run. @param timeNs of the end */
  finish(timeNs: number, heap: Heap): Histograms {
    const ages = AGE_BUCKETS_NS.length;
    const liveByAge = new Float64Array(SPAN_GROUPS.length * ages);
    heap.spans.forEach((_, kind, birthNs) => {
      liveByAge[groupOf(kind) * ages + ageBucket(timeNs - birthNs)]!++;
    });
    const last = momentAt(timeNs, heap, this.census);
    const moments = this.moments.at(-1)?.time_ns === timeNs ? this.moments : [...this.moments, last];
    return {
      page_buckets: Array.from({ length: PAGE_BUCKETS }, (_, i) => pageBucketStart(i)),
      age_buckets_ns: AGE_BUCKETS_NS,
      allocated_spans: byGroup(this.census.allocated, PAGE_BUCKETS),
      freed_by_age: byGroup(this.census.freedByAge, ages),
      live_by_age: byGroup(liveByAge, ages),
      at_peak_heap_inuse: this.peak ?? last,
      at_most_free_runs: this.fragmented ?? last,
      moments,
    };
  }
}

function momentAt(timeNs: number, heap: Heap, { allocated, freed }: SpanCensus): Moment {
  const live = allocated.map((count, i) => count - freed[i]!);
  return {
    time_ns: timeNs,
    free_runs: trimmed(freeRunsByLength(heap.pages)),
    live_spans: byGroup(live, PAGE_BUCKETS),
  };
}

/** The text of histograms.json: a line for each thing that is counted, and each moment. */
export function histogramsText(histograms: Histograms): string {
  const { moments, ...rest } = histograms;
  const lines = Object.entries(rest).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const last = `  "moments": [\n    ${moments.map((moment) => JSON.stringify(moment)).join(",\n    ")}\n  ]`;
  return `{\n${[...lines, last].join(",\n")}\n}\n`;
}

function byGroup(counts: Float64Array, buckets: number): GroupCounts {
  const groups = SPAN_GROUPS.map((group, i) => [
    group,
    trimmed(counts.subarray(i * buckets, (i + 1) * buckets)),
  ]);
  return Object.fromEntries(groups);
}

function trimmed(counts: Float64Array): number[] {
  let length = counts.length;
  while (length > 0 && counts[length - 1] === 0) length--;
  return Array.from(counts.subarray(0, length));
}

/** Whether something that was read is what histograms.json holds. */
export function isHistograms(json: unknown): json is Histograms {
  const read = (json ?? {}) as Partial<Histograms>;
  return (
    [read.page_buckets, read.age_buckets_ns].every(isCounts) &&
    [read.allocated_spans, read.freed_by_age, read.live_by_age].every(isGroupCounts) &&
    [read.at_peak_heap_inuse, read.at_most_free_runs].every(isMoment) &&
    Array.isArray(read.moments) &&
    read.moments.length > 0 &&
    read.moments.every(isMoment)
  );
}

function isCounts(value: unknown): boolean {
  return Array.isArray(value) && value.every((count) => typeof count === "number");
}

function isGroupCounts(value: unknown): boolean {
  const groups = (value ?? {}) as Partial<GroupCounts>;
  return SPAN_GROUPS.every((group) => isCounts(groups[group]));
}

function isMoment(value: unknown): boolean {
  const { time_ns, free_runs, live_spans } = (value ?? {}) as Partial<Moment>;
  return typeof time_ns === "number" && isCounts(free_runs) && isGroupCounts(live_spans);
}
