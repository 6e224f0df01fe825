import { describe, expect, it } from "vitest";
import { formatDuration, formatSize, parseDuration, parseSize, UnitError } from "../../scenarios/units.js";

describe("parseDuration", () => {
  it.each([
    ["1ns", 1],
    ["10us", 10_000],
    ["10µs", 10_000],
    ["1.5ms", 1_500_000],
    ["2 s", 2_000_000_000],
    ["2m", 120_000_000_000],
    ["104h", 374_400_000_000_000],
  ])("%s", (text, ns) => expect(parseDuration(text)).toBe(ns));

  it.each(["", "10", "0s", "-1s", "0.1ns", "1 min", "ms", "1e3ms", "10MS", "99999999h"])(
    "refuses %j",
    (text) => {
      expect(() => parseDuration(text)).toThrow(UnitError);
    },
  );
});

describe("parseSize", () => {
  it.each([
    ["0", 0],
    ["4096", 4096],
    ["64KiB", 65536],
    ["1.5GiB", 1610612736],
    ["2 MiB", 2097152],
    ["1TiB", 2 ** 40],
  ])("%s", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(["", "-1", "64KB", "64kib", "MiB", "1e3", "99999TiB"])("refuses %j", (text) => {
    expect(() => parseSize(text)).toThrow(UnitError);
  });
});

describe("formats for people", () => {
  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1.00 KiB"],
    [117440512, "112 MiB"],
    [1.5 * 2 ** 30, "1.50 GiB"],
  ])("%d bytes", (bytes, text) => expect(formatSize(bytes)).toBe(text));

  it.each([
    [0, "0 ns"],
    [1500, "1.5 us"],
    [2156122923, "2.16 s"],
    [90e9, "1.5 m"],
  ])("%d ns", (ns, text) => expect(formatDuration(ns)).toBe(text));
});
