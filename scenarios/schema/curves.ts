/**
 * Curves of time as a scenario writes them. What they mean is said in engine/curves.ts; here is only their spelling, the
 * units of their numbers, and what is impossible.
 *
 *     rate: 1000/s
 *     rate: {ramp: {from: 0/s, to: 5000/s, over: 10s}}
 *     rate: {sum: [200/s, {pulse: {base: 0/s, peak: 1000/s, at: 5s, width: 1s, every: 20s}}]}
 *     rate: {piecewise: [[0s, 100/s], [10s, 400/s]]}
 */

import { z } from "zod";
import type { CurveSpec } from "../scenario.js";
import {
  byteRate,
  count,
  duration,
  fail,
  number,
  object,
  period,
  positiveDuration,
  type QuantityInput,
  type QuantityType,
  quantity,
  rate,
} from "./common.js";
import { type Kind, kind, tagged } from "./tagged.js";

type Q = QuantityInput;

/** A curve as a file or a program writes it. */
export type CurveInput =
  | Q
  | { constant: Q }
  | { ramp: { from: Q; to: Q; over: Q; start?: Q } }
  | { step: { before: Q; after: Q; at: Q } }
  | { pulse: { base: Q; peak: Q; at?: Q; width: Q; every?: Q } }
  | { oscillate: { mean: Q; amplitude: Q; period: Q; phase?: Q } }
  | { sawtooth: { min: Q; max: Q; period: Q; phase?: Q } }
  | { randomWalk: { start: Q; step: Q; every: Q; min: Q; max: Q } }
  | { piecewise: readonly (readonly [Q, Q])[] }
  | { scale: { of: CurveInput; by: number } }
  | { offset: { of: CurveInput; by: Q } }
  | { sum: readonly CurveInput[] }
  | { product: readonly CurveInput[] }
  | { min: readonly CurveInput[] }
  | { max: readonly CurveInput[] }
  | { clamp: { of: CurveInput; min?: Q; max?: Q } }
  | { delay: { of: CurveInput; by: Q } }
  | { repeat: { of: CurveInput; every: Q; times?: number } };

type Spec = CurveSpec;

function curve(id: string, about: string, unit: QuantityType): z.ZodType<Spec, CurveInput> {
  const value = quantity(unit);
  const signed = quantity({ ...unit, min: -unit.max, range: unit.range.replace(/^from \S+/, "up") });
  const time = quantity(duration);
  const length = quantity(positiveDuration);
  const self: z.ZodType<Spec, CurveInput> = tagged<Spec, CurveInput>("a curve", id, about, {
    constant: kind(value, (v): Spec => ({ kind: "constant", value: v })),
    ramp: kind(
      object({ from: value, to: value, over: length, start: time.optional() }),
      (v): Spec => ({ kind: "ramp", from: v.from, to: v.to, startNs: v.start ?? 0, durationNs: v.over }),
    ),
    step: kind(
      object({ before: value, after: value, at: time }),
      (v): Spec => ({ kind: "step", before: v.before, after: v.after, atNs: v.at }),
    ),
    pulse: kind(pulse(value), (v): Spec => v),
    oscillate: kind(
      object({ mean: value, amplitude: value, period: length, phase: quantity(number).optional() }),
      (v): Spec => ({
        kind: "oscillate",
        mean: v.mean,
        amplitude: v.amplitude,
        periodNs: v.period,
        phase: v.phase ?? 0,
      }),
    ),
    sawtooth: kind(
      object({ min: value, max: value, period: length, phase: quantity(number).optional() }).superRefine(
        ordered,
      ),
      (v): Spec => ({ kind: "sawtooth", min: v.min, max: v.max, periodNs: v.period, phase: v.phase ?? 0 }),
    ),
    randomWalk: kind(
      object({ start: value, step: value, every: length, min: value, max: value }).superRefine(walkable),
      (v): Spec => ({
        kind: "walk",
        start: v.start,
        step: v.step,
        intervalNs: v.every,
        min: v.min,
        max: v.max,
      }),
    ),
    piecewise: kind(points(value), (v): Spec => v),
    ...combinations(() => self, value, signed),
  });
  return self;
}

/** Curves made of other curves. */
function combinations(
  self: () => z.ZodType<Spec, CurveInput>,
  value: z.ZodType<number, Q>,
  signed: z.ZodType<number, Q>,
): Record<string, Kind<Spec>> {
  const of = z.lazy(self);
  const several = z.array(of).min(1);
  const factors = z.tuple(
    [of],
    z.lazy(() => numberCurve),
  );
  return {
    scale: kind(object({ of, by: quantity(number) }), (v): Spec => ({ kind: "scale", ...v })),
    offset: kind(object({ of, by: signed }), (v): Spec => ({ kind: "offset", ...v })),
    sum: kind(several, (v): Spec => ({ kind: "sum", of: v })),
    product: kind(factors, (v): Spec => ({ kind: "product", of: v })),
    min: kind(several, (v): Spec => ({ kind: "min", of: v })),
    max: kind(several, (v): Spec => ({ kind: "max", of: v })),
    clamp: kind(
      object({ of, min: value.optional(), max: value.optional() }).superRefine(ordered),
      (v): Spec => ({
        kind: "clamp",
        of: v.of,
        ...(v.min === undefined ? {} : { min: v.min }),
        ...(v.max === undefined ? {} : { max: v.max }),
      }),
    ),
    delay: kind(
      object({ of, by: quantity(duration) }),
      (v): Spec => ({ kind: "delay", of: v.of, byNs: v.by }),
    ),
    repeat: kind(
      object({
        of,
        every: quantity(positiveDuration),
        times: quantity(count("a whole number", "5", 1, 1e6)).optional(),
      }),
      (v): Spec => ({
        kind: "repeat",
        of: v.of,
        periodNs: v.every,
        ...(v.times === undefined ? {} : { times: v.times }),
      }),
    ),
  };
}

function pulse(value: z.ZodType<number, Q>) {
  return object({
    base: value,
    peak: value,
    at: quantity(duration).optional(),
    width: quantity(positiveDuration),
    every: quantity(period).optional(),
  }).transform((v, ctx): Spec => {
    const at = v.at ?? 0;
    const pulse: Spec = { kind: "pulse", base: v.base, value: v.peak, startNs: at, durationNs: v.width };
    if (v.every === undefined || v.every === Number.POSITIVE_INFINITY) return pulse;
    if (at + v.width > v.every) {
      fail(
        ctx,
        ["width"],
        "a pulse that is not over when the next one comes, expected at and width within every",
      );
    }
    return { kind: "repeat", of: pulse, periodNs: v.every };
  });
}

/** `[[0s, 100/s], [10s, 400/s]]` */
function points(value: z.ZodType<number, Q>) {
  return z
    .array(z.tuple([quantity(duration), value]))
    .min(1)
    .transform((list, ctx): Spec => {
      const back = list.findIndex(([time], i) => i > 0 && time < list[i - 1]![0]);
      if (back > 0)
        fail(ctx, [back, 0], "a point before the one above it, expected times that do not go back");
      const third = list.findIndex(([time], i) => i > 1 && time === list[i - 2]![0]);
      if (third > 0)
        fail(ctx, [third, 0], "a third point at one time, expected two at most, which make a jump");
      return { kind: "piecewise", points: list };
    });
}

function ordered(
  value: { min?: number | undefined; max?: number | undefined },
  ctx: z.core.$RefinementCtx,
): void {
  if (value.min !== undefined && value.max !== undefined && value.min > value.max) {
    fail(ctx, ["min"], "min is above max, expected min to be at most max");
  }
}

/** A walk begins between its ends, and a step turns back at most once. */
function walkable(
  value: { start: number; step: number; min: number; max: number },
  ctx: z.core.$RefinementCtx,
): void {
  ordered(value, ctx);
  if (value.min > value.max) return;
  if (value.start < value.min || value.start > value.max) {
    fail(ctx, ["start"], "start is outside of min and max, expected a value between them");
  }
  if (value.step > value.max - value.min) {
    fail(ctx, ["step"], "a step is longer than the way from min to max, expected a shorter one");
  }
}

/** Curves by their unit. */
export const numberCurve: z.ZodType<Spec, CurveInput> = curve(
  "NumberCurve",
  "A number, or a curve of numbers over time",
  {
    ...number,
    min: 0,
    range: "of 0 or more",
  },
);
export const rateCurve: z.ZodType<Spec, CurveInput> = curve(
  "RateCurve",
  "Events per second, or a curve of such rates over time",
  rate,
);
export const byteRateCurve: z.ZodType<Spec, CurveInput> = curve(
  "ByteRateCurve",
  "Bytes per second, or a curve of such rates over time",
  byteRate,
);
