/** Sizes of spans as a fit tells them apart: buckets for their shares and lifetimes, groups for how they come. */

/** Buckets of span sizes: 1, 2, 3, then a power of two each. The last holds all larger ones: from 64 MiB on. */
export const SIZE_BUCKETS = 15;

/** The bucket of a size in pages. */
export function sizeBucket(npages: number): number {
  if (npages < 4) return npages - 1;
  let bucket = 3;
  for (let limit = 8; npages >= limit && bucket < SIZE_BUCKETS - 1; limit *= 2) bucket++;
  return bucket;
}

/** Groups of sizes: single pages, what else the page cache serves, and large ones, which it does not. */
export const SMALL = 0;
export const MEDIUM = 1;
export const LARGE = 2;

/** The group of a size in pages. */
export function sizeGroup(npages: number): number {
  if (npages < 2) return SMALL;
  return npages < 16 ? MEDIUM : LARGE;
}

/** The first bucket of large spans. */
export const LARGE_BUCKET = sizeBucket(16);

/** The size buckets of each size group, [first, last). */
export const BUCKETS_OF_GROUP = [
  [0, sizeBucket(2)],
  [sizeBucket(2), LARGE_BUCKET],
  [LARGE_BUCKET, SIZE_BUCKETS],
] as const;
