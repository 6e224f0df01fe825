/**
 * The statistics of a trace, and the CSV files of them.
 *
 *     kinds.csv      one row a kind of span: how many, how large, how long they live, peaks
 *     sizes.csv      one row a kind and size in pages
 *     lifetimes.csv  one row a kind, unit (ns or GC cycles) and bucket of lifetimes: a life table
 *     rates.csv      one row a window of time and kind
 *     cycles.csv     one row a GC cycle
 *
 * The files appear whole or not at all, with a manifest that tells what they were made from.
 */

import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { basename } from "node:path";
import { stringify } from "csv-stringify/sync";
import { manifestText } from "../results/manifest.js";
import { OutputFolder } from "../results/output-folder.js";
import { formatCell } from "../results/timeseries.js";
import { ALL_RELEASES, readHeapTrace } from "../scenarios/trace/heap-trace.js";
import {
  ALLOC_PAGES,
  ALLOCS,
  FREE_PAGES,
  FREES,
  GROUPS,
  PHASES,
  TraceStatistics,
} from "../scenarios/trace/statistics/statistics.js";

/** What to look at, and where to write. */
export interface TraceStatsOptions {
  /** A trace file, or `-` for standard input. */
  readonly trace: string;
  /** Folder for the CSV files; none are written without it. */
  readonly csv?: string;
  /** Whether an earlier result in that folder may be replaced. */
  readonly force?: boolean;
  /** Width of the windows of the rates in ns. */
  readonly windowNs?: number;
  /** Called now and then with the share of bytes read, 0..1. */
  readonly onProgress?: (share: number) => void;
}

/**
 * Reads a trace once.
 * @throws InputError when the trace is damaged or contradicts itself, OutputError when the files cannot be written;
 *   nothing is left behind then
 */
export async function traceStats(options: TraceStatsOptions): Promise<TraceStatistics> {
  const { csv, force = false } = options;
  const folder = csv === undefined ? undefined : new OutputFolder(csv, force, "--csv");
  try {
    const digest = createHash("sha256");
    const { windowNs } = options;
    const statistics = new TraceStatistics(options.trace, windowNs === undefined ? {} : { windowNs });
    const total = statSync(options.trace, { throwIfNoEntry: false })?.size ?? 0;
    let read = 0;
    const onBytes = (bytes: Uint8Array): void => {
      digest.update(bytes);
      read += bytes.length;
      if (total > 0) options.onProgress?.(Math.min(1, read / total));
    };
    await readHeapTrace(options.trace, (row) => statistics.add(row), onBytes, ALL_RELEASES);
    statistics.finish();
    if (folder !== undefined) {
      writeFiles(folder, statistics, digest.digest("hex"));
      folder.commit();
    }
    return statistics;
  } catch (error) {
    folder?.discard();
    throw error;
  }
}

type Cell = string | number;

function writeFiles(folder: OutputFolder, statistics: TraceStatistics, sha256: string): void {
  const files = new Map<string, string>();
  for (const [name, rows] of Object.entries(TABLES)) {
    const cells = rows(statistics).map((row) =>
      row.map((c) => (typeof c === "number" ? formatNumber(c) : c)),
    );
    files.set(`${name}.csv`, folder.write(`${name}.csv`, stringify(cells)));
  }
  const { path, rows, windows } = statistics;
  const content = {
    name: "trace stats",
    scenario: { kind: "trace", file: path === "-" ? "standard input" : basename(path), sha256, rows },
    parameters: { window_ns: windows.widthNs },
  };
  folder.write("manifest.json", manifestText(content, files));
}

/** As in the time series; what is not known, and what is without bound, is an empty cell. */
function formatNumber(value: number): string {
  return formatCell(Number.isFinite(value) ? value : Number.NaN);
}

/** The rows of each file, the header first. */
const TABLES: Readonly<Record<string, (statistics: TraceStatistics) => Cell[][]>> = {
  kinds: (statistics) => [
    [
      ...["kind", "allocs", "alloc_pages", "frees", "free_pages", "live_at_end", "live_pages_at_end"],
      ...["peak_live", "peak_live_ns", "peak_pages", "peak_pages_ns"],
      ...["lifetime_p50_ns", "lifetime_p90_ns", "lifetime_p50_cycles", "lifetime_p90_cycles"],
      ...PHASES.map((phase) => `allocs_in_${phase}`),
      ...PHASES.map((phase) => `frees_in_${phase}`),
    ],
    ...statistics.groups.map((g, i) => [
      ...[GROUPS[i]!, g.allocs, g.allocPages, g.frees, g.freePages, g.live, g.livePages],
      ...[g.peakLive, g.peakLiveNs, g.peakPages, g.peakPagesNs],
      ...[g.lifetimes.quantile(0.5), g.lifetimes.quantile(0.9)],
      ...[g.lifetimeCycles.quantile(0.5), g.lifetimeCycles.quantile(0.9)],
      ...g.allocsIn,
      ...g.freesIn,
    ]),
  ],
  sizes: (statistics) => [
    ["kind", "npages", "allocs", "frees", "live_at_end"],
    ...statistics.groups.flatMap((group, i) =>
      [...group.sizes.values()]
        .sort((a, b) => a.npages - b.npages)
        .map((size) => [GROUPS[i]!, size.npages, size.allocs, size.frees, size.allocs - size.frees]),
    ),
  ],
  lifetimes: (statistics) => [
    ["kind", "unit", "from", "to", "deaths", "censored", "survival"],
    ...statistics.groups.flatMap((group, i) =>
      (
        [
          ["ns", group.lifetimes],
          ["cycles", group.lifetimeCycles],
        ] as const
      ).flatMap(([unit, table]) =>
        table
          .buckets()
          .map((b): Cell[] => [GROUPS[i]!, unit, b.from, b.to, b.deaths, b.censored, b.survival]),
      ),
    ),
  ],
  rates: (statistics) => {
    const rows: Cell[][] = [
      ["from_ns", "to_ns", "kind", "allocs", "alloc_pages", "frees", "free_pages", "live", "live_pages"],
    ];
    const live = GROUPS.map(() => [0, 0] as [number, number]);
    const { windows } = statistics;
    for (let w = 0; w < windows.count; w++) {
      const fromNs = w * windows.widthNs;
      const toNs = Math.min(fromNs + windows.widthNs, statistics.nowNs);
      GROUPS.forEach((kind, g) => {
        const columns = [ALLOCS, ALLOC_PAGES, FREES, FREE_PAGES];
        const sums = columns.map((column) => statistics.windowSum(w, g, column)) as [
          number,
          number,
          number,
          number,
        ];
        live[g]![0] += sums[0] - sums[2];
        live[g]![1] += sums[1] - sums[3];
        rows.push([fromNs, toNs, kind, ...sums, ...live[g]!]);
      });
    }
    return rows;
  },
  cycles: (statistics) => [
    [
      ...["cycle", "start_ns", "mark_done_ns", "sweep_done_ns", "heap_live_bytes", "heap_goal_bytes"],
      ...[
        "trigger_bytes",
        "heap_marked_bytes",
        "next_goal_bytes",
        "allocs",
        "frees",
        "sweep_frees",
        "free_pages",
      ],
    ],
    ...statistics.cycles.map((c) => [
      ...[c.cycle, c.startNs, c.markDoneNs, c.sweepDoneNs, c.heapLiveBytes, c.heapGoalBytes],
      ...[c.triggerBytes, c.heapMarkedBytes, c.nextGoalBytes, c.allocs, c.frees, c.sweepFrees, c.freePages],
    ]),
  ],
};
