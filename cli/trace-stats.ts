/** `mheapsim trace stats`: what a program of a trace does to its heap, in tables and CSV. */

import { basename } from "node:path";
import type { CommandModule } from "yargs";
import { BUNDLED_TRACES, bundledPath } from "../scenarios/library.js";
import { OP_NAMES } from "../scenarios/trace/heap-trace.js";
import type { LifeTable } from "../scenarios/trace/statistics/life-table.js";
import {
  ALL,
  ALLOC_PAGES,
  ALLOCS,
  FREE_PAGES,
  FREES,
  GROUPS,
  type GroupStatistics,
  PHASES,
  type TraceStatistics,
} from "../scenarios/trace/statistics/statistics.js";
import { formatDuration, formatSize, parseDuration } from "../scenarios/units.js";
import { traceStats } from "../studies/trace-stats.js";
import { givenPath, lastGiven, UsageError } from "./errors.js";
import { startProgress } from "./progress.js";
import { textTable } from "./table.js";

interface TraceStatsArguments {
  file: string;
  csv: string | undefined;
  force: boolean;
  window: string | undefined;
}

export const traceStatsCommand: CommandModule<object, TraceStatsArguments> = {
  command: "stats <file>",
  describe: "sizes, lifetimes, rates, kinds, peaks and GC cycles of a trace, as tables and CSV",
  builder: (yargs) =>
    yargs
      .positional("file", {
        type: "string",
        demandOption: true,
        describe: "trace file (.csv or .csv.gz), a bundled trace's name, or - for standard input",
      })
      .option("csv", {
        type: "string",
        requiresArg: true,
        describe: "write kinds, sizes, lifetimes, rates and cycles as CSV files into this folder",
      })
      .option("force", {
        type: "boolean",
        default: false,
        describe: "replace an earlier result in that folder",
      })
      .option("window", {
        type: "string",
        requiresArg: true,
        describe: "window of the rates, such as 10ms (default: one that makes 100 to 200 windows)",
      })
      .coerce(["csv", "force", "window"], lastGiven)
      .example("$0 trace stats prog.csv.gz", "tables on the terminal")
      .example("$0 trace stats prog.csv.gz --csv stats", "the same, and CSV files in stats/")
      .epilogue("Exit code: 0 fine, 2 bad use, a damaged trace, or files that could not be written."),
  handler: async (args) => {
    const wanted = givenPath(args.file);
    if (args.csv === "") throw new UsageError("the name of the folder after --csv is empty");
    const bundled = BUNDLED_TRACES.find((trace) => trace.name === wanted);
    const trace = bundled === undefined ? wanted : bundledPath(bundled);
    const name = trace === "-" ? "stdin" : basename(trace).replace(/(\.csv)?(\.gz)?$/, "");
    const progress = startProgress(name);
    let statistics: TraceStatistics;
    try {
      statistics = await traceStats({
        trace,
        force: args.force,
        onProgress: (share) => progress.update(share),
        ...(args.csv === undefined ? {} : { csv: args.csv }),
        ...(args.window === undefined ? {} : { windowNs: parseDuration(args.window) }),
      });
    } finally {
      progress.stop();
    }
    console.log(report(name, statistics));
    if (args.csv !== undefined)
      console.log(
        `\nwritten to ${args.csv}: kinds, sizes, lifetimes, rates and cycles as CSV, manifest.json`,
      );
  },
};

function report(name: string, statistics: TraceStatistics): string {
  const { rows, nowNs, cycles, groups } = statistics;
  const spans = groups[ALL]!.allocs;
  const title = `${name}: ${formatDuration(nowNs)}, ${rows} rows, ${spans} spans, ${cycles.length} GC cycles`;
  const sections = [
    ["Spans by kind", kindsTable(statistics)],
    ["Spans allocated by size in pages", sizesTable(statistics)],
    [
      "Lifetimes in GC cycles begun, spans freed after so many (those live at the end are censored: they live longer)",
      cyclesLivedTable(statistics),
    ],
    ["Where in a GC cycle, share of spans", phasesTable(statistics)],
    ["Rates over time", ratesTable(statistics)],
    ["GC cycles", gcTable(statistics)],
    ["Frees with no allocation between them", burstsTable(statistics)],
    ["Threads by the P they held, -1 for none", procsTable(statistics)],
    ["Rows by operation", textTable(opRows(statistics))],
  ];
  return [title, ...sections.map(([heading, table]) => `${heading}\n\n${indent(table!)}`)].join("\n\n");
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "-" : `${((100 * part) / whole).toFixed(1)} %`;
}

/** Columns of the groups that have spans, and of all together. */
function shown(statistics: TraceStatistics): number[] {
  return GROUPS.map((_, i) => i).filter((i) => i === ALL || statistics.groups[i]!.allocs > 0);
}

function kindsTable(statistics: TraceStatistics): string {
  const rows: readonly [string, (group: GroupStatistics) => string][] = [
    ["allocated", (g) => String(g.allocs)],
    ["freed", (g) => String(g.frees)],
    ["live at the end", (g) => String(g.live)],
    ["pages allocated", (g) => String(g.allocPages)],
    ["pages live at the end", (g) => String(g.livePages)],
    ["most live at once", (g) => String(g.peakLive)],
    ["  at", (g) => formatDuration(g.peakLiveNs)],
    ["most pages at once", (g) => String(g.peakPages)],
    ["  at", (g) => formatDuration(g.peakPagesNs)],
    ["half live no longer than", (g) => lifetime(g.lifetimes, 0.5)],
    ["nine in ten no longer than", (g) => lifetime(g.lifetimes, 0.9)],
    ["mean lifetime of those freed", (g) => duration(g.lifetimes.meanOfDead)],
  ];
  const groups = shown(statistics);
  return textTable([
    ["", ...groups.map((i) => GROUPS[i]!)],
    ...rows.map(([label, value]) => [label, ...groups.map((i) => value(statistics.groups[i]!))]),
  ]);
}

/** A quantile of lifetimes, `> end` when the trace is too short to see it. */
function lifetime(table: LifeTable, share: number): string {
  const ns = table.quantile(share);
  return ns === Number.POSITIVE_INFINITY ? "> the trace" : duration(ns);
}

function duration(ns: number): string {
  return Number.isNaN(ns) ? "-" : formatDuration(Math.round(ns));
}

/** Ranges [from, to) of counts for tables: 0, 1, 2, 3, then powers of two. */
function rangesUpTo(largest: number): [number, number][] {
  const ranges: [number, number][] = [];
  for (let from = 0; from <= largest; from = ranges.at(-1)![1])
    ranges.push([from, from < 4 ? from + 1 : from * 2]);
  return ranges;
}

function rangeName([from, to]: readonly [number, number]): string {
  return to === from + 1 ? String(from) : `${from} to ${to - 1}`;
}

function sizesTable(statistics: TraceStatistics): string {
  const groups = shown(statistics);
  const all = statistics.groups[ALL]!;
  const ranges = rangesUpTo(Math.max(0, ...all.sizes.keys()));
  const within = (group: GroupStatistics, [from, to]: readonly [number, number], pages: boolean): number => {
    let sum = 0;
    for (const { npages, allocs } of group.sizes.values()) {
      if (npages >= from && npages < to) sum += pages ? allocs * npages : allocs;
    }
    return sum;
  };
  return textTable([
    ["pages", ...groups.map((i) => GROUPS[i]!), "share", "of pages"],
    ...ranges
      .filter((range) => within(all, range, false) > 0)
      .map((range) => [
        rangeName(range),
        ...groups.map((i) => String(within(statistics.groups[i]!, range, false))),
        percent(within(all, range, false), all.allocs),
        percent(within(all, range, true), all.allocPages),
      ]),
  ]);
}

function cyclesLivedTable(statistics: TraceStatistics): string {
  const groups = shown(statistics);
  const buckets = groups.map((i) => statistics.groups[i]!.lifetimeCycles.buckets());
  const oldest = Math.max(0, ...buckets.flat().map((bucket) => (bucket.deaths > 0 ? bucket.from : 0)));
  const deaths = (i: number, [from, to]: readonly [number, number]): number =>
    buckets[i]!.reduce((sum, b) => sum + (b.from >= from && b.from < to ? b.deaths : 0), 0);
  return textTable([
    ["cycles", ...groups.map((i) => GROUPS[i]!)],
    ...rangesUpTo(oldest).map((range) => [
      rangeName(range),
      ...groups.map((_, i) => String(deaths(i, range))),
    ]),
    ["live at the end", ...groups.map((i) => String(statistics.groups[i]!.live))],
  ]);
}

function phasesTable(statistics: TraceStatistics): string {
  const groups = shown(statistics);
  return textTable([
    ["", ...PHASES.map((phase) => `allocated, ${phase}`), ...PHASES.map((phase) => `freed, ${phase}`)],
    ...groups.map((i) => {
      const group = statistics.groups[i]!;
      return [
        GROUPS[i]!,
        ...group.allocsIn.map((n) => percent(n, group.allocs)),
        ...group.freesIn.map((n) => percent(n, group.frees)),
      ];
    }),
  ]);
}

/** Lines of the table of rates at most. */
const RATE_LINES = 20;

function ratesTable(statistics: TraceStatistics): string {
  const { windows } = statistics;
  const each = Math.ceil(windows.count / RATE_LINES);
  const lines: string[][] = [["from", "spans allocated", "freed", "pages allocated", "freed", "pages live"]];
  let live = 0;
  for (let from = 0; from < windows.count; from += each) {
    const to = Math.min(from + each, windows.count);
    const sums = [ALLOCS, FREES, ALLOC_PAGES, FREE_PAGES].map((column) => {
      let sum = 0;
      for (let w = from; w < to; w++) sum += statistics.windowSum(w, ALL, column);
      return sum;
    });
    live += sums[2]! - sums[3]!;
    const ns = Math.min(to * windows.widthNs, statistics.nowNs) - from * windows.widthNs;
    const perSecond = sums.map((sum) => (ns > 0 ? `${Math.round((sum * 1e9) / ns)}/s` : "-"));
    lines.push([formatDuration(from * windows.widthNs), ...perSecond, String(live)]);
  }
  return textTable(lines);
}

function gcTable({ cycles }: TraceStatistics): string {
  if (cycles.length === 0) return "none in this trace";
  const line = (label: string, values: readonly number[], format: (value: number) => string): string[] => {
    const known = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b);
    if (known.length === 0) return [label, "-", "-", "-"];
    return [label, format(known[0]!), format(known[Math.floor(known.length / 2)]!), format(known.at(-1)!)];
  };
  const starts = cycles.map((cycle) => cycle.startNs);
  return textTable([
    ["", "smallest", "median", "largest"],
    line(
      "from one start to the next",
      starts.slice(1).map((t, i) => t - starts[i]!),
      formatDuration,
    ),
    line(
      "marking",
      cycles.map((c) => c.markDoneNs - c.startNs),
      formatDuration,
    ),
    line(
      "sweeping",
      cycles.map((c) => c.sweepDoneNs - c.markDoneNs),
      formatDuration,
    ),
    line(
      "heapLive at the start",
      cycles.map((c) => c.heapLiveBytes),
      formatSize,
    ),
    line(
      "goal at the start",
      cycles.map((c) => c.heapGoalBytes),
      formatSize,
    ),
    line(
      "marked",
      cycles.map((c) => c.heapMarkedBytes),
      formatSize,
    ),
    line(
      "spans allocated",
      cycles.map((c) => c.allocs),
      String,
    ),
    line(
      "spans freed",
      cycles.map((c) => c.frees),
      String,
    ),
    line(
      "  before the end of sweeping",
      cycles.map((c) => c.sweepFrees),
      String,
    ),
  ]);
}

function burstsTable(statistics: TraceStatistics): string {
  const { bursts } = statistics;
  const { frees } = statistics.groups[ALL]!;
  if (bursts.size === 0) return "none in this trace";
  const lines = [["spans in a row", "times", "share of frees"]];
  for (const range of rangesUpTo(Math.max(...bursts.keys()))) {
    let times = 0;
    let spans = 0;
    for (const [length, count] of bursts) {
      if (length < range[0] || length >= range[1]) continue;
      times += count;
      spans += count * length;
    }
    if (times > 0) lines.push([rangeName(range), String(times), percent(spans, frees)]);
  }
  return textTable(lines);
}

function procsTable(statistics: TraceStatistics): string {
  const { allocs } = statistics.groups[ALL]!;
  const values = statistics.procs.length === 0 ? "never told" : statistics.procs.join(", then ");
  const table = textTable([
    ["P", "rows", "spans allocated", "share", "pages", "spans freed"],
    ...statistics
      .byProc()
      .map(({ p, rows, spans, pages, spanFrees }) => [
        String(p),
        String(rows),
        String(spans),
        percent(spans, allocs),
        String(pages),
        String(spanFrees),
      ]),
  ]);
  const same = percent(statistics.sameProc, Math.max(0, allocs - 1));
  return `${table}\n\nGOMAXPROCS ${values}; ${same} of allocations are on the P of the one before`;
}

function opRows({ rowsByOp }: TraceStatistics): string[][] {
  const used = OP_NAMES.map((name, op) => [name, rowsByOp[op]!] as const).filter(([, rows]) => rows > 0);
  return used.map(([name, rows]) => [name, String(rows)]);
}
