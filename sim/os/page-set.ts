/**
 * A set of pages, for what is known of them one by one: which are resident, which were ever in use.
 *
 *     block 0              block 1          (absent)       block 3           512 pages each, made when first needed
 *     ####......########   ##..............                ........####      one bit a page, 32 to a word
 *
 * Pages come and go in ranges, most of them within a block, so a word is the unit of work. Memory is taken for what was ever
 * in the set, not for the address space.
 *
 * Invariant: `size` is the number of set bits.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import { BLOCK_PAGES, BlockDirectory, NO_PLACE } from "../address/block-directory.js";
import { popCount, wordMask } from "../pages/bits.js";

export { BLOCK_PAGES } from "../address/block-directory.js";

const BLOCK_WORDS = BLOCK_PAGES / 32;

export class PageSet {
  /** Pages in the set. */
  size = 0;

  private readonly directory = new BlockDirectory();
  /** The bits, block by block. */
  private words = new Int32Array(0);

  /** Numbers of the blocks, in the order in which they were made. */
  get blockNumbers(): readonly number[] {
    return this.directory.blockNumbers;
  }

  /** Adds pages [from, to). @returns how many of them are new */
  add(from: number, to: number): number {
    let added = 0;
    for (let page = from; page < to; ) {
      const first = page & (BLOCK_PAGES - 1);
      const end = Math.min(to - page + first, BLOCK_PAGES);
      const block = this.blockOf(page);
      const { words } = this;
      for (let i = first; i < end; i = (i | 31) + 1) {
        const w = block + (i >>> 5);
        const fresh = maskOf(i, end) & ~words[w]!;
        if (fresh === 0) continue;
        words[w]! |= fresh;
        added += popCount(fresh);
      }
      page += end - first;
    }
    this.size += added;
    return added;
  }

  /** Adds those of the pages [from, to) that are in another set. @returns how many of them are new */
  addCommon(other: PageSet, from: number, to: number): number {
    let added = 0;
    for (let page = from; page < to; ) {
      const first = page & (BLOCK_PAGES - 1);
      const end = Math.min(to - page + first, BLOCK_PAGES);
      const theirs = other.directory.find(page) * BLOCK_WORDS;
      if (theirs >= 0) {
        const block = this.blockOf(page);
        const { words } = this;
        for (let i = first; i < end; i = (i | 31) + 1) {
          const w = i >>> 5;
          const fresh = maskOf(i, end) & other.words[theirs + w]! & ~words[block + w]!;
          words[block + w]! |= fresh;
          added += popCount(fresh);
        }
      }
      page += end - first;
    }
    this.size += added;
    return added;
  }

  /** Takes pages [from, to) out. @returns how many of them were in it */
  remove(from: number, to: number): number {
    let removed = 0;
    for (let page = from; page < to; ) {
      const first = page & (BLOCK_PAGES - 1);
      const end = Math.min(to - page + first, BLOCK_PAGES);
      const place = this.directory.find(page);
      if (place !== NO_PLACE) {
        const { words } = this;
        for (let i = first; i < end; i = (i | 31) + 1) {
          const w = place * BLOCK_WORDS + (i >>> 5);
          const gone = maskOf(i, end) & words[w]!;
          if (gone === 0) continue;
          words[w]! &= ~gone;
          removed += popCount(gone);
        }
      }
      page += end - first;
    }
    this.size -= removed;
    return removed;
  }

  /** How many of the pages [from, to) are in the set. */
  countIn(from: number, to: number): number {
    let count = 0;
    for (let page = from; page < to; ) {
      const first = page & (BLOCK_PAGES - 1);
      const end = Math.min(to - page + first, BLOCK_PAGES);
      const place = this.directory.find(page);
      if (place !== NO_PLACE) {
        const { words } = this;
        for (let i = first; i < end; i = (i | 31) + 1)
          count += popCount(maskOf(i, end) & words[place * BLOCK_WORDS + (i >>> 5)]!);
      }
      page += end - first;
    }
    return count;
  }

  /** Whether all of the pages [from, to) are in the set. */
  hasAll(from: number, to: number): boolean {
    for (let page = from; page < to; ) {
      const first = page & (BLOCK_PAGES - 1);
      const end = Math.min(to - page + first, BLOCK_PAGES);
      const place = this.directory.find(page);
      if (place === NO_PLACE) return false;
      const { words } = this;
      for (let i = first; i < end; i = (i | 31) + 1) {
        if ((maskOf(i, end) & ~words[place * BLOCK_WORDS + (i >>> 5)]!) !== 0) return false;
      }
      page += end - first;
    }
    return true;
  }

  /** Whether a page is in the set. */
  has(page: number): boolean {
    return this.countIn(page, page + 1) === 1;
  }

  /** Where the words of the block begin in which a page lies; it is made if need be. */
  private blockOf(page: number): number {
    const block = this.directory.place(page) * BLOCK_WORDS;
    if (block === this.words.length) {
      this.words = grownInto(this.words, new Int32Array(Math.max(16 * BLOCK_WORDS, 2 * block)));
    }
    return block;
  }
}

/** Bits of the word that holds bit i, from i up to the end of the word or to `end`, whichever comes first. */
function maskOf(i: number, end: number): number {
  return wordMask(i & 31, Math.min(32, end - (i & ~31)));
}
