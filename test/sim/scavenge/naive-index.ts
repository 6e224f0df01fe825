/**
 * Page heaps with the scavengers of Go 1.14, 1.19 and 1.21, with no cleverness at all, to hold the real ones against.
 *
 * A chunk is an object with a row of flags for its pages and whatever its release knows of it. Allocation walks over all
 * pages; searches walk over all chunks below the cursor, and over the pages of a chunk one group at a time.
 */

import type { Geometry } from "../../../sim/address/geometry.js";

export type NaiveKind = "address" | "bitmap" | "density";

interface NaiveChunk {
  readonly used: boolean[];
  readonly gone: boolean[];
  inUse: number;
  lastInUse: number;
  gen: number;
  /** hasFree of 1.21, the bit of 1.19. */
  flag: boolean;
}

/** A cursor: a page, −1 for none, and whether it was raised and not lowered since. */
interface NaiveCursor {
  page: number;
  marked: boolean;
}

export interface NaiveRun {
  readonly page: number;
  readonly npages: number;
}

export class NaiveIndexHeap {
  readonly chunks = new Map<number, NaiveChunk>();
  readonly background: NaiveCursor = { page: -1, marked: false };
  readonly forced: NaiveCursor = { page: -1, marked: false };
  /** scavAddr of 1.14; −1 for none. */
  address = -1;
  freeHigh = -1;
  gen = 0;
  /** What happened that only happens now and then. */
  readonly seen = new Set<string>();
  private readonly minPages: number;
  private readonly hugePages: number;

  constructor(
    readonly geometry: Geometry,
    readonly kind: NaiveKind,
    readonly densePages: number,
  ) {
    const { pageBytes, physPageBytes, physHugePageBytes } = geometry;
    this.minPages = Math.max(1, physPageBytes / pageBytes);
    this.hugePages =
      physHugePageBytes > pageBytes && physHugePageBytes > physPageBytes ? physHugePageBytes / pageBytes : 0;
  }

  grow(chunk: number): void {
    const { chunkPages } = this.geometry;
    this.chunks.set(chunk, {
      used: Array(chunkPages).fill(false),
      gone: Array(chunkPages).fill(true),
      inUse: 0,
      lastInUse: 0,
      gen: 0,
      flag: false,
    });
  }

  sorted(): number[] {
    return [...this.chunks.keys()].sort((a, b) => a - b);
  }

  isFree(page: number): boolean {
    const { chunkPages } = this.geometry;
    const chunk = this.chunks.get(Math.floor(page / chunkPages));
    return chunk !== undefined && !chunk.used[page % chunkPages]!;
  }

  /** First fit; −1 when there is no room. */
  alloc(npages: number): number {
    for (const chunk of this.sorted()) {
      for (let i = 0; i < this.geometry.chunkPages; i++) {
        const page = chunk * this.geometry.chunkPages + i;
        let run = 0;
        while (run < npages && this.isFree(page + run)) run++;
        if (run < npages) continue;
        this.take(page, npages);
        this.indexAlloc(page, npages);
        return page;
      }
    }
    return -1;
  }

  take(page: number, npages: number): void {
    this.each(page, npages, (chunk, i) => {
      if (chunk.used[i]) throw new Error(`the model takes page ${i} twice`);
      chunk.used[i] = true;
      chunk.gone[i] = false;
    });
  }

  free(page: number, npages: number): void {
    this.each(page, npages, (chunk, i) => {
      chunk.used[i] = false;
    });
    this.indexFree(page, npages);
  }

  private each(page: number, npages: number, visit: (chunk: NaiveChunk, i: number) => void): void {
    const { chunkPages } = this.geometry;
    for (let p = page; p < page + npages; p++) {
      visit(this.chunks.get(Math.floor(p / chunkPages))!, p % chunkPages);
    }
  }

  /** The pages of a range by chunk. */
  private parts(page: number, npages: number): { chunk: NaiveChunk; first: number; count: number }[] {
    const { chunkPages } = this.geometry;
    const parts: { chunk: NaiveChunk; first: number; count: number }[] = [];
    for (let p = page; p < page + npages; ) {
      const count = Math.min(page + npages - p, chunkPages - (p % chunkPages));
      parts.push({ chunk: this.chunks.get(Math.floor(p / chunkPages))!, first: p, count });
      p += count;
    }
    return parts;
  }

  indexAlloc(page: number, npages: number): void {
    if (this.kind !== "density") return;
    for (const { chunk, count } of this.parts(page, npages)) {
      this.roll(chunk);
      chunk.inUse += count;
      if (chunk.inUse === this.geometry.chunkPages) chunk.flag = false;
    }
  }

  indexFree(page: number, npages: number): void {
    if (this.kind === "address") return;
    for (const { chunk, first, count } of this.parts(page, npages)) {
      chunk.flag = true;
      const last = first + count - 1;
      if (this.kind === "bitmap") {
        this.raise(this.background, last);
        continue;
      }
      this.roll(chunk);
      chunk.inUse -= count;
      this.freeHigh = Math.max(this.freeHigh, last);
      this.raise(this.forced, last);
    }
  }

  private roll(chunk: NaiveChunk): void {
    if (chunk.gen === this.gen) return;
    chunk.lastInUse = chunk.inUse;
    chunk.gen = this.gen;
  }

  private raise(cursor: NaiveCursor, page: number): void {
    if (cursor.page >= page) return;
    cursor.page = page;
    cursor.marked = true;
  }

  /** A page cache takes all free pages of a block, and gives back what is left of them. */
  flush(pages: readonly number[], gone: ReadonlySet<number>): void {
    for (const page of pages) {
      this.each(page, 1, (chunk, i) => {
        chunk.used[i] = false;
        chunk.gone[i] = gone.has(page);
      });
      // In 1.19 nobody hears of it.
      if (this.kind === "density") this.indexFree(page, 1);
    }
  }

  /** A mark has ended, and the goals are new. */
  nextGeneration(): void {
    this.address = Math.max(0, ...this.chunks.keys()) * this.geometry.chunkPages;
    if (this.chunks.size > 0) this.address += this.geometry.chunkPages - 1;
    else this.address = -1;
    if (this.kind !== "density") return;
    this.gen++;
    this.raise(this.background, this.freeHigh);
    this.freeHigh = -1;
  }

  /** Finds a range to release, as the release of this kind does. */
  next(bytes: number, force: boolean): NaiveRun | undefined {
    const maxPages = Math.ceil(bytes / this.geometry.pageBytes);
    return this.kind === "address" ? this.descend(maxPages) : this.search(maxPages, force);
  }

  private descend(maxPages: number): NaiveRun | undefined {
    const { chunkPages } = this.geometry;
    if (this.address < 0) return undefined;
    const top = Math.floor(this.address / chunkPages);
    // Below all chunks it stays where it is.
    if (top < this.sorted()[0]!) return undefined;
    for (const chunk of this.sorted().reverse()) {
      if (chunk > top) continue;
      const from = chunk === top ? this.address % chunkPages : chunkPages - 1;
      const run = this.candidate(chunk, from, maxPages);
      if (run !== undefined) return run;
    }
    this.address = -1;
    return undefined;
  }

  private search(maxPages: number, force: boolean): NaiveRun | undefined {
    const { chunkPages } = this.geometry;
    for (;;) {
      const cursor = force && this.kind === "density" ? this.forced : this.background;
      if (cursor.page < 0) return undefined;
      const top = Math.floor(cursor.page / chunkPages);
      const number = this.sorted()
        .reverse()
        .find((one) => one <= top && this.isWorth(one, force));
      if (number === undefined) {
        if (cursor.marked) this.seen.add("a marked cursor stays");
        else cursor.page = -1;
        return undefined;
      }
      let from = cursor.page % chunkPages;
      if (number !== top) {
        from = chunkPages - 1;
        cursor.page = number * chunkPages + from;
        cursor.marked = false;
      } else if (cursor.marked) this.seen.add("a marked cursor answers itself");
      const run = this.candidate(number, this.kind === "bitmap" ? chunkPages - 1 : from, maxPages);
      if (run !== undefined) return run;
      this.chunks.get(number)!.flag = false;
      this.seen.add("a chunk in vain");
    }
  }

  private isWorth(number: number, force: boolean): boolean {
    const chunk = this.chunks.get(number)!;
    if (!chunk.flag) return false;
    if (force || this.kind === "bitmap") return true;
    const isDense = chunk.inUse >= this.densePages;
    const wasDense = chunk.gen === this.gen && chunk.lastInUse >= this.densePages;
    if (isDense) this.seen.add("a dense chunk");
    else if (wasDense) this.seen.add("a chunk that was dense");
    return !isDense && !wasDense;
  }

  /** The topmost run of free pages that are not gone, by groups, from the top of the word that holds a page. */
  private candidate(number: number, from: number, maxPages: number): NaiveRun | undefined {
    const { chunkPages } = this.geometry;
    const chunk = this.chunks.get(number)!;
    const { minPages } = this;
    const isOpen = (group: number): boolean => {
      for (let i = group * minPages; i < (group + 1) * minPages; i++) {
        if (chunk.used[i] || chunk.gone[i]) return false;
      }
      return true;
    };
    let top = (Math.floor(from / 64) + 1) * (64 / minPages) - 1;
    while (top >= 0 && !isOpen(top)) top--;
    if (top < 0) return undefined;
    let bottom = top;
    while (bottom > 0 && isOpen(bottom - 1)) bottom--;
    const end = (top + 1) * minPages;
    const lowest = bottom * minPages;
    const wanted = Math.max(1, Math.ceil(maxPages / minPages)) * minPages;
    let start = Math.max(lowest, end - wanted);
    const huge = this.hugePages;
    if (huge > 0) {
      const below = Math.floor(start / huge) * huge;
      // A huge page that is free as a whole, or from its start on up to the end of the run, stays in one piece.
      const above = Math.ceil(start / huge) * huge;
      if (above <= end && below >= lowest && below < start) {
        this.seen.add("a huge page in one piece");
        start = below;
      }
    }
    return { page: number * chunkPages + start, npages: end - start };
  }

  beginRelease({ page, npages }: NaiveRun): void {
    this.take(page, npages);
    this.address = page - 1;
  }

  endRelease({ page, npages }: NaiveRun): void {
    this.each(page, npages, (chunk, i) => {
      chunk.used[i] = false;
      chunk.gone[i] = true;
    });
  }
}
