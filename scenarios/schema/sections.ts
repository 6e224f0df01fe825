/**
 * The other sections of a scenario file: parameters, platform, machine, collector, costs, scavenger, actions, expectations.
 */

import { z } from "zod";
import type { MetricStatistic } from "../scenario.js";
import { describe } from "../values/describe.js";
import {
  count,
  duration,
  fail,
  listed,
  object,
  period,
  positiveByteRate,
  positiveDuration,
  positiveSize,
  type QuantityType,
  quantity,
  size,
  text,
} from "./common.js";
import { isMap } from "./tagged.js";

/** A number, a text or a truth value: what a parameter can be. */
export const scalar = z.union([z.number(), z.string(), z.boolean()], {
  error: "expected a number, a text, or true or false",
});

/** A parameter's declaration. Its values are checked where parameters are resolved (../load/parameters.ts). */
export const parameter = object({
  about: text.describe("What it means"),
  default: scalar.describe("Its value when none is given; its unit is the parameter's"),
  min: scalar.optional().describe("Smallest value"),
  max: scalar.optional().describe("Largest value"),
  choices: z.array(scalar).min(1).optional().describe("The values it may have"),
  unit: z
    .enum(["number", "size", "duration", "rate", "byteRate", "text", "boolean"])
    .optional()
    .describe("What sort of value it is (default: that of its default)"),
})
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a scenario file writes it
  .describe("A value that the command line can set, and the file use as $name or ${2 * name}");

/** The model's own default costs (sim/gc/costs.ts, where they are explained; a test compares the two). */
export const DEFAULT_COSTS = {
  markRate: 1e9,
  sweepSpan: 500,
  madviseCall: 3200,
  madvisePage: 400,
  madviseHugePage: 92_000,
  pageFault: 500,
  hugeFault: 100_000,
  hugeAdvice: 2000,
  collapse: 400_000,
  compact: 0,
} as const;

/** The model's own costs of the heap lock (sim/runtime/heap-lock.ts; a test compares the two). */
export const DEFAULT_LOCK = { base: 100, entry: 1, chunk: 50, refill: 50, grow: 10_000 } as const;

/** Linux' own settings of khugepaged (sim/os/khugepaged.ts; a test compares the two). */
export const DEFAULT_KHUGEPAGED = { maxPtesNone: 511, scanPages: 4096, scanPeriod: 10e9 } as const;

/** Default of the regret window (sim/os/regret.ts; a test compares the two). */
export const DEFAULT_REGRET_WINDOW = 300e9;

/** `off`, or a percentage. */
const gogcType = count("a whole number", "100", 0, 1_000_000);
export const gogc = orNull("off", gogcType);
/** A size or `unlimited`. */
const ram = orNull("unlimited", positiveSize);

/** A quantity, or a word for its absence, which becomes null. */
function orNull(word: string, type: QuantityType): z.ZodType<number | null, number | string> {
  const withWord: QuantityType = { ...type, word, wordValue: Number.NaN };
  return quantity(withWord)
    .transform((value) => (Number.isNaN(value) ? null : value))
    .meta({ quantity: withWord });
}

const procs = quantity(count("a number of Ps", "4", 1, 1024));

/** A name, a name with other sizes, or an address space of one's own. */
export const platform = z
  .preprocess(
    (value) => (isMap(value) || value === undefined ? value : { preset: value }),
    object({
      preset: text.default("linux/amd64").describe("A built-in address space, see mheapsim list geometries"),
      physPage: quantity(positiveSize).optional().describe("Physical page size"),
      hugePage: quantity(size).optional().describe("Huge page size, 0B for none"),
      arena: quantity(positiveSize).optional().describe("Unit in which address space is reserved"),
      geometry: z
        .record(z.string(), z.unknown())
        .optional()
        .describe("An address space of your own, with the keys of a geometry file; instead of the others"),
    }),
  )
  .meta({
    id: "Platform",
    description: "The address space: a name such as linux/amd64, or a map",
    shorthand: "string",
  });

const khugepaged = object({
  maxPtesNone: quantity(count("a number of physical pages", "511", 0, 8191))
    .default(DEFAULT_KHUGEPAGED.maxPtesNone)
    .describe("Physical pages of a huge page that may be absent (max_ptes_none)"),
  scanPages: quantity(count("a number of physical pages", "4096", 0, 1e9))
    .default(DEFAULT_KHUGEPAGED.scanPages)
    .describe("Physical pages looked at in a round (pages_to_scan), 0 for a system on which it does not run"),
  scanPeriod: quantity(positiveDuration)
    .default(DEFAULT_KHUGEPAGED.scanPeriod)
    .describe("Time between two rounds (scan_sleep_millisecs)"),
});

export const machine = object({
  procs: procs.default(4).describe("GOMAXPROCS at the start"),
  ram: ram.default(null).describe("Memory of the machine; more in use is out of memory. Default unlimited"),
  thp: z
    .enum(["always", "madvise", "never"])
    .default("never")
    .describe("Transparent huge pages: what the system allows, never for a system without"),
  khugepaged: khugepaged
    .prefault({})
    .describe("The thread of the system that makes huge pages of small ones"),
});

export const gc = object({
  gogc: gogc.default(100).describe("GOGC in percent, or off"),
  minHeap: quantity(positiveSize)
    .default(4 * 1024 ** 2)
    .describe("Smallest heap goal, at GOGC=100"),
  globals: quantity(size).default(0).describe("Global variables that each collection scans"),
  forcedPeriod: quantity(period)
    .default(120e9)
    .describe("A collection is forced when none began for so long, or forever"),
  memoryLimit: ram
    .default(null)
    .describe("GOMEMLIMIT, which Go has from 1.19 on: older policies ignore it. Default unlimited"),
});

export const costs = object({
  markRate: quantity(positiveByteRate)
    .default(DEFAULT_COSTS.markRate)
    .describe("Bytes marked per second by one P"),
  sweepSpan: quantity(duration).default(DEFAULT_COSTS.sweepSpan).describe("Sweeping one span"),
  madviseCall: quantity(duration)
    .default(DEFAULT_COSTS.madviseCall)
    .describe("One call of madvise, whatever its length"),
  madvisePage: quantity(duration)
    .default(DEFAULT_COSTS.madvisePage)
    .describe("More for each physical page that it releases"),
  madviseHugePage: quantity(duration)
    .default(DEFAULT_COSTS.madviseHugePage)
    .describe("More for each whole huge page that it releases, instead of its pages"),
  pageFault: quantity(duration)
    .default(DEFAULT_COSTS.pageFault)
    .describe("First use of a released physical page"),
  hugeFault: quantity(duration)
    .default(DEFAULT_COSTS.hugeFault)
    .describe("First use of memory that makes a huge page"),
  hugeAdvice: quantity(duration)
    .default(DEFAULT_COSTS.hugeAdvice)
    .describe("One call of madvise about huge pages"),
  collapse: quantity(duration)
    .default(DEFAULT_COSTS.collapse)
    .describe("Making one huge page of small ones, when the program asks for it"),
  compact: quantity(duration)
    .default(DEFAULT_COSTS.compact)
    .describe(
      "More for each huge page that the program asked for, where the system must make room for it first",
    ),
});

export const lock = object({
  model: z.boolean().default(false).describe("Whether waits for the heap lock are counted"),
  base: quantity(duration).default(DEFAULT_LOCK.base).describe("Each time that it is taken"),
  entry: quantity(duration)
    .default(DEFAULT_LOCK.entry)
    .describe("More for each summary entry that a search looks at"),
  chunk: quantity(duration).default(DEFAULT_LOCK.chunk).describe("More for each chunk that changes"),
  refill: quantity(duration).default(DEFAULT_LOCK.refill).describe("More for filling a page cache"),
  grow: quantity(duration).default(DEFAULT_LOCK.grow).describe("More for growing the heap"),
});

export const regret = object({
  window: quantity(positiveDuration)
    .default(DEFAULT_REGRET_WINDOW)
    .describe("A release is regretted when its memory is used again within this time"),
});

export const scavenger = object({
  background: z.boolean().default(true).describe("Whether the background scavenger runs"),
  idleTimer: quantity(positiveDuration)
    .optional()
    .describe("A timer of the program, which keeps sysmon awake (default: none)"),
  clockGranularity: quantity(positiveDuration)
    .default(1)
    .describe("Steps of the clock by which the scavenger paces itself, such as 15ms on old Windows"),
});

export const samples = z
  .preprocess(
    (value) => (isMap(value) || value === undefined ? value : { count: value }),
    object({
      count: quantity(count("a number of samples", "1000", 1, 10_000_000))
        .optional()
        .describe("Samples over the run"),
      every: quantity(positiveDuration).optional().describe("Time between samples"),
    }).superRefine((v, ctx) => {
      if (v.count !== undefined && v.every !== undefined)
        fail(ctx, ["every"], "count and every are both given, expected one of them");
      if (v.count === undefined && v.every === undefined)
        fail(ctx, ["count"], "expected count or every", true);
    }),
  )
  .meta({
    id: "Samples",
    description: "Rows of the time series: a number, or {every: 10ms}",
    shorthand: "number",
  });

export const limits = object({
  events: quantity(count("a number of events", "1e9", 1, Number.MAX_SAFE_INTEGER))
    .default(10_000_000_000)
    .describe("Events in all, after which the run is stopped as a runaway"),
  live: quantity(count("a number of spans and objects", "1e8", 1, 2 ** 31))
    .default(200_000_000)
    .describe("Live spans and objects"),
});

const at = { at: quantity(duration).describe("When, from the start of its phase or of the run") };
const repeat = object({
  every: quantity(positiveDuration),
  times: quantity(count("a whole number", "5", 1, 1e6)),
})
  .optional()
  .describe("Does it again and again");

/** Something done from outside. */
export const action = z
  .discriminatedUnion("do", [
    object({
      do: z.literal("gc"),
      ...at,
      repeat,
      background: z
        .boolean()
        .default(false)
        .describe(
          "The program does not wait for it: it marks and sweeps as one does that the trigger starts",
        ),
      marking: quantity(duration).optional().describe("How long it marks (default: as long as it takes)"),
      sweeping: quantity(duration)
        .optional()
        .describe("How long the background sweeper takes if nobody helps (default: as long as it takes)"),
    })
      .superRefine(({ background, marking, sweeping }, ctx) => {
        if (background) return;
        for (const [key, value] of Object.entries({ marking, sweeping })) {
          if (value !== undefined)
            fail(ctx, [key], `${key} is for collections that nobody waits for, expected background: true`);
        }
      })
      .describe("runtime.GC()"),
    object({ do: z.literal("freeOSMemory"), ...at, repeat }).describe("debug.FreeOSMemory()"),
    object({ do: z.literal("setProcs"), ...at, repeat, to: procs }).describe("runtime.GOMAXPROCS(to)"),
    object({ do: z.literal("setGogc"), ...at, repeat, to: gogc }).describe("debug.SetGCPercent(to)"),
    object({ do: z.literal("setMemoryLimit"), ...at, repeat, to: ram }).describe("debug.SetMemoryLimit(to)"),
    object({ do: z.literal("setScavenger"), ...at, repeat, to: z.boolean() }).describe(
      "Background scavenger on or off",
    ),
    object({ do: z.literal("setRam"), ...at, repeat, to: ram }).describe(
      "Another memory limit of the machine",
    ),
  ])
  .meta({ id: "Action", description: "Something done at a time: gc, freeOSMemory, setProcs, setGogc, …" });

/** Statistics in the order in which they are listed. */
export const STATISTICS = [
  "value",
  "first",
  "last",
  "min",
  "peak",
  "mean",
  "increase",
  "p5",
  "p25",
  "p50",
  "p75",
  "p95",
  "p99",
] as const satisfies readonly MetricStatistic[];

/** Comparisons; `between` has two values. */
export const COMPARISONS = ["atLeast", "atMost", "above", "below", "equals", "between"] as const;

const metricName = text.optional();
const statistics = Object.fromEntries(
  STATISTICS.map((name) => [name, metricName.describe(meaningOf(name))]),
) as Record<MetricStatistic, typeof metricName>;

function meaningOf(name: MetricStatistic): string {
  if (name === "value") return "A column at a time";
  if (name === "increase") return "A column at the end of the window less at its start";
  return `${/^p\d/.test(name) ? `Percentile ${name.slice(1)}` : name} of a column over the window`;
}

const window = {
  at: z.union([z.number(), z.string()]).optional().describe("A time such as 60s, or end"),
  from: quantity(duration).optional().describe("Start of the window"),
  to: quantity(duration).optional().describe("End of the window"),
  during: text.optional().describe("The phase that is the window"),
};

/** Which statistic of which column; the names are checked against the columns later. */
const measureShape = { ...statistics, ...window };

type MeasureValue = { [K in keyof typeof measureShape]?: z.output<(typeof measureShape)[K]> };

function checkMeasure(value: MeasureValue, ctx: z.core.$RefinementCtx, besides: readonly string[]): void {
  const given = STATISTICS.filter((name) => value[name] !== undefined);
  if (given.length === 0 && besides.length === 0) {
    fail(
      ctx,
      [],
      `a measure without a metric, expected one of ${STATISTICS.slice(0, 7).join(", ")} with the name of a column`,
    );
  }
  if (given.length + besides.length > 1) {
    const all = [...given, ...besides];
    fail(ctx, [all[1]!], `${listed(all)} are given together, expected one of them`);
  }
  if (value.at !== undefined && (given[0] ?? "value") !== "value") {
    fail(ctx, ["at"], `${given[0]} is taken over a window, expected from and to, or value at a time`);
  }
  if (value.value !== undefined && value.at === undefined)
    fail(ctx, ["at"], "expected a time such as 60s, or end", true);
  for (const key of ["from", "to"] as const) {
    if (value[key] !== undefined && (value.at !== undefined || value.during !== undefined)) {
      fail(
        ctx,
        [key],
        `${key} and ${value.at === undefined ? "during" : "at"} are both given, expected one of them`,
      );
    }
  }
}

const comparisonValue = z
  .union([z.number(), z.string()], { error: "expected a number, a size or another quantity" })
  .optional();

/** An assertion. */
export const expectation = object({
  ...measureShape,
  of: object(measureShape)
    .superRefine((value, ctx) => checkMeasure(value, ctx, []))
    .optional()
    .describe("Divides the measure by this one before it is compared, with a ratio such as 90%"),
  exit: z.enum(["completed", "out of memory"]).optional().describe("How the run must end"),
  atLeast: comparisonValue,
  atMost: comparisonValue,
  above: comparisonValue,
  below: comparisonValue,
  equals: comparisonValue,
  between: z.tuple([comparisonValue.unwrap(), comparisonValue.unwrap()]).optional(),
  policies: z
    .array(text)
    .min(1)
    .optional()
    .describe("The policies that it is about, such as go1.18 or go1.13.3..go1.20 (default: all)"),
  about: text.optional().describe("Why it must hold"),
})
  .superRefine((value, ctx) => {
    checkMeasure(value, ctx, value.exit === undefined ? [] : ["exit"]);
    const given = COMPARISONS.filter((name) => value[name] !== undefined);
    if (value.exit === undefined && given.length !== 1) {
      const fault = given.length === 0 ? "nothing to compare with" : `several comparisons, ${listed(given)}`;
      fail(ctx, [], `an expectation with ${fault}, expected one of ${COMPARISONS.join(", ")}`);
    }
    if (value.exit !== undefined && given.length > 0) {
      fail(ctx, [given[0]!], `exit has nothing to compare, expected no ${given[0]}`);
    }
    if (value.exit !== undefined && value.of !== undefined)
      fail(ctx, ["of"], "exit cannot be divided, expected no of");
  })
  .meta({ id: "Expectation", description: "What must hold at the end of the run" });

/** A seed: a whole number or a text. */
export const seed = z.union([z.number(), z.string()]).transform((value, ctx): string => {
  if (value === "" || (typeof value === "number" && !(Number.isSafeInteger(value) && value >= 0))) {
    fail(
      ctx,
      [],
      `${describe(value)} is no seed, expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER} or a text`,
    );
  }
  return String(value);
});
