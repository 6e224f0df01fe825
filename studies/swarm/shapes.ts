/** Random distributions and curves of every kind that the schema knows. */

import type { CurveInput } from "../../scenarios/schema/curves.js";
import type { DistributionInput } from "../../scenarios/schema/distributions.js";
import type { Draw } from "./draw.js";

/** What is drawn from a distribution: how it is written, and from where to where it makes sense. */
export interface Quantity {
  readonly unit: "B" | "ns" | "";
  readonly min: number;
  readonly max: number;
  /** Whether `forever` is one of its values. */
  readonly forever?: boolean;
}

const COMMON = [
  "constant",
  "uniform",
  "exponential",
  "normal",
  "lognormal",
  "pareto",
  "gamma",
  "weibull",
  "choice",
  "histogram",
  "empirical",
  "scaled",
  "shifted",
  "mixture",
] as const;
const COUNTING = ["geometric", "poisson", "zipf"] as const;

type Kind = (typeof COMMON)[number] | (typeof COUNTING)[number];

/** A random distribution. What has no end of its own is cut off, lest one draw fill all memory. */
export function distribution(draw: Draw, of: Quantity, depth = 2): DistributionInput {
  if (of.forever && draw.chance(0.15)) return "forever";
  if (draw.chance(0.25)) return written(of, draw.wholeMagnitude(of.min, of.max));
  const kind: Kind = draw.pick(of.unit === "" ? [...COMMON, ...COUNTING] : COMMON);
  const shape = SHAPES[kind](draw, of, depth);
  if (typeof shape !== "object") return shape;
  const least = draw.chance(0.2) ? { atLeast: written(of, of.min) } : {};
  return { ...shape, ...least, atMost: written(of, of.max) } as DistributionInput;
}

function written({ unit }: Quantity, value: number): string | number {
  return unit === "" ? value : `${value}${unit}`;
}

type Shape = (draw: Draw, of: Quantity, depth: number) => DistributionInput;

const value = (draw: Draw, of: Quantity): string | number => written(of, draw.wholeMagnitude(of.min, of.max));
const tailShape = (draw: Draw): number => Number(draw.magnitude(0.3, 5).toFixed(3));
const inner: Shape = (draw, of, depth) => (depth > 0 ? distribution(draw, of, depth - 1) : value(draw, of));

const SHAPES: Readonly<Record<Kind, Shape>> = {
  constant: (draw, of) => ({ constant: value(draw, of) }),
  uniform: (draw, of) => {
    const [min, max] = draw.rising(2, of.min, of.max);
    return { uniform: { min: written(of, min!), max: written(of, max!) } };
  },
  exponential: (draw, of) => ({ exponential: { mean: value(draw, of) } }),
  normal: (draw, of) => ({ normal: { mean: value(draw, of), deviation: value(draw, of) } }),
  lognormal: (draw, of) => ({
    lognormal: { [draw.pick(["median", "mean"])]: value(draw, of), sigma: tailShape(draw) },
  }),
  pareto: (draw, of) => ({ pareto: { min: value(draw, of), shape: tailShape(draw) } }),
  gamma: (draw, of) => ({
    gamma: { [draw.pick(["mean", "scale"])]: value(draw, of), shape: tailShape(draw) },
  }),
  weibull: (draw, of) => ({ weibull: { scale: value(draw, of), shape: tailShape(draw) } }),
  geometric: (draw, of) => ({ geometric: { mean: value(draw, of) } }),
  poisson: (draw, of) => ({ poisson: { mean: value(draw, of) } }),
  zipf: (draw, of) => ({ zipf: { max: value(draw, of), exponent: tailShape(draw) } }),
  choice: (draw, of) => {
    const values = draw.list(1, 5, () => [value(draw, of), draw.integer(0, 5)] as const);
    if (of.forever && draw.chance(0.3)) values.push(["forever", 1]);
    return { choice: Object.fromEntries([...values, [value(draw, of), 1]]) };
  },
  histogram: (draw, of) => {
    const edges = draw.rising(draw.integer(2, 6), of.min, of.max);
    const weights = edges.slice(1).map((_, i) => (i === 0 ? 1 : draw.integer(0, 4)));
    return { histogram: { edges: edges.map((edge) => written(of, edge)), weights } };
  },
  empirical: (draw, of) => {
    const values = draw.rising(draw.integer(2, 6), of.min, of.max);
    const last = values.length - 1;
    return {
      empirical: Object.fromEntries(
        values.map((v, i) => [`${Math.floor((100 * i) / last)}%`, written(of, v)]),
      ),
    };
  },
  scaled: (draw, of, depth) => ({ scaled: { of: inner(draw, of, depth), by: tailShape(draw) } }),
  shifted: (draw, of, depth) => ({
    shifted: { of: inner(draw, of, depth), by: written(of, draw.integer(0, of.min * 10)) },
  }),
  mixture: (draw, of, depth) => ({
    mixture: draw.list(1, 3, (i) => ({
      weight: i === 0 ? 1 : `${draw.integer(0, 100)}%`,
      of: inner(draw, of, depth),
    })),
  }),
};

/** What a curve is of: rates are `/s` or `B/s`, other curves plain numbers. */
export type CurveUnit = "/s" | "B/s" | "";

const CURVES = [
  "constant",
  "ramp",
  "step",
  "pulse",
  "oscillate",
  "sawtooth",
  "randomWalk",
  "piecewise",
  "scale",
  "offset",
  "sum",
  "product",
  "min",
  "max",
  "clamp",
  "delay",
  "repeat",
] as const;

/** A random curve with values around `level`, over a window of `lengthNs`. */
export function curve(draw: Draw, unit: CurveUnit, level: number, lengthNs: number, depth = 2): CurveInput {
  const at = (v: number): string | number =>
    unit === "" ? Number(v.toPrecision(6)) : `${Number(v.toPrecision(6))}${unit}`;
  const v = () => at(draw.chance(0.15) ? 0 : draw.magnitude(level / 10, level * 3));
  const t = () => `${draw.integer(0, lengthNs)}ns`;
  const period = () => `${draw.wholeMagnitude(Math.max(1, lengthNs / 100), lengthNs)}ns`;
  const of = () => (depth > 0 ? curve(draw, unit, level, lengthNs, depth - 1) : v());
  const range = (): [number, number] => [level * draw.real(0, 0.9), level * draw.real(1, 3)];
  const bounds = ([min, max] = range()) => ({ min: at(min), max: at(max) });
  if (draw.chance(0.3)) return v();
  switch (draw.pick(CURVES)) {
    case "constant":
      return { constant: v() };
    case "ramp":
      return { ramp: { from: v(), to: v(), over: period(), ...draw.some(0.3, { start: t }) } };
    case "step":
      return { step: { before: v(), after: v(), at: t() } };
    case "pulse": {
      const width = draw.wholeMagnitude(Math.max(1, lengthNs / 1000), Math.max(1, lengthNs / 2));
      const start = draw.integer(0, lengthNs);
      const at = start === 0 ? {} : { at: `${start}ns` };
      const every = () => `${start + width + draw.integer(0, lengthNs)}ns`;
      return { pulse: { base: v(), peak: v(), width: `${width}ns`, ...at, ...draw.some(0.5, { every }) } };
    }
    case "oscillate":
      return {
        oscillate: {
          mean: v(),
          amplitude: v(),
          period: period(),
          ...draw.some(0.5, { phase: () => draw.real(-1, 2) }),
        },
      };
    case "sawtooth":
      return {
        sawtooth: { ...bounds(), period: period(), ...draw.some(0.5, { phase: () => draw.real(0, 1) }) },
      };
    case "randomWalk": {
      const every = period();
      const [min, max] = range();
      // A step is no longer than the way from min to max, which may be short.
      const step = Math.min(level / 5, (max - min) / 2);
      return { randomWalk: { start: at(level), step: at(step), every, ...bounds([min, max]) } };
    }
    case "piecewise":
      return { piecewise: draw.rising(draw.integer(1, 5), 1, lengthNs).map((ns) => [`${ns}ns`, v()]) };
    case "scale":
      return { scale: { of: of(), by: draw.real(0, 2) } };
    case "offset":
      return { offset: { of: of(), by: at((draw.chance(0.5) ? -1 : 1) * level * draw.real(0, 1)) } };
    case "sum":
      return { sum: draw.list(1, 3, of) };
    case "product":
      return { product: [of(), curve(draw, "", 1, lengthNs, 0)] };
    case "min":
      return { min: draw.list(1, 3, of) };
    case "max":
      return { max: draw.list(1, 3, of) };
    case "clamp":
      return { clamp: { of: of(), ...bounds() } };
    case "delay":
      return { delay: { of: of(), by: t() } };
    case "repeat":
      return {
        repeat: { of: of(), every: period(), ...draw.some(0.5, { times: () => draw.integer(1, 5) }) },
      };
  }
}
