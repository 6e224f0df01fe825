/**
 * The scavengers of Go 1.11 to 1.13, which release free spans.
 *
 *     order     what is next                                                                     releases
 *     lists     all spans, list by list, then the treap; of each what is not released yet        1.11
 *     size      the longest unscavenged span, until one has no whole physical page               1.12, when the heap grows
 *               all unscavenged spans, from the shortest                                         1.12, by age or all
 *     address   the highest unscavenged span with a huge page, and when there is none, without   1.13
 *
 * Physical pages that belong to a span only in part stay. Up to 1.12 spans are released as a whole; 1.13 takes what is needed
 * off the high end of a span, and a whole huge page rather than a part of one.
 *
 * Everything happens under the heap lock, so a range that is released is at once a span of the other state.
 */

import type { AddressTreap } from "../heap/fits/address-treap.js";
import type { FreeLists } from "../heap/fits/free-lists.js";
import { kindBit, NO_ROW } from "../heap/fits/span-rows.js";
import type { TwoTreaps } from "../heap/fits/two-treaps.js";
import type { Residency } from "../os/residency.js";
import { zerosUp } from "../pages/bits.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import { type Range, releaseAcross, takeAcross } from "./across-chunks.js";
import type { ReleaseRequest, Scavenger } from "./scavenger.js";

export abstract class SpanScavenger implements Scavenger {
  readonly gen = 0;
  releasedBytes = 0;
  residency: Residency | null = null;
  readonly minPages: number;
  readonly hugePages: number;
  protected readonly pageBytes: number;

  /**
   * @param clock tells how long they have been free
   */
  constructor(
    protected readonly pages: PageAllocator,
    protected readonly clock: { readonly nowNs: number },
  ) {
    const { physPageBytes, physHugePageBytes, pageBytes } = pages.geometry;
    this.minPages = Math.max(1, physPageBytes / pageBytes);
    this.pageBytes = pageBytes;
    this.hugePages =
      physHugePageBytes > pageBytes && physHugePageBytes > physPageBytes ? physHugePageBytes / pageBytes : 0;
  }

  abstract next(request: ReleaseRequest, maxBytes: number): boolean;

  begin(request: ReleaseRequest, force: boolean): void {
    request.force = force;
    request.unusedNs = 0;
    request.base = 0;
    request.limit = NO_ROW;
  }

  beginRelease(page: number, npages: number): void {
    takeAcross(this.pages, page, npages);
    if (this.residency !== null) this.residency.release(page, npages);
  }

  endRelease(page: number, npages: number): void {
    releaseAcross(this.pages, page, npages);
    this.releasedBytes += npages * this.pageBytes;
  }

  /** The whole physical pages of a span, into a request. @returns whether there are any */
  protected bound(request: Range, page: number, end: number): boolean {
    const { minPages } = this;
    const from = Math.ceil(page / minPages) * minPages;
    request.page = from;
    request.npages = Math.floor(end / minPages) * minPages - from;
    return request.npages > 0;
  }

  /** Whether a span has been free for longer than a request wants, which is about all when it wants no age. */
  protected isOld(request: ReleaseRequest, sinceNs: number): boolean {
    return request.unusedNs === 0 || this.clock.nowNs - sinceNs > request.unusedNs;
  }

  // Spans tell of themselves.
  grew(): void {}
  allocated(): void {}
  refilled(): void {}
  flushing(): void {}
  freed(): void {}
  paced(): void {}
  markDone(): void {}
  sweepDone(): void {}
  end(): void {}
}

/** 1.11: spans stay where they are, and may be released in part, as far as they were joined of parts. */
export class ListScavenger extends SpanScavenger {
  constructor(
    pages: PageAllocator,
    private readonly fit: FreeLists,
    clock: { readonly nowNs: number },
  ) {
    super(pages, clock);
  }

  /** `limit` of the request is the row that it is at, and `base` the page in that. */
  next(request: ReleaseRequest): boolean {
    const { rows } = this.fit;
    for (;;) {
      const row = request.limit;
      if (row !== NO_ROW && this.isOld(request, rows.sinceNs[row]!) && this.nextIn(request, row)) return true;
      request.limit = this.fit.following(row);
      if (request.limit === NO_ROW) return false;
      request.base = rows.page[request.limit]!;
    }
  }

  /** The next stretch of a span that is not released. */
  private nextIn(request: ReleaseRequest, row: number): boolean {
    const { rows } = this.fit;
    if (!this.bound(request, rows.page[row]!, rows.endOf(row))) return false;
    const end = request.page + request.npages;
    let from = Math.max(request.base, request.page);
    while (from < end && this.isScavenged(from)) from++;
    let to = from;
    while (to < end && !this.isScavenged(to)) to = this.unscavengedEnd(to, end);
    request.base = to;
    request.page = from;
    request.npages = to - from;
    return to > from;
  }

  private isScavenged(page: number): boolean {
    return this.unscavengedEnd(page, page + 1) === page;
  }

  /** Where the unscavenged pages from a page on end, within its chunk and before `end`. */
  private unscavengedEnd(page: number, end: number): number {
    const { tree, geometry } = this.pages;
    const chunk = Math.floor(page / geometry.chunkPages);
    const first = chunk * geometry.chunkPages;
    const word0 = tree.flatChunk(chunk) * tree.wordsPerChunk;
    return Math.min(end, page + zerosUp(tree.scavBits, word0, page - first, geometry.chunkPages));
  }
}

/** 1.12: whole spans, the longest first, or all that are old. */
export class SizeScavenger extends SpanScavenger {
  constructor(
    pages: PageAllocator,
    private readonly fit: TwoTreaps,
    clock: { readonly nowNs: number },
  ) {
    super(pages, clock);
  }

  /** Of a request for all or for old spans, `base` and `limit` are the key, pages and first page, that it has come to. */
  next(request: ReleaseRequest): boolean {
    const { rows, unscavenged } = this.fit;
    if (!request.force && request.unusedNs === 0) {
      const row = unscavenged.last();
      return row !== NO_ROW && this.bound(request, rows.page[row]!, rows.endOf(row));
    }
    for (;;) {
      const row = unscavenged.after(request.base, request.limit);
      if (row === NO_ROW) return false;
      request.base = rows.npages[row]!;
      request.limit = rows.page[row]!;
      if (!this.isOld(request, rows.sinceNs[row]!)) continue;
      if (this.bound(request, rows.page[row]!, rows.endOf(row))) return true;
    }
  }
}

/** 1.13: from the highest address, spans with huge pages first, and no more than is needed. */
export class HighestScavenger extends SpanScavenger {
  constructor(
    pages: PageAllocator,
    private readonly fit: AddressTreap,
    clock: { readonly nowNs: number },
  ) {
    super(pages, clock);
  }

  next(request: ReleaseRequest, maxBytes: number): boolean {
    const { spans, rows } = this.fit;
    const huge = spans.highestOf(kindBit(false, true));
    if (huge !== NO_ROW && this.bound(request, rows.page[huge]!, rows.endOf(huge))) {
      this.split(request, maxBytes);
      return true;
    }
    let row = spans.highestOf(kindBit(false, false));
    while (row !== NO_ROW) {
      if (rows.scavenged[row] === 0 && this.bound(request, rows.page[row]!, rows.endOf(row))) {
        this.split(request, maxBytes);
        return true;
      }
      row = spans.previous(row);
    }
    return false;
  }

  /** Of more than is needed, takes the high end, and does not break a huge page for it (scavengeSplit). */
  private split(request: ReleaseRequest, maxBytes: number): void {
    const { minPages, hugePages } = this;
    const from = request.page;
    const end = from + request.npages;
    if (request.npages * this.pageBytes <= maxBytes) return;
    let base = Math.floor((end - Math.ceil(maxBytes / this.pageBytes)) / minPages) * minPages;
    if (base <= from) return;
    if (hugePages > 0) {
      const whole = Math.floor(base / hugePages) * hugePages;
      if (whole >= from) base = whole;
    }
    request.page = base;
    request.npages = end - base;
  }
}
