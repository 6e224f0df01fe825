/**
 * Memory that was grown but never in use.
 *
 * New memory counts as scavenged, and so does memory that was used and then returned to the system. Only taking the
 * second kind into use again is a cost that a policy could have spared, a *refault*. To tell them apart the pages that
 * were never handed out are kept as ranges; they are few, since first fit eats them from one end.
 *
 * Up to 1.12 new memory counts as retained until a scavenger comes by, so there the ranges are in two sets, and only what is
 * both fresh and released answers for scavenged pages:
 *
 *     grown ──► retained ──release──► released ──► used
 *                  │                                ▲
 *                  └────────────────────────────────┘
 */

import { AddressRanges } from "../address/ranges.js";

export class FreshMemory {
  /** Page ranges (not bytes) that were never part of a span, and are released; or that are not. */
  private readonly released = new AddressRanges();
  private readonly retained = new AddressRanges();

  /** @param growsReleased whether new memory counts as released */
  constructor(private readonly growsReleased = true) {}

  /** Adds newly grown pages. */
  add(page: number, npages: number): void {
    (this.growsReleased ? this.released : this.retained).add(page, page + npages);
  }

  /** Pages go back to the system, fresh or not. */
  release(page: number, npages: number): void {
    if (this.retained.length > 0) move(this.retained, this.released, page, page + npages);
  }

  /** Pages count as retained from now on, as far as they are fresh: memory beside them was taken into use. */
  touch(page: number, npages: number): void {
    move(this.released, this.retained, page, page + npages);
  }

  /** Notes that pages are in use now; returns how many of them were fresh and released. */
  use(page: number, npages: number): number {
    const { released, retained } = this;
    const limit = page + npages;
    if (retained.length > 0) takeOut(retained, page, limit);
    const lowest = released.bases[0];
    // First fit stays below fresh memory as long as it can.
    if (lowest === undefined || limit <= lowest) return 0;
    return takeOut(released, page, limit);
  }

  /** Pages that were never in use. */
  get pages(): number {
    return this.released.totalBytes + this.retained.totalBytes;
  }

  /** Pages that were never in use, and are released. */
  get releasedPages(): number {
    return this.released.totalBytes;
  }
}

/** Moves what lies in [from, limit) from some ranges to others. */
function move(ranges: AddressRanges, to: AddressRanges, from: number, limit: number): void {
  for (let at = ranges.findAddrGreaterEqual(from); at >= 0 && at < limit; ) {
    const end = Math.min(limit, ranges.limits[ranges.findSucc(at) - 1]!);
    takeOut(ranges, at, end);
    to.add(at, end);
    at = ranges.findAddrGreaterEqual(end);
  }
}

/** Removes [from, limit) from ranges, as far as it is in them. @returns how much that was */
function takeOut(ranges: AddressRanges, from: number, limit: number): number {
  let taken = 0;
  for (
    let base = ranges.findAddrGreaterEqual(from);
    base >= 0 && base < limit;
    base = ranges.findAddrGreaterEqual(from)
  ) {
    const i = ranges.findSucc(base) - 1;
    const low = ranges.bases[i]!;
    const high = ranges.limits[i]!;
    const cut = Math.min(high, limit);
    taken += cut - base;
    // Cut [base, cut) out of [low, high): what is left is at most two pieces.
    ranges.bases.splice(i, 1);
    ranges.limits.splice(i, 1);
    ranges.totalBytes -= high - low;
    if (low < base) ranges.add(low, base);
    if (cut < high) ranges.add(cut, high);
  }
  return taken;
}
