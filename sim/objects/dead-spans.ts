/**
 * The unswept spans in which nothing is alive, in the order of their addresses: what the page reclaimer finds when it walks
 * the bitmaps of the arenas (mheap.reclaim, reclaimChunk).
 *
 * The runtime scans a bit for each page of the heap. Here a mark notes the spans that it finds dead, and what is unswept of
 * them is sorted once in a sweep phase, when the first is asked for; many phases never ask. A span that was swept since, or
 * whose row another one has, is known by its generation. The runtime goes from arena to arena in the
 * order in which it got them, which is the order of addresses as long as the address space has room where the heap wants it.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import type { ObjectSpans } from "./object-spans.js";

/** Pages that the reclaimer claims at a time (pagesPerReclaimerChunk). */
export const RECLAIM_UNIT_PAGES = 512;

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

export class DeadSpans {
  private order: Int32Array = new Int32Array(0);
  private count = 0;
  private cursor = 0;

  /** A mark finds that nothing in a span is alive. */
  add(s: number): void {
    if (this.count === this.order.length)
      this.order = grownInto(this.order, new Int32Array(Math.max(256, 2 * this.count)));
    this.order[this.count++] = s;
  }

  /** Puts those that were not swept in this generation in order. */
  sort(spans: ObjectSpans, generation: number): void {
    let unswept = 0;
    for (let i = 0; i < this.count; i++) {
      const s = this.order[i]!;
      if (spans.sweptAt[s] !== generation) this.order[unswept++] = s;
    }
    this.count = unswept;
    this.order = sortByPage(this.order, unswept, spans.pages);
  }

  /** Another mark begins to look. */
  clear(): void {
    this.cursor = 0;
    this.count = 0;
  }

  /** The reclaim unit in which the next span lies that nobody swept in the meantime; -1 when there is none left. */
  nextUnit(spans: ObjectSpans, generation: number): number {
    while (this.cursor < this.count && spans.sweptAt[this.order[this.cursor]!] === generation) this.cursor++;
    if (this.cursor === this.count) return -1;
    return Math.floor(spans.pages[this.order[this.cursor]!]! / RECLAIM_UNIT_PAGES);
  }

  /** The span that nextUnit spoke of. */
  take(): number {
    return this.order[this.cursor++]!;
  }
}

/** The first count rows of an array, sorted by page: a radix sort, since page numbers exceed 32 bits and a comparator is slow. */
function sortByPage(rows: Int32Array, count: number, pages: Float64Array): Int32Array {
  let lowest = Number.MAX_SAFE_INTEGER;
  let highest = 0;
  for (let i = 0; i < count; i++) {
    const page = pages[rows[i]!]!;
    lowest = Math.min(lowest, page);
    highest = Math.max(highest, page);
  }
  let from = rows;
  let to: Int32Array = new Int32Array(rows.length);
  const starts = new Int32Array(DIGITS + 1);
  for (let unit = 1; unit <= highest - lowest; unit *= DIGITS) {
    starts.fill(0);
    for (let i = 0; i < count; i++) starts[digit(pages[from[i]!]! - lowest, unit) + 1]!++;
    for (let d = 0; d < DIGITS; d++) starts[d + 1]! += starts[d]!;
    for (let i = 0; i < count; i++) {
      const row = from[i]!;
      to[starts[digit(pages[row]! - lowest, unit)]!++] = row;
    }
    [from, to] = [to, from];
  }
  return from;
}

function digit(value: number, unit: number): number {
  return Math.floor(value / unit) & (DIGITS - 1);
}
