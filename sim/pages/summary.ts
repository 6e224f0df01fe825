/**
 * Summaries: what a stretch of pages can offer, in three numbers.
 *
 *     pages   . . . # # . # . . . . . # . .        (. free, # in use)
 *             start=3      max=5        end=2
 *
 * start and end are the free pages at the two edges, max is the longest free run anywhere. A wholly free stretch has
 * all three equal to its size. Two neighbouring summaries merge into one without looking at the pages again, which is
 * why the tree above the bitmaps is cheap to keep.
 *
 * Inside the allocator the three numbers lie in arrays of their own, level by level. The runtime packs them into 64
 * bits, 21 for each; the packed form is made here, for the edges, as a pair of 32-bit halves:
 *
 *     bit 63      62…42   41…21   20…0
 *     all 2^21    end     max     start
 *
 * The value 2^21 needs 22 bits, and occurs only when a whole root entry is free, so it has a bit of its own, the top one.
 */

/** A summary as three page counts. */
export interface Summary {
  start: number;
  max: number;
  end: number;
}

/** A packed summary as two unsigned 32-bit halves. */
export interface PackedSummary {
  readonly hi: number;
  readonly lo: number;
}

/**
 * Packs three counts, each 0..2^logMax, as the runtime does; logMax is geometry.logMaxPackedValue, 1..21.
 * When max is 2^logMax all three are, and only the top bit is set.
 */
export function packSummary(start: number, max: number, end: number, logMax: number): PackedSummary {
  if (max === 2 ** logMax) return { hi: 0x80000000, lo: 0 };
  let hi = 0;
  let lo = 0;
  for (const [field, shift] of [
    [start, 0],
    [max, logMax],
    [end, 2 * logMax],
  ] as const) {
    // The halves are filled separately, since 64 bits do not fit a double.
    const value = field % 2 ** logMax;
    if (shift >= 32) hi += value * 2 ** (shift - 32);
    else {
      const room = 2 ** (32 - shift);
      lo += (value % room) * 2 ** shift;
      hi += Math.floor(value / room);
    }
  }
  return { hi, lo };
}

/** The three counts of a packed summary. */
export function unpackSummary(packed: PackedSummary, logMax: number): Summary {
  if (packed.hi >= 0x80000000) return { start: 2 ** logMax, max: 2 ** logMax, end: 2 ** logMax };
  const field = (shift: number): number => {
    // Scaling by a power of two and taking the remainder are exact; only the sum needs to stay small.
    const fromLo = shift < 32 ? Math.floor(packed.lo / 2 ** shift) : 0;
    const fromHi = shift < 32 ? packed.hi * 2 ** (32 - shift) : Math.floor(packed.hi / 2 ** (shift - 32));
    return ((fromLo % 2 ** logMax) + (fromHi % 2 ** logMax)) % 2 ** logMax;
  };
  return { start: field(0), max: field(logMax), end: field(2 * logMax) };
}

/** A packed summary as 16 hexadecimal digits. */
export function packedHex(packed: PackedSummary): string {
  return packed.hi.toString(16).padStart(8, "0") + packed.lo.toString(16).padStart(8, "0");
}

/**
 * Merges `count` consecutive summaries of entries of `entryPages` pages each into one. Summaries are four numbers in a
 * row: start, max, end, and for merged ones the longest run across a boundary of two entries; the first of them begins at
 * `first` of `from`, a multiple of 4 · count, and the result goes to `at` of `to`.
 *
 * The summary of a run of entries follows from theirs: its start grows as long as everything so far was free, its end
 * begins anew at each entry that is not wholly free, and its max lies within an entry or across a boundary.
 *
 * Nothing here branches on what summaries say, which would go either way as often as not.
 */
export function mergeSummaries(
  from: Int32Array,
  first: number,
  count: number,
  entryPages: number,
  to: Int32Array,
  at: number,
): void {
  if (count === 8) return mergeEight(from, first, entryPages, to, at);
  const limit = first + 4 * count;
  let start = from[first]!;
  let end = from[first | 2]!;
  let longest = from[first | 1]!;
  let across = 0;
  // All ones as long as everything so far was free, so that the start goes on.
  let free = ((start ^ entryPages) - 1) >> 31;
  for (let i = first + 4; i < limit; i += 4) {
    const next = from[i]!;
    across = longer(across, end + next);
    longest = longer(longest, from[i | 1]!);
    start = (start + (next & free)) | 0;
    // All ones when the entry is wholly free, so that the run goes on through it.
    const whole = ((next ^ entryPages) - 1) >> 31;
    end = (from[i | 2]! + (end & whole)) | 0;
    free &= whole;
  }
  to[at] = start;
  to[at | 1] = longer(longest, across);
  to[at | 2] = end;
  to[at | 3] = across;
}

/**
 * mergeSummaries for eight, the usual number, without a loop: in a loop the compiler looks up at each turn anew what kind of
 * array it has, how long that is and where it lies, which is more work than the merge.
 */
function mergeEight(from: Int32Array, first: number, entryPages: number, to: Int32Array, at: number): void {
  const s0 = from[first]!;
  const s1 = from[first | 4]!;
  const s2 = from[first | 8]!;
  const s3 = from[first | 12]!;
  const s4 = from[first | 16]!;
  const s5 = from[first | 20]!;
  const s6 = from[first | 24]!;
  const s7 = from[first | 28]!;
  const w1 = ((s1 ^ entryPages) - 1) >> 31;
  const w2 = ((s2 ^ entryPages) - 1) >> 31;
  const w3 = ((s3 ^ entryPages) - 1) >> 31;
  const w4 = ((s4 ^ entryPages) - 1) >> 31;
  const w5 = ((s5 ^ entryPages) - 1) >> 31;
  const w6 = ((s6 ^ entryPages) - 1) >> 31;
  const w7 = ((s7 ^ entryPages) - 1) >> 31;
  const e0 = from[first | 2]!;
  const e1 = (from[first | 6]! + (e0 & w1)) | 0;
  const e2 = (from[first | 10]! + (e1 & w2)) | 0;
  const e3 = (from[first | 14]! + (e2 & w3)) | 0;
  const e4 = (from[first | 18]! + (e3 & w4)) | 0;
  const e5 = (from[first | 22]! + (e4 & w5)) | 0;
  const e6 = (from[first | 26]! + (e5 & w6)) | 0;
  const a01 = longer((e0 + s1) | 0, (e1 + s2) | 0);
  const a23 = longer((e2 + s3) | 0, (e3 + s4) | 0);
  const a45 = longer((e4 + s5) | 0, (e5 + s6) | 0);
  const across = longer(longer(a01, a23), longer(a45, (e6 + s7) | 0));
  const f1 = ((s0 ^ entryPages) - 1) >> 31;
  const f2 = f1 & w1;
  const f3 = f2 & w2;
  const f4 = f3 & w3;
  const f5 = f4 & w4;
  const f6 = f5 & w5;
  const low = (s0 + (s1 & f1) + (s2 & f2) + (s3 & f3)) | 0;
  to[at] = (low + (s4 & f4) + (s5 & f5) + (s6 & f6) + (s7 & f6 & w6)) | 0;
  to[at | 1] = longestOf(from, first, 8, across);
  to[at | 2] = (from[first | 30]! + (e6 & w7)) | 0;
  to[at | 3] = across;
}

/** The longest of `across` and the longest runs of `count` consecutive summaries, as for mergeSummaries. */
export function longestOf(from: Int32Array, first: number, count: number, across: number): number {
  if (count === 8) {
    // The usual number; in pairs, since each comparison waits for those before it.
    const a = longer(longer(from[first | 1]!, from[first | 5]!), longer(from[first | 9]!, from[first | 13]!));
    const b = longer(
      longer(from[first | 17]!, from[first | 21]!),
      longer(from[first | 25]!, from[first | 29]!),
    );
    return longer(longer(a, b), across);
  }
  let longest = across;
  for (let i = first + 1; i < first + 4 * count; i += 4) longest = longer(longest, from[i]!);
  return longest;
}

/** The longer of two runs. a - b, where that is negative, is taken away from a: its sign, spread over all bits, says so. */
export function longer(a: number, b: number): number {
  const more = (a - b) | 0;
  return (a - (more & (more >> 31))) | 0;
}
