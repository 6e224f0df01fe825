/**
 * Live spans by their first page.
 *
 * A record for each page, in blocks that are made when the first span begins in them: as the runtime has a pointer for each
 * page of an arena. So spans side by side have records side by side, which an allocator that goes up through the heap meets
 * in the order of memory; a hash table would miss the caches at each. It costs a five-hundredth of the memory that small spans
 * ever began in. Spans of a MiB and more, few as they are, would take a block each, and are kept in a table of their own
 * (large-spans.ts); which of the two has a span that begins at a page, only a look tells.
 *
 *     records of a block   [ birth | npages, kind ][ birth | 0, – ][ birth | npages, kind ] …     512 pages
 *                            page 0                  page 1: no span begins here
 *
 * A record is a double, when the span was handed out, and two 32-bit numbers in the same memory.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import { BLOCK_PAGES, BlockDirectory, NO_PLACE } from "../address/block-directory.js";
import { LargeSpans, NO_ROW } from "./large-spans.js";

/** From so many pages on, 1 MiB, a span is large. */
const LARGE_PAGES = 128;

/** 32-bit numbers of a record, and doubles. */
const LOG_INTEGERS = 2;
const LOG_DOUBLES = 1;
const NPAGES = 2;
const KIND = 3;
/** Numbers of a block. */
const BLOCK_INTEGERS = BLOCK_PAGES << LOG_INTEGERS;
/** Where the record of a page without a block would be. */
const NOWHERE = -1;

export class SpanTable {
  /** Number of live spans. */
  count = 0;
  /** Pages, kind and birth of the span removed last. */
  removedPages = 0;
  removedKind = 0;
  removedBirthNs = 0;

  /** What was fetched: nothing reads it, but without it the compiler would leave out the looks. */
  fetched = 0;

  private readonly large = new LargeSpans();
  private readonly directory = new BlockDirectory();
  private numbers = new Int32Array(0);
  private births = new Float64Array(this.numbers.buffer);

  /**
   * Adds a span; false when one begins at that page already.
   * @param npages its pages, at least 1
   * @param birthNs when it was handed out, for whoever wants to know
   */
  add(page: number, npages: number, kind: number, birthNs = 0): boolean {
    if (this.large.find(page) !== NO_ROW) return false;
    if (npages >= LARGE_PAGES) {
      if (this.find(page) !== NOWHERE) return false;
      this.large.add(page, npages, kind, birthNs);
      this.count++;
      return true;
    }
    const at = this.directory.place(page) * BLOCK_PAGES + (page & (BLOCK_PAGES - 1));
    if (at << LOG_INTEGERS >= this.numbers.length) this.grow();
    const { numbers } = this;
    const record = at << LOG_INTEGERS;
    if (numbers[record + NPAGES] !== 0) return false;
    numbers[record + NPAGES] = npages;
    numbers[record + KIND] = kind;
    this.births[at << LOG_DOUBLES] = birthNs;
    this.count++;
    return true;
  }

  /** Pages of the span that begins at a page; 0 when none does. */
  npagesAt(page: number): number {
    const at = this.find(page);
    if (at !== NOWHERE) return this.numbers[(at << LOG_INTEGERS) + NPAGES]!;
    const row = this.large.find(page);
    return row === NO_ROW ? 0 : this.large.npagesOf(row);
  }

  /** Kind of the span that begins at a page; -1 when none does. */
  kindAt(page: number): number {
    const at = this.find(page);
    if (at !== NOWHERE) return this.numbers[(at << LOG_INTEGERS) + KIND]!;
    const row = this.large.find(page);
    return row === NO_ROW ? -1 : this.large.kindOf(row);
  }

  /** When the span that begins at a page was handed out, ns; NaN when none does. */
  birthAt(page: number): number {
    const at = this.find(page);
    if (at !== NOWHERE) return this.births[at << LOG_DOUBLES]!;
    const row = this.large.find(page);
    return row === NO_ROW ? Number.NaN : this.large.birthOf(row);
  }

  /** Calls back for each span, in no order that means anything. */
  forEach(callback: (npages: number, kind: number, birthNs: number) => void): void {
    const { numbers, births } = this;
    const records = this.directory.count * BLOCK_PAGES;
    for (let at = 0; at < records; at++) {
      const record = at << LOG_INTEGERS;
      const npages = numbers[record + NPAGES]!;
      if (npages !== 0) callback(npages, numbers[record + KIND]!, births[at << LOG_DOUBLES]!);
    }
    this.large.forEach((_, npages, kind, birthNs) => {
      callback(npages, kind, birthNs);
    });
  }

  /** Removes the span that begins at a page, and leaves what it was in the removed… fields; false when none does. */
  remove(page: number): boolean {
    const at = this.find(page);
    if (at === NOWHERE) return this.removeLarge(page);
    const { numbers } = this;
    const record = at << LOG_INTEGERS;
    this.removedPages = numbers[record + NPAGES]!;
    this.removedKind = numbers[record + KIND]!;
    this.removedBirthNs = this.births[at << LOG_DOUBLES]!;
    numbers[record + NPAGES] = 0;
    this.count--;
    return true;
  }

  private removeLarge(page: number): boolean {
    const { large } = this;
    const row = large.find(page);
    if (row === NO_ROW) return false;
    this.removedPages = large.npagesOf(row);
    this.removedKind = large.kindOf(row);
    this.removedBirthNs = large.birthOf(row);
    large.remove(row);
    this.count--;
    return true;
  }

  /**
   * Has the processor fetch the records of spans that will be removed soon: pages[from], … pages[to - 1]. Each of them misses the
   * caches when there are many spans; here the misses come at the same time and not one after another. Changes nothing.
   */
  fetch(pages: Float64Array, from: number, to: number): void {
    const { numbers, directory } = this;
    let sum = this.fetched;
    for (let i = from; i < to; i++) {
      const page = pages[i]!;
      const place = directory.find(page);
      if (place === NO_PLACE) continue;
      const at = place * BLOCK_PAGES + (page & (BLOCK_PAGES - 1));
      sum = (sum + numbers[(at << LOG_INTEGERS) + NPAGES]!) | 0;
    }
    this.fetched = sum;
  }

  /** All spans by first page, ascending. Arrays of their own: for probes, not for hot paths. */
  sorted(): { pages: Float64Array; npages: Int32Array; kinds: Int32Array } {
    const pages = this.firstPages().sort();
    return {
      pages,
      npages: Int32Array.from(pages, (page) => this.npagesAt(page)),
      kinds: Int32Array.from(pages, (page) => this.kindAt(page)),
    };
  }

  /** First pages of all spans, in no order that means anything. */
  private firstPages(): Float64Array {
    const { numbers, directory } = this;
    const pages = new Float64Array(this.count);
    let i = 0;
    directory.blockNumbers.forEach((number, place) => {
      for (let offset = 0; offset < BLOCK_PAGES; offset++) {
        const record = place * BLOCK_INTEGERS + (offset << LOG_INTEGERS);
        if (numbers[record + NPAGES] !== 0) pages[i++] = number * BLOCK_PAGES + offset;
      }
    });
    this.large.forEach((page) => {
      pages[i++] = page;
    });
    return pages;
  }

  /** Which record is that of the small span that begins at a page; NOWHERE when none does. */
  private find(page: number): number {
    const place = this.directory.find(page);
    if (place === NO_PLACE) return NOWHERE;
    const at = place * BLOCK_PAGES + (page & (BLOCK_PAGES - 1));
    return this.numbers[(at << LOG_INTEGERS) + NPAGES] === 0 ? NOWHERE : at;
  }

  private grow(): void {
    // Copied as integers: they have no pattern that a copy of doubles might change.
    this.numbers = grownInto(this.numbers, new Int32Array(Math.max(BLOCK_INTEGERS, 2 * this.numbers.length)));
    this.births = new Float64Array(this.numbers.buffer);
  }
}
