/**
 * What every scavenger can do, whichever index it keeps: find free memory that may go back to the system, and take it there.
 *
 *     heap ── grew, allocated, refilled, flushing, freed ──► Scavenger      what happens to pages
 *     collector ── markDone, sweepDone ────────────────────►     │          what its generations follow
 *     whoever releases:   begin ─► (next ─► beginRelease ─► endRelease)* ─► end
 *
 * A release is in two halves, since the pages are out of the heap while the system has them: beginRelease takes them as if
 * allocated, endRelease frees them again as released. With one thread both happen at once, as `scavenge` does.
 */

import type { Residency } from "../os/residency.js";
import type { PageCache } from "../pages/page-cache.js";

/** A request for memory to be released, and where it has got to. */
export class ReleaseRequest {
  /** The range that `next` chose. */
  page = 0;
  npages = 0;
  /** Whether dense chunks are taken as well (from 1.21: for the memory limit, and FreeOSMemory). */
  force = false;
  /** Only memory that was free for longer than this goes back, ns; 0 for any. For scavengers that know how long it was. */
  unusedNs = 0;
  /** A reservation, as byte offsets [base, limit), and the generation that it is of: for scavengers that reserve. */
  base = 0;
  limit = 0;
  gen = 0;

  /** Bytes of the reservation left to search. */
  get size(): number {
    return this.limit - this.base;
  }
}

/** Finds memory to release. Pages are page indices, counts are in pages, sizes in bytes. */
export interface Scavenger {
  /** Number of the generation; 0 where there are none. */
  readonly gen: number;
  /** Bytes released since the generation started, or since the start. */
  readonly releasedBytes: number;
  /** Runtime pages in a physical page, at least 1. */
  readonly minPages: number;
  /** Runtime pages in a huge page; 0 when huge pages need no care. */
  readonly hugePages: number;
  /** Knows which free pages the system has given, for whoever wants to know what releasing them costs. */
  residency: Residency | null;

  /** The heap grew by [page, page+npages). */
  grew(page: number, npages: number): void;
  /** Pages were taken directly. */
  allocated(page: number, npages: number): void;
  /** A page cache took the pages that are free in it. */
  refilled(cache: PageCache): void;
  /** A page cache is about to give back the pages that are left in it. */
  flushing(cache: PageCache): void;
  /** A span's pages were freed. */
  freed(page: number, npages: number): void;

  /** The heap has new goals (gcPaceScavenger). */
  paced(): void;
  /** A mark has ended, the world is stopped. */
  markDone(): void;
  /** The last span was swept, or FreeOSMemory is about to release. */
  sweepDone(): void;

  /** Begins a request. */
  begin(request: ReleaseRequest, force: boolean): void;
  /**
   * Finds the next range, of at most about maxBytes (whole physical and huge pages may exceed it).
   * @returns whether there is one; it then stands in request.page and request.npages
   */
  next(request: ReleaseRequest, maxBytes: number): boolean;
  /** Ends a request: what it did not search is there for others again. */
  end(request: ReleaseRequest): void;
  /** Takes the pages that `next` chose out of the heap; they go to the system now. */
  beginRelease(page: number, npages: number): void;
  /** Puts released pages back into the heap, free and scavenged. */
  endRelease(page: number, npages: number): void;
}

/** Who takes pages out and puts them back: the heap, with its fit, or a scavenger alone. */
export interface Releaser {
  beginRelease(page: number, npages: number): void;
  putBack(page: number, npages: number): void;
  readonly scavenger: Pick<Scavenger, "begin" | "next" | "end">;
  readonly geometry: { readonly pageBytes: number };
}

/**
 * Releases memory until at least `bytes` are released or nothing is left. It may be more than asked for. Infinity means all.
 * @returns bytes released
 */
export function scavengeNow(request: ReleaseRequest, heap: Releaser, bytes: number, force: boolean): number {
  const { scavenger, geometry } = heap;
  let released = 0;
  scavenger.begin(request, force);
  while (released < bytes && scavenger.next(request, bytes - released)) {
    heap.beginRelease(request.page, request.npages);
    heap.putBack(request.page, request.npages);
    released += request.npages * geometry.pageBytes;
  }
  scavenger.end(request);
  return released;
}
