/**
 * The tiny allocator: objects without pointers below 16 bytes share blocks of 16 (the comment "Tiny allocator" in malloc.go).
 *
 *     a P's block   │ 5 bytes │ 1 │ pad │   8 bytes   │    the next one that does not fit opens a new block
 *                   0         5   6     8            16
 *
 * A block dies when the last object in it does, so its death is known only when it is closed: when another takes its place,
 * or when a mark ends, where the runtime drops the blocks of all Ps. A new block takes the old one's place only if it has more
 * room left.
 *
 * Sizes that are multiples of 8, 4 and 2 are aligned to as much, as types of those sizes may need. (On 32-bit systems the
 * runtime aligns 12 bytes to 8; not here.)
 */

import type { Deaths } from "./deaths.js";
import { TINY_BLOCK_BYTES } from "./size-classes.js";

export class TinyBlocks {
  /** By P: the span of the block, or -1; bytes used; when the last object dies, Infinity for never. */
  private readonly spans: number[] = [];
  private readonly used: number[] = [];
  private readonly deathsNs: number[] = [];

  /** Whether an object of 1 to 15 bytes fits in the block of a P. */
  fits(p: number, bytes: number): boolean {
    return p < this.spans.length && this.spans[p]! >= 0 && this.offset(p, bytes) + bytes <= TINY_BLOCK_BYTES;
  }

  /** Puts it there; @returns the span of the block. */
  put(p: number, bytes: number, deathNs: number): number {
    this.used[p] = this.offset(p, bytes) + bytes;
    if (deathNs > this.deathsNs[p]!) this.deathsNs[p] = deathNs;
    return this.spans[p]!;
  }

  /** A new block with one object. The one with less room left is closed: its death is entered. */
  open(p: number, span: number, bytes: number, deathNs: number, deaths: Deaths): void {
    while (this.spans.length <= p) {
      this.spans.push(-1);
      this.used.push(0);
      this.deathsNs.push(0);
    }
    if (this.spans[p]! >= 0 && bytes >= this.used[p]!) {
      enter(span, deathNs, deaths);
      return;
    }
    this.close(p, deaths);
    this.spans[p] = span;
    this.used[p] = bytes;
    this.deathsNs[p] = deathNs;
  }

  /** Nothing more goes into the block of a P. */
  close(p: number, deaths: Deaths): void {
    if (p >= this.spans.length || this.spans[p]! < 0) return;
    enter(this.spans[p]!, this.deathsNs[p]!, deaths);
    this.spans[p] = -1;
  }

  closeAll(deaths: Deaths): void {
    for (let p = 0; p < this.spans.length; p++) this.close(p, deaths);
  }

  private offset(p: number, bytes: number): number {
    const align = (bytes & 7) === 0 ? 8 : (bytes & 3) === 0 ? 4 : (bytes & 1) === 0 ? 2 : 1;
    return Math.ceil(this.used[p]! / align) * align;
  }
}

function enter(span: number, deathNs: number, deaths: Deaths): void {
  if (deathNs !== Number.POSITIVE_INFINITY) deaths.add(span, deathNs);
}
