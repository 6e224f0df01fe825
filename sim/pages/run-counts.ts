/**
 * How many free runs of each length a chunk has.
 *
 * An address-ordered first fit takes most of its pages from the longest run of a chunk, since it passes by all chunks
 * whose longest run is too short. So nearly every allocation asks anew which run is the longest now, and a scan of the
 * bitmap for that would be the dearest part of it. Here it is a count per length, and one bit per length that says
 * whether the count is not zero; the highest of these bits is the answer:
 *
 *     length    0      1   2   3  …  30   31 and more
 *     counts    (any)  4   0   1  …   0   0
 *     present   (any)  1   0   1  …   0   0          longest = 3
 *
 * Runs of 31 pages and more share the last place, and are told apart by a scan of the bitmap, which is short then, as
 * it only has to look at the ends of words. Place 0 takes the pieces of no length that a cut leaves, so that counting
 * needs no branch; nothing reads it.
 *
 * Invariant, checked by the state checkers of the tests: the counts are those of the runs in the bitmap.
 */

/** Runs of this many pages or more are counted together. */
export const LONG_RUN = 31;

const PLACES = 32;

export class RunCounts {
  /**
   * By flat chunk index, PLACES counts each. A count may wrap around to 0 (256 runs of one page in a chunk of 512): its
   * bit in #present then still tells that it is not zero.
   */
  private counts: Uint8Array | Uint16Array = new Uint8Array(0);
  /** By flat chunk index: bit n is set when there is a run of n pages. */
  private present: Int32Array = new Int32Array(0);
  /** All bits of a count. */
  private readonly mask: number;

  /** @param chunkPages pages of a chunk; half of them may be runs of their own */
  constructor(chunkPages: number) {
    this.mask = chunkPages <= 512 ? 0xff : 0xffff;
  }

  /** Makes room for chunks [0, chunks); those that are new have no free run. */
  reserve(chunks: number): void {
    const counts = this.mask === 0xff ? new Uint8Array(chunks * PLACES) : new Uint16Array(chunks * PLACES);
    counts.set(this.counts);
    this.counts = counts;
    const present = new Int32Array(chunks);
    present.set(this.present);
    this.present = present;
  }

  /**
   * A run of `run` pages is cut into two of `below` and `above` pages, each of which may be 0.
   * @returns the longest run that the chunk has now; LONG_RUN stands for all longer ones
   */
  cut(flat: number, run: number, below: number, above: number): number {
    const counts = this.counts;
    const first = flat << 5;
    const cutPlace = place(run);
    const lowPlace = place(below);
    const highPlace = place(above);
    let present = this.present[flat]!;
    const left = (counts[first + cutPlace]! - 1) & this.mask;
    counts[first + cutPlace] = left;
    present &= ~(((left - 1) >>> 31) << cutPlace);
    counts[first + lowPlace]!++;
    counts[first + highPlace]!++;
    present |= (1 << lowPlace) | (1 << highPlace);
    this.present[flat] = present;
    return 31 - Math.clz32(present | 1);
  }

  /** Two runs of `below` and `above` pages, each of which may be 0, become one of `run` pages. */
  join(flat: number, below: number, above: number, run: number): void {
    const counts = this.counts;
    const first = flat << 5;
    const lowPlace = place(below);
    const highPlace = place(above);
    const joinedPlace = place(run);
    let present = this.present[flat]!;
    const low = (counts[first + lowPlace]! - 1) & this.mask;
    counts[first + lowPlace] = low;
    present &= ~(((low - 1) >>> 31) << lowPlace);
    const high = (counts[first + highPlace]! - 1) & this.mask;
    counts[first + highPlace] = high;
    present &= ~(((high - 1) >>> 31) << highPlace);
    counts[first + joinedPlace]!++;
    this.present[flat] = present | (1 << joinedPlace);
  }

  /** The longest run of a chunk, in pages; LONG_RUN stands for all longer ones. */
  longest(flat: number): number {
    return 31 - Math.clz32(this.present[flat]! | 1);
  }

  /** How many runs of n pages a chunk has, 1 ≤ n < LONG_RUN; for n = LONG_RUN of that many and more. */
  count(flat: number, n: number): number {
    if ((this.present[flat]! & (1 << n)) === 0) return 0;
    const count = this.counts[(flat << 5) + n]!;
    return count === 0 ? this.mask + 1 : count;
  }

  /** A chunk has no free run. */
  setNone(flat: number): void {
    const counts = this.counts;
    const first = flat << 5;
    for (let i = first; i < first + PLACES; i++) counts[i] = 0;
    this.present[flat] = 0;
  }

  /** A wholly free chunk becomes wholly used: its one run, a long one, is gone. */
  takeOneLong(flat: number): void {
    this.counts[(flat << 5) + LONG_RUN] = 0;
    this.present[flat] = 0;
  }

  /** A wholly used chunk becomes wholly free: it has one run, a long one. */
  returnOneLong(flat: number): void {
    this.counts[(flat << 5) + LONG_RUN] = 1;
    this.present[flat] = 1 << LONG_RUN;
  }
}

/** The place of a run length: the length itself, and LONG_RUN for all that are longer. Without a branch. */
function place(run: number): number {
  const below = (run - LONG_RUN) | 0;
  return (LONG_RUN + (below & (below >> 31))) | 0;
}
