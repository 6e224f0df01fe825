/**
 * Statistics that are kept while a simulation runs, in memory that does not grow with it.
 *
 * TimeWeighted is for a quantity that has a value at every time (bytes in use): its mean weighs each value by how long it
 * lasted. Histogram is for single measurements (a lifetime, a length): counts in buckets, fine for small values and in
 * proportion for great ones.
 *
 *     bucket    0   1  …  63 │ 64  65   66  67   …  126 127 │ 128 …        values below 64 exactly,
 *     values    0   1  …  63 │ 64–65    66–67    …  126–127 │ 128–131 …    then 32 buckets for each power of two
 */

/** A value over virtual time. */
export class TimeWeighted {
  /** In a typed array, so that changing them makes no garbage; the indices are below. */
  private readonly state = new Float64Array(STATE_LENGTH);

  constructor() {
    this.state.fill(Number.NaN);
    this.state[AREA] = 0;
  }

  /**
   * The quantity has a value from now on. The first call starts the observation.
   * @param nowNs no less than at the last call
   */
  set(nowNs: number, value: number): void {
    const state = this.state;
    const elapsed = nowNs - state[SINCE]!;
    if (elapsed < 0) throw new RangeError(`a value at ${nowNs} ns comes after one at ${state[SINCE]} ns`);
    if (elapsed > 0) state[AREA]! += elapsed * state[VALUE]!;
    else if (Number.isNaN(elapsed)) this.start(nowNs, value);
    if (value > state[MAX]!) {
      state[MAX] = value;
      state[MAX_AT] = nowNs;
    }
    if (value < state[MIN]!) {
      state[MIN] = value;
      state[MIN_AT] = nowNs;
    }
    state[SINCE] = nowNs;
    state[VALUE] = value;
  }

  /** Changes the value by a difference. */
  add(nowNs: number, difference: number): void {
    this.set(nowNs, this.value + difference);
  }

  private start(nowNs: number, value: number): void {
    this.state.set([0, nowNs, nowNs, value, value, nowNs, value, nowNs]);
  }

  /** The value now, NaN before the first. */
  get value(): number {
    return this.state[VALUE]!;
  }

  /** The greatest value so far, even one that lasted no time; NaN before the first. */
  get max(): number {
    return this.state[MAX]!;
  }

  /** When the greatest value was reached first, ns. */
  get maxAtNs(): number {
    return this.state[MAX_AT]!;
  }

  /** The least value so far, even one that lasted no time; NaN before the first. */
  get min(): number {
    return this.state[MIN]!;
  }

  /** When the least value was reached first, ns. */
  get minAtNs(): number {
    return this.state[MIN_AT]!;
  }

  /** The integral from the first value to a time, in the value's unit times ns. @param untilNs no less than the last call's */
  areaUntil(untilNs: number): number {
    return this.state[AREA]! + (untilNs - this.state[SINCE]!) * this.state[VALUE]!;
  }

  /** The mean from the first value to a time; the value itself when no time has passed, NaN before the first. */
  meanUntil(untilNs: number): number {
    const elapsed = untilNs - this.state[START]!;
    return elapsed > 0 ? this.areaUntil(untilNs) / elapsed : this.value;
  }
}

const AREA = 0;
const START = 1;
const SINCE = 2;
const VALUE = 3;
const MAX = 4;
const MAX_AT = 5;
const MIN = 6;
const MIN_AT = 7;
const STATE_LENGTH = 8;

const SUB_BITS = 5;
const SUB_BUCKETS = 1 << SUB_BITS;
/** Values below 2^53: the last power of two is 2^52. */
const BUCKETS = (52 - SUB_BITS) * SUB_BUCKETS + 2 * SUB_BUCKETS;

/** Counts of whole numbers from 0 to 2^53 − 1. Quantiles are within 1.6 % of the value. */
export class Histogram {
  private readonly counts = new Float64Array(BUCKETS);
  private total = 0;
  private sum = 0;
  private least = Number.POSITIVE_INFINITY;
  private greatest = Number.NEGATIVE_INFINITY;

  /**
   * Counts a value.
   * @param value from 0 to 2^53 − 1; a fraction is cut off for the bucket, not for the mean
   * @param weight how often, or for how long
   */
  add(value: number, weight = 1): void {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER && weight >= 0)) {
      throw new RangeError(
        `a histogram takes numbers from 0 to 2^53 − 1, not ${value}, with weights from 0, not ${weight}`,
      );
    }
    if (weight === 0) return;
    this.counts[bucketOf(value)]! += weight;
    this.total += weight;
    this.sum += value * weight;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
  }

  /** Adds what another histogram counted. */
  merge(other: Histogram): void {
    for (let i = 0; i < BUCKETS; i++) this.counts[i]! += other.counts[i]!;
    this.total += other.total;
    this.sum += other.sum;
    this.least = Math.min(this.least, other.least);
    this.greatest = Math.max(this.greatest, other.greatest);
  }

  /** The sum of the weights. */
  get count(): number {
    return this.total;
  }

  /** The exact mean, NaN of nothing. */
  get mean(): number {
    return this.sum / this.total;
  }

  /** The least value, NaN of nothing. */
  get min(): number {
    return this.total > 0 ? this.least : Number.NaN;
  }

  /** The greatest value, NaN of nothing. */
  get max(): number {
    return this.total > 0 ? this.greatest : Number.NaN;
  }

  /**
   * The least value that is not below a share of the counted: 0 gives the least of all, 0.5 the median, 1 the greatest.
   * It is the middle of its bucket, so exact below 64 and within 1.6 % above; NaN of nothing.
   * @param share from 0 to 1
   */
  quantile(share: number): number {
    if (!(share >= 0 && share <= 1))
      throw new RangeError(`a quantile is that of a share from 0 to 1, not ${share}`);
    if (this.total === 0) return Number.NaN;
    if (share === 0) return this.least;
    if (share === 1) return this.greatest;
    const rank = share * this.total;
    let below = 0;
    let bucket = 0;
    for (; bucket < BUCKETS - 1; bucket++) {
      below += this.counts[bucket]!;
      if (below >= rank) break;
    }
    const middle = (bucketStart(bucket) + bucketStart(bucket + 1) - 1) / 2;
    return Math.min(Math.max(middle, this.least), this.greatest);
  }

  /** Calls back for each bucket that holds something, rising: its first value, the first value after it, its weight. */
  forEach(callback: (from: number, to: number, weight: number) => void): void {
    for (let i = 0; i < BUCKETS; i++) {
      if (this.counts[i]! > 0) callback(bucketStart(i), bucketStart(i + 1), this.counts[i]!);
    }
  }
}

/** The bucket of a value: the power of two below it, and the five bits that follow the first. */
function bucketOf(value: number): number {
  if (value < 2 * SUB_BUCKETS) return value | 0;
  const high = Math.floor(value / 4294967296);
  const exponent = high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(value);
  const shift = exponent - SUB_BITS;
  // Dividing by a power of two is exact.
  return shift * SUB_BUCKETS + Math.floor(value / POWERS[shift]!);
}

/** The first value of a bucket. */
function bucketStart(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket;
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1;
  return (bucket - shift * SUB_BUCKETS) * 2 ** shift;
}

const POWERS = Float64Array.from({ length: 53 - SUB_BITS }, (_, i) => 2 ** i);
