/**
 * How many free runs of each length a chunk has, but for those at its edges.
 *
 * An address-ordered first fit takes most of its pages from the longest run of a chunk, since it passes by all chunks
 * whose longest run is too short. So nearly every allocation asks anew which run is the longest now, and a scan of the
 * bitmap for that would be the dearest part of it. Here it is a count per length, and one bit per length that says
 * whether the count is not zero; the highest of these bits is the answer:
 *
 *     length    0      1   2   3  …  26   27 and more
 *     counts    (any)  4   0   1  …   0   0
 *     present   (any)  1   0   1  …   0   0          longest = 3
 *
 * Runs of 27 pages and more share the last place, and are told apart by a scan of the bitmap, which is short then. The
 * bits and the counts of a chunk together fill half a cache line.
 *
 * The runs at the edges of a chunk are left out, since its summary has them, as start and end. So large requests, whose runs go
 * on over the edges, have nothing to count, and chunks are taken and given back whole without a look at the counts.
 *
 * Place 0 takes runs of no length, which a cut leaves and a join finds, so that counting needs no branch; nothing reads it.
 *
 * Invariant, checked by the state checkers of the tests: the counts are those of the runs in the bitmap that touch no edge.
 */

import { grownInto } from "../../engine/typed-arrays.js";

/** Runs of this many pages or more are counted together. */
export const LONG_RUN = 27;

export class RunCounts {
  /** By flat chunk index, 2 ** logWords words: `present`, whose bit n is set when there is a run of n pages, and counts. */
  private words: Int32Array = new Int32Array(0);
  /**
   * The same memory as single counts, 32 a chunk, of which the first lie where `present` is. A count may wrap around to 0
   * (256 runs of one page in a chunk of 512): its bit in `present` still tells that it is not zero.
   */
  private counts: Uint8Array | Uint16Array = new Uint8Array(0);
  private readonly logWords: number;
  /** Counts that `present` takes the place of. */
  private readonly head: number;
  /** All bits of a count. */
  private readonly mask: number;

  /** @param chunkPages pages of a chunk; half of them may be runs of their own */
  constructor(chunkPages: number) {
    const small = chunkPages <= 512;
    this.logWords = small ? 3 : 4;
    this.head = small ? 4 : 2;
    this.mask = small ? 0xff : 0xffff;
  }

  /** Makes room for chunks [0, chunks); those that are new have no free run. */
  reserve(chunks: number): void {
    const words = grownInto(this.words, new Int32Array(chunks << this.logWords));
    this.words = words;
    this.counts = this.mask === 0xff ? new Uint8Array(words.buffer) : new Uint16Array(words.buffer);
  }

  /**
   * A run of `run` pages is cut into two of `below` and `above` pages. Each of the three may be 0, for none that is counted.
   * @returns the longest counted run that the chunk has now; LONG_RUN stands for all longer ones
   */
  cut(flat: number, run: number, below: number, above: number): number {
    const counts = this.counts;
    const words = this.words;
    const first = ((flat << 5) + this.head) | 0;
    const at = flat << this.logWords;
    const cutPlace = place(run);
    const lowPlace = place(below);
    const highPlace = place(above);
    const left = (counts[first + cutPlace]! - 1) & this.mask;
    counts[first + cutPlace] = left;
    counts[first + lowPlace]!++;
    counts[first + highPlace]!++;
    const present = (words[at]! & ~(((left - 1) >>> 31) << cutPlace)) | (1 << lowPlace) | (1 << highPlace);
    words[at] = present;
    return 31 - Math.clz32(present | 1);
  }

  /** Two runs of `below` and `above` pages become one of `run` pages. Each of the three may be 0, for none that is counted. */
  join(flat: number, below: number, above: number, run: number): void {
    const counts = this.counts;
    const words = this.words;
    const first = ((flat << 5) + this.head) | 0;
    const at = flat << this.logWords;
    const lowPlace = place(below);
    const highPlace = place(above);
    const joinedPlace = place(run);
    const low = (counts[first + lowPlace]! - 1) & this.mask;
    counts[first + lowPlace] = low;
    const high = (counts[first + highPlace]! - 1) & this.mask;
    counts[first + highPlace] = high;
    counts[first + joinedPlace]!++;
    const gone = (((low - 1) >>> 31) << lowPlace) | (((high - 1) >>> 31) << highPlace);
    words[at] = (words[at]! & ~gone) | (1 << joinedPlace);
  }

  /** A run of n pages is counted. */
  add(flat: number, n: number): void {
    const at = place(n);
    this.counts[((flat << 5) + this.head + at) | 0]!++;
    this.words[flat << this.logWords]! |= 1 << at;
  }

  /** A run of n pages is no longer counted. */
  remove(flat: number, n: number): void {
    const runPlace = place(n);
    const at = ((flat << 5) + this.head + runPlace) | 0;
    const left = (this.counts[at]! - 1) & this.mask;
    this.counts[at] = left;
    if (left === 0) this.words[flat << this.logWords]! &= ~(1 << runPlace);
  }

  /** How many counted runs of LONG_RUN pages and more a chunk has, which are too few for their count to wrap around. */
  longRuns(flat: number): number {
    return this.counts[((flat << 5) + this.head + LONG_RUN) | 0]!;
  }

  /** The longest counted run of a chunk, in pages; LONG_RUN stands for all longer ones. */
  longest(flat: number): number {
    return 31 - Math.clz32(this.words[flat << this.logWords]! | 1);
  }

  /** How many counted runs of n pages a chunk has, 1 ≤ n < LONG_RUN; for n = LONG_RUN of that many and more. */
  count(flat: number, n: number): number {
    if ((this.words[flat << this.logWords]! & (1 << n)) === 0) return 0;
    const count = this.counts[(flat << 5) + this.head + n]!;
    return count === 0 ? this.mask + 1 : count;
  }

  /** Forgets all runs of a chunk. */
  clear(flat: number): void {
    this.words.fill(0, flat << this.logWords, (flat + 1) << this.logWords);
  }
}

/** The place of a run length: the length itself, and LONG_RUN for all that are longer. Without a branch. */
function place(run: number): number {
  const below = (run - LONG_RUN) | 0;
  return (LONG_RUN + (below & (below >> 31))) | 0;
}
