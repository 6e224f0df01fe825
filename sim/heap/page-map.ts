/**
 * Rows by page number: a hash table on typed arrays with linear probing.
 *
 * Large spans are found by it (large-spans.ts), and free spans meet their neighbours by it (fits/span-fit.ts): one table knows each span by its first page, another by its last, so that a span
 * that is freed finds in two look-ups what it joins. Deleting shifts what follows back, so there are no tombstones, and the
 * order of entries is never visible.
 */

const EMPTY = -1;

export class PageMap {
  /** Number of entries. */
  count = 0;

  private mask = 255;
  private pages = new Float64Array(256).fill(EMPTY);
  private rows = new Int32Array(256);

  /** The row of a page, -1 when it has none. */
  get(page: number): number {
    for (let i = this.home(page); this.pages[i] !== EMPTY; i = (i + 1) & this.mask) {
      if (this.pages[i] === page) return this.rows[i]!;
    }
    return -1;
  }

  /** Gives a page a row, in place of the one that it had. */
  set(page: number, row: number): void {
    if (this.count * 2 > this.mask) this.enlarge();
    let i = this.home(page);
    for (; this.pages[i] !== EMPTY; i = (i + 1) & this.mask) {
      if (this.pages[i] !== page) continue;
      this.rows[i] = row;
      return;
    }
    this.pages[i] = page;
    this.rows[i] = row;
    this.count++;
  }

  /** Forgets a page; nothing happens when it has no row. */
  delete(page: number): void {
    const { mask } = this;
    let hole = this.home(page);
    for (; this.pages[hole] !== page; hole = (hole + 1) & mask) if (this.pages[hole] === EMPTY) return;
    for (let i = (hole + 1) & mask; this.pages[i] !== EMPTY; i = (i + 1) & mask) {
      // An entry may move into the hole unless its home lies cyclically after the hole.
      if (((i - this.home(this.pages[i]!)) & mask) < ((i - hole) & mask)) continue;
      this.pages[hole] = this.pages[i]!;
      this.rows[hole] = this.rows[i]!;
      hole = i;
    }
    this.pages[hole] = EMPTY;
    this.count--;
  }

  private home(page: number): number {
    const high = Math.floor(page / 4294967296);
    const mixed = Math.imul((page | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }

  private enlarge(): void {
    const { pages, rows } = this;
    this.mask = 2 * this.mask + 1;
    this.pages = new Float64Array(this.mask + 1).fill(EMPTY);
    this.rows = new Int32Array(this.mask + 1);
    this.count = 0;
    for (let i = 0; i < pages.length; i++) if (pages[i] !== EMPTY) this.set(pages[i]!, rows[i]!);
  }
}
