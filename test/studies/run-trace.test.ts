import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COLUMN, COLUMNS, type ColumnName } from "../../results/columns.js";
import { runTrace } from "../../studies/run-trace.js";
import { listing, TestFolder, textOf, tracePath, VECTORS } from "../setup/files.js";

const folder = new TestFolder();

test("a trace of Go 1.23 is replayed under the policy of that release, and the manifest says so", async () => {
  const trace = join(VECTORS, "traces", "go1.23", "kvcache-limit280-gmp1.csv.gz");
  const out = folder.at("later");
  const result = await runTrace({ trace, out, name: "later", sampleNs: 50_000_000 });
  expect([result.rows, result.mismatches]).toEqual([121_762, 0]);
  expect(JSON.parse(readFileSync(join(out, "manifest.json"), "utf8")).policy).toBe("go1.22");
  const last = result.samples.at(-1)!;
  expect(last[COLUMN.scav_gen]).toBe(96);
  expect(last[COLUMN.gc_cycles]).toBe(96);
  const predicted = await runTrace({ trace, out: folder.at("spans"), name: "spans", spansOnly: true });
  expect([predicted.compared, predicted.mismatches]).toEqual([21_662, 0]);
});

/** A heap of one chunk (4 MiB, 512 pages); time goes back at one place, as it does between threads. */
const ROWS = [
  "t,p,op,a,b,c,d",
  "0,-1,init,4096,2,2097152,",
  "100,-1,alloc,0,1,0,",
  "100,-1,arena,c000000000,67108864,4194304,",
  "100,-1,grow,c000000000,4194304,,",
  "100,-1,alloc,c000000000,1,8192,",
  "130,-1,scavreq,4194304,1,0,0",
  "140,-1,scavret,0,1,,",
  "150,-1,span,c000000000,1,h5,8192",
  "200,-1,alloc,c000002000,1,8192,",
  "200,-1,span,c000002000,1,s,8192",
  "250,-1,procs,0,1,,",
  "260,0,refill,c000000000,fffffffffffffffc,fffffffffffffffc,",
  "270,0,calloc,c000004000,1,8192,",
  "290,0,span,c000004000,1,h6,8192",
  "300,0,gcstart,1,5000,max,9000",
  "350,0,spanfree,c000002000,1,s,",
  "350,0,free,c000002000,1,,",
  "410,0,sweepdone,2,7777,,",
  "390,0,spanfree,c000000000,1,h5,",
  "391,0,free,c000000000,1,,",
  "450,0,gcstart,2,8888,10000,9000",
];

type Row = Partial<Record<ColumnName, number | "">>;

/**
 * What the columns must be, worked out by hand from the rows above. Each sample lists only what changed since the one
 * before; rates are of the interval and listed whole.
 */
const EXPECTED: readonly Row[] = [
  {
    time_ns: 0,
    mapped_bytes: 0,
    reserved_bytes: 0,
    heap_sys_bytes: 0,
    heap_inuse_bytes: 0,
    heap_idle_bytes: 0,
    heap_released_bytes: 0,
    heap_retained_bytes: 0,
    stack_inuse_bytes: 0,
    gc_spans_bytes: 0,
    page_cache_bytes: 0,
    heap_live_bytes: "",
    heap_goal_bytes: "",
    scavenge_goal_bytes: 0,
    metadata_bytes: 0,
    spans_live: 0,
    gc_cycles: 0,
    scav_gen: 0,
    span_allocs: 0,
    span_frees: 0,
    cache_allocs: 0,
    cache_refills: 0,
    cache_misses: 0,
    fast_path_allocs: 0,
    find_calls: 0,
    find_failures: 0,
    find_levels: 0,
    find_entries: 0,
    heap_growths: 0,
    arenas: 0,
    scavenge_calls: 0,
    scavenged_bytes: 0,
    refaulted_bytes: 0,
    find_rate: "",
    find_calls_per_span: "",
    find_calls_per_s: "",
    free_pages: 0,
    free_runs: 0,
    largest_free_run_pages: 0,
    external_fragmentation: "",
    unusable_free_index_16: "",
    unusable_free_index_256: "",
    unusable_free_index_512: "",
    hugepages_intact: 0,
    hugepages_broken: 0,
    resident_bytes: 0,
    lazyfree_bytes: 0,
    hugepages_backed: 0,
    huge_coverage: "",
    khugepaged_collapses: 0,
    page_faults: 0,
    huge_faults: 0,
    fault_ns: 0,
    advice_ns: 0,
    // A trace has its own waits and releases: nobody asks the model about them.
    released_ranges: "",
    regretted_bytes: "",
    lock_acquisitions: "",
    lock_wait_ns: "",
    lock_hold_ns: "",
    lock_wait_p50_ns: "",
    lock_wait_p99_ns: "",
    lock_wait_max_ns: "",
    lock_lag_ns: "",
    assist_released_bytes: "",
    assist_ns: "",
    assist_max_ns: "",
  },
  {
    // The heap has grown and one page is taken, but no span has been handed out.
    time_ns: 100,
    mapped_bytes: 4194304,
    reserved_bytes: 67108864,
    heap_sys_bytes: 4194304,
    heap_idle_bytes: 4194304,
    heap_released_bytes: 4194304,
    // The whole root level of 16384 summaries, a page of each of the four others, and one table of chunks.
    metadata_bytes: 16384 * 8 + 4 * 4096 + 1048576,
    // The one that failed found no heap at all, which needs no search.
    fast_path_allocs: 1,
    heap_growths: 1,
    arenas: 1,
    find_rate: 0,
    find_calls_per_s: 0,
    free_pages: 511,
    free_runs: 1,
    largest_free_run_pages: 511,
    external_fragmentation: 0,
    unusable_free_index_16: 0,
    unusable_free_index_256: 0,
    unusable_free_index_512: 1,
    hugepages_broken: 1,
  },
  {
    // Both rows at 200 count.
    time_ns: 200,
    heap_sys_bytes: 4186112,
    heap_inuse_bytes: 8192,
    heap_idle_bytes: 4177920,
    heap_released_bytes: 4177920,
    heap_retained_bytes: 8192,
    stack_inuse_bytes: 8192,
    spans_live: 2,
    span_allocs: 2,
    fast_path_allocs: 2,
    scavenge_calls: 1,
    find_rate: 0,
    find_calls_per_span: 0,
    find_calls_per_s: 0,
    free_pages: 510,
    largest_free_run_pages: 510,
    // A page each, of two physical ones that cost 500 ns.
    resident_bytes: 16384,
    huge_coverage: 0,
    page_faults: 4,
    fault_ns: 2000,
  },
  {
    // A refill takes the 62 free pages of the first 64; one of them became a span.
    time_ns: 300,
    heap_inuse_bytes: 16384,
    heap_idle_bytes: 4169728,
    heap_released_bytes: 4169728,
    heap_retained_bytes: 16384,
    page_cache_bytes: 61 * 8192,
    heap_live_bytes: 5000,
    // There is no goal with GOGC=off.
    heap_goal_bytes: "",
    spans_live: 3,
    span_allocs: 3,
    cache_allocs: 1,
    cache_refills: 1,
    fast_path_allocs: 3,
    find_rate: 0,
    find_calls_per_span: 0,
    find_calls_per_s: 0,
    free_pages: 448,
    largest_free_run_pages: 448,
    resident_bytes: 24576,
    page_faults: 6,
    fault_ns: 3000,
  },
  {
    // The stack is gone. The row that says 390 comes after one that says 410, so it is not here yet.
    time_ns: 400,
    heap_sys_bytes: 4194304,
    heap_idle_bytes: 4177920,
    heap_retained_bytes: 24576,
    stack_inuse_bytes: 0,
    spans_live: 2,
    span_frees: 1,
    find_calls_per_s: 0,
    free_pages: 449,
    free_runs: 2,
    external_fragmentation: 0.002227,
    unusable_free_index_16: 0.002227,
    unusable_free_index_256: 0.002227,
  },
  {
    // The last sample is at the end, though the next one was due at 500.
    time_ns: 450,
    heap_inuse_bytes: 8192,
    heap_idle_bytes: 4186112,
    heap_live_bytes: 8888,
    heap_goal_bytes: 10000,
    spans_live: 1,
    span_frees: 2,
    find_calls_per_s: 0,
    free_pages: 450,
    external_fragmentation: 0.004444,
    unusable_free_index_16: 0.004444,
    unusable_free_index_256: 0.004444,
  },
];

const RATES = COLUMNS.filter((column) => column.kind === "rate").map((column) => column.name);

/** The whole rows that EXPECTED stands for. */
function expectedRows(): Row[] {
  let before: Row = {};
  return EXPECTED.map((changes) => {
    const rates = Object.fromEntries(RATES.map((name) => [name, ""]));
    before = { ...before, ...rates, ...changes };
    return before;
  });
}

let count = 0;
const out = (): string => folder.at(`out-${count++}`);
const write = (rows: readonly string[]): string => folder.write(`t${count}.csv`, `${rows.join("\n")}\n`);

function cells(folderPath: string): string[][] {
  const text = readFileSync(`${folderPath}/timeseries.csv`, "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => line.split(","));
}

async function times(rows: readonly string[], sampleNs?: number): Promise<number[]> {
  const options = { trace: write(rows), out: out(), name: "t" };
  await runTrace(sampleNs === undefined ? options : { ...options, sampleNs });
  return cells(options.out)
    .slice(1)
    .map((row) => Number(row[0]));
}

describe("samples", () => {
  test("every column of a small trace, worked out by hand", async () => {
    const path = out();
    const result = await runTrace({ trace: write(ROWS), out: path, name: "small", sampleNs: 100 });
    const [header, ...rows] = cells(path);
    expect(header).toEqual(COLUMNS.map((column) => column.name));
    const read = rows.map((row) =>
      Object.fromEntries(row.map((cell, i) => [header![i]!, cell === "" ? "" : Number(cell)])),
    );
    expect(read).toEqual(expectedRows());
    expect(result.samples.map((row) => row[COLUMN.time_ns])).toEqual([0, 100, 200, 300, 400, 450]);
    expect([result.rows, result.mismatches, result.outOfMemory]).toEqual([21, 0, undefined]);
  });

  test("the first is at 0 and the last at the end, whatever the interval", async () => {
    expect(await times(ROWS, 1_000_000)).toEqual([0, 450]);
    expect(await times(ROWS, 450)).toEqual([0, 450]);
    expect(await times(ROWS, 225)).toEqual([0, 225, 450]);
    expect(await times(ROWS, 449)).toEqual([0, 449, 450]);
    expect(await times(ROWS.slice(0, 2))).toEqual([0]);
    expect(await times(ROWS.slice(0, 2), 10)).toEqual([0]);
  });

  test("the interval is a thousandth of the duration unless it is given", async () => {
    const late = [...ROWS, "5000,0,stat,0,0,0,0"];
    const sampled = await times(late);
    expect(sampled.slice(0, 3)).toEqual([0, 5, 10]);
    expect([sampled.length, sampled.at(-1)]).toEqual([1001, 5000]);
    // Rounded up, so there are never more than a thousand and two.
    expect((await times([...ROWS, "5001,0,stat,0,0,0,0"])).slice(0, 3)).toEqual([0, 6, 12]);
  });

  test("the interval does not change what happened", async () => {
    const fine = await runTrace({ trace: write(ROWS), out: out(), name: "a", sampleNs: 1 });
    const coarse = await runTrace({ trace: write(ROWS), out: out(), name: "b", sampleNs: 1000 });
    expect(fine.fingerprint).toBe(coarse.fingerprint);
    const gauges = COLUMNS.flatMap((column, i) => (column.kind === "rate" ? [] : [i]));
    const last = (samples: readonly Float64Array[]) => gauges.map((i) => samples.at(-1)![i]);
    expect(last(fine.samples)).toEqual(last(coarse.samples));
  });
});

describe("fingerprint", () => {
  const run = async (rows: readonly string[]) =>
    (await runTrace({ trace: write(rows), out: out(), name: "f", sampleNs: 100 })).fingerprint;

  test("depends on what happened, and when", async () => {
    const first = await run(ROWS);
    expect(await run(ROWS)).toBe(first);
    const later = [...ROWS.slice(0, -1), ROWS.at(-1)!.replace("450", "451")];
    expect(await run(later)).not.toBe(first);
    // One page more for the last span, and so one page less in its cache.
    const larger = ROWS.map((row) =>
      row
        .replace("calloc,c000004000,1,8192", "calloc,c000004000,2,16384")
        .replace("span,c000004000,1,h6,8192", "span,c000004000,2,h6,16384"),
    );
    expect(await run(larger)).not.toBe(first);
    expect(await run(ROWS.slice(0, -1))).not.toBe(first);
  });
});

describe("summary", () => {
  test("agrees with the series", async () => {
    const path = out();
    const result = await runTrace({ trace: write(ROWS), out: path, name: "s", sampleNs: 100 });
    const summary = JSON.parse(readFileSync(`${path}/summary.json`, "utf8"));
    expect([summary.duration_ns, summary.samples]).toEqual([450, 6]);
    expect(summary.peaks).toEqual({
      heap_inuse_bytes: 16384,
      heap_sys_bytes: 4194304,
      heap_retained_bytes: 24576,
    });
    // Over time: 0 until 200, 8192 until 300, 16384 until 450.
    expect(summary.gauges.heap_inuse_bytes).toEqual({
      mean: Math.round(((8192 * 100 + 16384 * 150) / 450) * 1e6) / 1e6,
      min: 0,
      max: 16384,
      p5: 0,
      p25: 0,
      p50: 8192,
      p75: 16384,
      p95: 16384,
      p99: 16384,
      end: 8192,
    });
    expect(summary.gauges.heap_goal_bytes).toMatchObject({ min: 10000, max: 10000, end: 10000 });
    expect(summary.counters).toMatchObject({ span_allocs: 3, span_frees: 2, heap_growths: 1 });
    expect(summary.find_rate).toBe(0);
    expect(summary.state_at_peak_heap_inuse.time_ns).toBe(300);
    expect(summary.state_at_peak_heap_retained).toMatchObject({ time_ns: 400, heap_retained_bytes: 24576 });
    expect(Object.keys(summary.state_at_peak_heap_inuse)).toEqual(COLUMNS.map((column) => column.name));
    expect(result.samples.length).toBe(6);
  });
});

describe("progress", () => {
  test("rises to 1", async () => {
    const shares: number[] = [];
    await runTrace({
      trace: tracePath("link-cmdgo-gmp4"),
      out: out(),
      name: "p",
      onProgress: (share) => shares.push(share),
    });
    expect(shares.length).toBeGreaterThan(0);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
});

test("a run as a library leaves nothing but its result", async () => {
  const place = folder.fresh();
  await runTrace({ trace: tracePath("hello-gmp4"), out: `${place}/x`, name: "x" });
  expect(listing(place)).toEqual([
    "x",
    "x/histograms.json",
    "x/manifest.json",
    "x/summary.json",
    "x/timeseries.csv",
  ]);
  const bad = folder.write("bad.csv", `${textOf(tracePath("hello-gmp4"))}1,1,1\n`);
  await expect(runTrace({ trace: bad, out: `${place}/y`, name: "y" })).rejects.toThrow(/bad\.csv:\d+:\d+: /);
  await expect(runTrace({ trace: bad, out: `${place}/x`, name: "x" })).rejects.toThrow(
    /x exists: add --force/,
  );
  expect(listing(place)).toEqual([
    "x",
    "x/histograms.json",
    "x/manifest.json",
    "x/summary.json",
    "x/timeseries.csv",
  ]);
});
