/**
 * The table of curves: to add one, add its members to CurveSpec, a row here, and a row in docs/engine.md.
 *
 * A row says what the parameters are and makes a curve: its value at a time, and where the piece ends that goes on
 * after a time (see curves.ts for what a piece is). Times within an evaluation may have fractions.
 */

import type { RandomStream } from "../random-streams.js";
import { type Parameter, type Parameters, type Path, SpecError } from "../specs.js";
import { extreme } from "./extremes.js";
import type { CurveKind, CurveSpec, CurveSpecOf } from "./specs.js";
import { RandomWalk } from "./walk.js";

export interface Curve {
  /** The value at a time from 0, ns; fractions are allowed. */
  at(tNs: number): number;
  /** The first time after tNs at which another piece starts, Infinity when the curve is constant from tNs on. */
  pieceEndNs(tNs: number): number;
}

/** Makes a curve within another, described by what is at the end of the path. */
export type MakeCurve = (spec: CurveSpec, ...path: readonly (string | number)[]) => Curve;

export interface CurveKindRow<Spec> {
  /** For the manual: what it is, in a few words. */
  readonly meaning: string;
  readonly parameters: Parameters<Spec>;
  readonly make: (spec: Spec, part: MakeCurve, path: Path, stream: () => RandomStream) => Curve;
}

const never = (): number => Number.POSITIVE_INFINITY;

/** Pieces of a sine in a period. */
const ARCS = 32;

const value = (meaning: string): Parameter => ({ type: "value", meaning });
const time = (meaning: string): Parameter => ({ type: "time", meaning });
const duration = (meaning: string): Parameter => ({ type: "duration", meaning });
const optional = (type: Parameter["type"], meaning: string, otherwise: string): Parameter => ({
  type,
  meaning,
  otherwise,
});
const inner: Parameter = { type: "spec", meaning: "the other curve" };
const inners: Parameter = { type: "specs", meaning: "the other curves" };

export const CURVES: { readonly [K in CurveKind]: CurveKindRow<CurveSpecOf<K>> } = {
  constant: {
    meaning: "always the same",
    parameters: { value: value("its value") },
    make: (spec) => ({ at: () => spec.value, pieceEndNs: never }),
  },
  ramp: {
    meaning: "a straight line from one value to another, constant before and after",
    parameters: {
      from: value("the value up to the start"),
      to: value("the value from the end on"),
      startNs: optional("time", "when it starts to move", "0"),
      durationNs: duration("how long it moves"),
    },
    make: ({ from, to, startNs = 0, durationNs }) =>
      polyline([
        [startNs, from],
        [startNs + durationNs, to],
      ]),
  },
  step: {
    meaning: "one value, then another",
    parameters: {
      before: value("the first value"),
      after: value("the second value"),
      atNs: time("when the second begins"),
    },
    make: ({ before, after, atNs }) => ({
      at: (t) => (t < atNs ? before : after),
      pieceEndNs: (t) => (t < atNs ? atNs : Number.POSITIVE_INFINITY),
    }),
  },
  pulse: {
    meaning: "another value for a while",
    parameters: {
      base: optional("value", "the value before and after", "0"),
      value: value("the value meanwhile"),
      startNs: time("when it begins"),
      durationNs: duration("how long it lasts"),
    },
    make: ({ base = 0, value: height, startNs, durationNs }) => {
      const endNs = startNs + durationNs;
      return {
        at: (t) => (t >= startNs && t < endNs ? height : base),
        pieceEndNs: (t) => (t < startNs ? startNs : t < endNs ? endNs : Number.POSITIVE_INFINITY),
      };
    },
  },
  oscillate: {
    meaning: "a sine: mean + amplitude · sin(2π · (t / period + phase))",
    parameters: {
      mean: value("the value it swings about"),
      amplitude: value("how far it swings to either side"),
      periodNs: duration("from crest to crest"),
      phase: optional("number", "where it starts, as a share of the period; 0.25 is the crest", "0"),
    },
    make: ({ mean, amplitude, periodNs, phase = 0 }) => ({
      // The share of the period first: a sine of a large number would lose digits.
      at: (t) => mean + amplitude * Math.sin(2 * Math.PI * fraction((t % periodNs) / periodNs + phase)),
      pieceEndNs: (t) => nextMultiple(t, periodNs / ARCS),
    }),
  },
  sawtooth: {
    meaning: "rises in a straight line and falls at once, again and again",
    parameters: {
      min: value("where a rise starts"),
      max: value("where a rise ends; below min it falls slowly and rises at once"),
      periodNs: duration("how long a rise takes"),
      phase: optional("number", "where it starts, as a share of the period", "0"),
    },
    make: ({ min, max, periodNs, phase = 0 }) => {
      const ahead = fraction(phase) * periodNs;
      return {
        at: (t) => min + ((max - min) * ((t + ahead) % periodNs)) / periodNs,
        pieceEndNs: (t) => nextMultiple(t + ahead, periodNs) - ahead,
      };
    },
  },
  walk: {
    meaning: "a random walk: one step up or down at each interval, reflected at both ends",
    parameters: {
      start: value("the value during the first interval"),
      step: { type: "value from 0", meaning: "how far a step goes" },
      intervalNs: duration("how long a value lasts; at most 2^22 of them are walked"),
      min: optional("value", "it turns back here", "no end"),
      max: optional("value", "it turns back here", "no end"),
    },
    make: (spec, _part, path, stream) => new RandomWalk(spec, stream(), path),
  },
  piecewise: {
    meaning: "straight lines between points, constant before the first and after the last",
    parameters: {
      points: {
        type: "points",
        meaning: "pairs [time in ns, value], the times whole and rising; two at one time make a jump",
      },
    },
    make: ({ points }, _part, path) => {
      points.forEach(([t], i) => {
        const where = [...path, "points", i];
        if (!(Number.isSafeInteger(t) && t >= 0))
          throw new SpecError(where, `a time is whole ns from 0, not ${t}`);
        if (i > 0 && t < points[i - 1]![0])
          throw new SpecError(where, `${t} ns comes after ${points[i - 1]![0]} ns`);
      });
      return polyline(points);
    },
  },
  scale: {
    meaning: "another curve, multiplied",
    parameters: { of: inner, by: { type: "number", meaning: "the factor" } },
    make: ({ of, by }, part) => {
      const other = part(of, "of");
      return { at: (t) => other.at(t) * by, pieceEndNs: (t) => other.pieceEndNs(t) };
    },
  },
  offset: {
    meaning: "another curve with a constant added",
    parameters: { of: inner, by: value("what is added") },
    make: ({ of, by }, part) => {
      const other = part(of, "of");
      return { at: (t) => other.at(t) + by, pieceEndNs: (t) => other.pieceEndNs(t) };
    },
  },
  sum: {
    meaning: "several curves added",
    parameters: { of: inners },
    make: ({ of }, part) =>
      combined(
        of.map((each, i) => part(each, "of", i)),
        0,
        (a, b) => a + b,
      ),
  },
  product: {
    meaning: "several curves multiplied",
    parameters: { of: inners },
    make: ({ of }, part) =>
      combined(
        of.map((each, i) => part(each, "of", i)),
        1,
        (a, b) => a * b,
      ),
  },
  min: {
    meaning: "the least of several curves",
    parameters: { of: inners },
    make: ({ of }, part) =>
      of.map((each, i) => part(each, "of", i)).reduce((a, b) => extreme(a, b, Math.min)),
  },
  max: {
    meaning: "the greatest of several curves",
    parameters: { of: inners },
    make: ({ of }, part) =>
      of.map((each, i) => part(each, "of", i)).reduce((a, b) => extreme(a, b, Math.max)),
  },
  clamp: {
    meaning: "another curve; what is beyond an end becomes that end",
    parameters: {
      of: inner,
      min: optional("value", "the least", "no end"),
      max: optional("value", "the greatest", "no end"),
    },
    make: ({ of, min, max }, part, path) => {
      if (min !== undefined && max !== undefined && max < min) {
        throw new SpecError([...path, "max"], `max (${max}) is below min (${min})`);
      }
      const other = part(of, "of");
      const raised = min === undefined ? other : extreme(other, level(min), Math.max);
      return max === undefined ? raised : extreme(raised, level(max), Math.min);
    },
  },
  delay: {
    meaning: "another curve, later; until then its first value",
    parameters: { of: inner, byNs: time("how much later") },
    make: ({ of, byNs }, part) => {
      const other = part(of, "of");
      return {
        at: (t) => other.at(Math.max(t - byNs, 0)),
        pieceEndNs: (t) => (t < byNs ? byNs : other.pieceEndNs(t - byNs) + byNs),
      };
    },
  },
  repeat: {
    meaning: "the beginning of another curve, again and again",
    parameters: {
      of: inner,
      periodNs: duration("how much of it is repeated"),
      times: optional(
        "count",
        "how often it runs; after that the other curve goes on from the last end",
        "for ever",
      ),
    },
    make: ({ of, periodNs, times = Number.POSITIVE_INFINITY }, part) =>
      repeated(part(of, "of"), periodNs, times),
  },
};

function level(constant: number): Curve {
  return { at: () => constant, pieceEndNs: never };
}

/** The curve, or 0 where it is below. */
export function aboveZero(of: Curve): Curve {
  return extreme(of, level(0), Math.max);
}

/** x without its whole part, at least 0 and below 1. */
function fraction(x: number): number {
  return x - Math.floor(x);
}

/** The first whole multiple of a width that comes after a time, in spite of rounding. */
function nextMultiple(t: number, width: number): number {
  const k = Math.floor(t / width) + 1;
  return k * width > t ? k * width : (k + 1) * width;
}

/** Several curves, made one from left to right. */
function combined(parts: readonly Curve[], first: number, combine: (a: number, b: number) => number): Curve {
  return {
    at: (t) => {
      let result = first;
      for (const part of parts) result = combine(result, part.at(t));
      return result;
    },
    pieceEndNs: (t) => {
      let end = Number.POSITIVE_INFINITY;
      for (const part of parts) end = Math.min(end, part.pieceEndNs(t));
      return end;
    },
  };
}

/** Straight lines between points whose times never fall. */
function polyline(points: readonly (readonly [number, number])[]): Curve {
  const times = Float64Array.from(points, ([t]) => t);
  const values = Float64Array.from(points, ([, y]) => y);
  const last = times.length - 1;
  /** How many points are at or before a time. */
  const passed = (t: number): number => {
    let low = 0;
    let high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle]! <= t) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    at: (t) => {
      const next = passed(t);
      if (next === 0) return values[0]!;
      if (next > last) return values[last]!;
      const share = (t - times[next - 1]!) / (times[next]! - times[next - 1]!);
      return values[next - 1]! + share * (values[next]! - values[next - 1]!);
    },
    pieceEndNs: (t) => times[passed(t)] ?? Number.POSITIVE_INFINITY,
  };
}

/** The first period of a curve, again and again; after the last time the curve itself goes on. */
function repeated(other: Curve, periodNs: number, times: number): Curve {
  /** When the run began that a time lies in. */
  const runStart = (t: number): number => Math.min(Math.floor(t / periodNs), times - 1) * periodNs;
  return {
    at: (t) => other.at(t - runStart(t)),
    pieceEndNs: (t) => {
      const start = runStart(t);
      const end = other.pieceEndNs(t - start) + start;
      return start === (times - 1) * periodNs ? end : Math.min(end, start + periodNs);
    },
  };
}
