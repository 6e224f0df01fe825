/**
 * Free spans as rows of a few typed arrays: what they are, and the links by which a list or a treap holds them.
 *
 *     row     page  npages  scavenged  since  kind  │ left  right  parent  priority  maxPages  kinds
 *             what the span is                      │ where it hangs: a treap uses all, a list left and right
 *
 * A span is known by the number of its row as long as it is free; rows of spans that are gone are used again.
 */

import { grownInto } from "../../../engine/typed-arrays.js";

/** "No row." */
export const NO_ROW = -1;

export class SpanRows {
  /** Rows that hold a span. */
  count = 0;
  /** First page. */
  page = new Float64Array(64);
  npages = new Int32Array(64);
  /** 1 for a span whose whole physical pages are released, where spans of different states stay apart. */
  scavenged = new Uint8Array(64);
  /** Since when it is unused, ns. */
  sinceNs = new Float64Array(64);

  /** Children and parent in a treap; neighbours in a list. */
  left = new Int32Array(64);
  right = new Int32Array(64);
  parent = new Int32Array(64);
  priority = new Int32Array(64);
  /** Of the subtree: pages of its longest span, and which kinds of spans it has (a bit each, see kindBit). */
  maxPages = new Int32Array(64);
  kinds = new Uint8Array(64);
  /** The bit of the span's own kind, as of the last classify. */
  kind = new Uint8Array(64);

  private used = 0;
  private freeRow = NO_ROW;

  /**
   * @param seed of priorities
   * @param hugePages runtime pages in a huge page, 0 when there are none
   */
  constructor(
    private readonly seed: number,
    private readonly hugePages: number,
  ) {}

  /** A row for a span that hangs nowhere yet. */
  create(page: number, npages: number, scavenged: boolean, sinceNs: number): number {
    let row = this.freeRow;
    if (row !== NO_ROW) this.freeRow = this.left[row]!;
    else row = this.newRow();
    this.page[row] = page;
    this.npages[row] = npages;
    this.scavenged[row] = scavenged ? 1 : 0;
    this.sinceNs[row] = sinceNs;
    this.count++;
    return row;
  }

  /** The span of a row is gone. It hangs nowhere. */
  recycle(row: number): void {
    this.left[row] = this.freeRow;
    this.freeRow = row;
    this.count--;
  }

  /** The page behind a span. */
  endOf(row: number): number {
    return this.page[row]! + this.npages[row]!;
  }

  /** Notes a span's kind: whether it is scavenged, and whether it has a whole huge page. */
  classify(row: number): void {
    this.kind[row] = kindBit(this.scavenged[row] === 1, this.hugePagesIn(row) > 0);
  }

  /** Whole huge pages in a span. */
  hugePagesIn(row: number): number {
    const { hugePages } = this;
    if (hugePages === 0 || this.npages[row]! < hugePages) return 0;
    const first = Math.ceil(this.page[row]! / hugePages);
    return Math.max(0, Math.floor(this.endOf(row) / hugePages) - first);
  }

  /**
   * The priority of a span in a treap. The runtime draws it; here it is a hash of a seed and where the span begins, so that
   * the shape of a treap depends on what is in it alone, and an operation that is left out changes no other's.
   */
  priorityOf(row: number): number {
    return spanPriority(this.seed, this.page[row]!);
  }

  private newRow(): number {
    if (this.used === this.page.length) this.enlarge();
    return this.used++;
  }

  private enlarge(): void {
    const size = 2 * this.page.length;
    this.page = grownInto(this.page, new Float64Array(size));
    this.npages = grownInto(this.npages, new Int32Array(size));
    this.scavenged = grownInto(this.scavenged, new Uint8Array(size));
    this.sinceNs = grownInto(this.sinceNs, new Float64Array(size));
    this.left = grownInto(this.left, new Int32Array(size));
    this.right = grownInto(this.right, new Int32Array(size));
    this.parent = grownInto(this.parent, new Int32Array(size));
    this.priority = grownInto(this.priority, new Int32Array(size));
    this.maxPages = grownInto(this.maxPages, new Int32Array(size));
    this.kinds = grownInto(this.kinds, new Uint8Array(size));
    this.kind = grownInto(this.kind, new Uint8Array(size));
  }
}

/** The bit that stands for spans of a kind. */
export function kindBit(scavenged: boolean, huge: boolean): number {
  return 1 << ((scavenged ? 1 : 0) | (huge ? 2 : 0));
}

/** A 32-bit number by chance, the same for the same seed and page. The mixer is lowbias32, of which no two inputs share a result. */
export function spanPriority(seed: number, page: number): number {
  const high = Math.floor(page / 4294967296);
  let mixed = seed ^ (page | 0) ^ Math.imul(high, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}
