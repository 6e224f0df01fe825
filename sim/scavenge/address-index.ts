/**
 * The scavenger of Go 1.14: one descent over all addresses (pageAlloc.scavengeone in mgcscavenge.go of 1.14).
 *
 *     line   start ───────────────────── scavAddr ────────────── end
 *                       not looked at ◄──┤  looked at and released
 *
 * New goals, of which each collection sets some, put scavAddr to the top. From there a search goes down, chunk by chunk, and
 * what is released moves scavAddr below it; what is freed above it waits for the next collection. When there is nothing
 * more, scavAddr is at the bottom. Everything happens under the heap lock.
 */

import type { Residency } from "../os/residency.js";
import { CorruptHeapError } from "../pages/errors.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import { type Candidate, findScavengeCandidate, hasScavengeCandidate } from "./candidate.js";
import type { ReleaseRequest, Scavenger } from "./scavenger.js";

export class AddressScavenger implements Scavenger {
  readonly gen = 0;
  /** Bytes released since the last descent began. */
  releasedBytes = 0;
  residency: Residency | null = null;
  readonly minPages: number;
  readonly hugePages: number;
  /** The page of scavAddr, the highest that is still to be looked at; −1 when none is. */
  page = -1;

  private readonly candidate: Candidate = { start: 0, size: 0 };

  /** @param pages the page allocator whose free pages are released */
  constructor(private readonly pages: PageAllocator) {
    const { physPageBytes, physHugePageBytes, pageBytes } = pages.geometry;
    this.minPages = Math.max(1, physPageBytes / pageBytes);
    this.hugePages =
      physHugePageBytes > pageBytes && physHugePageBytes > physPageBytes ? physHugePageBytes / pageBytes : 0;
  }

  /** New goals: the descent begins at the top again (resetScavengeAddr). */
  paced(): void {
    this.page = this.pages.end * this.pages.geometry.chunkPages - 1;
    this.releasedBytes = 0;
  }

  begin(request: ReleaseRequest, force: boolean): void {
    request.force = force;
    // FreeOSMemory looks at everything.
    if (force) this.paced();
  }

  next(request: ReleaseRequest, maxBytes: number): boolean {
    const { chunkPages, pageBytes } = this.pages.geometry;
    const maxPages = Math.ceil(maxBytes / pageBytes);
    const { tree, start } = this.pages;
    const top = Math.floor(this.page / chunkPages);
    if (this.page < 0 || top < start) return false;
    // In the chunk of scavAddr the search begins there, in the ones below at their top.
    if (this.lookIn(request, top, this.page - top * chunkPages, maxPages)) return true;
    for (let chunk = top - 1; chunk >= start; chunk--) {
      const flat = tree.flatChunk(chunk);
      if (flat < 0 || tree.maxOf(flat) < this.minPages) continue;
      if (!hasScavengeCandidate(tree, flat, this.minPages)) continue;
      if (this.lookIn(request, chunk, chunkPages - 1, maxPages)) return true;
    }
    this.page = -1;
    return false;
  }

  private lookIn(request: ReleaseRequest, chunk: number, index: number, maxPages: number): boolean {
    const { tree, geometry } = this.pages;
    const flat = tree.flatChunk(chunk);
    if (flat < 0 || tree.maxOf(flat) < this.minPages) return false;
    const { candidate } = this;
    findScavengeCandidate(tree, flat, index, this.minPages, maxPages, this.hugePages, candidate);
    if (candidate.size === 0) return false;
    request.page = chunk * geometry.chunkPages + candidate.start;
    request.npages = candidate.size;
    return true;
  }

  beginRelease(page: number, npages: number): void {
    if (this.pages.allocRange(page, npages) !== 0) throw new CorruptHeapError("double scavenge", []);
    this.page = page - 1;
    if (this.residency !== null) this.residency.release(page, npages);
  }

  endRelease(page: number, npages: number): void {
    const { pages } = this;
    const { chunkPages, pageBytes } = pages.geometry;
    pages.free(page, npages, true);
    const chunk = Math.floor(page / chunkPages);
    pages.tree.setScavenged(pages.tree.flatChunk(chunk), page - chunk * chunkPages, npages);
    this.releasedBytes += npages * pageBytes;
  }

  // Nothing else moves scavAddr.
  end(): void {}
  grew(): void {}
  allocated(): void {}
  refilled(): void {}
  flushing(): void {}
  freed(): void {}
  markDone(): void {}
  sweepDone(): void {}
}
