/**
 * Live spans by their first page.
 *
 * A hash table on a typed array with linear probing: spans come and go by the hundred thousand, and a Map would box every
 * page number. Deleting shifts the following entries of the cluster back, so there are no tombstones, and the order
 * of entries is never visible. The numbers of an entry lie side by side, since of a large table each place that is
 * looked at is far from the processor:
 *
 *     doubles           [ page       |             ][ EMPTY | … ]
 *     32-bit integers   [      |     | npages, kind ]               the same memory
 */

const EMPTY = -1;

export class SpanTable {
  /** Number of live spans. */
  count = 0;
  /** Pages and kind of the span removed last. */
  removedPages = 0;
  removedKind = 0;

  #mask = 1023;
  #entries = new Float64Array(2048).fill(EMPTY);
  #numbers = new Int32Array(this.#entries.buffer);

  /** Adds a span; false when one begins at that page already. */
  add(page: number, npages: number, kind: number): boolean {
    if (this.count * 2 > this.#mask) this.#grow();
    const entries = this.#entries;
    const mask = this.#mask;
    let i = this.#home(page);
    for (; entries[2 * i] !== EMPTY; i = (i + 1) & mask) if (entries[2 * i] === page) return false;
    entries[2 * i] = page;
    this.#numbers[4 * i + 2] = npages;
    this.#numbers[4 * i + 3] = kind;
    this.count++;
    return true;
  }

  /** Pages of the span that begins at a page; 0 when none does. */
  npagesAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? 0 : this.#numbers[4 * i + 2]!;
  }

  /** Kind of the span that begins at a page; -1 when none does. */
  kindAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? -1 : this.#numbers[4 * i + 3]!;
  }

  /** Removes the span that begins at a page, and leaves what it was in removedPages and removedKind; false when none does. */
  remove(page: number): boolean {
    let hole = this.#find(page);
    if (hole < 0) return false;
    const entries = this.#entries;
    const numbers = this.#numbers;
    const mask = this.#mask;
    this.removedPages = numbers[4 * hole + 2]!;
    this.removedKind = numbers[4 * hole + 3]!;
    for (let i = (hole + 1) & mask; entries[2 * i] !== EMPTY; i = (i + 1) & mask) {
      // An entry may move into the hole unless its home lies cyclically after the hole.
      const distance = (i - this.#home(entries[2 * i]!)) & mask;
      if (distance < ((i - hole) & mask)) continue;
      entries[2 * hole] = entries[2 * i]!;
      numbers[4 * hole + 2] = numbers[4 * i + 2]!;
      numbers[4 * hole + 3] = numbers[4 * i + 3]!;
      hole = i;
    }
    entries[2 * hole] = EMPTY;
    this.count--;
    return true;
  }

  /** All spans by first page, ascending. Arrays of their own: for probes, not for hot paths. */
  sorted(): { pages: Float64Array; npages: Int32Array; kinds: Int32Array } {
    const pages = this.#entries.filter((page, i) => i % 2 === 0 && page !== EMPTY).sort();
    const npages = new Int32Array(pages.length);
    const kinds = new Int32Array(pages.length);
    for (let i = 0; i < pages.length; i++) {
      const at = this.#find(pages[i]!);
      npages[i] = this.#numbers[4 * at + 2]!;
      kinds[i] = this.#numbers[4 * at + 3]!;
    }
    return { pages, npages, kinds };
  }

  #find(page: number): number {
    const entries = this.#entries;
    const mask = this.#mask;
    for (let i = this.#home(page); entries[2 * i] !== EMPTY; i = (i + 1) & mask) {
      if (entries[2 * i] === page) return i;
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
    this.#mask = entries.length - 1;
    this.#entries = new Float64Array(2 * entries.length).fill(EMPTY);
    this.#numbers = new Int32Array(this.#entries.buffer);
    this.count = 0;
    for (let i = 0; 2 * i < entries.length; i++) {
      if (entries[2 * i] !== EMPTY) this.add(entries[2 * i]!, numbers[4 * i + 2]!, numbers[4 * i + 3]!);
    }
  }
}
