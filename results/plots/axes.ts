/**
 * Axes with round numbers in the unit that people use: bytes in powers of two, time in s, ms or min.
 *
 *     0 … 117,440,512 bytes   ──►   0, 32, 64, 96, 128 MiB        0 … 2.16e9 ns   ──►   0, 0.5, 1, 1.5, 2 s
 *
 * Data keep their units (bytes, ns); only labels are converted, by an expression that is part of the specification.
 */

/** What the values of an axis are. */
export type Quantity =
  | "bytes"
  | "bytesPerSecond"
  | "share"
  | "count"
  | "number"
  | "ns"
  | "perSecond"
  | "wideCount";

/** Where an axis begins and ends, its ticks, and how Vega writes their labels. */
export interface AxisScale {
  readonly domain: readonly [number, number];
  readonly values: readonly number[];
  /** An expression of Vega for the label of datum.value. */
  readonly labelExpr: string;
  /** Kind of the scale, when it is not linear. */
  readonly scale: Readonly<Record<string, unknown>>;
}

const SIZE_NAMES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;
/** More intervals than this make an axis hard to read. */
const MOST_INTERVALS = 6;
const MOST_TIME_INTERVALS = 9;

/** An axis from 0 to at least the greatest value, for values of a kind. */
export function valueAxis(quantity: Quantity, greatest: number): AxisScale {
  // Where nothing is more than 0, any other tick would be made up.
  if (!(greatest > 0)) return { domain: [0, 1], values: [0], labelExpr: "'0'", scale: {} };
  switch (quantity) {
    case "bytes":
      return bytesAxis(greatest, "");
    case "bytesPerSecond":
      return bytesAxis(greatest, "/s");
    case "share":
      return shareAxis(greatest);
    case "count":
      return scale(greatest, decimalStep(greatest, 1), "format(datum.value, ',~f')");
    case "number":
      return scale(greatest, decimalStep(greatest, 0), "format(datum.value, ',~r')");
    case "ns":
      return durationAxis(greatest);
    case "perSecond":
      return scale(
        greatest,
        decimalStep(greatest, 0),
        "datum.value === 0 ? '0' : format(datum.value, ',~r') + '/s'",
      );
    case "wideCount":
      return wideAxis(greatest);
  }
}

/** Counts from one to millions: in proportion to their logarithm, but with a place for 0. */
function wideAxis(greatest: number): AxisScale {
  const values = [0, 1];
  while (values.at(-1)! < greatest) values.push(values.at(-1)! * 10);
  return {
    // A little room above the greatest, which is rarely a power of ten.
    domain: [0, Math.max(1, greatest * 1.2)],
    values: values.filter((value) => value <= Math.max(1, greatest * 1.2)),
    labelExpr: "format(datum.value, ',~f')",
    scale: { type: "symlog", constant: 1 },
  };
}

/** Steps are powers of two, labels all in one unit: that of the greatest value. */
function bytesAxis(greatest: number, suffix: string): AxisScale {
  let step = 1;
  while (greatest / step > MOST_INTERVALS) step *= 2;
  let unit = 0;
  // One and a half MiB are better told as 1.5 MiB than as 1536 KiB, but half a MiB as 512 KiB.
  while (unit < SIZE_NAMES.length - 1 && greatest >= 1024 ** (unit + 1)) unit++;
  const name = `${SIZE_NAMES[unit]}${suffix}`;
  return scale(
    greatest,
    step,
    `datum.value === 0 ? '0' : format(datum.value / ${1024 ** unit}, '~r') + ' ${name}'`,
  );
}

function shareAxis(greatest: number): AxisScale {
  const most = Math.min(1, greatest);
  return scale(
    most,
    most > 0.5 ? 0.2 : decimalStep(most, 0),
    "datum.value === 0 ? '0' : format(datum.value, '~%')",
  );
}

/** Ticks at multiples of a step, up to the first that is not below the greatest value. */
function scale(greatest: number, step: number, labelExpr: string): AxisScale {
  const intervals = Math.max(1, Math.ceil(roundOff(greatest / step)));
  const values = Array.from({ length: intervals + 1 }, (_, i) => roundOff(i * step));
  return { domain: [0, values.at(-1)!], values, labelExpr, scale: {} };
}

/** 1, 2 or 5 times a power of ten, such that there are few enough steps. @param least step, 0 for none */
function decimalStep(greatest: number, least: number): number {
  if (!(greatest > 0)) return 1;
  let power = 1;
  while (power * MOST_INTERVALS < greatest) power *= 10;
  while (power * MOST_INTERVALS >= 10 * greatest) power /= 10;
  const step = [power / 10, power / 5, power / 2, power].find((size) => greatest / size <= MOST_INTERVALS);
  return Math.max(least, roundOff(step ?? power));
}

/** Takes off what binary fractions add to decimal ones. */
function roundOff(value: number): number {
  return Number(value.toPrecision(15));
}

/** Units of time axes: a name, ns, from how many ns on it is used, and steps in it. */
const TIME_UNITS = [
  { name: "h", ns: 3600e9, from: 6 * 3600e9, steps: [1, 2, 3, 6, 12, 24, 48, 96, 240, 480] },
  { name: "min", ns: 60e9, from: 600e9, steps: [1, 2, 5, 10, 15, 30, 60] },
  { name: "s", ns: 1e9, from: 1e9, steps: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120] },
  { name: "ms", ns: 1e6, from: 1e6, steps: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200] },
  { name: "µs", ns: 1e3, from: 0, steps: [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200] },
] as const;

/** Lengths of time as values, each label with its unit. */
function durationAxis(greatest: number): AxisScale {
  const unit = TIME_UNITS.find(({ from }) => greatest >= from)!;
  const length = greatest / unit.ns;
  const step = unit.steps.find((size) => length / size <= MOST_INTERVALS) ?? decimalStep(length, 0);
  const label = `datum.value === 0 ? '0' : format(datum.value / ${unit.ns}, '~r') + ' ${unit.name}'`;
  return scale(greatest, step * unit.ns, label);
}

/** An axis of time, and its title with the unit. The last tick may lie before the end. */
export function timeAxis(durationNs: number): AxisScale & { readonly title: string } {
  const unit = TIME_UNITS.find(({ from }) => durationNs >= from)!;
  const length = durationNs / unit.ns;
  const step = unit.steps.find((size) => length / size <= MOST_TIME_INTERVALS) ?? unit.steps.at(-1)!;
  const count = Math.floor(roundOff(length / step));
  return {
    domain: [0, Math.max(1, durationNs)],
    values: Array.from({ length: count + 1 }, (_, i) => roundOff(i * step * unit.ns)),
    labelExpr: `format(datum.value / ${unit.ns}, '~r')`,
    title: `time (${unit.name})`,
    scale: {},
  };
}
