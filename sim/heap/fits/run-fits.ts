/**
 * Fits that no Go release has, on stretches of free pages that join whatever their state:
 *
 *     best       ####...##.....#..########.......     the shortest stretch that is long enough, the lowest of these
 *                               ^^ for 2 pages
 *     next       ####...##.....#..########.......     the first place behind the last allocation, around the end of the heap
 *                         ▲last ^^
 *     lifetime   ####...##.....#..########.......     long-lived from below, short-lived from above
 *                    ^^ long             short ^^
 *
 * Each keeps the stretches in one treap, by size or by address, so that a search looks at few of them; what it chooses is
 * what a search of the whole bitmap would.
 *
 * Counters: each request is a call of find on one level, and the nodes it looks at are its entries. There is no fast path.
 */

import type { PageAllocator } from "../../pages/page-allocator.js";
import { FIND_CALLS, FIND_ENTRIES, FIND_FAILURES, FIND_LEVELS } from "../../probes.js";
import type { FitOptions } from "../fit.js";
import { SpanFit } from "./span-fit.js";
import { NO_ROW } from "./span-rows.js";
import { SpanTreap } from "./span-treap.js";

export abstract class RunFit extends SpanFit {
  readonly runs: SpanTreap;

  /** @param bySize whether stretches are in the order of their sizes, or of their addresses */
  constructor(
    pages: PageAllocator,
    readonly bySize: boolean,
    options: FitOptions,
  ) {
    super(pages, "together", "pages", options);
    this.runs = new SpanTreap(this.rows, bySize);
  }

  /** Searches for a stretch. The nodes looked at stand in visited of the treap. */
  protected abstract search(npages: number, longLived: boolean): number;

  protected pick(npages: number, longLived: boolean): number {
    const { counters } = this.pages;
    const row = this.search(npages, longLived);
    counters[FIND_CALLS]!++;
    counters[FIND_LEVELS]!++;
    counters[FIND_ENTRIES]! += this.runs.visited;
    if (row === NO_ROW) counters[FIND_FAILURES]!++;
    return row;
  }

  protected link(row: number): void {
    this.runs.insert(row);
  }

  protected unlink(row: number): void {
    this.runs.remove(row);
  }
}

/** The shortest stretch that is long enough; of equal ones the lowest. */
export class BestFit extends RunFit {
  constructor(pages: PageAllocator, options: FitOptions) {
    super(pages, true, options);
  }

  protected search(npages: number): number {
    return this.runs.best(npages);
  }
}

/** The lowest place at or above where the last allocation ended; when there is none, the lowest of all. */
export class NextFit extends RunFit {
  /** The page behind the last allocation. */
  cursor = 0;

  constructor(pages: PageAllocator, options: FitOptions) {
    super(pages, false, options);
  }

  override alloc(npages: number, longLived: boolean): number {
    const page = super.alloc(npages, longLived);
    if (page >= 0) this.cursor = page + npages;
    return page;
  }

  protected search(npages: number): number {
    const { runs, rows, cursor } = this;
    const here = runs.holding(cursor);
    if (here !== NO_ROW && rows.endOf(here) - cursor >= npages) {
      runs.visited = 1;
      return here;
    }
    const above = runs.lowestFrom(cursor, npages);
    return above === NO_ROW ? runs.lowest(npages) : above;
  }

  protected override placeIn(row: number, npages: number): number {
    const page = this.rows.page[row]!;
    const { cursor } = this;
    return page < cursor && this.rows.endOf(row) - cursor >= npages ? cursor : page;
  }
}

/**
 * What the program will keep for long lies as low as possible, and what it will soon free as high as possible. The program
 * says which is which, so this bounds what a guess about lifetimes could bring.
 */
export class LifetimeSplit extends RunFit {
  constructor(pages: PageAllocator, options: FitOptions) {
    super(pages, false, options);
  }

  protected search(npages: number, longLived: boolean): number {
    return longLived ? this.runs.lowest(npages) : this.runs.highest(npages);
  }

  protected override placeIn(row: number, npages: number, longLived: boolean): number {
    return longLived ? this.rows.page[row]! : this.rows.endOf(row) - npages;
  }
}
