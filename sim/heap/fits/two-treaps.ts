/**
 * Go 1.12: two treaps by size, one of spans that are resident and one of spans that were returned (mheap.go, mgclarge.go).
 *
 *     free   treap of unscavenged spans ──► a fit ─┐
 *                                                  ├─► the shorter of both, of equal ones the unscavenged
 *     scav   treap of scavenged spans ────► a fit ─┘
 *
 * Up to 1.12.4 the way down a treap did not always end at the best fit; from 1.12.5 it does, and of equal spans takes the
 * lowest. Spans of different states do not join, and what is left of a span that is taken in part keeps its state.
 *
 * Counters: each request is a call of find, with a level for each treap, and the nodes of both ways as entries. There is no
 * fast path.
 */

import type { PageAllocator } from "../../pages/page-allocator.js";
import { FIND_CALLS, FIND_ENTRIES, FIND_FAILURES, FIND_LEVELS } from "../../probes.js";
import type { FitOptions } from "../fit.js";
import { SpanFit } from "./span-fit.js";
import { NO_ROW } from "./span-rows.js";
import { SpanTreap } from "./span-treap.js";

export class TwoTreaps extends SpanFit {
  readonly unscavenged: SpanTreap;
  readonly scavenged: SpanTreap;

  /** @param walk how treaps are searched: "first-enough" up to 1.12.4, then "best" */
  constructor(
    pages: PageAllocator,
    private readonly walk: "first-enough" | "best",
    options: FitOptions,
  ) {
    super(pages, "apart", "physical", options);
    this.unscavenged = new SpanTreap(this.rows, true);
    this.scavenged = new SpanTreap(this.rows, true);
  }

  protected pick(npages: number): number {
    const { counters } = this.pages;
    const { npages: sizes } = this.rows;
    const free = this.search(this.unscavenged, npages);
    const gone = this.search(this.scavenged, npages);
    counters[FIND_CALLS]!++;
    counters[FIND_LEVELS]! += 2;
    counters[FIND_ENTRIES]! += this.unscavenged.visited + this.scavenged.visited;
    if (free === NO_ROW && gone === NO_ROW) counters[FIND_FAILURES]!++;
    if (free === NO_ROW || gone === NO_ROW) return free === NO_ROW ? gone : free;
    return sizes[free]! <= sizes[gone]! ? free : gone;
  }

  protected link(row: number): void {
    this.treapOf(row).insert(row);
  }

  protected unlink(row: number): void {
    this.treapOf(row).remove(row);
  }

  private search(treap: SpanTreap, npages: number): number {
    return this.walk === "best" ? treap.best(npages) : treap.firstEnough(npages);
  }

  private treapOf(row: number): SpanTreap {
    return this.rows.scavenged[row] === 1 ? this.scavenged : this.unscavenged;
  }
}
