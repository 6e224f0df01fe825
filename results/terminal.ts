/**
 * The closing table of a run, for people. Everything in it is in summary.json, exactly.
 */

import { COLUMN, COLUMNS, type ColumnName } from "./columns.js";
import { sparkline } from "./sparkline.js";
import { textTable } from "./text-table.js";

/** How a value is shown. */
type Format = (value: number) => string;

/** The main series: a label, the column, and how it is shown. */
const ROWS: readonly (readonly [string, ColumnName, "bytes" | "count" | "share"])[] = [
  ["heap sys", "heap_sys_bytes", "bytes"],
  ["heap in use", "heap_inuse_bytes", "bytes"],
  ["heap released", "heap_released_bytes", "bytes"],
  ["heap retained", "heap_retained_bytes", "bytes"],
  ["free runs", "free_runs", "count"],
  ["external fragmentation", "external_fragmentation", "share"],
  ["spans allocated", "span_allocs", "count"],
  ["find() calls", "find_calls", "count"],
  ["find() rate", "find_rate", "share"],
  ["scavenged", "scavenged_bytes", "bytes"],
  ["refaulted", "refaulted_bytes", "bytes"],
];

/** Their columns. */
export const MAIN_SERIES: readonly ColumnName[] = ROWS.map(([, column]) => column);

/**
 * The table: value at the end and largest sample of the main series, and how each went.
 * @param samples rows in the order of COLUMNS
 * @param formatBytes how sizes are written
 * @param sparkWidth characters for the course of a series over time: of a counter, what it grew by; 0 for none
 */
export function closingTable(samples: readonly Float64Array[], formatBytes: Format, sparkWidth = 0): string {
  if (samples.length === 0) return "";
  const formats: Record<"bytes" | "count" | "share", Format> = {
    bytes: formatBytes,
    count: (value) => String(value),
    share: (value) => value.toFixed(3),
  };
  const lines = [["", "at the end", "largest"]];
  for (const [label, name, kind] of ROWS) {
    const known = samples.map((row) => row[COLUMN[name]]!).filter((value) => !Number.isNaN(value));
    const largest = known.reduce((most, value) => Math.max(most, value), known[0] ?? Number.NaN);
    const show = (value: number): string => (Number.isNaN(value) ? "-" : formats[kind](value));
    lines.push([label, show(known.at(-1) ?? Number.NaN), show(largest)]);
  }
  const table = textTable(lines, true);
  if (sparkWidth === 0) return table.join("\n");
  const width = Math.max(...table.map((line) => line.length));
  const courses = ROWS.map(([, name]) => sparkline(courseOf(samples, name), sparkWidth));
  return [
    table[0]!,
    ...courses.map((course, i) => `${table[i + 1]!.padEnd(width)}  ${course}`.trimEnd()),
  ].join("\n");
}

/** What is drawn of a column: its values, of a counter what it grew by since the sample before. */
function courseOf(samples: readonly Float64Array[], name: ColumnName): number[] {
  const column = COLUMN[name];
  const values = samples.map((row) => row[column]!);
  if (COLUMNS[column]!.kind !== "counter") return values;
  return values.map((value, i) => (i === 0 ? value : value - values[i - 1]!));
}
