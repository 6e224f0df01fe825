/**
 * A set of pages, for what is known of them one by one: which are resident, which were ever in use.
 *
 *     block 0              block 1          (absent)       block 3           512 pages each, made when first needed
 *     ####......########   ##..............                ........####      one bit a page, 32 to a word
 *
 * Pages come and go in ranges, most of them within a block, so a word is the unit of work, and the block used last is
 * remembered. Memory is taken for what was ever in the set, not for the address space.
 *
 * Invariant: `size` is the number of set bits.
 */

import { popCount, wordMask } from "../pages/bits.js";

/** Pages in a block. */
export const BLOCK_PAGES = 512;
const BLOCK_WORDS = BLOCK_PAGES / 32;

export class PageSet {
  /** Pages in the set. */
  size = 0;
  /** Numbers of the blocks, in the order in which they were made. */
  readonly blockNumbers: number[] = [];

  private readonly blocks = new Map<number, Int32Array>();
  /** The block that was used last, and its number. */
  private lastNumber = -1;
  private last: Int32Array = new Int32Array(0);

  /** Adds pages [from, to). @returns how many of them are new */
  add(from: number, to: number): number {
    let added = 0;
    for (let page = from; page < to; ) {
      const number = Math.floor(page / BLOCK_PAGES);
      const base = number * BLOCK_PAGES;
      const end = Math.min(to - base, BLOCK_PAGES);
      const words = this.blockAt(number);
      for (let i = page - base; i < end; i = (i | 31) + 1) {
        const w = i >>> 5;
        const mask = maskOf(i, end);
        const fresh = mask & ~words[w]!;
        if (fresh === 0) continue;
        words[w]! |= fresh;
        added += popCount(fresh);
      }
      page = base + end;
    }
    this.size += added;
    return added;
  }

  /** Adds those of the pages [from, to) that are in another set. @returns how many of them are new */
  addCommon(other: PageSet, from: number, to: number): number {
    let added = 0;
    for (let page = from; page < to; ) {
      const number = Math.floor(page / BLOCK_PAGES);
      const base = number * BLOCK_PAGES;
      const end = Math.min(to - base, BLOCK_PAGES);
      const theirs = other.blocks.get(number);
      if (theirs !== undefined) {
        const words = this.blockAt(number);
        for (let i = page - base; i < end; i = (i | 31) + 1) {
          const w = i >>> 5;
          const fresh = maskOf(i, end) & theirs[w]! & ~words[w]!;
          words[w]! |= fresh;
          added += popCount(fresh);
        }
      }
      page = base + end;
    }
    this.size += added;
    return added;
  }

  /** Takes pages [from, to) out. @returns how many of them were in it */
  remove(from: number, to: number): number {
    let removed = 0;
    for (let page = from; page < to; ) {
      const number = Math.floor(page / BLOCK_PAGES);
      const base = number * BLOCK_PAGES;
      const end = Math.min(to - base, BLOCK_PAGES);
      const words = this.knownBlock(number);
      if (words !== undefined) {
        for (let i = page - base; i < end; i = (i | 31) + 1) {
          const w = i >>> 5;
          const gone = maskOf(i, end) & words[w]!;
          if (gone === 0) continue;
          words[w]! &= ~gone;
          removed += popCount(gone);
        }
      }
      page = base + end;
    }
    this.size -= removed;
    return removed;
  }

  /** How many of the pages [from, to) are in the set. */
  countIn(from: number, to: number): number {
    let count = 0;
    for (let page = from; page < to; ) {
      const number = Math.floor(page / BLOCK_PAGES);
      const base = number * BLOCK_PAGES;
      const end = Math.min(to - base, BLOCK_PAGES);
      const words = this.knownBlock(number);
      if (words !== undefined) {
        for (let i = page - base; i < end; i = (i | 31) + 1)
          count += popCount(maskOf(i, end) & words[i >>> 5]!);
      }
      page = base + end;
    }
    return count;
  }

  /** Whether a page is in the set. */
  has(page: number): boolean {
    return this.countIn(page, page + 1) === 1;
  }

  private knownBlock(number: number): Int32Array | undefined {
    return number === this.lastNumber ? this.last : this.blocks.get(number);
  }

  private blockAt(number: number): Int32Array {
    if (number === this.lastNumber) return this.last;
    let block = this.blocks.get(number);
    if (block === undefined) {
      block = new Int32Array(BLOCK_WORDS);
      this.blocks.set(number, block);
      this.blockNumbers.push(number);
    }
    this.lastNumber = number;
    this.last = block;
    return block;
  }
}

/** Bits of the word that holds bit i, from i up to the end of the word or to `end`, whichever comes first. */
function maskOf(i: number, end: number): number {
  return wordMask(i & 31, Math.min(32, end - (i & ~31)));
}
