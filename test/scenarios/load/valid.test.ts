/** What becomes of valid scenarios. */

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { checkScenario, checkScenarioInput, scenarioOf } from "../../../scenarios/load/load.js";
import type { Scenario } from "../../../scenarios/scenario.js";
import { FOREVER_NS } from "../../../scenarios/scenario.js";
import { DEFAULT_COSTS } from "../../../scenarios/schema/sections.js";
import { DEFAULT_KHUGEPAGED } from "../../../sim/os/khugepaged.js";
import { REGRET_WINDOW_NS } from "../../../sim/os/regret.js";
import { CONTRASTS } from "../../../sim/policies/contrasts.js";
import { DEFAULT_LOCK_COSTS } from "../../../sim/runtime/heap-lock.js";
import { geometryOf } from "../../../studies/platform-geometry.js";
import { scenario, VOCABULARY } from "../../../studies/scenarios.js";
import { FULL, PHASES, SMALL } from "./valid.js";

function load(text: string, overrides = {}): Scenario {
  return scenarioOf(checkScenario(text, "test.yaml", VOCABULARY, overrides));
}

function workload(from: Scenario, name: string) {
  return from.workloads.find((one) => one.name === name)!;
}

describe("a small scenario", () => {
  const small = load(SMALL);

  it("has defaults for what it leaves out", () => {
    expect(small).toMatchObject({
      name: "small",
      about: "",
      issue: null,
      params: [],
      seed: "1",
      platform: {
        kind: "preset",
        preset: "linux/amd64",
        physPageBytes: null,
        hugePageBytes: null,
        arenaBytes: null,
      },
      machine: { procs: 4, ramBytes: null, thp: "never", khugepaged: DEFAULT_KHUGEPAGED },
      lock: null,
      regret: { windowNs: REGRET_WINDOW_NS },
      gc: {
        gogc: 100,
        minHeapBytes: 4 << 20,
        globalsBytes: 0,
        forcedPeriodNs: 120e9,
        memoryLimitBytes: null,
      },
      scavenger: { background: true, idleTimerNs: null, clockGranularityNs: 1 },
      policy: "go1.18",
      durationNs: 10e9,
      samples: { kind: "count", count: 1000 },
      phases: [],
      actions: [],
      expect: [],
    });
    expect(small.costs.markBytesPerSecond).toBe(DEFAULT_COSTS.markRate);
    expect(small.costs.pageFaultNs).toBe(DEFAULT_COSTS.pageFault);
  });

  it("has the model's own costs of the lock", () => {
    const lock = load(`${SMALL}lock: {model: true}\n`).lock;
    expect(lock).toEqual(DEFAULT_LOCK_COSTS);
  });

  it("has a workload in the units of the model", () => {
    expect(small.workloads).toEqual([
      {
        name: "w",
        about: "",
        phase: null,
        startNs: 0,
        stopNs: 10e9,
        endNs: 10e9,
        repeat: null,
        proc: null,
        spec: {
          kind: "spans",
          rate: { unit: "perSecond", curve: { kind: "constant", value: 100 } },
          arrivals: "poisson",
          batch: { kind: "constant", value: 1 },
          initial: 0,
          count: Number.POSITIVE_INFINITY,
          dropAtStop: 0,
          sorts: [
            {
              weight: 1,
              inARow: null,
              pages: { kind: "constant", value: 1 },
              lifetime: { kind: "exponential", mean: 10e6 },
              collections: null,
              spanKind: "heap",
            },
          ],
          order: "random",
          freedBy: "sweep",
        },
      },
    ]);
  });
});

describe("a scenario that says everything", () => {
  const full = load(FULL);

  it("has parameters with values, and text with them written out", () => {
    expect(full.params.map(({ name, value }) => [name, value])).toEqual([
      ["scale", 1],
      ["heap", "67108864B"],
      ["page", "4KiB"],
      ["length", "10s"],
      ["kind", "stack"],
      ["awake", true],
    ]);
    expect(full.about).toBe("A scenario that says all that can be said.\nIt costs 5$ and takes 10s.");
    expect(workload(full, "replay").spec).toMatchObject({ file: "stack.csv.gz" });
    expect(workload(full, "fill/cache").spec).toMatchObject({ initial: 65536 });
  });

  it("has times from the start of the run, in order", () => {
    expect(full.phases.map(({ name, startNs, stopNs }) => [name, startNs, stopNs])).toEqual([
      ["fill", 0, 10e9],
      ["idle", 10e9, 130e9],
    ]);
    expect(full.actions.map(({ atNs, do: what }) => [atNs / 1e9, what])).toEqual([
      [1, "setProcs"],
      [2, "gc"],
      [3, "gc"],
      [4, "gc"],
      [50, "setGogc"],
      [51, "setGogc"],
      [52, "setScavenger"],
      [52, "setMemoryLimit"],
      [53, "setRam"],
      [120, "freeOSMemory"],
    ]);
    expect(full.actions[5]).toMatchObject({ gogc: null });
    expect(workload(full, "fill/cache")).toMatchObject({
      startNs: 1e9,
      stopNs: 3e9,
      repeat: { everyNs: 3e9, times: 2 },
      endNs: 10e9,
    });
  });

  it("has leaks with the full names of their parents", () => {
    expect(workload(full, "fill/drip").spec).toMatchObject({ of: "fill/cache" });
    expect(workload(full, "fill/seep").spec).toMatchObject({
      of: "background",
      lifetime: { kind: "constant", value: FOREVER_NS },
    });
  });

  it("has expectations in the units of their columns", () => {
    const values = full.expect.map((one) =>
      one.kind === "exit"
        ? [one.exit, one.fromNs, one.toNs]
        : [
            one.measure.statistic,
            one.comparison,
            one.value,
            one.value2,
            one.measure.fromNs,
            one.measure.toNs,
          ],
    );
    expect(values).toEqual([
      ["peak", "atMost", 2 ** 30, 2 ** 30, 0, 10e9],
      ["value", "atLeast", 0.9, 0.9, 130e9, 130e9],
      ["increase", "between", -(2 ** 20), 2 ** 21, 1e9, 2e9],
      ["mean", "below", 0.25, 0.25, 0, 130e9],
      ["p95", "above", 1, 1, 0, 130e9],
      ["last", "equals", 3, 3, 0, 130e9],
      ["out of memory", 10e9, 130e9],
    ]);
    expect(full.expect[0]).toMatchObject({
      about: "it is small",
      text: "peak heap_sys_bytes during fill atMost 1GiB",
    });
  });

  it("knows what its expectations are about: policies by name, releases for their presets, and ranges", () => {
    expect(full.expect.map(({ policies }) => policies)).toEqual([
      null,
      null,
      null,
      ["go1.11", "go1.12.0", "go1.12.5", "go1.13.3", "go1.14.0", "decay"],
      null,
      null,
      ["go1.21.1", "go1.21.4", "go1.22", "go1.26", ...CONTRASTS.map(({ name }) => name)],
    ]);
    expect(full.expect[3]!.text).toBe(
      "mean find_rate below 25% under ..go1.12.5, go1.13.4..go1.14, decay, go1.13.3",
    );
    expect(full.expect[6]!.text).toBe("exit out of memory from 10000000000 ns under go1.21.2.., contrasts");
  });

  it("has the address space it asks for", () => {
    const { name, physPageBytes, physHugePageBytes, arenaBytes } = geometryOf(full.platform);
    expect([name, physPageBytes, physHugePageBytes, arenaBytes]).toEqual(["linux/arm64", 4096, 0, 4 << 20]);
  });
});

describe("a phase that is not the first", () => {
  const text = `name: later
phases:
  one: {duration: 10s}
  two:
    duration: 5s
    workloads: {w: {kind: spans, rate: 1/s, pages: 1, lifetime: 1s, start: 1s, stop: 2s}}
    actions: [{do: gc, at: 3s}]
expect: [{peak: heap_sys_bytes, during: two, atMost: 1MiB}]
`;

  it("has its workloads, actions and windows where it is", () => {
    const later = load(text);
    expect(later.workloads[0]).toMatchObject({ name: "two/w", startNs: 11e9, stopNs: 12e9, endNs: 15e9 });
    expect(later.actions).toEqual([{ atNs: 13e9, do: "gc", background: false, markNs: null, sweepNs: null }]);
    expect(later.expect[0]).toMatchObject({ measure: { fromNs: 10e9, toNs: 15e9 } });
  });
});

describe("the length of a run", () => {
  it("is that of its phases", () => expect(load(PHASES).durationNs).toBe(181e9));

  it("is that of workloads that stop, repetitions and actions included", () => {
    const text = SMALL.replace("duration: 10s\n", "").replace(
      "rate:",
      "stop: 1s, repeat: {every: 2s, times: 3}, rate:",
    );
    expect(load(text).durationNs).toBe(5e9);
    expect(load(`${text}actions: [{do: gc, at: 7s}]\n`).durationNs).toBe(7e9);
  });

  it("is that of its traces when nothing else says it", () => {
    const trace =
      "name: t\nworkloads: {w: {kind: trace, file: a.csv}}\nexpect: [{last: gc_cycles, equals: 3}]\n";
    const loaded = load(trace);
    expect(loaded.durationNs).toBe(Number.POSITIVE_INFINITY);
    expect(loaded.workloads[0]!.stopNs).toBe(Number.POSITIVE_INFINITY);
  });

  it("may be longer than its phases", () => {
    const longer = load(`duration: 1h\n${PHASES}`);
    expect(longer.durationNs).toBe(3600e9);
    expect(longer.phases.at(-1)!.stopNs).toBe(181e9);
  });
});

describe("a custom address space", () => {
  it("has the keys of a geometry file", () => {
    const custom = load(
      `${SMALL}platform: {geometry: {heapAddrBits: 40, summaryLevels: 5, heapArenaBytes: 4194304}}\n`,
    );
    expect(geometryOf(custom.platform)).toMatchObject({ heapAddrBits: 40, levels: 5, arenaBytes: 4 << 20 });
  });
});

describe("a scenario stated by a program", () => {
  it.each([
    ["FULL", FULL],
    ["SMALL", SMALL],
    ["PHASES", PHASES],
  ])("is the one that the file states: %s", (_, text) => {
    expect(scenarioOf(checkScenarioInput(parse(text), "program", VOCABULARY))).toEqual(load(text));
  });

  it("takes objects with types, and does not change them", () => {
    const input = Object.freeze({
      name: "typed",
      duration: "1s",
      workloads: {
        w: {
          kind: "objects" as const,
          rate: { ramp: { from: 0, to: "100/s", over: "1s" } },
          size: { choice: { "16B": 1, "32B": "3" } },
          lifetime: "forever",
        },
      },
    });
    const made = scenario(input, { sets: ["workloads.w.size=8B"], params: [] });
    expect(made.workloads[0]!.spec).toMatchObject({ sorts: [{ bytes: { kind: "constant", value: 8 } }] });
    expect(input.workloads.w.size).toEqual({ choice: { "16B": 1, "32B": "3" } });
  });

  it("has errors without a line, the first of them thrown", () => {
    const bad = { name: "bad", duration: 5, gc: { gogc: -1 } };
    expect(() => scenario(bad)).toThrow(
      /^scenario: (duration|gc\.gogc): .*\(and 1 more; mheapsim validate shows all\)$/,
    );
    expect(() => scenario({ duration: "1s" } as never)).toThrow(
      /^scenario: "name" is missing, expected a text$/,
    );
    const circle: Record<string, unknown> = { name: "circle" };
    circle["workloads"] = circle;
    expect(() => scenario(circle as never)).toThrow(/contains itself/);
  });
});

describe("the same text", () => {
  it("gives the same scenario with CRLF, a byte order mark, and keys in another order", () => {
    expect(load(SMALL.replaceAll("\n", "\r\n"))).toEqual(load(SMALL));
    expect(load(`\ufeff${SMALL}`)).toEqual(load(SMALL));
    const [name, duration, ...rest] = SMALL.split("\n");
    expect(load([...rest, duration, name].join("\n"))).toEqual(load(SMALL));
  });
});
