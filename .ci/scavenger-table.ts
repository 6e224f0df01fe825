/**
 * Prints the tables of docs/validation-scavenger.md: every gmp1 trace of a folder drives the model, and its scavenger is
 * compared with the recorded one.
 *
 *     npx tsx .ci/scavenger-table.ts ../shared/traces/go1.18
 */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_COSTS } from "../sim/gc/costs.js";
import { fitMadvise, type MadviseFit } from "../studies/madvise-fit.js";
import { compareScavenger, recordedIdleTimerNs } from "../studies/scavenger-trace.js";

const folder = process.argv[2] ?? join("test", "vectors", "traces", "go1.18");
const errors: string[] = [];
const costs: string[] = [];

async function tryFit(path: string): Promise<MadviseFit | undefined> {
  return fitMadvise(path).catch(() => undefined);
}

async function addTrace(name: string): Promise<void> {
  const path = join(folder, `${name}.csv.gz`);
  const idleTimerNs = recordedIdleTimerNs(name);
  const timer = idleTimerNs === undefined ? {} : { idleTimerNs };
  const fit = await tryFit(path);
  const fitted = await compareScavenger(path, { ...timer, costs: { ...DEFAULT_COSTS, ...fit?.costs } });
  const byDefault = await compareScavenger(path, timer);
  const percent = (part: number): string => `${(100 * part).toFixed(2)} %`;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  errors.push(
    `| ${name} | ${(fitted.durationNs / 1e9).toFixed(1)} | ${mib(fitted.peakHeapSysBytes)} | ${percent(fitted.error)} ` +
      `| ${percent(byDefault.error)} | ${mib(fitted.backgroundBytes)} / ${mib(fitted.recordedBackgroundBytes)} ` +
      `| ${fitted.goalsExact}/${fitted.paceRows} | ${fitted.clearExact}/${fitted.clearRows} ` +
      `| ${fitted.clearerExact}/${fitted.clearerRows} | ${fitted.generations}/${fitted.sweepDoneRows} |`,
  );
  if (fit === undefined) return;
  const cost = (ns: number, key: keyof MadviseFit["costs"]): string =>
    fit.assumed.includes(key) ? "–" : String(ns);
  const c = fit.costs;
  costs.push(
    `| ${name} | ${fit.requests} | ${cost(c.madviseCallNs, "madviseCallNs")} | ${cost(c.madvisePageNs, "madvisePageNs")} ` +
      `| ${cost(c.madviseUnclearedPageNs, "madviseUnclearedPageNs")} | ${cost(c.madviseHugePageNs, "madviseHugePageNs")} |`,
  );
}

async function main(): Promise<void> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith("-gmp1.csv.gz"))
    .map((name) => name.slice(0, -".csv.gz".length))
    .sort();
  for (const name of names) await addTrace(name);
  console.log(
    "| trace | s | peak heap_sys, MiB | error, costs fitted | error, default costs | background releases, MiB, model / recorded | goal before comparison exact | outcome exact where recorded retained is far from the goal | … and the model's too | generations/sweepdone |",
  );
  console.log("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
  console.log(errors.join("\n"));
  console.log("\n| trace | requests | range, ns | touched page, ns | uncleared page, ns | huge page, ns |");
  console.log("|---|---:|---:|---:|---:|---:|");
  console.log(costs.join("\n"));
}

void main();
