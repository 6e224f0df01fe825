/**
 * Reads what a run left behind, and believes none of it before it was looked at.
 *
 *     manifest.json ──► whose, which version, which files with which sha256
 *          └──► timeseries.csv ──► a column of numbers each      (every column of this version, whole rows, rising time)
 *          └──► histograms.json ──► sizes, lifetimes, free runs
 *
 * A picture says which scenario, policy, seed and version it shows; so files that were cut off, or changed afterwards,
 * or written by another version, are refused with a sentence.
 */

import { basename, join, resolve } from "node:path";
import { COLUMN, COLUMNS, type ColumnName } from "./columns.js";
import { HEAP_MAP_FILE } from "./heapmap/format.js";
import type { HeapMap } from "./heapmap/heap-map.js";
import { parseHeapMap } from "./heapmap/read.js";
import { type Histograms, isHistograms } from "./histograms.js";
import {
  checkDigest,
  RunFolderError,
  readBytes,
  readPart,
  readToolManifest,
  type ToolManifest,
} from "./result-folder.js";
import { formatCell } from "./timeseries.js";
import { TOOL_VERSION } from "./version.js";

/** What a plot knows of a run. */
export interface FinishedRun {
  /** Name of the folder, without the path to it. */
  readonly folder: string;
  /** Name of the scenario or trace. */
  readonly name: string;
  readonly policy: string;
  /** Empty for a trace. */
  readonly seed: string;
  readonly version: string;
  readonly fingerprint: string;
  readonly parameters: Readonly<Record<string, string | number | boolean>>;
  /** Where its demands came from, as the manifest says it. */
  readonly source: ReadManifest["scenario"];
  /** What was asked for: of a Go release the preset in force is taken. */
  readonly policyRequested: string;
  /** What was changed about the scenario besides its parameters, `path=value`. */
  readonly sets: readonly string[];
  /** Keyframes of its heap map, how many or at which times, ns; undefined without one. */
  readonly keyframes: number | readonly number[] | undefined;
  readonly pageBytes: number;
  /** Values by column, NaN for an empty cell. */
  readonly columns: Readonly<Record<ColumnName, Float64Array>>;
  /** Null for a run that was not asked to record them. */
  readonly histograms: Histograms | null;
  /** Reads its heap map; null for a run without one. @throws HeapMapError when it is damaged */
  readonly heapMap: (() => HeapMap) | null;
}

/** The part of a manifest that is of interest. */
interface ReadManifest extends ToolManifest {
  readonly name: string;
  readonly scenario: Readonly<Record<string, string | number>>;
  readonly policy: string;
  readonly policy_requested: string;
  readonly platform: { readonly page_bytes: number };
  readonly parameters: FinishedRun["parameters"];
  readonly set?: readonly string[];
  readonly keyframes?: number | readonly number[];
  readonly fingerprint: string;
  readonly replications?: readonly { readonly folder: string }[];
}

/**
 * Reads the folder of a run.
 * @throws RunFolderError when it is none, is damaged, or is of another version
 */
export function readRunFolder(folder: string): FinishedRun {
  const manifest = readManifest(folder);
  const text = readPart(folder, "timeseries.csv");
  const columns = parseTimeSeries(join(folder, "timeseries.csv"), text);
  checkDigest(folder, manifest, "timeseries.csv", text);
  // The picture needs no more than the two, but a summary that is not the run's tells that something went wrong here.
  checkDigest(folder, manifest, "summary.json", readPart(folder, "summary.json"));
  return {
    ...describeRun(basename(resolve(folder)), manifest),
    columns,
    histograms: readHistograms(folder, manifest),
    heapMap: heapMapReader(folder, manifest),
  };
}

/** Heap maps are large, and few pictures need them; so they are read when they are asked for. */
function heapMapReader(folder: string, manifest: ReadManifest): FinishedRun["heapMap"] {
  if (!manifest.files.some((file) => file.name === HEAP_MAP_FILE)) return null;
  return () => {
    const bytes = readBytes(folder, HEAP_MAP_FILE);
    checkDigest(folder, manifest, HEAP_MAP_FILE, bytes);
    return parseHeapMap(join(folder, HEAP_MAP_FILE), bytes);
  };
}

/**
 * Looks at a file that a run may have left besides the usual ones.
 * @returns whether it has one
 * @throws RunFolderError when it is gone or changed
 */
export function checkFile(folder: string, name: string): boolean {
  const manifest = readManifest(folder);
  if (!manifest.files.some((file) => file.name === name)) return false;
  checkDigest(folder, manifest, name, readBytes(folder, name));
  return true;
}

/** What a manifest says about its run. */
export function describeRun(
  folder: string,
  manifest: Omit<ReadManifest, "tool" | "files" | "replications"> & { readonly tool?: ReadManifest["tool"] },
): Omit<FinishedRun, "columns" | "histograms" | "heapMap"> {
  const { name, scenario, policy, platform, parameters, set = [], keyframes, fingerprint, tool } = manifest;
  return {
    folder,
    name,
    policy,
    seed: scenario.seed === undefined ? "" : String(scenario.seed),
    version: tool?.version ?? TOOL_VERSION,
    fingerprint,
    parameters,
    source: scenario,
    policyRequested: manifest.policy_requested,
    sets: set,
    keyframes,
    pageBytes: platform.page_bytes,
  };
}

/** The samples of a run as columns, rounded as timeseries.csv has them: a plot is the same from either. */
export function columnsOf(rows: readonly Float64Array[]): FinishedRun["columns"] {
  return eachColumn((column) =>
    Float64Array.from(rows, (row) => {
      const text = formatCell(row[column]!);
      return text === "" ? Number.NaN : Number(text);
    }),
  );
}

function eachColumn(values: (column: number) => Float64Array): FinishedRun["columns"] {
  return Object.fromEntries(COLUMNS.map(({ name }, i) => [name, values(i)])) as Record<
    ColumnName,
    Float64Array
  >;
}

function readManifest(folder: string): ReadManifest {
  const manifest: ToolManifest & Partial<ReadManifest> = readToolManifest(folder);
  if (manifest.study !== undefined) {
    throw new RunFolderError(
      `${folder} was made by mheapsim ${manifest.study}: expected the folder of a run${manifest.study === "compare" ? ", such as those in its cells/" : ""}`,
    );
  }
  const [first] = manifest.replications ?? [];
  if (first !== undefined) {
    throw new RunFolderError(
      `${folder} holds ${manifest.replications!.length} replications: name them, such as ${join(folder, first.folder)}`,
    );
  }
  if (!isRunManifest(manifest)) {
    throw new RunFolderError(
      `${join(folder, "manifest.json")} is not that of a run: expected the folder of mheapsim run`,
    );
  }
  return manifest;
}

function isRunManifest(manifest: Partial<ReadManifest>): manifest is ReadManifest {
  const { name, policy, policy_requested, fingerprint, scenario, parameters, platform } = manifest;
  const areTexts = [name, policy, policy_requested, fingerprint].every((value) => typeof value === "string");
  const areObjects = [scenario, parameters, platform].every(
    (value) => typeof value === "object" && value !== null,
  );
  return areTexts && areObjects && typeof platform!.page_bytes === "number";
}

/** The columns of a time series. @throws RunFolderError with the line of the first fault */
function parseTimeSeries(path: string, text: string): FinishedRun["columns"] {
  if (!text.endsWith("\n")) {
    throw new RunFolderError(`${path} does not end with a newline: it was cut off; run it again`);
  }
  const [header, ...lines] = text.slice(0, -1).split("\n");
  const places = columnPlaces(path, header!);
  if (lines.length === 0) throw new RunFolderError(`${path} has no samples: expected at least one`);
  const columns = eachColumn(() => new Float64Array(lines.length));
  lines.forEach((line, row) => {
    const cells = line.split(",");
    if (cells.length !== COLUMNS.length) {
      throw new RunFolderError(
        `${path}:${row + 2}: ${cells.length} cells, but the header has ${COLUMNS.length} columns`,
      );
    }
    for (const { name } of COLUMNS) columns[name][row] = parseCell(path, row + 2, name, cells[places[name]]!);
    if (row > 0 && !(columns.time_ns[row]! > columns.time_ns[row - 1]!)) {
      throw new RunFolderError(`${path}:${row + 2}: time_ns is not later than in the line before`);
    }
  });
  return columns;
}

/** Where each column stands; all of them must be there, and nothing else. */
function columnPlaces(path: string, header: string): Readonly<Record<ColumnName, number>> {
  const names = header.split(",");
  const missing = COLUMNS.find(({ name }) => !names.includes(name));
  if (missing !== undefined) {
    throw new RunFolderError(
      `${path}:1: the column ${missing.name} is missing: expected those of mheapsim list columns`,
    );
  }
  const extra = names.find((name, i) => !Object.hasOwn(COLUMN, name) || names.indexOf(name) < i);
  if (extra !== undefined) {
    const what = Object.hasOwn(COLUMN, extra) ? "stands there twice" : "is one too many";
    throw new RunFolderError(
      `${path}:1: the column ${extra} ${what}: expected those of mheapsim list columns`,
    );
  }
  return Object.fromEntries(names.map((name, i) => [name, i])) as Record<ColumnName, number>;
}

function parseCell(path: string, line: number, column: ColumnName, cell: string): number {
  if (cell === "" && column !== "time_ns") return Number.NaN;
  const value = cell === "" ? Number.NaN : Number(cell);
  if (!Number.isFinite(value)) {
    throw new RunFolderError(`${path}:${line}: ${column} is ${JSON.stringify(cell)}: expected a number`);
  }
  return value;
}

function readHistograms(folder: string, manifest: ReadManifest): Histograms | null {
  const name = "histograms.json";
  if (!manifest.files.some((file) => file.name === name)) return null;
  const text = readPart(folder, name);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RunFolderError(`${join(folder, name)} is not JSON: it was cut off or changed; run it again`);
  }
  checkDigest(folder, manifest, name, text);
  if (!isHistograms(json)) {
    throw new RunFolderError(`${join(folder, name)} does not hold histograms: run it again`);
  }
  return json;
}
