import { describe, expect, test, vi } from "vitest";
import { LimitError } from "../../engine/simulation.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { DEFAULT_COSTS } from "../../sim/gc/costs.js";
import { readRecordings } from "../../studies/recordings.js";
import { costsOf, type Onlooker, ScenarioRun } from "../../studies/scenario-run.js";
import { scenario } from "../../studies/scenarios.js";
import { checkHeap } from "../checkers/state-checkers.js";
import { checkObjects } from "../sim/objects/check-objects.js";

vi.setConfig({ testTimeout: 120_000 });

const MIB = 1024 * 1024;

/** Something of everything, small. */
const ALL: ScenarioInput = {
  name: "all",
  duration: "2s",
  samples: 200,
  machine: { procs: 4 },
  workloads: {
    spans: { kind: "spans", rate: "300/s", pages: { uniform: { min: 1, max: 40 } }, lifetime: "100ms" },
    own: { kind: "spans", rate: "100/s", pages: 4, lifetime: "50ms", spanKind: "stack" },
    rows: { kind: "birthDeath", rows: [{ pages: 1, rate: "300/s", live: 100 }] },
    objects: {
      kind: "objects",
      throughput: "20MiB/s",
      size: { lognormal: { median: "100B", sigma: 2 } },
      lifetime: { exponential: { mean: "50ms" } },
    },
    stacks: {
      kind: "stacks",
      rate: { sawtooth: { min: "0/s", max: "2000/s", period: "500ms" } },
      lifetime: "100ms",
      depth: { lognormal: { median: "8KiB", sigma: 1 } },
      growth: "10ms",
      hold: "50ms",
    },
    buffers: {
      kind: "buffers",
      rate: "20/s",
      from: "4KiB",
      to: { uniform: { min: "100KiB", max: "2MiB" } },
      step: "5ms",
      lifetime: "30ms",
      pool: 5,
    },
    drip: { kind: "leak", of: "objects", fraction: 0.001 },
    recorded: { kind: "trace", file: "compile-gotypes-gmp1", timeScale: 0.5 },
  },
  actions: [
    { do: "setProcs", to: 2, at: "400ms" },
    { do: "setProcs", to: 8, at: "800ms" },
    { do: "freeOSMemory", at: "1s" },
    { do: "gc", at: "1s" },
    { do: "setGogc", to: 50, at: "1200ms" },
    { do: "setScavenger", to: false, at: "1400ms" },
    { do: "setScavenger", to: true, at: "1600ms" },
  ],
};

async function runOf(input: ScenarioInput, onlooker: Onlooker = {}): Promise<ScenarioRun> {
  const given = scenario(input);
  const run = new ScenarioRun(given, { onlooker, recordings: await readRecordings(given, "") });
  run.run();
  return run;
}

describe("a run", () => {
  test("keeps the state of the heap right all along, and comes out the same again", async () => {
    let samples = 0;
    const run = await runOf(ALL, {
      onSample: ({ heap, runtime }) => {
        samples++;
        if (samples % 10 !== 1) return;
        checkHeap(heap);
        expect(runtime.procs).toBe(heap.procs);
        expect(runtime.residentBytes).toBe(heap.statistics.mappedBytes - heap.statistics.heapReleasedBytes);
      },
    });
    expect(samples).toBe(201);
    expect(run.end).toBe("completed");
    expect(run.heap.procs).toBe(8);
    expect(run.runtime.collector.cycles).toBeGreaterThan(5);
    const again = await runOf(ALL);
    expect(again.fingerprint.hex()).toBe(run.fingerprint.hex());
    expect(again.sim.events).toBe(run.sim.events);
    expect((await runOf({ ...ALL, seed: "2" })).fingerprint.hex()).not.toBe(run.fingerprint.hex());
  });

  test("of objects and goroutines keeps its spans where they belong", async () => {
    const { spans: _1, own: _2, rows: _3, recorded: _4, ...workloads } = ALL.workloads!;
    let checks = 0;
    await runOf(
      { ...ALL, workloads },
      {
        onSample: ({ heap, runtime }) => {
          if (checks++ % 10 === 0) checkObjects(runtime.objects, heap, 8);
        },
      },
    );
    expect(checks).toBe(201);
  });

  test("is not changed by who looks on, or how often", async () => {
    const seen = await runOf(
      { ...ALL, samples: { every: "1ms" } },
      { onSample: ({ heap }) => checkHeap(heap) },
    );
    expect(seen.fingerprint.hex()).toBe((await runOf({ ...ALL, samples: 1 })).fingerprint.hex());
  });

  test("lasts as long as its recording when nothing else is said", async () => {
    const run = await runOf({
      name: "t",
      workloads: { recorded: { kind: "trace", file: "compile-gotypes-gmp1", timeScale: 0.5 } },
    });
    expect(run.durationNs / 1e9).toBeCloseTo(1.08, 1);
    expect(run.sim.nowNs).toBe(run.durationNs);
    expect(run.heap.statistics.spanAllocs).toBeGreaterThan(5000);
  });
});

describe("samples", () => {
  const idle: ScenarioInput = {
    name: "s",
    duration: "10s",
    workloads: { w: { kind: "spans", initial: 1, pages: 1, lifetime: "1s" } },
  };
  const timesOf = async (samples: ScenarioInput["samples"]): Promise<number[]> => {
    const times: number[] = [];
    await runOf({ ...idle, samples }, { onSample: ({ sim }) => times.push(sim.nowNs / 1e9) });
    return times;
  };

  test("are as many as asked for, or so far apart, and one at the end", async () => {
    expect(await timesOf(5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(await timesOf({ every: "4s" })).toEqual([0, 4, 8, 10]);
    expect(await timesOf(1000)).toHaveLength(1001);
  });
});

describe("memory runs out", () => {
  const growing: ScenarioInput = {
    name: "g",
    duration: "10s",
    machine: { ram: "64MiB" },
    workloads: { w: { kind: "objects", throughput: "50MiB/s", size: "1KiB", lifetime: "forever" } },
  };

  test("of the machine", async () => {
    const run = await runOf(growing);
    expect(run.end).toBe("out of memory");
    expect(run.endMessage).toMatch(
      /^out of memory: the program has \d+ bytes in memory, the machine 67108864;/,
    );
    expect(run.runtime.residentBytes).toBeGreaterThan(64 * MIB);
    expect(run.sim.nowNs / 1e9).toBeCloseTo(1.28, 1);
  });

  test("when the machine gets smaller", async () => {
    const { machine: _, ...free } = growing;
    const run = await runOf({ ...free, actions: [{ do: "setRam", to: "16MiB", at: "3s" }] });
    expect([run.end, run.sim.nowNs]).toEqual(["out of memory", 3e9]);
  });

  test("of the address space", async () => {
    const run = await runOf({
      ...growing,
      machine: {},
      platform: "linux/386",
      duration: "100s",
      workloads: { w: { kind: "spans", rate: "100/s", pages: 4096, lifetime: "forever" } },
    });
    expect(run.end).toBe("out of memory");
    expect(run.endMessage).toContain("fatal error: out of memory");
  });

  test("of a stack", async () => {
    const w = { kind: "stacks", initial: 1, depth: "2GiB", lifetime: "1s" } as const;
    const run = await runOf({ ...growing, machine: {}, workloads: { w } });
    expect(run.end).toBe("stack overflow");
  });
});

describe("a memory limit", () => {
  /** A heap that would grow to 200 MiB between collections, with 60 MiB alive. */
  const limited = (policy: string, limit: string, gogc: number | "off" = 300): ScenarioInput => ({
    name: "limited",
    duration: "6s",
    policy,
    machine: { procs: 4 },
    gc: { gogc, memoryLimit: limit },
    workloads: {
      w: {
        kind: "objects",
        throughput: "200MiB/s",
        size: { uniform: { min: "1KiB", max: "64KiB" } },
        lifetime: { exponential: { mean: "300ms" } },
      },
    },
  });
  const ready = (run: ScenarioRun): number => run.heap.mappedReadyBytes;

  test("bounds what is mapped and ready, from 1.19 on, also with GOGC off", async () => {
    for (const [policy, gogc] of [
      ["go1.19", 300],
      ["go1.22", 300],
      ["go1.22", "off"],
    ] as const) {
      let most = 0;
      const run = await runOf(limited(policy, "120MiB", gogc), {
        onSample: (now) => {
          most = Math.max(most, ready(now));
        },
      });
      expect(most).toBeLessThan(125 * MIB);
      expect(most).toBeGreaterThan(90 * MIB);
      expect(run.runtime.collector.cycles).toBeGreaterThan(10);
      checkHeap(run.heap);
    }
  });

  test("is ignored by older releases, and by a program that has another one by then", async () => {
    const [limit, none] = await Promise.all(
      ["120MiB", "unlimited"].map((size) => runOf(limited("go1.18", size))),
    );
    expect(limit!.fingerprint.hex()).toBe(none!.fingerprint.hex());
    expect(ready(none!)).toBeGreaterThan(180 * MIB);
    const raised = await runOf({
      ...limited("go1.22", "120MiB"),
      actions: [{ do: "setMemoryLimit", at: "2s", to: "unlimited" }],
    });
    expect(raised.heap.statistics.peakHeapInUseBytes).toBeGreaterThan(180 * MIB);
    const lowered = await runOf({
      ...limited("go1.22", "unlimited"),
      actions: [{ do: "setMemoryLimit", at: "2s", to: "100MiB" }],
    });
    expect(ready(lowered)).toBeLessThan(110 * MIB);
    expect(lowered.heap.statistics.assistedBytes).toBeGreaterThan(MIB);
  });

  test("that is too small for what is alive is exceeded, and the limiter keeps the program going", async () => {
    const run = await runOf({ ...limited("go1.22", "20MiB"), costs: { markRate: "100MiB/s" } });
    const { limiter } = run.runtime.collector;
    expect(ready(run)).toBeGreaterThan(40 * MIB);
    expect(limiter!.assistNs).toBeGreaterThan(0);
    expect(run.end).toBe("completed");
  });

  test("idle Ps lose their page caches after a mark, from 1.21 on", async () => {
    const cached = async (policy: string): Promise<number[]> => {
      const found: number[] = [];
      await runOf(
        { ...limited(policy, "unlimited"), machine: { procs: 8 } },
        {
          onCycle: ({ heap }) => {
            found.push(heap.caches.slice(4).reduce((sum, cache) => sum + cache.freePages, 0));
          },
        },
      );
      return found;
    };
    expect(Math.max(...(await cached("go1.20")))).toBeGreaterThan(0);
    expect(Math.max(...(await cached("go1.22")))).toBe(0);
  });
});

describe("limits", () => {
  const busy: ScenarioInput = {
    name: "b",
    duration: "1h",
    workloads: { w: { kind: "objects", rate: "1000000/s", size: "16B", lifetime: "forever" } },
  };

  test.each([
    [{ events: 10_000 }, /maxEvents/],
    [{ live: 100_000 }, /too much is live: more than 100000 spans and objects \(limits\.live\)/],
  ])("%j stop a runaway", async (limits, message) => {
    await expect(runOf({ ...busy, limits })).rejects.toThrow(LimitError);
    await expect(runOf({ ...busy, limits })).rejects.toThrow(message);
  });
});

describe("actions", () => {
  const still: ScenarioInput = {
    name: "a",
    duration: "5s",
    gc: { gogc: "off" },
    workloads: { w: { kind: "objects", initial: 2000, size: "8KiB", lifetime: "1s" } },
  };

  test("FreeOSMemory gives everything back that is free", async () => {
    const before = await runOf(still);
    expect(before.heap.statistics.heapInUseBytes).toBeGreaterThan(15 * MIB);
    const run = await runOf({ ...still, actions: [{ do: "freeOSMemory", at: "2s" }] });
    expect(run.heap.statistics.heapInUseBytes).toBe(0);
    expect(run.heap.statistics.heapRetainedBytes).toBeLessThan(MIB);
  });

  test("a collection frees, but keeps what is free", async () => {
    const run = await runOf({ ...still, actions: [{ do: "gc", at: "2s" }] });
    expect(run.runtime.collector.cycles).toBe(1);
    expect(run.heap.statistics.heapInUseBytes).toBe(0);
  });

  test("the background scavenger works only while it is on", async () => {
    const idle = { ...still, gc: { gogc: 100 }, duration: "60s", scavenger: { idleTimer: "20ms" } } as const;
    const actions = [{ do: "gc", at: "2s", repeat: { every: "1s", times: 2 } } as const];
    const released = async (input: ScenarioInput): Promise<number> =>
      (await runOf(input)).heap.statistics.scavengedBytes;
    const on = await released({ ...idle, actions });
    expect(on).toBeGreaterThan(5 * MIB);
    expect(await released({ ...idle, actions, scavenger: { ...idle.scavenger, background: false } })).toBe(0);
    const later = [...actions, { do: "setScavenger", to: true, at: "30s" } as const];
    const off = { ...idle.scavenger, background: false };
    expect(await released({ ...idle, actions: later, scavenger: off })).toBeGreaterThan(5 * MIB);
  });

  test("a P that goes gives its page cache back", async () => {
    const run = await runOf({ ...still, actions: [{ do: "setProcs", to: 1, at: "1s" }] });
    expect(run.heap.procs).toBe(1);
    for (const cache of run.heap.caches.slice(1)) expect(cache.freePages).toBe(0);
  });
});

test("a scenario that says nothing of costs has the model's own", () => {
  const { costs } = scenario({ name: "plain", duration: "1s", workloads: {} });
  expect(costsOf(costs)).toEqual(DEFAULT_COSTS);
});
