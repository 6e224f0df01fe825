/**
 * Which pages of a chunk to return to the system next (findScavengeCandidate in mgcscavenge.go, Go 1.18).
 *
 * The highest free and unscavenged run of the chunk, from its top:
 *
 *     page    0                              searchIdx   511
 *             ..SS####........##....SS..######..####       . free  S free, scavenged  # in use
 *                                       └┘ candidate
 *
 * Three rules bend that:
 *  - where a physical page is larger than a runtime page, only aligned groups of minPages pages count, and a group with
 *    any page in use or scavenged counts as taken as a whole;
 *  - at most maxPages (rounded up to whole groups) are taken, from the top of the run;
 *  - if that would cut a free huge page in two, the candidate is extended down to the huge page's start, so that a
 *    release never breaks a huge page that is wholly free.
 */

import type { PageTree } from "../pages/page-tree.js";

/**
 * Widens set bits: each aligned group of m bits of a 64-bit word becomes all ones if any of its bits is set.
 * m is a power of two, 1..64. Returns the low half; the high half stands in `filledHi`.
 */
export function fillAligned(hi: number, lo: number, m: number): number {
  if (m === 64) {
    filledHi = (hi | lo) === 0 ? 0 : -1;
    return filledHi;
  }
  filledHi = fillWord(hi, m);
  return fillWord(lo, m);
}

/** The high half of the last result of fillAligned. */
export let filledHi = 0;

/** Lowest bit of each group of m bits, by log2(m). */
const GROUP_LOW = [-1, 0x55555555, 0x11111111, 0x01010101, 0x00010001, 0x00000001] as const;

function fillWord(x: number, m: number): number {
  if (m === 1) return x;
  // Fold each group onto its lowest bit, then spread that bit over the group.
  let folded = x;
  for (let step = m >>> 1; step > 0; step >>>= 1) folded |= folded >>> step;
  // Bits shifted in from the group above spoil only the bits above the lowest of a group, except for whole-group steps,
  // which add up to m-1 and so never reach the neighbour's lowest bit.
  folded &= GROUP_LOW[31 - Math.clz32(m)]!;
  return m === 32 ? -folded | 0 : Math.imul(folded, 2 ** m - 1) | 0;
}

/** A range of pages of a chunk; size 0 means that there is none. */
export interface Candidate {
  start: number;
  size: number;
}

/** 1 = in use or scavenged, by groups of minPages: the low half of a 64-page word; the high half in `filledHi`. */
function takenAt(tree: PageTree, word0: number, word: number, minPages: number): number {
  const w = word0 + 2 * word;
  const lo = tree.allocBits[w]! | tree.scavBits[w]!;
  const hi = tree.allocBits[w + 1]! | tree.scavBits[w + 1]!;
  return fillAligned(hi, lo, minPages);
}

/**
 * Finds the candidate of a chunk.
 *
 * @param tree the bitmaps
 * @param flat flat index of the chunk
 * @param searchIdx page of the chunk at or below which to search; the whole 64-page word that holds it is looked at
 * @param minPages runtime pages in a physical page, a power of two from 1 to 64
 * @param maxPages pages wanted, at least 0; 0 stands for minPages
 * @param hugePages runtime pages in a huge page, 0 when there are none (or none larger than a page)
 * @param out receives the candidate
 */
export function findScavengeCandidate(
  tree: PageTree,
  flat: number,
  searchIdx: number,
  minPages: number,
  maxPages: number,
  hugePages: number,
  out: Candidate,
): void {
  const word0 = flat * tree.wordsPerChunk;
  out.start = 0;
  out.size = 0;
  let word = searchIdx >>> 6;
  let lo = -1;
  let hi = -1;
  for (; word >= 0; word--) {
    lo = takenAt(tree, word0, word, minPages);
    hi = filledHi;
    if ((lo & hi) !== -1) break;
  }
  if (word < 0) return;
  const top = topZero(hi, lo);
  const end = word * 64 + top + 1;
  let run = zerosBelow(hi, lo, top);
  if (run === top + 1) {
    // The run reaches the bottom of this word, and may go on in the ones below.
    for (let w = word - 1; w >= 0; w--) {
      lo = takenAt(tree, word0, w, minPages);
      const more = zerosBelow(filledHi, lo, 63);
      run += more;
      if (more < 64) break;
    }
  }
  const wanted = maxPages === 0 ? minPages : Math.ceil(maxPages / minPages) * minPages;
  out.size = Math.min(run, wanted);
  out.start = end - out.size;
  if (hugePages > 1) keepHugePageWhole(out, end, run, hugePages);
}

/** Extends a candidate whose start would cut a free huge page, [end-run, end) being the whole free run. */
function keepHugePageWhole(out: Candidate, end: number, run: number, hugePages: number): void {
  const above = Math.ceil(out.start / hugePages) * hugePages;
  const below = Math.floor(out.start / hugePages) * hugePages;
  if (above > end || below < end - run) return;
  out.size += out.start - below;
  out.start = below;
}

/** Index of the highest zero bit of a 64-bit word that has one. */
function topZero(hi: number, lo: number): number {
  return hi !== -1 ? 63 - Math.clz32(~hi) : 31 - Math.clz32(~lo);
}

/** Number of zero bits from bit `top` downward until the first one. */
function zerosBelow(hi: number, lo: number, top: number): number {
  if (top >= 32) {
    const ones = hi & (-1 >>> (63 - top));
    if (ones !== 0) return top - 32 - (31 - Math.clz32(ones));
    return top - 31 + (lo === 0 ? 32 : Math.clz32(lo));
  }
  const ones = lo & (-1 >>> (31 - top));
  return ones === 0 ? top + 1 : top - (31 - Math.clz32(ones));
}

/** Whether the chunk has any aligned group of minPages free and unscavenged pages. */
export function hasScavengeCandidate(tree: PageTree, flat: number, minPages: number): boolean {
  const word0 = flat * tree.wordsPerChunk;
  for (let word = tree.chunkPages / 64 - 1; word >= 0; word--) {
    const lo = takenAt(tree, word0, word, minPages);
    if ((lo & filledHi) !== -1) return true;
  }
  return false;
}
