/**
 * A life table: how long spans live, with those that outlived the recording counted for as long as they were seen.
 *
 * A span that is still live at the end is censored: its lifetime is at least its age. Leaving it out would make lifetimes
 * look short, and taking its age for its lifetime as well. So each bucket holds deaths and censored spans, and the share
 * that survives a bucket is estimated as actuaries do: those censored within it count as being at risk for half of it.
 *
 *     survival(bucket) = survival(before) · (1 − deaths / (at risk − censored / 2))
 *
 * Ages are whole numbers, of ns or of GC cycles. Below 64 each has a bucket of its own; above, a bucket is an eighth of a
 * power of two wide, so that a table of any length of time has a few hundred.
 */

/** One bucket: whole ages from `from` up to and including `to`. */
export interface LifeBucket {
  readonly from: number;
  readonly to: number;
  readonly deaths: number;
  readonly censored: number;
  /** Estimated share of all spans that live longer than `to`; NaN after the last was censored. */
  readonly survival: number;
}

/** Ages below this have a bucket each. */
const EXACT = 64;
/** Buckets in each power of two above. */
const PER_OCTAVE = 8;

export class LifeTable {
  deaths = 0;
  censored = 0;
  /** Sum of the lifetimes of those that died. */
  total = 0;
  readonly #deaths: number[] = [];
  readonly #censored: number[] = [];

  /** A span died at an age, a whole number of 0 or more. */
  die(age: number): void {
    const bucket = bucketOf(age);
    this.#deaths[bucket] = (this.#deaths[bucket] ?? 0) + 1;
    this.deaths++;
    this.total += age;
  }

  /** A span was still live at an age when the recording ended. */
  censor(age: number): void {
    const bucket = bucketOf(age);
    this.#censored[bucket] = (this.#censored[bucket] ?? 0) + 1;
    this.censored++;
  }

  /** Mean lifetime of those that died; NaN when none did. */
  get meanOfDead(): number {
    return this.deaths === 0 ? Number.NaN : this.total / this.deaths;
  }

  /** The buckets in which anything happened, in order. */
  buckets(): LifeBucket[] {
    const buckets: LifeBucket[] = [];
    let atRisk = this.deaths + this.censored;
    let survival = 1;
    for (let i = 0; i < Math.max(this.#deaths.length, this.#censored.length); i++) {
      const deaths = this.#deaths[i] ?? 0;
      const censored = this.#censored[i] ?? 0;
      if (deaths + censored === 0) continue;
      // A bucket in which the last ones were censored may have as many deaths as half-exposed spans, but no more.
      survival *= Math.max(0, 1 - deaths / Math.max(deaths, atRisk - censored / 2));
      buckets.push({ from: lowerBound(i), to: upperBound(i), deaths, censored, survival });
      atRisk -= deaths + censored;
    }
    return buckets;
  }

  /**
   * The age that a share of all spans does not outlive, as the upper bound of its bucket; infinite when more than the
   * rest outlived the recording.
   * @param share 0..1
   */
  quantile(share: number): number {
    if (this.deaths + this.censored === 0) return Number.NaN;
    for (const { to, deaths, survival } of this.buckets()) if (deaths > 0 && survival <= 1 - share) return to;
    return Number.POSITIVE_INFINITY;
  }
}

/** The bucket of an age. */
export function bucketOf(age: number): number {
  if (age < EXACT) return age;
  let octave = 0;
  let scaled = age;
  while (scaled >= 2 * PER_OCTAVE) {
    scaled /= 2;
    octave++;
  }
  // scaled is in [8, 16): eight buckets an octave, the first octave above EXACT being number 3.
  return EXACT + (octave - 3) * PER_OCTAVE + Math.floor(scaled) - PER_OCTAVE;
}

/** The smallest age of a bucket. */
export function lowerBound(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const above = bucket - EXACT;
  return (PER_OCTAVE + (above % PER_OCTAVE)) * 2 ** (3 + Math.floor(above / PER_OCTAVE));
}

/** The largest whole age of a bucket. */
export function upperBound(bucket: number): number {
  return lowerBound(bucket + 1) - 1;
}
