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
import { CorruptHeapError } from "./errors.js";
import type { PageTree } from "./page-tree.js";

export class Finder {
  /** The low end of the window after a successful search, in pages. */
  candidatePage = 0;

  readonly #tree: PageTree;
  readonly #counters: Float64Array;
  /** The entry to descend into, its index in its level and its flat index; -1 when the run was found or nothing was. */
  #index = -1;
  #flat = -1;
  /** The page where a run across boundaries was found, or -1. */
  #found = -1;
  /** Whether the search is still inside the window. */
  #inWindow = true;

  constructor(tree: PageTree, counters: Float64Array) {
    this.#tree = tree;
    this.#counters = counters;
  }

  /**
   * Finds the lowest run of npages free pages, given that nothing below searchPage is free.
   * @returns its first page, or -1 when there is none
   * @throws CorruptHeapError ("bad summary data") when a summary promised what its children do not hold
   */
  find(npages: number, searchPage: number): number {
    const levels = this.#tree.levels;
    this.#inWindow = true;
    this.candidatePage = 0;
    this.#searchRoot(npages, searchPage);
    for (let l = 1; this.#index >= 0 && l < levels; l++) this.#searchBlock(l, npages, searchPage);
    if (this.#found >= 0) return this.#found;
    return this.#index < 0 ? -1 : this.#searchChunk(npages);
  }

  /** The whole root level, from the entry of searchPage. */
  #searchRoot(npages: number, searchPage: number): void {
    const tree = this.#tree;
    const entryPages = 2 ** tree.geometry.levelLogPages[0]!;
    const from = Math.floor(searchPage / entryPages);
    const { roots, rootCount, rootSlot } = tree;
    let size = 0;
    let base = 0;
    let previous = -2;
    let windowSet = false;
    this.#index = -1;
    this.#found = -1;
    this.#counters[FIND_LEVELS]!++;
    for (let r = lowerBound(roots, rootCount, from); r < rootCount; r++) {
      const root = roots[r]!;
      const slot = rootSlot[root]!;
      if (root !== previous + 1) size = 0;
      previous = root;
      const max = tree.max[0]![slot]!;
      if (max === 0) {
        size = 0;
        continue;
      }
      if (!windowSet) {
        windowSet = true;
        this.candidatePage = root * entryPages;
      }
      const start = tree.start[0]![slot]!;
      if (size + start >= npages) {
        this.#found = size === 0 ? root * entryPages : base;
        this.#counters[FIND_ENTRIES]! += root - from + 1;
        return;
      }
      if (max >= npages) {
        this.#index = root;
        this.#flat = slot;
        this.#inWindow = this.candidatePage === root * entryPages;
        this.#counters[FIND_ENTRIES]! += root - from + 1;
        return;
      }
      if (size === 0 || start < entryPages) {
        size = tree.end[0]![slot]!;
        base = (root + 1) * entryPages - size;
      } else {
        size += entryPages;
      }
    }
    this.#counters[FIND_ENTRIES]! += rootSlot.length - from;
  }

  /** The block of children, at level l, of the entry chosen above. */
  #searchBlock(l: number, npages: number, searchPage: number): void {
    const tree = this.#tree;
    const bits = tree.geometry.levelBits[l]!;
    const entryPages = 2 ** tree.geometry.levelLogPages[l]!;
    const block = this.#index << bits;
    const flat0 = this.#flat << bits;
    const entries = 1 << bits;
    // searchAddr saves steps only while the search is in its own block.
    const searchIndex = Math.floor(searchPage / entryPages);
    const from = searchIndex >= block && searchIndex < block + entries ? searchIndex - block : 0;
    const starts = tree.start[l]!;
    const maxes = tree.max[l]!;
    const ends = tree.end[l]!;
    let size = 0;
    let base = 0;
    let first = -1;
    this.#counters[FIND_LEVELS]!++;
    for (let j = from; j < entries; j++) {
      const max = maxes[flat0 + j]!;
      if (max === 0) {
        size = 0;
        continue;
      }
      if (first < 0) {
        first = j;
        if (this.#inWindow) this.candidatePage = (block + j) * entryPages;
      }
      const start = starts[flat0 + j]!;
      if (size + start >= npages) {
        this.#found = block * entryPages + (size === 0 ? j * entryPages : base);
        this.#index = -1;
        this.#counters[FIND_ENTRIES]! += j - from + 1;
        return;
      }
      if (max >= npages) {
        this.#index = block + j;
        this.#flat = flat0 + j;
        this.#inWindow = this.#inWindow && j === first;
        this.#counters[FIND_ENTRIES]! += j - from + 1;
        return;
      }
      if (size === 0 || start < entryPages) {
        size = ends[flat0 + j]!;
        base = (j + 1) * entryPages - size;
      } else {
        size += entryPages;
      }
    }
    this.#lied(l, npages, searchPage, from);
  }

  /** The bitmap of the chunk that the leaf level chose. */
  #searchChunk(npages: number): number {
    const tree = this.#tree;
    const page0 = this.#index * tree.chunkPages;
    const index = tree.findRun(this.#flat, 0, npages);
    if (index < 0) {
      throw new CorruptHeapError("bad summary data", [
        `runtime: summary[${tree.levels - 1}][${this.#index}] = ${this.#triple(tree.levels - 1, this.#flat)}`,
        `runtime: npages = ${npages}`,
      ]);
    }
    if (this.#inWindow) this.candidatePage = page0 + tree.firstFree(this.#flat, 0);
    return page0 + index;
  }

  /** A block that does not hold what the entry above it promised: print what the runtime prints, and stop. */
  #lied(l: number, npages: number, searchPage: number, from: number): never {
    const tree = this.#tree;
    const geometry = tree.geometry;
    const bits = geometry.levelBits[l]!;
    const above = this.#triple(l - 1, this.#flat).slice(1, -1);
    const lines = [
      `runtime: summary[${l - 1}][${this.#index}] = ${above}`,
      `runtime: level = ${l}, npages = ${npages}, j0 = ${from}`,
      `runtime: p.searchAddr = ${geometry.formatAddress(searchPage * geometry.pageBytes)}, i = ${this.#index << bits}`,
      `runtime: levelShift[level] = ${geometry.levelShift[l]}, levelBits[level] = ${bits}`,
    ];
    for (let j = 0; j < 1 << bits; j++) {
      const index = (this.#index << bits) + j;
      lines.push(`runtime: summary[${l}][${index}] = ${this.#triple(l, (this.#flat << bits) + j)}`);
    }
    throw new CorruptHeapError("bad summary data", lines);
  }

  #triple(level: number, flat: number): string {
    const tree = this.#tree;
    return `(${tree.start[level]![flat]}, ${tree.max[level]![flat]}, ${tree.end[level]![flat]})`;
  }
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
