/**
 * Memory for goroutine stacks, as Go 1.18 hands it out on Linux (stack.go).
 *
 *     2, 4, 8, 16 KiB   cache of the P ──(empty: half a cache full)──► pool of the size: 32 KiB spans with free stacks
 *     32 KiB and more   spans kept from this mark, by size ─────────► a span of its own
 *
 * A span of the pool goes back to the heap when its last stack comes back, and a large stack at once, but not while the
 * collector marks: what comes back then is kept, and what is still unused when the mark ends is freed. After a mark the Ps'
 * caches are emptied into the pools as well.
 *
 * A stack has no identity but its span. Lists are last in, first out, as in the runtime, since they decide which spans empty.
 *
 * Invariants: a span of a pool is in the list of its size exactly when it has a free stack; when no mark runs, no span in a list
 * is wholly free; a cache holds at most 32 KiB of a size.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import type { Heap } from "../heap/heap.js";
import { KIND_STACK } from "../heap/kinds.js";

/** The smallest stack (_FixedStack). */
export const MIN_STACK_BYTES = 2048;
/** What a cache holds of each size, and a span of the pools is long (_StackCacheSize). */
export const STACK_CACHE_BYTES = 32768;
/** Sizes of the pools: 2 KiB << order. */
export const STACK_ORDERS = 4;

/** "No span." */
const NONE = -1;
const CACHE_SLOTS = STACK_CACHE_BYTES / MIN_STACK_BYTES;

/** Something that a program cannot do with stacks. */
export class StackError extends Error {
  override readonly name: string = "StackError";
}

export class Stacks {
  /** Stack spans that have pages. */
  spanCount = 0;
  /** Whether the collector marks, so that no stack memory may become heap memory. */
  marking = false;

  private readonly heap: Heap;
  /** Rows by span: first page, its order (STACK_ORDERS for large ones), pages, stacks in use or cached, and list links. */
  private pages = new Float64Array(256).fill(-1);
  private orders = new Uint8Array(256);
  private npages = new Int32Array(256);
  private taken = new Uint8Array(256);
  private next = new Int32Array(256);
  private previous = new Int32Array(256);
  private rows = 0;
  private freeRow = NONE;
  /** By order: the first span with a free stack. */
  private readonly pools = new Int32Array(STACK_ORDERS).fill(NONE);
  /** By log2 of their pages: large spans that came back while the collector marked. */
  private readonly kept: number[][] = Array.from({ length: 32 }, () => []);
  /** By P and order: cached stacks, and how many. */
  private cached: Int32Array = new Int32Array(0);
  private cachedCounts: Int32Array = new Int32Array(0);

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /**
   * Allocates a stack.
   * @param p the P that asks, or -1 for a thread without one
   * @param bytes a power of two, at least MIN_STACK_BYTES
   * @returns its span, to be given to free
   */
  alloc(p: number, bytes: number): number {
    if (bytes >= STACK_CACHE_BYTES) return this.allocLarge(p, bytes);
    const order = orderOf(bytes);
    if (p < 0) return this.takeFromPool(p, order);
    const c = this.cacheOf(p, order);
    if (this.cachedCounts[c] === 0) this.refill(p, order);
    const n = --this.cachedCounts[c]!;
    return this.cached[c * CACHE_SLOTS + n]!;
  }

  /** Frees a stack of so many bytes that alloc took in a span, on a P or -1. */
  free(p: number, span: number, bytes: number): void {
    if (bytes >= STACK_CACHE_BYTES) {
      this.freeLarge(span);
      return;
    }
    const order = orderOf(bytes);
    if (p < 0) {
      this.returnToPool(span, order);
      return;
    }
    const c = this.cacheOf(p, order);
    if (this.cachedCounts[c]! * bytes >= STACK_CACHE_BYTES) this.shorten(c, order, STACK_CACHE_BYTES / 2);
    this.cached[c * CACHE_SLOTS + this.cachedCounts[c]!++] = span;
  }

  /** Marking begins: from now on no stack span goes back to the heap. */
  startMark(): void {
    this.marking = true;
  }

  /** Marking ended: unused spans go back to the heap, and then what the Ps' caches hold (freeStackSpans, stackcache_clear). */
  finishMark(): void {
    this.marking = false;
    for (let order = 0; order < STACK_ORDERS; order++) {
      for (let s = this.pools[order]!; s !== NONE; ) {
        const next = this.next[s]!;
        if (this.taken[s] === 0) {
          this.unlink(order, s);
          this.freeSpan(s);
        }
        s = next;
      }
    }
    for (const list of this.kept) {
      for (let s = list.pop(); s !== undefined; s = list.pop()) this.freeSpan(s);
    }
    this.clearCaches(0);
  }

  /** Changes the number of Ps: the caches of those that go are emptied. */
  resizeProcs(procs: number): void {
    this.clearCaches(procs);
  }

  /** Stacks in a P's cache of a size. */
  cachedStacks(p: number, bytes: number): number {
    return this.cachedCounts[p * STACK_ORDERS + orderOf(bytes)] ?? 0;
  }

  private refill(p: number, order: number): void {
    const c = this.cacheOf(p, order);
    const bytes = MIN_STACK_BYTES << order;
    for (let size = 0; size < STACK_CACHE_BYTES / 2; size += bytes) {
      this.cached[c * CACHE_SLOTS + this.cachedCounts[c]!++] = this.takeFromPool(p, order);
    }
  }

  /** Gives stacks of a cache back until it holds at most so many bytes. */
  private shorten(c: number, order: number, bytes: number): void {
    while (this.cachedCounts[c]! * (MIN_STACK_BYTES << order) > bytes) {
      const n = --this.cachedCounts[c]!;
      this.returnToPool(this.cached[c * CACHE_SLOTS + n]!, order);
    }
  }

  /** Empties the caches of the Ps from a number on. */
  private clearCaches(fromProc: number): void {
    for (let c = fromProc * STACK_ORDERS; c < this.cachedCounts.length; c++) {
      this.shorten(c, c % STACK_ORDERS, 0);
    }
  }

  private takeFromPool(p: number, order: number): number {
    let s = this.pools[order]!;
    if (s === NONE) {
      s = this.newSpan(p, order, STACK_CACHE_BYTES / this.heap.geometry.pageBytes);
      this.link(order, s);
    }
    if (++this.taken[s]! === stacksInSpan(order)) this.unlink(order, s);
    return s;
  }

  private returnToPool(s: number, order: number): void {
    if (this.orders[s] !== order || this.taken[s] === 0) {
      throw new StackError(`span ${s} has no stack of ${MIN_STACK_BYTES << order} bytes to free`);
    }
    if (this.taken[s] === stacksInSpan(order)) this.link(order, s);
    if (--this.taken[s]! === 0 && !this.marking) {
      this.unlink(order, s);
      this.freeSpan(s);
    }
  }

  private allocLarge(p: number, bytes: number): number {
    const npages = bytes / this.heap.geometry.pageBytes;
    const s = this.kept[31 - Math.clz32(npages)]!.pop() ?? this.newSpan(p, STACK_ORDERS, npages);
    this.taken[s] = 1;
    return s;
  }

  private freeLarge(s: number): void {
    if (this.orders[s] !== STACK_ORDERS || this.taken[s] === 0) {
      throw new StackError(`span ${s} is no large stack in use`);
    }
    this.taken[s] = 0;
    if (this.marking) this.kept[31 - Math.clz32(this.npages[s]!)]!.push(s);
    else this.freeSpan(s);
  }

  private newSpan(p: number, order: number, npages: number): number {
    const page = this.heap.allocSpan(p, npages, KIND_STACK);
    let s = this.freeRow;
    if (s !== NONE) this.freeRow = this.next[s]!;
    else s = this.newRow();
    this.pages[s] = page;
    this.orders[s] = order;
    this.npages[s] = npages;
    this.taken[s] = 0;
    this.spanCount++;
    return s;
  }

  private freeSpan(s: number): void {
    this.heap.freeSpan(this.pages[s]!);
    this.pages[s] = -1;
    this.next[s] = this.freeRow;
    this.freeRow = s;
    this.spanCount--;
  }

  private link(order: number, s: number): void {
    const first = this.pools[order]!;
    this.next[s] = first;
    this.previous[s] = NONE;
    if (first !== NONE) this.previous[first] = s;
    this.pools[order] = s;
  }

  private unlink(order: number, s: number): void {
    const { next, previous } = this;
    const after = next[s]!;
    const before = previous[s]!;
    if (before === NONE) this.pools[order] = after;
    else next[before] = after;
    if (after !== NONE) previous[after] = before;
  }

  /** The number of a P's cache for an order; makes room for Ps never seen. */
  private cacheOf(p: number, order: number): number {
    const c = p * STACK_ORDERS + order;
    if (c >= this.cachedCounts.length) {
      const caches = (p + 1) * STACK_ORDERS;
      this.cached = grownInto(this.cached, new Int32Array(caches * CACHE_SLOTS));
      this.cachedCounts = grownInto(this.cachedCounts, new Int32Array(caches));
    }
    return c;
  }

  private newRow(): number {
    if (this.rows === this.pages.length) {
      const size = 2 * this.rows;
      this.pages = grownInto(this.pages, new Float64Array(size));
      this.orders = grownInto(this.orders, new Uint8Array(size));
      this.npages = grownInto(this.npages, new Int32Array(size));
      this.taken = grownInto(this.taken, new Uint8Array(size));
      this.next = grownInto(this.next, new Int32Array(size));
      this.previous = grownInto(this.previous, new Int32Array(size));
    }
    return this.rows++;
  }
}

function orderOf(bytes: number): number {
  return 31 - Math.clz32(bytes / MIN_STACK_BYTES);
}

function stacksInSpan(order: number): number {
  return CACHE_SLOTS >> order;
}
