/**
 * Arenas: how the heap gets address space (mheap.sysAlloc in malloc.go).
 *
 * Space is reserved in whole arenas, 64 MiB on most systems. The heap asks at a hint, a fixed address at first, then
 * right behind what it got, so that it stays in one piece as long as nobody is in the way:
 *
 *     hint 0: 0xc000000000   [arena][arena][arena]▸      blocked? try the next hint
 *     hint 1: 0x1c000000000                              none left? take what the system gives, and grow around it
 */

import type { Geometry } from "../address/geometry.js";
import type { AddressSpace } from "../os/address-space.js";

interface Hint {
  off: number;
  readonly down: boolean;
}

export class Arenas {
  /** Offset and size, in bytes, of the last reservation. */
  reservedOff = 0;
  reservedBytes = 0;
  /** Bytes of address space reserved in all. */
  totalBytes = 0;
  /** How many reservations were made. */
  count = 0;

  private readonly geometry: Geometry;
  private readonly space: AddressSpace;
  private hints: Hint[];
  /** Mapped arenas by index (offset / arena size). */
  readonly #mapped = new Set<number>();

  /**
   * @param geometry arena size and first hints
   * @param space where addresses come from
   */
  constructor(geometry: Geometry, space: AddressSpace) {
    this.geometry = geometry;
    this.space = space;
    this.hints = geometry.arenaHintOffs.map((off) => ({ off, down: false }));
  }

  /** Whether the arena that holds a page is mapped. */
  has(page: number): boolean {
    return this.#mapped.has(Math.floor(page / this.geometry.arenaPages));
  }

  /**
   * Reserves at least `bytes`, rounded up to whole arenas; where and how much then stands in reservedOff and
   * reservedBytes.
   * @returns false when no address space is left
   */
  reserve(bytes: number): boolean {
    const { arenaBytes, pageBytes } = this.geometry;
    const size = Math.ceil(bytes / arenaBytes) * arenaBytes;
    const off = this.#reserveAtHint(size) ?? this.#reserveAnywhere(size);
    if (off < 0) return false;
    this.reservedOff = off;
    this.reservedBytes = size;
    this.totalBytes += size;
    this.count++;
    const first = Math.floor(off / pageBytes / this.geometry.arenaPages);
    for (let i = 0; i < size / arenaBytes; i++) this.#mapped.add(first + i);
    return true;
  }

  /** Tries the hints in order and drops those that fail. */
  #reserveAtHint(size: number): number | undefined {
    for (let hint = this.hints[0]; hint !== undefined; hint = this.hints[0]) {
      const off = hint.down ? hint.off - size : hint.off;
      if (this.#align(off) === off && this.space.reserveAt(off, size)) {
        hint.off = hint.down ? off : off + size;
        return off;
      }
      this.hints.shift();
    }
    return undefined;
  }

  /** Takes what the system gives and leaves hints to extend it, upward first. */
  #reserveAnywhere(size: number): number {
    const off = this.space.reserveAnywhere(size, this.geometry.arenaBytes);
    if (off >= 0) this.hints = [{ off: off + size, down: false }, { off, down: true }, ...this.hints];
    return off;
  }

  #align(off: number): number {
    return Math.floor(off / this.geometry.arenaBytes) * this.geometry.arenaBytes;
  }
}
