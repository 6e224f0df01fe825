/**
 * The scavenger of Go 1.21 and later: it leaves dense chunks alone, so that their huge pages stay whole (scavengeIndex and
 * scavChunkData in mgcscavenge.go).
 *
 * Of each chunk it knows how many pages are in use, how many were when the last generation ended in which that changed, and
 * whether it may have something to release:
 *
 *     inUse      pages in use now, those in page caches included
 *     lastInUse  inUse before the first change in generation `gen`
 *     hasFree    set by a free, cleared when the chunk is full, and by a search that found nothing in it
 *
 * A generation ends with each mark. In the background a chunk is released from when it is sparse, and was sparse before:
 *
 *     hasFree and inUse < 496 and, if it changed in this generation, lastInUse < 496        (of 512 pages)
 *
 * so a dense chunk in which much is freed waits until the next generation. For the memory limit and FreeOSMemory (*force*)
 * hasFree is enough. Each of the two has a cursor of its own. A free raises the one of forced searches at once, and the other
 * one only when the generation ends, to freeHWM, the highest page freed in it: what a sweep frees above it stays out of sight
 * of the background scavenger until the next mark.
 *
 *     free ──► freeHWM ──(mark done)──► background cursor
 *        └───► force cursor
 */

import { grownInto } from "../../engine/typed-arrays.js";
import type { PageAllocator } from "../pages/page-allocator.js";
import type { PageCache } from "../pages/page-cache.js";
import { ChunkIndexScavenger } from "./chunk-index.js";
import { NOWHERE, SearchCursor } from "./search-cursor.js";

/** Flags of a chunk, as the runtime packs them. */
export const HAS_FREE = 1;

/** What is known of a chunk. */
export interface ChunkEntry {
  readonly inUse: number;
  readonly lastInUse: number;
  readonly gen: number;
  readonly flags: number;
}

export class DensityScavenger extends ChunkIndexScavenger {
  readonly background = new SearchCursor();
  readonly forced = new SearchCursor();
  /** The highest page freed in this generation; NOWHERE before the first. */
  freeHighPage = NOWHERE;
  /** minHeapIdx: the lowest chunk that was grown; −1 before the heap grew. */
  minChunk = -1;
  /** Pages in use from which on a chunk is dense. */
  readonly densePages: number;

  private inUse: Uint16Array = new Uint16Array(0);
  private lastInUse: Uint16Array = new Uint16Array(0);
  private flags: Uint8Array = new Uint8Array(0);
  private gens: Int32Array = new Int32Array(0);

  /**
   * @param pages the page allocator whose free pages are released
   * @param denseFraction part of its pages in use from which on a chunk is dense (scavChunkHiOccFrac)
   */
  constructor(pages: PageAllocator, denseFraction: number) {
    super(pages);
    this.densePages = Math.floor(denseFraction * pages.geometry.chunkPages);
  }

  protected get lowestChunk(): number {
    return Math.max(0, this.minChunk);
  }

  /** The entry of a chunk that was grown. A fresh object: not for hot paths. */
  entryOf(chunk: number): ChunkEntry {
    const flat = this.pages.tree.flatChunk(chunk);
    return {
      inUse: this.inUse[flat]!,
      lastInUse: this.lastInUse[flat]!,
      gen: this.gens[flat]! >>> 0,
      flags: this.flags[flat]!,
    };
  }

  /** Sets the entry of a chunk outright. */
  setEntry(chunk: number, { inUse, lastInUse, gen, flags }: ChunkEntry): void {
    const flat = this.pages.tree.flatChunk(chunk);
    this.inUse[flat] = inUse;
    this.lastInUse[flat] = lastInUse;
    this.gens[flat] = gen;
    this.flags[flat] = flags;
  }

  /** Whether a chunk is to be released from (shouldScavenge). */
  shouldScavenge(chunk: number, force: boolean): boolean {
    return this.isWorthwhile(this.pages.tree.flatChunk(chunk), force);
  }

  protected reserve(chunks: number): void {
    this.inUse = grownInto(this.inUse, new Uint16Array(chunks));
    this.lastInUse = grownInto(this.lastInUse, new Uint16Array(chunks));
    this.flags = grownInto(this.flags, new Uint8Array(chunks));
    this.gens = grownInto(this.gens, new Int32Array(chunks));
  }

  protected noteLowest(chunk: number): void {
    if (this.minChunk < 0 || chunk < this.minChunk) this.minChunk = chunk;
  }

  protected isWorthwhile(flat: number, force: boolean): boolean {
    if ((this.flags[flat]! & HAS_FREE) === 0) return false;
    if (force) return true;
    if (this.inUse[flat]! >= this.densePages) return false;
    return this.gens[flat] !== (this.gen | 0) || this.lastInUse[flat]! < this.densePages;
  }

  /** The first change of a chunk in a generation remembers what it was before. */
  private roll(flat: number): void {
    if (this.gens[flat] === (this.gen | 0)) return;
    this.lastInUse[flat] = this.inUse[flat]!;
    this.gens[flat] = this.gen;
  }

  private allocIn(flat: number, npages: number): void {
    this.roll(flat);
    const inUse = this.inUse[flat]! + npages;
    this.inUse[flat] = inUse;
    if (inUse === this.chunkPages) this.flags[flat] = 0;
  }

  private freeIn(flat: number, npages: number): void {
    this.roll(flat);
    this.inUse[flat] = this.inUse[flat]! - npages;
    this.flags[flat] = HAS_FREE;
  }

  allocated(page: number, npages: number): void {
    const { tree } = this.pages;
    const { chunkPages } = this;
    const first = Math.floor(page / chunkPages);
    const from = page - first * chunkPages;
    if (from + npages <= chunkPages) return this.allocIn(tree.flatChunk(first), npages);
    const last = Math.floor((page + npages - 1) / chunkPages);
    this.allocIn(tree.flatChunk(first), chunkPages - from);
    for (let chunk = first + 1; chunk < last; chunk++) this.allocIn(tree.flatChunk(chunk), chunkPages);
    this.allocIn(tree.flatChunk(last), page + npages - last * chunkPages);
  }

  freed(page: number, npages: number): void {
    const { tree } = this.pages;
    const { chunkPages } = this;
    const first = Math.floor(page / chunkPages);
    const from = page - first * chunkPages;
    if (from + npages <= chunkPages) this.freeIn(tree.flatChunk(first), npages);
    else {
      const last = Math.floor((page + npages - 1) / chunkPages);
      this.freeIn(tree.flatChunk(first), chunkPages - from);
      for (let chunk = first + 1; chunk < last; chunk++) this.freeIn(tree.flatChunk(chunk), chunkPages);
      this.freeIn(tree.flatChunk(last), page + npages - last * chunkPages);
    }
    this.raiseTo(page + npages - 1);
  }

  private raiseTo(page: number): void {
    if (page > this.freeHighPage) this.freeHighPage = page;
    this.forced.raise(page);
  }

  /** A page cache takes all its pages at once. */
  refilled(cache: PageCache): void {
    if (cache.empty) return;
    this.allocIn(this.flatOf(cache), cache.freePages);
  }

  /** A page cache gives its pages back one by one, from the lowest to the highest. */
  flushing(cache: PageCache): void {
    if (cache.empty) return;
    this.freeIn(this.flatOf(cache), cache.freePages);
    const top = cache.cacheHi !== 0 ? 63 - Math.clz32(cache.cacheHi) : 31 - Math.clz32(cache.cacheLo);
    this.raiseTo(cache.page + top);
  }

  private flatOf(cache: PageCache): number {
    return this.pages.tree.flatChunk(Math.floor(cache.page / this.chunkPages));
  }

  /** A mark has ended: a generation begins (nextGen). */
  markDone(): void {
    this.gen++;
    this.background.raise(this.freeHighPage);
    this.freeHighPage = NOWHERE;
  }

  find(force: boolean): boolean {
    const { chunkPages } = this;
    const cursor = force ? this.forced : this.background;
    if (cursor.page === NOWHERE) return false;
    const from = Math.floor(cursor.page / chunkPages);
    const chunk = this.highestWorthwhile(from, force);
    if (chunk < 0) {
      cursor.clear();
      return false;
    }
    this.foundChunk = chunk;
    this.foundIndex = chunk === from ? cursor.page - from * chunkPages : chunkPages - 1;
    if (chunk !== from) cursor.lower(chunk * chunkPages + chunkPages - 1);
    return true;
  }

  setEmpty(chunk: number): void {
    this.flags[this.pages.tree.flatChunk(chunk)] = 0;
  }
}
