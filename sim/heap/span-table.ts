/**
 * Live spans by their first page.
 *
 * A hash table on typed arrays with linear probing: spans come and go by the hundred thousand, and a Map would box every
 * page number. Deleting shifts the following entries of the cluster back, so there are no tombstones, and the order
 * of entries is never visible.
 */

const EMPTY = -1;

export class SpanTable {
  /** Number of live spans. */
  count = 0;

  #mask = 1023;
  #pages = new Float64Array(1024).fill(EMPTY);
  #npages = new Int32Array(1024);
  #kinds = new Int32Array(1024);
  #births = new Float64Array(1024);

  /**
   * Adds a span; false when one begins at that page already.
   * @param birthNs when it was handed out, for whoever wants to know
   */
  add(page: number, npages: number, kind: number, birthNs = 0): boolean {
    if (this.count * 2 > this.#mask) this.#grow();
    let i = this.#home(page);
    for (; this.#pages[i] !== EMPTY; i = (i + 1) & this.#mask) if (this.#pages[i] === page) return false;
    this.#pages[i] = page;
    this.#npages[i] = npages;
    this.#kinds[i] = kind;
    this.#births[i] = birthNs;
    this.count++;
    return true;
  }

  /** Pages of the span that begins at a page; 0 when none does. */
  npagesAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? 0 : this.#npages[i]!;
  }

  /** Kind of the span that begins at a page; -1 when none does. */
  kindAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? -1 : this.#kinds[i]!;
  }

  /** When the span that begins at a page was handed out, ns; NaN when none does. */
  birthAt(page: number): number {
    const i = this.#find(page);
    return i < 0 ? Number.NaN : this.#births[i]!;
  }

  /** Calls back for each span, in no order that means anything. */
  forEach(callback: (npages: number, kind: number, birthNs: number) => void): void {
    for (let i = 0; i < this.#pages.length; i++) {
      if (this.#pages[i] !== EMPTY) callback(this.#npages[i]!, this.#kinds[i]!, this.#births[i]!);
    }
  }

  /** Removes the span that begins at a page; false when none does. */
  remove(page: number): boolean {
    let hole = this.#find(page);
    if (hole < 0) return false;
    for (let i = (hole + 1) & this.#mask; this.#pages[i] !== EMPTY; i = (i + 1) & this.#mask) {
      // An entry may move into the hole unless its home lies cyclically after the hole.
      const distance = (i - this.#home(this.#pages[i]!)) & this.#mask;
      if (distance < ((i - hole) & this.#mask)) continue;
      this.#pages[hole] = this.#pages[i]!;
      this.#npages[hole] = this.#npages[i]!;
      this.#kinds[hole] = this.#kinds[i]!;
      this.#births[hole] = this.#births[i]!;
      hole = i;
    }
    this.#pages[hole] = EMPTY;
    this.count--;
    return true;
  }

  /** All spans by first page, ascending. Arrays of their own: for probes, not for hot paths. */
  sorted(): { pages: Float64Array; npages: Int32Array; kinds: Int32Array } {
    const pages = this.#pages.filter((page) => page !== EMPTY).sort();
    const npages = new Int32Array(pages.length);
    const kinds = new Int32Array(pages.length);
    for (let i = 0; i < pages.length; i++) {
      const at = this.#find(pages[i]!);
      npages[i] = this.#npages[at]!;
      kinds[i] = this.#kinds[at]!;
    }
    return { pages, npages, kinds };
  }

  #find(page: number): number {
    for (let i = this.#home(page); this.#pages[i] !== EMPTY; i = (i + 1) & this.#mask) {
      if (this.#pages[i] === page) return i;
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
    const { 0: pages, 1: npages } = [this.#pages, this.#npages] as const;
    const { 0: kinds, 1: births } = [this.#kinds, this.#births] as const;
    const size = 2 * pages.length;
    this.#mask = size - 1;
    this.#pages = new Float64Array(size).fill(EMPTY);
    this.#npages = new Int32Array(size);
    this.#kinds = new Int32Array(size);
    this.#births = new Float64Array(size);
    this.count = 0;
    for (let i = 0; i < pages.length; i++) {
      if (pages[i] !== EMPTY) this.add(pages[i]!, npages[i]!, kinds[i]!, births[i]!);
    }
  }
}
