/**
 * What the scavengers of Go 1.19 and later have in common: an index that says of each chunk whether it is worth a look.
 *
 *     find ──► a chunk, and a page of it ──► the bitmaps of that chunk ──► a range to release
 *       ▲                                              │ nothing there
 *       └────────────────── setEmpty ◄─────────────────┘
 *
 * What the index knows, and from where it searches, is that of a subclass: one bit a chunk (bitmap-index.ts), or how dense
 * the chunk is and was (density-index.ts). There are no reservations: whoever releases asks the index for the next chunk,
 * and a release takes its pages out of the heap, so that the next search does not see them. It goes past the index: the
 * pages are neither allocated nor freed as far as that is concerned.
 *
 * Entries are kept by the flat index of their chunk, as the bitmaps of the page tree are, and so take memory only where the
 * heap grew.
 */

import type { Geometry } from "../address/geometry.js";
import type { Residency } from "../os/residency.js";
import { CorruptHeapError } from "../pages/errors.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import type { PageCache } from "../pages/page-cache.js";
import { type Candidate, findScavengeCandidate } from "./candidate.js";
import { ReleaseRequest, type Releaser, type Scavenger, scavengeNow } from "./scavenger.js";

export abstract class ChunkIndexScavenger implements Scavenger, Releaser {
  gen = 0;
  releasedBytes = 0;
  residency: Residency | null = null;
  readonly minPages: number;
  readonly hugePages: number;
  /** What the last successful find answered: a chunk, and a page of it to search from. */
  foundChunk = 0;
  foundIndex = 0;
  /** How often find answered with a chunk, and how often that had nothing to release. */
  finds = 0;
  empties = 0;

  protected readonly pages: PageAllocator;
  protected readonly chunkPages: number;
  /** Chunks below one root entry of the page tree: entries are added for so many at a time. */
  private readonly rootChunks: number;
  private capacity = 0;
  private readonly candidate: Candidate = { start: 0, size: 0 };
  private readonly request = new ReleaseRequest();

  /** @param pages the page allocator whose free pages are released; its geometry gives the physical page sizes */
  constructor(pages: PageAllocator) {
    this.pages = pages;
    const { geometry } = pages;
    const { physPageBytes, physHugePageBytes, pageBytes } = geometry;
    this.chunkPages = geometry.chunkPages;
    this.rootChunks = geometry.totalChunks / 2 ** geometry.levelBits[0]!;
    this.minPages = Math.max(1, physPageBytes / pageBytes);
    this.hugePages =
      physHugePageBytes > pageBytes && physHugePageBytes > physPageBytes ? physHugePageBytes / pageBytes : 0;
  }

  /** The lowest chunk that a search looks at. */
  protected abstract get lowestChunk(): number;
  /** Makes room for the entries of so many chunks. */
  protected abstract reserve(chunks: number): void;
  /** Whether a chunk is worth a look, by its flat index. */
  protected abstract isWorthwhile(flat: number, force: boolean): boolean;
  /** The heap has chunks from this one on. */
  protected abstract noteLowest(chunk: number): void;

  /**
   * Looks for a chunk to release memory of; it then stands in foundChunk and foundIndex.
   * @param force whether dense chunks are looked at as well
   * @returns whether there is one
   */
  abstract find(force: boolean): boolean;

  /** Notes that a chunk has nothing to release. */
  abstract setEmpty(chunk: number): void;

  abstract allocated(page: number, npages: number): void;
  abstract freed(page: number, npages: number): void;
  abstract refilled(cache: PageCache): void;
  abstract flushing(cache: PageCache): void;
  abstract markDone(): void;

  // Goals are nothing to the index, and the end of a sweep begins nothing.
  paced(): void {}
  sweepDone(): void {}

  /** See Scavenger: makes room for the entries of the new chunks, which begin as zero. */
  grew(page: number, npages: number): void {
    const { chunkPages, rootChunks } = this;
    const first = Math.floor(page / chunkPages);
    const last = Math.floor((page + npages - 1) / chunkPages);
    let needed = 0;
    for (let chunk = first; chunk <= last; chunk = (Math.floor(chunk / rootChunks) + 1) * rootChunks) {
      const flat = this.pages.tree.flatChunk(chunk);
      needed = Math.max(needed, (Math.floor(flat / rootChunks) + 1) * rootChunks);
    }
    if (needed > this.capacity) {
      // A quarter more, as the tree does: little slack, and copying is rare.
      const roots = Math.ceil((this.capacity * 1.25) / rootChunks);
      this.capacity = Math.max(needed, roots * rootChunks);
      this.reserve(this.capacity);
    }
    this.noteLowest(first);
  }

  /** The highest chunk at or below one that is worth a look; −1 when there is none. */
  protected highestWorthwhile(from: number, force: boolean): number {
    const { tree } = this.pages;
    const { rootChunks, lowestChunk } = this;
    for (let chunk = from; chunk >= lowestChunk; ) {
      const flat = tree.flatChunk(chunk);
      if (flat < 0) {
        chunk = Math.floor(chunk / rootChunks) * rootChunks - 1;
        continue;
      }
      if (this.isWorthwhile(flat, force)) return chunk;
      chunk--;
    }
    return -1;
  }

  /**
   * Looks for a range to release in a chunk (the first half of scavengeOne).
   * @param index a page of the chunk: the whole 64-page word that holds it is searched, and what is below
   * @param maxBytes wanted, more than 0
   * @returns whether there is one; it then stands in request.page and request.npages
   */
  lookIn(request: ReleaseRequest, chunk: number, index: number, maxBytes: number): boolean {
    const { tree, geometry } = this.pages;
    const { minPages, hugePages, candidate } = this;
    const flat = tree.flatChunk(chunk);
    if (flat < 0 || tree.maxOf(flat) < minPages) return false;
    const maxPages = Math.ceil(maxBytes / geometry.pageBytes);
    findScavengeCandidate(tree, flat, index, minPages, maxPages, hugePages, candidate);
    if (candidate.size === 0) return false;
    request.page = chunk * this.chunkPages + candidate.start;
    request.npages = candidate.size;
    return true;
  }

  begin(request: ReleaseRequest, force: boolean): void {
    request.force = force;
  }

  next(request: ReleaseRequest, maxBytes: number): boolean {
    while (this.find(request.force)) {
      this.finds++;
      if (this.lookIn(request, this.foundChunk, this.foundIndex, maxBytes)) return true;
      this.empties++;
      this.setEmpty(this.foundChunk);
    }
    return false;
  }

  end(): void {}

  beginRelease(page: number, npages: number): void {
    if (this.pages.allocRange(page, npages) !== 0) throw new CorruptHeapError("double scavenge", []);
    if (this.residency !== null) this.residency.release(page, npages);
  }

  endRelease(page: number, npages: number): void {
    const { pages, chunkPages } = this;
    pages.free(page, npages, true);
    const chunk = Math.floor(page / chunkPages);
    pages.tree.setScavenged(pages.tree.flatChunk(chunk), page - chunk * chunkPages, npages);
    this.releasedBytes += npages * pages.geometry.pageBytes;
  }

  // A Releaser: without a heap around it, the two halves of a release are its own.
  get scavenger(): this {
    return this;
  }

  get geometry(): Geometry {
    return this.pages.geometry;
  }

  putBack(page: number, npages: number): void {
    this.endRelease(page, npages);
  }

  /**
   * Releases memory until at least `bytes` are released or nothing is left (pageAlloc.scavenge). Infinity means all.
   * @returns bytes released
   */
  scavenge(bytes: number, force: boolean): number {
    return scavengeNow(this.request, this, bytes, force);
  }
}
