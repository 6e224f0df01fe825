/**
 * What a worker thread does: it runs a cell, writes its files, and hands over what came of it.
 *
 * The samples go as a copy. Handing over their buffer itself would detach it, and V8 throws away all machine code that
 * counts on buffers not to be detached as soon as the first one is: all of the model's, in the middle of its warming up, and
 * what is compiled then asks at each access. A copy takes a tenth of a millisecond.
 *
 * Errors lose their class on the way between threads, so those that a user can mend travel as plain data.
 */

import type { Recordings } from "../../scenarios/workloads/workloads.js";
import { readRecordings } from "../recordings.js";
import type { Cell } from "./cell.js";
import type { FinishedCell } from "./cell-folder.js";
import { runCell } from "./run-cell.js";
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
    return await runCell(cell, folder, await recordingsOf(cell));
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
