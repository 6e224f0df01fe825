/**
 * The scavenger of Go 1.19 and 1.20: one bit a chunk, and one cursor for whoever releases (scavengeIndex in
 * mgcscavenge.go of 1.19).
 *
 *     bit  1 = a span was freed there since the chunk was last found empty
 *
 *     chunks   0 0 1 0 1 1 0 0 0 0 …
 *                          ▲ cursor, at or above every set bit
 *
 * A freed span sets the bits of its chunks and raises the cursor at once, so what was just freed is the first to go. Nothing
 * else sets a bit: neither growth, whose memory is released already, nor the pages that a page cache gives back, so these
 * stay until a span is freed in their chunk. The bit is cleared by a search that finds nothing to release in the chunk,
 * always looking at all of it.
 *
 * Left out is golang/go's loss of bits when a heap spreads over two blocks of 128 GiB (docs/model.md).
 */

import { grownInto } from "../../engine/typed-arrays.js";
import { ChunkIndexScavenger } from "./chunk-index.js";
import type { ReleaseRequest } from "./scavenger.js";
import { NOWHERE, SearchCursor } from "./search-cursor.js";

/** Chunks in a byte of the runtime's bitmap. */
const BYTE_CHUNKS = 8;

export class BitmapScavenger extends ChunkIndexScavenger {
  readonly cursor = new SearchCursor();
  /** minHeapIdx: the byte of the bitmap where searches end; −1 before the heap grew. */
  minByte = -1;
  private bits: Uint8Array = new Uint8Array(0);

  protected get lowestChunk(): number {
    return Math.max(0, this.minByte) * BYTE_CHUNKS;
  }

  /** The bit of a chunk that was grown: 0 or 1. */
  bitOf(chunk: number): number {
    return this.bits[this.pages.tree.flatChunk(chunk)]!;
  }

  protected reserve(chunks: number): void {
    this.bits = grownInto(this.bits, new Uint8Array(chunks));
  }

  protected noteLowest(chunk: number): void {
    const byte = Math.floor(chunk / BYTE_CHUNKS);
    if (this.minByte < 0 || byte < this.minByte) this.minByte = byte;
  }

  protected isWorthwhile(flat: number): boolean {
    return this.bits[flat] !== 0;
  }

  /** Memory was freed (mark). */
  freed(page: number, npages: number): void {
    const { tree } = this.pages;
    const last = Math.floor((page + npages - 1) / this.chunkPages);
    for (let chunk = Math.floor(page / this.chunkPages); chunk <= last; chunk++) {
      this.bits[tree.flatChunk(chunk)] = 1;
    }
    this.cursor.raise(page + npages - 1);
  }

  find(): boolean {
    const { cursor, chunkPages } = this;
    if (cursor.page === NOWHERE) return false;
    const from = Math.floor(cursor.page / chunkPages);
    const chunk = this.highestWorthwhile(from, false);
    if (chunk < 0) {
      cursor.clear();
      return false;
    }
    this.foundChunk = chunk;
    this.foundIndex = chunk === from ? cursor.page % chunkPages : chunkPages - 1;
    if (chunk !== from) cursor.lower(chunk * chunkPages + chunkPages - 1);
    return true;
  }

  /** Looks at the whole chunk, whatever page find answered. */
  override lookIn(request: ReleaseRequest, chunk: number, _index: number, maxBytes: number): boolean {
    return super.lookIn(request, chunk, this.chunkPages - 1, maxBytes);
  }

  setEmpty(chunk: number): void {
    this.bits[this.pages.tree.flatChunk(chunk)] = 0;
  }

  allocated(): void {}
  refilled(): void {}
  flushing(): void {}
  markDone(): void {}
}
