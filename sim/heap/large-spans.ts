/**
 * Large live spans by their first page: few for the memory that they hold, and far apart, so that what they cost follows their
 * number and not the memory that they lie in, as for small ones (span-table.ts).
 *
 *     page ──► row ──► [ page | npages | kind | birth ]      rows of spans that are gone are taken again
 */

import { grownInto } from "../../engine/typed-arrays.js";
import { PageMap } from "./page-map.js";

const FIRST_ROWS = 64;
/** The row of a page without a span. */
export const NO_ROW = -1;

export class LargeSpans {
  private readonly rowOf = new PageMap();
  private readonly freeRows: number[] = [];
  /** Rows that were ever taken. */
  private rows = 0;
  private pages = new Float64Array(FIRST_ROWS);
  private births = new Float64Array(FIRST_ROWS);
  /** By row; 0 pages: there is no span. */
  private npages = new Int32Array(FIRST_ROWS);
  private kinds = new Int32Array(FIRST_ROWS);

  /** Adds a span. None may begin at that page. */
  add(page: number, npages: number, kind: number, birthNs: number): void {
    const row = this.freeRows.pop() ?? this.rows++;
    if (row === this.pages.length) this.grow();
    this.rowOf.set(page, row);
    this.pages[row] = page;
    this.npages[row] = npages;
    this.kinds[row] = kind;
    this.births[row] = birthNs;
  }

  /** The row of the span that begins at a page; NO_ROW when none does. */
  find(page: number): number {
    return this.rowOf.count === 0 ? NO_ROW : this.rowOf.get(page);
  }

  /** Pages of the span of a row. */
  npagesOf(row: number): number {
    return this.npages[row]!;
  }

  /** Kind of the span of a row. */
  kindOf(row: number): number {
    return this.kinds[row]!;
  }

  /** When the span of a row was handed out, ns. */
  birthOf(row: number): number {
    return this.births[row]!;
  }

  /** Removes the span of a row. */
  remove(row: number): void {
    this.rowOf.delete(this.pages[row]!);
    this.npages[row] = 0;
    this.freeRows.push(row);
  }

  /** Calls back for each span, in no order that means anything. */
  forEach(callback: (page: number, npages: number, kind: number, birthNs: number) => void): void {
    for (let row = 0; row < this.rows; row++) {
      const npages = this.npages[row]!;
      if (npages !== 0) callback(this.pages[row]!, npages, this.kinds[row]!, this.births[row]!);
    }
  }

  private grow(): void {
    const rows = 2 * this.pages.length;
    this.pages = grownInto(this.pages, new Float64Array(rows));
    this.births = grownInto(this.births, new Float64Array(rows));
    this.npages = grownInto(this.npages, new Int32Array(rows));
    this.kinds = grownInto(this.kinds, new Int32Array(rows));
  }
}
