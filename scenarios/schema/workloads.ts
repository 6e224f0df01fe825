/**
 * Workloads: what a program does to its heap. A workload is a map with its `kind` and the keys of that kind:
 *
 *     workloads:
 *       requests:
 *         kind: objects
 *         rate: 50000/s
 *         size: {lognormal: {median: 64B, sigma: 1}, atMost: 32KiB}
 *         lifetime: {exponential: {mean: 20ms}}
 *       sessions: {kind: leak, of: requests, fraction: 1%, lifetime: 10m}
 *
 * A workload says only what is asked for and when it is dead; what the heap makes of it is the model's.
 */

import { z } from "zod";
import {
  type ArrivalSpec,
  type BirthDeathSpec,
  type BuffersSpec,
  type CurveSpec,
  FOREVER_NS,
  type LeakSpec,
  type ObjectSort,
  type ObjectsSpec,
  type OperationsSpec,
  type SortOrder,
  type SpanSort,
  type SpansSpec,
  type StacksSpec,
  type TraceSpec,
  type WorkloadKind,
} from "../scenario.js";
import {
  count,
  duration,
  explained,
  fail,
  number,
  object,
  pages,
  period,
  positiveDuration,
  positiveNumber,
  quantity,
  rate,
  ratio,
  text,
  weight,
} from "./common.js";
import { byteRateCurve, numberCurve, rateCurve } from "./curves.js";
import {
  collectionCounts,
  counts,
  durations,
  lifetimes,
  pageCounts,
  sizes,
  sizesOrZero,
} from "./distributions.js";
import { MAX_OPERATIONS, parseOperations } from "./operations.js";

const wholeCount = (max: number) => quantity(count("a whole number", "1000", 0, max));
const share = quantity(ratio);
const procs = quantity(count("the number of a P", "0", 0, 1023));

/** Keys of every workload. Times count from the start of its phase, or of the run. */
const common = {
  about: text.optional().describe("What this workload stands for"),
  start: quantity(duration).default(0).describe("When it begins, from the start of its phase or of the run"),
  stop: quantity(positiveDuration)
    .optional()
    .describe("When it ends, from the start of its phase or of the run (default: with it)"),
  repeat: object({
    every: quantity(positiveDuration).describe("From the start of one window to the start of the next"),
    times: quantity(count("a whole number", "5", 1, 1e9))
      .optional()
      .describe("Windows in all (default: to the end)"),
  })
    .optional()
    .describe("Opens the window from start to stop again and again"),
  proc: procs.optional().describe("The P that it runs on (default: all in turn)"),
};

const dropAtStop = share
  .default(0)
  .describe("Share of what is still alive at the end of the window that dies then, drawn for each thing");

/** Keys of workloads that make things at a rate. */
const arriving = {
  rate: rateCurve.optional().describe("Things made per second"),
  throughput: byteRateCurve.optional().describe("Bytes made per second, instead of rate"),
  arrivals: z
    .enum(["poisson", "regular", "stratified"])
    .default("poisson")
    .describe(
      "Gaps between arrivals: exponentially distributed, all alike, or one arrival at random in each gap of that length",
    ),
  batch: counts.optional().describe("Things made at each arrival (default 1)"),
  initial: wholeCount(1e9).default(0).describe("Things made at the start, all at once"),
  count: wholeCount(1e12).optional().describe("Things made in all in one window (default: no limit)"),
  dropAtStop,
};

const ONE = { kind: "constant", value: 1 } as const;

interface ArrivingValue {
  readonly rate?: CurveSpec | undefined;
  readonly throughput?: CurveSpec | undefined;
  readonly arrivals: ArrivalSpec["arrivals"];
  readonly batch?: ArrivalSpec["batch"] | undefined;
  readonly initial: number;
  readonly count?: number | undefined;
  readonly dropAtStop: number;
}

/** The arrivals of a workload, which must have some. */
function arrivalsOf(value: ArrivingValue, ctx: z.core.$RefinementCtx): ArrivalSpec {
  const { throughput, arrivals, batch, initial, dropAtStop } = value;
  if (value.rate !== undefined && throughput !== undefined) {
    fail(ctx, ["throughput"], "rate and throughput are both given, expected one of them");
  }
  if (value.rate === undefined && throughput === undefined && initial === 0) {
    fail(
      ctx,
      ["rate"],
      "expected a rate such as 1000/s, a throughput such as 100MiB/s, or an initial number",
      true,
    );
  }
  const curve = value.rate ?? throughput;
  return {
    rate:
      curve === undefined ? null : { unit: value.rate === undefined ? "bytesPerSecond" : "perSecond", curve },
    arrivals,
    batch: batch ?? ONE,
    initial,
    count: value.count ?? Number.POSITIVE_INFINITY,
    dropAtStop,
  };
}

/**
 * The sorts of things of a workload: one, whose keys stand beside those of the workload, or a `mix` of several.
 * `required` are the keys that one must have.
 */
function sortsOf<T>(
  value: Record<string, unknown> & { mix?: readonly T[] | undefined },
  required: readonly (readonly [string, string])[],
  one: () => T,
  ctx: z.core.$RefinementCtx,
): readonly T[] {
  if (value.mix !== undefined) {
    for (const [key] of required) {
      if (value[key] !== undefined)
        fail(ctx, [key], `${key} and mix are both given, expected ${key} within mix`);
    }
    if (value.mix.every((sort) => (sort as { weight: number }).weight === 0)) {
      fail(ctx, ["mix"], "all weights are 0, expected one above 0");
    }
    return value.mix;
  }
  const absent = required.filter(([key]) => value[key] === undefined);
  for (const [key, expected] of absent) fail(ctx, [key], `expected ${expected}, or a mix`, true);
  return absent.length === 0 ? [one()] : [];
}

const order = z
  .enum(["random", "cycle", "stratified"])
  .default("random")
  .describe(
    "Which of a mix comes next: drawn by weight, weight things of each in turn, or drawn so that of many in a row each sort has its share",
  );

/** An order is that of a mix, and a cycle counts whole things. */
function checkOrder(
  value: { order: SortOrder; mix?: readonly { weight: number }[] | undefined },
  ctx: z.core.$RefinementCtx,
): void {
  if (value.order === "random") return;
  if (value.mix === undefined)
    fail(ctx, ["order"], `order is ${value.order}, but there is no mix to go through, expected a mix`);
  if (value.order === "stratified") return;
  value.mix?.forEach((sort, i) => {
    if (!Number.isInteger(sort.weight)) {
      fail(
        ctx,
        ["mix", i, "weight"],
        `${sort.weight} is not whole, expected a whole weight when order is cycle`,
      );
    }
  });
}

const sortWeight = quantity(weight).default(1).describe("How often this sort comes, relative to the others");
const spanKind = z
  .enum(["heap", "noscan", "stack", "bits", "workbuf"])
  .default("heap")
  .describe("heap: may hold pointers; noscan: holds none; stack, bits, workbuf: not the collector's");
const freedBy = z
  .enum(["sweep", "program"])
  .default("sweep")
  .describe("sweep: a dead heap span is freed when the collector has swept it; program: at once");
const spanPages = explained(pageCounts, "8 KiB pages of a span");
const spanLife = {
  lifetime: explained(lifetimes, "How long a span is in use").optional(),
  collections: explained(
    collectionCounts,
    "Instead of lifetime: of the collections that begin after its birth, the one that finds it dead",
  ).optional(),
};
const FOREVER = { kind: "constant", value: FOREVER_NS } as const;

const inARow = explained(counts, "How many of this sort come in a row each time that it is drawn").optional();

type SpanSortValue = Pick<SpanSort, "weight" | "pages" | "spanKind"> & {
  readonly inARow?: SpanSort["pages"] | undefined;
  readonly lifetime?: SpanSort["lifetime"] | undefined;
  readonly collections?: SpanSort["lifetime"] | undefined;
};

/** How long spans of a sort live is said in one of two ways. */
function spanSort(value: SpanSortValue): SpanSort {
  const { weight, inARow = null, pages, lifetime = FOREVER, collections = null, spanKind } = value;
  return { weight, inARow, pages, lifetime, collections, spanKind };
}

/** What cannot be together with collections: a lifetime, and spans that no collection frees. */
function checkCollections(
  value: Pick<SpanSortValue, "lifetime" | "collections" | "spanKind">,
  path: readonly PropertyKey[],
  ctx: z.core.$RefinementCtx,
): void {
  if (value.collections === undefined) return;
  const at = [...path, "collections"];
  if (value.lifetime !== undefined)
    fail(ctx, at, "lifetime and collections are both given, expected one of them");
  if (value.spanKind !== "heap" && value.spanKind !== "noscan")
    fail(ctx, at, `no collection frees spans of kind ${value.spanKind}, expected a lifetime`);
}

/** Each sort of spans has a life, and one that its kind can have. */
function checkSpanLives(
  value: Omit<SpanSortValue, "weight" | "pages"> & {
    readonly mix?: readonly SpanSortValue[] | undefined;
    readonly freedBy: SpansSpec["freedBy"];
    readonly dropAtStop: number;
  },
  ctx: z.core.$RefinementCtx,
): void {
  const { mix, freedBy } = value;
  if (mix !== undefined && value.collections !== undefined)
    fail(ctx, ["collections"], "collections and mix are both given, expected collections within mix");
  else checkCollections(value, [], ctx);
  mix?.forEach((sort, i) => {
    checkCollections(sort, ["mix", i], ctx);
    if (sort.lifetime === undefined && sort.collections === undefined)
      fail(ctx, ["mix", i, "lifetime"], "expected a lifetime such as 10ms or forever, or collections", true);
  });
  if (value.collections === undefined && !mix?.some((sort) => sort.collections !== undefined)) return;
  if (freedBy === "program")
    fail(ctx, ["freedBy"], "the program frees spans that collections are to find dead, expected sweep");
  if (value.dropAtStop > 0)
    fail(
      ctx,
      ["dropAtStop"],
      "it drops spans that collections are to find dead, expected spans with a lifetime",
    );
}

const spans = object({
  kind: z.literal("spans"),
  ...common,
  ...arriving,
  pages: spanPages.optional(),
  ...spanLife,
  spanKind,
  mix: z
    .array(object({ weight: sortWeight, inARow, pages: spanPages, ...spanLife, spanKind }))
    .min(1)
    .optional()
    .describe("Several sorts of spans"),
  order,
  freedBy,
})
  .describe("Spans asked of the page heap directly")
  .transform((v, ctx) => {
    checkOrder(v, ctx);
    checkSpanLives(v, ctx);
    const required = [
      ["pages", "a number of pages such as 8"],
      ["lifetime", "a lifetime such as 10ms or forever"],
    ] as const;
    const one = (): SpanSortValue => ({ ...v, weight: 1, pages: v.pages! });
    const needed = v.collections === undefined || v.mix !== undefined ? required : required.slice(0, 1);
    const sorts = sortsOf<SpanSortValue>(v, needed, one, ctx).map(spanSort);
    const spec: SpansSpec = {
      kind: "spans",
      ...arrivalsOf(v, ctx),
      sorts,
      order: v.order,
      freedBy: v.freedBy,
    };
    return timed(v, spec);
  });

const birthDeath = object({
  kind: z.literal("birthDeath"),
  ...common,
  rows: z
    .array(
      object({
        pages: quantity(pages).describe("8 KiB pages of each span"),
        rate: quantity(rate).describe("Spans replaced per second"),
        live: wholeCount(1e8).describe("Spans there are at any time"),
        spanKind,
      }),
    )
    .min(1)
    .describe("Profile: spans by their size"),
  intensity: numberCurve
    .default({ kind: "constant", value: 1 })
    .describe("Scales the rates of all rows over time"),
  freedBy,
  dropAtStop,
})
  .describe("Spans of several sizes, held in steady numbers")
  .transform((v, ctx) => {
    v.rows.forEach((row, i) => {
      if (row.live === 0 && row.rate > 0)
        fail(ctx, ["rows", i, "live"], "no span is live, but spans are replaced, expected 1 or more");
    });
    const spec: BirthDeathSpec = {
      kind: "birthDeath",
      rows: v.rows.map((row) => ({
        pages: row.pages,
        ratePerSecond: row.rate,
        live: row.live,
        spanKind: row.spanKind,
      })),
      intensity: v.intensity,
      freedBy: v.freedBy,
      dropAtStop: v.dropAtStop,
    };
    return timed(v, spec);
  });

const objectSize = explained(sizes, "Bytes of an object");
const objectLifetime = explained(lifetimes, "How long an object is reachable");
const noscan = share.default(0.5).describe("Share of the objects that hold no pointers");

const objects = object({
  kind: z.literal("objects"),
  ...common,
  ...arriving,
  size: objectSize.optional(),
  lifetime: objectLifetime.optional(),
  noscan,
  mix: z
    .array(object({ weight: sortWeight, size: objectSize, lifetime: objectLifetime, noscan }))
    .min(1)
    .optional()
    .describe("Several sorts of objects"),
  order,
})
  .describe("Objects of the garbage-collected heap")
  .transform((v, ctx) => {
    checkOrder(v, ctx);
    const required = [
      ["size", "a size such as 64B"],
      ["lifetime", "a lifetime such as 10ms or forever"],
    ] as const;
    type Sort = {
      weight: number;
      size: ObjectSort["bytes"];
      lifetime: ObjectSort["lifetime"];
      noscan: number;
    };
    const one = (): Sort => ({ weight: 1, size: v.size!, lifetime: v.lifetime!, noscan: v.noscan });
    const sorts = sortsOf<Sort>(v, required, one, ctx).map(({ size, ...sort }) => ({ ...sort, bytes: size }));
    const spec: ObjectsSpec = { kind: "objects", ...arrivalsOf(v, ctx), sorts, order: v.order };
    return timed(v, spec);
  });

const { throughput: _, ...arrivingByNumber } = arriving;

const stacks = object({
  kind: z.literal("stacks"),
  ...common,
  ...arrivingByNumber,
  lifetime: explained(lifetimes, "How long a goroutine lives"),
  depth: explained(sizes, "Bytes of stack that it uses at its deepest"),
  growth: durations
    .default({ kind: "constant", value: 0 })
    .describe("Time from its start until it is at its deepest"),
  hold: lifetimes
    .default({ kind: "constant", value: FOREVER_NS })
    .describe("Time at its deepest, after which it uses rest"),
  rest: sizesOrZero.default({ kind: "constant", value: 1024 }).describe("Bytes of stack in use after that"),
})
  .describe("Goroutines and their stacks, which double as they grow and shrink at a collection")
  .transform((v, ctx) => {
    const spec: StacksSpec = {
      kind: "stacks",
      ...arrivalsOf(v, ctx),
      lifetime: v.lifetime,
      depthBytes: v.depth,
      growthNs: v.growth,
      holdNs: v.hold,
      restBytes: v.rest,
    };
    return timed(v, spec);
  });

const buffers = object({
  kind: z.literal("buffers"),
  ...common,
  ...arriving,
  from: sizes.optional().describe("First size (default: to, so that it does not grow)"),
  to: explained(sizes, "Last size"),
  factor: quantity({ ...positiveNumber, min: 1.01, range: "from 1.01 to 1e9" })
    .default(2)
    .describe("Each size is so many times the one before"),
  step: durations.default({ kind: "constant", value: 0 }).describe("Time between growths"),
  copy: durations
    .default({ kind: "constant", value: 0 })
    .describe("Time for which the old buffer lives on beside the new one"),
  lifetime: explained(lifetimes, "How long it lives at its last size"),
  pool: wholeCount(1e6).default(0).describe("Finished buffers kept for reuse by later ones that fit"),
  noscan: share.default(1).describe("Share of the buffers that hold no pointers"),
  survivor: object({
    size: explained(sizes, "Bytes of the object"),
    lifetime: explained(lifetimes, "How long it lives"),
  })
    .optional()
    .describe("A small object made at each growth, which outlives the buffers around it"),
})
  .describe("Buffers that grow by copying, are pooled, or come in batches")
  .transform((v, ctx) => {
    const spec: BuffersSpec = {
      kind: "buffers",
      ...arrivalsOf(v, ctx),
      fromBytes: v.from ?? v.to,
      toBytes: v.to,
      factor: v.factor,
      stepNs: v.step,
      copyNs: v.copy,
      lifetime: v.lifetime,
      poolBuffers: v.pool,
      noscan: v.noscan,
      survivor: v.survivor === undefined ? null : { bytes: v.survivor.size, lifetime: v.survivor.lifetime },
    };
    return timed(v, spec);
  });

const leak = object({
  kind: z.literal("leak"),
  ...common,
  of: text.describe("The workload whose things live longer: one of the same phase, or of the whole run"),
  fraction: share.describe("Share of its things that do, drawn for each"),
  lifetime: lifetimes
    .default({ kind: "constant", value: FOREVER_NS })
    .describe("How long they live instead (default: forever)"),
  dropAtStop,
})
  .describe("A share of what another workload makes lives for long")
  .transform((v) => {
    const { of, fraction, lifetime } = v;
    const spec: LeakSpec = { kind: "leak", of, fraction, lifetime, dropAtStop: v.dropAtStop };
    return timed(v, spec);
  });

const trace = object({
  kind: z.literal("trace"),
  ...common,
  file: text.describe("A page-heap trace: a path from the scenario's folder, or the name of a bundled one"),
  timeScale: quantity({ ...number, min: 1e-6, max: 1e6, range: "from 0.000001 to 1000000" })
    .default(1)
    .describe("Recorded time is multiplied with this"),
  cut: object({
    from: quantity(duration).default(0),
    to: quantity(period).default(Number.POSITIVE_INFINITY),
  })
    .optional()
    .describe("The part of the recording to play, in recorded time"),
  filter: object({
    spanKinds: z
      .array(z.enum(["heap", "noscan", "stack", "bits", "workbuf"]))
      .min(1)
      .optional(),
    minPages: quantity(pages).default(1),
    maxPages: quantity(pages).default(2 ** 27),
  })
    .optional()
    .describe("Only some of its spans"),
  frees: z
    .enum(["recorded", "gc"])
    .default("gc")
    .describe(
      "recorded: spans are freed when they were; gc: they die then, and the model's collector frees them",
    ),
  dropAtStop,
})
  .describe("What a recorded program asked for")
  .transform((v, ctx) => {
    const cut = v.cut ?? { from: 0, to: Number.POSITIVE_INFINITY };
    if (cut.from >= cut.to) fail(ctx, ["cut", "from"], "from is not before to, expected it to be less");
    const filter = v.filter ?? { minPages: 1, maxPages: 2 ** 27 };
    if (filter.minPages > filter.maxPages) {
      fail(ctx, ["filter", "minPages"], "minPages is above maxPages, expected it to be at most that");
    }
    const spec: TraceSpec = {
      kind: "trace",
      file: v.file,
      timeScale: v.timeScale,
      cutFromNs: cut.from,
      cutToNs: cut.to,
      spanKinds: v.filter?.spanKinds ?? ["heap", "noscan", "stack", "bits", "workbuf"],
      minPages: filter.minPages,
      maxPages: filter.maxPages,
      frees: v.frees,
      dropAtStop: v.dropAtStop,
    };
    return timed(v, spec);
  });

const operations = object({
  kind: z.literal("operations"),
  ...common,
  step: quantity(positiveDuration)
    .default(1_000_000)
    .describe("Time from one operation to the next (default 1ms)"),
  ops: z
    .array(text)
    .min(1)
    .max(MAX_OPERATIONS)
    .describe("One operation each: alloc NAME PAGES [KIND], free NAME, collect, wait DURATION"),
})
  .describe("A list of operations, written out")
  .transform((v, ctx) => {
    const { operations, faults } = parseOperations(v.ops);
    for (const { index, problem } of faults) fail(ctx, ["ops", index], problem);
    const spec: OperationsSpec = { kind: "operations", stepNs: v.step, operations };
    return timed(v, spec);
  });

/** A workload whose times still count from the start of what it belongs to. */
export interface TimedWorkload {
  readonly about: string;
  readonly start: number;
  readonly stop: number | null;
  readonly repeat: { readonly every: number; readonly times: number } | null;
  readonly proc: number | null;
  readonly spec: WorkloadKind;
}

interface CommonValue {
  readonly about?: string | undefined;
  readonly start: number;
  readonly stop?: number | undefined;
  readonly repeat?: { readonly every: number; readonly times?: number | undefined } | undefined;
  readonly proc?: number | undefined;
}

function timed(value: CommonValue, spec: WorkloadKind): TimedWorkload {
  const { repeat } = value;
  return {
    about: value.about ?? "",
    start: value.start,
    stop: value.stop ?? null,
    repeat:
      repeat === undefined ? null : { every: repeat.every, times: repeat.times ?? Number.POSITIVE_INFINITY },
    proc: value.proc ?? null,
    spec,
  };
}

/** A workload of any kind. */
export const workload = z
  .discriminatedUnion("kind", [spans, birthDeath, objects, stacks, buffers, leak, trace, operations])
  .meta({ id: "Workload", description: "What a program does to its heap" });
