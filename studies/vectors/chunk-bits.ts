/**
 * Bitmaps of chunks, between the form of the vectors and that of the page tree.
 *
 * Vectors write a bitmap as 64-bit words in hexadecimal or as ranges [first, count] of set bits; the tree keeps 32-bit
 * words, the low half of each 64 first.
 */

import type { Bits } from "../../scenarios/trace/vectors/kinds.js";
import type { Geometry } from "../../sim/address/geometry.js";
import { clearRange, setRange } from "../../sim/pages/bits.js";
import { PageAllocator } from "../../sim/pages/page-allocator.js";
import type { PageTree } from "../../sim/pages/page-tree.js";
import { packedHex, packSummary, type Summary } from "../../sim/pages/summary.js";
import { hex64 } from "../words.js";
import type { CaseCheck } from "./case-check.js";

export type Range = readonly [number, number];

/** The two halves of a 64-bit word of 16 digits, as 32-bit integers. */
export function halves(word: string): { hi: number; lo: number } {
  return { hi: Number.parseInt(word.slice(0, 8), 16) | 0, lo: Number.parseInt(word.slice(8), 16) | 0 };
}

/** The 64-bit words, in hexadecimal, of the bitmap of a chunk. */
export function readWords(bitmap: Int32Array, word0: number, chunkPages: number): string[] {
  const words: string[] = [];
  for (let w = word0; w < word0 + chunkPages / 32; w += 2) words.push(hex64(bitmap[w + 1]!, bitmap[w]!));
  return words;
}

/** A bitmap with some ranges set, and others cleared afterwards. */
export function wordsOf(c: CaseCheck, set: readonly Range[], cleared: readonly Range[] = []): string[] {
  const bitmap = new Int32Array(c.geometry.chunkPages / 32);
  for (const [change, ranges] of [
    [setRange, set],
    [clearRange, cleared],
  ] as const) {
    for (const [first, count] of ranges) {
      c.requireInChunk(first, count);
      change(bitmap, 0, first, count);
    }
  }
  return readWords(bitmap, 0, c.geometry.chunkPages);
}

/** The bitmap that a case gives, as 32-bit words. */
function bitmapOf(c: CaseCheck, bits: Bits): Int32Array {
  const { chunkPages } = c.geometry;
  const words = isWords(bits) ? bits : wordsOf(c, bits);
  if (words.length !== chunkPages / 64) {
    c.reject(
      `a bitmap has ${words.length} words: expected ${chunkPages / 64}, for the ${chunkPages} pages of a chunk`,
    );
  }
  return Int32Array.from(words.flatMap((word) => [halves(word).lo, halves(word).hi]));
}

function isWords(bits: Bits): bits is string[] {
  return typeof bits[0] === "string";
}

/** Runs of bits of one value in the bitmap of a chunk. */
function runsOf(bitmap: Int32Array, word0: number, chunkPages: number, value: 0 | 1): Range[] {
  const runs: [number, number][] = [];
  for (let page = 0, length = 0; page <= chunkPages; page++) {
    const bit = page < chunkPages && ((bitmap[word0 + (page >>> 5)]! >>> (page & 31)) & 1) === value;
    if (!bit && length > 0) runs.push([page - length, length]);
    length = bit ? length + 1 : 0;
  }
  return runs;
}

/**
 * Brings a chunk that was grown into a state: pages in use, and of the others those that are scavenged. It does so by
 * allocating and freeing, so that all that the tree keeps stays consistent; freeHWM stays, since nothing was really
 * freed.
 */
export function writeChunk(
  c: CaseCheck,
  pages: PageAllocator,
  chunk: number,
  alloc: Bits,
  scavenged: Bits,
): void {
  const { tree } = pages;
  const { chunkPages, wordsPerChunk } = tree;
  const flat = tree.flatChunk(chunk);
  const page0 = chunk * chunkPages;
  const used = bitmapOf(c, alloc);
  const scav = bitmapOf(c, scavenged);
  // Allocating clears scavenged bits: once everything is in use, there are none.
  for (const [first, count] of runsOf(tree.allocBits, flat * wordsPerChunk, chunkPages, 0))
    pages.allocRange(page0 + first, count);
  pages.free(page0, chunkPages, true);
  for (const [first, count] of runsOf(scav, 0, chunkPages, 1)) tree.setScavenged(flat, first, count);
  for (const [first, count] of runsOf(used, 0, chunkPages, 1)) pages.allocRange(page0 + first, count);
}

/** One chunk of a page allocator, to try the routines on bitmaps. */
export class ChunkBits {
  readonly pages: PageAllocator;
  readonly tree: PageTree;
  readonly flat: number;
  readonly word0: number;

  constructor(
    geometry: Geometry,
    readonly chunk: number,
  ) {
    this.pages = new PageAllocator(geometry);
    this.tree = this.pages.tree;
    this.pages.grow(chunk * geometry.chunkPages, geometry.chunkPages);
    this.flat = this.tree.flatChunk(chunk);
    this.word0 = this.flat * this.tree.wordsPerChunk;
  }

  /** The words of the allocation bitmap. */
  get words(): string[] {
    return readWords(this.tree.allocBits, this.word0, this.tree.chunkPages);
  }

  /** Brings the chunk into a state. */
  load(c: CaseCheck, alloc: Bits, scavenged: Bits = []): void {
    writeChunk(c, this.pages, this.chunk, alloc, scavenged);
  }

  /** Takes pages of the chunk, which must be free. */
  alloc(first: number, count: number): void {
    this.pages.allocRange(this.chunk * this.tree.chunkPages + first, count);
  }

  /** Frees pages of the chunk. */
  free(first: number, count: number): void {
    this.pages.free(this.chunk * this.tree.chunkPages + first, count);
  }

  /** The summary as the tree keeps it. */
  get summary(): Summary & { packed: string } {
    const { tree } = this;
    const sum = tree.summaryAt(tree.levels - 1, this.chunk);
    const packed = packSummary(sum.start, sum.max, sum.end, tree.geometry.logMaxPackedValue);
    return { ...sum, packed: packedHex(packed) };
  }
}
