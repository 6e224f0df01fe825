/**
 * Go 1.13: one treap of all free spans in the order of addresses, and first fit over it (mheap.go, mgclarge.go).
 *
 *                [40, 9 pages │ longest below: 30]
 *               ╱                                 ╲
 *     [12, 3 pages │ 3]                  [96, 30 pages │ 30]
 *
 * The longest span below each node tells which way the lowest one of enough pages lies. Spans of different states do not join,
 * but are searched alike. What is taken comes off the low end of the span, which stays where it hangs.
 *
 * The shape of the treap decides nothing about which span is taken, only how many nodes are looked at. A span that was
 * shortened in place keeps the priority of where it began before.
 *
 * Counters: each request is a call of find on one level, and the nodes on the way are its entries. There is no fast path.
 */

import type { PageAllocator } from "../../pages/page-allocator.js";
import { FIND_CALLS, FIND_ENTRIES, FIND_FAILURES, FIND_LEVELS } from "../../probes.js";
import type { FitOptions } from "../fit.js";
import { SpanFit } from "./span-fit.js";
import { NO_ROW } from "./span-rows.js";
import { SpanTreap } from "./span-treap.js";

export class AddressTreap extends SpanFit {
  readonly spans: SpanTreap;
  /** Whole huge pages in unscavenged spans. */
  unscavengedHugePages = 0;

  constructor(pages: PageAllocator, options: FitOptions) {
    super(pages, "apart", "physical", options);
    this.spans = new SpanTreap(this.rows, false);
  }

  override holding(page: number): number {
    return this.spans.holding(page);
  }

  protected pick(npages: number): number {
    const { counters } = this.pages;
    const row = this.spans.lowest(npages);
    counters[FIND_CALLS]!++;
    counters[FIND_LEVELS]!++;
    counters[FIND_ENTRIES]! += this.spans.visited;
    if (row === NO_ROW) counters[FIND_FAILURES]!++;
    return row;
  }

  protected link(row: number): void {
    this.spans.insert(row);
    this.countHuge(row, 1);
  }

  protected unlink(row: number): void {
    this.countHuge(row, -1);
    this.spans.remove(row);
  }

  /** The low end of a span goes, and the rest of it stays in its place. */
  protected override cut(row: number, page: number, npages: number): void {
    const { rows, starts } = this;
    const rest = rows.npages[row]! - npages;
    if (page !== rows.page[row] || rest === 0) return super.cut(row, page, npages);
    // What is left of a scavenged span without a whole physical page is a span of the other state.
    if (rows.scavenged[row] === 1 && !this.hasPhysicalPage(page + npages, rest)) {
      return super.cut(row, page, npages);
    }
    this.countHuge(row, -1);
    starts.delete(page);
    rows.page[row] = page + npages;
    rows.npages[row] = rest;
    starts.set(page + npages, row);
    this.spans.changed(row);
    this.countHuge(row, 1);
  }

  private countHuge(row: number, sign: number): void {
    if (this.rows.scavenged[row] === 0) this.unscavengedHugePages += sign * this.rows.hugePagesIn(row);
  }
}
