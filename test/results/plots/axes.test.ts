import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { timeAxis, valueAxis } from "../../../results/plots/axes.js";

/** A label as Vega writes it, for the few functions that label expressions use. */
function labelsOf({ values, labelExpr }: { values: readonly number[]; labelExpr: string }): string[] {
  const format = (value: number, how: string): string => {
    const rounded = Number(value.toPrecision(12));
    if (how === "~%") return `${Number((100 * rounded).toPrecision(12))}%`;
    return how.startsWith(",")
      ? rounded.toLocaleString("en-US", { maximumFractionDigits: 12 })
      : String(rounded);
  };
  const label = new Function("datum", "format", `return ${labelExpr}`);
  return values.map((value) => label({ value }, format));
}

describe("axes of values", () => {
  it.each([
    [112 * 2 ** 20, ["0", "32 MiB", "64 MiB", "96 MiB", "128 MiB"]],
    [1.2 * 2 ** 30, ["0", "0.25 GiB", "0.5 GiB", "0.75 GiB", "1 GiB", "1.25 GiB"]],
    [290 * 1024, ["0", "64 KiB", "128 KiB", "192 KiB", "256 KiB", "320 KiB"]],
    [5, ["0", "1 B", "2 B", "3 B", "4 B", "5 B"]],
    [3 * 2 ** 40, ["0", "0.5 TiB", "1 TiB", "1.5 TiB", "2 TiB", "2.5 TiB", "3 TiB"]],
    [0, ["0"]],
  ])("of bytes up to %d", (greatest, labels) => {
    expect(labelsOf(valueAxis("bytes", greatest))).toEqual(labels);
  });

  it.each([
    ["bytesPerSecond", 300 * 2 ** 20, ["0", "64 MiB/s", "128 MiB/s", "192 MiB/s", "256 MiB/s", "320 MiB/s"]],
    ["share", 1, ["0", "20%", "40%", "60%", "80%", "100%"]],
    ["share", 0.013, ["0", "0.5%", "1%", "1.5%"]],
    ["count", 3, ["0", "1", "2", "3"]],
    ["count", 444, ["0", "100", "200", "300", "400", "500"]],
    ["perSecond", 33000, ["0", "10,000/s", "20,000/s", "30,000/s", "40,000/s"]],
    ["wideCount", 14000, ["0", "1", "10", "100", "1,000", "10,000"]],
    ["wideCount", 1, ["0", "1"]],
  ] as const)("of %s up to %d", (quantity, greatest, labels) => {
    expect(labelsOf(valueAxis(quantity, greatest))).toEqual(labels);
  });

  it("hold all values, with few ticks, evenly apart, and no two labels alike", () => {
    const quantities = fc.constantFrom("bytes", "bytesPerSecond", "share", "count", "perSecond" as const);
    fc.assert(
      fc.property(quantities, fc.double({ min: 1e-6, max: 1e15, noNaN: true }), (quantity, any) => {
        const greatest = quantity === "share" ? Math.min(1, any) : any;
        const axis = valueAxis(quantity as "bytes", greatest);
        expect(axis.domain[0]).toBe(0);
        expect(axis.domain[1]).toBeGreaterThanOrEqual(greatest * (1 - 1e-9));
        expect(axis.values.length).toBeGreaterThanOrEqual(2);
        expect(axis.values.length).toBeLessThanOrEqual(7);
        const step = axis.values[1]!;
        for (const [i, value] of axis.values.entries()) expect(value / step).toBeCloseTo(i, 6);
        if (quantity === "bytes") expect(Number.isInteger(Math.log2(step))).toBe(true);
        const labels = labelsOf(axis);
        expect(new Set(labels).size).toBe(labels.length);
      }),
    );
  });
});

describe("axes of time", () => {
  it.each([
    [2.16e9, "time (s)", ["0", "0.5", "1", "1.5", "2"]],
    [204e9, "time (s)", ["0", "30", "60", "90", "120", "150", "180"]],
    [1500e9, "time (min)", ["0", "5", "10", "15", "20", "25"]],
    [86400e9, "time (h)", ["0", "3", "6", "9", "12", "15", "18", "21", "24"]],
    [1.02e6, "time (ms)", ["0", "0.2", "0.4", "0.6", "0.8", "1"]],
    [800, "time (µs)", ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8"]],
    [0, "time (µs)", ["0"]],
  ])("of %d ns", (duration, title, labels) => {
    const axis = timeAxis(duration);
    expect(axis.title).toBe(title);
    expect(labelsOf(axis)).toEqual(labels);
  });

  it("never have many ticks, nor one beyond the end", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (durationNs) => {
        const { values, domain } = timeAxis(durationNs);
        expect(values.length).toBeLessThanOrEqual(10);
        expect(values.at(-1)!).toBeLessThanOrEqual(domain[1]);
      }),
    );
  });
});
