/**
 * A scenario as the runner takes it: plain data, every quantity a number in a stated unit, nothing left of YAML.
 *
 * What a scenario file may say, how it says it and what is filled in for what it leaves out is in schema/. A scenario
 * holds only what a program does and on what it runs; what the heap makes of it is the model's business.
 *
 *     time ──────────────────────────────────────────────────────────► durationNs
 *     phases          | warm-up        | spike | idle                |
 *     workloads       ├─ requests (of the whole run) ────────────────┤
 *                     ├─ warm-up/fill ─┤       |                     |
 *                     |                ├ spike/burst                 |
 *     actions                                          ▲ freeOSMemory
 *     expect                                                  [ … ] a window, or ● a time
 *
 * Units: times and lengths of time in whole ns of virtual time since the start; sizes in whole bytes; page counts in
 * 8 KiB pages of the runtime; rates in events per second (or bytes per second where the name says so); ratios as 0..1.
 * A length without end is Infinity; what is not there is null.
 */

/** A distribution of numbers, in the unit of what it is drawn for: engine/distributions says what each kind means. */
export type DistributionSpec =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniformInteger"; readonly min: number; readonly max: number }
  | { readonly kind: "exponential"; readonly mean: number }
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number }
  | { readonly kind: "lognormal"; readonly median: number; readonly sigma: number }
  | { readonly kind: "pareto"; readonly min: number; readonly shape: number }
  | { readonly kind: "gamma"; readonly shape: number; readonly scale: number }
  | { readonly kind: "weibull"; readonly shape: number; readonly scale: number }
  | { readonly kind: "geometric"; readonly probability: number }
  | { readonly kind: "poisson"; readonly mean: number }
  | { readonly kind: "zipf"; readonly count: number; readonly exponent: number }
  | { readonly kind: "choice"; readonly values: readonly number[]; readonly weights: readonly number[] }
  | { readonly kind: "histogram"; readonly edges: readonly number[]; readonly weights: readonly number[] }
  /** Pairs of a value and the probability that a draw is not above it. */
  | { readonly kind: "cdf"; readonly points: readonly (readonly [number, number])[] }
  | {
      readonly kind: "mixture";
      readonly parts: readonly { readonly weight: number; readonly of: DistributionSpec }[];
    }
  | { readonly kind: "scaled"; readonly of: DistributionSpec; readonly by: number }
  | { readonly kind: "shifted"; readonly of: DistributionSpec; readonly by: number }
  | { readonly kind: "clamped"; readonly of: DistributionSpec; readonly min?: number; readonly max?: number };

/**
 * A function of time: engine/curves says what each kind means. Times count from the start of the workload's window, so
 * that each repetition begins the curve anew.
 */
export type CurveSpec =
  | { readonly kind: "constant"; readonly value: number }
  | {
      readonly kind: "ramp";
      readonly from: number;
      readonly to: number;
      readonly startNs: number;
      readonly durationNs: number;
    }
  | { readonly kind: "step"; readonly before: number; readonly after: number; readonly atNs: number }
  | {
      readonly kind: "pulse";
      readonly base: number;
      readonly value: number;
      readonly startNs: number;
      readonly durationNs: number;
    }
  | {
      readonly kind: "oscillate";
      readonly mean: number;
      readonly amplitude: number;
      readonly periodNs: number;
      readonly phase: number;
    }
  | {
      readonly kind: "sawtooth";
      readonly min: number;
      readonly max: number;
      readonly periodNs: number;
      readonly phase: number;
    }
  | {
      readonly kind: "walk";
      readonly start: number;
      readonly step: number;
      readonly intervalNs: number;
      readonly min: number;
      readonly max: number;
    }
  | { readonly kind: "piecewise"; readonly points: readonly (readonly [number, number])[] }
  | { readonly kind: "scale"; readonly of: CurveSpec; readonly by: number }
  | { readonly kind: "offset"; readonly of: CurveSpec; readonly by: number }
  | { readonly kind: "sum" | "product" | "min" | "max"; readonly of: readonly CurveSpec[] }
  | { readonly kind: "clamp"; readonly of: CurveSpec; readonly min?: number; readonly max?: number }
  | { readonly kind: "delay"; readonly of: CurveSpec; readonly byNs: number }
  | { readonly kind: "repeat"; readonly of: CurveSpec; readonly periodNs: number; readonly times?: number };

/**
 * How far apart arrivals are: exponentially distributed, or 1 / rate exactly; or one at random in each length of time in
 * which one is expected, so that their number is that expected, but for one.
 */
export type Arrivals = "poisson" | "regular" | "stratified";

/**
 * Which sort of a mix comes next: drawn by weight; weight things of each in turn; or drawn by weight, but so that in each
 * of many draws in a row every sort has its share.
 */
export type SortOrder = "random" | "cycle" | "stratified";

/** What decides the number of arrivals: so many things a second, or so many bytes a second. */
export type RateSpec =
  | { readonly unit: "perSecond"; readonly curve: CurveSpec }
  /** After something of n bytes, the next comes n / rate later. */
  | { readonly unit: "bytesPerSecond"; readonly curve: CurveSpec };

/** What all workloads that make things at a rate have in common. */
export interface ArrivalSpec {
  /** Null when all there is, is made at the start. */
  readonly rate: RateSpec | null;
  readonly arrivals: Arrivals;
  /** Things made at one arrival, ≥ 1. */
  readonly batch: DistributionSpec;
  /** Things made at the start of the window, before the first arrival. */
  readonly initial: number;
  /** Things made in all in one window, after which the workload makes no more; Infinity for no limit. */
  readonly count: number;
  /** Share of what is still alive at the end of the window that dies then, drawn for each thing. */
  readonly dropAtStop: number;
}

/**
 * "Forever" as a lifetime: longer than any run can be, and a number that every distribution takes. What draws this lives
 * on, until it is dropped at the end of its workload's window.
 */
export const FOREVER_NS = Number.MAX_SAFE_INTEGER;

/** Lifetime of a thing in ns; FOREVER_NS: it lives on. */
export type LifetimeSpec = DistributionSpec;

/** Which kind of span: `heap` may hold pointers, `noscan` not; the others are not the collector's. */
export const SPAN_KINDS = ["heap", "noscan", "stack", "bits", "workbuf"] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

/** One sort of span or object within a workload. */
export interface SpanSort {
  /** Relative; how often this sort is drawn, or how many in a row when the order is `cycle`. */
  readonly weight: number;
  /** How many of this sort come in a row when it is drawn; null: one. */
  readonly inARow: DistributionSpec | null;
  readonly pages: DistributionSpec;
  readonly lifetime: LifetimeSpec;
  /**
   * Instead of lifetime, which counts no more: of the collections that begin after its birth, the one that finds it dead
   * (1, 2, …; FOREVER_NS: none). Null: by lifetime. Only for spans that the collector frees.
   */
  readonly collections: DistributionSpec | null;
  readonly spanKind: SpanKind;
}

/** Spans, asked of the page heap directly. */
export interface SpansSpec extends ArrivalSpec {
  readonly kind: "spans";
  readonly sorts: readonly SpanSort[];
  readonly order: SortOrder;
  /** `sweep`: a dead heap span is freed when the collector has swept it; `program`: at once. Others are always freed at once. */
  readonly freedBy: "sweep" | "program";
}

/** Spans held in steady numbers: row i has `live` spans at any time, and `ratePerSecond` of them are replaced each second. */
export interface BirthDeathSpec {
  readonly kind: "birthDeath";
  readonly rows: readonly {
    readonly pages: number;
    readonly ratePerSecond: number;
    readonly live: number;
    readonly spanKind: SpanKind;
  }[];
  /** Scales the rates of all rows over time. */
  readonly intensity: CurveSpec;
  readonly freedBy: "sweep" | "program";
  readonly dropAtStop: number;
}

/** One sort of object. */
export interface ObjectSort {
  readonly weight: number;
  readonly bytes: DistributionSpec;
  readonly lifetime: LifetimeSpec;
  /** Share of objects without pointers, 0..1. */
  readonly noscan: number;
}

/** Objects by the byte. */
export interface ObjectsSpec extends ArrivalSpec {
  readonly kind: "objects";
  readonly sorts: readonly ObjectSort[];
  readonly order: SortOrder;
}

/** Goroutines: a stack each, which doubles until it has the depth that the goroutine needs, and shrinks at a collection. */
export interface StacksSpec extends ArrivalSpec {
  readonly kind: "stacks";
  readonly lifetime: LifetimeSpec;
  /** Bytes of stack that the goroutine uses at its deepest. */
  readonly depthBytes: DistributionSpec;
  /** Time from its start until it is at its deepest, ns. */
  readonly growthNs: DistributionSpec;
  /** Time at its deepest, ns, after which it uses restBytes; FOREVER_NS: until its end. */
  readonly holdNs: LifetimeSpec;
  /** Bytes of stack in use after that. */
  readonly restBytes: DistributionSpec;
}

/** Buffers that grow by a factor: a larger one is made, the content copied, the smaller one is dead. */
export interface BuffersSpec extends ArrivalSpec {
  readonly kind: "buffers";
  /** First and last size in bytes; the last one is reached exactly. */
  readonly fromBytes: DistributionSpec;
  readonly toBytes: DistributionSpec;
  /** > 1. */
  readonly factor: number;
  /** Time between growths, ns. */
  readonly stepNs: DistributionSpec;
  /** Time during which the old buffer lives on beside the new one, ns. */
  readonly copyNs: DistributionSpec;
  /** Lifetime of the buffer at its last size. */
  readonly lifetime: LifetimeSpec;
  /** Finished buffers kept in a pool and taken by later ones that fit, instead of making new ones. */
  readonly poolBuffers: number;
  /** Share of buffers without pointers. */
  readonly noscan: number;
  /** A small object made at each growth, which outlives the buffers around it; null: none. */
  readonly survivor: { readonly bytes: DistributionSpec; readonly lifetime: LifetimeSpec } | null;
}

/** A share of what another workload makes lives longer. */
export interface LeakSpec {
  readonly kind: "leak";
  /** Full name of the parent workload. */
  readonly of: string;
  /** Share of the parent's things, drawn for each, while this workload's window is open. */
  readonly fraction: number;
  /** Lifetime instead of the parent's. */
  readonly lifetime: LifetimeSpec;
  readonly dropAtStop: number;
}

/** What a recorded program asked for. */
export interface TraceSpec {
  readonly kind: "trace";
  /** Path as the scenario gives it (the loader's `baseFolder` is where it counts from), or the name of a bundled trace. */
  readonly file: string;
  /** Recorded time is multiplied with this. */
  readonly timeScale: number;
  /** The part of the recording that is played, in recorded ns. */
  readonly cutFromNs: number;
  readonly cutToNs: number;
  /** Only spans of these kinds and page counts. */
  readonly spanKinds: readonly SpanKind[];
  readonly minPages: number;
  readonly maxPages: number;
  /** `recorded`: freed when they were; `gc`: heap spans die when they were freed, and the model's collector frees them. */
  readonly frees: "recorded" | "gc";
  readonly dropAtStop: number;
}

/** One thing that a program does. Slots number the allocations of a list from 0. */
export type Operation =
  | { readonly op: "alloc"; readonly slot: number; readonly pages: number; readonly spanKind: SpanKind }
  | { readonly op: "free"; readonly slot: number }
  | { readonly op: "collect" }
  | { readonly op: "wait"; readonly ns: number };

/** A list of operations, written out. */
export interface OperationsSpec {
  readonly kind: "operations";
  /** Time from one operation to the next, for all but waits. */
  readonly stepNs: number;
  readonly operations: readonly Operation[];
}

/** What a workload does. */
export type WorkloadKind =
  | SpansSpec
  | BirthDeathSpec
  | ObjectsSpec
  | StacksSpec
  | BuffersSpec
  | LeakSpec
  | TraceSpec
  | OperationsSpec;

/** A workload and when it is at work. */
export interface WorkloadSpec {
  /** `name`, or `phase/name` when it belongs to a phase; unique. Random streams are named after it. */
  readonly name: string;
  readonly about: string;
  /** The phase it belongs to, null: none. */
  readonly phase: string | null;
  /** First window: startNs ≤ t < stopNs. Infinity when the run has no set length (see Scenario.durationNs). */
  readonly startNs: number;
  readonly stopNs: number;
  /** Further windows begin every everyNs; windows in all, Infinity: as long as its phase or the run lasts. Null: one window. */
  readonly repeat: { readonly everyNs: number; readonly times: number } | null;
  /** No window is open at or after this time: the end of its phase or of the run. */
  readonly endNs: number;
  /** The P whose page cache and spans it uses, null: all Ps in turn. */
  readonly proc: number | null;
  readonly spec: WorkloadKind;
}

/** Something done from outside the program's workloads, at a time. */
export type ActionSpec = { readonly atNs: number } & (
  | {
      readonly do: "gc";
      /** The program does not wait for it, and it sweeps bit by bit. */
      readonly background: boolean;
      /** How long marking takes, and then sweeping if nobody helps, ns; null: that is the model's business. */
      readonly markNs: number | null;
      readonly sweepNs: number | null;
    }
  | { readonly do: "freeOSMemory" }
  | { readonly do: "setProcs"; readonly procs: number }
  /** null: off. */
  | { readonly do: "setGogc"; readonly gogc: number | null }
  /** null: none. */
  | { readonly do: "setMemoryLimit"; readonly limitBytes: number | null }
  | { readonly do: "setScavenger"; readonly background: boolean }
  | { readonly do: "setRam"; readonly ramBytes: number | null }
);

/** Statistics over a window; `value` is the state at its end. */
export type MetricStatistic =
  | "value"
  | "first"
  | "last"
  | "min"
  | "peak"
  | "mean"
  | "increase"
  | "p5"
  | "p25"
  | "p50"
  | "p75"
  | "p95"
  | "p99";

/** A number taken from the time series. */
export interface MeasureSpec {
  readonly metric: string;
  readonly statistic: MetricStatistic;
  /** Window, both ends included; for `value` both are the same time. */
  readonly fromNs: number;
  readonly toNs: number;
}

/** What must hold in the end. */
export type ExpectSpec = {
  /** Names of the presets under which it must hold; null: under all. A policy with changes counts as its preset. */
  readonly policies: readonly string[] | null;
  readonly about: string;
  /** The line as written, for reports: `peak heap_sys_bytes atMost 1GiB`. */
  readonly text: string;
} & (
  | {
      readonly kind: "metric";
      readonly measure: MeasureSpec;
      /** When there, the measure is divided by this one before it is compared. */
      readonly of: MeasureSpec | null;
      readonly comparison: "atLeast" | "atMost" | "above" | "below" | "equals" | "between";
      /** In the column's unit, or a ratio when `of` is there. */
      readonly value: number;
      /** Upper end of `between`, else equal to value. */
      readonly value2: number;
    }
  | {
      readonly kind: "exit";
      readonly exit: "completed" | "out of memory";
      /** When it must come. */
      readonly fromNs: number;
      readonly toNs: number;
    }
);

/** A parameter, its range and the value that it has in this scenario. Values as a scenario would write them. */
export interface ParameterSpec {
  readonly name: string;
  readonly about: string;
  readonly default: number | string | boolean;
  readonly value: number | string | boolean;
  readonly min: number | string | null;
  readonly max: number | string | null;
  readonly choices: readonly (number | string | boolean)[] | null;
}

/** The address space: a named one with other sizes (null: its own), or one of your own as in a geometry file. */
export type PlatformSpec =
  | {
      readonly kind: "preset";
      readonly preset: string;
      readonly physPageBytes: number | null;
      /** 0: none. */
      readonly hugePageBytes: number | null;
      readonly arenaBytes: number | null;
    }
  | { readonly kind: "geometry"; readonly geometry: Readonly<Record<string, unknown>> };

/** What things cost in virtual time. */
export interface CostsSpec {
  /** Bytes marked per second by one P. */
  readonly markBytesPerSecond: number;
  /** ns to sweep one span. */
  readonly sweepSpanNs: number;
  /** ns of one call of madvise, whatever its length. */
  readonly madviseCallNs: number;
  /** ns more for each physical page that it releases. */
  readonly madvisePageNs: number;
  /** ns more for each huge page that it releases whole, instead of its pages. */
  readonly madviseHugePageNs: number;
  /** ns for the first use of a released physical page. */
  readonly pageFaultNs: number;
  /** ns for the first use of memory that makes a huge page. */
  readonly hugeFaultNs: number;
  /** ns of one call of madvise about huge pages. */
  readonly hugeAdviceNs: number;
  /** ns for making one huge page of small ones when the program asks for it. */
  readonly collapseNs: number;
  /** ns more for each huge page that the program asked for, where the system must first make room. */
  readonly compactNs: number;
}

/** What the heap lock costs, ns: sim/runtime/heap-lock.ts says what is what. */
export interface LockSpec {
  readonly baseNs: number;
  readonly entryNs: number;
  readonly chunkNs: number;
  readonly refillNs: number;
  readonly growNs: number;
}

/** A whole scenario. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Such as `golang/go#78962`; null: none. */
  readonly issue: string | null;
  readonly params: readonly ParameterSpec[];
  /** What was changed besides the parameters, `path=value` as it was given, so that the same run can be asked for again. */
  readonly sets: readonly string[];
  readonly seed: string;
  readonly platform: PlatformSpec;
  readonly machine: {
    /** GOMAXPROCS at the start. */
    readonly procs: number;
    /** Bytes of memory; null: without end. */
    readonly ramBytes: number | null;
    /** Transparent huge pages of the system. */
    readonly thp: "always" | "madvise" | "never";
    readonly khugepaged: {
      /** Physical pages of a huge page that may be absent when it is made. */
      readonly maxPtesNone: number;
      /** Physical pages that are looked at in a round; 0: it does not run. */
      readonly scanPages: number;
      /** Time between rounds, ns. */
      readonly scanNs: number;
    };
  };
  readonly gc: {
    /** GOGC in percent; null: off. */
    readonly gogc: number | null;
    /** Bytes; the smallest heap goal at GOGC=100. */
    readonly minHeapBytes: number;
    /** Bytes of global variables that are scanned. */
    readonly globalsBytes: number;
    /** A collection is forced when none began for so long; Infinity: never. */
    readonly forcedPeriodNs: number;
    /** Bytes; null: none. */
    readonly memoryLimitBytes: number | null;
  };
  readonly costs: CostsSpec;
  /** The heap lock; null: not modelled. */
  readonly lock: LockSpec | null;
  readonly regret: {
    /** A release is regretted when its memory is used again within this time, ns. */
    readonly windowNs: number;
  };
  readonly scavenger: {
    readonly background: boolean;
    /** A timer of the program that keeps sysmon awake, ns; null: none. */
    readonly idleTimerNs: number | null;
    /** Steps in which the clock moves that the scavenger paces itself by, ns; 1: exact. */
    readonly clockGranularityNs: number;
  };
  readonly policy: string;
  /** ns; Infinity: as long as its traces last. */
  readonly durationNs: number;
  readonly samples:
    | { readonly kind: "count"; readonly count: number }
    | { readonly kind: "every"; readonly everyNs: number };
  readonly limits: {
    /** Events in all. */
    readonly events: number;
    /** Live spans and objects. */
    readonly live: number;
  };
  readonly phases: readonly {
    readonly name: string;
    readonly about: string;
    readonly startNs: number;
    readonly stopNs: number;
  }[];
  readonly workloads: readonly WorkloadSpec[];
  /** In order of time. */
  readonly actions: readonly ActionSpec[];
  readonly expect: readonly ExpectSpec[];
}
