/** Runs for tests of plots: small, made up, and the same everywhere (no function of Math that V8 versions disagree on). */

import { COLUMN, COLUMNS, type ColumnName } from "../../../results/columns.js";
import type { HeapMap } from "../../../results/heapmap/heap-map.js";
import { parseHeapMap } from "../../../results/heapmap/read.js";
import { HeapMapRecorder } from "../../../results/heapmap/recorder.js";
import { HistogramRecorder } from "../../../results/histograms.js";
import { columnsOf, type FinishedRun } from "../../../results/run-folder.js";
import { platform } from "../../../sim/address/platforms.js";
import { Heap } from "../../../sim/heap/heap.js";
import { KIND_STACK } from "../../../sim/heap/kinds.js";

const MIB = 1024 * 1024;

/** A value that goes up and down, from 0 to 1. */
function wave(i: number, period: number): number {
  const phase = (i % period) / period;
  return phase < 0.5 ? 2 * phase : 2 - 2 * phase;
}

/** Samples with values in all columns that plots read. */
function rows(samples: number, lengthNs: number, scale: number): Float64Array[] {
  return Array.from({ length: samples }, (_, i) => {
    const row = new Float64Array(COLUMNS.length).fill(0);
    const set = (name: ColumnName, value: number): void => {
      row[COLUMN[name]] = value;
    };
    const inUse = Math.round(scale * (20 + 40 * wave(i, 20)) * 8) / 8;
    set("time_ns", Math.round((lengthNs * i) / (samples - 1)));
    set("heap_sys_bytes", scale * Math.min(80, 16 * Math.ceil((i + 1) / 8)) * MIB);
    set("heap_inuse_bytes", inUse * MIB);
    set("heap_released_bytes", Math.floor(10 * scale * wave(i, 15)) * MIB);
    set("heap_retained_bytes", row[COLUMN.heap_sys_bytes]! - row[COLUMN.heap_released_bytes]!);
    set("heap_goal_bytes", i < 5 ? Number.NaN : Math.ceil(inUse / 16) * 32 * MIB);
    set("scavenge_goal_bytes", i % 20 < 8 ? Number.NaN : (inUse + 5) * MIB);
    set("gc_cycles", Math.floor(i / 6));
    set("scav_gen", Math.floor(i / 10));
    set("span_allocs", 300 * i);
    set("cache_allocs", 250 * i + (i % 7));
    set("find_calls", 3 * i + (i % 5));
    set("fast_path_allocs", 40 * i);
    set("find_entries", 60 * i + 4000 * Math.floor(i / 9));
    set("scavenged_bytes", Math.floor(i / 4) * MIB);
    set("refaulted_bytes", Math.floor(i / 8) * MIB);
    set("free_pages", 500 + 20 * (i % 30));
    set("largest_free_run_pages", 200 + 5 * (i % 30));
    set("free_runs", 10 + (i % 13));
    set("external_fragmentation", i === 0 ? Number.NaN : 1 - 1 / (1 + (i % 11)));
    set("unusable_free_index_16", 0.25 * wave(i, 12));
    set("unusable_free_index_256", 0.25 + 0.5 * wave(i, 12));
    set("hugepages_intact", Math.floor(i / 2));
    set("hugepages_broken", 5 + (i % 3));
    return row;
  });
}

/** A run with a given number of samples. */
export function madeUpRun(
  given: Partial<FinishedRun> & {
    samples?: number;
    lengthNs?: number;
    scale?: number;
    longestRun?: number;
  } = {},
): FinishedRun {
  const { samples = 41, lengthNs = 4e9, scale = 1, longestRun = 12, ...rest } = given;
  return {
    folder: "made-up",
    name: "made-up",
    policy: "go1.18",
    seed: "7",
    version: "1.2.3",
    fingerprint: "00112233445566aa",
    parameters: { scale, idle: "3s", sample_ns: 1e8 },
    source: { kind: "scenario", name: "made-up", seed: "7" },
    policyRequested: "go1.18",
    sets: [],
    keyframes: undefined,
    pageBytes: 8192,
    columns: columnsOf(rows(samples, lengthNs, scale)),
    histograms: madeUpHistograms(longestRun),
    heapMap: () => madeUpMap(lengthNs),
    ...rest,
  };
}

/** The map of a heap of some chunks, in which spans come and go, and some pages are scavenged. */
function madeUpMap(lengthNs: number): HeapMap {
  const heap = new Heap(platform("linux/amd64"));
  heap.resizeProcs(1);
  const recorder = new HeapMapRecorder([0.25, 0.5, 0.75].map((share) => Math.floor(share * lengthNs)));
  const spans: number[] = [];
  for (let i = 0; i < 80; i++) {
    for (let k = 0; k < 30; k++) spans.push(heap.allocSpan(0, 1 + ((i * k) % 19), KIND_STACK));
    for (let k = 0; k < (i % 20 < 10 ? 10 : 45) && spans.length > 0; k++)
      heap.freeSpan(spans.splice((i * 7 + k * 13) % spans.length, 1)[0]!);
    if (i % 20 === 19) heap.scavenge(2 * MIB);
    recorder.sample(Math.floor((lengthNs * i) / 79), heap);
  }
  return parseHeapMap("made-up", recorder.finish(heap));
}

/** @param longestRun buckets of free runs that hold something */
function madeUpHistograms(longestRun: number): FinishedRun["histograms"] {
  const heap = new Heap(platform("linux/amd64"));
  const recorder = new HistogramRecorder();
  heap.census = recorder.census;
  heap.resizeProcs(1);
  const spans: number[] = [];
  for (let i = 0; i < 200; i++) {
    recorder.census.nowNs = i * i * 1e5;
    spans.push(heap.allocSpan(0, 1 + ((i * i) % 23), i % 9 === 0 ? KIND_STACK : 4));
    if (i % 3 !== 0) heap.freeSpan(spans.splice((i * 7) % spans.length, 1)[0]!);
    if (i % 20 === 0) recorder.sample(recorder.census.nowNs, heap, (i * 11) % 150);
  }
  const found = recorder.finish(recorder.census.nowNs, heap);
  // Free runs of all lengths, which so small a heap does not have.
  const withRuns = <T extends { readonly time_ns: number }>(moment: T): T => ({
    ...moment,
    free_runs: Array.from(
      { length: longestRun },
      (_, b) => (Math.floor(moment.time_ns / 1e5) * (b + 1)) % 17,
    ),
  });
  return {
    ...found,
    at_peak_heap_inuse: withRuns(found.at_peak_heap_inuse),
    at_most_free_runs: withRuns(found.at_most_free_runs),
    moments: found.moments.map(withRuns),
  };
}
