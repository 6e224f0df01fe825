/** A finished run, as a report shows it. */

import { COLUMNS } from "../columns.js";
import type { HeapMapParts } from "../heapmap/read.js";
import type { FinishedRun } from "../run-folder.js";
import type { ReportRun, ReportTable } from "./report-data.js";

/** Samples that a report carries of a run at most. */
const MOST_SAMPLES = 5000;

/**
 * What the viewer gets of a run.
 * @param label tells it from the others
 * @param command that makes it again
 * @param map its heap map, and the id of the element that will hold the records; null without one
 */
export function reportRun(
  run: FinishedRun,
  label: string,
  command: string,
  map: { readonly parts: HeapMapParts; readonly element: string } | null,
): ReportRun {
  const samples = run.columns.time_ns.length;
  const stride = Math.ceil(samples / MOST_SAMPLES);
  // Every so many, and the last.
  const kept = Array.from({ length: samples }, (_, i) => i).filter(
    (i) => i % stride === 0 || i === samples - 1,
  );
  const columns = Object.fromEntries(
    COLUMNS.map(({ name }) => [name, kept.map((i) => cell(run.columns[name][i]!))]),
  );
  return {
    label,
    name: run.name,
    policy: run.policy,
    seed: run.seed,
    fingerprint: run.fingerprint,
    command,
    parameters: Object.entries(run.parameters).map(([name, value]) => [name, String(value)]),
    timesNs: kept.map((i) => run.columns.time_ns[i]!),
    columns,
    note: stride === 1 ? "" : `Of its ${samples} samples the charts show every ${stride}th.`,
    heapMap: map === null ? null : { header: map.parts.header, element: map.element },
  };
}

function cell(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Rows of the summary: a label, the column, what is shown of it, and how. */
const SUMMARY: readonly [
  label: string,
  column: (typeof COLUMNS)[number]["name"],
  format: "bytes" | "share" | "count",
][] = [
  ["heap sys", "heap_sys_bytes", "bytes"],
  ["heap in use", "heap_inuse_bytes", "bytes"],
  ["heap retained", "heap_retained_bytes", "bytes"],
  ["heap released", "heap_released_bytes", "bytes"],
  ["external fragmentation", "external_fragmentation", "share"],
  ["free runs", "free_runs", "count"],
  ["find() rate", "find_rate", "share"],
  ["scavenged in all", "scavenged_bytes", "bytes"],
  ["used again in all", "refaulted_bytes", "bytes"],
  ["collections", "gc_cycles", "count"],
];

/** The runs side by side: mean over time, largest, and at the end. */
export function summaryTable(
  runs: readonly FinishedRun[],
  labels: readonly string[],
  formatBytes: (bytes: number) => string,
): ReportTable {
  const formats = {
    bytes: formatBytes,
    share: (value: number): string => value.toFixed(3),
    count: (value: number): string => String(Math.round(value)),
  };
  const head = ["", ...labels.flatMap((label) => [`${label}: mean`, "largest", "at the end"])];
  const rows = SUMMARY.map(([label, column, format]) => [
    label,
    ...runs.flatMap((run) =>
      figures(run.columns[column], run.columns.time_ns).map((value) =>
        Number.isNaN(value) ? "–" : formats[format](value),
      ),
    ),
  ]);
  return { title: "Summary", head, rows };
}

/** Mean over time, largest, last; NaN where there is none. */
function figures(values: Float64Array, times: Float64Array): [number, number, number] {
  let sum = 0;
  let weight = 0;
  let largest = Number.NaN;
  let last = Number.NaN;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    const ns = (times[i + 1] ?? times[i]!) - times[i]!;
    sum += value * ns;
    weight += ns;
    if (!(value <= largest)) largest = value;
    last = value;
  }
  return [weight > 0 ? sum / weight : last, largest, last];
}
