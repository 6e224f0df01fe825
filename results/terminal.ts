/**
 * The closing table of a run, for people. Everything in it is in summary.json, exactly.
 */

import { COLUMN, type ColumnName } from "./columns.js";
import { textTable } from "./text-table.js";

/** How a value is shown. */
type Format = (value: number) => string;

/** A row of the table: a label, the column, and its format. */
const ROWS: readonly [string, ColumnName, "bytes" | "count" | "share"][] = [
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

/**
 * The table: value at the end and largest sample of the main series.
 * @param samples rows in the order of COLUMNS
 * @param formatBytes how sizes are written
 */
export function closingTable(samples: readonly Float64Array[], formatBytes: Format): string {
  const last = samples.at(-1);
  if (last === undefined) return "";
  const formats: Record<"bytes" | "count" | "share", Format> = {
    bytes: formatBytes,
    count: (value) => String(value),
    share: (value) => value.toFixed(3),
  };
  const lines = [["", "at the end", "largest"]];
  for (const [label, name, kind] of ROWS) {
    const column = COLUMN[name];
    let largest = Number.NaN;
    let end = Number.NaN;
    for (const row of samples) {
      const value = row[column]!;
      if (Number.isNaN(value)) continue;
      end = value;
      if (!(value <= largest)) largest = value;
    }
    const show = (value: number): string => (Number.isNaN(value) ? "-" : formats[kind](value));
    lines.push([label, show(end), show(largest)]);
  }
  return textTable(lines, true).join("\n");
}
