/** Stacks the slow and obvious way: a record for each stack and span, lists as arrays whose last entry goes first. */

import type { Heap } from "../../../sim/heap/heap.js";
import { KIND_STACK } from "../../../sim/heap/kinds.js";

export interface NaiveStack {
  span: NaiveStackSpan;
  bytes: number;
}

export interface NaiveStackSpan {
  page: number;
  bytes: number;
  free: NaiveStack[];
  all: number;
}

export class NaiveStacks {
  marking = false;
  /** Spans with free stacks by stack size, the last one first; caches by P and size; large spans kept. */
  pools = new Map<number, NaiveStackSpan[]>();
  caches: Map<number, NaiveStack[]>[] = [];
  kept = new Map<number, NaiveStackSpan[]>();

  constructor(readonly heap: Heap) {}

  alloc(p: number, bytes: number): NaiveStack {
    if (bytes >= 32768) {
      const span = list(this.kept, bytes).pop() ?? this.newSpan(p, bytes, bytes);
      return { span, bytes };
    }
    if (p < 0) return this.fromPool(p, bytes);
    const cache = this.cache(p, bytes);
    if (cache.length === 0) {
      do cache.push(this.fromPool(p, bytes));
      while (cache.length * bytes < 16384);
    }
    return cache.pop()!;
  }

  free(p: number, stack: NaiveStack): void {
    const { bytes, span } = stack;
    if (bytes >= 32768) {
      if (this.marking) list(this.kept, bytes).push(span);
      else this.heap.freeSpan(span.page);
    } else if (p < 0) {
      this.toPool(stack);
    } else {
      const cache = this.cache(p, bytes);
      if (cache.length * bytes >= 32768) while (cache.length * bytes > 16384) this.toPool(cache.pop()!);
      cache.push(stack);
    }
  }

  finishMark(): void {
    this.marking = false;
    for (const pool of this.pools.values()) {
      for (const span of [...pool].reverse()) {
        if (span.free.length < span.all) continue;
        pool.splice(pool.indexOf(span), 1);
        this.heap.freeSpan(span.page);
      }
    }
    for (const spans of this.kept.values()) for (const span of spans.splice(0)) this.heap.freeSpan(span.page);
    this.resize(0);
  }

  resize(procs: number): void {
    for (const caches of this.caches.slice(procs)) {
      for (const cache of caches.values()) while (cache.length > 0) this.toPool(cache.pop()!);
    }
  }

  private fromPool(p: number, bytes: number): NaiveStack {
    const pool = list(this.pools, bytes);
    if (pool.length === 0) {
      const span = this.newSpan(p, 32768, bytes);
      for (let i = 0; i < 32768 / bytes; i++) span.free.push({ span, bytes });
      pool.push(span);
    }
    const span = pool.at(-1)!;
    const stack = span.free.pop()!;
    if (span.free.length === 0) pool.pop();
    return stack;
  }

  private toPool(stack: NaiveStack): void {
    const { span } = stack;
    const pool = list(this.pools, span.bytes);
    if (span.free.length === 0) pool.push(span);
    span.free.push(stack);
    if (span.free.length === span.all && !this.marking) {
      pool.splice(pool.indexOf(span), 1);
      this.heap.freeSpan(span.page);
    }
  }

  private newSpan(p: number, spanBytes: number, bytes: number): NaiveStackSpan {
    const page = this.heap.allocSpan(p, spanBytes / 8192, KIND_STACK);
    return { page, bytes, free: [], all: spanBytes / bytes };
  }

  private cache(p: number, bytes: number): NaiveStack[] {
    while (this.caches.length <= p) this.caches.push(new Map());
    return list(this.caches[p]!, bytes);
  }
}

function list<T>(lists: Map<number, T[]>, key: number): T[] {
  let found = lists.get(key);
  if (found === undefined) {
    found = [];
    lists.set(key, found);
  }
  return found;
}
