/**
 * The scavenger of Go 1.15 to 1.18: which memory to return to the system, and in what order.
 *
 * Work is divided into *generations*. A generation starts when sweeping has ended, and covers the memory in use below
 * a starting address; scavenging goes from the top down and never looks at an address twice in a generation. Two
 * watermarks carry what was missed over to the next one:
 *
 *     line   0 ────────────────────────────────────────────────────────────── max
 *                      scavLWM ▼                        ▼ freeHWM
 *            not looked at yet │ looked at, and released │ looked at before it was freed
 *
 *  - scavLWM, the lowest address scavenged in this generation;
 *  - freeHWM, the highest address freed in it (kept by the page allocator, since that is where frees happen).
 *
 * The next generation starts at freeHWM if that is above scavLWM, so that pages freed behind the scavenger's back are
 * seen, and else where the last one stopped. freeHWM is the address of the last *byte* freed, so ranges here end at odd
 * addresses, and that shows in which 64-page word a search begins.
 *
 * Several scavengers (the background one, and threads that grow the heap) may be at it. Each *reserves* a piece from
 * the top, of 1/64 of the heap, its base rounded down to a chunk, and gives back what it did not search, unless another
 * generation has started by then.
 *
 *     inUse  [───────────────────────────][── reserved ──]
 *                                                   ◄── work.limit
 *
 * A release takes the pages out of the heap as if allocated, returns them to the system without the heap lock, and
 * frees them again as scavenged. In between, other threads cannot have them; beginRelease and endRelease are those two
 * moments, and `scavenge` does both at once.
 */

import type { Geometry } from "../address/geometry.js";
import { AddressRanges } from "../address/ranges.js";
import type { Residency } from "../os/residency.js";
import { CorruptHeapError } from "../pages/errors.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import { type Candidate, findScavengeCandidate, hasScavengeCandidate } from "./candidate.js";
import { ReleaseRequest, type Releaser, type Scavenger, scavengeNow } from "./scavenger.js";

/** The heap is divided into this many reservations (scavengeReservationShards). */
export const SCAVENGE_RESERVATION_SHARDS = 64;

/** A scavenger that is known to have generations. @throws TypeError when it has none */
export function withGenerations(scavenger: Scavenger): GenerationScavenger {
  if (scavenger instanceof GenerationScavenger) return scavenger;
  throw new TypeError("this scavenger has no generations and reservations");
}

export class GenerationScavenger implements Scavenger, Releaser {
  /** Address space that no scavenger has looked at in this generation. */
  readonly inUse = new AddressRanges();
  gen = 0;
  /** Size of a reservation in bytes; 0 before the first generation. */
  reservationBytes = 0;
  /** Bytes released in this generation. */
  releasedBytes = 0;
  /** scavLWM, a byte offset. */
  lwmOff: number;
  /** Knows which free pages the system has given, for whoever wants to know what releasing them costs. */
  residency: Residency | null = null;
  /** Runtime pages in a physical page, at least 1. */
  readonly minPages: number;
  /** Runtime pages in a huge page; 0 when huge pages need no care. */
  readonly hugePages: number;

  private readonly pages: PageAllocator;
  readonly #candidate: Candidate = { start: 0, size: 0 };
  readonly #work = new ReleaseRequest();

  private readonly shards: number;

  /**
   * @param pages the page allocator whose free pages are scavenged; its geometry gives the physical page sizes
   * @param shards parts of the heap that are reserved at a time
   */
  constructor(pages: PageAllocator, shards = SCAVENGE_RESERVATION_SHARDS) {
    this.pages = pages;
    this.shards = shards;
    const { physPageBytes, physHugePageBytes, pageBytes, maxOff } = pages.geometry;
    this.minPages = Math.max(1, physPageBytes / pageBytes);
    this.hugePages =
      physHugePageBytes > pageBytes && physHugePageBytes > physPageBytes ? physHugePageBytes / pageBytes : 0;
    this.lwmOff = maxOff;
  }

  /** Where the next generation would start, as a byte offset. */
  get nextStartOff(): number {
    return this.lwmOff < this.pages.freeHwmOff ? this.pages.freeHwmOff : this.lwmOff;
  }

  /** Starts a generation (scavengeStartGen): everything in use below nextStartOff is to be looked at again. */
  startGeneration(): void {
    const pages = this.pages;
    this.inUse.copyFrom(pages.inUse);
    this.inUse.removeGreaterEqual(this.nextStartOff);
    const { chunkBytes, minOff, maxOff } = pages.geometry;
    const total = Math.ceil(pages.inUse.totalBytes / chunkBytes) * chunkBytes;
    this.reservationBytes = Math.floor(total / this.shards);
    this.gen++;
    this.releasedBytes = 0;
    pages.freeHwmOff = minOff;
    this.lwmOff = maxOff;
  }

  /** Reserves the next piece from the top (scavengeReserve). `work` is empty afterwards when nothing is left. */
  reserve(work: ReleaseRequest): void {
    this.inUse.removeLast(this.reservationBytes);
    work.base = this.inUse.takenBase;
    work.limit = this.inUse.takenLimit;
    work.gen = this.gen;
    if (work.size === 0) return;
    // Searching goes by chunks, so the piece begins with one, and what that adds to it is reserved as well.
    const { chunkBytes } = this.pages.geometry;
    work.base = Math.floor(work.base / chunkBytes) * chunkBytes;
    this.inUse.removeGreaterEqual(work.base);
  }

  /** Gives back what is left of a reservation (scavengeUnreserve), unless a newer generation has started. */
  unreserve(work: ReleaseRequest): void {
    if (work.size === 0 || work.gen !== this.gen) return;
    if (work.base % this.pages.geometry.chunkBytes !== 0) {
      throw new CorruptHeapError("unreserving unaligned region", []);
    }
    this.inUse.add(work.base, work.limit);
  }

  /**
   * Finds the next range to release in a reservation, at most about maxBytes of it, and moves the reservation's limit
   * down to it (the search half of scavengeOne). Chunks with nothing to release are passed over.
   * @returns whether there is one; it then stands in work.page and work.npages
   */
  find(work: ReleaseRequest, maxBytes: number): boolean {
    if (work.size === 0) return false;
    const { pageBytes, chunkBytes, chunkPages } = this.pages.geometry;
    const maxPages = Math.ceil(maxBytes / pageBytes);
    const topByte = work.limit - 1;
    let chunk = Math.floor(topByte / chunkBytes);
    // The top chunk may have been searched in part: go on from the page of the last byte.
    const topPage = Math.floor((topByte - chunk * chunkBytes) / pageBytes);
    if (this.#findIn(work, chunk, topPage, maxPages)) return true;
    const bottom = Math.floor(work.base / chunkBytes);
    for (chunk--; chunk >= bottom; chunk--) {
      const flat = this.#flatWithRoom(chunk);
      if (flat < 0 || !hasScavengeCandidate(this.pages.tree, flat, this.minPages)) continue;
      if (this.#findIn(work, chunk, chunkPages - 1, maxPages)) return true;
    }
    work.limit = work.base;
    return false;
  }

  /** Flat index of a chunk with a free run of at least minPages, scavenged or not; -1 for the others. */
  #flatWithRoom(chunk: number): number {
    const tree = this.pages.tree;
    const flat = tree.flatChunk(chunk);
    return flat >= 0 && tree.maxOf(flat) >= this.minPages ? flat : -1;
  }

  #findIn(work: ReleaseRequest, chunk: number, topPage: number, maxPages: number): boolean {
    const flat = this.#flatWithRoom(chunk);
    if (flat < 0) return false;
    const candidate = this.#candidate;
    findScavengeCandidate(this.pages.tree, flat, topPage, this.minPages, maxPages, this.hugePages, candidate);
    if (candidate.size === 0) return false;
    const { chunkPages, pageBytes } = this.pages.geometry;
    work.page = chunk * chunkPages + candidate.start;
    work.npages = candidate.size;
    work.limit = work.page * pageBytes;
    return true;
  }

  /** Takes the pages that find chose out of the heap; they go to the system now. */
  beginRelease(page: number, npages: number): void {
    if (this.pages.allocRange(page, npages) !== 0) throw new CorruptHeapError("double scavenge", []);
    const off = page * this.pages.geometry.pageBytes;
    if (off < this.lwmOff) this.lwmOff = off;
    if (this.residency !== null) this.residency.release(page, npages);
  }

  /** Puts released pages back into the heap, free and scavenged. */
  endRelease(page: number, npages: number): void {
    const pages = this.pages;
    pages.free(page, npages, true);
    const chunk = Math.floor(page / pages.geometry.chunkPages);
    pages.tree.setScavenged(pages.tree.flatChunk(chunk), page - chunk * pages.geometry.chunkPages, npages);
    this.releasedBytes += npages * pages.geometry.pageBytes;
  }

  // What happens to pages it sees in the bitmaps, and in freeHWM, which the page allocator keeps.
  grew(): void {}
  allocated(): void {}
  refilled(): void {}
  flushing(): void {}
  freed(): void {}
  paced(): void {}
  markDone(): void {}

  /** Every end of a sweep starts a generation. */
  sweepDone(): void {
    this.startGeneration();
  }

  /** See Scavenger; nothing is dense here, so `force` changes nothing. */
  begin(request: ReleaseRequest, force: boolean): void {
    request.force = force;
    request.base = 0;
    request.limit = 0;
  }

  /** See Scavenger: reserves piece after piece until one has something to release. */
  next(request: ReleaseRequest, maxBytes: number): boolean {
    for (;;) {
      if (request.size === 0) {
        this.reserve(request);
        if (request.size === 0) return false;
      }
      if (this.find(request, maxBytes)) return true;
    }
  }

  /** See Scavenger. */
  end(request: ReleaseRequest): void {
    this.unreserve(request);
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
   * Releases memory until at least `bytes` are released or nothing is left to look at (pageAlloc.scavenge). It may
   * release more than asked for, since whole physical pages and whole huge pages are released. Infinity means all.
   * @returns bytes released
   */
  scavenge(bytes: number): number {
    return scavengeNow(this.#work, this, bytes, false);
  }
}
