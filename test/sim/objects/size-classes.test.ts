/** The table of size classes: its shape, rounding, and the spans that real programs made of it. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import {
  CLASS_BYTES,
  CLASS_OBJECTS,
  CLASS_PAGE_BYTES,
  CLASS_PAGES,
  MAX_SMALL_BYTES,
  objectBytes,
  roundUpBytes,
  SIZE_CLASSES,
  sizeClassOf,
  spanClassOf,
  tailWasteBytes,
} from "../../../sim/objects/size-classes.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const TRACES = join(import.meta.dirname, "..", "..", "vectors", "traces", "go1.18");

describe("size classes", () => {
  it("are 67, rising, with at most an eighth of a span at its end", () => {
    expect(CLASS_BYTES.length).toBe(SIZE_CLASSES);
    expect(CLASS_PAGES.length).toBe(SIZE_CLASSES);
    expect(CLASS_BYTES[SIZE_CLASSES - 1]).toBe(MAX_SMALL_BYTES);
    for (let c = 1; c < SIZE_CLASSES; c++) {
      expect(CLASS_BYTES[c]).toBeGreaterThan(CLASS_BYTES[c - 1]!);
      expect(CLASS_BYTES[c]! % 8).toBe(0);
      const spanBytes = CLASS_PAGES[c]! * CLASS_PAGE_BYTES;
      expect(tailWasteBytes(c)).toBeGreaterThanOrEqual(0);
      expect(tailWasteBytes(c)).toBeLessThan(Math.min(CLASS_BYTES[c]!, spanBytes / 8 + 1));
      expect(CLASS_OBJECTS[c]! * CLASS_BYTES[c]! + tailWasteBytes(c)).toBe(spanBytes);
    }
  });

  it("have spans of the lengths that policies count: 39 of one page, 6 of two, and so on", () => {
    const spans = new Array<number>(11).fill(0);
    for (let c = 1; c < SIZE_CLASSES; c++) spans[CLASS_PAGES[c]!]!++;
    expect(spans.slice(1)).toEqual([39, 6, 6, 3, 4, 2, 4, 1, 1, 1]);
  });

  it("are known by their objects a span", () => {
    expect([1, 3, 15, 35, 50, 67].map((c) => CLASS_OBJECTS[c])).toEqual([1024, 341, 39, 11, 7, 1]);
    expect([3, 10, 33, 50, 52].map(tailWasteBytes)).toEqual([8, 0, 128, 768, 512]);
  });

  it("round up to the smallest that holds the object", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_SMALL_BYTES }), fc.boolean(), (bytes, noscan) => {
        const c = CLASS_BYTES.findIndex((size) => size >= bytes);
        expect(sizeClassOf(bytes)).toBe(c);
        expect(spanClassOf(bytes, noscan)).toBe(2 * c + Number(noscan));
        expect(roundUpBytes(bytes)).toBe(CLASS_BYTES[c]);
        expect(objectBytes(2 * c, 0)).toBe(CLASS_BYTES[c]);
      }),
      { seed: 118, numRuns: 2000 },
    );
    for (let c = 1; c < SIZE_CLASSES; c++) {
      expect(sizeClassOf(CLASS_BYTES[c]!)).toBe(c);
      expect(sizeClassOf(CLASS_BYTES[c - 1]! + 1)).toBe(c);
    }
  });

  it("end at 32 KiB, above which objects take whole pages", () => {
    expect(roundUpBytes(0)).toBe(0);
    expect(roundUpBytes(32769)).toBe(40960);
    expect(roundUpBytes(81920)).toBe(81920);
    expect(objectBytes(1, 5)).toBe(40960);
  });

  it("have the pages that spans of real programs have", () => {
    const seen = new Set<number>();
    for (const file of readdirSync(TRACES).filter((name) => name.endsWith(".csv.gz"))) {
      for (const line of gunzipSync(readFileSync(join(TRACES, file)))
        .toString("utf8")
        .split("\n")) {
        const [, , op, , npages, kind] = line.split(",");
        if (op !== "span" || !kind?.startsWith("h")) continue;
        const sizeClass = Number(kind.slice(1)) >> 1;
        seen.add(sizeClass);
        const right = sizeClass === 0 ? Number(npages) > 4 : Number(npages) === CLASS_PAGES[sizeClass];
        if (!right) throw new Error(`${file}: ${line}`);
      }
    }
    expect(seen.size).toBeGreaterThan(50);
  });
});
