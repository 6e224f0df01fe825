/**
 * Free runs of all memory in use, kept up to date by looking at the chunks that changed and nothing else.
 *
 * Above the records of the chunks (chunk-runs.ts) stands a tree in which each record sums up sixteen of the level below,
 * with the runs that go across them:
 *
 *     sum      start 3           runs 3, one of them across                 end 2
 *     below    ...#..#####.  │  ....#..####..##..
 *              start 3  end 1 │ start 4      end 2      1 + 4 pages are one run across
 *
 * One tree stands in each root entry of the page allocator, over the flat indices of its chunks; what was never grown has a
 * record of zeros, which ends a run as memory in use does. A look costs what changed since the last one, times the few
 * levels, and a comparison of one number for each chunk that was grown.
 *
 * Invariant: after `update` each record is what the bitmaps below it say (test/sim/heap/fragmentation.property.test.ts).
 */

import { grownInto } from "../../engine/typed-arrays.js";
import type { AddressRanges } from "../address/ranges.js";
import type { PageTree } from "../pages/page-tree.js";
import {
  BROKEN,
  ChunkRuns,
  countWords,
  END,
  FREE,
  INTACT,
  LONGEST,
  RECORD,
  RUNS,
  SHORT,
  START,
  UNUSABLE_FOR_PAGES,
} from "./chunk-runs.js";

const ARITY_BITS = 4;
/** 2 MiB: the huge page for which intactness is measured, whatever the system has. */
const HUGE_PAGE_BYTES = 2 * 1024 * 1024;

export class RunTree {
  /** Records by slot of a root entry, level by level, chunks first; all that are below a slot's last belong to it. */
  records = new Int32Array(0);
  /** Pages in a 2 MiB piece; 0 when pages or chunks are such that there is none. */
  readonly hugePages: number;
  /** Chunks looked at by the last update. */
  looked = 0;

  private readonly tree: PageTree;
  private readonly runs: ChunkRuns;
  /** Number of the first record of each level in a slot, and log2 of the children of one of its records. */
  private readonly levelFirst: number[] = [0];
  private readonly childBits: number[] = [0];
  private readonly slotRecords: number;
  /** Changes up to this stamp are known. */
  private seen = 0;
  /** What changed in a level of a slot: numbers within the level, rising. */
  private readonly changed: Int32Array;

  constructor(tree: PageTree) {
    this.tree = tree;
    const { pageBytes, chunkPages } = tree.geometry;
    this.runs = new ChunkRuns(chunkPages);
    const hugePages = HUGE_PAGE_BYTES / pageBytes;
    this.hugePages = hugePages < 32 || hugePages > chunkPages ? 0 : hugePages;
    let records = 1 << tree.leafBits;
    for (let bits = tree.leafBits; bits > 0; ) {
      const step = Math.min(ARITY_BITS, bits);
      bits -= step;
      this.levelFirst.push(records);
      this.childBits.push(step);
      records += 1 << bits;
    }
    this.slotRecords = records;
    this.changed = new Int32Array(1 << tree.leafBits);
  }

  /**
   * Looks at what changed since the last call.
   * @param inUse the memory that was grown, in whole chunks
   */
  update(inUse: AddressRanges): void {
    const { tree } = this;
    const { chunkBytes } = tree.geometry;
    this.looked = 0;
    this.records = grownTo(this.records, tree.rootCount * this.slotRecords * RECORD);
    let range = 0;
    for (let r = 0; r < tree.rootCount; r++) {
      const root = tree.roots[r]!;
      const slot = tree.rootSlot[root]!;
      const from = root << tree.leafBits;
      const to = from + (1 << tree.leafBits);
      let count = 0;
      // A range may go on in the next root entry, and a root entry may have several.
      for (; range < inUse.length && inUse.bases[range]! < to * chunkBytes; range++) {
        const first = Math.max(from, inUse.bases[range]! / chunkBytes);
        const limit = Math.min(to, inUse.limits[range]! / chunkBytes);
        count = this.updateChunks(slot, first - from, limit - from, count);
        if (inUse.limits[range]! > to * chunkBytes) break;
      }
      if (count > 0) this.updateAbove(slot, count);
    }
    this.seen = tree.nextStamp();
  }

  /** Where the record of all of a root entry begins. */
  top(slot: number): number {
    return ((slot + 1) * this.slotRecords - 1) * RECORD;
  }

  /** Scavenged pages in the 2 MiB piece that begins at a page of a chunk. */
  scavengedOfPiece(flat: number, page: number): number {
    const { scavBits, wordsPerChunk } = this.tree;
    return countWords(scavBits, flat * wordsPerChunk + (page >>> 5), this.hugePages >>> 5);
  }

  /** Sums up anew what stands above the chunks of a slot that changed, so many. */
  private updateAbove(slot: number, chunks: number): void {
    const { changed, levelFirst } = this;
    let count = chunks;
    for (let level = 1; level < levelFirst.length; level++) {
      const bits = this.childBits[level]!;
      let parents = 0;
      for (let i = 0; i < count; i++) {
        const parent = changed[i]! >>> bits;
        if (parents > 0 && changed[parents - 1] === parent) continue;
        changed[parents++] = parent;
      }
      count = parents;
      for (let i = 0; i < count; i++) this.merge(slot, level, changed[i]!);
    }
  }

  /**
   * Counts those of the chunks [from, to) of a slot that changed, and notes their numbers behind what is noted already.
   * @returns how many are noted then
   */
  private updateChunks(slot: number, from: number, to: number, noted: number): number {
    const { tree, seen, changed } = this;
    const { changedAt, leafBits } = tree;
    const first = slot << leafBits;
    let count = noted;
    for (let local = from; local < to; local++) {
      if (changedAt[first + local]! <= seen) continue;
      this.countChunk(first + local, (slot * this.slotRecords + local) * RECORD);
      changed[count++] = local;
    }
    this.looked += count - noted;
    return count;
  }

  private countChunk(flat: number, at: number): void {
    const { tree, records, hugePages } = this;
    this.runs.count(tree.allocBits, flat * tree.wordsPerChunk, tree.maxOf(flat), records, at);
    if (hugePages === 0) return;
    const pieces = tree.chunkPages / hugePages;
    let intact = pieces;
    let broken = 0;
    if (tree.scavengedOf(flat) > 0) {
      for (let page = 0; page < tree.chunkPages; page += hugePages) {
        const scavenged = this.scavengedOfPiece(flat, page);
        if (scavenged > 0) intact--;
        if (scavenged > 0 && scavenged < hugePages) broken++;
      }
    }
    records[at + INTACT] = intact;
    records[at + BROKEN] = broken;
  }

  /** Sums up the children of a record. */
  private merge(slot: number, level: number, number: number): void {
    const { records, levelFirst } = this;
    const bits = this.childBits[level]!;
    const slotFirst = slot * this.slotRecords;
    const into = (slotFirst + levelFirst[level]! + number) * RECORD;
    const from = (slotFirst + levelFirst[level - 1]! + (number << bits)) * RECORD;
    const childPages = this.pagesOf(level - 1);
    const limit = from + (RECORD << bits);
    records.fill(0, into, into + RECORD);
    let start = -1;
    let open = 0;
    for (let at = from; at < limit; at += RECORD) {
      if (records[at + FREE] === childPages) {
        open += childPages;
      } else {
        const run = open + records[at]!;
        if (start < 0) start = run;
        else if (run > 0) closeRun(records, into, run);
        open = records[at + END]!;
        addRuns(records, into, at);
      }
      records[into + FREE]! += records[at + FREE]!;
      records[into + INTACT]! += records[at + INTACT]!;
      records[into + BROKEN]! += records[at + BROKEN]!;
    }
    records[into + START] = start < 0 ? open : start;
    records[into + END] = open;
    records[into + LONGEST] = Math.max(records[into + LONGEST]!, start, open);
  }

  /** Pages below a record of a level. */
  private pagesOf(level: number): number {
    let pages = this.tree.chunkPages;
    for (let l = 1; l <= level; l++) pages <<= this.childBits[l]!;
    return pages;
  }
}

/** A run that touches neither end of what a record sums up. */
function closeRun(records: Int32Array, into: number, run: number): void {
  records[into + RUNS]!++;
  if (run > records[into + LONGEST]!) records[into + LONGEST] = run;
  for (let i = 0; i < UNUSABLE_FOR_PAGES.length; i++) {
    if (run < UNUSABLE_FOR_PAGES[i]!) records[into + SHORT + i]! += run;
  }
}

/** The runs within a child are within its parent. */
function addRuns(records: Int32Array, into: number, from: number): void {
  records[into + RUNS]! += records[from + RUNS]!;
  if (records[from + LONGEST]! > records[into + LONGEST]!) records[into + LONGEST] = records[from + LONGEST]!;
  for (let i = 0; i < UNUSABLE_FOR_PAGES.length; i++)
    records[into + SHORT + i]! += records[from + SHORT + i]!;
}

function grownTo(records: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  return records.length >= length ? records : grownInto(records, new Int32Array(length));
}
