/**
 * Reads what compare left behind, for pictures: its rows, and of each run those columns that are drawn as bands.
 *
 *     manifest.json ──► policies and seeds ──► cells/<policy>/seed-0001/ ──► columns of each run
 *     comparison.json ──► rows, confidence, warm-up
 */

import { join } from "node:path";
import type { ColumnName } from "./columns.js";
import type { ComparisonRow } from "./comparison.js";
import { type ComparisonRowJson, comparisonRow } from "./comparison-files.js";
import {
  checkDigest,
  RunFolderError,
  readPart,
  readToolManifest,
  seedFolder,
  type ToolManifest,
} from "./result-folder.js";
import { type FinishedRun, readRunFolder } from "./run-folder.js";

/** Columns that are kept of each run, beside the time. */
export const BAND_COLUMNS = [
  "heap_retained_bytes",
  "refaulted_bytes",
  "external_fragmentation",
] as const satisfies readonly ColumnName[];
export type BandColumn = (typeof BAND_COLUMNS)[number];

/** What is kept of a run: one value a sample. */
export type BandRun = Readonly<Record<"time_ns" | BandColumn, Float64Array>>;

/** A row, without what pictures do not show. */
export type ShownRow = Pick<
  ComparisonRow,
  "metric" | "candidate" | "meanBaseline" | "meanCandidate" | "diff" | "ciLow" | "ciHigh" | "verdict"
>;

/** A comparison, as pictures show it. */
export interface FinishedComparison {
  /** Name of the scenario. */
  readonly name: string;
  readonly version: string;
  readonly baseline: string;
  /** In the order of their names, without the baseline. */
  readonly candidates: readonly string[];
  readonly seeds: readonly number[];
  readonly parameters: FinishedRun["parameters"];
  /** The longest warm-up that was left out of the metrics, ns. */
  readonly warmUpNs: number;
  readonly rows: readonly ShownRow[];
  /** Runs by policy, in the order of the seeds. */
  readonly runs: ReadonlyMap<string, readonly BandRun[]>;
}

interface ComparisonManifest extends ToolManifest {
  readonly name: string;
  readonly baseline: string;
  readonly policies: readonly { readonly name: string; readonly folder: string }[];
  readonly seeds: readonly number[];
  readonly parameters: FinishedRun["parameters"];
}

/** The part of comparison.json that is drawn. */
interface ComparisonFile {
  readonly warm_up: { readonly ns: number };
  readonly rows: readonly ComparisonRowJson[];
}

/**
 * Reads the folder of a comparison.
 * @throws RunFolderError when it is none, is damaged, or is of another version
 */
export function readComparisonFolder(folder: string): FinishedComparison {
  const manifest = readToolManifest(folder);
  if (!isComparison(manifest)) {
    throw new RunFolderError(
      `${folder} was not made by mheapsim compare: expected the folder of a comparison`,
    );
  }
  const { name, baseline, seeds, parameters, policies } = manifest;
  const text = readPart(folder, "comparison.json");
  checkDigest(folder, manifest, "comparison.json", text);
  const file: ComparisonFile = JSON.parse(text);
  const runs = policies.map(({ name: policy, folder: place }) => {
    const paths = seeds.map((seed) => join(folder, place, seedFolder(seed)));
    return [policy, paths.map((path) => bandRun(readRunFolder(path).columns))] as const;
  });
  return {
    name,
    version: manifest.tool.version,
    baseline,
    candidates: policies.map((policy) => policy.name).filter((policy) => policy !== baseline),
    seeds,
    parameters,
    warmUpNs: file.warm_up.ns,
    rows: file.rows.map(shownRow),
    runs: new Map(runs),
  };
}

function isComparison(manifest: ToolManifest & Partial<ComparisonManifest>): manifest is ComparisonManifest {
  const { study, name, baseline, policies, seeds, parameters } = manifest;
  return (
    study === "compare" &&
    typeof name === "string" &&
    typeof baseline === "string" &&
    Array.isArray(policies) &&
    Array.isArray(seeds) &&
    typeof parameters === "object"
  );
}

/** The columns that are kept, without the memory of all others. */
export function bandRun(columns: FinishedRun["columns"]): BandRun {
  const names = ["time_ns", ...BAND_COLUMNS] as const;
  return Object.fromEntries(names.map((name) => [name, columns[name].slice()])) as BandRun;
}

/** A row of comparison.json as pictures show it. */
export function shownRow(row: ComparisonRowJson): ShownRow {
  // A comparison of this version has no other metrics.
  return comparisonRow(row)!;
}
