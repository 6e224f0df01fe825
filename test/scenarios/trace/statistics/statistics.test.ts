import { describe, expect, test } from "vitest";
import { HEAP_TRACE_HEADER, readHeapTrace } from "../../../../scenarios/trace/heap-trace.js";
import {
  ALL,
  ALLOC_PAGES,
  ALLOCS,
  FREE_PAGES,
  FREES,
  TraceStatistics,
} from "../../../../scenarios/trace/statistics/statistics.js";
import { TestFolder, textOf, tracePath } from "../../../setup/files.js";

const folder = new TestFolder();
let count = 0;

/** The statistics of hand-made rows. */
async function statisticsOf(rows: readonly string[], windowNs?: number): Promise<TraceStatistics> {
  const text = `${[HEAP_TRACE_HEADER, "0,-1,init,4096,2,2097152,", ...rows].join("\n")}\n`;
  return statisticsOfFile(folder.write(`${count++}.csv`, text), windowNs);
}

async function statisticsOfFile(path: string, windowNs?: number): Promise<TraceStatistics> {
  const statistics = new TraceStatistics(path, windowNs === undefined ? {} : { windowNs });
  await readHeapTrace(path, (row) => statistics.add(row));
  statistics.finish();
  return statistics;
}

/** Three cycles: a span of each fate, and frees in bursts. */
const PROGRAM = [
  "10,-1,procs,0,2,,",
  "100,0,span,c000000000,1,h4,0",
  "200,0,span,c000002000,3,h5,0",
  "300,1,span,c000010000,4,s,0",
  "1000,-1,gcstart,1,5000,6000,4900",
  "1100,0,span,c000020000,4,w,0",
  "1200,-1,gcmarkdone,3000,8000,6000,7000",
  "1300,1,spanfree,c000000000,1,h4,",
  "1350,1,spanfree,c000010000,4,s,",
  "1400,1,span,c000000000,1,h4,0",
  "1500,-1,sweepdone,2,4000,,",
  "1550,1,spanfree,c000020000,4,w,",
  "2000,-1,gcstart,2,8000,8000,7000",
  "1990,0,span,c000030000,2,h0,0",
  "2500,-1,gcmarkdone,4000,9000,8000,8500",
  "2600,0,spanfree,c000002000,3,h5,",
  "3000,0,gcstart,3,1,2,3",
];

describe("statistics of a hand-made trace", () => {
  test("spans, pages, peaks", async () => {
    const { groups, rows, nowNs, backsteps } = await statisticsOf(PROGRAM);
    expect([rows, nowNs, backsteps]).toEqual([18, 3000, 1]);
    const [heap, stack, bits, workbuf, all] = groups;
    expect([all!.allocs, all!.allocPages, all!.frees, all!.freePages, all!.live, all!.livePages]).toEqual([
      6, 15, 4, 12, 2, 3,
    ]);
    expect([heap, stack, bits, workbuf].map((group) => [group!.allocs, group!.frees])).toEqual([
      [4, 2],
      [1, 1],
      [0, 0],
      [1, 1],
    ]);
    expect([all!.peakLive, all!.peakLiveNs, all!.peakPages, all!.peakPagesNs]).toEqual([4, 1100, 12, 1100]);
    // Heap spans: 4 pages at 200, 4 again at 1400, then 6.
    expect([heap!.peakLive, heap!.peakLiveNs, heap!.peakPages, heap!.peakPagesNs]).toEqual([
      3, 2000, 6, 2000,
    ]);
    expect([...all!.sizes.values()].sort((a, b) => a.npages - b.npages)).toEqual([
      { npages: 1, allocs: 2, frees: 1 },
      { npages: 2, allocs: 1, frees: 0 },
      { npages: 3, allocs: 1, frees: 1 },
      { npages: 4, allocs: 2, frees: 2 },
    ]);
  });

  test("lifetimes in time and cycles; those that outlive the trace are censored", async () => {
    const { groups } = await statisticsOf(PROGRAM);
    const heap = groups[0]!;
    expect([heap.lifetimes.deaths, heap.lifetimes.censored, heap.lifetimes.total]).toEqual([
      2,
      2,
      1200 + 2400,
    ]);
    // Freed in the sweeps of cycles 1 and 2; born in cycles 1 and 2 and live when cycle 3 began.
    expect(heap.lifetimeCycles.buckets()).toEqual([
      { from: 1, to: 1, deaths: 1, censored: 1, survival: 1 - 1 / 3.5 },
      { from: 2, to: 2, deaths: 1, censored: 1, survival: (1 - 1 / 3.5) * (1 - 1 / 1.5) },
    ]);
    expect(groups[3]!.lifetimes.buckets()[0]).toMatchObject({ from: 448, to: 479, deaths: 1, censored: 0 });
    expect(groups[3]!.lifetimeCycles.buckets()).toEqual([
      { from: 0, to: 0, deaths: 1, censored: 0, survival: 0 },
    ]);
  });

  test("parts of cycles, bursts of frees, Ps", async () => {
    const statistics = await statisticsOf(PROGRAM);
    expect(statistics.groups[ALL]!.allocsIn).toEqual([3, 2, 1]);
    expect(statistics.groups[ALL]!.freesIn).toEqual([1, 0, 3]);
    expect([...statistics.bursts].sort()).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(statistics.byProc()).toEqual([
      { p: -1, rows: 7, spans: 0, pages: 0, spanFrees: 0 },
      { p: 0, rows: 6, spans: 4, pages: 10, spanFrees: 1 },
      { p: 1, rows: 5, spans: 2, pages: 5, spanFrees: 3 },
    ]);
    expect([statistics.sameProc, statistics.procs]).toEqual([1, [2]]);
  });

  test("GC cycles, with what the trace does not tell left open", async () => {
    const { cycles } = await statisticsOf(PROGRAM);
    expect(cycles).toEqual([
      {
        cycle: 1,
        startNs: 1000,
        heapLiveBytes: 5000,
        heapGoalBytes: 6000,
        triggerBytes: 4900,
        markDoneNs: 1200,
        heapMarkedBytes: 3000,
        nextGoalBytes: 8000,
        sweepDoneNs: 1500,
        allocs: 2,
        frees: 3,
        sweepFrees: 2,
        freePages: 9,
      },
      expect.objectContaining({
        cycle: 2,
        markDoneNs: 2500,
        sweepDoneNs: Number.NaN,
        frees: 1,
        sweepFrees: 1,
      }),
      expect.objectContaining({ cycle: 3, markDoneNs: Number.NaN, heapMarkedBytes: Number.NaN, allocs: 0 }),
    ]);
  });

  test("rates in windows", async () => {
    const statistics = await statisticsOf(PROGRAM, 500);
    const rates = [ALLOCS, ALLOC_PAGES, FREES, FREE_PAGES].map((column) =>
      Array.from({ length: statistics.windows.count }, (_, w) => statistics.windowSum(w, ALL, column)),
    );
    expect(rates).toEqual([
      [3, 0, 2, 0, 1, 0, 0],
      [8, 0, 5, 0, 2, 0, 0],
      [0, 0, 2, 1, 0, 1, 0],
      [0, 0, 5, 4, 0, 3, 0],
    ]);
    expect(statistics.windowSum(0, 1, ALLOC_PAGES)).toBe(4);
  });

  test("of a trace with nothing but its first row", async () => {
    const { groups, cycles, windows, rows } = await statisticsOf([]);
    expect([groups[ALL]!.allocs, cycles.length, windows.count, rows]).toEqual([0, 0, 1, 1]);
  });
});

describe("a trace that contradicts itself", () => {
  const SPAN = "5,0,span,c000000000,2,h4,0";
  test.each([
    [[SPAN, SPAN], ":4:1: span: a span is live at this address already"],
    [["5,0,span,0,2,h4,0"], ":3:1: span: expected the address of a span, got nil"],
    [["5,0,span,c000000000,0,h4,0"], ":3:1: span: expected at least one page"],
    [["5,0,spanfree,c000000000,2,h4,"], ":3:1: spanfree: no span is live at this address"],
    [[SPAN, "6,0,spanfree,c000000000,3,h4,"], ":4:1: spanfree: the span at this address has 2 pages, not 3"],
    [[SPAN, "6,0,spanfree,c000000000,2,s,"], ":4:1: spanfree: the span at this address is of kind h4, not s"],
    [
      ["5000001,0,span,c000000000,2,h4,0"],
      ":3:1: more than 1000000 windows up to here: use a longer --window",
    ],
  ])("%j", async (rows, sentence) => {
    await expect(statisticsOf(rows, 5)).rejects.toThrow(sentence);
  });

  test("does not begin with init", async () => {
    const path = folder.write("headless.csv", `${HEAP_TRACE_HEADER}\n${SPAN}\n`);
    await expect(statisticsOfFile(path)).rejects.toThrow(":2:1: the first row of a trace must be init");
  });
});

/** The same figures, computed slowly from lists of strings. */
function slowly(name: string) {
  const rows = textOf(tracePath(name))
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => line.split(","));
  let now = 0;
  const times = rows.map((row) => {
    now = Math.max(now, Number(row[0]));
    return now;
  });
  const starts = rows.flatMap((row, i) => (row[2] === "gcstart" ? [i] : []));
  const cycleAt = (i: number): number => starts.filter((start) => start < i).length;
  const spans = rows.flatMap((row, i) => {
    if (row[2] !== "span") return [];
    const end = rows.findIndex((other, j) => j > i && other[2] === "spanfree" && other[3] === row[3]);
    const kind = { h: "heap", s: "stack", b: "bits", w: "workbuf" }[row[5]![0]!]!;
    return [{ i, end, kind, npages: Number(row[4]) }];
  });
  return { rows, times, starts, cycleAt, spans, now };
}

describe.each(["hello-gmp1", "link-cmdgo-gmp4"])("statistics of %s", (name) => {
  test("are those of an independent slow pass", async () => {
    const { rows, times, starts, cycleAt, spans, now } = slowly(name);
    const statistics = await statisticsOfFile(tracePath(name));
    expect([statistics.rows, statistics.nowNs, statistics.cycles.length]).toEqual([
      rows.length,
      now,
      starts.length,
    ]);
    expect(spans.length).toBeGreaterThan(30);
    for (const [g, kind] of ["heap", "stack", "bits", "workbuf", "all"].entries()) {
      const group = statistics.groups[g]!;
      const mine = spans.filter((span) => kind === "all" || span.kind === kind);
      const freed = mine.filter((span) => span.end >= 0);
      const pages = (list: typeof mine): number => list.reduce((sum, span) => sum + span.npages, 0);
      expect([group.allocs, group.allocPages]).toEqual([mine.length, pages(mine)]);
      expect([group.frees, group.freePages]).toEqual([freed.length, pages(freed)]);
      const lives = freed.map((span) => times[span.end]! - times[span.i]!);
      expect(group.lifetimes.total).toBe(lives.reduce((sum, life) => sum + life, 0));
      const cycles = freed.map((span) => cycleAt(span.end) - cycleAt(span.i));
      expect(group.lifetimeCycles.total).toBe(cycles.reduce((sum, n) => sum + n, 0));
      expect(group.lifetimeCycles.censored).toBe(mine.length - freed.length);
      let peak = 0;
      for (const { i } of mine) {
        peak = Math.max(peak, pages(mine.filter((span) => span.i <= i && (span.end < 0 || span.end > i))));
      }
      expect(group.peakPages).toBe(peak);
      for (const { npages, allocs, frees } of group.sizes.values()) {
        expect(allocs).toBe(mine.filter((span) => span.npages === npages).length);
        expect(frees).toBe(freed.filter((span) => span.npages === npages).length);
      }
    }
    const names = [...new Set(rows.map((row) => row[2]!))];
    expect(statistics.rowsByOp.filter((n) => n > 0).sort()).toEqual(
      names.map((op) => rows.filter((row) => row[2] === op).length).sort(),
    );
  });
});
