/**
 * Sizes and durations as people write them: `64MiB`, `1.5GiB`, `10ms`, `2m`.
 *
 * Units are case-sensitive and of powers of 1024 for sizes; there is no `MB`, since it means two things.
 */

/** Bytes of each unit of size. */
export const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** Nanoseconds of each unit of time. */
export const DURATION_UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

/** A number with a unit is not one. The message says what would be right. */
export class UnitError extends Error {
  override readonly name = "UnitError";
}

/**
 * A duration in whole ns, greater than 0 and below 2^53 (104 days).
 * @throws UnitError when the text is not a duration, or is shorter than a nanosecond
 */
export function parseDuration(text: string): number {
  const ns = parseWithUnit(text, DURATION_UNITS);
  if (ns === undefined || !(ns >= 1 && ns <= Number.MAX_SAFE_INTEGER)) {
    throw new UnitError(
      `"${text}" is not a duration: expected a number from 1ns up with ns, us, ms, s, m or h, such as 10ms`,
    );
  }
  return ns;
}

/**
 * A size in whole bytes, 0 or more and below 2^53.
 * @throws UnitError when the text is not a size
 */
export function parseSize(text: string): number {
  const bytes = parseWithUnit(text, SIZE_UNITS);
  if (bytes === undefined || bytes > Number.MAX_SAFE_INTEGER) {
    throw new UnitError(
      `"${text}" is not a size: expected a number with B, KiB, MiB, GiB or TiB, such as 64KiB`,
    );
  }
  return bytes;
}

function parseWithUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-zA-Zµ]*)$/.exec(text.trim());
  const factor = match === null ? undefined : units[match[2]!];
  return factor === undefined ? undefined : Math.round(Number(match![1]) * factor);
}

/** A size for people: three significant digits and a unit. */
export function formatSize(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let i = 0;
  for (; Math.abs(value) >= 1024 && i < names.length - 1; i++) value /= 1024;
  return `${i === 0 ? value : value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)} ${names[i]}`;
}

/** A duration for people. */
export function formatDuration(ns: number): string {
  for (const [unit, factor] of [
    ["h", 3600e9],
    ["m", 60e9],
    ["s", 1e9],
    ["ms", 1e6],
    ["us", 1e3],
  ] as const) {
    if (ns >= factor) return `${Number((ns / factor).toFixed(2))} ${unit}`;
  }
  return `${ns} ns`;
}
