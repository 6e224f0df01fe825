/**
 * A scavenger that knows the future: the bound that no policy without that knowledge can reach.
 *
 *     first pass     span freed ──── unused for so long ────► used again          FutureRecorder notes both
 *                        │
 *     second pass        └ longer than the horizon? back to the system at once    OracleScavenger, beside the heap
 *
 * Where spans go depends on which pages are free, not on which are released. So a run that releases nothing and one that
 * releases at the best moments see the same spans at the same places, and what the first one notes holds for the second.
 *
 * What it bounds: of all ways to release memory under this placement, of which none takes a fault within the horizon after a
 * release, this one keeps the least memory resident, at every moment. With a horizon of 0 all that is free goes at once. Only
 * whole physical pages can go, so where those are larger than a page of the runtime, one goes when its last page is free and
 * none of them is used again within the horizon.
 *
 * Invariants: both passes see the same spans in the same order, which is checked; no page that it releases is used within the
 * horizon.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import type { Heap } from "../heap/heap.js";

/** Sees spans come and go. */
export interface Witness {
  /** A span is in use from now on. */
  used(page: number, npages: number): void;
  /** The pages of a span are free. */
  freed(page: number, npages: number): void;
}

/** The two passes see different spans: a fault of the model, since a release may change nothing for them. */
export class OracleError extends Error {
  override readonly name = "OracleError";
}

const BLOCK_PAGES = 512;

/** A number for each page, in blocks. */
class PageTimes {
  private readonly blocks = new Map<number, Float64Array>();

  get(page: number): number {
    const block = this.blocks.get(Math.floor(page / BLOCK_PAGES));
    return block === undefined ? Number.POSITIVE_INFINITY : block[page % BLOCK_PAGES]!;
  }

  fill(page: number, npages: number, timeNs: number): void {
    for (let at = page; at < page + npages; ) {
      const key = Math.floor(at / BLOCK_PAGES);
      let block = this.blocks.get(key);
      if (block === undefined) {
        block = new Float64Array(BLOCK_PAGES).fill(Number.POSITIVE_INFINITY);
        this.blocks.set(key, block);
      }
      const limit = Math.min(page + npages, (key + 1) * BLOCK_PAGES);
      block.fill(timeNs, at % BLOCK_PAGES, limit - key * BLOCK_PAGES);
      at = limit;
    }
  }
}

/** When the pages of each freed span are used again, in the order of frees: stretches of pages with one time. */
export interface Future {
  /** By free: its pages, and its first stretch; one more than there are, for the end of the last. */
  readonly pages: Float64Array;
  readonly firstStretch: Int32Array;
  readonly frees: number;
  /** By stretch: how many pages, and when they are used, ns; Infinity for never. */
  readonly lengths: Int32Array;
  readonly usedNs: Float64Array;
}

/** Notes what a run does to its spans. */
export class FutureRecorder implements Witness {
  /** In the order of events: first page, pages (negative for frees), and time. */
  private pages = new Float64Array(1024);
  private npages = new Int32Array(1024);
  private timesNs = new Float64Array(1024);
  private count = 0;
  private frees = 0;

  constructor(private readonly clock: { readonly nowNs: number }) {}

  used(page: number, npages: number): void {
    this.add(page, npages);
  }

  freed(page: number, npages: number): void {
    this.frees++;
    this.add(page, -npages);
  }

  /** What is known when the run is over: a walk from its end to its beginning. */
  future(): Future {
    const { frees } = this;
    const next = new PageTimes();
    const stretches: { lengths: number[]; usedNs: number[] }[] = new Array(frees);
    const pages = new Float64Array(frees);
    let free = frees;
    let total = 0;
    for (let i = this.count - 1; i >= 0; i--) {
      const page = this.pages[i]!;
      const npages = this.npages[i]!;
      if (npages > 0) {
        next.fill(page, npages, this.timesNs[i]!);
        continue;
      }
      free--;
      pages[free] = page;
      stretches[free] = stretchesOf(next, page, -npages);
      total += stretches[free]!.lengths.length;
    }
    const firstStretch = new Int32Array(frees + 1);
    const lengths = new Int32Array(total);
    const usedNs = new Float64Array(total);
    let at = 0;
    stretches.forEach((stretch, f) => {
      firstStretch[f] = at;
      lengths.set(stretch.lengths, at);
      usedNs.set(stretch.usedNs, at);
      at += stretch.lengths.length;
    });
    firstStretch[frees] = at;
    return { pages, firstStretch, frees, lengths, usedNs };
  }

  private add(page: number, npages: number): void {
    if (this.count === this.pages.length) {
      const size = 2 * this.count;
      this.pages = grownInto(this.pages, new Float64Array(size));
      this.npages = grownInto(this.npages, new Int32Array(size));
      this.timesNs = grownInto(this.timesNs, new Float64Array(size));
    }
    this.pages[this.count] = page;
    this.npages[this.count] = npages;
    this.timesNs[this.count++] = this.clock.nowNs;
  }
}

/** Pages with the same time, one stretch after the other. */
function stretchesOf(
  times: PageTimes,
  page: number,
  npages: number,
): { lengths: number[]; usedNs: number[] } {
  const lengths: number[] = [];
  const usedNs: number[] = [];
  for (let at = page; at < page + npages; at++) {
    const time = times.get(at);
    if (usedNs.length > 0 && usedNs.at(-1) === time) lengths[lengths.length - 1]!++;
    else {
      lengths.push(1);
      usedNs.push(time);
    }
  }
  return { lengths, usedNs };
}

/** Releases what is free and will not be used within the horizon. */
export class OracleScavenger implements Witness {
  private readonly next = new PageTimes();
  private readonly minPages: number;
  private free = 0;

  /**
   * @param heap of which it is told
   * @param future what an earlier run of the same program did
   * @param clock the virtual time
   */
  constructor(
    private readonly heap: Heap,
    private readonly future: Future,
    private readonly clock: { readonly nowNs: number },
  ) {
    this.minPages = Math.max(1, heap.geometry.physPageBytes / heap.geometry.pageBytes);
  }

  used(): void {}

  freed(page: number, npages: number): void {
    this.learn(page, npages);
    const { minPages } = this;
    const first = Math.floor(page / minPages) * minPages;
    const limit = Math.ceil((page + npages) / minPages) * minPages;
    // Physical pages that are free and not needed for a while, as many at a time as lie side by side.
    let from = first;
    for (let at = first; at <= limit; at += minPages) {
      if (at < limit && this.isNeedless(at)) continue;
      if (at > from) this.release(from, at - from);
      from = at + minPages;
    }
  }

  /** When the pages that were just freed will be used. */
  private learn(page: number, npages: number): void {
    const { pages, firstStretch, lengths, usedNs, frees } = this.future;
    const free = this.free++;
    let at = page;
    for (let s = free < frees ? firstStretch[free]! : 0; free < frees && s < firstStretch[free + 1]!; s++) {
      this.next.fill(at, lengths[s]!, usedNs[s]!);
      at += lengths[s]!;
    }
    if (free >= frees || pages[free] !== page || at !== page + npages) {
      throw new OracleError(
        `free number ${free} is of ${npages} pages at page ${page}, it was another in the first pass`,
      );
    }
  }

  /** Whether a physical page is free, not released, and will not be used within the horizon. */
  private isNeedless(page: number): boolean {
    const { pages, policy } = this.heap;
    const untilNs = this.clock.nowNs + policy.scavenger.horizonNs;
    for (let p = page; p < page + this.minPages; p++) {
      if (this.next.get(p) <= untilNs || pages.isAllocated(p) || this.isScavenged(p)) return false;
    }
    return true;
  }

  private isScavenged(page: number): boolean {
    const { tree, geometry } = this.heap.pages;
    const chunk = Math.floor(page / geometry.chunkPages);
    return tree.isScavenged(tree.flatChunk(chunk), page - chunk * geometry.chunkPages);
  }

  private release(page: number, npages: number): void {
    this.heap.statistics.scavengeCalls++;
    const { chunkPages } = this.heap.geometry;
    for (let at = page; at < page + npages; ) {
      // A range lies in one chunk, as scavengers have it.
      const limit = Math.min(page + npages, (Math.floor(at / chunkPages) + 1) * chunkPages);
      this.heap.beginRelease(at, limit - at);
      this.heap.endRelease(at, limit - at);
      at = limit;
    }
  }
}
