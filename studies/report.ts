/**
 * A report of finished runs: reads their folders and writes one HTML file.
 *
 *     run folders ───────────────► runs ──► charts, heap maps, summary, differences ──┐
 *     folders of compare ──► runs of the first seed ──► the same                      ├──► report.html
 *                       └──► comparison.json ──► a table for each candidate ──────────┘
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { QuantityFormats } from "../results/comparison-table.js";
import { HEAP_MAP_FILE } from "../results/heapmap/format.js";
import { readHeapMap, readHeapMapParts } from "../results/heapmap/read.js";
import { type ReportedComparison, readComparison } from "../results/report/comparison.js";
import { type ReportMap, reportHtml } from "../results/report/report.js";
import type { ReportTable } from "../results/report/report-data.js";
import { reportRun } from "../results/report/report-run.js";
import { comparisonTable, differencesTable, summaryTable } from "../results/report/tables.js";
import { checkFile, type FinishedRun, readRunFolder } from "../results/run-folder.js";
import { TOOL_VERSION } from "../results/version.js";
import { refuseUnwritable, writeWholeFile } from "../results/whole-file.js";
import { formatDuration, formatSize } from "../scenarios/units.js";
import { commandOf } from "./reproduce.js";

export interface ReportOptions {
  /** Folders of runs, or of comparisons, in the order in which they are shown. */
  readonly runs: readonly string[];
  /** File to write. */
  readonly out: string;
  /** Whether an earlier file may be replaced. */
  readonly force: boolean;
}

/** What was written. */
export interface ReportResult {
  readonly bytes: number;
  /** Runs without a heap map. */
  readonly withoutMap: readonly string[];
}

const FORMATS: QuantityFormats = { bytes: formatSize, ns: formatDuration };

/**
 * Writes a report.
 * @throws RunFolderError, HeapMapError when a run cannot be read, OutputError when the file cannot be written
 */
export function writeReport({ runs: given, out, force }: ReportOptions): ReportResult {
  refuseUnwritable(out, force, "-o");
  const { html, withoutMap } = makeReport(given);
  writeWholeFile(out, html, force, "-o");
  return { bytes: Buffer.byteLength(html), withoutMap };
}

/**
 * The text of a report.
 * @param given folders of runs, or of comparisons
 * @throws RunFolderError, HeapMapError when a run cannot be read
 */
export function makeReport(given: readonly string[]): { html: string; withoutMap: readonly string[] } {
  const comparisons = given.flatMap((folder) => {
    const comparison = readComparison(folder);
    return comparison === null ? [] : [{ folder, ...comparison }];
  });
  const folders = given.flatMap(
    (folder) => comparisons.find((comparison) => comparison.folder === folder)?.runs ?? [folder],
  );
  const runs = folders.map(readRunFolder);
  const labels = labelsOf(runs);
  const maps: ReportMap[] = [];
  const withoutMap: string[] = [];
  const shown = runs.map((run, i) => {
    const map = mapOf(folders[i]!, `heap-map-${i}`);
    if (map === null) withoutMap.push(folders[i]!);
    else maps.push({ element: map.element, deflated: map.parts.deflated });
    return reportRun(run, labels[i]!, commandOf(run), map, FORMATS);
  });
  const tables = [
    summaryTable(runs, labels, FORMATS),
    differencesTable(runs, labels, FORMATS),
    ...comparisons.flatMap(comparisonTables),
  ].filter((table) => table !== null);
  const title = titleOf(runs);
  return { html: reportHtml({ tool: TOOL_VERSION, title, runs: shown, tables }, maps), withoutMap };
}

/** The heap map of a run, looked through from end to end, since in the browser it would be too late; null without one. */
function mapOf(folder: string, element: string) {
  const path = join(folder, HEAP_MAP_FILE);
  if (existsSync(path)) readHeapMap(path);
  if (!checkFile(folder, HEAP_MAP_FILE)) return null;
  return { parts: readHeapMapParts(path), element };
}

function comparisonTables({ folder, rows, seeds }: ReportedComparison & { folder: string }): ReportTable[] {
  const candidates = [...new Set(rows.map(({ candidate }) => candidate))];
  return candidates.map((name) =>
    comparisonTable(
      folder,
      rows.filter(({ candidate }) => candidate === name),
      seeds.length,
      FORMATS,
    ),
  );
}

/** The scenarios, and the policies when these are what differs. */
function titleOf(runs: readonly FinishedRun[]): string {
  const names = [...new Set(runs.map(({ name }) => name))].join(", ");
  const policies = [...new Set(runs.map(({ policy }) => policy))];
  return policies.length === 1 ? names : `${names}: ${policies.join(" and ")}`;
}

/** What tells the runs apart: scenario, policy, seed, as far as they differ; numbers where nothing does. */
function labelsOf(runs: readonly FinishedRun[]): string[] {
  const differs = (of: (run: FinishedRun) => string): boolean => new Set(runs.map(of)).size > 1;
  const parts = runs.map((run) => [
    ...(differs(({ name }) => name) || runs.length === 1 ? [run.name] : []),
    run.policy,
    ...(run.seed !== "" && (differs(({ seed }) => seed) || runs.length === 1) ? [`seed ${run.seed}`] : []),
  ]);
  const labels = parts.map((part) => part.join(", "));
  return labels.map((label, i) =>
    labels.filter((other) => other === label).length > 1 ? `${label} (${i + 1})` : label,
  );
}
