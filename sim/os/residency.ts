/**
 * Which pages of the heap the system has really given: its resident memory, and what a release of it costs.
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
 * more the runtime clears them, since it does not know that the system would have. Pages that are the program's choice are
 * taken for resident, since a program that asks for memory mostly writes it; only the costs of a release know better.
 *
 * Three things make more resident than was touched:
 *
 *     physical pages larger than the runtime's    the first touch brings in all of one
 *     huge pages (huge-pages.ts)                  the first touch, or khugepaged, brings in 2 MiB
 *     MADV_FREE                                   what was released stays, *lazily freed*, until memory gets short
 *
 * Invariants, checked by the tests: whatever is in use is resident; lazily freed pages are; all pages of a huge page are.
 */

import { isHeapKind } from "../heap/kinds.js";
import type { HugePages } from "./huge-pages.js";
import { BLOCK_PAGES, PageSet } from "./page-set.js";

/** Size classes from this one on have objects of at least 4096 bytes; class 0 has the large objects. */
const FIRST_CLASS_OF_4096 = 44;

/** Options of a residency. */
export interface ResidencyOptions {
  /** Runtime pages in a physical page, at least 1. Default: 1. */
  readonly physPages?: number;
  /** Whether released pages stay until memory gets short (MADV_FREE). Default: they go at once. */
  readonly lazy?: boolean;
}

export class Residency {
  /** Of the last release: pages touched, pages of which the program decided, and huge pages touched as a whole. */
  touched = 0;
  optional = 0;
  huge = 0;
  /** Runtime pages that first touches brought in, without those of huge pages. */
  faultedPages = 0;
  /** Pages that may be resident: beyond that no huge page is made. */
  maxPages = Number.POSITIVE_INFINITY;
  /** Which regions are huge pages; null where there are none, or nobody asked for them to be modelled. */
  hugePages: HugePages | null = null;

  private readonly regionPages: number;
  private readonly physPages: number;
  private readonly isLazy: boolean;
  /** Pages that were ever in use; that are resident; of those: not written for sure; and lazily freed. */
  private readonly used = new PageSet();
  private readonly resident = new PageSet();
  private readonly unwritten = new PageSet();
  private readonly lazy = new PageSet();
  /** Where the system took lazily freed pages last: an index in lazy.blockNumbers. */
  private reclaimAt = 0;

  /** @param regionPages runtime pages in a huge page, 0 when there are none */
  constructor(regionPages: number, options: ResidencyOptions = {}) {
    this.regionPages = regionPages;
    this.physPages = options.physPages ?? 1;
    this.isLazy = options.lazy ?? false;
  }

  /** Pages that are resident, lazily freed ones included. */
  get residentPages(): number {
    return this.resident.size;
  }

  /** Pages that were released and are resident all the same: the system takes them when it needs memory. */
  get lazyPages(): number {
    return this.lazy.size;
  }

  /** Whether a page is resident. */
  isResident(page: number): boolean {
    return this.resident.has(page);
  }

  /** Whether a page is lazily freed. */
  isLazilyFreed(page: number): boolean {
    return this.lazy.has(page);
  }

  /** A span takes pages into use. */
  use(page: number, npages: number, kind: number): void {
    const limit = page + npages;
    // Mostly all of it is there already. Then it was in use before, unless a huge or a physical page brought it in.
    if (this.hugePages === null && this.physPages === 1 && this.lazy.size === 0) {
      if (this.resident.hasAll(page, limit)) {
        if (this.unwritten.size > 0) this.unwritten.remove(page, limit);
        return;
      }
    }
    const newlyUsed = this.used.add(page, limit);
    if (newlyUsed === npages && isProgramsChoice(kind)) this.unwritten.add(page, limit);
    else if (this.unwritten.size > 0) this.unwritten.remove(page, limit);
    if (this.lazy.size > 0) this.#reuse(page, limit);
    if (this.hugePages === null) this.faultedPages += this.#bringIn(page, limit);
    else this.#touch(this.hugePages, page, limit);
  }

  /** Free pages go back to the system. What they were is counted in `touched`, `optional` and `huge`. */
  release(page: number, npages: number): void {
    this.touched = 0;
    this.optional = 0;
    this.huge = 0;
    const limit = page + npages;
    this.#countReleased(page, limit);
    if (this.hugePages !== null) this.#break(this.hugePages, page, limit);
    if (this.unwritten.size > 0) this.unwritten.remove(page, limit);
    if (this.isLazy) this.lazy.addCommon(this.resident, page, limit);
    else this.resident.remove(page, limit);
  }

  /**
   * The system needs memory, and takes lazily freed pages, block by block.
   * @param pages wanted
   * @returns pages taken
   */
  reclaim(pages: number): number {
    const { blockNumbers } = this.lazy;
    let taken = 0;
    while (taken < pages && this.lazy.size > 0) {
      if (this.reclaimAt >= blockNumbers.length) this.reclaimAt = 0;
      const from = blockNumbers[this.reclaimAt++]! * BLOCK_PAGES;
      taken += this.#reclaimBlock(from, from + BLOCK_PAGES);
    }
    return taken;
  }

  /**
   * Makes a region one huge page: what is there moves into it, the rest is filled with zeros. Only where something is there.
   * @param maxAbsentPages pages that may be absent
   * @returns whether that was possible, and there was memory
   */
  collapse(region: number, maxAbsentPages: number): boolean {
    const { hugePages, regionPages } = this;
    if (hugePages === null || hugePages.isBacked(region)) return false;
    const from = region * regionPages;
    const present = this.resident.countIn(from, from + regionPages);
    const absent = regionPages - present;
    if (present === 0 || absent > maxAbsentPages || this.resident.size + absent > this.maxPages) return false;
    this.resident.add(from, from + regionPages);
    // What is copied is written: it is not free for the taking any more.
    this.lazy.remove(from, from + regionPages);
    hugePages.back(region);
    return true;
  }

  /** Pages of a region that are resident. */
  residentIn(region: number): number {
    return this.resident.countIn(region * this.regionPages, (region + 1) * this.regionPages);
  }

  #bringIn(page: number, limit: number): number {
    const { physPages } = this;
    if (physPages === 1) return this.resident.add(page, limit);
    return this.resident.add(
      Math.floor(page / physPages) * physPages,
      Math.ceil(limit / physPages) * physPages,
    );
  }

  #touch(hugePages: HugePages, page: number, limit: number): void {
    const { regionPages } = this;
    for (let p = page; p < limit; ) {
      const region = Math.floor(p / regionPages);
      const next = (region + 1) * regionPages;
      const to = Math.min(limit, next);
      if (!hugePages.isBacked(region)) {
        if (hugePages.mayFault(region) && this.resident.size + regionPages <= this.maxPages) {
          this.resident.add(next - regionPages, next);
          hugePages.fault(region);
        } else {
          const faulted = this.#bringIn(p, to);
          this.faultedPages += faulted;
          if (faulted > 0) hugePages.tableMade(region);
        }
      }
      p = to;
    }
  }

  /** Lazily freed pages are written again. A physical or huge page is written or not as a whole. */
  #reuse(page: number, limit: number): void {
    const { hugePages, regionPages, physPages } = this;
    this.lazy.remove(Math.floor(page / physPages) * physPages, Math.ceil(limit / physPages) * physPages);
    if (hugePages === null) return;
    const last = Math.floor((limit - 1) / regionPages);
    for (let region = Math.floor(page / regionPages); region <= last; region++) {
      if (hugePages.isBacked(region)) this.lazy.remove(region * regionPages, (region + 1) * regionPages);
    }
  }

  #countReleased(page: number, limit: number): void {
    const { regionPages } = this;
    if (regionPages === 0) return this.#countSmall(page, limit);
    const first = Math.min(limit, Math.ceil(page / regionPages) * regionPages);
    this.#countSmall(page, first);
    let p = first;
    for (; p + regionPages <= limit; p += regionPages) this.#countRegion(p);
    this.#countSmall(p, limit);
  }

  /** A whole region is cheaper than its pages when it is a huge page, or, if that is not modelled, could be one. */
  #countRegion(page: number): void {
    const { regionPages, hugePages } = this;
    const before = this.touched;
    const optionalBefore = this.optional;
    this.#countSmall(page, page + regionPages);
    const isHuge =
      hugePages === null
        ? this.touched - before === regionPages
        : hugePages.isBacked(page / regionPages) && this.touched + this.optional > before + optionalBefore;
    if (!isHuge) return;
    this.touched = before;
    this.optional = optionalBefore;
    this.huge++;
  }

  #countSmall(page: number, limit: number): void {
    if (page >= limit) return;
    const unwritten = this.unwritten.size > 0 ? this.unwritten.countIn(page, limit) : 0;
    const lazy = this.lazy.size > 0 ? this.lazy.countIn(page, limit) : 0;
    this.optional += unwritten;
    this.touched += this.resident.countIn(page, limit) - unwritten - lazy;
  }

  /** Huge pages of which a part goes become small pages; of a whole one nothing is left, unless it goes lazily. */
  #break(hugePages: HugePages, page: number, limit: number): void {
    const { regionPages } = this;
    const last = Math.floor((limit - 1) / regionPages);
    for (let region = Math.floor(page / regionPages); region <= last; region++) {
      if (!hugePages.isBacked(region)) continue;
      const from = region * regionPages;
      if (from < page || from + regionPages > limit) hugePages.split(region);
      else if (!this.isLazy) hugePages.drop(region);
    }
  }

  #reclaimBlock(from: number, to: number): number {
    const { hugePages, regionPages, lazy, resident } = this;
    let taken = 0;
    const step = hugePages === null ? BLOCK_PAGES : Math.min(BLOCK_PAGES, regionPages);
    for (let page = from; page < to; page += step) {
      if (hugePages?.isBacked(Math.floor(page / regionPages))) {
        taken += this.#reclaimRegion(hugePages, Math.floor(page / regionPages));
        continue;
      }
      for (let p = page; p < page + step; p++) {
        if (!lazy.has(p)) continue;
        resident.remove(p, p + 1);
        lazy.remove(p, p + 1);
        taken++;
      }
    }
    return taken;
  }

  #reclaimRegion(hugePages: HugePages, region: number): number {
    const from = region * this.regionPages;
    const taken = this.lazy.remove(from, from + this.regionPages);
    if (taken === 0) return 0;
    this.resident.remove(from, from + this.regionPages);
    hugePages.drop(region);
    return taken;
  }
}

/** Whether nobody but the program writes to fresh memory of this kind: objects without pointers of a page or more. */
function isProgramsChoice(kind: number): boolean {
  if (!isHeapKind(kind) || kind % 2 === 0) return false;
  const sizeClass = (kind - 1) / 2;
  return sizeClass === 0 || sizeClass >= FIRST_CLASS_OF_4096;
}
