import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { downsample, type Point } from "../../../results/plots/downsample.js";

/** Samples at rising times with some gaps. */
const samples = fc
  .array(
    fc.tuple(
      fc.integer({ min: 1, max: 50 }),
      fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: -5, max: 5 }) },
        { weight: 1, arbitrary: fc.constant(Number.NaN) },
      ),
    ),
    { minLength: 1, maxLength: 200 },
  )
  .map((steps) => {
    let time = 0;
    const times = Float64Array.from(steps, ([step], i) => {
      if (i > 0) time += step;
      return time;
    });
    return { times, values: Float64Array.from(steps, ([, value]) => value) };
  });

/** What a column of pixels shows: the value that came in, and the range of those in it. Slow and plain. */
function shown(points: readonly Point[], durationNs: number, columns: number): string[] {
  const column = ({ timeNs }: Point): number => Math.floor((timeNs / Math.max(1, durationNs)) * columns);
  return Array.from({ length: columns + 1 }, (_, c) => {
    const before = points.filter((point) => column(point) < c).at(-1)?.value ?? null;
    const held = before === null ? [] : [before];
    const here = points.filter((point) => column(point) === c).map(({ value }) => value);
    const numbers = [...held, ...here.filter((value) => value !== null)];
    return [Math.min(...numbers), Math.max(...numbers), here.includes(null)].join(" ");
  });
}

describe("downsample", () => {
  it("shows in each column of pixels what all samples would", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 40 }), ({ times, values }, columns) => {
        const durationNs = times.at(-1)!;
        const all = Array.from(times, (timeNs, i) => ({
          timeNs,
          value: Number.isNaN(values[i]!) ? null : values[i]!,
        }));
        const few = downsample(times, values, durationNs, columns);
        // Where the value only repeats, or the gap goes on, nothing need be there: the line goes on to the next point.
        const kept = shown(few, durationNs, columns);
        shown(all, durationNs, columns).forEach((expected, c) => {
          const [least, greatest, gap] = expected.split(" ");
          const [keptLeast, keptGreatest, keptGap] = kept[c]!.split(" ");
          expect([keptLeast, keptGreatest]).toEqual([least, greatest]);
          if (gap === "false") expect(keptGap).toBe("false");
        });
        const gaps = (points: readonly Point[]): number =>
          points.filter(({ value }, i) => value === null && points[i - 1]?.value !== null).length;
        expect(gaps(few)).toBeLessThanOrEqual(gaps(all));
        if (gaps(all) > 0) expect(gaps(few)).toBeGreaterThan(0);
        expect(few[0]).toEqual(all[0]);
        expect(few.at(-1)).toEqual(all.at(-1));
        for (const point of few) expect(all).toContainEqual(point);
      }),
    );
  });

  it("keeps no more than five points for a column, in order", () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 10 }), ({ times, values }, columns) => {
        const few = downsample(times, values, times.at(-1)!, columns);
        expect(few.length).toBeLessThanOrEqual(5 * (columns + 1));
        for (let i = 1; i < few.length; i++) expect(few[i]!.timeNs).toBeGreaterThan(few[i - 1]!.timeNs);
      }),
    );
  });

  it("keeps a peak of one sample among a hundred thousand", () => {
    const times = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const values = new Float64Array(100_000).fill(1);
    values[54_321] = 9;
    expect(downsample(times, values, 99_999, 640)).toContainEqual({ timeNs: 54_321, value: 9 });
  });
});
