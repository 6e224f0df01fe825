/**
 * Go 1.11: free lists by page count, and a treap of the long spans (mheap.go, mgclarge.go).
 *
 *     free[1]   ─► span ─► span            exact sizes, the span freed last in front
 *     free[2]   ─►
 *        …
 *     free[127] ─► span
 *     freelarge    treap by size           128 pages and more
 *
 * A request takes the first span of the first list that has one of enough pages, and else one of the treap, on the way that
 * does not always end at the best. Neighbours join whether they were returned to the system or not; a span that is taken only
 * in part counts as resident as a whole.
 *
 * Counters: a span from a list is a fast path. A search of the treap is a call of find on one level, and its entries are the
 * nodes it looks at.
 */

import type { PageAllocator } from "../../pages/page-allocator.js";
import { FAST_PATH_ALLOCS, FIND_CALLS, FIND_ENTRIES, FIND_FAILURES, FIND_LEVELS } from "../../probes.js";
import type { FitOptions } from "../fit.js";
import { SpanFit } from "./span-fit.js";
import { NO_ROW } from "./span-rows.js";
import { SpanTreap } from "./span-treap.js";

/** Spans of so many pages and more are in the treap (_MaxMHeapList). */
export const LARGE_SPAN_PAGES = 128;

export class FreeLists extends SpanFit {
  /** Front of the list for each page count. */
  readonly heads = new Int32Array(LARGE_SPAN_PAGES).fill(NO_ROW);
  readonly large: SpanTreap;

  /** @param walk how the treap is searched; 1.11 has "first-enough" */
  constructor(
    pages: PageAllocator,
    private readonly walk: "first-enough" | "best",
    options: FitOptions,
  ) {
    super(pages, "together", "span", options);
    this.large = new SpanTreap(this.rows, true);
  }

  protected pick(npages: number): number {
    const { counters } = this.pages;
    for (let n = npages; n < LARGE_SPAN_PAGES; n++) {
      if (this.heads[n] === NO_ROW) continue;
      counters[FAST_PATH_ALLOCS]!++;
      return this.heads[n]!;
    }
    const row = this.walk === "best" ? this.large.best(npages) : this.large.firstEnough(npages);
    counters[FIND_CALLS]!++;
    counters[FIND_LEVELS]!++;
    counters[FIND_ENTRIES]! += this.large.visited;
    if (row === NO_ROW) counters[FIND_FAILURES]!++;
    return row;
  }

  protected link(row: number): void {
    const { npages, left, right } = this.rows;
    const n = npages[row]!;
    if (n >= LARGE_SPAN_PAGES) return this.large.insert(row);
    const head = this.heads[n]!;
    left[row] = NO_ROW;
    right[row] = head;
    if (head !== NO_ROW) left[head] = row;
    this.heads[n] = row;
  }

  protected unlink(row: number): void {
    const { npages, left, right } = this.rows;
    const n = npages[row]!;
    if (n >= LARGE_SPAN_PAGES) return this.large.remove(row);
    const before = left[row]!;
    const behind = right[row]!;
    if (before === NO_ROW) this.heads[n] = behind;
    else right[before] = behind;
    if (behind !== NO_ROW) left[behind] = before;
  }

  /** The span behind one on a walk over all of them, lists first; NO_ROW starts it, and ends it. */
  following(row: number): number {
    const { npages, right } = this.rows;
    if (row !== NO_ROW && npages[row]! >= LARGE_SPAN_PAGES) return this.large.next(row);
    if (row !== NO_ROW && right[row] !== NO_ROW) return right[row]!;
    for (let n = row === NO_ROW ? 1 : npages[row]! + 1; n < LARGE_SPAN_PAGES; n++) {
      if (this.heads[n] !== NO_ROW) return this.heads[n]!;
    }
    return this.large.first();
  }
}
