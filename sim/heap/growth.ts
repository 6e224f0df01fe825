/**
 * How the heap grows: which memory a request that does not fit gets (mheap.grow, mheap.sysAlloc).
 *
 *     arena, reserved as a whole   [ the heap has this            │ not yet                       )
 *                                  base                         curBase                        curEnd
 *
 *     unit        a request for n pages gets                                                releases
 *     arena       whole new arenas, all of them at once                                     1.11, 1.12
 *     phys-page   n pages, up to a whole physical page, from curBase on                     1.13
 *     chunk       n pages, up to a whole chunk, from curBase on                             1.14 on
 *
 * When what is left of the arena is too short, new arenas are reserved for all of the request. If they lie right behind, the
 * old rest is used up first; if they lie elsewhere, it joins the heap as it is, or it never would.
 *
 * The page allocator knows memory by whole chunks. Where the heap grows by less, the rest of the last chunk is withheld: in
 * the bitmaps it is in use, though nobody has it, until the heap grows into it.
 *
 * From 1.26 on the heap may begin at a random place: some chunks of the first arena are passed over, and so many pages of the
 * first chunk are padding, which nobody ever has; by the books it is released memory.
 *
 * Invariants: curBase ≤ curEnd; the withheld pages are those from curBase to the end of its chunk.
 */

import type { Geometry } from "../address/geometry.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import type { GrowthAxis } from "../policies/policy.js";
import type { Arenas } from "./arenas.js";

/** Where a heap begins in its first arena. */
export interface HeapStart {
  /** Chunks that are passed over. */
  readonly chunks: number;
  /** Pages of the first chunk that are never used, less than a chunk. */
  readonly paddingPages: number;
}

/** The heap begins where the first arena does. */
const AT_HINT: HeapStart = { chunks: 0, paddingPages: 0 };

export class Growth {
  /** What the last growth took: [page, npages] pairs in the order of growth. */
  readonly pieces: number[] = [];
  /** Bytes of address space that the last growth reserved, 0 for none. */
  reservedBytes = 0;

  /** The unused rest of the current arena, in pages: [curBase, curEnd). */
  private curBase = 0;
  private curEnd = 0;
  /** The page allocator knows memory up to here, of the current arena. */
  private knownEnd = 0;
  private readonly unit: GrowthAxis["unit"];
  private readonly released: boolean;
  private readonly geometry: Geometry;
  /** Runtime pages in a physical page, at least 1. */
  private readonly minPages: number;
  /** Pages of padding in the bitmaps. */
  paddingPages = 0;
  /** Of the last piece that was entered: pages at its beginning that had been withheld, and pages behind it that are now. */
  joinedPages = 0;
  heldBackPages = 0;

  /** @param start where the heap begins in its first arena */
  constructor(
    axis: GrowthAxis,
    private readonly pages: PageAllocator,
    private readonly arenas: Arenas,
    private readonly start: HeapStart = AT_HINT,
  ) {
    this.unit = axis.unit;
    this.released = axis.newMemory === "released";
    this.geometry = pages.geometry;
    this.minPages = Math.max(1, this.geometry.physPageBytes / this.geometry.pageBytes);
  }

  /** Pages in the bitmaps that count as in use, though the heap has not grown into them; padding is beside them. */
  get withheldPages(): number {
    return Math.max(0, this.knownEnd - this.curBase);
  }

  /** Bytes that a request of npages asks the system for. */
  askBytes(npages: number): number {
    const { chunkPages, pageBytes } = this.geometry;
    return (this.unit === "chunk" ? Math.ceil(npages / chunkPages) * chunkPages : npages) * pageBytes;
  }

  /**
   * Chooses what the heap grows by for a request of npages, and reserves address space for it if need be.
   * @returns false when there is none left
   */
  plan(npages: number): boolean {
    const { pageBytes } = this.geometry;
    this.pieces.length = 0;
    this.reservedBytes = 0;
    if (this.arenas.count === 0 && this.start !== AT_HINT) return this.planStart(npages);
    const ask = this.askBytes(npages) / pageBytes;
    if (this.unit === "arena") return this.planArenas(ask);
    let next = this.alignUp(this.curBase + ask);
    if (next > this.curEnd) {
      if (!this.reserve(ask)) return false;
      const page = this.arenas.reservedOff / pageBytes;
      if (page !== this.curEnd) {
        // The new space is elsewhere: what is left of the old one joins the heap now, or it never would.
        if (this.curEnd > this.curBase) this.pieces.push(this.curBase, this.curEnd - this.curBase);
        this.curBase = page;
      }
      this.curEnd = page + this.reservedBytes / pageBytes;
      next = this.alignUp(this.curBase + ask);
    }
    this.pieces.push(this.curBase, next - this.curBase);
    this.curBase = next;
    return true;
  }

  /**
   * Enters a piece of a plan in the bitmaps, free. Pieces come in the order of the plan.
   * @returns how many pages at its beginning are padding
   */
  enter(page: number, npages: number): number {
    const padding = this.knownEnd === 0 ? this.start.paddingPages : 0;
    const { chunkPages } = this.geometry;
    const end = page + npages;
    const known = page % chunkPages === 0 ? page : Math.min(end, Math.ceil(page / chunkPages) * chunkPages);
    this.joinedPages = known - page;
    this.heldBackPages = 0;
    if (known > page) this.enterWithheld(page, known - page);
    if (end > known) {
      const limit = Math.ceil(end / chunkPages) * chunkPages;
      this.pages.grow(known, limit - known);
      if (!this.released) this.pages.reclaim(known, end - known);
      this.heldBackPages = limit - end;
      if (limit > end) this.pages.allocRange(end, limit - end);
      this.knownEnd = limit;
    }
    if (padding > 0) this.pages.allocRange(page, padding);
    this.paddingPages += padding;
    return padding;
  }

  /** Pages of a chunk that is known already join the heap. */
  private enterWithheld(page: number, npages: number): void {
    const { pages } = this;
    const { chunkPages } = this.geometry;
    const chunk = Math.floor(page / chunkPages);
    pages.free(page, npages, true);
    if (this.released)
      pages.tree.setScavenged(pages.tree.flatChunk(chunk), page - chunk * chunkPages, npages);
  }

  /** The first growth, at a place of its own: the request and the padding, behind the chunks that are passed over. */
  private planStart(npages: number): boolean {
    const { chunkPages, pageBytes } = this.geometry;
    const { chunks, paddingPages } = this.start;
    const ask = this.askBytes(npages + paddingPages) / pageBytes;
    const skip = chunks * chunkPages;
    if (!this.reserve(skip + ask)) return false;
    const page = this.arenas.reservedOff / pageBytes;
    this.curEnd = page + this.reservedBytes / pageBytes;
    const base = page + skip;
    this.curBase = this.unit === "arena" ? this.curEnd : this.alignUp(base + ask);
    this.pieces.push(base, this.curBase - base);
    return true;
  }

  private planArenas(ask: number): boolean {
    if (!this.reserve(ask)) return false;
    const page = this.arenas.reservedOff / this.geometry.pageBytes;
    const size = this.reservedBytes / this.geometry.pageBytes;
    this.pieces.push(page, size);
    this.curBase = page + size;
    this.curEnd = this.curBase;
    return true;
  }

  private reserve(npages: number): boolean {
    if (!this.arenas.reserve(npages * this.geometry.pageBytes)) return false;
    this.reservedBytes = this.arenas.reservedBytes;
    return true;
  }

  /** Rounds up to physical pages, of which chunks are made as well. */
  private alignUp(page: number): number {
    return Math.ceil(page / this.minPages) * this.minPages;
  }
}
