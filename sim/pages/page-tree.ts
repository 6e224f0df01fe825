/**
 * Bitmaps and the radix tree of summaries above them: the storage of the page allocator.
 *
 * The tree of an address space is mostly air, so memory is taken a root entry at a time: the first growth into a root
 * entry gives it a *slot*, and a slot is a full subtree, at consecutive places of flat arrays, one array for each level
 * and field:
 *
 *     rootSlot   [ -1 -1 … 0 … 1 … ]                       root entry → slot
 *     level 0    [ slot 0 | slot 1 ]                        start, max, end
 *     level 1    [ 8 entries | 8 entries ]
 *       …
 *     leaves     [ 4096 chunks | 4096 chunks ]
 *     bitmaps    [ 4096 × 16 words | … ]                    allocated, scavenged
 *
 * so that an entry of a level has a *flat index*, and going up or down is a shift of it, as in the implicit tree of the
 * runtime. Chunks that were never grown have zero summaries and are never reached by a search.
 *
 * Invariants, checked by checkTree in the tests:
 *  - every leaf summary is that of its bitmap, or zero for a chunk that was not grown;
 *  - every other summary is the merge of its children;
 *  - a page is not both allocated and scavenged (pages in a page cache are allocated and carry their bits with them);
 *  - scavCount of a chunk is the number of set bits in its scavenged bitmap.
 *
 * What makes it fast: a free needs no rescan of the bitmap, since the run it creates, found by looking left and right
 * of the freed pages, tells the new start, max and end. An allocation needs one only when the run that it was taken
 * from was as long as max. The climb towards the root stops at the first summary that stays as it was.
 */

import type { Geometry } from "../address/geometry.js";
import {
  allSet,
  clearRange,
  countRange,
  findZeros,
  firstZero,
  longestZeros,
  setRange,
  zerosDown,
  zerosUp,
} from "./bits.js";
import { BadOperationError } from "./errors.js";
import { mergeSummaries, type Summary } from "./summary.js";

export class PageTree {
  readonly geometry: Geometry;
  readonly levels: number;
  readonly chunkPages: number;
  /** Bitmap words of a chunk. */
  readonly wordsPerChunk: number;
  /** Flat index of an entry of a level = slot << localBits[level] | index within the root entry. */
  readonly localBits: readonly number[];
  /** Slot of each root entry; -1 where nothing was grown. */
  readonly rootSlot: Int32Array;
  /** The root entries that have a slot, ascending; the first rootCount are valid. */
  roots: Int32Array = new Int32Array(4);
  rootCount = 0;

  /** Summaries by level, then flat index. */
  readonly start: Int32Array[] = [];
  readonly max: Int32Array[] = [];
  readonly end: Int32Array[] = [];
  /** The leaf level of the above, where most of the work is. */
  leafStart: Int32Array = new Int32Array(0);
  leafMax: Int32Array = new Int32Array(0);
  leafEnd: Int32Array = new Int32Array(0);
  /** One bit a page, by flat chunk index: 1 = in use. */
  allocBits: Int32Array = new Int32Array(0);
  /** One bit a page: 1 = returned to the system. */
  scavBits: Int32Array = new Int32Array(0);
  /** Set bits of scavBits by flat chunk index: most allocations find none and need not look. */
  scavCount: Int32Array = new Int32Array(0);

  #slots = 0;
  #leafBits: number;
  #leafMask: number;
  readonly #merged: Summary = { start: 0, max: 0, end: 0 };

  /** @param geometry the address space; its root level decides how memory is taken */
  constructor(geometry: Geometry) {
    this.geometry = geometry;
    this.levels = geometry.levels;
    this.chunkPages = geometry.chunkPages;
    this.wordsPerChunk = geometry.chunkPages / 32;
    const bits: number[] = [];
    for (let l = 0, sum = 0; l < geometry.levels; l++) {
      if (l > 0) sum += geometry.levelBits[l]!;
      bits.push(sum);
    }
    this.localBits = bits;
    this.#leafBits = bits[geometry.levels - 1]!;
    this.#leafMask = 2 ** this.#leafBits - 1;
    this.rootSlot = new Int32Array(2 ** geometry.levelBits[0]!).fill(-1);
    this.#reserve(0);
  }

  /** The flat index of a chunk, or -1 when its root entry has no memory. `chunk` is below geometry.totalChunks. */
  flatChunk(chunk: number): number {
    const slot = this.rootSlot[chunk >>> this.#leafBits]!;
    return slot < 0 ? -1 : (slot << this.#leafBits) | (chunk & this.#leafMask);
  }

  /** The flat index of an entry of a level, or -1 when its root entry has no memory. */
  flatEntry(level: number, index: number): number {
    const bits = this.localBits[level]!;
    const slot = this.rootSlot[index >>> bits]!;
    return slot < 0 ? -1 : (slot << bits) | (index & (2 ** bits - 1));
  }

  /** The summary of an entry of a level; all zero where nothing was grown. A fresh object: not for hot paths. */
  summaryAt(level: number, index: number): Summary {
    const flat = this.flatEntry(level, index);
    if (flat < 0) return { start: 0, max: 0, end: 0 };
    return { start: this.start[level]![flat]!, max: this.max[level]![flat]!, end: this.end[level]![flat]! };
  }

  /** Gives memory to the root entries of chunks [from, to), all bits zero. Entries that have it keep it. */
  mapChunks(from: number, to: number): void {
    const last = (to - 1) >>> this.#leafBits;
    for (let root = from >>> this.#leafBits; root <= last; root++) {
      if (this.rootSlot[root]! >= 0) continue;
      if (this.rootCount === this.#slots) this.#reserve(this.#slots + Math.max(1, this.#slots >> 2));
      this.#insertRoot(root);
    }
  }

  #insertRoot(root: number): void {
    if (this.rootCount === this.roots.length) this.roots = resized(this.roots, 2 * this.roots.length);
    let at = this.rootCount;
    for (; at > 0 && this.roots[at - 1]! > root; at--) this.roots[at] = this.roots[at - 1]!;
    this.roots[at] = root;
    this.rootSlot[root] = this.rootCount++;
  }

  /** Makes room for `slots` root entries. Growing by a quarter keeps the slack small and copying rare. */
  #reserve(slots: number): void {
    this.#slots = slots;
    for (let l = 0; l < this.levels; l++) {
      const entries = slots << this.localBits[l]!;
      this.start[l] = resized(this.start[l], entries);
      this.max[l] = resized(this.max[l], entries);
      this.end[l] = resized(this.end[l], entries);
    }
    const leaf = this.levels - 1;
    this.leafStart = this.start[leaf]!;
    this.leafMax = this.max[leaf]!;
    this.leafEnd = this.end[leaf]!;
    const chunks = slots << this.#leafBits;
    this.allocBits = resized(this.allocBits, chunks * this.wordsPerChunk);
    this.scavBits = resized(this.scavBits, chunks * this.wordsPerChunk);
    this.scavCount = resized(this.scavCount, chunks);
  }

  /**
   * Marks pages [page, page+n) of one chunk allocated, clears their scavenged bits and updates the chunk's summary
   * and those above it. The pages must be free.
   * @returns how many of them were scavenged
   */
  allocInChunk(flat: number, page: number, n: number): number {
    const start = this.leafStart[flat]!;
    const max = this.leafMax[flat]!;
    const end = this.leafEnd[flat]!;
    const scavenged = this.takePages(flat, page, n);
    this.#climb(flat, start, max, end);
    return scavenged;
  }

  /**
   * Marks pages [page, page+n) of one chunk free and updates the chunk's summary and those above it.
   * @throws BadOperationError when one of them is not allocated
   */
  freeInChunk(flat: number, page: number, n: number): void {
    const start = this.leafStart[flat]!;
    const max = this.leafMax[flat]!;
    const end = this.leafEnd[flat]!;
    this.returnPages(flat, page, n);
    this.#climb(flat, start, max, end);
  }

  /** allocInChunk without the climb: bitmap, scavenged bits and leaf summary only. */
  takePages(flat: number, page: number, n: number): number {
    const words = this.allocBits;
    const word0 = flat * this.wordsPerChunk;
    const chunkPages = this.chunkPages;
    const max = this.leafMax[flat]!;
    // The run that the pages come from, before they are taken: free neighbours below and above.
    const below = zerosDown(words, word0, page);
    const above = zerosUp(words, word0, page + n, chunkPages);
    setRange(words, word0, page, n);
    if (page < this.leafStart[flat]!) this.leafStart[flat] = page;
    const rest = chunkPages - page - n;
    if (rest < this.leafEnd[flat]!) this.leafEnd[flat] = rest;
    const run = below + n + above;
    if (run >= max) this.leafMax[flat] = this.#maxAfterTaking(word0, run, below > above ? below : above);
    return this.scavCount[flat] === 0 ? 0 : this.#takeScavenged(flat, word0, page, n);
  }

  /** The longest free run of a chunk after its longest run, of `run` pages, was cut to pieces of at most `piece`. */
  #maxAfterTaking(word0: number, run: number, piece: number): number {
    const chunkPages = this.chunkPages;
    // Every other run lies outside the old one and the used page beside it.
    if (piece >= chunkPages - run - 1) return piece;
    if (2 * run < chunkPages && findZeros(this.allocBits, word0, 0, chunkPages, run) >= 0) return run;
    return longestZeros(this.allocBits, word0, chunkPages);
  }

  #takeScavenged(flat: number, word0: number, page: number, n: number): number {
    const count = countRange(this.scavBits, word0, page, n);
    if (count === 0) return 0;
    clearRange(this.scavBits, word0, page, n);
    this.scavCount[flat] = this.scavCount[flat]! - count;
    return count;
  }

  /** freeInChunk without the climb: bitmap and leaf summary only. */
  returnPages(flat: number, page: number, n: number): void {
    const words = this.allocBits;
    const word0 = flat * this.wordsPerChunk;
    const chunkPages = this.chunkPages;
    if (!allSet(words, word0, page, n)) this.#refuseFree(flat, page, n);
    clearRange(words, word0, page, n);
    const first = page - zerosDown(words, word0, page);
    const limit = page + n + zerosUp(words, word0, page + n, chunkPages);
    const run = limit - first;
    if (first === 0) this.leafStart[flat] = run;
    if (limit === chunkPages) this.leafEnd[flat] = run;
    if (run > this.leafMax[flat]!) this.leafMax[flat] = run;
  }

  #refuseFree(flat: number, page: number, n: number): never {
    let bad = page;
    while (allSet(this.allocBits, flat * this.wordsPerChunk, bad, 1)) bad++;
    throw new BadOperationError(`page ${bad - page} of the ${n} to be freed in this chunk is not allocated`);
  }

  /** Recomputes a chunk's summary from its bitmap and climbs. For changes that are not one run of pages. */
  resummarize(flat: number): void {
    const start = this.leafStart[flat]!;
    const max = this.leafMax[flat]!;
    const end = this.leafEnd[flat]!;
    this.summarizeLeaf(flat);
    this.#climb(flat, start, max, end);
  }

  /** Recomputes a chunk's summary from its bitmap, without climbing. */
  summarizeLeaf(flat: number): void {
    const word0 = flat * this.wordsPerChunk;
    this.leafStart[flat] = zerosUp(this.allocBits, word0, 0, this.chunkPages);
    this.leafMax[flat] = longestZeros(this.allocBits, word0, this.chunkPages);
    this.leafEnd[flat] = zerosDown(this.allocBits, word0, this.chunkPages);
  }

  /** Index of the first free page at or after the 64-page word of `from` in a chunk; chunkPages when there is none. */
  firstFree(flat: number, from: number): number {
    return firstZero(this.allocBits, flat * this.wordsPerChunk, from & ~63, this.chunkPages);
  }

  /** Index of the first run of n free pages that begins in the 64-page word of `from` or later; -1 for none. */
  findRun(flat: number, from: number, n: number): number {
    return findZeros(this.allocBits, flat * this.wordsPerChunk, from, this.chunkPages, n);
  }

  /** Marks pages [page, page+n) of a chunk scavenged. */
  setScavenged(flat: number, page: number, n: number): void {
    const word0 = flat * this.wordsPerChunk;
    this.scavCount[flat] = this.scavCount[flat]! + n - countRange(this.scavBits, word0, page, n);
    setRange(this.scavBits, word0, page, n);
  }

  /**
   * Updates the summaries above one leaf whose summary was (start, max, end) before the change, up to the first that
   * stays the same.
   */
  #climb(flatLeaf: number, oldStart: number, oldMax: number, oldEnd: number): void {
    let flat = flatLeaf;
    let start = oldStart;
    let max = oldMax;
    let end = oldEnd;
    for (let l = this.levels - 1; l > 0; l--) {
      const max1 = this.max[l]!;
      const newMax = max1[flat]!;
      const sameEdges = this.start[l]![flat] === start && this.end[l]![flat] === end;
      if (sameEdges && newMax === max) return;
      const parent = flat >>> this.geometry.levelBits[l]!;
      const maxes = this.max[l - 1]!;
      const parentMax = maxes[parent]!;
      const parentStart = this.start[l - 1]![parent]!;
      const parentEnd = this.end[l - 1]![parent]!;
      if (sameEdges && newMax > parentMax) maxes[parent] = newMax;
      else if (sameEdges && (max < parentMax || newMax === parentMax)) return;
      else this.mergeEntry(l - 1, parent);
      flat = parent;
      start = parentStart;
      max = parentMax;
      end = parentEnd;
    }
  }

  /** Recomputes one summary of a level above the leaves from its children; whether it changed. */
  mergeEntry(level: number, flat: number): boolean {
    const bits = this.geometry.levelBits[level + 1]!;
    const entryPages = 2 ** this.geometry.levelLogPages[level + 1]!;
    const sum = this.#merged;
    mergeSummaries(
      this.start[level + 1]!,
      this.max[level + 1]!,
      this.end[level + 1]!,
      flat << bits,
      1 << bits,
      entryPages,
      sum,
    );
    const changed =
      this.start[level]![flat] !== sum.start ||
      this.max[level]![flat] !== sum.max ||
      this.end[level]![flat] !== sum.end;
    this.start[level]![flat] = sum.start;
    this.max[level]![flat] = sum.max;
    this.end[level]![flat] = sum.end;
    return changed;
  }

  /** Updates the summaries above the leaves of chunks [from, to], inclusive, up to the first level that does not change. */
  climbRange(from: number, to: number): void {
    let changed = true;
    let below = 0;
    for (let l = this.levels - 2; l >= 0 && changed; l--) {
      changed = false;
      below += this.geometry.levelBits[l + 1]!;
      for (let i = from >>> below; i <= to >>> below; i++) {
        if (this.mergeEntry(l, this.flatEntry(l, i))) changed = true;
      }
    }
  }
}

/** A copy of an array with another length, zero beyond what was there. */
function resized(array: Int32Array | undefined, length: number): Int32Array {
  const copy = new Int32Array(length);
  if (array !== undefined) copy.set(array);
  return copy;
}
