/**
 * Bitmaps and the radix tree of summaries above them: the storage of the page allocator.
 *
 * The tree of an address space is mostly air, so memory is taken a root entry at a time: the first growth into a root
 * entry gives it a *slot*, and a slot is a full subtree, at consecutive places of flat arrays:
 *
 *     rootSlot   [ -1 -1 … 0 … 1 … ]                                       root entry → slot
 *     upper      [ root, 8 of level 1, 64 of level 2, … | the same of slot 1 ]    start, max, end, across
 *     leaf       [ 4096 chunks of slot 0              | 4096 of slot 1 ]    start, max, end, scavenged pages
 *     bitmaps    [ 4096 × 16 words                    | … ]                 allocated, scavenged
 *
 * A chunk has a *flat index* (slot · chunks of a root entry + its number in it), which finds its bitmap and its leaf
 * summary; going up is a shift of the number within the root entry, as in the implicit tree of the runtime. The four
 * numbers of an entry lie side by side, so that a merge of eight children reads one stretch of memory. Chunks that were
 * never grown have zero summaries and are never reached by a search.
 *
 * Invariants, checked by the state checkers of the tests:
 *  - every leaf summary is that of its bitmap, or zero for a chunk that was not grown, which has -1 scavenged pages;
 *  - every other summary is the merge of its children, and its fourth number the longest run across two of them;
 *  - a page is not both allocated and scavenged (pages in a page cache are allocated and carry their bits with them);
 *  - the scavenged pages counted in a leaf are the set bits of the chunk's scavenged bitmap.
 *
 * What makes it fast: no rescan of the bitmap after a change, since the run that a free creates, found by looking left
 * and right of the freed pages, tells the new start, max and end, and after an allocation the counted run lengths
 * (run-counts.ts) tell the new max, unless that is one of several long runs. The climb towards the root stops at the first
 * summary that stays as it was, and as long as a chunk's edges stay, only the max of those above needs a look, which a short
 * loop takes: upward as far as it grew (raiseAbove), or as far as it was the longest (lowerAbove).
 *
 * The two operations that most requests come down to, allocInChunk and freeInChunk for pages within a word, are written
 * out in one piece each: the compiler inlines only so much, and a call costs as much as a tenth of the work.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import type { Geometry } from "../address/geometry.js";
import {
  allSet,
  clearAcross,
  clearIfSet,
  clearRange,
  countRange,
  endsSet,
  fillWords,
  findZeros,
  firstZero,
  longestZeros,
  popCount,
  setAcross,
  setRange,
  trailingZeros,
  zerosDown,
  zerosUp,
} from "./bits.js";
import { LONG_RUN, RunCounts } from "./run-counts.js";
import { longer, longestOf, mergeSummaries, type Summary } from "./summary.js";

/** What a leaf has in place of its scavenged pages when its chunk was not grown. */
const NOT_GROWN = -1;
/** The bit that tells NOT_GROWN from a count. */
const NOT_GROWN_SIGN = 1 << 31;

export class PageTree {
  readonly geometry: Geometry;
  readonly levels: number;
  readonly chunkPages: number;
  /** Bitmap words of a chunk. */
  readonly wordsPerChunk: number;
  /** log2 of the entries of a level within one root entry. */
  readonly localBits: Int32Array;
  /** Slot of each root entry; -1 where nothing was grown. */
  readonly rootSlot: Int32Array;
  /** The root entries that have a slot, ascending; the first rootCount are valid. */
  roots: Int32Array = new Int32Array(4);
  /** Where the four numbers of each of those begin, among the entries of level 0. */
  rootAt: Int32Array = new Int32Array(4);
  rootCount = 0;
  /** Whether two of them follow each other without a gap. */
  rootsMeet = false;

  /** Four numbers a chunk, by flat index: start, max, end, scavenged pages (-1 as long as it was not grown). */
  leaf: Int32Array = new Int32Array(0);
  /** Four numbers an entry above the leaves: start, max, end, longest run across two children; where is told by entryAt. */
  upper: Int32Array = new Int32Array(0);
  /** One bit a page, by flat chunk index: 1 = in use. */
  allocBits: Int32Array = new Int32Array(0);
  /** One bit a page: 1 = returned to the system. */
  scavBits: Int32Array = new Int32Array(0);
  /** How many free runs of each length a chunk has between its edges: tells the longest one without a look at the bitmap. */
  readonly runs: RunCounts;
  /** By flat chunk index: the stamp at the last change of the chunk's bits. Tells who looks on which chunks changed. */
  changedAt: Int32Array = new Int32Array(0);
  /** The stamp of changes from now on. */
  private stamp = 1;

  /** Entries above the leaves in one slot, and the first of each level among them. */
  readonly upperEntries: number;
  readonly upperFirst: Int32Array;
  readonly leafBits: number;
  readonly leafMask: number;
  /** log2 of the children of an entry of a level. */
  readonly childBits: Int32Array;
  /** log2 of the chunks of an entry above the leaves; 31 where the root entries are the chunks. */
  readonly lastBits: number;
  /** Pages of an entry of a level. */
  readonly levelPages: Int32Array;
  private slots = 0;

  /** @param geometry the address space; its root level decides how memory is taken */
  constructor(geometry: Geometry) {
    const { levels, levelBits, levelPages } = geometry;
    this.geometry = geometry;
    this.levels = levels;
    this.chunkPages = geometry.chunkPages;
    this.wordsPerChunk = geometry.chunkPages >>> 5;
    this.runs = new RunCounts(geometry.chunkPages);
    const localBits = new Int32Array(levels);
    const upperFirst = new Int32Array(levels);
    let entries = 0;
    for (let l = 0; l < levels; l++) {
      localBits[l] = l === 0 ? 0 : localBits[l - 1]! + levelBits[l]!;
      if (l === levels - 1) break;
      // The children of an entry begin at a multiple of their number.
      entries = roundUp(entries, l === 0 ? 1 : 1 << levelBits[l]!);
      upperFirst[l] = entries;
      entries += 1 << localBits[l]!;
    }
    let alignment = 1;
    for (let l = 1; l < levels - 1; l++) alignment = Math.max(alignment, 1 << levelBits[l]!);
    entries = roundUp(entries, alignment);
    this.localBits = localBits;
    this.upperFirst = upperFirst;
    this.upperEntries = entries;
    this.leafBits = localBits[levels - 1]!;
    this.leafMask = (1 << this.leafBits) - 1;
    this.childBits = Int32Array.from(levelBits.slice(1));
    this.lastBits = levels > 1 ? levelBits[levels - 1]! : 31;
    this.levelPages = Int32Array.from(levelPages);
    this.rootSlot = new Int32Array(1 << levelBits[0]!).fill(-1);
  }

  /** The flat index of a chunk, or -1 when its root entry has no memory. `chunk` is below geometry.totalChunks. */
  flatChunk(chunk: number): number {
    const slot = this.rootSlot[chunk >>> this.leafBits]!;
    return slot < 0 ? -1 : (slot << this.leafBits) | (chunk & this.leafMask);
  }

  /** Whether two chunks are in one root entry. The flat indices of those between them follow each other then. */
  sameRoot(a: number, b: number): boolean {
    return (a ^ b) >>> this.leafBits === 0;
  }

  /** Where the four numbers of an entry begin: in `leaf` for the leaf level, else in `upper`. */
  entryAt(level: number, slot: number, local: number): number {
    return level === this.levels - 1
      ? ((slot << this.leafBits) | local) << 2
      : (slot * this.upperEntries + this.upperFirst[level]! + local) << 2;
  }

  /** The array that holds the entries of a level. */
  entriesOf(level: number): Int32Array {
    return level === this.levels - 1 ? this.leaf : this.upper;
  }

  /** The summary of an entry of a level; all zero where nothing was grown. A fresh object: not for hot paths. */
  summaryAt(level: number, index: number): Summary {
    const slot = this.rootSlot[index >>> this.localBits[level]!]!;
    if (slot < 0) return { start: 0, max: 0, end: 0 };
    const entries = this.entriesOf(level);
    const at = this.entryAt(level, slot, index & ((1 << this.localBits[level]!) - 1));
    return { start: entries[at]!, max: entries[at | 1]!, end: entries[at | 2]! };
  }

  /** Gives memory to the root entries of chunks [from, to), all bits zero. Entries that have it keep it. */
  mapChunks(from: number, to: number): void {
    const last = (to - 1) >>> this.leafBits;
    for (let root = from >>> this.leafBits; root <= last; root++) {
      if (this.rootSlot[root]! >= 0) continue;
      if (this.rootCount === this.slots) this.reserve(this.slots + Math.max(1, this.slots >> 2));
      this.insertRoot(root);
    }
  }

  /** Changes from now on get a greater stamp; @returns the greatest so far. */
  nextStamp(): number {
    return this.stamp++;
  }

  private insertRoot(root: number): void {
    if (this.rootCount === this.roots.length) {
      this.roots = grownInto(this.roots, new Int32Array(2 * this.roots.length));
      this.rootAt = grownInto(this.rootAt, new Int32Array(2 * this.rootAt.length));
    }
    let at = this.rootCount;
    for (; at > 0 && this.roots[at - 1]! > root; at--) {
      this.roots[at] = this.roots[at - 1]!;
      this.rootAt[at] = this.rootAt[at - 1]!;
    }
    this.roots[at] = root;
    this.rootAt[at] = this.entryAt(0, this.rootCount, 0);
    this.rootSlot[root] = this.rootCount++;
    if (this.roots[at - 1] === root - 1 || (at + 1 < this.rootCount && this.roots[at + 1] === root + 1))
      this.rootsMeet = true;
  }

  /** Makes room for `slots` root entries. Growing by a quarter keeps the slack small and copying rare. */
  private reserve(slots: number): void {
    this.slots = slots;
    const chunks = slots << this.leafBits;
    const known = this.leaf.length;
    this.leaf = grownInto(this.leaf, new Int32Array(chunks * 4));
    for (let at = known | 3; at < this.leaf.length; at += 4) this.leaf[at] = NOT_GROWN;
    this.upper = grownInto(this.upper, new Int32Array(slots * this.upperEntries * 4));
    this.allocBits = grownInto(this.allocBits, new Int32Array(chunks * this.wordsPerChunk));
    this.scavBits = grownInto(this.scavBits, new Int32Array(chunks * this.wordsPerChunk));
    this.runs.reserve(chunks);
    this.changedAt = grownInto(this.changedAt, new Int32Array(chunks));
  }

  /** Longest free run of a chunk. */
  maxOf(flat: number): number {
    return this.leaf[(flat << 2) + 1]!;
  }

  /** Whether a page of a chunk is scavenged. For probes. */
  isScavenged(flat: number, page: number): boolean {
    return (this.scavBits[flat * this.wordsPerChunk + (page >>> 5)]! & (1 << (page & 31))) !== 0;
  }

  /** Scavenged pages of a chunk. */
  scavengedOf(flat: number): number {
    const count = this.leaf[(flat << 2) + 3]!;
    return count === NOT_GROWN ? 0 : count;
  }

  /**
   * Marks pages [page, page+n) of one chunk allocated, clears their scavenged bits and updates the chunk's summary
   * and those above it. The pages must be free.
   * @returns how many of them were scavenged
   */
  allocInChunk(flat: number, page: number, n: number): number {
    const bit = page & 31;
    if (bit + n >= 32) return this.allocWide(flat, page, n);
    // Most requests lie within a word, as do the runs they are taken from. This is takePages for those, in one piece.
    const { allocBits, leaf, chunkPages } = this;
    const word0 = flat * this.wordsPerChunk;
    const w = word0 + (page >>> 5);
    const x = allocBits[w]!;
    allocBits[w] = x | (((1 << n) - 1) << bit);
    this.changedAt[flat] = this.stamp;
    const lower = x & ((1 << bit) - 1);
    const upper = x >>> (bit + n);
    const below = lower !== 0 ? bit - 32 + Math.clz32(lower) : zerosDown(allocBits, word0, page);
    const above = upper !== 0 ? trailingZeros(upper) : zerosUp(allocBits, word0, page + n, chunkPages);
    const at = flat << 2;
    const start = leaf[at]!;
    const max = leaf[at | 1]!;
    const end = leaf[at | 2]!;
    const scavenged = leaf[at | 3] === 0 ? 0 : this.takeScavenged(flat, word0, page, n);
    if (page < start || chunkPages - page - n < end) {
      this.cutRun(flat, page, n, below, above);
      this.climb(flat, start, max, end);
      return scavenged;
    }
    const run = below + n + above;
    let longest = this.runs.cut(flat, run, below, above);
    if (longest < LONG_RUN) longest = longer(longer(start, end), longest);
    else
      longest = run < max ? max : this.longestAfter(flat, below, above, isLong(below) + isLong(above), run);
    if (longest === max) return scavenged;
    leaf[at | 1] = longest;
    this.lowerAbove(flat, max);
    return scavenged;
  }

  private allocWide(flat: number, page: number, n: number): number {
    const leaf = this.leaf;
    const at = flat << 2;
    const start = leaf[at]!;
    const max = leaf[at | 1]!;
    const end = leaf[at | 2]!;
    const scavenged = this.takePages(flat, page, n);
    if (leaf[at] !== start || leaf[at | 2] !== end) this.climb(flat, start, max, end);
    else if (leaf[at | 1] !== max) this.lowerAbove(flat, max);
    return scavenged;
  }

  /**
   * Marks pages [page, page+n) of one chunk free and updates the chunk's summary and those above it.
   * @returns false when one of them is not allocated; nothing was changed then
   */
  freeInChunk(flat: number, page: number, n: number): boolean {
    const bit = page & 31;
    if (bit + n >= 32) return this.freeWide(flat, page, n);
    // returnPages for what lies within a word, in one piece.
    const { allocBits, leaf, chunkPages } = this;
    const word0 = flat * this.wordsPerChunk;
    const w = word0 + (page >>> 5);
    const x = allocBits[w]!;
    const mask = ((1 << n) - 1) << bit;
    if ((x & mask) !== mask) return false;
    allocBits[w] = x & ~mask;
    this.changedAt[flat] = this.stamp;
    const lower = x & ((1 << bit) - 1);
    const upper = x >>> (bit + n);
    const below = lower !== 0 ? bit - 32 + Math.clz32(lower) : zerosDown(allocBits, word0, page);
    const above = upper !== 0 ? trailingZeros(upper) : zerosUp(allocBits, word0, page + n, chunkPages);
    if (below === page || page + n + above === chunkPages) {
      this.joinRun(flat, page, n, below, above);
      this.joinAbove(flat, below + n + above, below === page, page + n + above === chunkPages);
      return true;
    }
    const run = below + n + above;
    this.runs.join(flat, below, above, run);
    if (run <= leaf[(flat << 2) | 1]!) return true;
    leaf[(flat << 2) | 1] = run;
    this.raiseAbove(flat, run);
    return true;
  }

  private freeWide(flat: number, page: number, n: number): boolean {
    const max = this.leaf[(flat << 2) | 1]!;
    const { allocBits, chunkPages } = this;
    const word0 = flat * this.wordsPerChunk;
    if (!clearIfSet(allocBits, word0, page, n)) return false;
    const below = zerosDown(allocBits, word0, page);
    const above = zerosUp(allocBits, word0, page + n, chunkPages);
    this.joinRun(flat, page, n, below, above);
    const run = below + n + above;
    const atStart = below === page;
    const atEnd = page + n + above === chunkPages;
    if (atStart || atEnd) this.joinAbove(flat, run, atStart, atEnd);
    else if (run > max) this.raiseAbove(flat, run);
    return true;
  }

  /** Marks pages [page, page+n) of one chunk allocated: bitmap, scavenged bits and leaf summary, but none above it. */
  takePages(flat: number, page: number, n: number): number {
    const words = this.allocBits;
    const word0 = flat * this.wordsPerChunk;
    const below = zerosDown(words, word0, page);
    const above = zerosUp(words, word0, page + n, this.chunkPages);
    setRange(words, word0, page, n);
    this.cutRun(flat, page, n, below, above);
    return this.leaf[(flat << 2) | 3] === 0 ? 0 : this.takeScavenged(flat, word0, page, n);
  }

  /**
   * takePages for a run over more than one chunk of a root entry: from page `from` of chunk `first` to before page `limit` of
   * chunk `last`, flat indices that follow each other. How long the free runs at the two ends are the summaries tell.
   */
  takeRange(first: number, last: number, from: number, limit: number): number {
    const { leaf, changedAt, stamp, wordsPerChunk } = this;
    setAcross(this.allocBits, first * wordsPerChunk, from, last * wordsPerChunk, limit);
    let scavenged = 0;
    changedAt[first] = stamp;
    for (let f = first + 1; f < last; f++) {
      const at = f << 2;
      scavenged += leaf[at | 3]!;
      leaf[at] = 0;
      leaf[at | 1] = 0;
      leaf[at | 2] = 0;
      leaf[at | 3] = 0;
      changedAt[f] = stamp;
    }
    changedAt[last] = stamp;
    if (scavenged !== 0) fillWords(this.scavBits, (first + 1) * wordsPerChunk, last * wordsPerChunk, 0);
    return scavenged + this.cutUpper(first, from) + this.cutLower(last, limit);
  }

  /** The summary, counts and scavenged pages of a chunk whose pages [page, chunkPages) left the bitmap. */
  private cutUpper(flat: number, page: number): number {
    const { leaf, chunkPages } = this;
    const at = flat << 2;
    const n = chunkPages - page;
    const run = leaf[at | 2]!;
    const below = run - n;
    leaf[at | 2] = 0;
    if (run === chunkPages) {
      leaf[at] = page;
      leaf[at | 1] = page;
    } else {
      if (below !== 0) this.runs.add(flat, below);
      if (run === leaf[at | 1]!) leaf[at | 1] = this.longestAfter(flat, below, 0, isLong(below), run);
    }
    return leaf[at | 3] === 0 ? 0 : this.takeScavenged(flat, flat * this.wordsPerChunk, page, n);
  }

  /** The same for pages [0, limit). */
  private cutLower(flat: number, limit: number): number {
    const { leaf, chunkPages } = this;
    const at = flat << 2;
    const run = leaf[at]!;
    const above = run - limit;
    leaf[at] = 0;
    if (run === chunkPages) {
      leaf[at | 1] = above;
      leaf[at | 2] = above;
    } else {
      if (above !== 0) this.runs.add(flat, above);
      if (run === leaf[at | 1]!) leaf[at | 1] = this.longestAfter(flat, above, 0, isLong(above), run);
    }
    return leaf[at | 3] === 0 ? 0 : this.takeScavenged(flat, flat * this.wordsPerChunk, 0, limit);
  }

  /**
   * Updates a chunk's summary and counts after pages [page, page+n) left the bitmap, below and above which that many are free.
   */
  private cutRun(flat: number, page: number, n: number, below: number, above: number): void {
    const { leaf, chunkPages } = this;
    const at = flat << 2;
    this.changedAt[flat] = this.stamp;
    const run = below + n + above;
    const atStart = below === page;
    const atEnd = page + n + above === chunkPages;
    if (atStart) leaf[at] = below;
    if (atEnd) leaf[at | 2] = above;
    // What touches an edge is not counted.
    const inBelow = atStart ? 0 : below;
    const inAbove = atEnd ? 0 : above;
    this.runs.cut(flat, atStart || atEnd ? 0 : run, inBelow, inAbove);
    if (run === leaf[at | 1]!) {
      leaf[at | 1] = this.longestAfter(flat, below, above, isLong(inBelow) + isLong(inAbove), run);
    }
  }

  /**
   * The longest run of a chunk after a run of `run` pages, its longest, was cut, which left `below` and `above` of it. Mostly
   * the long runs that are known, these two and the ones at the edges, are all there are, which their count tells, `longKnown`
   * of those that are counted; else the bitmap has to be scanned.
   */
  private longestAfter(flat: number, below: number, above: number, longKnown: number, run: number): number {
    const { leaf, runs } = this;
    const at = flat << 2;
    const known = longer(longer(leaf[at]!, leaf[at | 2]!), longer(below, above));
    if (runs.longRuns(flat) === longKnown) return longer(known, runs.longest(flat));
    const word0 = flat * this.wordsPerChunk;
    return longestZeros(this.allocBits, word0, this.chunkPages, longer(known, LONG_RUN), run);
  }

  private takeScavenged(flat: number, word0: number, page: number, n: number): number {
    const count = countRange(this.scavBits, word0, page, n);
    if (count === 0) return 0;
    clearRange(this.scavBits, word0, page, n);
    this.leaf[(flat << 2) + 3]! -= count;
    return count;
  }

  /** Clears the scavenged bits of pages [page, page+n) of one chunk; returns how many were set. No summary depends on them. */
  clearScavenged(flat: number, page: number, n: number): number {
    if (this.scavengedOf(flat) === 0) return 0;
    this.changedAt[flat] = this.stamp;
    return this.takeScavenged(flat, flat * this.wordsPerChunk, page, n);
  }

  /**
   * Marks pages [page, page+n) of one chunk free: bitmap and leaf summary, but none above it.
   * @returns false when one of them is not allocated; nothing was changed then
   */
  returnPages(flat: number, page: number, n: number): boolean {
    const words = this.allocBits;
    const word0 = flat * this.wordsPerChunk;
    if (!clearIfSet(words, word0, page, n)) return false;
    const below = zerosDown(words, word0, page);
    const above = zerosUp(words, word0, page + n, this.chunkPages);
    this.joinRun(flat, page, n, below, above);
    return true;
  }

  /**
   * returnPages for what takeRange takes. What was not grown has no free run, as what is allocated has none.
   * @returns false when a page is not allocated; nothing was changed then
   */
  returnRange(first: number, last: number, from: number, limit: number): boolean {
    const { allocBits, leaf, changedAt, stamp, chunkPages, wordsPerChunk } = this;
    let other = 0;
    for (let f = first + 1; f < last; f++)
      other |= leaf[(f << 2) | 1]! | (leaf[(f << 2) | 3]! & NOT_GROWN_SIGN);
    const lowWord = first * wordsPerChunk;
    const highWord = last * wordsPerChunk;
    if (other !== 0 || !endsSet(allocBits, lowWord, from, wordsPerChunk, highWord, limit)) return false;
    clearAcross(allocBits, lowWord, from, highWord, limit);
    changedAt[first] = stamp;
    for (let f = first + 1; f < last; f++) {
      const at = f << 2;
      leaf[at] = chunkPages;
      leaf[at | 1] = chunkPages;
      leaf[at | 2] = chunkPages;
      changedAt[f] = stamp;
    }
    changedAt[last] = stamp;
    this.joinUpper(first, from, zerosDown(allocBits, lowWord, from));
    this.joinLower(last, limit, zerosUp(allocBits, highWord, limit, chunkPages));
    return true;
  }

  /** The summary and counts of a chunk whose pages [page, chunkPages) came back, below which that many are free. */
  private joinUpper(flat: number, page: number, below: number): void {
    const leaf = this.leaf;
    const at = flat << 2;
    const run = below + this.chunkPages - page;
    leaf[at | 2] = run;
    if (below === page) leaf[at] = run;
    else if (below !== 0) this.runs.remove(flat, below);
    if (run > leaf[at | 1]!) leaf[at | 1] = run;
  }

  /** The same for pages [0, limit), above which that many are free. */
  private joinLower(flat: number, limit: number, above: number): void {
    const leaf = this.leaf;
    const at = flat << 2;
    const run = limit + above;
    leaf[at] = run;
    if (run === this.chunkPages) leaf[at | 2] = run;
    else if (above !== 0) this.runs.remove(flat, above);
    if (run > leaf[at | 1]!) leaf[at | 1] = run;
  }

  /**
   * Updates a chunk's summary and counts after pages [page, page+n) came back to the bitmap, below and above which that many
   * were free.
   */
  private joinRun(flat: number, page: number, n: number, below: number, above: number): void {
    const leaf = this.leaf;
    const at = flat << 2;
    this.changedAt[flat] = this.stamp;
    const run = below + n + above;
    const atStart = below === page;
    const atEnd = page + n + above === this.chunkPages;
    if (atStart) leaf[at] = run;
    if (atEnd) leaf[at | 2] = run;
    if (run > leaf[at | 1]!) leaf[at | 1] = run;
    // What touches an edge is not counted.
    const inBelow = atStart ? 0 : below;
    const inAbove = atEnd ? 0 : above;
    if (!atStart && !atEnd) this.runs.join(flat, below, above, run);
    else if ((inBelow | inAbove) !== 0) this.runs.join(flat, inBelow, inAbove, 0);
  }

  /** Whether pages [page, page+n) of a chunk are all allocated. */
  allAllocated(flat: number, page: number, n: number): boolean {
    return allSet(this.allocBits, flat * this.wordsPerChunk, page, n);
  }

  /** Whether a chunk was grown. */
  isGrown(flat: number): boolean {
    return this.leaf[(flat << 2) | 3] !== NOT_GROWN;
  }

  /**
   * Marks all free pages of the aligned 64-page block at `page` allocated, with their scavenged bits cleared, and
   * updates the summaries. For page caches: no page of the chunk below the block is free.
   */
  takeBlock(flat: number, page: number): void {
    const leaf = this.leaf;
    const words = this.allocBits;
    const at = flat << 2;
    const word0 = flat * this.wordsPerChunk;
    const w = word0 + (page >>> 5);
    const start = leaf[at]!;
    const max = leaf[at | 1]!;
    const end = leaf[at | 2]!;
    const freeLo = ~words[w]!;
    const freeHi = ~words[w + 1]!;
    const taken = this.cutRunsOfBlock(flat, page);
    this.changedAt[flat] = this.stamp;
    words[w] = -1;
    words[w + 1] = -1;
    if (leaf[at | 3] !== 0) this.clearScavengedOfBlock(at, w, freeLo, freeHi);
    if (start > page) leaf[at] = page;
    const rest = this.chunkPages - page - 64;
    if (end > rest) leaf[at | 2] = rest;
    const longest = this.runs.longest(flat);
    if (longest < LONG_RUN) leaf[at | 1] = longer(longer(leaf[at]!, leaf[at | 2]!), longest);
    else if (taken >= max) leaf[at | 1] = longestZeros(words, word0, this.chunkPages, LONG_RUN, max);
    if (leaf[at] !== start || leaf[at | 2] !== end) this.climb(flat, start, max, end);
    else if (leaf[at | 1] !== max) this.lowerAbove(flat, max);
  }

  /**
   * Takes the runs of a 64-page block out of the counts, but for what lies above it; returns the longest one's length.
   * None begins below the block, since that holds the lowest free page. Those at the edges of the chunk are not counted.
   */
  private cutRunsOfBlock(flat: number, page: number): number {
    const words = this.allocBits;
    const word0 = flat * this.wordsPerChunk;
    const limit = page + 64;
    let longest = 0;
    let i = firstZero(words, word0, page, limit);
    while (i < limit) {
      const run = zerosUp(words, word0, i, this.chunkPages);
      const end = i + run;
      if (end !== this.chunkPages) {
        if (end > limit) this.runs.cut(flat, i === 0 ? 0 : run, 0, end - limit);
        else if (i !== 0) this.runs.remove(flat, run);
      }
      if (run > longest) longest = run;
      i = end >= limit ? limit : firstZero(words, word0, end, limit);
    }
    return longest;
  }

  private clearScavengedOfBlock(at: number, w: number, lo: number, hi: number): void {
    const scavBits = this.scavBits;
    const taken = popCount(scavBits[w]! & lo) + popCount(scavBits[w + 1]! & hi);
    scavBits[w] = scavBits[w]! & ~lo;
    scavBits[w + 1] = scavBits[w + 1]! & ~hi;
    this.leaf[at | 3]! -= taken;
  }

  /** Frees the given pages of the aligned 64-page block at `page`, sets the given scavenged bits, updates summaries. */
  returnBlock(
    flat: number,
    page: number,
    freeLo: number,
    freeHi: number,
    scavLo: number,
    scavHi: number,
  ): void {
    const w = flat * this.wordsPerChunk + (page >>> 5);
    const { allocBits, scavBits } = this;
    this.changedAt[flat] = this.stamp;
    allocBits[w] = allocBits[w]! & ~freeLo;
    allocBits[w + 1] = allocBits[w + 1]! & ~freeHi;
    const before = popCount(scavBits[w]!) + popCount(scavBits[w + 1]!);
    scavBits[w] = scavBits[w]! | scavLo;
    scavBits[w + 1] = scavBits[w + 1]! | scavHi;
    this.leaf[(flat << 2) + 3]! += popCount(scavBits[w]!) + popCount(scavBits[w + 1]!) - before;
    this.resummarize(flat);
  }

  /** Recomputes a chunk's summary from its bitmap and climbs. For changes that are not one run of pages. */
  resummarize(flat: number): void {
    const at = flat << 2;
    const start = this.leaf[at]!;
    const max = this.leaf[at | 1]!;
    const end = this.leaf[at | 2]!;
    this.summarizeLeaf(flat);
    this.climb(flat, start, max, end);
  }

  /** Recomputes a chunk's summary from its bitmap, without climbing. */
  summarizeLeaf(flat: number): void {
    const word0 = flat * this.wordsPerChunk;
    const at = flat << 2;
    this.leaf[at] = zerosUp(this.allocBits, word0, 0, this.chunkPages);
    this.leaf[at | 1] = longestZeros(this.allocBits, word0, this.chunkPages);
    this.countRuns(flat);
    this.leaf[at | 2] = zerosDown(this.allocBits, word0, this.chunkPages);
  }

  private countRuns(flat: number): void {
    const word0 = flat * this.wordsPerChunk;
    this.runs.clear(flat);
    let i = firstZero(this.allocBits, word0, 0, this.chunkPages);
    while (i < this.chunkPages) {
      const run = zerosUp(this.allocBits, word0, i, this.chunkPages);
      if (i !== 0 && i + run !== this.chunkPages) this.runs.join(flat, 0, 0, run);
      i = firstZero(this.allocBits, word0, i + run, this.chunkPages);
    }
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
    this.changedAt[flat] = this.stamp;
    if (this.leaf[(flat << 2) | 3] === NOT_GROWN) this.leaf[(flat << 2) | 3] = 0;
    this.leaf[(flat << 2) + 3]! += n - countRange(this.scavBits, word0, page, n);
    setRange(this.scavBits, word0, page, n);
  }

  /** Updates the summaries above a leaf whose max grew to `max` while its edges stayed: only theirs can grow with it. */
  private raiseAbove(flat: number, max: number): void {
    const { upper, upperFirst, childBits } = this;
    const slotFirst = (flat >>> this.leafBits) * this.upperEntries;
    let local = flat & this.leafMask;
    for (let l = this.levels - 2; l >= 0; l--) {
      local >>>= childBits[l]!;
      const at = ((slotFirst + upperFirst[l]! + local) << 2) | 1;
      if (upper[at]! >= max) return;
      upper[at] = max;
    }
  }

  /**
   * Updates the summaries above a leaf whose max, `old`, became less while its edges stayed. Those that have something
   * longer stay, and so do the edges of all, so the runs across boundaries are as they were.
   */
  private lowerAbove(flat: number, old: number): void {
    const { upper, upperFirst, childBits } = this;
    const slotFirst = (flat >>> this.leafBits) * this.upperEntries;
    let local = flat & this.leafMask;
    let children = this.leaf;
    let child = flat;
    for (let l = this.levels - 2; l >= 0; l--) {
      const bits = childBits[l]!;
      local >>>= bits;
      const entry = slotFirst + upperFirst[l]! + local;
      const at = entry << 2;
      if (upper[at | 1] !== old) return;
      const max = longestOf(children, ((child >>> bits) << bits) << 2, 1 << bits, upper[at | 3]!);
      if (max === old) return;
      upper[at | 1] = max;
      children = upper;
      child = entry;
    }
  }

  /** Updates the summaries above one leaf whose summary was (start, max, end) before the change. */
  private climb(flat: number, oldStart: number, oldMax: number, oldEnd: number): void {
    this.climbFrom(
      this.levels - 2,
      this.leaf,
      flat << 2,
      flat >>> this.leafBits,
      flat & this.leafMask,
      oldStart,
      oldMax,
      oldEnd,
    );
  }

  /**
   * Updates summaries from level `top` upward, up to the first that stays the same, after one entry of the level below
   * changed: the entry at `entryAt` of `entries`, number `entry` of its slot, which was (oldStart, oldMax, oldEnd).
   */
  private climbFrom(
    top: number,
    entryArray: Int32Array,
    entryAt: number,
    slot: number,
    entry: number,
    oldStart: number,
    oldMax: number,
    oldEnd: number,
  ): void {
    const upper = this.upper;
    const slotFirst = slot * this.upperEntries;
    let entries = entryArray;
    let at = entryAt;
    let local = entry;
    let start = oldStart;
    let max = oldMax;
    let end = oldEnd;
    for (let l = top; l >= 0; l--) {
      const newMax = entries[at | 1]!;
      const sameEdges = entries[at] === start && entries[at | 2] === end;
      if (sameEdges && newMax === max) return;
      const bits = this.childBits[l]!;
      const above = (slotFirst + this.upperFirst[l]! + (local >>> bits)) << 2;
      const aboveMax = upper[above | 1]!;
      const aboveStart = upper[above]!;
      const aboveEnd = upper[above | 2]!;
      if (sameEdges && newMax > aboveMax) {
        upper[above | 1] = newMax;
      } else if (sameEdges && (max < aboveMax || newMax === aboveMax)) {
        return;
      } else {
        const first = at - ((local & ((1 << bits) - 1)) << 2);
        // As long as the edges stay, so do the runs across boundaries, and only the entries' own ones need a look.
        if (sameEdges) upper[above | 1] = longestOf(entries, first, 1 << bits, upper[above | 3]!);
        else mergeSummaries(entries, first, 1 << bits, this.levelPages[l + 1]!, upper, above);
      }
      entries = upper;
      at = above;
      local >>>= bits;
      start = aboveStart;
      max = aboveMax;
      end = aboveEnd;
    }
  }

  /**
   * Updates the summaries above the leaves of chunks [from, to], inclusive, which were taken or freed but for the first and
   * the last as a whole. The entries between two of a level need no look at their children then.
   */
  climbRange(from: number, to: number, free: boolean): void {
    if (!this.sameRoot(from, to)) return this.climbAcrossRoots(from, to, free);
    const { upper, upperFirst, childBits, levelPages } = this;
    const slot = this.rootSlot[from >>> this.leafBits]!;
    const slotFirst = slot * this.upperEntries;
    let children = this.leaf;
    let childFirst = slot << this.leafBits;
    let first = from & this.leafMask;
    let last = to & this.leafMask;
    for (let l = this.levels - 2; l >= 0; l--) {
      const bits = childBits[l]!;
      const entryPages = levelPages[l + 1]!;
      const entryFirst = slotFirst + upperFirst[l]!;
      first >>>= bits;
      last >>>= bits;
      const at = (entryFirst + first) << 2;
      const start = upper[at]!;
      const max = upper[at | 1]!;
      const end = upper[at | 2]!;
      mergeSummaries(children, (childFirst + (first << bits)) << 2, 1 << bits, entryPages, upper, at);
      // From where the two meet on it is one path to the root.
      if (first === last) return this.climbFrom(l - 1, upper, at, slot, first, start, max, end);
      const atLast = (entryFirst + last) << 2;
      mergeSummaries(children, (childFirst + (last << bits)) << 2, 1 << bits, entryPages, upper, atLast);
      const pages = free ? levelPages[l]! : 0;
      for (let w = at + 4; w < atLast; w++) upper[w] = pages;
      children = upper;
      childFirst = entryFirst;
    }
  }

  /**
   * Updates the summaries above the leaves of chunks [from, to], in one root entry, after what was free of them and what was
   * freed became one run: `lowPages` at the end of chunk `from`, `highPages` at the start of chunk `to`, all between. What an
   * entry has of it is found by looking at the entries beside the run, if it reaches them; no entry needs a merge.
   */
  climbFreed(from: number, to: number): void {
    const root = from >>> this.leafBits;
    if (root !== to >>> this.leafBits) return this.climbAcrossRoots(from, to, true);
    const slot = this.rootSlot[root]!;
    const firstFlat = (slot << this.leafBits) | (from & this.leafMask);
    const lastFlat = firstFlat + to - from;
    this.joinRange(
      slot,
      from & this.leafMask,
      to & this.leafMask,
      this.leaf[(firstFlat << 2) | 2]!,
      this.leaf[lastFlat << 2]!,
    );
  }

  private joinRange(slot: number, from: number, to: number, lowPages: number, highPages: number): void {
    const { upper, upperFirst, childBits, levelPages } = this;
    const slotFirst = slot * this.upperEntries;
    let children = this.leaf;
    let childFirst = slot << this.leafBits;
    let first = from;
    let last = to;
    let low = lowPages;
    let high = highPages;
    for (let l = this.levels - 2; l >= 0; l--) {
      const bits = childBits[l]!;
      const mask = (1 << bits) - 1;
      const childPages = levelPages[l + 1]!;
      const entryPages = levelPages[l]!;
      const firstChild = first & mask;
      const lastChild = last & mask;
      const entryFirst = slotFirst + upperFirst[l]!;
      if (low === childPages) low += freeBelow(children, (childFirst + first) << 2, firstChild, childPages);
      if (high === childPages)
        high += freeAbove(children, (childFirst + last) << 2, mask - lastChild, childPages);
      const between = last - first - 1;
      const at = (entryFirst + (first >>> bits)) << 2;
      const atLast = (entryFirst + (last >>> bits)) << 2;
      if (at === atLast) {
        const run = low + between * childPages + high;
        const atStart = low === (firstChild + 1) * childPages;
        const atEnd = high === (mask - lastChild + 1) * childPages;
        if (atStart) upper[at] = run;
        if (run > upper[at | 1]!) upper[at | 1] = run;
        if (atEnd) upper[at | 2] = run;
        if (run > upper[at | 3]!) upper[at | 3] = run;
        this.joinFrom(l - 1, upper, at, slotFirst, first >>> bits, run, atStart, atEnd);
        return;
      }
      low += (mask - firstChild) * childPages;
      high += lastChild * childPages;
      upper[at | 2] = low;
      if (low === entryPages) upper[at] = low;
      if (low > upper[at | 1]!) upper[at | 1] = low;
      if (low >= childPages && low > upper[at | 3]!) upper[at | 3] = low;
      upper[atLast] = high;
      if (high === entryPages) upper[atLast | 2] = high;
      if (high > upper[atLast | 1]!) upper[atLast | 1] = high;
      if (high >= childPages && high > upper[atLast | 3]!) upper[atLast | 3] = high;
      for (let w = at + 4; w < atLast; w++) upper[w] = entryPages;
      children = upper;
      childFirst = entryFirst;
      first >>>= bits;
      last >>>= bits;
    }
  }

  /** Updates the summaries above a leaf after a free made a run that reaches its start, its end or both. */
  private joinAbove(flat: number, run: number, atStart: boolean, atEnd: boolean): void {
    const slotFirst = (flat >>> this.leafBits) * this.upperEntries;
    this.joinFrom(
      this.levels - 2,
      this.leaf,
      flat << 2,
      slotFirst,
      flat & this.leafMask,
      run,
      atStart,
      atEnd,
    );
  }

  /**
   * Updates summaries from level `top` upward after a free made a run of `length` pages in one entry of the level below: the
   * entry at `entryAt` of `entries`, number `entry` of its slot. The run may reach that one's start and its end.
   */
  private joinFrom(
    top: number,
    entries: Int32Array,
    entryAt: number,
    slotFirst: number,
    entry: number,
    length: number,
    reachesStart: boolean,
    reachesEnd: boolean,
  ): void {
    const { upper, upperFirst, childBits, levelPages } = this;
    let children = entries;
    let childAt = entryAt;
    let local = entry;
    let run = length;
    let atStart = reachesStart;
    let atEnd = reachesEnd;
    for (let l = top; l >= 0; l--) {
      const bits = childBits[l]!;
      const mask = (1 << bits) - 1;
      const child = local & mask;
      const at = (slotFirst + upperFirst[l]! + (local >>> bits)) << 2;
      const childPages = levelPages[l + 1]!;
      // Whether the run reaches another child, if only its edge.
      const across = (atStart && child !== 0) || (atEnd && child !== mask);
      if (atStart) {
        const below = freeBelow(children, childAt, child, childPages);
        run += below;
        atStart = below === child * childPages;
        if (atStart) upper[at] = run;
      }
      if (atEnd) {
        const above = freeAbove(children, childAt, mask - child, childPages);
        run += above;
        atEnd = above === (mask - child) * childPages;
        if (atEnd) upper[at | 2] = run;
        // The start is as long as the whole run, which is known only now.
        if (atStart) upper[at] = run;
      }
      if (across && run > upper[at | 3]!) upper[at | 3] = run;
      if (run > upper[at | 1]!) upper[at | 1] = run;
      else if (!atStart && !atEnd) return;
      children = upper;
      childAt = at;
      local >>>= bits;
    }
  }

  /** climbRange for more than one root entry. */
  private climbAcrossRoots(from: number, to: number, free: boolean): void {
    let below = 0;
    for (let l = this.levels - 2; l >= 0; l--) {
      below += this.childBits[l]!;
      const first = from >>> below;
      const last = to >>> below;
      this.mergeEntry(l, first);
      this.mergeEntry(l, last);
      this.fillEntries(l, first + 1, last, free ? this.levelPages[l]! : 0);
    }
  }

  /** Sets the summaries [from, to) of a level to that of wholly used (0) or wholly free pages. */
  private fillEntries(level: number, from: number, to: number, pages: number): void {
    const upper = this.upper;
    for (let i = from; i < to; i++) {
      const slot = this.rootSlot[i >>> this.localBits[level]!]!;
      const at = this.entryAt(level, slot, i & ((1 << this.localBits[level]!) - 1));
      for (let k = at; k < at + 4; k++) upper[k] = pages;
    }
  }

  /** Recomputes one summary above the leaves, by its index in the level, from its children. */
  private mergeEntry(level: number, index: number): void {
    const bits = this.childBits[level]!;
    const slot = this.rootSlot[index >>> this.localBits[level]!]!;
    const local = index & ((1 << this.localBits[level]!) - 1);
    const at = this.entryAt(level, slot, local);
    const first = this.entryAt(level + 1, slot, local << bits);
    mergeSummaries(this.entriesOf(level + 1), first, 1 << bits, this.levelPages[level + 1]!, this.upper, at);
  }
}

/** The lowest multiple of a power of two that is not below n. */
function roundUp(n: number, multiple: number): number {
  return (n + multiple - 1) & ~(multiple - 1);
}

/** The free pages right below the entry at `at`, in the `count` entries of `entryPages` pages each that come before it. */
function freeBelow(entries: Int32Array, at: number, count: number, entryPages: number): number {
  let pages = 0;
  for (let w = at - 2; w > at - 4 * count - 2; w -= 4) {
    const end = entries[w]!;
    pages += end;
    if (end !== entryPages) break;
  }
  return pages;
}

/** The free pages right above the entry at `at`, in the `count` entries that come after it. */
function freeAbove(entries: Int32Array, at: number, count: number, entryPages: number): number {
  let pages = 0;
  for (let w = at + 4; w <= at + 4 * count; w += 4) {
    const start = entries[w]!;
    pages += start;
    if (start !== entryPages) break;
  }
  return pages;
}

/** 1 for a run that is counted with all long ones, else 0. */
function isLong(run: number): number {
  return (LONG_RUN - 1 - run) >>> 31;
}
