/**
 * The slow path: a first-fit search down the radix tree (pageAlloc.find).
 *
 * At each level the search looks at the entries of one block, from left to right, for one of two things:
 *
 *     entries    [ full ][ ..##.. ][ #....# ][ ...... ]
 *                          └ end=2   start=1 … └ max=6
 *     1) an entry whose own max is large enough: descend into it;
 *     2) a run across boundaries, the end of one entry, whole free ones, the start of the next: that is the answer.
 *
 * The first of the two that occurs is the lowest address, so no backtracking is ever needed. At the root the block is
 * the whole level. A leaf entry that is large enough is decided by its bitmap.
 *
 * On the way the search learns where the first free page can be, the *window*: the first entry with any free page, at
 * each level, as long as the search stays inside it. The low end of the window is a valid searchAddr. The runtime keeps
 * the window as an address range and throws "range partially overlaps" if an entry straddles its edge; here the window
 * is the chain of entries itself, each a child of the one before, so that cannot be said, let alone happen.
 *
 * The root level may have thousands of entries, nearly all unmapped. Those are skipped through the list of mapped root
 * entries; the counters are added to as if the loop had visited every one, as Go's does.
 */

import { FIND_ENTRIES, FIND_LEVELS } from "../probes.js";
import { trailingZeros } from "./bits.js";
import { CorruptHeapError } from "./errors.js";
import type { PageTree } from "./page-tree.js";

/** Requests up to here are searched for with 32-bit sums, which stay below twice of it. */
const LARGEST_SUM = 2 ** 30;

export class Finder {
  // What a search finds stands in fields, as a chunk and a page within it: whole 32-bit numbers, where a page index would
  // be a double, and several of them, which a function could return in an object only.

  /** The first page of the run, after a successful search: its chunk and its place in that. */
  foundChunk = 0;
  foundIndex = 0;
  /** The low end of the window after a successful search, likewise; -1 when the search kept none. */
  candidateChunk = 0;
  candidateIndex = 0;
  /** Whether the candidate is known to be mapped: the window narrowed down to a chunk, and only grown chunks count. */
  candidateMapped = false;

  private readonly tree: PageTree;
  private readonly counters: Float64Array;
  private readonly logChunkPages: number;
  private readonly formatSearchAddr: () => string;
  /** Free pages at the end of the entries that firstFit passed. */
  private passed = 0;
  /** Whether the search is still inside the window. */
  private windowed = true;

  /**
   * @param tree what is searched
   * @param counters Go's counts; see probes.ts
   * @param formatSearchAddr searchAddr, for the diagnostic
   */
  constructor(tree: PageTree, counters: Float64Array, formatSearchAddr: () => string) {
    this.tree = tree;
    this.counters = counters;
    this.logChunkPages = tree.geometry.logChunkPages;
    this.formatSearchAddr = formatSearchAddr;
  }

  /**
   * Finds the lowest run of npages free pages, given that no chunk below `chunk`, that of searchAddr, has a free page. Its
   * first page then stands in foundChunk and foundIndex, and the searchAddr that the search proposes in the candidate.
   * @param windowed whether the candidate matters. When the chunk of searchAddr has free pages, but no such run, no window moves
   *   up beyond that chunk, and the candidate would not be above searchAddr
   * @returns whether there is one
   * @throws CorruptHeapError ("bad summary data") when a summary promised what its children do not hold
   */
  find(npages: number, chunk: number, windowed: boolean): boolean {
    const tree = this.tree;
    this.windowed = windowed;
    this.candidateMapped = !windowed;
    this.candidateChunk = -1;
    // Most often the run is near searchAddr. As long as an entry that holds searchAddr promises it, Go's loop looks at that
    // entry alone and descends, so the search may as well begin at the lowest such entry.
    const { upper, upperFirst, childBits, leafBits } = tree;
    const root = chunk >>> leafBits;
    const slot = tree.rootSlot[root]!;
    if (slot >= 0) {
      const slotFirst = Math.imul(slot, tree.upperEntries);
      let local = chunk & tree.leafMask;
      for (let l = tree.levels - 2; l >= 0; l--) {
        const bits = childBits[l]!;
        const child = local & ((1 << bits) - 1);
        local >>>= bits;
        const at = (slotFirst + upperFirst[l]! + local) << 2;
        if (upper[at | 1]! < npages) continue;
        if (upper[at]! >= npages) return this.foundAtStart(npages, chunk, slotFirst, l);
        this.count(1, l + 1);
        return this.searchBelow(l + 1, npages, root, slot, local, child);
      }
    }
    return this.searchRoot(npages, root);
  }

  /**
   * The entry of searchAddr at a level begins with a long enough run. Entries above it that begin at the same page may have
   * such a start too, and Go's loop ends at the highest of them.
   */
  private foundAtStart(npages: number, chunk: number, slotFirst: number, level: number): boolean {
    const { upper, upperFirst, leafBits, leafMask, localBits } = this.tree;
    let l = level;
    for (; l > 0; l--) {
      const above = (chunk & leafMask) >>> (leafBits - localBits[l - 1]!);
      if (upper[(slotFirst + upperFirst[l - 1]! + above) << 2]! < npages) break;
    }
    const shift = leafBits - localBits[l]!;
    this.foundChunk = (chunk >>> shift) << shift;
    this.foundIndex = 0;
    this.candidateChunk = this.foundChunk;
    this.candidateIndex = 0;
    this.count(l + 1, l + 1);
    return true;
  }

  /**
   * find(1, chunk), for a chunk that is full itself. One page is special: any entry with a free page at all has a run that
   * is long enough, so the way leads to the lowest free page, which is the candidate too, and what Go's loop would have
   * visited follows from the places of the two.
   */
  findPage(chunk: number): boolean {
    const tree = this.tree;
    const flat = this.nextFreeChunk(chunk);
    if (flat < 0) return this.find(1, chunk, true);
    const index = tree.firstFree(flat, 0);
    const found = (chunk & ~tree.leafMask) | (flat & tree.leafMask);
    if (index === tree.chunkPages) return this.find(1, chunk, true);
    this.foundChunk = found;
    this.foundIndex = index;
    this.candidateChunk = found;
    this.candidateIndex = index;
    this.candidateMapped = true;
    if (index !== 0 && found - chunk < tree.leafMask && (found ^ chunk) >>> tree.lastBits === 0) {
      this.count(tree.levels, tree.levels + found - chunk);
    } else this.countPath(chunk, found, index === 0);
    return true;
  }

  /**
   * The flat index of the first chunk above a full one, within its root entry, that has a free page; -1 when there is none
   * or the summaries contradict each other.
   */
  private nextFreeChunk(chunk: number): number {
    const tree = this.tree;
    const { leaf, upper, upperFirst, childBits, leafBits, leafMask } = tree;
    const slot = tree.rootSlot[chunk >>> leafBits]!;
    if (slot < 0) return -1;
    const slotFirst = slot * tree.upperEntries;
    // Up to the lowest entry above the chunk that has a free page; all of those are in children to the right of its way.
    let l = tree.levels - 2;
    let local = chunk & leafMask;
    for (; l >= 0; l--) {
      const above = local >>> childBits[l]!;
      if (upper[((slotFirst + upperFirst[l]! + above) << 2) | 1] !== 0) break;
      local = above;
    }
    if (l < 0) return -1;
    // Down again, each time to the first child that has one.
    const leafLevel = tree.levels - 1;
    let limit = (local | ((1 << childBits[l]!) - 1)) + 1;
    for (l++; l < leafLevel; l++) {
      let at = ((slotFirst + upperFirst[l]! + local) << 2) | 1;
      while (local < limit && upper[at] === 0) {
        at += 4;
        local++;
      }
      if (local === limit) return -1;
      local <<= childBits[l]!;
      limit = local + (1 << childBits[l]!);
    }
    let flat = (slot << leafBits) | local;
    const flatLimit = (slot << leafBits) | limit;
    while (flat < flatLimit && leaf[(flat << 2) | 1] === 0) flat++;
    return flat < flatLimit ? flat : -1;
  }

  /**
   * Counts what Go's loop visits on its way to a single page: on each level the entries up to the one that holds it, from
   * that of searchAddr on where both are in one block, down to the level at which the page is the first of its entry.
   */
  private countPath(searchChunk: number, found: number, chunkFirst: boolean): void {
    const { leafBits, localBits, childBits, levels } = this.tree;
    let entries = 0;
    let l = 0;
    while (l < levels) {
      const shift = leafBits - localBits[l]!;
      const entry = found >>> shift;
      const searched = searchChunk >>> shift;
      // The root level is one block.
      const blockBits = l === 0 ? 31 : childBits[l - 1]!;
      const from = (entry ^ searched) >>> blockBits === 0 ? searched : (entry >>> blockBits) << blockBits;
      entries += entry - from + 1;
      l++;
      if (chunkFirst && (found & ((1 << shift) - 1)) === 0) break;
    }
    this.count(l, entries);
  }

  /** The whole root level, from the entry of searchAddr. No entry above the leaves that holds searchAddr has such a run. */
  private searchRoot(npages: number, from: number): boolean {
    const tree = this.tree;
    const entryPages = tree.levelPages[0]!;
    const { roots, rootAt, rootCount, leafBits } = tree;
    const entries = tree.entriesOf(0);
    const short = npages - 1;
    // Searching begins in the lowest part of the heap most of the time.
    let r = roots[0]! >= from ? 0 : lowerBound(roots, rootCount, from);
    let window = -1;
    if (this.windowed) {
      while (r < rootCount && entries[rootAt[r]! | 1] === 0) r++;
      if (r < rootCount) {
        window = roots[r]!;
        this.setCandidate(0, window << leafBits);
      }
    }
    // Sums of that size do not fit 32 bits; a request may be as large as it likes, and what is free nearly so.
    if (npages > LARGEST_SUM) return this.searchRootForHuge(npages, from, r);
    // Where no two of them are neighbours, no run goes on from one to the next, and those without such a run are passed by.
    if (!tree.rootsMeet) while (r < rootCount && entries[rootAt[r]! | 1]! < npages) r++;
    let passed = 0;
    let next = -1;
    for (; r < rootCount; r++) {
      const root = roots[r]!;
      const at = rootAt[r]!;
      // A run does not go on where a root entry was never grown.
      if (root !== next) passed = 0;
      next = root + 1;
      const start = entries[at]!;
      const lacks = (short - passed - start) | 0;
      if ((lacks | (short - entries[at | 1]!)) < 0) {
        this.count(1, root - from + 1);
        if (lacks < 0) return this.foundBefore(root << leafBits, passed);
        if (window !== root) this.windowed = false;
        return this.searchBelow(1, npages, root, tree.rootSlot[root]!, 0, 0);
      }
      passed = (entries[at | 2]! + (passed & (((start ^ entryPages) - 1) >> 31))) | 0;
    }
    this.count(1, tree.rootSlot.length - from);
    return false;
  }

  /**
   * searchRoot for a run that no root entry holds and that begins and ends at the edges of entries, in doubles.
   * @param from the root entry of searchAddr
   * @param first where in the list of those that were grown to begin
   */
  private searchRootForHuge(npages: number, from: number, first: number): boolean {
    const tree = this.tree;
    const { roots, rootAt, rootCount, leafBits } = tree;
    const entryPages = tree.levelPages[0]!;
    const entries = tree.entriesOf(0);
    let passed = 0;
    let next = -1;
    for (let r = first; r < rootCount; r++) {
      const root = roots[r]!;
      const at = rootAt[r]!;
      if (root !== next) passed = 0;
      next = root + 1;
      const start = entries[at]!;
      if (passed + start >= npages) {
        const { chunkPages } = tree;
        const chunks = Math.ceil(passed / chunkPages);
        this.foundChunk = ((root << leafBits) - chunks) | 0;
        this.foundIndex = (chunks * chunkPages - passed) | 0;
        this.count(1, root - from + 1);
        return true;
      }
      passed = start === entryPages ? passed + entryPages : entries[at | 2]!;
    }
    this.count(1, tree.rootSlot.length - from);
    return false;
  }

  /** The run begins `size` pages before a chunk. @returns true, for there is one */
  private foundBefore(chunk: number, size: number): boolean {
    const shift = this.logChunkPages;
    const chunks = (size + (1 << shift) - 1) >> shift;
    this.foundChunk = chunk - chunks;
    this.foundIndex = (chunks << shift) - size;
    return true;
  }

  /**
   * The levels from `top` downward, a block of children each, and the bitmap of the chunk they lead to.
   * @param root index of the root entry, whose slot is `slot`
   * @param above the entry to descend into: number in its slot of one at level top - 1
   * @param skip how many of that one's children lie below searchAddr. In the blocks further down none do
   */
  private searchBelow(
    top: number,
    npages: number,
    root: number,
    slot: number,
    above: number,
    skip: number,
  ): boolean {
    const tree = this.tree;
    const { childBits, levelPages, upperFirst, leafBits } = tree;
    const leafLevel = tree.levels - 1;
    const slotFirst = Math.imul(slot, tree.upperEntries);
    let local = above | 0;
    let parent = (slotFirst + upperFirst[top - 1]! + local) << 2;
    let from = skip | 0;
    let inWindow = this.windowed;
    let visited = 0;
    for (let l = top; l <= leafLevel; l++) {
      const bits = childBits[l - 1]!;
      const count = 1 << bits;
      const isLeaf = l === leafLevel;
      const entries = isLeaf ? tree.leaf : tree.upper;
      local <<= bits;
      const first = (isLeaf ? (slot << leafBits) | local : slotFirst + upperFirst[l]! + local) << 2;
      let window = from;
      if (inWindow) {
        window = firstLong(entries, first, from, count, 1);
        this.setCandidate(l, this.chunkOf(l, root, local + window));
      }
      // Where no run across two entries is long enough, one that has such a run itself is all there is to look for.
      let child = 0;
      let across = false;
      if (tree.upper[parent | 3]! < npages) child = firstLong(entries, first, window, count, npages);
      else {
        const end = this.firstFit(
          entries,
          first + (window << 2),
          first + (count << 2),
          levelPages[l]!,
          npages,
        );
        child = (end - first) >> 2;
        across = (end & 3) !== 0;
      }
      if (child === count) this.lied(l, this.chunkOf(l, root, local), npages, from);
      visited += child - from + 1;
      local += child;
      if (across) {
        this.count(l, visited);
        return this.foundBefore(this.chunkOf(l, root, local), this.passed);
      }
      if (child !== window) inWindow = false;
      from = 0;
      parent = first + (child << 2);
    }
    this.count(leafLevel, visited);
    return this.searchChunk((root << leafBits) | local, (slot << leafBits) | local, npages, inWindow);
  }

  /**
   * The first of the entries [from, limit) of `entryPages` pages each at which a run of npages pages is known to be: in it, or
   * begun before it and ended in it, after `passed` pages.
   * @returns where it is, plus 1 in the second case; limit when there is none
   */
  private firstFit(
    entries: Int32Array,
    from: number,
    limit: number,
    entryPages: number,
    npages: number,
  ): number {
    // A sum that is above `short` is long enough, so the sign of a difference from it tells, of two at once.
    const short = npages - 1;
    let passed = 0;
    for (let at = from | 0; at < limit; at = (at + 4) | 0) {
      const start = entries[at]!;
      const lacks = (short - passed - start) | 0;
      if ((lacks | (short - entries[at | 1]!)) < 0) {
        this.passed = passed;
        return at - (lacks >> 31);
      }
      passed = (entries[at | 2]! + (passed & (((start ^ entryPages) - 1) >> 31))) | 0;
    }
    return limit;
  }

  /** The first chunk of an entry of a level, given by its number in its slot. */
  private chunkOf(level: number, root: number, local: number): number {
    const { leafBits, localBits } = this.tree;
    return (root << leafBits) | (local << (leafBits - localBits[level]!));
  }

  /** The low end of the window is a chunk, the first of an entry of a level. */
  private setCandidate(level: number, chunk: number): void {
    this.candidateChunk = chunk;
    this.candidateIndex = 0;
    this.candidateMapped = level === this.tree.levels - 1;
  }

  private count(levels: number, entries: number): void {
    this.counters[FIND_LEVELS]! += levels;
    this.counters[FIND_ENTRIES]! += entries;
  }

  /** The bitmap of the chunk that the leaf level chose. */
  private searchChunk(chunk: number, flat: number, npages: number, inWindow: boolean): boolean {
    const tree = this.tree;
    const index = tree.findRun(flat, 0, npages);
    if (index < 0) {
      throw new CorruptHeapError("bad summary data", [
        `runtime: summary[${tree.levels - 1}][${chunk}] = (${this.triple(tree.levels - 1, chunk)})`,
        `runtime: npages = ${npages}`,
      ]);
    }
    if (inWindow) {
      this.candidateChunk = chunk;
      this.candidateIndex = npages === 1 ? index : tree.firstFree(flat, 0);
    }
    this.foundChunk = chunk;
    this.foundIndex = index;
    return true;
  }

  /** A block that does not hold what the entry above it promised: print what the runtime prints, and stop. */
  private lied(l: number, chunk: number, npages: number, from: number): never {
    const geometry = this.tree.geometry;
    const bits = geometry.levelBits[l]!;
    const above = chunk >>> (this.tree.leafBits - this.tree.localBits[l - 1]!);
    const lines = [
      `runtime: summary[${l - 1}][${above}] = ${this.triple(l - 1, above)}`,
      `runtime: level = ${l}, npages = ${npages}, j0 = ${from}`,
      `runtime: p.searchAddr = ${this.formatSearchAddr()}, i = ${above << bits}`,
      `runtime: levelShift[level] = ${geometry.levelShift[l]}, levelBits[level] = ${bits}`,
    ];
    for (let j = 0; j < 1 << bits; j++) {
      const index = (above << bits) + j;
      lines.push(`runtime: summary[${l}][${index}] = (${this.triple(l, index)})`);
    }
    throw new CorruptHeapError("bad summary data", lines);
  }

  private triple(level: number, index: number): string {
    const { start, max, end } = this.tree.summaryAt(level, index);
    return `${start}, ${max}, ${end}`;
  }
}

/** The first of `count` entries, from number `from` on, that has a run of npages pages itself; `count` when none has. */
function firstLong(entries: Int32Array, first: number, from: number, count: number, npages: number): number {
  if (count === 8) {
    const among = longAmongEight(entries, first, npages - 1) & (-1 << from);
    return among === 0 ? 8 : trailingZeros(among);
  }
  let child = from;
  while (child < count && entries[(first + (child << 2)) | 1]! < npages) child++;
  return child;
}

/**
 * Bit k is set when number k of eight entries has a run of more than `short` pages. Which of them is the first is as good as
 * random, so that a loop would end where the processor does not expect it.
 */
function longAmongEight(entries: Int32Array, first: number, short: number): number {
  return (
    (((short - entries[first | 1]!) | 0) >>> 31) |
    ((((short - entries[first | 5]!) | 0) >>> 31) << 1) |
    ((((short - entries[first | 9]!) | 0) >>> 31) << 2) |
    ((((short - entries[first | 13]!) | 0) >>> 31) << 3) |
    ((((short - entries[first | 17]!) | 0) >>> 31) << 4) |
    ((((short - entries[first | 21]!) | 0) >>> 31) << 5) |
    ((((short - entries[first | 25]!) | 0) >>> 31) << 6) |
    ((((short - entries[first | 29]!) | 0) >>> 31) << 7)
  );
}

/** Rank of the first of the `count` ascending values that is ≥ `value`. */
function lowerBound(values: Int32Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
