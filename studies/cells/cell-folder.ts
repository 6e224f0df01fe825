/**
 * A finished cell on disk:
 *
 *     <key>/timeseries.csv, …, manifest.json                 what a run leaves behind, and what results are given
 *     <key>/rows.f64                                         its samples to the last bit: rows of doubles, lowest byte first
 *     <key>/cell.json                                        how it ended, and the digests of all of these
 *
 * The folder appears whole, and is believed only as long as every file has its digest.
 */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { COLUMNS } from "../../results/columns.js";
import { type CellOutcome, sha256 } from "./cell.js";

export const ROWS = "rows.f64";
export const CELL = "cell.json";

/** A finished cell. */
export interface FinishedCell {
  readonly outcome: CellOutcome;
  /** Samples one after the other, each as long as there are columns. */
  readonly samples: Float64Array;
  /** sha256 of the files by name. */
  readonly digests: Readonly<Record<string, string>>;
}

/** Reads a finished cell. One that is damaged is removed. @returns undefined when there is none */
export function readCell(folder: string): FinishedCell | undefined {
  if (!existsSync(folder)) return undefined;
  try {
    const { outcome, digests } = JSON.parse(readFileSync(join(folder, CELL), "utf8")) as FinishedCell;
    const contents = new Map(Object.keys(digests).map((name) => [name, readFileSync(join(folder, name))]));
    for (const [name, content] of contents) {
      if (sha256(content) !== digests[name]) throw new Error(`${name} is damaged`);
    }
    return { outcome, samples: fromLittleEndian(contents.get(ROWS)!), digests };
  } catch {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
}

/** Names of the files of a cell that belong into results: all that a run leaves behind. */
export function resultFiles(digests: FinishedCell["digests"]): string[] {
  return Object.keys(digests).filter((name) => name !== ROWS);
}

/** Leaves only the files that belong into results. */
export function strip(folder: string): void {
  for (const name of [CELL, ROWS]) rmSync(join(folder, name));
}

/** The samples of a cell, a row each. */
export function rowsOf(samples: Float64Array): Float64Array[] {
  const width = COLUMNS.length;
  return Array.from({ length: samples.length / width }, (_, i) =>
    samples.subarray(i * width, (i + 1) * width),
  );
}

function fromLittleEndian(bytes: Buffer): Float64Array {
  const samples = new Float64Array(bytes.length / Float64Array.BYTES_PER_ELEMENT);
  const copy = Buffer.from(samples.buffer);
  bytes.copy(copy);
  if (endianness() !== "LE") copy.swap64();
  return samples;
}
