/** Reads what `mheapsim compare` left behind for a report: its rows, and where the runs of the first seed are. */

import { join } from "node:path";
import type { ComparisonRow } from "../comparison.js";
import { type ComparisonRowJson, comparisonRow } from "../comparison-files.js";
import { checkDigest, RunFolderError, readPart, readToolManifest, seedFolder } from "../result-folder.js";

/** A comparison that came to its end. */
export interface ReportedComparison {
  readonly baseline: string;
  readonly rows: readonly ComparisonRow[];
  readonly seeds: readonly number[];
  /** Folders of the runs of each policy under the first seed, the baseline first. */
  readonly runs: readonly string[];
}

/** The part of comparison.json that is of interest: rows as comparisonJson writes them. */
interface ReadComparison {
  readonly rows: readonly ComparisonRowJson[];
}

/**
 * Reads a comparison.
 * @returns null when the folder holds another result
 * @throws RunFolderError when it is none, is damaged, or is of another version
 */
export function readComparison(folder: string): ReportedComparison | null {
  const manifest = readToolManifest(folder) as ReturnType<typeof readToolManifest> & {
    readonly baseline?: string;
    readonly policies?: readonly { readonly name: string; readonly folder: string }[];
    readonly seeds?: readonly number[];
  };
  if (manifest.study !== "compare") return null;
  const { files, policies, seeds, baseline } = manifest;
  if (!Array.isArray(files) || !Array.isArray(policies) || !Array.isArray(seeds) || baseline === undefined)
    throw damaged(join(folder, "manifest.json"));
  const name = "comparison.json";
  const text = readPart(folder, name);
  checkDigest(folder, { files }, name, text);
  const { rows } = JSON.parse(text) as Partial<ReadComparison>;
  if (!Array.isArray(rows)) throw damaged(join(folder, name));
  const first = seedFolder(seeds[0]!);
  const inOrder = [...policies].sort((a, b) => Number(b.name === baseline) - Number(a.name === baseline));
  return {
    baseline,
    rows: rows.map((row) => rowOf(join(folder, name), row)),
    seeds,
    runs: inOrder.map((policy) => join(folder, policy.folder, first)),
  };
}

/** A row as it was before it was written. */
function rowOf(path: string, json: ComparisonRowJson): ComparisonRow {
  const row = comparisonRow(json);
  if (row === undefined) throw damaged(path);
  return row;
}

function damaged(path: string): RunFolderError {
  return new RunFolderError(`${path} is not that of a comparison: it was changed; compare again`);
}
