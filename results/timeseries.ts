/**
 * timeseries.csv: one row a sample.
 *
 * The first row is at t = 0; each row is the state after all events up to its time; the last one is at the end of the
 * run, whatever the interval. Numbers are written without a locale: whole ones as they are, ratios with up to six
 * digits after the point, undefined ones as empty cells.
 */

import { COLUMNS } from "./columns.js";
import type { OutputFile } from "./output-folder.js";

/** Rows that are written at once. */
const BATCH = 512;

export class TimeSeriesWriter {
  #batch: string[] = [];

  /** @param file receives the header at once */
  constructor(readonly file: OutputFile) {
    file.write(`${COLUMNS.map((column) => column.name).join(",")}\n`);
  }

  /** Adds a row, in the order of COLUMNS. */
  add(row: Float64Array): void {
    this.#batch.push(rowText(row));
    if (this.#batch.length === BATCH) this.flush();
  }

  /** Writes what is still held. */
  flush(): void {
    if (this.#batch.length > 0) this.file.write(this.#batch.join(""));
    this.#batch = [];
  }
}

/** A row as a line. Numbers and empty cells, like names of columns, have nothing to be quoted, so that a library would only take its time. */
function rowText(row: Float64Array): string {
  let text = formatCell(row[0]!);
  for (let i = 1; i < row.length; i++) text += `,${formatCell(row[i]!)}`;
  return `${text}\n`;
}

/** A number as a cell: whole, or rounded to six digits after the point; NaN is empty. */
export function formatCell(value: number): string {
  if (Number.isNaN(value)) return "";
  if (Number.isInteger(value)) return String(value);
  return String(Math.round(value * 1e6) / 1e6);
}

/** A number as its cell has it, for JSON; null for an empty cell. */
export function cellNumber(value: number): number | null {
  const text = formatCell(value);
  return text === "" ? null : Number(text);
}
