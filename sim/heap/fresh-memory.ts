/**
 * Memory that was grown but never in use.
 *
 * New memory counts as scavenged, and so does memory that was used and then returned to the system. Only taking the
 * second kind into use again is a cost that a policy could have spared, a *refault*. To tell them apart the pages that
 * were never handed out are kept as ranges; they are few, since first fit eats them from one end.
 */

import { AddressRanges } from "../address/ranges.js";

export class FreshMemory {
  /** Page ranges (not bytes) that were never part of a span. */
  readonly #ranges = new AddressRanges();

  /** Adds newly grown pages. */
  add(page: number, npages: number): void {
    this.#ranges.add(page, page + npages);
  }

  /** Notes that pages are in use now; returns how many of them were fresh. */
  use(page: number, npages: number): number {
    const ranges = this.#ranges;
    const limit = page + npages;
    const lowest = ranges.bases[0];
    // First fit stays below fresh memory as long as it can.
    if (lowest === undefined || limit <= lowest) return 0;
    let fresh = 0;
    for (
      let base = ranges.findAddrGreaterEqual(page);
      base >= 0 && base < limit;
      base = ranges.findAddrGreaterEqual(page)
    ) {
      const i = ranges.findSucc(base) - 1;
      const low = ranges.bases[i]!;
      const high = ranges.limits[i]!;
      const cut = Math.min(high, limit);
      fresh += cut - base;
      // Cut [base, cut) out of [low, high): what is left is at most two pieces.
      ranges.bases.splice(i, 1);
      ranges.limits.splice(i, 1);
      ranges.totalBytes -= high - low;
      if (low < base) ranges.add(low, base);
      if (cut < high) ranges.add(cut, high);
    }
    return fresh;
  }

  /** Pages that were never in use. */
  get pages(): number {
    return this.#ranges.totalBytes;
  }
}
