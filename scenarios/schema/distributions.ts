/**
 * Distributions as a scenario writes them. Which there are and what they mean is said in engine/distributions.ts; here is
 * only their spelling, the units of their numbers, and what is impossible.
 *
 *     size: 200B
 *     size: {uniform: {min: 16B, max: 1KiB}}
 *     size: {choice: {16B: 3, 200B: 1}}
 *     size: {lognormal: {median: 64B, sigma: 1.5}, atMost: 32KiB}
 *     lifetime: {mixture: [{weight: 95%, of: {exponential: {mean: 10ms}}}, {weight: 5%, of: forever}]}
 */

import { z } from "zod";
import { type DistributionSpec, FOREVER_NS } from "../scenario.js";
import { NUMBER, sameDimension } from "../values/quantity.js";
import {
  count,
  fail,
  lifetime,
  object,
  pages,
  positiveNumber,
  positiveSize,
  type QuantityInput,
  type QuantityType,
  quantity,
  ratio,
  readQuantity,
  size,
  weight,
} from "./common.js";
import { type Kind, kind, tagged } from "./tagged.js";

/** A distribution as a file or a program writes it. */
export type DistributionInput =
  | QuantityInput
  | (DistributionKindInput & { atLeast?: QuantityInput; atMost?: QuantityInput });

type DistributionKindInput =
  | { constant: QuantityInput }
  | { uniform: { min: QuantityInput; max: QuantityInput } }
  | { exponential: { mean: QuantityInput } }
  | { normal: { mean: QuantityInput; deviation: QuantityInput } }
  | { lognormal: { median?: QuantityInput; mean?: QuantityInput; sigma: number } }
  | { pareto: { min: QuantityInput; shape: number } }
  | { gamma: { mean?: QuantityInput; scale?: QuantityInput; shape: number } }
  | { weibull: { scale: QuantityInput; shape: number } }
  | { geometric: { mean: QuantityInput } }
  | { poisson: { mean: QuantityInput } }
  | { zipf: { max: QuantityInput; exponent: number } }
  | { choice: Record<string, QuantityInput> }
  | { histogram: { edges: readonly QuantityInput[]; weights: readonly QuantityInput[] } }
  | { empirical: Record<string, QuantityInput> }
  | { scaled: { of: DistributionInput; by: QuantityInput } }
  | { shifted: { of: DistributionInput; by: QuantityInput } }
  | { mixture: readonly { weight: QuantityInput; of: DistributionInput }[] };

type Spec = DistributionSpec;

function distribution(
  what: string,
  id: string,
  about: string,
  unit: QuantityType,
): z.ZodType<Spec, DistributionInput> {
  // Means and scales are numbers of units that need not be whole, and forever is not one.
  const finite: QuantityType = { ...unit, word: "" };
  const scale = quantity({ ...finite, whole: false, min: 1e-9, range: "above 0" });
  const value = quantity(unit);
  const bound = quantity({ ...finite, min: 0, range: unit.range });
  const shapeNumber = quantity(positiveNumber);
  const kinds: Record<string, Kind<Spec>> = {
    constant: kind(value, (v): Spec => ({ kind: "constant", value: v })),
    uniform: kind(
      object({ min: bound, max: bound }).superRefine((v, ctx) => {
        if (v.min > v.max) fail(ctx, ["min"], "min is above max, expected min to be at most max");
      }),
      (v): Spec => ({ kind: "uniformInteger", ...v }),
    ),
    exponential: kind(object({ mean: scale }), (v): Spec => ({ kind: "exponential", ...v })),
    normal: kind(object({ mean: scale, deviation: scale }), (v): Spec => ({ kind: "normal", ...v })),
    lognormal: kind(
      object({ median: scale.optional(), mean: scale.optional(), sigma: shapeNumber }).superRefine(
        oneOf("median", "mean"),
      ),
      (v): Spec => ({
        kind: "lognormal",
        median: v.median ?? v.mean! * Math.exp((-v.sigma * v.sigma) / 2),
        sigma: v.sigma,
      }),
    ),
    pareto: kind(object({ min: scale, shape: shapeNumber }), (v): Spec => ({ kind: "pareto", ...v })),
    gamma: kind(
      object({ mean: scale.optional(), scale: scale.optional(), shape: shapeNumber }).superRefine(
        oneOf("mean", "scale"),
      ),
      (v): Spec => ({ kind: "gamma", shape: v.shape, scale: v.scale ?? v.mean! / v.shape }),
    ),
    weibull: kind(object({ scale, shape: shapeNumber }), (v): Spec => ({ kind: "weibull", ...v })),
    choice: kind(choices(unit), (v): Spec => ({ kind: "choice", ...v })),
    histogram: kind(buckets(bound), (v): Spec => ({ kind: "histogram", ...v })),
    empirical: kind(quantiles(finite), (v): Spec => ({ kind: "cdf", points: v })),
    scaled: kind(
      object({ of: z.lazy(() => self), by: shapeNumber }),
      (v): Spec => ({ kind: "scaled", ...v }),
    ),
    shifted: kind(object({ of: z.lazy(() => self), by: bound }), (v): Spec => ({ kind: "shifted", ...v })),
    mixture: kind(
      z
        .array(object({ weight: quantity(weight), of: z.lazy(() => self) }))
        .min(1)
        .superRefine((parts, ctx) => {
          if (parts.every((part) => part.weight === 0))
            fail(ctx, [], "all weights are 0, expected one above 0");
        }),
      (v): Spec => ({ kind: "mixture", parts: v }),
    ),
  };
  if (sameDimension(unit.dimension, NUMBER)) Object.assign(kinds, countingKinds(unit));
  const self: z.ZodType<Spec, DistributionInput> = tagged<Spec, DistributionInput>(
    what,
    id,
    about,
    kinds,
    { atLeast: bound, atMost: bound },
    clamped,
  );
  return self;
}

/** Kinds that count things, which have no meaning for sizes and durations. */
function countingKinds(unit: QuantityType): Record<string, Kind<Spec>> {
  const mean = quantity({ ...unit, whole: false, min: 1e-9, range: "above 0" });
  const atLeastOne = quantity({ ...unit, whole: false, min: 1, range: "of 1 or more" });
  return {
    geometric: kind(
      object({ mean: atLeastOne }),
      (v): Spec => ({ kind: "geometric", probability: 1 / v.mean }),
    ),
    poisson: kind(object({ mean }), (v): Spec => ({ kind: "poisson", ...v })),
    zipf: kind(
      object({
        max: quantity({ ...unit, min: 1, max: 1e6, range: "from 1 to 1000000" }),
        exponent: quantity(positiveNumber),
      }),
      (v): Spec => ({ kind: "zipf", count: v.max, exponent: v.exponent }),
    ),
  };
}

function clamped(spec: Spec, given: Readonly<Record<string, unknown>>, ctx: z.core.$RefinementCtx): Spec {
  const { atLeast, atMost } = given as { atLeast?: number; atMost?: number };
  if (atLeast === undefined && atMost === undefined) return spec;
  if (atLeast !== undefined && atMost !== undefined && atLeast > atMost) {
    fail(ctx, ["atLeast"], "atLeast is above atMost, expected it to be at most that");
  }
  return {
    kind: "clamped",
    of: spec,
    ...(atLeast === undefined ? {} : { min: atLeast }),
    ...(atMost === undefined ? {} : { max: atMost }),
  };
}

/** Exactly one of two ways to say the same must be used. */
function oneOf(a: string, b: string) {
  return (value: Record<string, unknown>, ctx: z.core.$RefinementCtx): void => {
    if (value[a] === undefined && value[b] === undefined) fail(ctx, [a], `expected ${a} or ${b}`, true);
    if (value[a] !== undefined && value[b] !== undefined)
      fail(ctx, [b], `${a} and ${b} are both given, expected one of them`);
  };
}

/** `{16B: 3, 200B: 1}`: values to weights. */
function choices(unit: QuantityType) {
  return z.record(z.string(), quantity(weight)).transform((map, ctx) => {
    const values = keysAs(map, unit, ctx);
    const weights = Object.values(map);
    if (weights.length === 0)
      fail(ctx, [], `an empty map has nothing to choose from, expected values and weights`);
    else if (weights.every((w) => w === 0)) fail(ctx, [], "all weights are 0, expected one above 0");
    return { values, weights };
  });
}

/** `{0%: 16B, 50%: 64B, 100%: 4KiB}`: probabilities to quantiles. */
function quantiles(unit: QuantityType) {
  return z.record(z.string(), quantity(unit)).transform((map, ctx) => {
    const probabilities = keysAs(map, ratio, ctx);
    const values = Object.values(map);
    const points = values.map((value, i) => [value, probabilities[i]!] as const).sort((a, b) => a[1] - b[1]);
    if (points[0]?.[1] !== 0 || points.at(-1)?.[1] !== 1) {
      fail(ctx, [], "quantiles must begin at 0% and end at 100%, such as {0%: 1, 50%: 3, 100%: 20}");
    } else if (points.some(([, p], i) => i > 0 && p === points[i - 1]![1])) {
      fail(ctx, [], "a probability is there twice, expected each once");
    } else if (points.some(([v], i) => i > 0 && v <= points[i - 1]![0])) {
      fail(ctx, [], "quantiles do not grow, expected each value to be above the one before");
    }
    return points;
  });
}

/** Buckets between rising edges. */
function buckets(bound: z.ZodType<number, QuantityInput>) {
  return object({
    edges: z.array(bound).min(2).describe("Ends of the buckets, rising"),
    weights: z
      .array(quantity(weight))
      .min(1)
      .describe("How much is in each bucket: one less than there are edges"),
  }).superRefine(({ edges, weights }, ctx) => {
    const fallen = edges.findIndex((edge, i) => i > 0 && edge <= edges[i - 1]!);
    if (fallen > 0)
      fail(ctx, ["edges", fallen], "an edge that is not above the one before it, expected edges that rise");
    if (weights.length !== edges.length - 1) {
      fail(
        ctx,
        ["weights"],
        `${weights.length} weights for ${edges.length} edges, expected ${edges.length - 1} of them`,
      );
    }
    if (weights.every((w) => w === 0)) fail(ctx, ["weights"], "all weights are 0, expected one above 0");
  });
}

function keysAs(
  map: Readonly<Record<string, unknown>>,
  unit: QuantityType,
  ctx: z.core.$RefinementCtx,
): number[] {
  return Object.keys(map).map((key) => {
    // A key is always text: what looks like a number is one.
    const read = readQuantity(key, unit);
    if (typeof read === "number") return read;
    fail(ctx, [key], read.problem);
    return 0;
  });
}

/** Distributions by what is drawn. */
export const lifetimes = distribution(
  "a lifetime",
  "LifetimeDistribution",
  "A duration, forever, or a distribution of durations",
  lifetime,
);
export const durations = distribution(
  "a distribution",
  "DurationDistribution",
  "A duration, or a distribution of durations",
  {
    ...lifetime,
    word: "",
  },
);
export const sizes = distribution(
  "a distribution",
  "SizeDistribution",
  "A size, or a distribution of sizes",
  positiveSize,
);
export const sizesOrZero = distribution(
  "a distribution",
  "SizeOrZeroDistribution",
  "A size, 0B or a distribution of sizes",
  size,
);
export const pageCounts = distribution(
  "a distribution",
  "PagesDistribution",
  "A number of 8 KiB pages, or a distribution of such numbers",
  pages,
);
export const collectionCounts = distribution(
  "a number of collections",
  "CollectionsDistribution",
  "A whole number of collections, forever, or a distribution of such numbers",
  { ...count("a whole number", "2", 1, 1e9), word: "forever", wordValue: FOREVER_NS },
);
export const counts = distribution(
  "a distribution",
  "CountDistribution",
  "A whole number, or a distribution of whole numbers",
  count("a whole number", "10", 1, 1e9),
);
