/** Runs a cell, and leaves it on disk as cell-folder.ts reads it. Only threads load this file, and the model with it. */

import { endianness } from "node:os";
import { COLUMNS } from "../../results/columns.js";
import { OutputError, OutputFolder } from "../../results/output-folder.js";
import type { Recordings } from "../../scenarios/workloads/workloads.js";
import { recordRun } from "../recorded-run.js";
import { type Cell, cellScenario } from "./cell.js";
import { CELL, type FinishedCell, ROWS, readCell } from "./cell-folder.js";

/**
 * Runs a cell and keeps what came of it.
 * @param folder of the cell, which is not there yet
 * @throws OutputError when it cannot be written, LimitError when the run would never end
 */
export async function runCell(cell: Cell, folder: string, recordings: Recordings): Promise<FinishedCell> {
  // The digests tell whether a cell is whole, so nobody waits for the disk.
  const output = new OutputFolder(folder, false, "--out", false);
  try {
    const scenario = cellScenario(cell);
    const run = await recordRun({
      scenario,
      path: cell.path,
      policy: cell.policy,
      recordings,
      folder: output,
      prefix: "",
    });
    const samples = joined(run.samples);
    const { samples: _, digests: recorded, events: __, ...outcome } = run;
    const rows = output.write(ROWS, inLittleEndian(samples));
    const digests = { ...Object.fromEntries(recorded), [ROWS]: rows };
    output.write(CELL, `${JSON.stringify({ outcome, digests }, null, 2)}\n`);
    commit(output, folder);
    return { outcome, samples, digests };
  } catch (error) {
    output.discard();
    throw error;
  }
}

/** Puts a cell in place; another process that works on the same study may have been faster, with the same result. */
function commit(output: OutputFolder, folder: string): void {
  try {
    output.commit();
  } catch (error) {
    if (!(error instanceof OutputError) || readCell(folder) === undefined) throw error;
    output.discard();
  }
}

function joined(rows: readonly Float64Array[]): Float64Array {
  const samples = new Float64Array(rows.length * COLUMNS.length);
  for (const [i, row] of rows.entries()) samples.set(row, i * COLUMNS.length);
  return samples;
}

function inLittleEndian(samples: Float64Array): Uint8Array {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return endianness() === "LE" ? bytes : Buffer.from(bytes).swap64();
}
