/**
 * Which free pages the system has really given: what a release of them costs depends on it.
 *
 * Memory fresh from the system takes no physical page until somebody writes to it. Who writes is clear in most cases:
 *
 *     span of …                                    its pages
 *     small objects, stacks, the collector         touched: the objects of a page are written as they are handed out
 *     anything, in memory that was in use before   touched: the runtime clears it (needzero)
 *     noscan objects of a page or more,            up to the program, which writes what it likes of them; nobody
 *       in memory never in use                       else does
 *
 * So each page is absent, touched, or the program's choice. Released pages are absent again, but when they are used once
 * more the runtime clears them, since it does not know that the system would have.
 */

import { isHeapKind } from "../heap/kinds.js";

/** States of a page. */
const ABSENT = 0;
const OPTIONAL = 1;
const TOUCHED = 2;
/** Set beside the state from the first use on. */
const USED = 4;
const STATE = 3;

/** Size classes from this one on have objects of at least 4096 bytes; class 0 has the large objects. */
const FIRST_CLASS_OF_4096 = 44;

/** Pages in a block of the table. */
const BLOCK = 512;

export class Residency {
  /** Of the last release: pages touched, pages of which the program decided, and huge pages touched as a whole. */
  touched = 0;
  optional = 0;
  huge = 0;

  private readonly hugePages: number;
  /** States by block of pages, made when a block is first used. */
  private readonly blocks = new Map<number, Uint8Array>();
  /** The block asked for last, since the next one is most often the same. */
  private lastKey = -1;
  private lastBlock: Uint8Array = new Uint8Array(0);

  /** @param hugePages runtime pages in a huge page, 0 when there are none */
  constructor(hugePages: number) {
    this.hugePages = hugePages;
  }

  /** A span takes pages into use. */
  use(page: number, npages: number, kind: number): void {
    const state = isProgramsChoice(kind) && !this.#wasUsed(page, npages) ? OPTIONAL : TOUCHED;
    for (let p = page; p < page + npages; ) {
      const from = p % BLOCK;
      const to = Math.min(BLOCK, from + page + npages - p);
      const block = this.#blockOf(p);
      // Most spans have a few pages, for which a call costs more than the pages do.
      if (to - from > 64) block.fill(state | USED, from, to);
      else for (let i = from; i < to; i++) block[i] = state | USED;
      p += to - from;
    }
  }

  /** Free pages go back to the system. What they were is counted in `touched`, `optional` and `huge`. */
  release(page: number, npages: number): void {
    this.touched = 0;
    this.optional = 0;
    this.huge = 0;
    const { hugePages } = this;
    const limit = page + npages;
    let p = page;
    if (hugePages > 0) {
      const first = Math.min(limit, Math.ceil(page / hugePages) * hugePages);
      this.#releaseSmall(page, first);
      for (p = first; p + hugePages <= limit; p += hugePages) this.#releaseHuge(p);
    }
    this.#releaseSmall(p, limit);
  }

  #releaseHuge(page: number): void {
    const before = this.touched;
    this.#releaseSmall(page, page + this.hugePages);
    if (this.touched - before < this.hugePages) return;
    this.touched = before;
    this.huge++;
  }

  #releaseSmall(page: number, limit: number): void {
    for (let p = page; p < limit; p++) {
      const block = this.#blockOf(p);
      const i = p % BLOCK;
      const state = block[i]! & STATE;
      if (state === TOUCHED) this.touched++;
      else if (state === OPTIONAL) this.optional++;
      block[i] = (block[i]! & USED) | ABSENT;
    }
  }

  #wasUsed(page: number, npages: number): boolean {
    for (let p = page; p < page + npages; p++) {
      if ((this.#blockOf(p)[p % BLOCK]! & USED) !== 0) return true;
    }
    return false;
  }

  #blockOf(page: number): Uint8Array {
    const key = Math.floor(page / BLOCK);
    if (key === this.lastKey) return this.lastBlock;
    let block = this.blocks.get(key);
    if (block === undefined) {
      block = new Uint8Array(BLOCK);
      this.blocks.set(key, block);
    }
    this.lastKey = key;
    this.lastBlock = block;
    return block;
  }
}

/** Whether nobody but the program writes to fresh memory of this kind: objects without pointers of a page or more. */
function isProgramsChoice(kind: number): boolean {
  if (!isHeapKind(kind) || kind % 2 === 0) return false;
  const sizeClass = (kind - 1) / 2;
  return sizeClass === 0 || sizeClass >= FIRST_CLASS_OF_4096;
}
