/**
 * Numbers with units: what `64KiB`, `10ms`, `1000/s`, `100MiB/s`, `25%` and `3` have in common.
 *
 * A quantity is an exact number in base units (bytes, nanoseconds) and its dimension, which says how often bytes and time
 * are factors of it. Multiplying quantities adds dimensions, so `64MiB / 10s` is a byte rate by itself and `10ms * 1000/s`
 * a plain number; adding a size to a duration is an error.
 *
 *     dimension   bytes  time   written as          base unit
 *     number        0     0     3  1e6  25%         1
 *     size          1     0     64KiB               byte
 *     duration      0     1     10ms                ns
 *     rate          0    −1     1000/s              1/ns
 *     byte rate     1    −1     100MiB/s            bytes/ns
 */

import { DURATION_UNITS, SIZE_UNITS } from "../units.js";
import {
  divide,
  fromNumber,
  multiply,
  parseRational,
  type Rational,
  rational,
  toNumber,
} from "./rational.js";

/** How often bytes and time are factors. */
export interface Dimension {
  readonly bytes: number;
  readonly time: number;
}

/** An exact number of base units of a dimension. */
export interface Quantity {
  readonly value: Rational;
  readonly dimension: Dimension;
}

export const NUMBER: Dimension = { bytes: 0, time: 0 };
export const SIZE: Dimension = { bytes: 1, time: 0 };
export const DURATION: Dimension = { bytes: 0, time: 1 };
export const RATE: Dimension = { bytes: 0, time: -1 };
export const BYTE_RATE: Dimension = { bytes: 1, time: -1 };

const NAMES: readonly (readonly [Dimension, string])[] = [
  [NUMBER, "a number"],
  [SIZE, "a size"],
  [DURATION, "a duration"],
  [RATE, "a rate"],
  [BYTE_RATE, "a rate of bytes"],
];

/** Units that may follow a slash. */
const PER_UNITS = Object.keys(DURATION_UNITS).filter((unit) => unit !== "");

/** Whether two dimensions are the same. */
export function sameDimension(a: Dimension, b: Dimension): boolean {
  return a.bytes === b.bytes && a.time === b.time;
}

/** Whether a dimension is one that a scenario has a use for. */
export function isUsual(dimension: Dimension): boolean {
  return NAMES.some(([other]) => sameDimension(dimension, other));
}

/** A dimension in words: `a size`. */
export function dimensionName(dimension: Dimension): string {
  const known = NAMES.find(([other]) => sameDimension(dimension, other));
  if (known !== undefined) return known[1];
  const parts = [`bytes^${dimension.bytes}`, `time^${dimension.time}`];
  return `something in ${parts.filter((part) => !part.endsWith("^0")).join(" · ")}`;
}

/** A unit's size in base units and its dimension; `undefined` when there is no such unit. The empty unit is a number. */
export function unitOf(text: string): Quantity | undefined {
  if (text === "") return { value: rational(1n), dimension: NUMBER };
  if (text === "%") return { value: rational(1n, 100n), dimension: NUMBER };
  const [above, below, ...rest] = text.split("/");
  if (rest.length > 0) return undefined;
  if (below !== undefined) {
    const per = own(DURATION_UNITS, below);
    const size = above === "" ? 1 : own(SIZE_UNITS, above!);
    if (per === undefined || size === undefined) return undefined;
    return {
      value: divide(fromNumber(size), fromNumber(per)),
      dimension: above === "" ? RATE : BYTE_RATE,
    };
  }
  const bytes = own(SIZE_UNITS, text);
  if (bytes !== undefined) return { value: fromNumber(bytes), dimension: SIZE };
  const ns = own(DURATION_UNITS, text);
  return ns === undefined ? undefined : { value: fromNumber(ns), dimension: DURATION };
}

/** All units that may stand behind a number. */
export const UNIT_NAMES: readonly string[] = [
  ...Object.keys(SIZE_UNITS).filter((unit) => unit !== ""),
  ...PER_UNITS,
  "%",
  ...PER_UNITS.map((unit) => `/${unit}`),
  ...Object.keys(SIZE_UNITS).flatMap((size) =>
    size === "" ? [] : PER_UNITS.map((unit) => `${size}/${unit}`),
  ),
];

/** Reads a number with or without a unit. `undefined` when the text is none. */
export function parseQuantity(text: string): Quantity | undefined {
  const match = /^([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([a-zA-Zµ]*(?:\/[a-zA-Zµ]+)?|%)$/.exec(text.trim());
  if (match === null) return undefined;
  const number = parseRational(match[1]!);
  const unit = unitOf(match[2]!);
  if (number === undefined || unit === undefined) return undefined;
  return { value: multiply(number, unit.value), dimension: unit.dimension };
}

/** A plain number as a quantity. */
export function plain(value: number): Quantity {
  return { value: fromNumber(value), dimension: NUMBER };
}

/**
 * A quantity as a value of a scenario: a number when it has no unit, else text that reads back as the same quantity to
 * the precision of a double.
 * @param quantity of a usual dimension
 */
export function quantityToValue({ value, dimension }: Quantity): number | string {
  if (sameDimension(dimension, NUMBER)) return toNumber(value);
  if (sameDimension(dimension, SIZE)) return `${toNumber(value)}B`;
  if (sameDimension(dimension, DURATION)) return shortest(value);
  const perSecond = toNumber(multiply(value, rational(1_000_000_000n)));
  if (sameDimension(dimension, RATE)) return `${perSecond}/s`;
  return `${perSecond}B/s`;
}

/** A duration in the largest unit in which it is whole, so that messages show 20ms and not 20000000ns. */
function shortest(ns: Rational): string {
  const exact = toNumber(ns);
  for (const unit of ["h", "m", "s", "ms", "us"]) {
    const factor = DURATION_UNITS[unit]!;
    if (Number.isSafeInteger(exact / factor) && exact !== 0 && ns.den === 1n)
      return `${exact / factor}${unit}`;
  }
  return `${exact}ns`;
}

function own(table: Readonly<Record<string, number>>, key: string): number | undefined {
  return key !== "" && Object.hasOwn(table, key) ? table[key] : undefined;
}
