/** A report of finished runs: reads their folders and writes one HTML file. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { HEAP_MAP_FILE } from "../results/heapmap/format.js";
import { readHeapMapParts } from "../results/heapmap/read.js";
import { type ReportMap, reportHtml } from "../results/report/report.js";
import { reportRun, summaryTable } from "../results/report/report-run.js";
import { type FinishedRun, readRunFolder } from "../results/run-folder.js";
import { TOOL_VERSION } from "../results/version.js";
import { refuseUnwritable, writeWholeFile } from "../results/whole-file.js";
import { formatSize } from "../scenarios/units.js";
import { commandOf } from "./reproduce.js";

export interface ReportOptions {
  /** Folders of runs, in the order in which they are shown. */
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

/**
 * Writes a report.
 * @throws RunFolderError, HeapMapError when a run cannot be read, OutputError when the file cannot be written
 */
export function writeReport({ runs: folders, out, force }: ReportOptions): ReportResult {
  refuseUnwritable(out, force, "-o");
  const runs = folders.map(readRunFolder);
  const labels = labelsOf(runs);
  const maps: ReportMap[] = [];
  const withoutMap: string[] = [];
  const shown = runs.map((run, i) => {
    const path = join(folders[i]!, HEAP_MAP_FILE);
    if (!existsSync(path)) {
      withoutMap.push(folders[i]!);
      return reportRun(run, labels[i]!, commandOf(run), null);
    }
    const parts = readHeapMapParts(path);
    const element = `heap-map-${i}`;
    maps.push({ element, deflated: parts.deflated });
    return reportRun(run, labels[i]!, commandOf(run), { parts, element });
  });
  const names = [...new Set(runs.map(({ name }) => name))];
  const html = reportHtml(
    {
      tool: TOOL_VERSION,
      title: names.join(", "),
      runs: shown,
      tables: [summaryTable(runs, labels, formatSize)],
    },
    maps,
  );
  writeWholeFile(out, html, force, "-o");
  return { bytes: Buffer.byteLength(html), withoutMap };
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
