/**
 * Fewer points, the same picture.
 *
 * A line of a hundred thousand samples is drawn on some hundred columns of pixels. Of each column the first, the least,
 * the greatest and the last value are kept, in their order: what a screen shows of all of them. Samples that repeat the
 * value before them say nothing new about a state that holds, and go too.
 *
 *     column      │  ·   ·     │
 *                 │· · ·   · · │     ──►   first, least, greatest, last
 *                 │      ·     │
 */

/** A point of a line; a value of null is a gap. */
export interface Point {
  readonly timeNs: number;
  readonly value: number | null;
}

/**
 * The points that a line needs.
 * @param times in ns, rising
 * @param values at those times, NaN for none
 * @param durationNs that the width of the picture stands for
 * @param columns of pixels in that width
 */
export function downsample(
  times: Float64Array,
  values: Float64Array,
  durationNs: number,
  columns: number,
): Point[] {
  const kept: number[] = [];
  for (let from = 0; from < times.length; ) {
    const column = columnOf(times[from]!, durationNs, columns);
    let to = from + 1;
    while (to < times.length && columnOf(times[to]!, durationNs, columns) === column) to++;
    keepOfColumn(values, from, to, kept);
    from = to;
  }
  const points = kept.map((i) => ({
    timeNs: times[i]!,
    value: Number.isNaN(values[i]!) ? null : values[i]!,
  }));
  return withoutRepeats(points);
}

function columnOf(timeNs: number, durationNs: number, columns: number): number {
  return Math.floor((timeNs / Math.max(1, durationNs)) * columns);
}

/** First, least, greatest and last of [from, to), and a gap if there is one, in order. */
function keepOfColumn(values: Float64Array, from: number, to: number, kept: number[]): void {
  let least = from;
  let greatest = from;
  let gap = -1;
  for (let i = from; i < to; i++) {
    if (Number.isNaN(values[i]!)) gap = i;
    if (!(values[i]! >= values[least]!)) least = Number.isNaN(values[i]!) ? least : i;
    if (!(values[i]! <= values[greatest]!)) greatest = Number.isNaN(values[i]!) ? greatest : i;
  }
  const indices = [from, least, greatest, to - 1, ...(gap < 0 ? [] : [gap])].sort((a, b) => a - b);
  for (const i of indices) if (kept.at(-1) !== i) kept.push(i);
}

/** Leaves out what lies between two points of the same value; the first and the last of them stay. */
function withoutRepeats(points: readonly Point[]): Point[] {
  return points.filter(({ value }, i) => {
    const isInner = i > 0 && i < points.length - 1;
    return !(isInner && points[i - 1]!.value === value && points[i + 1]!.value === value);
  });
}
