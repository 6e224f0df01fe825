/**
 * Buckets for counts of pages, two for each power of two:
 *
 *     bucket   0   1   2   3     4     5       6        7   …
 *     pages    1   2   3   4–5   6–7   8–11   12–15    16–23 …
 */

/** Number of buckets; the last one takes all that is longer. */
export const PAGE_BUCKETS = 60;

/** The bucket of a number of pages, at least 1. */
export function pageBucket(npages: number): number {
  if (npages < 2) return 0;
  if (npages >= 1 << 30) return PAGE_BUCKETS - 1;
  const exponent = 31 - Math.clz32(npages);
  return 2 * exponent - 1 + ((npages >> (exponent - 1)) & 1);
}

/** The fewest pages of a bucket. */
export function pageBucketStart(bucket: number): number {
  if (bucket === 0) return 1;
  const power = 2 ** ((bucket + 1) >> 1);
  return bucket % 2 === 1 ? power : power + power / 2;
}
