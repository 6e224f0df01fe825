import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { DEFAULT_COSTS } from "../../sim/gc/costs.js";
import { fitMadvise } from "../../studies/madvise-fit.js";
import { compareScavenger, recordedIdleTimerNs } from "../../studies/scavenger-trace.js";
import { TestFolder, textOf, tracePath } from "../setup/files.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 300_000 });

const folder = new TestFolder();
/** Folder with all recordings; without it only those in the repository are compared. */
const SHARED = process.env.MHEAPSIM_SHARED;
/** Programs that must come within 5 %; the others within 10 %. */
const CLOSE = ["kvcache-gmp1", "kvcache-tick-gmp1", "fraggrow-gmp1", "leak-gmp1"];

async function compare(path: string): ReturnType<typeof compareScavenger> {
  const name = basename(path);
  const fit = await fitMadvise(path).catch(() => undefined);
  const idleTimerNs = recordedIdleTimerNs(name);
  const timer = idleTimerNs === undefined ? {} : { idleTimerNs };
  return compareScavenger(path, { costs: { ...DEFAULT_COSTS, ...fit?.costs }, ...timer });
}

function traces(): string[] {
  const shared = SHARED === undefined ? "" : join(SHARED, "traces", "go1.18");
  if (existsSync(shared)) {
    return readdirSync(shared)
      .filter((name) => name.endsWith("-gmp1.csv.gz"))
      .map((name) => join(shared, name));
  }
  return ["fraggrow-gmp1", "golist-gmp1", "hello-gmp1"].map(tracePath);
}

describe("the model's scavenger beside a recorded one", () => {
  for (const path of traces()) {
    const name = basename(path, ".csv.gz");
    it(`is close on ${name}`, async () => {
      const result = await compare(path);
      expect(result.error).toBeLessThanOrEqual(CLOSE.includes(name) ? 0.05 : 0.1);
      expect(result.goalsExact).toBe(result.paceRows);
      expect(result.clearerExact).toBe(result.clearerRows);
      expect(result.generations).toBe(result.sweepDoneRows);
      expect(result.generations).toBe(result.recordedGenerations);
    });
  }

  it("compares something: fraggrow has goals, generations and releases", async () => {
    const result = await compare(tracePath("fraggrow-gmp1"));
    expect(result.paceRows).toBe(22);
    expect(result.clearRows).toBe(18);
    expect(result.clearExact).toBe(18);
    expect(result.generations).toBe(22);
    expect(result.samples).toBe(1 + Math.floor(result.durationNs / 1e6));
    expect(result.recordedBackgroundBytes).toBeGreaterThan(140e6);
    expect(result.backgroundBytes).toBeGreaterThan(0.8 * result.recordedBackgroundBytes);
    expect(result.peakHeapSysBytes).toBe(620_527_616);
    // Without a scavenger it would be far away.
    const idle = await compareScavenger(tracePath("fraggrow-gmp1"), {
      costs: { ...DEFAULT_COSTS, timeSliceNs: 1e12 },
    });
    expect(idle.backgroundBytes).toBe(0);
    expect(idle.error).toBeGreaterThan(2 * result.error);
  });

  it("sees heap_released as recorded at each sample", async () => {
    const text = [
      "t,p,op,a,b,c,d",
      "0,-1,init,4096,1,2097152,0",
      "0,-1,procs,0,1,,",
      "0,-1,arena,c000000000,67108864,4194304,",
      "100,-1,grow,c000000000,4194304,,",
      "100,-1,alloc,c000000000,8,65536,",
      "200,-1,span,c000000000,8,h1,65536",
      "2000000,-1,scavdone,c000010000,2,1,",
      "4000000,-1,spanfree,c000000000,8,h1,",
    ];
    const path = folder.write("small.csv.gz", gzipSync(`${text.join("\n")}\n`));
    const seen: number[][] = [];
    await compareScavenger(path, { onSample: (...sample) => seen.push(sample) });
    const mapped = 4194304 - 65536;
    expect(seen.map(([t]) => t)).toEqual([0, 1e6, 2e6, 3e6, 4e6]);
    expect(seen.map(([, model]) => model)).toEqual([0, mapped, mapped, mapped, mapped]);
    expect(seen.map(([, , recorded]) => recorded)).toEqual([
      0,
      mapped,
      mapped + 16384,
      mapped + 16384,
      mapped + 16384,
    ]);
  });

  it("does not look at the rows of the recorded scavenger", async () => {
    const rows = textOf(tracePath("golist-gmp1")).split("\n");
    const kept = rows.filter((row) => !/,(scav\w*|gen|alloc|calloc|refill|free|arena|stat),/.test(row));
    expect(kept.length).toBeLessThan(rows.length / 2);
    const path = folder.write("bare.csv.gz", gzipSync(kept.join("\n")));
    const models: number[][] = [[], []];
    await compareScavenger(tracePath("golist-gmp1"), { onSample: (_, model) => models[0]!.push(model) });
    await compareScavenger(path, { onSample: (_, model) => models[1]!.push(model) });
    expect(models[1]).toEqual(models[0]);
  });

  it("lets the scavenger run at once when the program waits for the collection that it asked for", async () => {
    const released: number[] = [];
    for (const heapLive of [3_000_000, 5_000_000]) {
      const rows = ["t,p,op,a,b,c,d", "0,-1,init,4096,1,2097152,0", "0,-1,procs,0,1,,"];
      for (let i = 0; i < 4; i++)
        rows.push(`0,-1,span,${(0xc000000000 + i * 2 ** 22).toString(16)},512,h0,0`);
      rows.push("0,-1,spanfree,c000000000,512,h0,", "0,-1,spanfree,c000400000,512,h0,");
      // No goal yet, so the generation finds nobody at work.
      rows.push("0,-1,pace,4000000,0,8388608,max", "0,-1,pace2,0,0,0,0", "0,-1,sweepdone,2,0,,");
      const busyUntil = (from: number, to: number): void => {
        for (let ms = from; ms < to; ms += 5) rows.push(`${ms}000000,0,procs,1,1,,`);
      };
      busyUntil(1, 100);
      rows.push(`100000000,0,gcstart,1,${heapLive},4000000,4000000`, "102000000,0,gcmarkdone,1,1,1,1");
      rows.push("102000000,0,pace,4000000,4000000,4194304,1", "102000000,0,pace2,0,0,0,0");
      busyUntil(103, 200);
      const path = folder.write(`waits-${heapLive}.csv.gz`, gzipSync(`${rows.join("\n")}\n`));
      released.push((await compareScavenger(path)).backgroundBytes);
    }
    // Whoever waits leaves its P to the scavenger, which finds no goal yet and parks; a busy P comes to it after the goal is set.
    expect(released[0]).toBe(0);
    expect(released[1]).toBeGreaterThan(2 ** 20);
  });

  it("finds goals that are not the recorded ones", async () => {
    const wrong = textOf(tracePath("golist-gmp1")).replace(
      /,pace,(\d+),(\d+),(\d+),(\d+)$/m,
      ",pace,$1,$2,$3,1$4",
    );
    const result = await compareScavenger(folder.write("wrong.csv.gz", gzipSync(wrong)));
    expect(result.goalsExact).toBe(result.paceRows - 1);
  });

  it("refuses a pace2 row without its pace row", async () => {
    const text = gunzipSync(readFileSync(tracePath("golist-gmp1")))
      .toString("latin1")
      .replace(/^.*,pace,.*\n/m, "");
    await expect(compareScavenger(folder.write("half.csv.gz", gzipSync(text)))).rejects.toThrow(
      /pace2: there is no pace row before it/,
    );
  });
});
