/**
 * What the fits that keep free spans have in common: spans of free pages, their neighbours, and how they split and join.
 *
 *     pages     ####........##....####.......########       . free   o free and scavenged   # in use
 *                   oooo
 *     spans         [  ][  ]  [  ]    [     ]               rows, by their first and their last page
 *                     └ spans whose states differ stay apart, where a fit keeps them so
 *
 * The bitmaps of the page allocator are the truth: each span is a stretch of free pages in them, and all free pages are in a
 * span. What a span is taken for follows from three rules:
 *
 *  - joining. `together`: neighbours join whatever their state. `apart` (1.12, 1.13): only spans of one state join. Memory goes
 *    back in whole physical pages, so where those are larger than a page of the runtime, the boundary of two spans lies between
 *    physical pages, and the edge of a scavenged span beside memory in use is not released as far as it is part of one.
 *  - taking. What is allocated comes off the low end, in the releases of Go; what is left stays a span, or two.
 *  - touching. Taking pages makes resident the `pages` alone (as the runtime counts from 1.14 on), or their `physical` pages
 *    (1.12, 1.13), or the whole `span` that they come from (1.11). What is touched beside the pages themselves loses its
 *    scavenged bits, and the heap is told.
 *
 * A release happens either at once, under the heap lock (up to 1.17), so that a span goes from one state to the other where
 * it is; or its pages are out of the heap for a while, as in any fit, and come back as a span of their own.
 */

import { zerosDown } from "../../pages/bits.js";
import type { PageAllocator } from "../../pages/page-allocator.js";
import type { PageCache } from "../../pages/page-cache.js";
import type { Fit, FitOptions } from "../fit.js";
import { PageMap } from "../page-map.js";
import { takeBlock } from "./cache-block.js";
import { NO_ROW, SpanRows } from "./span-rows.js";

/** Whether spans of different states join. */
export type Joining = "together" | "apart";
/** What becomes resident when pages are taken. */
export type Touching = "pages" | "physical" | "span";

export abstract class SpanFit implements Fit {
  scavengedPages = 0;
  readonly rows: SpanRows;
  /** Runtime pages in a physical page, at least 1; 1 where released memory may be a part of one. */
  readonly minPages: number;
  /** Rows by first page, and by last page. */
  readonly starts = new PageMap();
  readonly ends = new PageMap();
  protected readonly clock: { readonly nowNs: number };

  /**
   * @param joining see above
   * @param touching see above
   * @param options seed of treaps, clock, how releases happen, who is told of what was touched
   */
  constructor(
    protected readonly pages: PageAllocator,
    readonly joining: Joining,
    readonly touching: Touching,
    private readonly options: FitOptions,
  ) {
    const { physPageBytes, physHugePageBytes, pageBytes } = pages.geometry;
    this.minPages = options.isPhysical ? Math.max(1, physPageBytes / pageBytes) : 1;
    this.rows = new SpanRows(options.seed, physHugePageBytes > pageBytes ? physHugePageBytes / pageBytes : 0);
    this.clock = options.clock;
  }

  /** Chooses a span of at least npages for a request, NO_ROW when there is none. */
  protected abstract pick(npages: number, longLived: boolean): number;
  /** Hangs a span where it is looked for; its place follows from what the row says. */
  protected abstract link(row: number): void;
  /** Takes a span from there, before anything in its row changes. */
  protected abstract unlink(row: number): void;

  alloc(npages: number, longLived: boolean): number {
    const row = this.pick(npages, longLived);
    if (row === NO_ROW) return -1;
    return this.takeFrom(row, this.placeIn(row, npages, longLived), npages);
  }

  /** Where in the span that was chosen a request goes: at its low end, if a fit does not say otherwise. */
  protected placeIn(row: number, _npages: number, _longLived: boolean): number {
    return this.rows.page[row]!;
  }

  free(page: number, npages: number): void {
    this.pages.free(page, npages);
    this.add(page, npages, false, this.clock.nowNs);
  }

  grew(page: number, npages: number, released: boolean): void {
    this.add(page, npages, released, this.clock.nowNs);
  }

  /** A page cache takes the free pages of a block; the block is that of the span which a request for a page would get. */
  refill(cache: PageCache): void {
    const row = this.pick(1, false);
    cache.clear();
    if (row !== NO_ROW) takeBlock(this.pages, cache, this.placeIn(row, 1, false), this);
  }

  /** For takeBlock: takes a stretch of free pages, which may be of several spans. */
  takeRange(page: number, npages: number): void {
    for (let at = page; at < page + npages; ) {
      const row = this.holding(at);
      const taken = Math.min(page + npages, this.rows.endOf(row)) - at;
      this.takeFrom(row, at, taken);
      at += taken;
    }
  }

  flushCache(cache: PageCache): void {
    const { cacheLo, cacheHi, scavLo, scavHi, page } = cache;
    this.pages.flushCache(cache);
    const isFree = (i: number): boolean => ((i < 32 ? cacheLo >>> i : cacheHi >>> (i - 32)) & 1) === 1;
    const isGone = (i: number): boolean => ((i < 32 ? scavLo >>> i : scavHi >>> (i - 32)) & 1) === 1;
    for (let i = 0; i < 64; ) {
      let end = i + 1;
      if (isFree(i)) {
        while (end < 64 && isFree(end) && isGone(end) === isGone(i)) end++;
        this.add(page + i, end - i, isGone(i), this.clock.nowNs);
      }
      i = end;
    }
  }

  releaseBegan(page: number, npages: number): void {
    if (!this.options.releasesAtOnce) this.cut(this.holding(page), page, npages);
  }

  releaseEnded(page: number, npages: number): void {
    if (this.options.releasesAtOnce) this.released(page, npages);
    else this.add(page, npages, true, this.clock.nowNs);
  }

  /** The span that holds a free page. Spans of one free stretch follow each other, so the way leads over few of them. */
  holding(page: number): number {
    const own = this.starts.get(page);
    if (own !== NO_ROW) return own;
    let at = this.stretchStart(page);
    for (;;) {
      const row = this.starts.get(at);
      at = this.rows.endOf(row);
      if (at > page) return row;
    }
  }

  /** Adds a span of free pages, which joins its neighbours. */
  protected add(page: number, npages: number, scavenged: boolean, sinceNs: number): number {
    const isApart = scavenged && this.joining === "apart";
    const row = this.rows.create(page, npages, isApart && this.hasPhysicalPage(page, npages), sinceNs);
    this.join(row);
    return row;
  }

  /** Joins a span with its neighbours, as far as they may, and hangs it up. */
  protected join(row: number): void {
    const { rows, starts, ends } = this;
    const before = ends.get(rows.page[row]! - 1);
    if (before !== NO_ROW) {
      if (this.mayJoin(row, before)) {
        const page = rows.page[before]!;
        this.absorb(row, before);
        rows.page[row] = page;
      } else this.realign(before, row, before);
    }
    const after = starts.get(rows.endOf(row));
    if (after !== NO_ROW) {
      if (this.mayJoin(row, after)) this.absorb(row, after);
      else this.realign(row, after, after);
    }
    this.hang(row);
  }

  /** Enters a span in the tables and links it. */
  protected hang(row: number): void {
    this.starts.set(this.rows.page[row]!, row);
    this.ends.set(this.rows.endOf(row) - 1, row);
    this.link(row);
  }

  /** Takes a span out of the tables and its structure; its row stays as it is. */
  protected takeDown(row: number): void {
    this.unlink(row);
    this.starts.delete(this.rows.page[row]!);
    this.ends.delete(this.rows.endOf(row) - 1);
  }

  /**
   * Takes pages of a span into use: marks them in the bitmaps, and keeps what is left.
   * @returns the first page
   */
  protected takeFrom(row: number, page: number, npages: number): number {
    const { pages, rows, touching } = this;
    const end = page + npages;
    let from = page;
    let to = end;
    if (touching === "span") {
      from = rows.page[row]!;
      to = rows.endOf(row);
    } else if (touching === "physical" && this.minPages > 1) {
      from = Math.max(rows.page[row]!, this.alignDown(page));
      to = Math.min(rows.endOf(row), this.alignUp(end));
    }
    this.scavengedPages = pages.allocRange(page, npages);
    if (from < page) this.touch(from, page - from);
    if (end < to) this.touch(end, to - end);
    this.cut(row, page, npages);
    return page;
  }

  /** Free pages are resident now, or are taken to be. */
  private touch(page: number, npages: number): void {
    const reclaimed = this.pages.reclaim(page, npages);
    if (reclaimed > 0) this.options.onTouched(page, npages, reclaimed);
  }

  /** Pages of a span are no longer free, whatever they are: what is left of it below and above them stays. */
  protected cut(row: number, page: number, npages: number): void {
    const { rows } = this;
    const first = rows.page[row]!;
    const end = rows.endOf(row);
    const scavenged = rows.scavenged[row] === 1;
    const since = rows.sinceNs[row]!;
    this.takeDown(row);
    rows.recycle(row);
    if (page > first) this.add(first, page - first, scavenged, since);
    if (page + npages < end) this.add(page + npages, end - page - npages, scavenged, since);
  }

  /** Whether a stretch has a whole physical page. */
  protected hasPhysicalPage(page: number, npages: number): boolean {
    return this.alignUp(page) < this.alignDown(page + npages);
  }

  private alignUp(page: number): number {
    return Math.ceil(page / this.minPages) * this.minPages;
  }

  private alignDown(page: number): number {
    return Math.floor(page / this.minPages) * this.minPages;
  }

  /** Pages of a span went back at once: it changes its state where it is, and splits if they were a part of it. */
  private released(page: number, npages: number): void {
    if (this.joining === "together") return;
    const { rows } = this;
    const row = this.holding(page);
    const first = rows.page[row]!;
    const end = rows.endOf(row);
    const since = rows.sinceNs[row]!;
    // The edges that are less than a physical page go along.
    const from = page - first < this.minPages && page === this.alignUp(first) ? first : page;
    const limit = page + npages === this.alignDown(end) ? end : page + npages;
    this.takeDown(row);
    if (from > first) this.add(first, from - first, false, since);
    if (limit < end) this.add(limit, end - limit, false, since);
    rows.page[row] = from;
    rows.npages[row] = limit - from;
    rows.scavenged[row] = 1;
    this.join(row);
  }

  private mayJoin(a: number, b: number): boolean {
    return this.joining === "together" || this.rows.scavenged[a] === this.rows.scavenged[b];
  }

  /** The pages of a neighbour become those of a span, whose own first page is set by the caller. */
  private absorb(row: number, other: number): void {
    const { rows } = this;
    this.takeDown(other);
    rows.npages[row]! += rows.npages[other]!;
    rows.recycle(other);
  }

  /**
   * The boundary between two spans of different states moves to that of a physical page, into the scavenged one.
   * @param other the one of them that hangs
   */
  private realign(low: number, high: number, other: number): void {
    if (this.minPages === 1) return;
    const { rows } = this;
    const boundary = rows.page[high]!;
    const to = rows.scavenged[low] === 1 ? this.alignDown(boundary) : this.alignUp(boundary);
    if (to === boundary) return;
    this.takeDown(other);
    const end = rows.endOf(high);
    rows.npages[low] = to - rows.page[low]!;
    rows.page[high] = to;
    rows.npages[high] = end - to;
    this.hang(other);
  }

  /** The first page of the stretch of free pages below a page, as far as memory goes. */
  private stretchStart(page: number): number {
    const { tree, geometry } = this.pages;
    const { chunkPages } = geometry;
    let start = page;
    for (;;) {
      const chunk = Math.floor((start - 1) / chunkPages);
      const flat = start > 0 ? tree.flatChunk(chunk) : -1;
      if (flat < 0 || tree.maxOf(flat) === 0) return start;
      const within = start - chunk * chunkPages;
      const free = zerosDown(tree.allocBits, flat * tree.wordsPerChunk, within);
      start -= free;
      if (free < within) return start;
    }
  }
}
