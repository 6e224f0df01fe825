/** What must be true of goroutines and their stacks at any moment. */

import type { Heap } from "../../sim/heap/heap.js";
import { KIND_STACK } from "../../sim/heap/kinds.js";
import type { Goroutines } from "../../sim/objects/goroutines.js";
import { MIN_STACK_BYTES, STACK_CACHE_BYTES, STACK_ORDERS, type Stacks } from "../../sim/objects/stacks.js";
import { StateError } from "../checkers/state-checkers.js";

const CACHE_SLOTS = STACK_CACHE_BYTES / MIN_STACK_BYTES;

/** Checks; @returns the pages in stack spans, those that workloads hold directly left out. */
export function checkStacks(stacks: Stacks, goroutines: Goroutines, heap: Heap): number {
  const taken = new Map<number, number>();
  const take = (span: number): void => void taken.set(span, (taken.get(span) ?? 0) + 1);
  const counts = stacks["cachedCounts"];
  for (let c = 0; c < counts.length; c++) {
    const order = c % STACK_ORDERS;
    if (counts[c]! < 0 || counts[c]! > CACHE_SLOTS >> order) fail(`stack cache ${c} has ${counts[c]} stacks`);
    for (let i = 0; i < counts[c]!; i++) {
      const span = stacks["cached"][c * CACHE_SLOTS + i]!;
      if (stacks["orders"][span] !== order) fail(`stack cache ${c} has a stack of another size`);
      take(span);
    }
  }
  checkGoroutines(goroutines, take);
  let [spans, pages] = [0, 0];
  for (let s = 0; s < stacks["rows"]; s++) {
    const page = stacks["pages"][s]!;
    if (page < 0) continue;
    spans++;
    pages += stacks["npages"][s]!;
    if (heap.spans.kindAt(page) !== KIND_STACK || heap.spans.npagesAt(page) !== stacks["npages"][s]) {
      fail(`the heap knows another span where stack span ${s} begins`);
    }
    const want = taken.get(s) ?? 0;
    if (stacks["taken"][s] !== want)
      fail(`stack span ${s} counts ${stacks["taken"][s]} stacks, found ${want}`);
    if (want === 0 && !stacks.marking) fail(`stack span ${s} is unused and was not freed`);
    taken.delete(s);
  }
  if (taken.size > 0) fail(`${taken.size} stacks lie in spans that were freed`);
  if (spans !== stacks.spanCount) fail(`${spans} stack spans, ${stacks.spanCount} counted`);
  return pages;
}

function checkGoroutines(goroutines: Goroutines, take: (span: number) => void): void {
  let [live, bytes] = [0, 0];
  for (let g = 0; g < goroutines.made; g++) {
    const span = goroutines["spans"][g]!;
    if (span >= 0) take(span);
    const used = goroutines["used"][g]!;
    if (used < 0) continue;
    live++;
    const size = goroutines.stackBytesOf(g);
    bytes += size;
    if (span < 0 || used >= size) fail(`goroutine ${g} uses ${used} of a stack of ${size} bytes`);
  }
  if (live !== goroutines.live) fail(`${live} goroutines run, ${goroutines.live} counted`);
  if (bytes !== goroutines.stackBytes) fail(`stacks have ${bytes} bytes, ${goroutines.stackBytes} counted`);
}

function fail(sentence: string): never {
  throw new StateError(sentence);
}
