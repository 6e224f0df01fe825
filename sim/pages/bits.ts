/**
 * Bitmaps of pages, 32 to a word.
 *
 * A chunk's bitmap is a stretch of words inside one large Int32Array; the routines take the array, the index of the
 * chunk's first word, and page indices relative to the chunk. In an allocation bitmap 1 means in use and 0 free.
 *
 *     word      0                1               …
 *     bit       0 1 2 … 31       0 1 2 … 31
 *     page      0 1 2 … 31      32 33 …
 *
 * Go works on 64-bit words, and a few of its results show it: a search that starts at page i in truth starts at the
 * 64-page word that holds i. Those boundaries are kept here (`& ~63`), everything else is free to be ours.
 */

/**
 * Index of the lowest set bit, 0..31; 32 for zero.
 * A subtraction stays in 32-bit integers where a negation, which knows −0, would make the compiler go through doubles.
 */
export function trailingZeros(x: number): number {
  return 32 - Math.clz32((x - 1) & ~x);
}

/** Number of set bits in a 32-bit word. */
export function popCount(x: number): number {
  let v = x - ((x >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  v = (v + (v >>> 4)) & 0x0f0f0f0f;
  return Math.imul(v, 0x01010101) >>> 24;
}

/** The word with bits [from, to) set; 0 ≤ from < to ≤ 32. */
export function wordMask(from: number, to: number): number {
  return (-1 << from) & (-1 >>> (32 - to));
}

/** Index of the first run of n set bits in a word, 1 ≤ n ≤ 32; -1 when there is none. */
export function findOnes(x: number, n: number): number {
  // After each step a set bit means "a run of at least `have` ones starts here"; the run length doubles. The loop does
  // not look whether any bit is left: its length then depends on n alone, which the processor predicts well.
  let have = 1;
  let starts = x;
  while (have < n) {
    const step = have < n - have ? have : n - have;
    starts &= starts >>> step;
    have += step;
  }
  return starts === 0 ? -1 : trailingZeros(starts);
}

/** Index of the first run of n set bits, 1 ≤ n ≤ 64, in a 64-bit word given as two halves; -1 when there is none. */
export function findOnes64(hi: number, lo: number, n: number): number {
  let have = 1;
  let high = hi;
  let low = lo;
  while (have < n && (high | low) !== 0) {
    const step = have < n - have ? have : n - have;
    if (step === 32) {
      low &= high;
      high = 0;
    } else {
      low &= (low >>> step) | (high << (32 - step));
      high &= high >>> step;
    }
    have += step;
  }
  if (low !== 0) return trailingZeros(low);
  return high === 0 ? -1 : 32 + trailingZeros(high);
}

/** Sets bits [from, from+count). */
export function setRange(words: Int32Array, word0: number, from: number, count: number): void {
  if (count <= 0) return;
  const last = from + count - 1;
  let w = word0 + (from >>> 5);
  const wLast = word0 + (last >>> 5);
  if (w === wLast) {
    words[w] = words[w]! | wordMask(from & 31, (last & 31) + 1);
    return;
  }
  words[w] = words[w]! | (-1 << (from & 31));
  for (w++; w < wLast; w++) words[w] = -1;
  words[wLast] = words[wLast]! | (-1 >>> (31 - (last & 31)));
}

/** Clears bits [from, from+count). */
export function clearRange(words: Int32Array, word0: number, from: number, count: number): void {
  if (count <= 0) return;
  const last = from + count - 1;
  let w = word0 + (from >>> 5);
  const wLast = word0 + (last >>> 5);
  if (w === wLast) {
    words[w] = words[w]! & ~wordMask(from & 31, (last & 31) + 1);
    return;
  }
  words[w] = words[w]! & ~(-1 << (from & 31));
  for (w++; w < wLast; w++) words[w] = 0;
  words[wLast] = words[wLast]! & ~(-1 >>> (31 - (last & 31)));
}

/** Clears bits [from, from+count) if all of them are set; else changes nothing. @returns whether it did */
export function clearIfSet(words: Int32Array, word0: number, from: number, count: number): boolean {
  if (count <= 0) return true;
  const last = from + count - 1;
  const w = word0 + (from >>> 5);
  const wLast = word0 + (last >>> 5);
  const keepLow = ~(-1 << (from & 31));
  const keepHigh = ~(-1 >>> (31 - (last & 31)));
  const x = words[w]!;
  if (w === wLast) {
    const keep = keepLow | keepHigh;
    if ((x | keep) !== -1) return false;
    words[w] = x & keep;
    return true;
  }
  const y = words[wLast]!;
  if ((x | keepLow) !== -1 || (y | keepHigh) !== -1) return false;
  for (let i = w + 1; i < wLast; i++) {
    if (words[i] !== -1) {
      // What was cleared on the way here was set.
      while (--i > w) words[i] = -1;
      return false;
    }
    words[i] = 0;
  }
  words[w] = x & keepLow;
  words[wLast] = y & keepHigh;
  return true;
}

/**
 * Sets words [from, limit). Eight at a turn: the compiler looks up at each turn where the array's memory is, which is more work
 * than to set a word.
 */
export function fillWords(words: Int32Array, from: number, limit: number, value: number): void {
  let w = from | 0;
  for (; w + 7 < limit; w = (w + 8) | 0) {
    words[w] = value;
    words[(w + 1) | 0] = value;
    words[(w + 2) | 0] = value;
    words[(w + 3) | 0] = value;
    words[(w + 4) | 0] = value;
    words[(w + 5) | 0] = value;
    words[(w + 6) | 0] = value;
    words[(w + 7) | 0] = value;
  }
  for (; w < limit; w++) words[w] = value;
}

/**
 * Sets the bits from `from` of the bitmap at word `low` to before `limit`, at least 1, of a later one at word `high`. setRange
 * could do that as well, but is for ranges of a few words, which fillWords would make slower.
 */
export function setAcross(words: Int32Array, low: number, from: number, high: number, limit: number): void {
  const first = low + (from >>> 5);
  const last = high + ((limit - 1) >>> 5);
  words[first] = words[first]! | (-1 << (from & 31));
  fillWords(words, first + 1, last, -1);
  words[last] = words[last]! | (-1 >>> (31 - ((limit - 1) & 31)));
}

/** Clears what setAcross sets. */
export function clearAcross(words: Int32Array, low: number, from: number, high: number, limit: number): void {
  const first = low + (from >>> 5);
  const last = high + ((limit - 1) >>> 5);
  words[first] = words[first]! & ~(-1 << (from & 31));
  fillWords(words, first + 1, last, 0);
  words[last] = words[last]! & ~(-1 >>> (31 - ((limit - 1) & 31)));
}

/** Whether all bits from `from` on are set in the bitmap of `count` words at `low`, and all before `limit`, at least 1, in that at `high`. */
export function endsSet(
  words: Int32Array,
  low: number,
  from: number,
  count: number,
  high: number,
  limit: number,
): boolean {
  const first = low + (from >>> 5);
  const last = high + ((limit - 1) >>> 5);
  let all = (words[first]! | ~(-1 << (from & 31))) & (words[last]! | ~(-1 >>> (31 - ((limit - 1) & 31))));
  for (let w = first + 1; w < low + count; w++) all &= words[w]!;
  for (let w = high; w < last; w++) all &= words[w]!;
  return all === -1;
}

/** Number of set bits in [from, from+count). */
export function countRange(words: Int32Array, word0: number, from: number, count: number): number {
  if (count <= 0) return 0;
  const last = from + count - 1;
  let w = word0 + (from >>> 5);
  const wLast = word0 + (last >>> 5);
  if (w === wLast) return popCount(words[w]! & wordMask(from & 31, (last & 31) + 1));
  let sum = popCount(words[w]! & (-1 << (from & 31)));
  for (w++; w < wLast; w++) sum += popCount(words[w]!);
  return sum + popCount(words[wLast]! & (-1 >>> (31 - (last & 31))));
}

/** Whether all bits in [from, from+count) are set. */
export function allSet(words: Int32Array, word0: number, from: number, count: number): boolean {
  if (count <= 0) return true;
  const last = from + count - 1;
  let w = word0 + (from >>> 5);
  const wLast = word0 + (last >>> 5);
  if (w === wLast) {
    const mask = wordMask(from & 31, (last & 31) + 1);
    return (words[w]! & mask) === mask;
  }
  if ((words[w]! | ~(-1 << (from & 31))) !== -1) return false;
  for (w++; w < wLast; w++) if (words[w] !== -1) return false;
  return (words[wLast]! | ~(-1 >>> (31 - (last & 31)))) === -1;
}

/** Index of the first zero bit at or after `from`; `bits` when all are set. `bits` is a multiple of 32. */
export function firstZero(words: Int32Array, word0: number, from: number, bits: number): number {
  const wEnd = word0 + (bits >>> 5);
  let w = word0 + (from >>> 5);
  if (w >= wEnd) return bits;
  let free = ~words[w]! & (-1 << (from & 31));
  while (free === 0) {
    if (++w >= wEnd) return bits;
    free = ~words[w]!;
  }
  return ((w - word0) << 5) + trailingZeros(free);
}

/** Length of the run of zero bits that starts at `from`, counting upward; 0 when that bit is set. */
export function zerosUp(words: Int32Array, word0: number, from: number, bits: number): number {
  if (from >= bits) return 0;
  const wEnd = word0 + (bits >>> 5);
  let w = word0 + (from >>> 5);
  let used = words[w]! & (-1 << (from & 31));
  while (used === 0) {
    if (++w >= wEnd) return bits - from;
    used = words[w]!;
  }
  return ((w - word0) << 5) + trailingZeros(used) - from;
}

/** Length of the run of zero bits that ends just below `to`, counting downward. */
export function zerosDown(words: Int32Array, word0: number, to: number): number {
  if (to <= 0) return 0;
  let w = word0 + ((to - 1) >>> 5);
  let used = words[w]! & (-1 >>> (31 - ((to - 1) & 31)));
  while (used === 0) {
    if (--w < word0) return to;
    used = words[w]!;
  }
  return to - (((w - word0) << 5) + 32 - Math.clz32(used));
}

/**
 * Index of the first run of n zero bits, 1 ≤ n, that begins in the 64-bit word of `from` or later; -1 when none does.
 */
export function findZeros(words: Int32Array, word0: number, from: number, bits: number, n: number): number {
  const start = from & ~63;
  if (n === 1) {
    const i = firstZero(words, word0, start, bits);
    return i === bits ? -1 : i;
  }
  const wEnd = word0 + (bits >>> 5);
  // A run inside a word is found by shortening all runs of the word by n-1 bits, in at most five steps, whose lengths
  // are the same for all words; a step of 0 changes nothing. No run of 32 and more can be inside a word.
  const inside = n < 32 ? -1 : 0;
  const steps = SHORTENING[n < 32 ? n : 31]!;
  const step2 = steps & 31;
  const step3 = (steps >>> 5) & 31;
  const step4 = (steps >>> 10) & 31;
  const step5 = steps >>> 15;
  let run = 0;
  for (let w = word0 + (start >>> 5); w < wEnd; w++) {
    const x = words[w]!;
    if (x === -1) {
      run = 0;
      continue;
    }
    if (x === 0) {
      run += 32;
      if (run >= n) return ((w - word0 + 1) << 5) - run;
      continue;
    }
    if (run + trailingZeros(x) >= n) return ((w - word0) << 5) - run;
    let starts = ~x & inside;
    starts &= starts >>> 1;
    starts &= starts >>> step2;
    starts &= starts >>> step3;
    starts &= starts >>> step4;
    starts &= starts >>> step5;
    if (starts !== 0) return ((w - word0) << 5) + trailingZeros(starts);
    run = Math.clz32(x);
  }
  return -1;
}

/** For each run length below 32: how far to shorten after 2, 4, 8 and 16 known bits, five bits each. */
const SHORTENING = Int32Array.from({ length: 32 }, (_, n) =>
  [2, 4, 8, 16].reduce((steps, have, i) => steps | (stepAfter(have, n) << (5 * i)), 0),
);

/** How far to shorten next when runs of `have` bits are known and n are wanted: as far again, or what is missing. */
function stepAfter(have: number, n: number): number {
  const missing = n - have;
  return missing <= 0 ? 0 : missing < have ? missing : have;
}

/**
 * Length of the longest run of zero bits among the `bits` bits, a multiple of 32, when it is already known that there is
 * one of `known` bits and none longer than `limit`. Knowing more makes the search shorter: it ends at a run of `limit`.
 */
export function longestZeros(
  words: Int32Array,
  word0: number,
  bits: number,
  known = 0,
  limit = bits,
): number {
  const wEnd = word0 + (bits >>> 5);
  let longest = known | 0;
  let run = 0;
  for (let w = word0; w < wEnd; w++) {
    const x = words[w]!;
    if (x === -1) {
      if (run > longest) longest = run;
      run = 0;
      if (longest >= limit) return longest;
      continue;
    }
    if (x === 0) {
      run += 32;
      continue;
    }
    // A run ends at the lowest set bit of this word, and another one begins behind the highest.
    const lowest = trailingZeros(x);
    const leading = Math.clz32(x);
    run += lowest;
    if (run > longest) longest = run;
    // Between the two set bits there may be longer runs, if there is room for one.
    if (30 - lowest - leading > longest) longest = longestInside(~x, longest);
    if (longest >= limit) return longest;
    run = leading;
  }
  return run > longest ? run : longest;
}

/** The longer of `longest`, below 31, and the longest run of set bits in a word. */
function longestInside(x: number, longest: number): number {
  // Shorten every run by `longest` bits; what is left are the runs that beat it, and by how much.
  const n = longest + 1;
  let left = x;
  if (n > 1) {
    const steps = SHORTENING[n]!;
    left &= left >>> 1;
    left &= left >>> (steps & 31);
    left &= left >>> ((steps >>> 5) & 31);
    left &= left >>> ((steps >>> 10) & 31);
    left &= left >>> (steps >>> 15);
  }
  let best = longest;
  while (left !== 0) {
    best++;
    left &= left >>> 1;
  }
  return best;
}
