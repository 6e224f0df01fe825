/**
 * A fit that no Go release has: the fullest huge page first, in the spirit of the huge page filler of TCMalloc's Temeraire.
 *
 *     huge pages, 256 pages each      ####.####..####   ###..#..##.....   ...............
 *     free, longest free stretch      2, 1              8, 5              256, 256
 *     a request for 2 pages                             ▲ the fullest one that has room
 *
 * First fit fills the heap from below, whatever that does to huge pages that are nearly empty. Here a request goes to the
 * huge page with the fewest free pages among those that have a stretch long enough, so that those in use are full and
 * the others become free as wholes, and can go back to the system without breaking any. Within a huge page, and among runs of
 * whole ones, the lowest place is taken.
 *
 * Huge pages are in lists by their number of free pages and their longest free stretch, the one that changed last in front:
 *
 *     for each number of free pages, from the requested one up: is there a list with a stretch that is long enough?
 *
 * Requests of a huge page and more take the lowest place that is long enough. A request that fits into no huge page makes the
 * heap grow, also if it fit across the boundary of two.
 *
 * Counters: a request below a huge page is a call of find on one level, and the numbers of free pages it looks at are its
 * entries; larger ones count as those of the radix tree, which answers them.
 */

import { grownInto } from "../../../engine/typed-arrays.js";
import { countRange, findZeros, firstZero, longestZeros } from "../../pages/bits.js";
import type { PageAllocator } from "../../pages/page-allocator.js";
import type { PageCache } from "../../pages/page-cache.js";
import { FIND_CALLS, FIND_ENTRIES, FIND_FAILURES, FIND_LEVELS } from "../../probes.js";
import type { Fit } from "../fit.js";
import { takeBlock } from "./cache-block.js";

const NONE = -1;
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;
/** Page caches take blocks of so many pages, which lie in one huge page. */
const MIN_UNIT_PAGES = 64;
/** More lists than for huge pages of so many pages would be too many. */
const MAX_UNIT_PAGES = 256;

export class HugepageFiller implements Fit {
  /** Pages of a huge page: 2 MiB, as far as 64 to 256 pages, or a chunk, are that. */
  readonly unitPages: number;
  /** By huge page: free pages, and the longest free stretch. Its number is that of its chunk, times those in a chunk. */
  freePages = new Int32Array(0);
  longest = new Int32Array(0);
  /** First list entry for each (free, longest). */
  readonly heads: Int32Array;
  next = new Int32Array(0);
  private previous = new Int32Array(0);
  /** First page of each huge page. */
  firstPages = new Float64Array(0);
  /** Which lists have any: for each number of free pages, a bit for each longest stretch. */
  private readonly filled: Int32Array;
  private readonly filledWords: number;
  private readonly unitsPerChunk: number;

  constructor(private readonly pages: PageAllocator) {
    const { pageBytes, chunkPages } = pages.geometry;
    const wanted = Math.max(MIN_UNIT_PAGES, HUGE_PAGE_BYTES / pageBytes);
    this.unitPages = Math.min(MAX_UNIT_PAGES, chunkPages, wanted);
    this.unitsPerChunk = chunkPages / this.unitPages;
    const lengths = this.unitPages + 1;
    this.heads = new Int32Array(lengths * lengths).fill(NONE);
    this.filledWords = (this.unitPages >>> 5) + 1;
    this.filled = new Int32Array(lengths * this.filledWords);
  }

  get scavengedPages(): number {
    return this.pages.scavengedPages;
  }

  alloc(npages: number): number {
    const { pages, unitPages } = this;
    if (npages >= unitPages) {
      const page = pages.alloc(npages);
      if (page >= 0) this.update(page, npages);
      return page;
    }
    const unit = this.search(npages);
    if (unit === NONE) return -1;
    const word0 = this.wordOf(unit);
    const page = this.firstPages[unit]! + findZeros(pages.tree.allocBits, word0, 0, unitPages, npages);
    pages.allocRange(page, npages);
    this.refresh(unit);
    return page;
  }

  free(page: number, npages: number): void {
    this.pages.free(page, npages);
    this.update(page, npages);
  }

  refill(cache: PageCache): void {
    cache.clear();
    const unit = this.search(1);
    if (unit === NONE) return;
    const { allocBits } = this.pages.tree;
    const page = this.firstPages[unit]! + firstZero(allocBits, this.wordOf(unit), 0, this.unitPages);
    takeBlock(this.pages, cache, page, this);
    this.refresh(unit);
  }

  /** For takeBlock: takes a stretch of free pages. */
  takeRange(page: number, npages: number): void {
    this.pages.allocRange(page, npages);
  }

  flushCache(cache: PageCache): void {
    const { page, empty } = cache;
    this.pages.flushCache(cache);
    if (!empty) this.update(page, 1);
  }

  grew(page: number, npages: number): void {
    this.update(page, npages);
  }

  releaseBegan(page: number, npages: number): void {
    this.update(page, npages);
  }

  releaseEnded(page: number, npages: number): void {
    this.update(page, npages);
  }

  /** The fullest huge page with a free stretch of npages; of equally full ones, one whose longest stretch is shortest. */
  private search(npages: number): number {
    const { counters } = this.pages;
    const { filled, filledWords, unitPages } = this;
    counters[FIND_CALLS]!++;
    counters[FIND_LEVELS]!++;
    for (let free = npages; free <= unitPages; free++) {
      counters[FIND_ENTRIES]!++;
      for (let w = npages >>> 5; w < filledWords; w++) {
        let bits = filled[free * filledWords + w]!;
        if (w === npages >>> 5) bits &= -1 << (npages & 31);
        if (bits !== 0) return this.heads[free * (unitPages + 1) + 32 * w + 31 - Math.clz32(bits & -bits)]!;
      }
    }
    counters[FIND_FAILURES]!++;
    return NONE;
  }

  /** Pages changed: their huge pages are looked at anew. */
  private update(page: number, npages: number): void {
    const { tree, geometry } = this.pages;
    const { unitPages, unitsPerChunk } = this;
    for (let at = page - (page % unitPages); at < page + npages; at += unitPages) {
      const chunk = Math.floor(at / geometry.chunkPages);
      const unit = tree.flatChunk(chunk) * unitsPerChunk + (at - chunk * geometry.chunkPages) / unitPages;
      if (unit >= this.freePages.length) this.enlarge(unit + 1);
      this.firstPages[unit] = at;
      this.refresh(unit);
    }
  }

  /** Counts the free pages of a huge page anew, and moves it to the list where it belongs. */
  private refresh(unit: number): void {
    const { unitPages } = this;
    const { allocBits } = this.pages.tree;
    const word0 = this.wordOf(unit);
    if (this.freePages[unit]! > 0) this.unlink(unit);
    this.freePages[unit] = unitPages - countRange(allocBits, word0, 0, unitPages);
    this.longest[unit] = longestZeros(allocBits, word0, unitPages);
    if (this.freePages[unit]! > 0) this.link(unit);
  }

  private link(unit: number): void {
    const list = this.listOf(unit);
    const head = this.heads[list]!;
    this.next[unit] = head;
    this.previous[unit] = NONE;
    if (head !== NONE) this.previous[head] = unit;
    this.heads[list] = unit;
    this.filled[this.filledAt(unit)]! |= 1 << (this.longest[unit]! & 31);
  }

  private unlink(unit: number): void {
    const list = this.listOf(unit);
    const behind = this.next[unit]!;
    const before = this.previous[unit]!;
    if (before === NONE) this.heads[list] = behind;
    else this.next[before] = behind;
    if (behind !== NONE) this.previous[behind] = before;
    if (this.heads[list] === NONE) this.filled[this.filledAt(unit)]! &= ~(1 << (this.longest[unit]! & 31));
  }

  private listOf(unit: number): number {
    return this.freePages[unit]! * (this.unitPages + 1) + this.longest[unit]!;
  }

  private filledAt(unit: number): number {
    return this.freePages[unit]! * this.filledWords + (this.longest[unit]! >>> 5);
  }

  /** The first word of a huge page's bitmap: those of a chunk lie side by side. */
  private wordOf(unit: number): number {
    return unit * (this.unitPages >>> 5);
  }

  private enlarge(units: number): void {
    const size = Math.max(units, 2 * this.freePages.length);
    this.freePages = grownInto(this.freePages, new Int32Array(size));
    this.longest = grownInto(this.longest, new Int32Array(size));
    this.next = grownInto(this.next, new Int32Array(size));
    this.previous = grownInto(this.previous, new Int32Array(size));
    this.firstPages = grownInto(this.firstPages, new Float64Array(size).fill(-1));
  }
}
