/**
 * The free runs of one chunk in a few numbers, counted a word of the bitmap at a time.
 *
 * How many runs there are is how many free pages have no free page before them. How many pages lie in runs of at least n is
 * found by wearing the runs down from above: when each bit is joined with the one that follows, bits stay where two free
 * pages begin, then four, eight, sixteen …
 *
 *     free           ..111111.1111..11.       runs of at least 4: three bits are left of the first, one of the second, so
 *     worn to 2      ..11111..111...1..       they have 3 + 3 and 1 + 3 pages
 *     worn to 4      ..111....1........
 *
 * A record leaves out what touches the ends of its chunk, since it may go on next door: see run-tree.ts.
 */

import { popCount } from "../pages/bits.js";

/** Request sizes, in pages, for which the unusable share is measured: rising powers of two. */
export const UNUSABLE_FOR_PAGES = [16, 256, 512] as const;

// What a record holds, of a stretch of pages. Runs that reach an end of the stretch are in start and end alone, but count for
// the longest and for the free pages.
/** Free pages at the lower end, and at the upper one. */
export const START = 0;
export const END = 1;
/** The longest run. */
export const LONGEST = 2;
/** All free pages. */
export const FREE = 3;
/** Runs that touch neither end. */
export const RUNS = 4;
/** Pages of those that are too short for UNUSABLE_FOR_PAGES[i] pages, three numbers. */
export const SHORT = 5;
/** 2 MiB pieces with no scavenged page, and with some but not all. */
export const INTACT = 8;
export const BROKEN = 9;
/** Numbers of a record. */
export const RECORD = 10;

/** Sums by byte stay below 256 for so many words. */
const WORDS_AT_A_TIME = 16;

/** Counts the free runs of chunks of one size. */
export class ChunkRuns {
  /** Free pages of the chunk, worn down; a word for each of the bitmap, and as many zeros behind. */
  private readonly worn: Int32Array;
  private readonly words: number;

  /** @param chunkPages pages of a chunk, a multiple of 32 */
  constructor(chunkPages: number) {
    this.words = chunkPages >>> 5;
    this.worn = new Int32Array(2 * this.words);
  }

  /**
   * Writes what concerns runs into a record.
   * @param bits bitmap, 1 for a page in use
   * @param word0 the chunk's first word
   * @param longest its longest free run, in pages
   */
  count(bits: Int32Array, word0: number, longest: number, record: Int32Array, at: number): void {
    const { worn, words } = this;
    for (let w = 0; w < words; w++) worn[w] = ~bits[word0 + w]!;
    const free = this.pages();
    const start = this.pagesFromBelow();
    const end = this.pagesFromAbove();
    record[at + START] = start;
    record[at + END] = end;
    record[at + LONGEST] = longest;
    record[at + FREE] = free;
    const isWhole = free === words << 5;
    record[at + RUNS] = isWhole ? 0 : this.runs() - (start > 0 ? 1 : 0) - (end > 0 ? 1 : 0);
    const within = isWhole ? 0 : free - start - end;
    let length = 1;
    for (let i = 0; i < UNUSABLE_FOR_PAGES.length; i++) {
      const needed = UNUSABLE_FOR_PAGES[i]!;
      if (longest < needed || isWhole) {
        record[at + SHORT + i] = within;
        continue;
      }
      for (; length < needed; length *= 2) this.wearDown(length);
      const fitting = this.pages() + (needed - 1) * this.runs();
      const fittingAtEnds = (start < needed ? 0 : start) + (end < needed ? 0 : end);
      record[at + SHORT + i] = within - (fitting - fittingAtEnds);
    }
  }

  /** Bits stay where the one `step` further on is set too. */
  private wearDown(step: number): void {
    const { worn, words } = this;
    const far = step >>> 5;
    const near = step & 31;
    if (near === 0) {
      for (let w = 0; w < words; w++) worn[w]! &= worn[w + far]!;
      return;
    }
    let word = worn[0]!;
    for (let w = 0; w < words; w++) {
      const next = worn[w + 1]!;
      worn[w] = word & ((word >>> near) | (next << (32 - near)));
      word = next;
    }
  }

  /** Bits that are set. */
  private pages(): number {
    const { worn, words } = this;
    let sum = 0;
    for (let from = 0; from < words; from += WORDS_AT_A_TIME) {
      const to = Math.min(words, from + WORDS_AT_A_TIME);
      let bytes = 0;
      for (let w = from; w < to; w++) bytes += bitsOfBytes(worn[w]!);
      sum += sumOfBytes(bytes);
    }
    return sum;
  }

  /** Runs of bits that are set. */
  private runs(): number {
    const { worn, words } = this;
    let sum = 0;
    let before = 0;
    for (let from = 0; from < words; from += WORDS_AT_A_TIME) {
      const to = Math.min(words, from + WORDS_AT_A_TIME);
      let bytes = 0;
      for (let w = from; w < to; w++) {
        const word = worn[w]!;
        bytes += bitsOfBytes(word & ~((word << 1) | before));
        before = word >>> 31;
      }
      sum += sumOfBytes(bytes);
    }
    return sum;
  }

  private pagesFromBelow(): number {
    const { worn, words } = this;
    let w = 0;
    while (w < words && worn[w] === -1) w++;
    if (w === words) return words << 5;
    const used = ~worn[w]!;
    return (w << 5) + 31 - Math.clz32(used & -used);
  }

  private pagesFromAbove(): number {
    const { worn, words } = this;
    let w = words - 1;
    while (w >= 0 && worn[w] === -1) w--;
    return w < 0 ? words << 5 : ((words - 1 - w) << 5) + Math.clz32(~worn[w]!);
  }
}

/** Set bits of each of the four bytes of a word. */
function bitsOfBytes(x: number): number {
  let v = x - ((x >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (v + (v >>> 4)) & 0x0f0f0f0f;
}

/** The sum of the four bytes of a word, if it is below 1024. */
function sumOfBytes(x: number): number {
  const pairs = (x & 0x00ff00ff) + ((x >>> 8) & 0x00ff00ff);
  return (pairs & 0xffff) + (pairs >>> 16);
}

/** Set bits of `words` words from the first on. */
export function countWords(bits: Int32Array, first: number, words: number): number {
  let sum = 0;
  for (let w = first; w < first + words; w++) sum += popCount(bits[w]!);
  return sum;
}
