/** The tables of a report: what runs came to, how they differ, and what a comparison of many seeds found. */

import { COLUMN, COLUMNS, type ColumnName } from "../columns.js";
import type { ComparisonRow } from "../comparison.js";
import { comparisonCells, type QuantityFormats, quantity } from "../comparison-table.js";
import { measure } from "../measure.js";
import { METRICS, Series } from "../metrics.js";
import type { FinishedRun } from "../run-folder.js";
import type { ReportTable } from "./report-data.js";

/** Rows of the summary: a label, and the column. */
const SUMMARY: readonly (readonly [label: string, column: ColumnName])[] = [
  ["heap sys", "heap_sys_bytes"],
  ["heap in use", "heap_inuse_bytes"],
  ["heap retained", "heap_retained_bytes"],
  ["heap released", "heap_released_bytes"],
  ["resident, by the system", "resident_bytes"],
  ["free runs", "free_runs"],
  ["external fragmentation", "external_fragmentation"],
  ["find() rate", "find_rate"],
  ["spans allocated", "span_allocs"],
  ["find() calls", "find_calls"],
  ["scavenged", "scavenged_bytes"],
  ["used again after that", "refaulted_bytes"],
  ["collections", "gc_cycles"],
];

/** What each run came to: mean over time, largest, and at the end; of counters the total alone. */
export function summaryTable(
  runs: readonly FinishedRun[],
  labels: readonly string[],
  formats: QuantityFormats,
): ReportTable {
  const rows = runs.map(rowsOf);
  const cells = SUMMARY.map(([label, name]) => {
    const { kind, unit } = COLUMNS[COLUMN[name]]!;
    const statistics = kind === "counter" ? (["last"] as const) : (["mean", "peak", "last"] as const);
    const figures = rows.map((samples) => {
      const end = samples.at(-1)![COLUMN.time_ns]!;
      const shown = statistics.map((statistic) =>
        shownAs(measure(samples, COLUMN[name], statistic, 0, end), unit, formats),
      );
      return kind === "counter" ? ["", "", ...shown] : shown;
    });
    return [label, ...figures.flat()];
  });
  return {
    id: "summary",
    title: "Summary",
    note: "",
    groups: runs.length === 1 ? [] : [["", 1], ...labels.map((label) => [label, 3] as const)],
    head: ["", ...labels.flatMap(() => ["mean", "largest", "at the end"])],
    rows: cells,
  };
}

/**
 * Runs beside the first one, in the metrics of `mheapsim compare`; null with one run, or when none differs.
 * Metrics that are the same in all runs are left out.
 */
export function differencesTable(
  runs: readonly FinishedRun[],
  labels: readonly string[],
  formats: QuantityFormats,
): ReportTable | null {
  if (runs.length < 2) return null;
  const series = runs.map((run) => new Series(rowsOf(run)));
  const rows = METRICS.flatMap(({ name, unit, of }) => {
    const [first, ...others] = series.map(of) as [number, ...number[]];
    if (others.every((value) => Object.is(value, first))) return [];
    const cells = others.flatMap((value) => [
      shownAs(value, unit, formats),
      signed(value - first, (size) => shownAs(size, unit, formats)),
      relative(value, first),
    ]);
    return [[name, shownAs(first, unit, formats), ...cells]];
  });
  if (rows.length === 0) return null;
  const others = labels.slice(1);
  return {
    id: "differences",
    title: `Beside ${labels[0]}`,
    note: "One run each: whether a difference is more than chance, mheapsim compare says, with many seeds. Metrics that are the same are left out.",
    groups: [["", 1], [labels[0]!, 1], ...others.map((label) => [label, 3] as const)],
    head: ["", "value", ...others.flatMap(() => ["value", "difference", "in %"])],
    rows,
  };
}

/** What `mheapsim compare` found for one candidate. @param rows all of the same candidate, at least one */
export function comparisonTable(
  folder: string,
  rows: readonly ComparisonRow[],
  seeds: number,
  formats: QuantityFormats,
): ReportTable {
  const { baseline, candidate } = rows[0]!;
  const shown = rows.filter(({ verdict }) => verdict !== "identical" && verdict !== "undefined");
  const left = rows.length - shown.length;
  const omitted =
    left === 0 ? "" : ` ${left} metrics that are identical in every run, or undefined, are left out.`;
  return {
    id: `comparison-${candidate.replace(/[^\w.-]+/g, "-")}`,
    title: `${candidate} compared with ${baseline}`,
    note: `Means over ${seeds} seeds, from ${folder}; the intervals of all metrics hold together with 95 %.${omitted}`,
    groups: [],
    head: ["", baseline, candidate, "difference", "95 % interval", "verdict"],
    rows: shown.map((row) => comparisonCells(row, formats)),
  };
}

/** Samples as rows in the order of COLUMNS. */
function rowsOf({ columns }: FinishedRun): Float64Array[] {
  return Array.from(columns.time_ns, (_, i) => Float64Array.from(COLUMNS, ({ name }) => columns[name][i]!));
}

function shownAs(value: number, unit: string, formats: QuantityFormats): string {
  if (Number.isNaN(value)) return "–";
  return unit === "ratio" ? value.toFixed(3) : quantity(value, unit, formats);
}

function signed(value: number, show: (size: number) => string): string {
  if (Number.isNaN(value)) return "–";
  return value === 0 ? "0" : `${value < 0 ? "−" : "+"}${show(Math.abs(value))}`;
}

function relative(value: number, first: number): string {
  const percent = (100 * (value - first)) / Math.abs(first);
  return Number.isFinite(percent) ? signed(percent, (size) => size.toFixed(1)) : "–";
}
