/**
 * Reads one row of the time series from a heap. The model knows nothing of it.
 */

import { type Costs, DEFAULT_COSTS } from "../sim/gc/costs.js";
import type { ScavengeAssists } from "../sim/gc/scavenge-assists.js";
import { Fragmentation } from "../sim/heap/fragmentation.js";
import type { Heap } from "../sim/heap/heap.js";
import { backedPagesInUse } from "../sim/heap/huge-coverage.js";
import { FAST_PATH_ALLOCS, FIND_CALLS, FIND_ENTRIES, FIND_FAILURES, FIND_LEVELS } from "../sim/probes.js";
import type { HeapLock } from "../sim/runtime/heap-lock.js";
import { COLUMN, COLUMNS } from "./columns.js";

/** What the collector says; NaN for what is not known yet. */
export interface CollectorSample {
  readonly heapLiveBytes: number;
  readonly heapGoalBytes: number;
  readonly cycles: number;
}

/** What the system and the heap lock say. */
export interface SystemSample {
  readonly khugepagedCollapses: number;
  readonly lock: HeapLock | null;
  readonly assists: ScavengeAssists | null;
  readonly costs: Pick<Costs, "pageFaultNs" | "hugeFaultNs" | "compactNs">;
}

/** Where only the heap is known, as in a replay of a trace. */
const NO_SYSTEM: SystemSample = { khugepagedCollapses: 0, lock: null, assists: null, costs: DEFAULT_COSTS };
/** Columns that are empty for a heap of which nobody tracks what is resident. */
const NOT_KNOWN = COLUMNS.flatMap((_, i) =>
  i >= COLUMN.resident_bytes && i <= COLUMN.regretted_bytes ? [i] : [],
);
const NO_LOCK = { served: Number.NaN, waitedNs: Number.NaN, heldNs: Number.NaN };

export class Sampler {
  readonly #fragmentation = new Fragmentation();
  #previous: Float64Array | undefined;

  /** A row at time timeNs, in the order of COLUMNS; NaN stands for an empty cell. */
  sample(
    timeNs: number,
    heap: Heap,
    collector: CollectorSample,
    system: SystemSample = NO_SYSTEM,
  ): Float64Array {
    const row = new Float64Array(COLUMNS.length);
    row[COLUMN.time_ns] = timeNs;
    this.#memory(row, heap);
    this.#counters(row, heap);
    this.#fragments(row, heap);
    row[COLUMN.heap_live_bytes] = finite(collector.heapLiveBytes);
    row[COLUMN.heap_goal_bytes] = finite(collector.heapGoalBytes);
    row[COLUMN.gc_cycles] = collector.cycles;
    this.#rates(row);
    this.#system(row, heap, system);
    this.#lock(row, system.lock);
    this.#assists(row, heap, system.assists);
    this.#previous = row;
    return row;
  }

  #system(row: Float64Array, heap: Heap, { khugepagedCollapses, costs }: SystemSample): void {
    const { residency, regret, hugeAdvice, statistics, geometry } = heap;
    const { pageBytes, physPageBytes } = geometry;
    if (residency === null) {
      for (const column of NOT_KNOWN) row[column] = Number.NaN;
      return;
    }
    const { hugePages } = residency;
    const pageFaults = (residency.faultedPages * pageBytes) / physPageBytes;
    const hugeFaults = hugePages?.faults ?? 0;
    const inUse = statistics.heapInUseBytes + statistics.stackInUseBytes + statistics.gcSpansBytes;
    row[COLUMN.resident_bytes] = residency.residentPages * pageBytes;
    row[COLUMN.lazyfree_bytes] = residency.lazyPages * pageBytes;
    row[COLUMN.hugepages_backed] = hugePages?.backed ?? 0;
    row[COLUMN.huge_coverage] = quotient(backedPagesInUse(heap) * pageBytes, inUse);
    row[COLUMN.khugepaged_collapses] = khugepagedCollapses;
    row[COLUMN.page_faults] = pageFaults;
    row[COLUMN.huge_faults] = hugeFaults;
    row[COLUMN.fault_ns] =
      pageFaults * costs.pageFaultNs +
      hugeFaults * costs.hugeFaultNs +
      (hugePages?.advisedFaults ?? 0) * costs.compactNs;
    row[COLUMN.advice_ns] = hugeAdvice?.ns ?? 0;
    row[COLUMN.released_ranges] = regret?.decisions ?? Number.NaN;
    row[COLUMN.regretted_bytes] = regret === null ? Number.NaN : regret.regrettedPages * pageBytes;
  }

  #lock(row: Float64Array, lock: HeapLock | null): void {
    const waits = lock?.takeInterval();
    const { served, waitedNs, heldNs } = lock?.resource ?? NO_LOCK;
    const isEmpty = waits === undefined || waits.count === 0;
    row[COLUMN.lock_acquisitions] = served;
    row[COLUMN.lock_wait_ns] = waitedNs;
    row[COLUMN.lock_hold_ns] = heldNs;
    row[COLUMN.lock_wait_p50_ns] = isEmpty ? Number.NaN : waits.quantile(0.5);
    row[COLUMN.lock_wait_p99_ns] = isEmpty ? Number.NaN : waits.quantile(0.99);
    row[COLUMN.lock_wait_max_ns] = isEmpty ? Number.NaN : waits.max;
    row[COLUMN.lock_lag_ns] = lock?.lagNs ?? Number.NaN;
  }

  #assists(row: Float64Array, heap: Heap, assists: ScavengeAssists | null): void {
    const longestNs = assists?.takeLongestNs() ?? 0;
    row[COLUMN.assist_released_bytes] = assists === null ? Number.NaN : heap.statistics.assistedBytes;
    row[COLUMN.assist_ns] = assists?.totalNs ?? Number.NaN;
    row[COLUMN.assist_max_ns] = longestNs > 0 ? longestNs : Number.NaN;
  }

  #memory(row: Float64Array, heap: Heap): void {
    const s = heap.statistics;
    row[COLUMN.mapped_bytes] = s.mappedBytes;
    row[COLUMN.reserved_bytes] = heap.arenas.totalBytes;
    row[COLUMN.heap_sys_bytes] = s.heapSysBytes;
    row[COLUMN.heap_inuse_bytes] = s.heapInUseBytes;
    row[COLUMN.heap_idle_bytes] = s.heapIdleBytes;
    row[COLUMN.heap_released_bytes] = s.heapReleasedBytes;
    row[COLUMN.heap_retained_bytes] = s.heapRetainedBytes;
    row[COLUMN.stack_inuse_bytes] = s.stackInUseBytes;
    row[COLUMN.gc_spans_bytes] = s.gcSpansBytes;
    row[COLUMN.page_cache_bytes] = heap.pageCacheBytes;
    row[COLUMN.scavenge_goal_bytes] = heap.scavengeEnabled ? heap.scavengeGoalBytes : Number.NaN;
    row[COLUMN.metadata_bytes] = heap.pages.metadata.totalBytes;
    row[COLUMN.spans_live] = heap.spans.count;
  }

  #counters(row: Float64Array, heap: Heap): void {
    const s = heap.statistics;
    const { counters } = heap.pages;
    row[COLUMN.scav_gen] = heap.scavenger.gen;
    row[COLUMN.span_allocs] = s.spanAllocs;
    row[COLUMN.span_frees] = s.spanFrees;
    row[COLUMN.cache_allocs] = s.cacheAllocs;
    row[COLUMN.cache_refills] = s.cacheRefills;
    row[COLUMN.cache_misses] = s.cacheMisses;
    row[COLUMN.fast_path_allocs] = counters[FAST_PATH_ALLOCS]!;
    row[COLUMN.find_calls] = counters[FIND_CALLS]!;
    row[COLUMN.find_failures] = counters[FIND_FAILURES]!;
    row[COLUMN.find_levels] = counters[FIND_LEVELS]!;
    row[COLUMN.find_entries] = counters[FIND_ENTRIES]!;
    row[COLUMN.heap_growths] = s.heapGrowths;
    row[COLUMN.arenas] = heap.arenas.count;
    row[COLUMN.scavenge_calls] = s.scavengeCalls;
    row[COLUMN.scavenged_bytes] = s.scavengedBytes;
    row[COLUMN.refaulted_bytes] = s.refaultedBytes;
  }

  #fragments(row: Float64Array, heap: Heap): void {
    const f = this.#fragmentation;
    f.measure(heap.pages, heap.caches);
    row[COLUMN.free_pages] = f.freePages;
    row[COLUMN.free_runs] = f.freeRuns;
    row[COLUMN.largest_free_run_pages] = f.largestFreeRunPages;
    row[COLUMN.external_fragmentation] = f.external;
    row[COLUMN.unusable_free_index_16] = f.unusable(0);
    row[COLUMN.unusable_free_index_256] = f.unusable(1);
    row[COLUMN.unusable_free_index_512] = f.unusable(2);
    row[COLUMN.hugepages_intact] = f.hugePagesIntact;
    row[COLUMN.hugepages_broken] = f.hugePagesBroken;
  }

  #rates(row: Float64Array): void {
    const before = this.#previous;
    const delta = (column: number): number => (before === undefined ? 0 : row[column]! - before[column]!);
    const finds = delta(COLUMN.find_calls);
    row[COLUMN.find_rate] = quotient(finds, finds + delta(COLUMN.fast_path_allocs));
    row[COLUMN.find_calls_per_span] = quotient(finds, delta(COLUMN.span_allocs));
    row[COLUMN.find_calls_per_s] = quotient(finds * 1e9, delta(COLUMN.time_ns));
  }
}

/** The value, NaN for one without bound: with GOGC=off there is no goal. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN;
}

/** a / b, NaN when b is 0. */
function quotient(a: number, b: number): number {
  return b === 0 ? Number.NaN : a / b;
}
