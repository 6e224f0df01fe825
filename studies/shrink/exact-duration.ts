/** A duration as a scenario would write it, to the nanosecond. */

const UNITS: readonly (readonly [ns: number, unit: string])[] = [
  [3_600_000_000_000, "h"],
  [60_000_000_000, "m"],
  [1_000_000_000, "s"],
  [1_000_000, "ms"],
  [1_000, "us"],
  [1, "ns"],
];

/** The largest unit of which the duration is a whole multiple. */
export function formatExactDuration(ns: number): string {
  const [size, unit] = UNITS.find(([one]) => ns % one === 0 && ns >= one) ?? [1, "ns"];
  return `${ns / size}${unit}`;
}
