import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { costTable } from "../../cli/trace-fit-costs.js";
import { DEFAULT_COSTS } from "../../sim/gc/costs.js";
import { fitMadvise } from "../../studies/madvise-fit.js";
import { TestFolder, tracePath } from "../setup/files.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const folder = new TestFolder();
const BASE = 0xc000000000;

interface Made {
  call: number;
  page: number;
  uncleared: number;
  huge: number;
}

/** A trace whose requests take exactly such times: of 1 or 2 ranges with pages of all sorts. */
function made(costs: Made, who = 0, withHuge = true): string {
  const rows = ["t,p,op,a,b,c,d", "0,-1,init,4096,1,2097152,0"];
  let t = 1000;
  const span = (page: number, npages: number, kind: string): void => {
    rows.push(`${t},0,span,${(BASE + page * 8192).toString(16)},${npages},${kind},0`);
  };
  // Touched pages from 0, uncleared ones from 4096, huge ones from 8192; all of them taken once.
  span(0, 4096, "h0");
  span(4096, 4096, "h1");
  span(8192, 4096, "h0");
  let touched = 1;
  let uncleared = 4096;
  let huge = 8192;
  const release = (page: number, npages: number): void => {
    const address = (BASE + page * 8192).toString(16);
    rows.push(`${t},0,scav,${address},${npages},${who},`, `${t},0,scavdone,${address},${npages},${who},`);
  };
  for (let i = 0; i < 60; i++) {
    rows.push(`${t},0,scavreq,65536,${who},0,0`);
    const a = 1 + (i % 7);
    const b = i % 5;
    let ns = costs.call + 2 * a * costs.page;
    release(touched, a);
    touched += 10;
    if (b > 0) {
      release(uncleared, b);
      uncleared += b;
      ns += costs.call + 2 * b * costs.uncleared;
    }
    if (withHuge && i % 6 === 5) {
      release(huge, 256);
      huge += 256;
      ns += costs.call + costs.huge;
    }
    t += ns;
    rows.push(`${t},0,scavret,65536,${who},,`);
    t += 777;
  }
  return `${rows.join("\n")}\n`;
}

describe("costs of madvise from a trace", () => {
  it("are those that the times were made from", async () => {
    const fit = await fitMadvise(
      folder.write("made.csv.gz", gzipSync(made({ call: 3000, page: 410, uncleared: 25, huge: 91_000 }))),
    );
    expect(fit.costs).toEqual({
      madviseCallNs: 3000,
      madvisePageNs: 410,
      madviseUnclearedPageNs: 25,
      madviseHugePageNs: 91_000,
    });
    expect(fit.requests).toBe(60);
    expect(fit.hugePages).toBe(10);
    expect(fit.assumed).toEqual([]);
    expect(fit.fittedNs).toBeCloseTo(fit.measuredNs, 0);
  });

  it("are never negative", async () => {
    const fit = await fitMadvise(
      folder.write("negative.csv.gz", gzipSync(made({ call: 9000, page: 0, uncleared: -100, huge: 10_000 }))),
    );
    for (const cost of Object.values(fit.costs)) expect(cost).toBeGreaterThanOrEqual(0);
    expect(fit.costs.madviseUnclearedPageNs).toBe(0);
    expect(fit.costs.madviseCallNs).toBeGreaterThan(8000);
  });

  it("are the defaults for what the trace has none of, and say so", async () => {
    const text = made({ call: 3000, page: 410, uncleared: 25, huge: 0 }, 0, false);
    const fit = await fitMadvise(folder.write("nohuge.csv.gz", gzipSync(text)));
    expect(fit.assumed).toEqual(["madviseHugePageNs"]);
    expect(fit.costs.madviseHugePageNs).toBe(DEFAULT_COSTS.madviseHugePageNs);
    expect(costTable(fit)).toContain("none in the trace: the default");
    expect(costTable(fit)).toMatch(/each range +3000 ns +madviseCallNs/);
  });

  it("come from other threads where the background scavenger released nothing", async () => {
    const fit = await fitMadvise(
      folder.write("other.csv.gz", gzipSync(made({ call: 3000, page: 410, uncleared: 25, huge: 91_000 }, 1))),
    );
    expect(fit.costs.madviseCallNs).toBe(3000);
  });

  it("need a request that released something", async () => {
    await expect(fitMadvise(tracePath("hello-gmp1"))).rejects.toThrow(
      /no request in this trace released any memory/,
    );
  });

  it("are plausible for a real program", async () => {
    const { costs } = await fitMadvise(tracePath("fraggrow-gmp1"));
    expect(costs.madviseCallNs).toBeGreaterThan(1000);
    expect(costs.madviseCallNs).toBeLessThan(5000);
    expect(costs.madvisePageNs).toBeGreaterThan(200);
    expect(costs.madvisePageNs).toBeLessThan(800);
    // Its buffers are never written to.
    expect(costs.madviseUnclearedPageNs).toBeLessThan(50);
  });
});
