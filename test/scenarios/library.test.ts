import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { COLUMN } from "../../results/columns.js";
import { scenarioNames, scenarioPath } from "../../scenarios/library.js";
import type { ScenarioOverrides } from "../../scenarios/load/load.js";
import { readScenario } from "../../studies/scenarios.js";
import { recordedFingerprints, runLibraryScenario } from "./library-runs.js";

/**
 * For each scenario: what takes its cause away, and what it expects that is then no longer so. An expectation that held
 * all the same would say nothing.
 */
const WITHOUT_CAUSE: Readonly<Record<string, readonly (ScenarioOverrides & { readonly breaks: string })[]>> =
  {
    "alternating-spans": [{ params: ["large=8"], breaks: "but large allocations make it grow" }],
    "arena-size": [{ params: ["arena=4MiB"], breaks: "an arena is reserved" }],
    "burst-at-the-limit": [
      { params: ["policy=go1.20{limit.goalFactor=0.95}"], breaks: "and the background nothing" },
      { sets: ["gc.memoryLimit=1GiB"], breaks: "allocations release more than half of the heap" },
    ],
    "leak-under-limit": [
      { sets: ["gc.memoryLimit=unlimited"], breaks: "with a limit the end comes late" },
      { sets: ["gc.memoryLimit=unlimited"], breaks: "after collections without a pause" },
    ],
    "long-release-in-allocation": [
      { sets: ["gc.memoryLimit=1GiB"], breaks: "one allocation releases" },
      { params: ["freed=0%"], breaks: "the collection frees half of the heap" },
    ],
    "near-the-limit": [
      { params: ["policy=go1.21.4{limit.goalFactor=0.95}"], breaks: "allocations release memory themselves" },
      { params: ["live=40MiB"], breaks: "allocations release memory themselves" },
    ],
    "not-best-fit": [
      { params: ["policy=go1.12.0{fit.walk=best}"], breaks: "so that the heap grows" },
      { params: ["largest=1"], breaks: "long spans are cut up" },
    ],
    "refill-at-chunk-end": [
      {
        params: ["policy=go1.14.0{pageCache.refillSearchAddr=last-page}"],
        breaks: "and never looks for memory before",
      },
    ],
    "untouched-memory": [
      {
        params: ["policy=go1.13.0{growth.unit=arena,growth.newMemory=retained}"],
        breaks: "nothing is released that was never used",
      },
    ],
    "waste-in-spans": [
      { params: ["policy=go1.13.0{goal.basis=in-use-ratio}"], breaks: "releases again and again" },
      { params: ["freed=0%"], breaks: "a third of what is in use is empty" },
    ],
    "batch-pipeline": [{ sets: ["workloads.rows.dropAtStop=0%"], breaks: "memory of batches is used again" }],
    "burst-of-goroutines": [
      { params: ["depth=1KiB"], breaks: "stacks grow by doubling" },
      { sets: ["phases.burst.workloads.handlers.lifetime=forever"], breaks: "they are freed" },
    ],
    "cache-with-eviction": [{ sets: ["workloads.values.lifetime=forever"], breaks: "and does not creep" }],
    "coarse-clock": [{ params: ["clock=1ns"], breaks: "but slow" }],
    "dense-again": [{ params: ["policy=go1.18{system.hugePages=collapse}"], breaks: "huge pages are few" }],
    "doubling-buffers": [{ params: ["from=64MiB"], breaks: "all that it was before lies idle" }],
    "free-os-memory-under-load": [{ params: ["every=1h"], breaks: "much is released" }],
    "huge-page-stalls": [
      { params: ["policy=go1.21.1{system.hugePages=dense}"], breaks: "all that need the heap lock wait" },
      { params: ["policy=go1.21.1{system.hugePages=none}"], breaks: "all that need the heap lock wait" },
      { params: ["stall=0s"], breaks: "chunks are collapsed" },
    ],
    "huge-array-replaced": [
      { params: ["first=200MiB", "second=150MiB"], breaks: "and of no use to the second" },
    ],
    "idle-after-shrink": [
      {
        sets: ["policy=go1.22{scavenger.index=bitmap}"],
        breaks: "but nothing goes back before the next one",
      },
      { params: ["again=3s"], breaks: "but nothing goes back before the next one" },
      { params: ["freeOSMemory=1s"], breaks: "but nothing goes back before the next one" },
      { sets: ["scavenger.background=false"], breaks: "and then nearly all does within seconds" },
    ],
    "interleaved-size-classes": [{ params: ["physPage=4KiB"], breaks: "most of that cannot be released" }],
    "khugepaged-refills": [
      { params: ["maxPtesNone=0"], breaks: "it is in memory again" },
      { params: ["policy=go1.21.4{system.hugePages=head-tail}"], breaks: "it is in memory again" },
    ],
    "large-physical-pages": [{ params: ["physPage=4KiB"], breaks: "nearly none of them is released" }],
    "large-spans": [{ params: ["smallest=1", "largest=4"], breaks: "nearly every allocation searches" }],
    "lock-per-span": [
      { params: ["policy=go1.18{pageCache.pages=0}"], breaks: "the lock is taken little more often" },
      { params: ["policy=go1.18{pageCache.pages=0}"], breaks: "hardly wait" },
    ],
    "madvise-free": [
      { params: ["policy=go1.15{system.madvise=DONTNEED}"], breaks: "is in memory all the same" },
    ],
    "madvise-under-lock": [
      {
        sets: ["costs.madviseCall=0s", "costs.madvisePage=0s", "costs.madviseHugePage=0s"],
        breaks: "allocations wait for that",
      },
    ],
    "memory-ballast": [{ params: ["ballast=1B"], breaks: "collections are rare" }],
    "page-cache-mix": [{ params: ["smallest=16", "largest=20"], breaks: "page caches serve nearly all" }],
    "pinned-spans": [{ params: ["size=64KiB"], breaks: "in use is half as much again as live" }],
    ramp: [{ params: ["factor=1"], breaks: "in use rises with the load" }],
    sawtooth: [{ sets: ["workloads.load.throughput=20MiB/s"], breaks: "in use rises and falls" }],
    "slow-leak": [{ params: ["fraction=0%"], breaks: "live memory grows" }],
    "small-heap-huge-pages": [
      { params: ["thp=never"], breaks: "more is resident than the runtime thinks" },
      { params: ["thp=madvise"], breaks: "nearly all of it lies in huge pages" },
    ],
    "spike-then-idle": [
      { params: ["forcedPeriod=10s"], breaks: "and still is after a minute" },
      { params: ["idleTimer=1h"], breaks: "then it is soon released" },
      { sets: ["scavenger.background=false"], breaks: "then it is soon released" },
    ],
    "spiky-buffers": [{ params: ["gogc=10"], breaks: "exit" }],
    steady: [{ sets: ["workloads.requests.lifetime=forever"], breaks: "the heap has stopped growing" }],
  };

describe.each(scenarioNames())("%s", (name) => {
  test("does what it expects, for seeds 1 and 2, and says what it is about", async () => {
    const first = await runLibraryScenario(name, 1);
    expect(first.failures).toEqual([]);
    expect((await runLibraryScenario(name, 2)).failures).toEqual([]);
    expect(first.scenario.name).toBe(name);
    expect(first.scenario.about.length).toBeGreaterThan(150);
    expect(first.scenario.expect.length).toBeGreaterThan(0);
    expect(first.scenario.params.map((param) => param.name)).toContain("scale");
  });

  test("has the recorded fingerprint", async () => {
    expect((await runLibraryScenario(name, 1)).fingerprint).toBe(recordedFingerprints()[name]);
  });

  test("does not do so without its cause", async () => {
    const without = WITHOUT_CAUSE[name] ?? [];
    expect(without.length).toBeGreaterThan(0);
    for (const { breaks, ...overrides } of without) {
      const { failures } = await runLibraryScenario(name, 1, overrides);
      expect(failures.join("\n"), JSON.stringify(overrides)).toContain(breaks);
    }
  });
});

test("the manual has every scenario, with its issue", () => {
  const manual = readFileSync(new URL("../../docs/library.md", import.meta.url), "utf8");
  for (const name of scenarioNames()) {
    const row = manual.split("\n").find((line) => line.startsWith(`| \`${name}\` |`)) ?? "";
    expect(row, name).toContain(readScenario(scenarioPath(name)).issue ?? name);
  }
});

test("no fingerprint is left of a scenario that is gone", () => {
  expect(Object.keys(recordedFingerprints())).toEqual(scenarioNames());
});

test("physical pages of 4 KiB: nearly all that large pages keep is released", async () => {
  const { rows } = await runLibraryScenario("large-physical-pages", 1, { params: ["physPage=4KiB"] });
  const last = rows.at(-1)!;
  expect(last[COLUMN.heap_released_bytes]! / last[COLUMN.heap_idle_bytes]!).toBeGreaterThan(0.99);
});

test("when memory goes back in the background is part of the fingerprint", async () => {
  const exact = await runLibraryScenario("coarse-clock", 1, { params: ["clock=1ns"] });
  expect(exact.fingerprint).not.toBe(recordedFingerprints()["coarse-clock"]);
});
