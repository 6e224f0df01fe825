/**
 * What all parts of the schema are made of: objects with known keys, names, and numbers with units.
 *
 * A quantity is checked by a transform of its own rather than by a pattern, so that the error can say what is wrong: no
 * unit, the unit of something else, out of range. Its `meta` says the same to the JSON Schema (see json-schema.ts).
 *
 * Messages are parts of sentences: "…expected a duration such as 10ms". Who reads the issues puts the place before them
 * (see ../load/messages.ts), and needs two things that zod does not tell: the keys that an object knows (`knownKeys`),
 * and whether a value was missing (`params.missing`).
 */

import { z } from "zod";
import { FOREVER_NS } from "../scenario.js";
import { describe } from "../values/describe.js";
import { nearMiss } from "../values/near-miss.js";
import {
  BYTE_RATE,
  type Dimension,
  DURATION,
  dimensionName,
  NUMBER,
  parseQuantity,
  plain,
  type Quantity,
  RATE,
  SIZE,
  sameDimension,
  UNIT_NAMES,
  unitOf,
} from "../values/quantity.js";
import { ArithmeticError, multiply, rational, toNumber } from "../values/rational.js";

/** What a scenario file writes for a quantity. */
export type QuantityInput = number | string;

/** A sort of number: its dimension, its range, and how to speak of it. */
export interface QuantityType {
  /** With article: `a duration`. */
  readonly what: string;
  readonly example: string;
  readonly dimension: Dimension;
  /** Whether the result is rounded to whole units; a number without unit must be whole as written. */
  readonly whole: boolean;
  /** Range of the result, both included. */
  readonly min: number;
  readonly max: number;
  /** The range in words: `of 1ns or more`. */
  readonly range: string;
  /** A word that may stand instead of a number, such as `forever`; empty: none. */
  readonly word: string;
  /** What the word stands for. */
  readonly wordValue: number;
}

const MAX = Number.MAX_SAFE_INTEGER;
const base = { whole: true, max: MAX, word: "", wordValue: 0 } as const;

/** Lengths of time in ns. */
export const duration: QuantityType = {
  ...base,
  what: "a duration",
  example: "10ms",
  dimension: DURATION,
  min: 0,
  range: "from 0ns to 104 days",
};
/** Lengths of time that may not be nothing. */
export const positiveDuration: QuantityType = { ...duration, min: 1, range: "from 1ns to 104 days" };
/** How long something lives: a duration or `forever`. */
export const lifetime: QuantityType = { ...duration, word: "forever", wordValue: FOREVER_NS };
/** A duration above zero or `forever`. */
export const period: QuantityType = {
  ...positiveDuration,
  word: "forever",
  wordValue: Number.POSITIVE_INFINITY,
};
/** Bytes. */
export const size: QuantityType = {
  ...base,
  what: "a size",
  example: "64KiB",
  dimension: SIZE,
  min: 0,
  range: "from 0B to 8191TiB",
};
export const positiveSize: QuantityType = { ...size, min: 1, range: "from 1B to 8191TiB" };
/** Events per second. */
export const rate: QuantityType = {
  what: "a rate",
  example: "1000/s",
  dimension: RATE,
  whole: false,
  min: 0,
  max: 1e12,
  range: "from 0/s to 1000/ns",
  word: "",
  wordValue: 0,
};
/** Bytes per second. */
export const byteRate: QuantityType = {
  ...rate,
  what: "a rate of bytes",
  example: "100MiB/s",
  dimension: BYTE_RATE,
  max: MAX,
  range: "of 0B/s or more",
};
export const positiveByteRate: QuantityType = { ...byteRate, min: 1, range: "of 1B/s or more" };
/** 0..1, or a percentage. */
export const ratio: QuantityType = {
  what: "a ratio",
  example: "25%",
  dimension: NUMBER,
  whole: false,
  min: 0,
  max: 1,
  range: "from 0 to 1, or from 0% to 100%",
  word: "",
  wordValue: 0,
};
/** Relative weights: only their proportions count. */
export const weight: QuantityType = {
  ...ratio,
  what: "a weight",
  example: "3",
  max: 1e12,
  range: "from 0 to 1e12",
};
/** A plain number. */
export const number: QuantityType = {
  ...ratio,
  what: "a number",
  example: "1.5",
  min: -1e300,
  max: 1e300,
  range: "from -1e300 to 1e300",
};
export const positiveNumber: QuantityType = { ...number, min: 1e-9, max: 1e9, range: "above 0, up to 1e9" };
/** A whole number from `min` to `max`. */
export function count(what: string, example: string, min: number, max: number): QuantityType {
  return { ...base, what, example, dimension: NUMBER, min, max, range: `from ${min} to ${max}` };
}
/** Pages of one span. 2^27 of them are a terabyte. */
export const pages = count("a number of pages", "8", 1, 2 ** 27);

/** What the JSON Schema needs to know of a quantity. */
export interface QuantityMeta {
  readonly quantity: QuantityType;
}

/** The schema of a quantity; its result is a number of base units (bytes, ns, per second). */
export function quantity(type: QuantityType): z.ZodType<number, QuantityInput> {
  return z
    .unknown()
    .transform((value, ctx): number => {
      const result = readQuantity(value, type);
      if (typeof result === "number") return result;
      ctx.issues.push({
        code: "custom",
        message: result.problem,
        input: value,
        params: { missing: value === undefined },
      });
      return z.NEVER;
    })
    .meta({ quantity: type }) as unknown as z.ZodType<number, QuantityInput>;
}

/** A quantity's number of base units, or what is wrong with it. */
export function readQuantity(value: unknown, type: QuantityType): number | { problem: string } {
  const expected = `expected ${type.what} such as ${type.example}${orWord(type)}`;
  if (value === undefined) return { problem: expected };
  if (type.word !== "" && value === type.word) return type.wordValue;
  if (typeof value !== "number" && typeof value !== "string") {
    return { problem: `${describe(value)} is not ${type.what}, ${expected}` };
  }
  let parsed: Quantity | undefined;
  if (typeof value === "string") {
    try {
      parsed = parseQuantity(value);
    } catch (error) {
      if (!(error instanceof ArithmeticError)) throw error;
    }
  } else if (Number.isFinite(value)) parsed = plain(value);
  if (parsed === undefined) return { problem: notAQuantity(value, type, expected) };
  const unitless = sameDimension(parsed.dimension, NUMBER);
  if (!sameDimension(parsed.dimension, type.dimension) && !(unitless && parsed.value.num === 0n)) {
    const fault = unitless ? `${value} has no unit` : `${value} is ${dimensionName(parsed.dimension)}`;
    return { problem: `${fault}, ${expected}` };
  }
  return inRange(parsed, String(value), type);
}

function orWord({ word }: QuantityType): string {
  return word === "" ? "" : `, or ${word}`;
}

/** What people write for units, and what they mean by it. */
const USUAL_UNITS: Readonly<Record<string, string>> = {
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  msec: "ms",
  usec: "us",
  min: "m",
  mins: "m",
  minutes: "m",
  hour: "h",
  hours: "h",
  k: "KiB",
  kb: "KiB",
  m: "MiB",
  mb: "MiB",
  g: "GiB",
  gb: "GiB",
  t: "TiB",
  tb: "TiB",
  bytes: "B",
  "/sec": "/s",
  "/second": "/s",
  "/min": "/m",
  hz: "/s",
};

function notAQuantity(value: QuantityInput, type: QuantityType, expected: string): string {
  const text = String(value).trim();
  const [, digits, unit] = /^([+-]?[\d.]+)\s*(\D+)$/.exec(text) ?? [];
  let hint = expected;
  if (unit !== undefined && unitOf(unit) === undefined) {
    const units = unitsOf(type);
    const usual = USUAL_UNITS[unit.toLowerCase()];
    const near = usual !== undefined && units.includes(usual) ? usual : nearMiss(unit, units);
    if (near !== undefined) hint = `did you mean ${digits}${near}?`;
  } else if (unit === undefined && type.word !== "" && nearMiss(text, [type.word]) !== undefined) {
    hint = `did you mean "${type.word}"?`;
  }
  return `${describe(value)} is not ${type.what}, ${hint}`;
}

/** Units in which a quantity of this type can be written. */
export function unitsOf(type: QuantityType): string[] {
  return UNIT_NAMES.filter((name) => sameDimension(unitOf(name)!.dimension, type.dimension));
}

function inRange(parsed: Quantity, text: string, type: QuantityType): number | { problem: string } {
  const perSecond = type.dimension.time < 0 ? 1_000_000_000n : 1n;
  const exact = toNumber(multiply(parsed.value, rational(perSecond)));
  // A size or a duration that is computed need not come out whole; a count that is written must.
  if (type.whole && sameDimension(type.dimension, NUMBER) && !Number.isInteger(exact)) {
    return { problem: `${text} is not whole, expected ${type.what} such as ${type.example}${orWord(type)}` };
  }
  const result = type.whole ? Math.round(exact) : exact;
  if (result >= type.min && result <= type.max) return result === 0 ? 0 : result;
  return { problem: `${text} is out of range, expected ${type.what} ${type.range}${orWord(type)}` };
}

/** Marks a message that lists the keys that an object knows. */
const KNOWN = "known keys: ";

/** The keys that an object knows, from the message of an unrecognized key. */
export function knownKeys(message: string): string[] {
  return message.startsWith(KNOWN) ? message.slice(KNOWN.length).split(",") : [];
}

/** An object that has these keys and no others. */
export function object<S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S, z.core.$strict> {
  const known = KNOWN + Object.keys(shape).join(",");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? known : undefined),
  });
}

/** A name that can be written in paths, in `$name` and in files. */
export const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** A map from names to things, in the order of the file. */
export function named<T extends z.ZodType>(thing: T): z.ZodRecord<z.ZodString, T> {
  return z.record(z.string().regex(NAME_PATTERN), thing);
}

/** A schema with a meaning of its own here; the JSON Schema then refers to it instead of repeating it. */
export function explained<T extends z.ZodType>(schema: T, meaning: string): z.ZodLazy<T> {
  return z.lazy(() => schema).describe(meaning);
}

/** Text that is not empty. */
export const text = z.string().trim().min(1);

/** Reports something that only several values together make wrong. */
export function fail(
  ctx: z.core.$RefinementCtx,
  path: readonly PropertyKey[],
  message: string,
  missing = false,
): void {
  ctx.issues.push({ code: "custom", message, path: [...path], input: ctx.value, params: { missing } });
}

/** `a, b and c`. */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
