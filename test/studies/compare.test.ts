import { appendFileSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { METRICS } from "../../results/metrics.js";
import { mean } from "../../results/statistics/moments.js";
import { CellRunner } from "../../studies/cells/cell-runner.js";
import { type CompareOptions, compare } from "../../studies/compare.js";
import { runScenario } from "../../studies/run-scenario.js";
import { scenario } from "../../studies/scenarios.js";
import { parseMetrics, type WarmUp } from "../../studies/study-inputs.js";
import { listing, TestFolder } from "../setup/files.js";

vi.setConfig({ testTimeout: 120_000 });

const folder = new TestFolder();
const VARIED = "go1.18{goal.retainExtraPercent=40}";

const SMALL = scenario({
  name: "small",
  duration: "400ms",
  samples: 100,
  gc: { minHeap: "128KiB" },
  workloads: {
    spans: {
      kind: "spans",
      rate: "2000/s",
      pages: { uniform: { min: 1, max: 30 } },
      lifetime: { exponential: { mean: "20ms" } },
    },
  },
});

function options(changes: Partial<CompareOptions> = {}): CompareOptions {
  return {
    scenario: SMALL,
    policies: ["go1.18", VARIED],
    seeds: [1, 2, 3, 4],
    workers: 1,
    out: join(folder.fresh(), "out"),
    ...changes,
  };
}

/** All files of a result by name. */
function contents(out: string): Map<string, string> {
  const names = listing(out).filter((name) => statSync(join(out, name)).isFile());
  return new Map(names.map((name) => [name, readFileSync(join(out, name), "latin1")]));
}

const jsonOf = (out: string) => JSON.parse(readFileSync(join(out, "comparison.json"), "utf8"));

describe("a comparison", () => {
  test("of policies that do the same is identical, with differences of exactly 0", async () => {
    // 10 % is what go1.18 keeps anyway: another name for the same.
    const same = "go1.18{goal.retainExtraPercent=10}";
    const { rows } = await compare(options({ policies: ["go1.18", same] }));
    expect(rows).toHaveLength(METRICS.length);
    for (const row of rows.filter(({ meanBaseline }) => !Number.isNaN(meanBaseline)))
      expect(row).toMatchObject({ verdict: "identical", diff: 0, ciLow: 0, ciHigh: 0, pAdjusted: 1 });
    expect(rows.filter(({ verdict }) => verdict === "identical").length).toBeGreaterThan(20);
  });

  test("gives the same bytes whatever the order of the policies and the number of workers", async () => {
    const third = "go1.17{goal.retainExtraPercent=25}";
    const one = options({ policies: ["go1.18", VARIED, third], workers: 1 });
    const other = options({ policies: [third, "go1.18", VARIED], baseline: "go1.18", workers: 3 });
    const first = await compare(one);
    const second = await compare(other);
    expect(second).toEqual(first);
    const files = contents(one.out);
    // Three of the comparison, and what each of twelve runs leaves behind.
    expect((files.size - 3) / 12).toBeGreaterThanOrEqual(3);
    expect(files.size % 12).toBe(3);
    expect(contents(other.out)).toEqual(files);
  });

  test("has the runs that run alone gives, byte by byte", async () => {
    const given = options();
    await compare(given);
    const alone = join(folder.fresh(), "alone");
    await runScenario({ scenario: { ...SMALL, seed: "3", policy: VARIED }, out: alone });
    const cell = join(given.out, "cells", "go1.18-goal.retainExtraPercent=40", "seed-0003");
    expect(contents(cell)).toEqual(contents(alone));
  });

  test("is of what the runs say: means, pairs and values", async () => {
    const given = options({ metrics: parseMetrics("mean_heap_retained_bytes,refaulted_bytes") });
    const { rows } = await compare(given);
    const json = jsonOf(given.out);
    for (const [m, metric] of ["mean_heap_retained_bytes", "refaulted_bytes"].entries()) {
      const a: number[] = json.values["go1.18"][metric];
      const b: number[] = json.values[VARIED][metric];
      expect(rows[m]!.meanBaseline).toBeCloseTo(mean(a), 3);
      expect(rows[m]!.diff).toBeCloseTo(mean(b.map((x, i) => x - a[i]!)), 3);
      expect(rows[m]!.n).toBe(4);
    }
    // The counter at the end of each series is the metric: the first row is at 0.
    const series = readFileSync(join(given.out, "cells", "go1.18", "seed-0002", "timeseries.csv"), "utf8");
    const lines = series.trimEnd().split("\n");
    const column = lines[0]!.split(",").indexOf("refaulted_bytes");
    expect(Number(lines.at(-1)!.split(",")[column])).toBe(json.values["go1.18"].refaulted_bytes[1]);
  });

  test("sees the same demands under every policy", async () => {
    const { rows } = await compare(options({ policies: ["go1.18", "go1.18{pageCache.pages=0}", VARIED] }));
    for (const row of rows) if (row.metric.name === "span_allocs") expect(row.verdict).toBe("identical");
    expect(rows.some(({ verdict }) => verdict !== "identical")).toBe(true);
  });

  test("takes policies from files, whose name is no policy by itself", async () => {
    const file = folder.write("mine.yaml", "name: mine\nextends: go1.18\ngoal: {retainExtraPercent: 40}\n");
    const given = options({ policies: ["go1.18", VARIED, file] });
    const { candidates } = await compare(given);
    expect(candidates).toEqual([VARIED, "mine"]);
    const { values } = jsonOf(given.out);
    expect(values.mine).toEqual(values[VARIED]);
    expect(values.mine).not.toEqual(values["go1.18"]);
  });

  test("says which runs ended early, and compares none of them", async () => {
    const tight: CompareOptions["scenario"] = { ...SMALL, machine: { ...SMALL.machine, ramBytes: 2 ** 21 } };
    const { rows, notes, endedAsExpected } = await compare(options({ scenario: tight }));
    expect(endedAsExpected).toBe(false);
    expect(notes[0]).toBe("go1.18: 4 of 4 runs ended early (out of memory); their metrics are undefined");
    for (const { verdict, n } of rows) expect([verdict, n]).toEqual(["undefined", 0]);
  });

  test.each([
    [{ policies: ["go1.18"] }, /^a comparison is between two policies at least/],
    [{ policies: ["go1.18", "go1.18"] }, /are the same policy/],
    [{ policies: ["go1.18", "go9.9"] }, /go9\.9/],
    [{ seeds: [3] }, /^one seed shows no noise/],
    [{ baseline: "go1.17" }, /^the baseline go1\.17 is not among the policies, expected one of go1\.18, /],
    [{ warmUp: { kind: "time", ns: 4e8 } as WarmUp }, /^--warmup 400 ms leaves nothing of a run of 400 ms/],
  ])("refuses what cannot be compared, and leaves nothing: %j", async (changes, sentence) => {
    const cwd = folder.fresh();
    await expect(compare(options({ ...changes, out: join(cwd, "a", "out") }))).rejects.toThrow(sentence);
    expect(listing(cwd)).toEqual([]);
  });

  test("replaces an earlier result only when told to, and nothing else at all", async () => {
    const given = options({ seeds: [1, 2] });
    await compare(given);
    await expect(compare(given)).rejects.toThrow("exists: add --force");
    await compare({ ...given, force: true });
    appendFileSync(join(given.out, "cells", "go1.18", "seed-0001", "mine.txt"), "x");
    await expect(compare({ ...given, force: true })).rejects.toThrow(
      "holds other files than a run's (cells/go1.18/seed-0001/mine.txt)",
    );
    rmSync(join(given.out, "cells", "go1.18", "seed-0001", "mine.txt"));
    await compare({ ...given, force: true, seeds: [5, 6] });
    expect(readdirSync(join(given.out, "cells", "go1.18"))).toEqual(["seed-0005", "seed-0006"]);
  });
});

describe("the warm-up", () => {
  const FILLING = scenario({
    name: "filling",
    duration: "1s",
    samples: 200,
    gc: { minHeap: "128KiB" },
    workloads: {
      spans: {
        kind: "spans",
        rate: "2000/s",
        pages: { uniform: { min: 1, max: 8 } },
        lifetime: { exponential: { mean: "30ms" } },
      },
    },
  });

  test("does not count, for a given time", async () => {
    const metrics = parseMetrics("scavenged_bytes,span_allocs");
    const all = await compare(options({ scenario: FILLING, metrics }));
    const late = await compare(options({ scenario: FILLING, metrics, warmUp: { kind: "time", ns: 6e8 } }));
    const spans = (rows: typeof all.rows) =>
      rows.find(({ metric }) => metric.name === "span_allocs")!.meanBaseline;
    expect(spans(late.rows) / spans(all.rows)).toBeCloseTo(0.4, 1);
    expect(late.warmUpNs).toBe(6e8);
  });

  test("is found by MSER-5, the same whoever ran first", async () => {
    const warmUp = { kind: "mser5" } as const;
    const one = options({ scenario: FILLING, warmUp, workers: 1 });
    const other = options({
      scenario: FILLING,
      warmUp,
      workers: 2,
      policies: [VARIED, "go1.18"],
      baseline: "go1.18",
    });
    const { warmUpNs, notes } = await compare(one);
    // What is retained creeps up for as long as the run lasts, which is said and does not make the warm-up longer.
    expect(notes[0]).toMatch(/^go1\.18\S*: heap_retained_bytes .*had not settled by the middle of the run/);
    await compare(other);
    expect(contents(other.out)).toEqual(contents(one.out));
    // A few lifetimes of 30 ms, and a whole number of batches of five samples, 5 ms each.
    expect(warmUpNs).toBeGreaterThanOrEqual(25e6);
    expect(warmUpNs).toBeLessThanOrEqual(500e6);
    expect(warmUpNs % 25e6).toBe(0);
    expect(jsonOf(one.out).warm_up).toEqual({ kind: "mser5", ns: warmUpNs });
  });

  test("is refused when a run never settles; the runs are kept", async () => {
    const growing = scenario({
      name: "growing",
      duration: "400ms",
      samples: 100,
      workloads: { leak: { kind: "spans", rate: "1000/s", pages: 4, lifetime: "forever" } },
    });
    const given = options({ scenario: growing, seeds: [1, 2], warmUp: { kind: "mser5" } });
    await expect(compare(given)).rejects.toThrow(
      /^growing does not settle under go1\.18: .* say --warmup TIME/,
    );
    let kept = 0;
    await compare({
      ...given,
      warmUp: { kind: "none" },
      onProgress: (progress) => {
        kept = progress.kept;
      },
    });
    expect(kept).toBe(4);
  });
});

describe("--until-ci", () => {
  test("adds seeds until the intervals are narrow, and pays for each look", async () => {
    const metrics = parseMetrics("mean_heap_retained_bytes");
    const given = options({ metrics, seeds: [1, 2, 3, 4], until: { share: 0.03, maxSeeds: 60 } });
    const { rows, seeds, looks, wide } = await compare(given);
    expect(wide).toEqual([]);
    expect(looks).toBeGreaterThan(1);
    // 4, 6, 9, 14, …
    const wanted = [4, 6, 9, 14, 21, 32, 48, 60];
    expect(seeds).toEqual(Array.from({ length: wanted[looks - 1]! }, (_, i) => i + 1));
    const [row] = rows;
    expect((row!.ciHigh - row!.ciLow) / 2 / row!.meanCandidate).toBeLessThanOrEqual(0.03);
    expect(jsonOf(given.out)).toMatchObject({
      looks,
      until_ci: { share: 0.03, max_seeds: 60, reached: true },
    });
    // The same seeds, looked at once, have the interval of level 5 %, which is narrower.
    const once = await compare(options({ metrics, seeds }));
    expect(row!.pAdjusted).toBeCloseTo(Math.min(1, once.rows[0]!.p * looks * (looks + 1)), 12);
    expect(row!.ciHigh - row!.ciLow).toBeGreaterThan(once.rows[0]!.ciHigh - once.rows[0]!.ciLow);
  });

  test("gives up where it is told to, and says what is not narrow", async () => {
    const until = { share: 0.0001, maxSeeds: 7 };
    const { seeds, looks, wide } = await compare(options({ until }));
    expect([seeds.length, looks]).toEqual([7, 3]);
    expect(wide.map(({ metric }) => metric.headline)).toContain(true);
    expect(wide.every(({ metric }) => metric.headline)).toBe(true);
  });
});

describe("finished cells", () => {
  /** Lets a study begin, and stops it after some cells as Ctrl-C does. */
  async function interruptedAfter(count: number, given: CompareOptions): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      let asked = false;
      compare({
        ...given,
        onProgress: ({ done }) => {
          if (done < count || asked) return;
          asked = true;
          CellRunner.interruptAll().then(resolve, reject);
        },
      }).then(() => reject(new Error("it was not interrupted")), reject);
    });
  }

  test("are taken up by the same command, which ends with the bytes of one that was never interrupted", async () => {
    const whole = options({ seeds: [1, 2, 3, 4, 5, 6] });
    await compare(whole);
    const given = { ...whole, out: join(folder.fresh(), "out") };
    const kept = await interruptedAfter(4, given);
    expect(kept).toBeGreaterThanOrEqual(4);
    expect(kept).toBeLessThan(12);
    let last = { done: 0, total: 0, kept: 0 };
    await compare({
      ...given,
      onProgress: (progress) => {
        last = progress;
      },
    });
    expect(last).toEqual({ done: 12, total: 12, kept });
    expect(contents(given.out)).toEqual(contents(whole.out));
    // Nothing is left beside the result.
    expect(readdirSync(join(given.out, ".."))).toEqual(["out"]);
  });

  test("that are damaged are run again, and those of something else are not taken", async () => {
    const given = options({ seeds: [1, 2, 3, 4, 5, 6] });
    const kept = (await interruptedAfter(5, given))!;
    const store = join(given.out, "..", ".out.runs");
    const cells = readdirSync(store);
    appendFileSync(join(store, cells[0]!, "rows.f64"), "x");
    rmSync(join(store, cells[1]!, "summary.json"));
    const taken = async (changes: Partial<CompareOptions>): Promise<number> => {
      let found = 0;
      await compare({
        ...given,
        ...changes,
        force: true,
        onProgress: (progress) => {
          found = progress.kept;
        },
      });
      return found;
    };
    const other = { ...SMALL, gc: { ...SMALL.gc, gogc: 50 } };
    // A finished study takes all cells away, so the one of another scenario goes elsewhere.
    const elsewhere = join(folder.fresh(), "out");
    expect(await taken({ scenario: other, out: elsewhere })).toBe(0);
    expect(await taken({})).toBe(kept - 2);
    const whole = options({ seeds: given.seeds });
    await compare(whole);
    expect(contents(given.out)).toEqual(contents(whole.out));
  });
});
