import { describe, expect, test } from "vitest";
import type { ScenarioInput } from "../../../scenarios/schema/root.js";
import type { TraceSpans } from "../../../scenarios/workloads/trace.js";
import { KIND_STACK } from "../../../sim/heap/kinds.js";
import { scenario } from "../../../studies/scenarios.js";
import { type Demand, demandsOf } from "./demand-log.js";

type Workloads = NonNullable<ScenarioInput["workloads"]>;

const MS = 1e6;
const of = (workloads: Workloads, duration = "1s"): ScenarioInput => ({ name: "test", duration, workloads });
const only = (workload: Workloads[string], duration?: string): Demand[] =>
  demandsOf(of({ w: workload }, duration)).byWorker[0]!;
const times = (demands: readonly Demand[]): number[] => demands.map(([time]) => time);
const deaths = (demands: readonly Demand[]): number[] => demands.map((demand) => demand.at(-1) as number);

const OBJECTS = { kind: "objects", size: "100B", lifetime: "1ms", noscan: 0 } as const;
const SPANS = { kind: "spans", pages: 2, lifetime: "10ms" } as const;

const ALL: Workloads = {
  spans: {
    kind: "spans",
    rate: "500/s",
    mix: [
      { weight: 3, pages: 1, lifetime: { exponential: { mean: "10ms" } } },
      { pages: { uniform: { min: 1, max: 9 } }, lifetime: "5ms", spanKind: "stack" },
    ],
    dropAtStop: 0.5,
  },
  objects: {
    kind: "objects",
    throughput: "1MiB/s",
    size: { lognormal: { median: "200B", sigma: 1 } },
    lifetime: "5ms",
  },
  stacks: {
    kind: "stacks",
    rate: { oscillate: { mean: "200/s", amplitude: "100/s", period: "300ms" } },
    lifetime: { exponential: { mean: "20ms" } },
    depth: { uniform: { min: "1KiB", max: "20KiB" } },
    growth: "2ms",
  },
  buffers: {
    kind: "buffers",
    rate: "50/s",
    from: "1KiB",
    to: { uniform: { min: "4KiB", max: "100KiB" } },
    step: "1ms",
    copy: "1ms",
    lifetime: { exponential: { mean: "5ms" } },
    pool: 3,
    survivor: { size: "64B", lifetime: "100ms" },
  },
  rows: { kind: "birthDeath", rows: [{ pages: 1, rate: "300/s", live: 20 }] },
  drip: { kind: "leak", of: "objects", fraction: 0.05 },
};

describe("draws", () => {
  const standard = demandsOf(of(ALL)).byWorker;
  const names = Object.keys(ALL).filter((name) => ALL[name]!.kind !== "leak");

  test("every workload makes demands", () => {
    expect(standard).toHaveLength(names.length);
    for (const demands of standard) expect(demands.length).toBeGreaterThan(20);
  });

  test.each([
    ["spans", { ...ALL.spans, rate: "900/s" }],
    ["objects", { ...ALL.objects, throughput: "3MiB/s", lifetime: { exponential: { mean: "9ms" } } }],
    ["stacks", { ...ALL.stacks, depth: "3KiB", rate: "1000/s" }],
    ["buffers", { ...ALL.buffers, pool: 0, rate: "400/s" }],
    ["rows", { kind: "birthDeath", rows: [{ pages: 3, rate: "100/s", live: 50 }] }],
  ] as [string, Workloads[string]][])("of others stay when %s is changed", (changed, workload) => {
    const other = demandsOf(of({ ...ALL, [changed]: workload })).byWorker;
    names.forEach((name, i) => {
      if (name === changed) expect(withoutHandles(other[i]!)).not.toEqual(withoutHandles(standard[i]!));
      else expect(withoutHandles(other[i]!), name).toEqual(withoutHandles(standard[i]!));
    });
  });

  test("a leak changes nothing of its parent but deaths, and nothing of others", () => {
    const { drip: _, ...without } = ALL;
    const dry = demandsOf(of(without)).byWorker;
    names.forEach((name, i) => {
      const cut = (demands: readonly Demand[]): unknown =>
        name === "objects" ? demands.map((demand) => demand.slice(0, -1)) : withoutHandles(demands);
      expect(cut(dry[i]!)).toEqual(cut(standard[i]!));
    });
    const leaked = deaths(standard[1]!).filter((death) => death === Number.POSITIVE_INFINITY).length;
    expect(leaked / standard[1]!.length).toBeGreaterThan(0.03);
    expect(leaked / standard[1]!.length).toBeLessThan(0.07);
  });

  test("another seed draws others", () => {
    const other = demandsOf(of(ALL), "2").byWorker;
    for (const i of names.keys()) expect(other[i]).not.toEqual(standard[i]);
  });
});

/** Numbers of goroutines are dealt out over all workloads, so they say nothing about draws. */
function withoutHandles(demands: readonly Demand[]): unknown {
  return demands.map((demand) => (demand[1] === "use" ? [...demand.slice(0, 3), demand[4]] : demand));
}

describe("arrivals", () => {
  test("regular ones come 1 / rate apart, on all Ps in turn", () => {
    const made = only({ ...OBJECTS, rate: "1000/s", arrivals: "regular" });
    expect(times(made)).toEqual(Array.from({ length: 999 }, (_, i) => (i + 1) * MS));
    expect(made.slice(0, 4).map((demand) => demand[2])).toEqual([0, 1, 2, 0]);
    expect(deaths(made)[0]).toBe(2 * MS);
  });

  test("by bytes, a thing takes its bytes / rate, and the first comes at once", () => {
    const made = only({ ...SPANS, throughput: `${8192 * 100}B/s`, arrivals: "regular" });
    expect(times(made)).toEqual(Array.from({ length: 50 }, (_, i) => i * 20 * MS));
  });

  test("Poisson ones are as many as the rate says, under a curve too", () => {
    expect(only({ ...OBJECTS, rate: "20000/s" }).length / 20_000).toBeCloseTo(1, 1);
    const ramp = { ramp: { from: "0/s", to: "40000/s", over: "1s" } } as const;
    const made = only({ ...OBJECTS, rate: ramp });
    expect(made.length / 20_000).toBeCloseTo(1, 1);
    const half = made.filter(([time]) => time < 500 * MS).length;
    expect(half / made.length).toBeCloseTo(0.25, 1);
  });

  test("initial things come first, all at once; a count ends it; a batch comes together", () => {
    const made = only({ ...SPANS, rate: "100/s", arrivals: "regular", initial: 5000, count: 5007, batch: 3 });
    expect(made).toHaveLength(5007);
    expect(times(made).filter((time) => time === 0)).toHaveLength(5000);
    expect(times(made).slice(5000)).toEqual([10, 10, 10, 20, 20, 20, 30].map((ms) => ms * MS));
    expect(only({ ...SPANS, initial: 7 })).toHaveLength(7);
  });

  test("windows repeat, with their curves and counts", () => {
    const made = only({
      ...OBJECTS,
      rate: { step: { before: "0/s", after: "100/s", at: "50ms" } },
      arrivals: "regular",
      start: "100ms",
      stop: "200ms",
      repeat: { every: "300ms", times: 2 },
    });
    expect(times(made).map((time) => time / MS)).toEqual([160, 170, 180, 190, 460, 470, 480, 490]);
  });

  test("a cycle goes through its sorts by weight", () => {
    const sort = (pages: number, weight: number) => ({ pages, weight, lifetime: "1s" });
    const made = only({
      kind: "spans",
      initial: 8,
      mix: [sort(1, 2), sort(5, 0), sort(7, 1)],
      order: "cycle",
    });
    expect(made.map((demand) => demand[3])).toEqual([1, 1, 7, 1, 1, 7, 1, 1]);
  });

  test("a P of one's own, as long as there is one", () => {
    expect(new Set(only({ ...SPANS, initial: 9, proc: 1 }).map((demand) => demand[2]))).toEqual(new Set([1]));
    expect(new Set(only({ ...SPANS, initial: 9, proc: 3 }).map((demand) => demand[2]))).toEqual(new Set([0]));
  });
});

describe("deaths", () => {
  test("some of what is alive dies at the end of the window", () => {
    const made = only({ ...OBJECTS, lifetime: "forever", initial: 1000, stop: "500ms", dropAtStop: 0.25 });
    const dropped = deaths(made).filter((death) => death === 500 * MS).length;
    expect(dropped).toBeGreaterThan(200);
    expect(dropped).toBeLessThan(300);
    expect(deaths(made).filter((death) => death === Number.POSITIVE_INFINITY)).toHaveLength(1000 - dropped);
  });

  test("spans that are not the collector's are freed when their time is up", () => {
    const log = demandsOf(of({ w: { ...SPANS, initial: 2, spanKind: "stack" } }));
    expect(log.byWorker[0]).toEqual([
      [0, "pages", 0, 2, KIND_STACK],
      [0, "pages", 1, 2, KIND_STACK],
    ]);
    expect(log.ends).toEqual([
      [10 * MS, "free", 0],
      [10 * MS, "free", 1],
    ]);
    expect(demandsOf(of({ w: { ...SPANS, initial: 2, freedBy: "program" } })).ends).toHaveLength(2);
    expect(demandsOf(of({ w: { ...SPANS, initial: 2 } })).ends).toEqual([]);
  });

  test("a leak takes things only while its window is open", () => {
    const leak = {
      kind: "leak",
      of: "w",
      fraction: 1,
      start: "200ms",
      stop: "300ms",
      lifetime: "7ms",
    } as const;
    const [made] = demandsOf(of({ w: { ...OBJECTS, rate: "100/s", arrivals: "regular" }, leak })).byWorker;
    for (const demand of made!) {
      const isOpen = demand[0] >= 200 * MS && demand[0] < 300 * MS;
      expect((demand.at(-1) as number) - demand[0]).toBe(isOpen ? 7 * MS : MS);
    }
  });
});

test("goroutines go deep, rest and end", () => {
  const log = demandsOf(
    of({
      w: {
        kind: "stacks",
        initial: 1,
        lifetime: "50ms",
        depth: "10KiB",
        growth: "10ms",
        hold: "20ms",
        rest: "2KiB",
      },
    }),
  );
  expect(log.byWorker[0]).toEqual([
    [0, "start", 0, 256],
    [10 * MS, "use", 1, 0, 10_240],
    [30 * MS, "use", 2, 0, 2048],
  ]);
  expect(log.ends).toEqual([[50 * MS, "end", 0, 0]]);
});

describe("buffers", () => {
  const growing = {
    kind: "buffers",
    initial: 1,
    from: "1KiB",
    to: "5KiB",
    step: "10ms",
    copy: "3ms",
    lifetime: "50ms",
  } as const;

  test("double until they have their last size", () => {
    const made = only(growing);
    expect(made.map(([time, , , bytes, , death]) => [time / MS, bytes, (death as number) / MS])).toEqual([
      [0, 1024, 13],
      [10, 2048, 23],
      [20, 4096, 33],
      [30, 5120, 80],
    ]);
  });

  test("wait in a pool for others that fit", () => {
    const pooled = {
      ...growing,
      from: "5KiB",
      initial: 0,
      rate: "10/s",
      arrivals: "regular",
      pool: 1,
    } as const;
    const log = demandsOf(of({ w: pooled }));
    expect(log.byWorker[0]).toEqual([[100 * MS, "object", 0, 5120, 1, Number.POSITIVE_INFINITY]]);
    expect(log.ends).toEqual([]);
    // Two at a time, of which the pool keeps one.
    const two = demandsOf(of({ w: { ...pooled, batch: 2 } }));
    expect(two.byWorker[0]).toHaveLength(10);
    expect(two.ends).toHaveLength(9);
  });

  test("leave survivors behind", () => {
    const made = only({ ...growing, survivor: { size: "64B", lifetime: "1s" } });
    expect(made.filter((demand) => demand[3] === 64)).toHaveLength(3);
  });
});

test("birth and death keep their numbers", () => {
  const rows = [
    { pages: 1, rate: "1000/s", live: 50 },
    { pages: 4, rate: "0/s", live: 5000, spanKind: "noscan" as const },
  ];
  const log = demandsOf(of({ w: { kind: "birthDeath", rows } }));
  const made = log.byWorker[0]!;
  expect(made.filter(([time]) => time === 0)).toHaveLength(5050);
  expect(made.length - 5050).toBe(log.ends.length);
  expect(log.ends.length / 1000).toBeCloseTo(1, 1);
  const killed = log.ends.map((demand) => demand[2]);
  expect(new Set(killed).size).toBe(killed.length);
});

describe("a recording", () => {
  const spans: TraceSpans = {
    bornNs: [0, 10, 20, 30, 40],
    diedNs: [15, 35, Number.POSITIVE_INFINITY, 100, 60],
    npages: [1, 2, 3, 4, 5],
    kinds: [4, 5, KIND_STACK, 0, 1],
    procs: [0, 1, -1, 7, 0],
    endNs: 100,
  };
  const play = (keys: object) =>
    demandsOf(of({ w: { kind: "trace", file: "x", ...keys } }, "1us"), "1", new Map([["x", spans]]));

  test("is played in its own time, and its spans die when they did", () => {
    const log = play({});
    expect(log.byWorker[0]).toEqual([
      [0, "span", 0, 1, 4, 15],
      [10, "span", 1, 2, 5, 35],
      [20, "pages", -1, 3, KIND_STACK],
      [30, "span", 1, 4, 0, 100],
      [40, "span", 0, 5, 1, 60],
    ]);
    expect(log.ends).toEqual([]);
    expect(play({ frees: "recorded" }).ends.map(([time]) => time)).toEqual([15, 35, 60, 100]);
  });

  test("is cut, filtered, stretched and repeated", () => {
    expect(times(play({ cut: { from: "10ns", to: "40ns" }, timeScale: 2 }).byWorker[0]!)).toEqual([
      0, 20, 40,
    ]);
    expect(play({ filter: { spanKinds: ["noscan"], maxPages: 4 } }).byWorker[0]).toHaveLength(1);
    const again = play({ start: "5ns", stop: "30ns", repeat: { every: "100ns", times: 2 } });
    expect(times(again.byWorker[0]!)).toEqual([5, 15, 25, 105, 115, 125]);
  });
});

describe("a list of operations", () => {
  const ops = ["alloc a 4", "alloc b 9 stack", "wait 5us", "free a", "collect", "alloc a 1"];

  test("is played one after the other, a step apart, and names stand for what they named last", () => {
    const log = demandsOf(of({ w: { kind: "operations", step: "1us", ops, proc: 1 } }, "1ms"));
    expect(log.byWorker[0]).toEqual([
      [0, "pages", 1, 4, 0],
      [1000, "pages", 1, 9, KIND_STACK],
      [8000, "collect"],
      [9000, "pages", 1, 1, 0],
    ]);
    expect(log.ends.map(([time, what]) => [time, what])).toEqual([[7000, "free"]]);
  });

  test("ends with its window, and is played anew in the next one", () => {
    const repeat = { every: "10us", times: 2 };
    const log = demandsOf(of({ w: { kind: "operations", step: "1us", ops, stop: "2us", repeat } }, "1ms"));
    expect(times(log.byWorker[0]!)).toEqual([0, 1000, 10000, 11000]);
  });

  test("says how long the run is", () => {
    expect(scenario({ name: "a", workloads: { w: { kind: "operations", ops } } }).durationNs).toBe(5_005_000);
  });
});

type Sorts = NonNullable<Extract<Workloads[string], { kind: "spans" }>["mix"]>;

describe("stratified mixes", () => {
  const mix: Sorts = [
    { weight: 70, pages: 1, collections: 1 },
    { weight: 25, pages: 2, collections: { choice: { 2: 1, 3: 1 } } },
    { weight: 5, pages: 3, lifetime: "forever" },
  ];
  const workload = { kind: "spans", rate: "200/s", arrivals: "stratified", mix } as const;
  const pagesOf = (demands: readonly Demand[]): number[] => demands.map((demand) => demand[3] as number);

  test("have their shares in each window, in random order", () => {
    const demands = only({ ...workload, order: "stratified", stop: "1s", repeat: { every: "1s" } }, "5s");
    expect(demands.length).toBe(1000);
    const orders = new Set<string>();
    for (let window = 0; window < 5; window++) {
      const pages = pagesOf(demands.slice(200 * window, 200 * (window + 1)));
      expect([1, 2, 3].map((n) => pages.filter((p) => p === n).length)).toEqual([140, 50, 10]);
      orders.add(pages.join(""));
      // Rows are as long as chance makes them: with a share of 0.7 they are 1 / 0.3 long in the mean.
      const rows = pages.filter((p, i) => p === 1 && pages[i - 1] !== 1).length;
      expect(Math.abs(rows - 140 * 0.3)).toBeLessThan(20);
    }
    expect(orders.size).toBe(5);
    // By weight alone the shares are only nearly so.
    const drawn = pagesOf(only(workload, "5s"));
    expect([1, 2, 3].map((n) => drawn.filter((p) => p === n).length)).not.toEqual([700, 250, 50]);
  });

  test("begin anew with each window", () => {
    const sorts: Sorts = [
      { weight: 7, pages: 1, lifetime: "1ms" },
      { weight: 3, pages: 2, lifetime: "1ms" },
    ];
    const window = { stop: "1s", repeat: { every: "1s" } } as const;
    // Ten or eleven of 10.4 that are expected: the first ten of each window are 7 and 3.
    const demands = only({ ...workload, ...window, rate: "10.4/s", order: "stratified", mix: sorts }, "40s");
    for (let second = 0; second < 40; second++) {
      const pages = pagesOf(demands.filter(([time]) => Math.floor(time / 1e9) === second)).slice(0, 10);
      expect(pages.filter((p) => p === 1).length).toBe(7);
    }
    expect(demands.length).toBeGreaterThan(405);
  });

  test("make rows of a sort, and keep the shares", () => {
    const rows = [
      { weight: 90, pages: 1, lifetime: "1ms" },
      { weight: 5, inARow: 4, pages: 2, lifetime: "1ms" },
    ];
    const pages = pagesOf(only({ ...workload, rate: "1100/s", order: "stratified", mix: rows }));
    expect(Math.abs(pages.filter((p) => p === 2).length - 200)).toBeLessThanOrEqual(4);
    const begun = pages.filter((p, i) => p === 2 && pages[i - 1] !== 2).length;
    expect(begun).toBeGreaterThan(35);
    expect(begun).toBeLessThanOrEqual(51);
  });

  test("age by collections, unless they leak or live on", () => {
    const { byWorker } = demandsOf(
      of({
        w: { ...workload, order: "stratified" },
        l: { kind: "leak", of: "w", fraction: 0.1, lifetime: "7ms" },
      }),
    );
    const [aged, spans] = ["aged", "span"].map((what) => byWorker[0]!.filter((demand) => demand[1] === what));
    expect(new Set(aged!.map((demand) => `${demand[3]}:${demand.at(-1)}`))).toEqual(
      new Set(["1:1", "2:2", "2:3"]),
    );
    const [leaked, forever] = [7e6, Number.POSITIVE_INFINITY].map((life) =>
      spans!.filter(([time, ...rest]) => (rest.at(-1) as number) - time === life),
    );
    expect(leaked!.length + forever!.length).toBe(spans!.length);
    expect(leaked!.length).toBeGreaterThan(8);
    expect(forever!.length).toBeGreaterThan(5);
  });
});
