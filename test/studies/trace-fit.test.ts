/**
 * The bar of `mheapsim trace fit`: on the two programs that it names, peak heap_sys and find rate within 20 % of the trace's
 * and mean external fragmentation within 0.05, over 20 seeds. With MHEAPSIM_SHARED all gmp1 recordings are fitted.
 */

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { checkScenario } from "../../scenarios/load/load.js";
import { scenario, VOCABULARY } from "../../studies/scenarios.js";
import {
  checkFit,
  errorOf,
  type FitCheck,
  fitTrace,
  isWithin,
  runFigures,
  type TraceFit,
} from "../../studies/trace-fit.js";
import { tracePath } from "../setup/files.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 900_000 });

const SHARED = process.env.MHEAPSIM_SHARED;
const SEEDS = 20;
/** Programs that the bar is not for, with what their fits miss. */
const MISSED: Readonly<Record<string, string>> = {
  "leak-gmp1": "spans that live alike come together, whatever their size, which makes fewer, larger holes",
  "stacks-gmp1": "goroutines end in an order that lifetimes do not tell",
};
/** Seeds of the named programs that are within the bar one by one; of others no number is promised. */
const SEEDS_WITHIN: Readonly<Record<string, number>> = { "compile-gotypes-gmp1": 20, "httpjson-gmp1": 10 };

function traces(): string[] {
  const shared = SHARED === undefined ? "" : join(SHARED, "traces", "go1.18");
  if (existsSync(shared)) {
    return readdirSync(shared)
      .filter((name) => name.endsWith("-gmp1.csv.gz"))
      .map((name) => join(shared, name));
  }
  return ["compile-gotypes-gmp1", "fraggrow-gmp1", "golist-gmp1", "hello-gmp1"].map(tracePath);
}

async function fitOf(path: string): Promise<{ fit: TraceFit; check: FitCheck }> {
  const name = basename(path, ".csv.gz");
  const fit = await fitTrace({ trace: path, name: `${name}-fitted`, file: basename(path) });
  return { fit, check: checkFit(fit.scenario, fit.trace, SEEDS) };
}

describe("a fitted scenario beside its trace", () => {
  for (const path of traces()) {
    const name = basename(path, ".csv.gz");
    it(`${name} over ${SEEDS} seeds`, async () => {
      const { fit, check } = await fitOf(path);
      const { peakHeapSysBytes, findRate, externalFragmentation } = check.error;
      console.log(
        `${name} | ${fit.stretches} | ${[fit.trace, check.mean].map((f) => `${(f.peakHeapSysBytes / 2 ** 20).toFixed(1)} ${f.findRate.toFixed(3)} ${f.externalFragmentation.toFixed(3)}`).join(" | ")} | ${(100 * peakHeapSysBytes).toFixed(1)} % ${(100 * findRate).toFixed(1)} % ${externalFragmentation.toFixed(3)} | ${check.within}`,
      );
      // Whoever does better one day is to be told so.
      expect(check.isWithin, name in MISSED ? MISSED[name] : "").toBe(!(name in MISSED));
      expect(check.within).toBeGreaterThanOrEqual(SEEDS_WITHIN[name] ?? 0);
    });
  }
});

describe("the fit of compile-gotypes-gmp1", () => {
  const path = tracePath("compile-gotypes-gmp1");
  const fitted = fitTrace({ trace: path, name: "gotypes", file: "gotypes.csv.gz", stretches: 12 });

  it("has the figures of the replayed trace to compare with", async () => {
    const { trace } = await fitted;
    expect(trace.peakHeapSysBytes).toBe(117243904);
    expect(trace.findRate).toBeCloseTo(0.381847, 5);
    expect(trace.externalFragmentation).toBeCloseTo(0.2803, 3);
  });

  it("is a valid file, the same each time, that says what it was made from", async () => {
    const { text, scenario: made } = await fitted;
    expect(checkScenario(text, "gotypes.yaml", VOCABULARY).scenario).toEqual(made);
    expect(text).toMatch(
      /^# Fitted to gotypes\.csv\.gz by mheapsim trace fit: 39329 rows, 2\.16 s, 9 collections, GOMAXPROCS=1\.\n/,
    );
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
    const again = await fitTrace({ trace: path, name: "gotypes", file: "gotypes.csv.gz", stretches: 12 });
    expect(again.text).toBe(text);
  });

  it("is generators, and not the trace: fewer lines than a tenth of its rows, and each seed is another run", async () => {
    const { text, scenario: made } = await fitted;
    expect(text.split("\n").length).toBeLessThan(3933);
    const [first, second, again] = ["1", "2", "1"].map((seed) => runFigures(made, seed));
    expect(again).toEqual(first);
    expect(second).not.toEqual(first);
  });

  it("tells a bad fit from a good one", async () => {
    const { trace, scenario: made } = await fitted;
    expect(isWithin(errorOf(runFigures(made, "1"), trace))).toBe(true);
    const other = scenario({
      name: "other",
      duration: "2s",
      workloads: { w: { kind: "spans", rate: "7000/s", pages: 1, lifetime: "forever" } },
    });
    const { isWithin: good, within } = checkFit(other, trace, 2);
    expect([good, within]).toEqual([false, 0]);
  });
});
