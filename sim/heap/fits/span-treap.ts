/**
 * A treap of free spans (mgclarge.go, Go 1.11 to 1.13): a search tree whose shape comes from priorities.
 *
 *                 (page 40, 9 pages)            by size: keys (npages, page)   by address: keys page
 *                  priority −7                  in-order: from the smallest,   in-order: from the lowest
 *                 ╱               ╲             of equal ones the lowest first
 *       (12, 3 pages)          (96, 30 pages)
 *        priority 2             priority 11     a node's priority is below those of its children
 *
 * Every node knows the length of the longest span below it and which kinds of spans are there, so that the lowest span that
 * is long enough, or the highest of a kind, is found on one way down.
 *
 * Invariants: in-order is the order of keys; no child has a smaller priority than its parent (of equal ones the lower page is
 * the smaller); maxPages and kinds of a node are those of its subtree. Given keys and priorities there is one such tree.
 */

import { NO_ROW, type SpanRows } from "./span-rows.js";

export class SpanTreap {
  root = NO_ROW;
  /** Spans in it. */
  count = 0;
  /** Nodes that the last search looked at. */
  visited = 0;

  /**
   * @param rows the spans; each hangs in one structure at a time
   * @param bySize whether keys are (npages, page), or the page alone
   */
  constructor(
    readonly rows: SpanRows,
    private readonly bySize: boolean,
  ) {}

  /** Adds a span. */
  insert(row: number): void {
    const { rows } = this;
    const { left, right, parent } = rows;
    let above = NO_ROW;
    let isLeft = false;
    for (let at = this.root; at !== NO_ROW; at = isLeft ? left[at]! : right[at]!) {
      above = at;
      isLeft = this.isLess(rows.npages[row]!, rows.page[row]!, at);
    }
    left[row] = NO_ROW;
    right[row] = NO_ROW;
    parent[row] = above;
    rows.priority[row] = rows.priorityOf(row);
    rows.classify(row);
    if (above === NO_ROW) this.root = row;
    else if (isLeft) left[above] = row;
    else right[above] = row;
    this.count++;
    this.sum(row);
    while (parent[row] !== NO_ROW && this.outranks(row, parent[row]!)) this.lift(row);
    this.changed(row);
  }

  /** Takes a span out. Its row stays. */
  remove(row: number): void {
    const { left, right, parent } = this.rows;
    for (;;) {
      const l = left[row]!;
      const r = right[row]!;
      if (l === NO_ROW && r === NO_ROW) break;
      this.lift(r === NO_ROW || (l !== NO_ROW && this.outranks(l, r)) ? l : r);
    }
    const above = parent[row]!;
    if (above === NO_ROW) this.root = NO_ROW;
    else if (left[above] === row) left[above] = NO_ROW;
    else right[above] = NO_ROW;
    this.count--;
    if (above !== NO_ROW) this.changed(above);
  }

  /** A span was changed in place, but for its key's order: what is known above it is brought up to date. */
  changed(row: number): void {
    const { parent } = this.rows;
    this.rows.classify(row);
    for (let at = row; at !== NO_ROW; at = parent[at]!) this.sum(at);
  }

  /**
   * The way that Go went up to 1.12.4: right when the span is too short, left when the left child is long enough, and else
   * this one. What it finds is long enough, but with shorter ones that are in the right part of the left subtree it is not
   * the best (golang/go#31616).
   * @returns a row, or NO_ROW
   */
  firstEnough(npages: number): number {
    const { left, right, npages: sizes } = this.rows;
    this.visited = 0;
    for (let at = this.root; at !== NO_ROW; ) {
      this.visited++;
      if (sizes[at]! < npages) at = right[at]!;
      else if (left[at] !== NO_ROW && sizes[left[at]!]! >= npages) at = left[at]!;
      else return at;
    }
    return NO_ROW;
  }

  /** By size: the smallest span of at least npages, of equal ones the lowest. */
  best(npages: number): number {
    const { left, right, npages: sizes } = this.rows;
    let best = NO_ROW;
    this.visited = 0;
    for (let at = this.root; at !== NO_ROW; ) {
      this.visited++;
      if (sizes[at]! < npages) at = right[at]!;
      else {
        best = at;
        at = left[at]!;
      }
    }
    return best;
  }

  /** By address: the lowest span of at least npages. */
  lowest(npages: number): number {
    const { left, right, npages: sizes, maxPages } = this.rows;
    this.visited = 0;
    for (let at = this.root; at !== NO_ROW && maxPages[at]! >= npages; ) {
      this.visited++;
      const l = left[at]!;
      if (l !== NO_ROW && maxPages[l]! >= npages) at = l;
      else if (sizes[at]! >= npages) return at;
      else at = right[at]!;
    }
    return NO_ROW;
  }

  /** By address: the highest span of at least npages. */
  highest(npages: number): number {
    const { left, right, npages: sizes, maxPages } = this.rows;
    this.visited = 0;
    for (let at = this.root; at !== NO_ROW && maxPages[at]! >= npages; ) {
      this.visited++;
      const r = right[at]!;
      if (r !== NO_ROW && maxPages[r]! >= npages) at = r;
      else if (sizes[at]! >= npages) return at;
      else at = left[at]!;
    }
    return NO_ROW;
  }

  /** By address: the lowest span of at least npages that begins at a page or above. */
  lowestFrom(page: number, npages: number): number {
    const { left, right, parent, page: pages, npages: sizes, maxPages } = this.rows;
    this.visited = 0;
    // Down to the lowest span from `page` on, then up and to the right until there is one that is long enough.
    let at = this.root;
    let from = NO_ROW;
    while (at !== NO_ROW) {
      this.visited++;
      if (pages[at]! >= page) {
        from = at;
        at = left[at]!;
      } else at = right[at]!;
    }
    while (from !== NO_ROW) {
      this.visited++;
      if (sizes[from]! >= npages) return from;
      const r = right[from]!;
      if (r !== NO_ROW && maxPages[r]! >= npages) return this.lowestBelow(r, npages);
      while (parent[from] !== NO_ROW && right[parent[from]!] === from) from = parent[from]!;
      from = parent[from]!;
    }
    return NO_ROW;
  }

  /** By address: the highest span of a kind (see kindBit). */
  highestOf(kind: number): number {
    const { left, right, kinds, kind: own } = this.rows;
    for (let at = this.root; at !== NO_ROW && (kinds[at]! & kind) !== 0; ) {
      const r = right[at]!;
      if (r !== NO_ROW && (kinds[r]! & kind) !== 0) at = r;
      else if (own[at] === kind) return at;
      else at = left[at]!;
    }
    return NO_ROW;
  }

  /** By address: the span that holds a page, or NO_ROW. */
  holding(page: number): number {
    const { left, right, page: pages } = this.rows;
    for (let at = this.root; at !== NO_ROW; ) {
      if (page < pages[at]!) at = left[at]!;
      else if (page >= this.rows.endOf(at)) at = right[at]!;
      else return at;
    }
    return NO_ROW;
  }

  /** The first span in the order of keys. */
  first(): number {
    return this.outermost(this.root, this.rows.left);
  }

  /** The last span in the order of keys. */
  last(): number {
    return this.outermost(this.root, this.rows.right);
  }

  /** The span behind one in the order of keys. */
  next(row: number): number {
    const { left, right, parent } = this.rows;
    if (right[row] !== NO_ROW) return this.outermost(right[row]!, left);
    let at = row;
    while (parent[at] !== NO_ROW && right[parent[at]!] === at) at = parent[at]!;
    return parent[at]!;
  }

  /** The span before one in the order of keys. */
  previous(row: number): number {
    const { left, right, parent } = this.rows;
    if (left[row] !== NO_ROW) return this.outermost(left[row]!, right);
    let at = row;
    while (parent[at] !== NO_ROW && left[parent[at]!] === at) at = parent[at]!;
    return parent[at]!;
  }

  /** By size: the first span whose key is above (npages, page). */
  after(npages: number, page: number): number {
    const { left, right } = this.rows;
    let found = NO_ROW;
    for (let at = this.root; at !== NO_ROW; ) {
      if (this.isLess(npages, page, at)) {
        found = at;
        at = left[at]!;
      } else at = right[at]!;
    }
    return found;
  }

  private lowestBelow(top: number, npages: number): number {
    const { left, right, npages: sizes, maxPages } = this.rows;
    for (let at = top; ; ) {
      this.visited++;
      const l = left[at]!;
      if (l !== NO_ROW && maxPages[l]! >= npages) at = l;
      else if (sizes[at]! >= npages) return at;
      else at = right[at]!;
    }
  }

  private outermost(top: number, side: Int32Array): number {
    if (top === NO_ROW) return NO_ROW;
    let at = top;
    while (side[at] !== NO_ROW) at = side[at]!;
    return at;
  }

  /** Whether a key is below that of a node. */
  private isLess(npages: number, page: number, at: number): boolean {
    const { rows } = this;
    if (this.bySize && npages !== rows.npages[at]) return npages < rows.npages[at]!;
    return page < rows.page[at]!;
  }

  /** Whether a belongs above b. */
  private outranks(a: number, b: number): boolean {
    const { priority, page } = this.rows;
    return priority[a] === priority[b] ? page[a]! < page[b]! : priority[a]! < priority[b]!;
  }

  /** Rotates a node up, in its parent's place. */
  private lift(row: number): void {
    const { left, right, parent } = this.rows;
    const above = parent[row]!;
    const top = parent[above]!;
    const isLeft = left[above] === row;
    const inner = isLeft ? right[row]! : left[row]!;
    if (isLeft) {
      right[row] = above;
      left[above] = inner;
    } else {
      left[row] = above;
      right[above] = inner;
    }
    if (inner !== NO_ROW) parent[inner] = above;
    parent[above] = row;
    parent[row] = top;
    if (top === NO_ROW) this.root = row;
    else if (left[top] === above) left[top] = row;
    else right[top] = row;
    this.sum(above);
    this.sum(row);
  }

  /** Recomputes what a node knows of its subtree. */
  private sum(row: number): void {
    const { left, right, npages, maxPages, kinds, kind } = this.rows;
    const l = left[row]!;
    const r = right[row]!;
    let longest = npages[row]!;
    let mixed = kind[row]!;
    if (l !== NO_ROW) {
      if (maxPages[l]! > longest) longest = maxPages[l]!;
      mixed |= kinds[l]!;
    }
    if (r !== NO_ROW) {
      if (maxPages[r]! > longest) longest = maxPages[r]!;
      mixed |= kinds[r]!;
    }
    maxPages[row] = longest;
    kinds[row] = mixed;
  }
}
