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

/** The bucket of an age in ns, at least 0. */
export function ageBucket(ageNs: number): number {
  let low = 0;
  let high = AGE_BUCKETS_NS.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (AGE_BUCKETS_NS[middle]! <= ageNs) low = middle;
    else high = middle - 1;
  }
  return low;
}
