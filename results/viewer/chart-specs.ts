/** Which charts a report has, and how the lines of each come from the columns of a run. */

import type { ReportRun } from "../report/report-data.js";

export type Format = "bytes" | "count" | "share" | "ns";

type Cells = readonly (number | null)[];

/** How a run gives a line its values, one a sample; null where there is none. */
type Values = (run: ReportRun) => Cells | undefined;

interface LineSpec {
  readonly label: string;
  /** Number in the palette. */
  readonly color: number;
  readonly values: Values;
  /** Whether the line is left out of runs in which it is nothing but 0. */
  readonly isOptional?: boolean;
}

export interface ChartSpec {
  readonly title: string;
  readonly format: Format;
  readonly lines: readonly LineSpec[];
  /** Whether collections are marked at the bottom. */
  readonly marksCollections?: boolean;
}

/** Shares of what happened are of stretches of so many samples in the length of a run: between two samples little happens. */
const WINDOWS = 200;

const column =
  (name: string): Values =>
  (run) =>
    run.columns[name];

/** What one counter grew by in a window, divided by what others did. */
const share =
  (part: string, whole: readonly string[]): Values =>
  (run) =>
    windowed(run, [part, ...whole], ([of, ...all]) => of! / all.reduce((sum, one) => sum + one, 0));

/** What a counter grew by in a window, per second. */
const perSecond =
  (counter: string): Values =>
  (run) =>
    windowed(run, [counter], ([growth], ns) => (growth! * 1e9) / ns);

export const CHARTS: readonly ChartSpec[] = [
  {
    title: "Memory",
    format: "bytes",
    marksCollections: true,
    lines: [
      { label: "sys", color: 0, values: column("heap_sys_bytes") },
      { label: "retained", color: 1, values: column("heap_retained_bytes") },
      { label: "in use", color: 2, values: column("heap_inuse_bytes") },
      { label: "released", color: 3, values: column("heap_released_bytes") },
      { label: "heap goal", color: 4, values: column("heap_goal_bytes") },
      { label: "scavenge goal", color: 5, values: column("scavenge_goal_bytes") },
      { label: "resident, by the system", color: 6, values: column("resident_bytes"), isOptional: true },
    ],
  },
  {
    title: "Fragmentation: share of free pages",
    format: "share",
    lines: [
      { label: "outside of the longest run", color: 0, values: column("external_fragmentation") },
      { label: "in runs below 16 pages", color: 1, values: column("unusable_free_index_16") },
      { label: "in runs below 256 pages", color: 2, values: column("unusable_free_index_256") },
      { label: "in runs below 512 pages", color: 3, values: column("unusable_free_index_512") },
    ],
  },
  {
    title: "Runs of free pages",
    format: "count",
    lines: [{ label: "runs", color: 0, values: column("free_runs") }],
  },
  {
    title: "Slow paths: shares",
    format: "share",
    lines: [
      { label: "of spans: from a page cache", color: 0, values: share("cache_allocs", ["span_allocs"]) },
      {
        label: "of allocator calls: needed find()",
        color: 1,
        values: share("find_calls", ["find_calls", "fast_path_allocs"]),
      },
    ],
  },
  {
    title: "Summary entries scanned by a find()",
    format: "count",
    lines: [{ label: "entries", color: 1, values: share("find_entries", ["find_calls"]) }],
  },
  {
    title: "Per second",
    format: "count",
    lines: [
      { label: "spans allocated", color: 0, values: perSecond("span_allocs") },
      { label: "calls of find()", color: 1, values: perSecond("find_calls") },
    ],
  },
  {
    title: "Scavenger: bytes so far",
    format: "bytes",
    lines: [
      { label: "released", color: 3, values: column("scavenged_bytes") },
      { label: "used again", color: 1, values: column("refaulted_bytes") },
      { label: "regretted", color: 4, values: column("regretted_bytes"), isOptional: true },
    ],
  },
  {
    title: "Huge pages",
    format: "count",
    lines: [
      { label: "aligned, nothing released", color: 0, values: column("hugepages_intact") },
      { label: "released in part", color: 1, values: column("hugepages_broken") },
      {
        label: "made by the system",
        color: 2,
        values: column("hugepages_backed"),
        isOptional: true,
      },
    ],
  },
  {
    title: "Waits for the heap lock",
    format: "ns",
    lines: [
      { label: "half wait longer than", color: 0, values: column("lock_wait_p50_ns"), isOptional: true },
      { label: "one in a hundred", color: 1, values: column("lock_wait_p99_ns"), isOptional: true },
    ],
  },
];

/** The values of a line in a run; undefined when there is nothing to show. */
export function valuesOf({ values, isOptional = false }: LineSpec, run: ReportRun): Cells | undefined {
  const cells = values(run);
  const isShown = cells?.some((value) => value !== null && (!isOptional || value !== 0));
  return isShown === true ? cells : undefined;
}

/** Times of the samples by which a collection had ended, ns. */
export function collectionsOf({ timesNs, columns }: ReportRun): number[] {
  const cycles = columns["gc_cycles"] ?? [];
  return timesNs.filter((_, i) => i > 0 && (cycles[i] ?? 0) > (cycles[i - 1] ?? 0));
}

/** A value for each sample from what counters grew by in the window that ends there. */
function windowed(
  { timesNs, columns }: ReportRun,
  counters: readonly string[],
  toValue: (growth: readonly number[], ns: number) => number,
): Cells | undefined {
  const series = counters.map((name) => columns[name]);
  if (series.some((one) => one === undefined)) return undefined;
  const width = Math.max(1, Math.ceil(timesNs.length / WINDOWS));
  return timesNs.map((timeNs, i) => {
    if (i === 0) return null;
    const from = Math.max(0, i - width);
    const growth = series.map((one) => (one![i] ?? Number.NaN) - (one![from] ?? Number.NaN));
    const value = toValue(growth, timeNs - timesNs[from]!);
    return Number.isFinite(value) ? value : null;
  });
}
