/**
 * The table of distributions: to add one, add its members to DistributionSpec, a row here, and a row in docs/engine.md.
 *
 * A row says what the parameters are, and makes a function that draws, and the mean where it is known in closed form.
 * Drawing allocates nothing, except for poisson. Means are those of the distribution as described, not of its draws
 * rounded to whole units.
 *
 * Where d3-random has a distribution, its function is used, always with the stream as its source. Two it has are drawn
 * by inversion here instead, normal and lognormal, since d3's keep a second variate for the next call (see normal.ts)
 * and cost twice as much. d3's gamma, and poisson which builds on it, keep such a variate too: it belongs to the one
 * distribution that was made, so draws from two of them never mix, even when they share a stream.
 */

import {
  randomExponential,
  randomGamma,
  randomGeometric,
  randomPareto,
  randomPoisson,
  randomWeibull,
} from "d3-random";
import { exponential } from "../exponentials.js";
import type { RandomStream } from "../random-streams.js";
import { type Parameter, type Parameters, type Path, SpecError } from "../specs.js";
import { AliasTable } from "./alias-table.js";
import { cumulative, density, lowerQuantile, standardNormal } from "./normal.js";
import type { DistributionKind, DistributionSpec, SpecOf } from "./specs.js";
import { clampedWholes, nearestWhole, roundedDraws, WholeQuantile, wholeExponentials } from "./whole.js";

/** What a row makes. `mean` is NaN where no closed form is known, and may be infinite. */
export interface Made {
  readonly draw: () => number;
  readonly mean: number;
  /** Draws the same numbers rounded to whole units, halves upward, where that can be done faster than one by one. */
  readonly wholes?: ((into: Float64Array) => void) | undefined;
  /** What `wholes` draws, by a number of the stream, for kinds that take one for each draw. */
  readonly whole?: ((u: number) => number) | undefined;
}

/** Makes a distribution within another, described by what is at the end of the path. */
export type MakePart = (spec: DistributionSpec, ...path: readonly (string | number)[]) => Made;

export interface Kind<Spec> {
  /** For the manual: what it is, in a few words. */
  readonly meaning: string;
  readonly parameters: Parameters<Spec>;
  readonly make: (spec: Spec, stream: RandomStream, part: MakePart, path: Path) => Made;
}

const value = (meaning: string): Parameter => ({ type: "value", meaning });
const positive = (meaning: string): Parameter => ({ type: "positive number", meaning });
const optional = (type: Parameter["type"], meaning: string, otherwise: string): Parameter => ({
  type,
  meaning,
  otherwise,
});

export const DISTRIBUTIONS: { readonly [K in DistributionKind]: Kind<SpecOf<K>> } = {
  constant: {
    meaning: "always the same",
    parameters: { value: value("what is drawn") },
    make: (spec) => {
      const constant = spec.value;
      const whole = nearestWhole(constant);
      return {
        draw: () => constant,
        mean: constant,
        wholes: (into) => {
          into.fill(whole);
        },
      };
    },
  },
  uniform: {
    meaning: "all alike, fractions too",
    parameters: { min: value("the least"), max: value("never reached, unless it is min") },
    make: (spec, stream, _part, path) => {
      const min = spec.min;
      const width = orderedWidth(spec, path);
      const at = (u: number): number => min + u * width;
      return {
        draw: () => at(stream.double()),
        mean: min + width / 2,
        whole: (u) => nearestWhole(at(u)),
      };
    },
  },
  uniformInteger: {
    meaning: "all whole numbers alike",
    parameters: { min: value("the least, whole"), max: value("the greatest, whole") },
    make: (spec, stream, _part, path) => {
      const { min, max } = spec;
      for (const end of ["min", "max"] as const) {
        if (!Number.isSafeInteger(spec[end]))
          throw new SpecError([...path, end], `${end} is not whole: ${spec[end]}`);
      }
      if (orderedWidth(spec, path) > Number.MAX_SAFE_INTEGER) {
        throw new SpecError([...path, "max"], "max is 2^53 or more above min");
      }
      return { draw: () => stream.integer(min, max), mean: min + (max - min) / 2 };
    },
  },
  exponential: {
    meaning: "lifetimes without memory",
    parameters: { mean: { type: "positive value", meaning: "the mean" } },
    make: (spec, stream) => exponentialDraws(spec.mean, stream),
  },
  normal: {
    meaning: "the bell curve, cut off at both ends if wanted",
    parameters: {
      mean: value("the mean before it is cut off"),
      deviation: { type: "positive value", meaning: "the standard deviation before it is cut off" },
      min: optional("value", "nothing below is drawn", "no end"),
      max: optional("value", "nothing above is drawn", "no end"),
    },
    make: (spec, stream, _part, path) =>
      spec.min === undefined && spec.max === undefined
        ? wholeNormal(spec.mean, spec.deviation, stream)
        : truncatedNormal(spec, stream, path),
  },
  lognormal: {
    meaning: "the logarithm is normal",
    parameters: {
      median: { type: "positive value", meaning: "half of the draws are below, e^μ" },
      sigma: { type: "number from 0", meaning: "the standard deviation of the natural logarithm" },
    },
    make: (spec, stream) => {
      const { median, sigma } = spec;
      const quantile = (u: number): number => median * Math.exp(sigma * standardNormal(u));
      const whole = new WholeQuantile(quantile);
      return {
        draw: () => quantile(stream.double()),
        mean: median * Math.exp((sigma * sigma) / 2),
        wholes: (into) => {
          stream.doubles(into);
          whole.all(into);
        },
        whole: (u) => whole.at(u),
      };
    },
  },
  pareto: {
    meaning: "a power law: P(X > x) = (min / x)^shape",
    parameters: {
      min: { type: "positive value", meaning: "the least" },
      shape: positive("the exponent of the tail; up to 1 the mean is infinite, unless max is given"),
      max: optional("positive value", "the tail is cut off here", "no end"),
    },
    make: (spec, stream, _part, path) => {
      const { min, shape } = spec;
      if (spec.max !== undefined) return boundedPareto(min, spec.max, shape, stream, path);
      const draw = randomPareto.source(stream.double)(shape);
      return {
        draw: () => min * draw(),
        mean: shape > 1 ? (shape * min) / (shape - 1) : Number.POSITIVE_INFINITY,
      };
    },
  },
  gamma: {
    meaning: "sums of exponential times",
    parameters: {
      shape: positive("how many are summed"),
      scale: { type: "positive value", meaning: "the mean of each" },
    },
    make: (spec, stream) => ({
      draw: randomGamma.source(stream.double)(spec.shape, spec.scale),
      mean: spec.shape * spec.scale,
    }),
  },
  weibull: {
    meaning: "lifetimes that wear out (shape above 1) or prove themselves (below)",
    parameters: {
      shape: positive("the exponent of (x / scale)"),
      scale: { type: "positive value", meaning: "63 % of the draws are below" },
    },
    make: (spec, stream) => ({
      draw: randomWeibull.source(stream.double)(spec.shape, 0, spec.scale),
      mean: spec.scale * gammaFunction(1 + 1 / spec.shape),
    }),
  },
  geometric: {
    meaning: "how many tries until one succeeds, from 1",
    parameters: { probability: { type: "probability", meaning: "that a try succeeds" } },
    make: (spec, stream) => ({
      draw: randomGeometric.source(stream.double)(spec.probability),
      mean: 1 / spec.probability,
    }),
  },
  poisson: {
    meaning: "how many of many rare events happen, from 0",
    parameters: { mean: { type: "positive value", meaning: "the mean" } },
    make: (spec, stream) => ({ draw: randomPoisson.source(stream.double)(spec.mean), mean: spec.mean }),
  },
  zipf: {
    meaning: "ranks from 1: P(k) ∝ 1 / k^exponent",
    parameters: {
      count: { type: "count", meaning: "the greatest rank, up to a million" },
      exponent: { type: "number from 0", meaning: "0 makes all ranks alike" },
    },
    make: (spec, stream) => {
      const ranks = Array.from({ length: spec.count }, (_, i) => i + 1);
      return table(
        ranks,
        ranks.map((rank) => rank ** -spec.exponent),
        stream,
      );
    },
  },
  choice: {
    meaning: "one of a list",
    parameters: {
      values: { type: "values", meaning: "what is drawn" },
      weights: optional("weights", "how likely each is, relative to the others", "all alike"),
    },
    make: (spec, stream, _part, path) => {
      const weights = spec.weights ?? spec.values.map(() => 1);
      if (weights.length !== spec.values.length) {
        const problem = `there are ${weights.length} weights for ${spec.values.length} values`;
        throw new SpecError([...path, "weights"], problem);
      }
      return table(spec.values, weights, stream);
    },
  },
  histogram: {
    meaning: "measured: uniform within each bucket",
    parameters: {
      edges: { type: "values", meaning: "the ends of the buckets, rising, one more than there are weights" },
      weights: { type: "weights", meaning: "how much is in each bucket" },
    },
    make: (spec, stream, _part, path) => buckets(spec.edges, spec.weights, stream, [...path, "edges"]),
  },
  cdf: {
    meaning: "measured: straight lines between the points of a cumulative distribution",
    parameters: {
      points: {
        type: "points",
        meaning: "pairs [value, share that is not above], both rising, the shares from 0 or more to 1",
      },
    },
    make: (spec, stream, _part, path) => cumulativePoints(spec.points, stream, [...path, "points"]),
  },
  mixture: {
    meaning: "one of several distributions at each draw",
    parameters: { parts: { type: "parts", meaning: "{weight, of}: how likely each is, and which" } },
    make: (spec, stream, part, path) => {
      const weights = spec.parts.map((each) => each.weight);
      if (!weights.every((w) => Number.isFinite(w) && w >= 0) || !weights.some((w) => w > 0)) {
        throw new SpecError(
          [...path, "parts"],
          "the weights of the parts are numbers from 0, some of them above",
        );
      }
      const parts = spec.parts.map((each, i) => part(each.of, "parts", i, "of"));
      const draws = parts.map((each) => each.draw);
      const alias = new AliasTable(weights);
      const total = weights.reduce((sum, w) => sum + w, 0);
      return {
        draw: () => draws[alias.index(stream.double())]!(),
        wholes: mixedWholes(alias, parts, stream),
        // A part of weight 0 may have an infinite mean.
        mean: parts.reduce(
          (sum, each, i) => sum + (weights[i] === 0 ? 0 : (each.mean * weights[i]!) / total),
          0,
        ),
      };
    },
  },
  shifted: {
    meaning: "another distribution with a constant added",
    parameters: { of: { type: "spec", meaning: "the other" }, by: value("what is added") },
    make: (spec, _stream, part) => {
      const { draw, mean } = part(spec.of, "of");
      const by = spec.by;
      return { draw: () => draw() + by, mean: mean + by };
    },
  },
  scaled: {
    meaning: "another distribution, multiplied",
    parameters: { of: { type: "spec", meaning: "the other" }, by: { type: "number", meaning: "the factor" } },
    make: (spec, _stream, part) => {
      const { draw, mean } = part(spec.of, "of");
      const by = spec.by;
      return { draw: () => draw() * by, mean: by === 0 ? 0 : mean * by };
    },
  },
  clamped: {
    meaning: "another distribution; what is beyond an end becomes that end",
    parameters: {
      of: { type: "spec", meaning: "the other" },
      min: optional("value", "the least", "no end"),
      max: optional("value", "the greatest", "no end"),
    },
    make: (spec, _stream, part, path) => {
      const { draw, wholes, whole } = part(spec.of, "of");
      const { min, max } = ends(spec, path);
      // Between whole ends it does not matter what comes first.
      const isWhole = [min, max].every((end) => Number.isSafeInteger(end) || Math.abs(end) === Infinity);
      return {
        draw: () => Math.min(Math.max(draw(), min), max),
        mean: Number.NaN,
        wholes: wholes && isWhole ? clampedWholes(wholes, min, max) : undefined,
        whole: whole && isWhole ? (u) => Math.min(Math.max(whole(u), min), max) : undefined,
      };
    },
  },
};

/** max − min, after a check that it is no less than 0. */
function orderedWidth(spec: { readonly min: number; readonly max: number }, path: Path): number {
  if (spec.max < spec.min)
    throw new SpecError([...path, "max"], `max (${spec.max}) is below min (${spec.min})`);
  if (spec.max - spec.min > Number.MAX_VALUE)
    throw new SpecError([...path, "max"], "max is too far above min");
  return spec.max - spec.min;
}

/** Both ends, infinite where they are left out. */
function ends(
  spec: { readonly min?: number | undefined; readonly max?: number | undefined },
  path: Path,
): { min: number; max: number } {
  const min = spec.min ?? Number.NEGATIVE_INFINITY;
  const max = spec.max ?? Number.POSITIVE_INFINITY;
  if (max < min) throw new SpecError([...path, "max"], `max (${max}) is below min (${min})`);
  return { min, max };
}

function exponentialDraws(mean: number, stream: RandomStream): Made {
  const rate = 1 / mean;
  const whole = wholeExponentials(rate);
  return {
    draw: randomExponential.source(stream.double)(rate),
    mean,
    wholes: (into) => {
      stream.doubles(into);
      whole(into);
    },
    whole: (u) => nearestWhole(exponential(u) / rate),
  };
}

/** Draws of a mixture. Where each part takes one number of the stream, they are asked of it in pairs. */
function mixedWholes(
  alias: AliasTable,
  parts: readonly Made[],
  stream: RandomStream,
): (into: Float64Array) => void {
  const wholes = parts.flatMap(({ whole }) => whole ?? []);
  if (wholes.length < parts.length) {
    const draws = parts.map(({ draw }) => draw);
    return roundedDraws(() => draws[alias.index(stream.double())]!());
  }
  let pairs = new Float64Array(0);
  return (into) => {
    const count = 2 * into.length;
    if (pairs.length < count) pairs = new Float64Array(count);
    const drawn = pairs.length === count ? pairs : pairs.subarray(0, count);
    stream.doubles(drawn);
    for (let i = 0; i < into.length; i++) into[i] = wholes[alias.index(drawn[2 * i]!)]!(drawn[2 * i + 1]!);
  };
}

function wholeNormal(mean: number, deviation: number, stream: RandomStream): Made {
  return { draw: () => mean + deviation * standardNormal(stream.double()), mean };
}

/**
 * Normal between two ends, by inversion of the part of Φ between them. Where that part lies above the mean it is
 * mirrored, since probabilities near 0 are told apart far better than those near 1.
 */
function truncatedNormal(spec: SpecOf<"normal">, stream: RandomStream, path: Path): Made {
  const { mean, deviation } = spec;
  const { min, max } = ends(spec, path);
  let low = (min - mean) / deviation;
  let high = (max - mean) / deviation;
  const sign = low > 0 ? -1 : 1;
  if (sign < 0) [low, high] = [-high, -low];
  const from = low === Number.NEGATIVE_INFINITY ? 0 : cumulative(low);
  const width = (high === Number.POSITIVE_INFINITY ? 1 : cumulative(high)) - from;
  if (!(width > 1e-280)) {
    throw new SpecError(path, `next to nothing of this normal distribution lies from ${min} to ${max}`);
  }
  const draw = (): number => {
    // The middle of the step of 2^-53, as in standardNormal; rounding may yet put it past an end.
    const u = stream.double();
    const p = from + (u + 2 ** -54) * width;
    const z = p <= 0.5 ? lowerQuantile(p) : -lowerQuantile(Math.max(1 - p, 2 ** -54));
    return Math.min(Math.max(mean + sign * deviation * z, min), max);
  };
  const atEnds = (Number.isFinite(low) ? density(low) : 0) - (Number.isFinite(high) ? density(high) : 0);
  return { draw, mean: mean + (sign * deviation * atEnds) / width };
}

/** Pareto with its tail cut off, by inversion. */
function boundedPareto(min: number, max: number, shape: number, stream: RandomStream, path: Path): Made {
  if (max < min) throw new SpecError([...path, "max"], `max (${max}) is below min (${min})`);
  // What of the uncut distribution lies above min and up to max.
  const share = 1 - (min / max) ** shape;
  const exponent = -1 / shape;
  const draw = (): number => Math.min(min * (1 - stream.double() * share) ** exponent, max);
  if (share === 0) return { draw, mean: min };
  const ratio = min / max;
  const mean =
    shape === 1
      ? (min * -Math.log(ratio)) / share
      : ((min * shape) / (shape - 1)) * ((1 - ratio ** (shape - 1)) / share);
  return { draw, mean };
}

/** Values with weights. */
function table(values: readonly number[], weights: readonly number[], stream: RandomStream): Made {
  const alias = new AliasTable(weights);
  const drawn = Float64Array.from(values);
  const rounded = drawn.map(nearestWhole);
  return {
    draw: () => drawn[alias.index(stream.double())]!,
    mean: weightedMean(values, weights),
    wholes: (into) => {
      stream.doubles(into);
      for (let i = 0; i < into.length; i++) into[i] = rounded[alias.index(into[i]!)]!;
    },
    whole: (u) => rounded[alias.index(u)]!,
  };
}

function weightedMean(values: readonly number[], weights: readonly number[]): number {
  // Each weight is made a share first, so that no product is too great.
  const greatest = weights.reduce((max, weight) => Math.max(max, weight), 0);
  const total = weights.reduce((sum, weight) => sum + weight / greatest, 0);
  return values.reduce((sum, each, i) => sum + each * (weights[i]! / greatest / total), 0);
}

/** Buckets side by side, uniform within each; one of no width is a single value. */
function buckets(
  edges: readonly number[],
  weights: readonly number[],
  stream: RandomStream,
  path: Path,
): Made {
  if (edges.length !== weights.length + 1) {
    throw new SpecError(
      path,
      `${weights.length} buckets have ${weights.length + 1} edges, not ${edges.length}`,
    );
  }
  const fall = edges.findIndex((edge, i) => i > 0 && edge < edges[i - 1]!);
  if (fall >= 0)
    throw new SpecError([...path, fall], `${edges[fall]} comes after ${edges[fall - 1]}, but edges rise`);
  const alias = new AliasTable(weights);
  const starts = Float64Array.from(edges);
  const draw = (): number => {
    const bucket = alias.index(stream.double());
    const start = starts[bucket]!;
    return start + stream.double() * (starts[bucket + 1]! - start);
  };
  const middles = weights.map((_, i) => edges[i]! / 2 + edges[i + 1]! / 2);
  return { draw, mean: weightedMean(middles, weights) };
}

/** A cumulative distribution is a histogram whose buckets lie between its points. */
function cumulativePoints(
  points: readonly (readonly [number, number])[],
  stream: RandomStream,
  path: Path,
): Made {
  const shares = points.map(([, share]) => share);
  const last = shares.length - 1;
  if (shares[last] !== 1) throw new SpecError([...path, last], `the last share is 1, not ${shares[last]}`);
  if (shares[0]! < 0) throw new SpecError([...path, 0], `a share is from 0 to 1, not ${shares[0]}`);
  const fall = shares.findIndex((share, i) => i > 0 && share < shares[i - 1]!);
  if (fall >= 0)
    throw new SpecError(
      [...path, fall],
      `share ${shares[fall]} comes after ${shares[fall - 1]}, but shares rise`,
    );
  // What is not above the first value is all at the first value: a bucket of no width.
  const edges = [points[0]![0], ...points.map(([x]) => x)];
  const weights = shares.map((share, i) => share - (i > 0 ? shares[i - 1]! : 0));
  return buckets(edges, weights, stream, path);
}

/** Γ(x) for x from 1 on, to a relative 1e-14 (Lanczos with g = 7 and nine terms, as in Numerical Recipes, 3rd ed., 6.1). */
function gammaFunction(x: number): number {
  const terms = [
    676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
    -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
  ];
  const sum = terms.reduce((total, term, i) => total + term / (x + i), 0.9999999999998099);
  const t = x + 6.5;
  // The power in two halves, which are finite where the whole is not yet.
  const half = t ** ((x - 0.5) / 2);
  return Math.sqrt(2 * Math.PI) * half * Math.exp(-t) * half * sum;
}
