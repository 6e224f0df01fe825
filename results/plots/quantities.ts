/** Quantities as they stand in pictures: three digits that count, and a unit that people use. */

const SIZE_NAMES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
const TIME_NAMES = [
  [3600e9, "h"],
  [60e9, "min"],
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
] as const;

/**
 * A number of a unit for people, such as `12.5 MiB`.
 * @param unit as metrics name it; what is neither bytes nor ns is a number by itself
 * @returns "–" for NaN
 */
export function quantityText(value: number, unit: string): string {
  if (Number.isNaN(value)) return "–";
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  if (unit === "bytes") return sign + sizeText(size);
  if (unit === "ns") return sign + durationText(size);
  return sign + threeDigits(size);
}

/** A share as per cent, with its sign, to a hundredth of a per cent at most; `0 %` has no sign. */
export function signedPercent(share: number): string {
  const size = Math.abs(100 * share);
  const percent = threeDigits(size < 1 ? Number(size.toFixed(2)) : size);
  if (percent === "0") return share === 0 ? "0 %" : "0.00 %";
  return `${share < 0 ? "−" : "+"}${percent} %`;
}

function sizeText(bytes: number): string {
  let unit = 0;
  // What rounds to 1024 is one of the next unit.
  while (unit < SIZE_NAMES.length - 1 && bytes / 1024 ** unit >= 1023.5) unit++;
  return `${threeDigits(bytes / 1024 ** unit)} ${SIZE_NAMES[unit]}`;
}

function durationText(ns: number): string {
  const [size, name] = TIME_NAMES.find(([least]) => ns >= least) ?? TIME_NAMES.at(-1)!;
  return `${threeDigits(ns / size)} ${name}`;
}

/** Three digits that count; all digits before the point, in groups of three. @param value 0 or more */
function threeDigits(value: number): string {
  if (value >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
  const rounded = Number(value.toPrecision(3));
  return rounded !== 0 && rounded < 1e-4 ? rounded.toExponential(1) : String(rounded);
}
