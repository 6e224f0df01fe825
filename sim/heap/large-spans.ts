/**
 * Large live spans by their first page: few for the memory that they hold, and far apart.
 *
 * A hash table on typed arrays with linear probing. Deleting shifts the following entries of the cluster back, so there are
 * no tombstones, and the order of entries is never visible. Its size follows the number of spans, not the memory that they
 * lie in, which is what span-table.ts has for small ones.
 *
 *     entries   [ page | npages, kind | birth ][ page | … ]       three doubles side by side, npages and kind in one of them
 */

const EMPTY = -1;
/** Doubles of an entry, and 32-bit numbers of one. */
const STRIDE = 3;
const HALVES = 2 * STRIDE;
const FIRST_ENTRIES = 256;
/** Where the entry of a page without a span would be. */
export const NO_ENTRY = -1;

export class LargeSpans {
  /** Number of spans. */
  count = 0;

  private mask = FIRST_ENTRIES - 1;
  private entries = new Float64Array(FIRST_ENTRIES * STRIDE).fill(EMPTY);
  private numbers = new Int32Array(this.entries.buffer);

  /** Adds a span. None may begin at that page. */
  add(page: number, npages: number, kind: number, birthNs: number): void {
    if (this.count * 2 > this.mask) this.grow();
    const { entries, mask } = this;
    let i = this.homeOf(page);
    while (entries[STRIDE * i] !== EMPTY) i = (i + 1) & mask;
    entries[STRIDE * i] = page;
    this.numbers[HALVES * i + 2] = npages;
    this.numbers[HALVES * i + 3] = kind;
    entries[STRIDE * i + 2] = birthNs;
    this.count++;
  }

  /** The entry of the span that begins at a page; NO_ENTRY when none does. */
  find(page: number): number {
    if (this.count === 0) return NO_ENTRY;
    const { entries, mask } = this;
    for (let i = this.homeOf(page); entries[STRIDE * i] !== EMPTY; i = (i + 1) & mask) {
      if (entries[STRIDE * i] === page) return i;
    }
    return NO_ENTRY;
  }

  /** Pages of the span of an entry. */
  npagesOf(entry: number): number {
    return this.numbers[HALVES * entry + 2]!;
  }

  /** Kind of the span of an entry. */
  kindOf(entry: number): number {
    return this.numbers[HALVES * entry + 3]!;
  }

  /** When the span of an entry was handed out, ns. */
  birthOf(entry: number): number {
    return this.entries[STRIDE * entry + 2]!;
  }

  /** Removes the span of an entry. */
  remove(entry: number): void {
    const { entries, mask } = this;
    let hole = entry;
    for (let i = (hole + 1) & mask; entries[STRIDE * i] !== EMPTY; i = (i + 1) & mask) {
      // An entry may move into the hole unless its home lies cyclically after the hole.
      const distance = (i - this.homeOf(entries[STRIDE * i]!)) & mask;
      if (distance < ((i - hole) & mask)) continue;
      this.move(i, hole);
      hole = i;
    }
    entries[STRIDE * hole] = EMPTY;
    this.count--;
  }

  /** Calls back for each span, in no order that means anything. */
  forEach(callback: (page: number, npages: number, kind: number, birthNs: number) => void): void {
    for (let i = 0; i <= this.mask; i++) {
      const page = this.entries[STRIDE * i]!;
      if (page !== EMPTY) callback(page, this.npagesOf(i), this.kindOf(i), this.birthOf(i));
    }
  }

  private move(from: number, to: number): void {
    const { entries, numbers } = this;
    entries[STRIDE * to] = entries[STRIDE * from]!;
    numbers[HALVES * to + 2] = numbers[HALVES * from + 2]!;
    numbers[HALVES * to + 3] = numbers[HALVES * from + 3]!;
    entries[STRIDE * to + 2] = entries[STRIDE * from + 2]!;
  }

  private homeOf(page: number): number {
    // Page indices have up to 40 bits; fold the upper ones in before the multiplicative hash.
    const high = Math.floor(page / 4294967296);
    const mixed = Math.imul((page | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }

  private grow(): void {
    const { entries, numbers } = this;
    const before = this.mask + 1;
    this.mask = 2 * before - 1;
    this.entries = new Float64Array(2 * entries.length).fill(EMPTY);
    this.numbers = new Int32Array(this.entries.buffer);
    this.count = 0;
    for (let i = 0; i < before; i++) {
      const page = entries[STRIDE * i]!;
      if (page === EMPTY) continue;
      this.add(page, numbers[HALVES * i + 2]!, numbers[HALVES * i + 3]!, entries[STRIDE * i + 2]!);
    }
  }
}
