/**
 * The operating system's side of address space: who has which addresses, and what a process gets that asks for some.
 *
 * A request names an address it would like. The system grants it exactly there if it is free; otherwise the process
 * may ask for any place, and gets the highest free one, as Linux hands out mappings from the top down. Addresses that
 * belong to others (libraries, another heap, what a test wants in the way) can be marked taken beforehand.
 */

import type { Geometry } from "../address/geometry.js";
import { AddressRanges } from "../address/ranges.js";

export class AddressSpace {
  private readonly geometry: Geometry;
  /** What is not free any more, byte offsets. */
  readonly #taken = new AddressRanges();
  /** First and last usable byte offset: raw address 64 KiB and up, user half only. */
  private readonly low: number;
  private readonly high: number;

  /** @param geometry its line from raw address 0 upward is the user's; the first 64 KiB are never given out */
  constructor(geometry: Geometry) {
    this.geometry = geometry;
    const zero = Number.isNaN(geometry.zeroOff) ? geometry.minOff : geometry.zeroOff;
    this.low = zero + 65536;
    this.high = geometry.maxOff + 1;
  }

  /** Marks [off, off+bytes) as somebody else's. Parts that are taken already stay so. */
  occupy(off: number, bytes: number): void {
    let base = off;
    const limit = off + bytes;
    while (base < limit) {
      const next = this.#taken.findAddrGreaterEqual(base);
      const gapEnd = next < 0 || next >= limit ? limit : next;
      if (gapEnd > base) this.#taken.add(base, gapEnd);
      const i = this.#taken.findSucc(base) - 1;
      base = Math.max(gapEnd, i >= 0 ? this.#taken.limits[i]! : gapEnd);
    }
  }

  /** Whether [off, off+bytes) is free and usable. */
  isFree(off: number, bytes: number): boolean {
    if (off < this.low || off + bytes > this.high) return false;
    const next = this.#taken.findAddrGreaterEqual(off);
    return next < 0 || next >= off + bytes;
  }

  /** Takes [off, off+bytes) if it is free; whether it was. */
  reserveAt(off: number, bytes: number): boolean {
    if (!this.isFree(off, bytes)) return false;
    this.#taken.add(off, off + bytes);
    return true;
  }

  /** Takes `bytes` at the highest free place aligned to `align` bytes; its offset, or -1 when there is none. */
  reserveAnywhere(bytes: number, align: number): number {
    let top = this.high;
    for (let i = this.#taken.length - 1; i >= -1; i--) {
      const bottom = i >= 0 ? this.#taken.limits[i]! : this.low;
      const base = this.#alignDownRaw(top - bytes, align);
      if (base >= Math.max(bottom, this.low)) {
        this.#taken.add(base, base + bytes);
        return base;
      }
      if (i >= 0) top = this.#taken.bases[i]!;
    }
    return -1;
  }

  /** Alignment concerns raw addresses; the base of the line is aligned to arenas on every system, so offsets will do. */
  #alignDownRaw(off: number, align: number): number {
    const zero = Number.isNaN(this.geometry.zeroOff) ? 0 : this.geometry.zeroOff % align;
    return Math.floor((off - zero) / align) * align + zero;
  }
}
