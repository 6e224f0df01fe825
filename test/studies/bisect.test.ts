/** Bisection finds the difference that brings a regression: a single field, or a pair that does it only together. */

import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type BisectResult, bisect, differingFields } from "../../studies/bisect.js";
import { resolvePolicy } from "../../studies/policies.js";
import { type Repro, readRepro, reproOf } from "../../studies/repro/repro.js";
import { mheapsim, ROOT } from "../setup/files.js";

const CORPUS = join(ROOT, "test", "regressions");

async function bisected(good: string, bad: string, repro: Repro): Promise<BisectResult> {
  return bisect(resolvePolicy(good), resolvePolicy(bad), repro, "");
}

/** A spike that ends; without a goal, or without a scavenger in the background, nothing of it goes back. */
const SPIKE = reproOf(
  `
repro: 1
metric: mean_hugepages_intact
baseline: go1.18
candidate: go1.18
effect: 0
scenario:
  name: spike
  machine: {procs: 1}
  workloads:
    list:
      kind: operations
      ops: [alloc a 8192, alloc b 1, free a, collect, wait 10ms, collect, wait 20s]
`,
  "spike.repro",
);

describe("bisection", () => {
  it("blames the walk for what the walk of 1.12.0 did, and not what else 1.12.5 changed", async () => {
    const repro = readRepro(join(CORPUS, "treap-walk-1.12.0.repro"));
    const { whole, shares, blamed } = await bisected("go1.12.5", "go1.12.4", repro);
    expect(whole).toBe(1);
    expect(blamed).toEqual([{ fields: ["fit.walk"], effect: 1, impossible: undefined }]);
    expect(shares.map(({ fields }) => fields)).toEqual([["fit.walk"], ["alloc.scavenge"]]);
    const release = readRepro(join(CORPUS, "release-on-allocation-1.12.0.repro"));
    const other = await bisected("go1.12.5", "go1.12.4", release);
    expect(other.blamed.map(({ fields }) => fields)).toEqual([["alloc.scavenge"]]);
  });

  it("tries pairs when no single field is to blame", async () => {
    const good = "go1.18{goal.basis=none,scavenger.background=none}";
    const { whole, shares, blamed } = await bisected(good, "go1.18", SPIKE);
    expect(whole).toBeGreaterThan(0.5);
    expect(blamed.map(({ fields }) => fields)).toEqual([["goal.basis", "scavenger.background"]]);
    expect(blamed[0]!.effect).toBe(whole);
    expect(shares).toHaveLength(3);
    expect(shares.slice(1).map(({ effect }) => effect)).toEqual([0, 0]);
  });

  it("blames nothing when the other policy is not worse", async () => {
    const repro = readRepro(join(CORPUS, "treap-walk-1.12.0.repro"));
    const { whole, blamed } = await bisected("go1.12.5", "go1.12.5{goal.retainExtraPercent=20}", repro);
    expect([whole, blamed]).toEqual([0, []]);
  });

  it("says which fields cannot be taken over alone", async () => {
    const repro = readRepro(join(CORPUS, "treap-walk-1.12.0.repro"));
    const { shares } = await bisected("go1.12.5", "go1.18", repro);
    const alone = new Map(shares.map(({ fields, impossible }) => [fields.join(), impossible]));
    expect(alone.get("fit.kind")).toContain("needs");
    expect(alone.get("system.madvise")).toBeUndefined();
    expect(alone.size).toBeGreaterThanOrEqual(
      differingFields(resolvePolicy("go1.12.5"), resolvePolicy("go1.18")).length,
    );
  });

  it("is printed as a table and a sentence", async () => {
    const { code, stdout } = await mheapsim([
      "bisect",
      "go1.12.5",
      "go1.12.4",
      join(CORPUS, "treap-walk-1.12.0.repro"),
    ]);
    expect(code).toBe(0);
    expect(stdout).toBe(`peak_heap_sys_bytes of go1.12.4 against go1.12.5: +100.0 %

taken over                             effect
fit.walk: best → first-enough          +100.0 %
alloc.scavenge: none → scavenged-span  +0.0 %

brought by fit.walk
`);
  });
});
