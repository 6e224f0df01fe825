/**
 * What a report carries for its viewer, as JSON. Heap maps are beside it, deflated, in elements of their own.
 */

import type { HeapMapHeader } from "../heapmap/format.js";

/** A table of text; the first column names the rows. */
export interface ReportTable {
  /** For links. */
  readonly id: string;
  readonly title: string;
  /** Said above it; empty when there is nothing to say. */
  readonly note: string;
  /** Headings above the columns, each over so many of them; empty when there are none. */
  readonly groups: readonly (readonly [heading: string, columns: number])[];
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A run as the viewer shows it. */
export interface ReportRun {
  /** Tells it from the others: policy and seed, and the scenario where that differs. */
  readonly label: string;
  /** The command that makes the same run again. */
  readonly command: string;
  /** What else there is to know of it. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Times of the samples, ns. */
  readonly timesNs: readonly number[];
  /** Values by column, null for an empty cell. */
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
  /** Said when only some of the samples are here. */
  readonly note: string;
  /** The header of its heap map, and the id of the element that holds the records; null without one. */
  readonly heapMap: { readonly header: HeapMapHeader; readonly element: string } | null;
}

/** The whole of a report. */
export interface ReportData {
  /** Version of the tool. */
  readonly tool: string;
  readonly title: string;
  readonly runs: readonly ReportRun[];
  readonly tables: readonly ReportTable[];
}

/** Ids of the elements that hold the data. */
export const DATA_ELEMENT = "report-data";
