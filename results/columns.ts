/**
 * The columns of timeseries.csv, in their fixed order. This table is also the documentation: docs/file-formats.md is
 * checked against it by a test.
 *
 * A gauge is a state at the time of the sample; a counter grows from the start of the run; a rate concerns the interval
 * since the sample before and is empty in the first row and where nothing happened.
 */

export type ColumnKind = "time" | "gauge" | "counter" | "rate";

/** One column. */
export interface Column {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly unit: string;
  readonly meaning: string;
}

const gauge = <const N extends string>(name: N, unit: string, meaning: string) =>
  ({ name, kind: "gauge", unit, meaning }) as const;
const counter = <const N extends string>(name: N, unit: string, meaning: string) =>
  ({ name, kind: "counter", unit, meaning }) as const;
const rate = <const N extends string>(name: N, unit: string, meaning: string) =>
  ({ name, kind: "rate", unit, meaning }) as const;

export const COLUMNS = [
  { name: "time_ns", kind: "time", unit: "ns", meaning: "virtual time of the sample" },
  gauge("mapped_bytes", "bytes", "memory mapped for the heap: the sum of all growth"),
  gauge("reserved_bytes", "bytes", "address space reserved in arenas"),
  gauge("heap_sys_bytes", "bytes", "mapped less stacks and GC spans (MemStats.HeapSys)"),
  gauge("heap_inuse_bytes", "bytes", "heap spans (MemStats.HeapInuse)"),
  gauge("heap_idle_bytes", "bytes", "heap_sys − heap_inuse (MemStats.HeapIdle)"),
  gauge(
    "heap_released_bytes",
    "bytes",
    "memory returned to the system, or never used (MemStats.HeapReleased)",
  ),
  gauge("heap_retained_bytes", "bytes", "heap_sys − heap_released: the runtime's estimate of resident heap"),
  gauge("stack_inuse_bytes", "bytes", "stack spans (MemStats.StackInuse)"),
  gauge("gc_spans_bytes", "bytes", "spans of GC bitmaps and work buffers"),
  gauge("page_cache_bytes", "bytes", "free pages held by the page caches of Ps"),
  gauge("heap_live_bytes", "bytes", "heapLive as last told by the collector; empty before its first cycle"),
  gauge(
    "heap_goal_bytes",
    "bytes",
    "heap goal of the collector; empty before its first cycle and when there is none (GOGC=off)",
  ),
  gauge(
    "scavenge_goal_bytes",
    "bytes",
    "retained bytes the scavenger aims at; empty when it has nothing to do",
  ),
  gauge("metadata_bytes", "bytes", "what Go's own summaries and chunk tables would have mapped"),
  gauge("spans_live", "spans", "live spans of all kinds"),
  counter("gc_cycles", "cycles", "finished mark phases"),
  counter("scav_gen", "generations", "scavenge generation"),
  counter("span_allocs", "spans", "spans handed out"),
  counter("span_frees", "spans", "spans given back"),
  counter("cache_allocs", "calls", "allocations from a page cache"),
  counter("cache_refills", "calls", "page cache refills"),
  counter("cache_misses", "calls", "page caches asked in vain"),
  counter(
    "fast_path_allocs",
    "calls",
    "allocations and refills found in the chunk of searchAddr, without find",
  ),
  counter("find_calls", "calls", "radix tree searches, by allocations and refills"),
  counter("find_failures", "calls", "searches that found nothing"),
  counter("find_levels", "levels", "levels those searches entered"),
  counter(
    "find_entries",
    "entries",
    "summary entries that Go's loop visits in them, zero and unmapped ones included",
  ),
  counter("heap_growths", "calls", "times the heap grew"),
  counter("arenas", "calls", "reservations of arena space"),
  counter("scavenge_calls", "calls", "requests to the scavenger"),
  counter("scavenged_bytes", "bytes", "bytes returned to the system"),
  counter("refaulted_bytes", "bytes", "bytes allocated out of scavenged memory that had been in use before"),
  rate("find_rate", "ratio", "Δfind_calls / (Δfind_calls + Δfast_path_allocs)"),
  rate("find_calls_per_span", "calls/span", "Δfind_calls / Δspan_allocs"),
  rate("find_calls_per_s", "calls/s", "Δfind_calls per second of virtual time"),
  gauge("free_pages", "pages", "free pages in the heap, page caches not counted"),
  gauge("free_runs", "runs", "runs of free pages"),
  gauge("largest_free_run_pages", "pages", "longest run of free pages"),
  gauge("external_fragmentation", "ratio", "1 − largest_free_run_pages / free_pages, 0..1"),
  gauge("unusable_free_index_16", "ratio", "share of free pages in runs shorter than 16 pages, 0..1"),
  gauge("unusable_free_index_256", "ratio", "share of free pages in runs shorter than 256 pages, 0..1"),
  gauge("unusable_free_index_512", "ratio", "share of free pages in runs shorter than 512 pages, 0..1"),
  gauge("hugepages_intact", "pages", "aligned 2 MiB pieces of mapped memory with no scavenged page"),
  gauge("hugepages_broken", "pages", "aligned 2 MiB pieces with some, but not all, pages scavenged"),
  gauge(
    "resident_bytes",
    "bytes",
    "heap, stacks and GC spans that the system has really given: what it would report (RSS)",
  ),
  gauge("lazyfree_bytes", "bytes", "of that, what was released by MADV_FREE and not taken yet (LazyFree)"),
  gauge("hugepages_backed", "pages", "huge pages that the system made of the heap"),
  gauge("huge_coverage", "ratio", "share of memory in spans that lies in such huge pages, 0..1"),
  counter("khugepaged_collapses", "pages", "huge pages that khugepaged made of small ones"),
  counter("page_faults", "calls", "first touches of physical pages, without those that made a huge page"),
  counter("huge_faults", "calls", "first touches that made a huge page"),
  counter("fault_ns", "ns", "time that all of these took, which delays nothing"),
  counter("advice_ns", "ns", "time that calls of madvise about huge pages took, MADV_COLLAPSE included"),
  counter("released_ranges", "calls", "ranges that were released: the decisions that regret is about"),
  counter("regretted_bytes", "bytes", "bytes released and used again within the regret window"),
  counter("lock_acquisitions", "calls", "critical sections under the heap lock; empty unless it is modelled"),
  counter("lock_wait_ns", "ns", "time that all threads waited for the heap lock"),
  counter("lock_hold_ns", "ns", "time that it was held"),
  rate("lock_wait_p50_ns", "ns", "median wait of an allocation that took the lock"),
  rate("lock_wait_p99_ns", "ns", "99th percentile of these waits"),
  rate("lock_wait_max_ns", "ns", "longest of these waits"),
  gauge(
    "lock_lag_ns",
    "ns",
    "how far the book of the lock is behind the clock: large when more is asked than can be",
  ),
  counter(
    "assist_released_bytes",
    "bytes",
    "bytes that allocations released themselves; empty for policies without a memory limit",
  ),
  counter("assist_ns", "ns", "time that these releases took the program"),
  rate("assist_max_ns", "ns", "longest that one allocation released for; empty where none did"),
] as const satisfies readonly Column[];

/** Name of a column. */
export type ColumnName = (typeof COLUMNS)[number]["name"];

/** Index of each column by name. */
export const COLUMN = Object.fromEntries(COLUMNS.map((column, i) => [column.name, i])) as Record<
  ColumnName,
  number
>;
