/**
 * Live spans by their first page.
 *
 * A hash table on typed arrays with linear probing: spans come and go by the hundred thousand, and a Map would box every
 * page number. Deleting shifts the following entries of the cluster back, so there are no tombstones, and the order
 * of entries is never visible.
 *
 * An entry is three doubles side by side, so that a look meets one line of memory: the first page, pages and kind as two
 * 32-bit numbers, and when the span was handed out.
 *
 *     entries   [ page | npages, kind | birth ][ page | … ]
 */

const EMPTY = -1;
/** Doubles of an entry, and 32-bit numbers of one. */
const STRIDE = 3;
const HALVES = 2 * STRIDE;

export class SpanTable {
  /** Number of live spans. */
  count = 0;
  /** Pages, kind and birth of the span removed last. */
  removedPages = 0;
  removedKind = 0;
  removedBirthNs = 0;

  #mask = 1023;
  #entries = new Float64Array(1024 * STRIDE).fill(EMPTY);
  #numbers = new Int32Array(this.#entries.buffer);

  /**
   * Adds a span; false when one begins at that page already.
   * @param birthNs when it was handed out, for whoever wants to know
   */
  add(page: number, npages: number, kind: number, birthNs = 0): boolean {
    if (this.count * 2 > this.#mask) this.#grow();
    const entries = this.#entries;
    const mask = this.#mask;
    let i = this.#home(page);
    for (; entries[STRIDE * i] !== EMPTY; i = (i + 1) & mask) if (entries[STRIDE * i] === page) return false;
    entries[STRIDE * i] = page;
    this.#numbers[HALVES * i + 2] = npages;
    this.#numbers[HALVES * i + 3] = kind;
    entries[STRIDE * i + 2] = birthNs;
    this.count++;
    return true;
  }

  /** Pages of the span that begins at a page; 0 when none does. */
  npagesAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? 0 : this.#numbers[HALVES * i + 2]!;
  }

  /** Kind of the span that begins at a page; -1 when none does. */
  kindAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? -1 : this.#numbers[HALVES * i + 3]!;
  }

  /** When the span that begins at a page was handed out, ns; NaN when none does. */
  birthAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? Number.NaN : this.#entries[STRIDE * i + 2]!;
  }

  /** Calls back for each span, in no order that means anything. */
  forEach(callback: (npages: number, kind: number, birthNs: number) => void): void {
    const entries = this.#entries;
    for (let i = 0; i <= this.#mask; i++) {
      if (entries[STRIDE * i] === EMPTY) continue;
      callback(this.#numbers[HALVES * i + 2]!, this.#numbers[HALVES * i + 3]!, entries[STRIDE * i + 2]!);
    }
  }

  /** Removes the span that begins at a page, and leaves what it was in the removed… fields; false when none does. */
  remove(page: number): boolean {
    let hole = this.#find(page);
    if (hole < 0) return false;
    const entries = this.#entries;
    const numbers = this.#numbers;
    const mask = this.#mask;
    this.removedPages = numbers[HALVES * hole + 2]!;
    this.removedKind = numbers[HALVES * hole + 3]!;
    this.removedBirthNs = entries[STRIDE * hole + 2]!;
    for (let i = (hole + 1) & mask; entries[STRIDE * i] !== EMPTY; i = (i + 1) & mask) {
      // An entry may move into the hole unless its home lies cyclically after the hole.
      const distance = (i - this.#home(entries[STRIDE * i]!)) & mask;
      if (distance < ((i - hole) & mask)) continue;
      entries[STRIDE * hole] = entries[STRIDE * i]!;
      numbers[HALVES * hole + 2] = numbers[HALVES * i + 2]!;
      numbers[HALVES * hole + 3] = numbers[HALVES * i + 3]!;
      entries[STRIDE * hole + 2] = entries[STRIDE * i + 2]!;
      hole = i;
    }
    entries[STRIDE * hole] = EMPTY;
    this.count--;
    return true;
  }

  /** All spans by first page, ascending. Arrays of their own: for probes, not for hot paths. */
  sorted(): { pages: Float64Array; npages: Int32Array; kinds: Int32Array } {
    const pages = this.#entries.filter((page, i) => i % STRIDE === 0 && page !== EMPTY).sort();
    const npages = new Int32Array(pages.length);
    const kinds = new Int32Array(pages.length);
    for (let i = 0; i < pages.length; i++) {
      const at = this.#find(pages[i]!);
      npages[i] = this.#numbers[HALVES * at + 2]!;
      kinds[i] = this.#numbers[HALVES * at + 3]!;
    }
    return { pages, npages, kinds };
  }

  #find(page: number): number {
    const entries = this.#entries;
    const mask = this.#mask;
    for (let i = this.#home(page); entries[STRIDE * i] !== EMPTY; i = (i + 1) & mask) {
      if (entries[STRIDE * i] === page) return i;
    }
    return -1;
  }

  #home(page: number): number {
    // Page indices have up to 40 bits; fold the upper ones in before the multiplicative hash.
    const low = page | 0;
    const high = Math.floor(page / 4294967296);
    const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }

  #grow(): void {
    const entries = this.#entries;
    const numbers = this.#numbers;
    const before = this.#mask + 1;
    this.#mask = 2 * before - 1;
    this.#entries = new Float64Array(2 * entries.length).fill(EMPTY);
    this.#numbers = new Int32Array(this.#entries.buffer);
    this.count = 0;
    for (let i = 0; i < before; i++) {
      const page = entries[STRIDE * i]!;
      if (page === EMPTY) continue;
      this.add(page, numbers[HALVES * i + 2]!, numbers[HALVES * i + 3]!, entries[STRIDE * i + 2]!);
    }
  }
}
