/**
 * Who lives in the heap: spans by size and by how long they lived.
 *
 * A heap keeps no census unless it is given one, since nothing in the model depends on it. Whoever gives it says what
 * time it is.
 *
 *     born(pages, kind) ──► allocated, by size            died(pages, kind, birth) ──► freed, by size and by age
 */

import { isHeapKind, KIND_STACK } from "./kinds.js";
import { PAGE_BUCKETS, pageBucket } from "./page-buckets.js";

/** Groups of kinds that are counted apart: objects, goroutine stacks, and what the collector has. */
export const SPAN_GROUPS = ["heap", "stack", "gc"] as const;
export type SpanGroup = (typeof SPAN_GROUPS)[number];

/** The shortest age of each bucket but the first, which begins at 0: 1, 2 and 5 times powers of ten, 1 µs to 10^6 s. */
export const AGE_BUCKETS_NS: readonly number[] = [
  0,
  ...Array.from({ length: 12 }, (_, i) => [1, 2, 5].map((digit) => digit * 10 ** (3 + i))).flat(),
  1e15,
];

export class SpanCensus {
  /** Virtual time, ns; kept by whoever gave the census to a heap. */
  nowNs = 0;
  /** Spans handed out and given back, by group · PAGE_BUCKETS + bucket of pages. */
  readonly allocated = new Float64Array(SPAN_GROUPS.length * PAGE_BUCKETS);
  readonly freed = new Float64Array(SPAN_GROUPS.length * PAGE_BUCKETS);
  /** Spans given back, by group · number of buckets + bucket of the age that they reached. */
  readonly freedByAge = new Float64Array(SPAN_GROUPS.length * AGE_BUCKETS_NS.length);

  /** A span was handed out. */
  born(npages: number, kind: number): void {
    this.allocated[groupOf(kind) * PAGE_BUCKETS + pageBucket(npages)]!++;
  }

  /** A span was given back. @param birthNs when it was handed out */
  died(npages: number, kind: number, birthNs: number): void {
    const group = groupOf(kind);
    this.freed[group * PAGE_BUCKETS + pageBucket(npages)]!++;
    this.freedByAge[group * AGE_BUCKETS_NS.length + ageBucket(this.nowNs - birthNs)]!++;
  }
}

/** The index in SPAN_GROUPS of a kind. */
export function groupOf(kind: number): number {
  if (isHeapKind(kind)) return 0;
  return kind === KIND_STACK ? 1 : 2;
}

/** Where each bucket begins, and behind the last one what no age reaches. */
const STARTS_NS = Float64Array.of(...AGE_BUCKETS_NS, Number.POSITIVE_INFINITY);
/** The bucket of each power of two, from 1 to 2^53 ns. From one power to the next at most two more begin. */
const BUCKET_OF_POWER = Uint8Array.from(
  { length: 54 },
  (_, power) => AGE_BUCKETS_NS.filter((startNs) => startNs <= 2 ** power).length - 1,
);

/** The bucket of an age in ns, at least 0 and below 2^53. */
export function ageBucket(ageNs: number): number {
  const high = (ageNs / 4294967296) | 0;
  const power = high === 0 ? 31 - Math.clz32(ageNs | 1) : 63 - Math.clz32(high);
  let bucket = BUCKET_OF_POWER[power]!;
  while (STARTS_NS[bucket + 1]! <= ageNs) bucket++;
  return bucket;
}
