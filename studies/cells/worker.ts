/**
 * What a worker thread does: it runs a cell, writes its files, and hands the samples over without a copy.
 *
 * Errors lose their class on the way between threads, so those that a user can mend travel as plain data.
 */

import { move, transferableSymbol, valueSymbol } from "piscina";
import type { Recordings } from "../../scenarios/workloads/workloads.js";
import { readRecordings } from "../recordings.js";
import type { Cell } from "./cell.js";
import { type FinishedCell, runCell } from "./cell-folder.js";
import { type SentError, sent } from "./sent-error.js";

/** A cell to run. */
export interface CellTask {
  readonly cell: Cell;
  /** Folder that its files go to. */
  readonly folder: string;
}

export type CellReply = FinishedCell | { readonly error: SentError };

/** Recordings of the scenario that was run last; most studies have only one. */
let recent: { readonly id: string; readonly recordings: Recordings } | undefined;

export default async function work({ cell, folder }: CellTask): Promise<CellReply> {
  try {
    const finished = await runCell(cell, folder, await recordingsOf(cell));
    const parcel = { [transferableSymbol]: [finished.samples.buffer], [valueSymbol]: finished };
    // The pool hands over what is in the parcel.
    return move(parcel as never) as unknown as CellReply;
  } catch (error) {
    return { error: sent(error as Error) };
  }
}

async function recordingsOf({ scenario, path }: Cell): Promise<Recordings> {
  const files = scenario.workloads.map(({ spec }) => (spec.kind === "trace" ? spec.file : ""));
  const id = JSON.stringify([path, files]);
  if (recent?.id !== id) recent = { id, recordings: await readRecordings(scenario, path) };
  return recent.recordings;
}
