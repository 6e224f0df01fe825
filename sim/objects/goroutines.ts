/**
 * Goroutines as far as the heap sees them: a stack that doubles when it is too small and halves when the collector finds it
 * mostly empty, and a descriptor that is never freed (proc.go, stack.go, mgcmark.go of Go 1.18).
 *
 *     start ──► free list of the P ──► global free list (batches of 32) ──► new descriptor and 2 KiB stack
 *     finish ─► free list of the P, with its stack if that is 2 KiB ──(64)──► global free list
 *     scan (in every mark) ──► stacks less than a quarter used: half the size; stacks on the global free list: freed
 *
 * Descriptors may be allocated as objects that live for ever: they are what a burst of goroutines leaves behind
 * (golang/go#9869).
 *
 * Invariants: a live goroutine's stack holds what it uses and the guard; stackBytes is the sum of the live ones' stacks.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import { FOREVER, type Objects } from "./objects.js";
import { MIN_STACK_BYTES, StackError, type Stacks } from "./stacks.js";

/** Bytes below the stack pointer that must stay free (_StackGuard). */
export const STACK_GUARD_BYTES = 928;
/** What counts as used beside what lies above the stack pointer, when a stack might shrink (_StackLimit). */
export const STACK_LIMIT_BYTES = 800;
/** The largest stack of 64-bit systems (runtime.main). */
export const MAX_STACK_BYTES = 1_000_000_000;
/** Bytes of a descriptor, runtime.g, on 64-bit systems. */
export const DESCRIPTOR_BYTES = 392;

/** A P's free list gives to the global one at this length, down to below half. */
const LIST_LIMIT = 64;
const LIST_BATCH = 32;
const NO_STACK = -1;

/** A goroutine needs a larger stack than there may be: the runtime ends the program. The message is what it prints. */
export class StackOverflowError extends StackError {
  override readonly name: string = "StackOverflowError";
}

export class Goroutines {
  /** Goroutines that run. */
  live = 0;
  /** Descriptors made. */
  made = 0;
  /** Bytes in the stacks of live goroutines, for the pacer. */
  stackBytes = 0;

  private readonly stacks: Stacks;
  private readonly objects: Objects | null;
  /** By goroutine: the span of its stack, bytes of the stack, bytes used; -1 used for one that does not run. */
  private spans: Int32Array = new Int32Array(256);
  private sizes: Int32Array = new Int32Array(256);
  private used: Int32Array = new Int32Array(256).fill(-1);
  /** Free descriptors by P, and those of all: with and without a stack. The last is taken first. */
  private readonly free: number[][] = [];
  private readonly freeWithStack: number[] = [];
  private freeWithoutStack: number[] = [];

  /**
   * @param stacks where stacks come from
   * @param objects where descriptors are allocated; null when they are left out
   */
  constructor(stacks: Stacks, objects: Objects | null = null) {
    this.stacks = stacks;
    this.objects = objects;
  }

  /** Starts a goroutine that uses so many bytes of stack; @returns its number, for setUsed and finish. */
  start(p: number, usedBytes: number): number {
    let g = this.takeFree(p);
    if (g < 0) {
      this.objects?.alloc(p, DESCRIPTOR_BYTES, false, FOREVER);
      g = this.newDescriptor();
    }
    if (this.spans[g] === NO_STACK) {
      this.spans[g] = this.stacks.alloc(p, MIN_STACK_BYTES);
      this.sizes[g] = MIN_STACK_BYTES;
    }
    this.live++;
    this.stackBytes += this.sizes[g]!;
    this.used[g] = 0;
    this.setUsed(p, g, usedBytes);
    return g;
  }

  /** A goroutine uses so many bytes of its stack from now on. Doubles the stack until they fit. */
  setUsed(p: number, g: number, usedBytes: number): void {
    this.expectLive(g);
    while (usedBytes + STACK_GUARD_BYTES > this.sizes[g]!) {
      if (2 * this.sizes[g]! > MAX_STACK_BYTES) {
        throw new StackOverflowError(
          `runtime: goroutine stack exceeds ${MAX_STACK_BYTES}-byte limit\nfatal error: stack overflow`,
        );
      }
      this.move(p, g, 2 * this.sizes[g]!);
    }
    this.used[g] = usedBytes;
  }

  /** A goroutine ends. */
  finish(p: number, g: number): void {
    this.expectLive(g);
    this.live--;
    this.stackBytes -= this.sizes[g]!;
    this.used[g] = -1;
    if (this.sizes[g] !== MIN_STACK_BYTES) this.dropStack(p, g);
    const list = this.listOf(p);
    list.push(g);
    if (list.length < LIST_LIMIT) return;
    while (list.length >= LIST_BATCH) this.pushGlobal(list.pop()!);
  }

  /** The stack of a goroutine, in bytes. */
  stackBytesOf(g: number): number {
    return this.sizes[g]!;
  }

  /**
   * The collector scans the stacks, once in a mark, between the startMark and finishMark of the stacks: those of which less
   * than a quarter is used become half as large, those of free descriptors on the global list are freed.
   * @param p the P that does it, whose stack cache is used
   */
  scan(p: number): void {
    for (let i = this.freeWithStack.length - 1; i >= 0; i--) this.dropStack(p, this.freeWithStack[i]!);
    this.freeWithoutStack = this.freeWithoutStack.concat(this.freeWithStack);
    this.freeWithStack.length = 0;
    for (let g = 0; g < this.made; g++) {
      const size = this.sizes[g]!;
      if (this.used[g]! < 0 || size === MIN_STACK_BYTES) continue;
      if (this.used[g]! + STACK_LIMIT_BYTES < size / 4) this.move(p, g, size / 2);
    }
  }

  /** Changes the number of Ps: the free descriptors of those that go join the global list (gfpurge). */
  resizeProcs(procs: number): void {
    for (let p = procs; p < this.free.length; p++) {
      const list = this.free[p]!;
      for (let g = list.pop(); g !== undefined; g = list.pop()) this.pushGlobal(g);
    }
  }

  /** A free descriptor for a P, or -1. An empty list is filled from the global one first, those with a stack preferred. */
  private takeFree(p: number): number {
    const list = this.listOf(p);
    if (list.length === 0) {
      while (list.length < LIST_BATCH) {
        const g = this.freeWithStack.pop() ?? this.freeWithoutStack.pop();
        if (g === undefined) break;
        list.push(g);
      }
    }
    return list.pop() ?? -1;
  }

  private pushGlobal(g: number): void {
    if (this.spans[g] === NO_STACK) this.freeWithoutStack.push(g);
    else this.freeWithStack.push(g);
  }

  private dropStack(p: number, g: number): void {
    this.stacks.free(p, this.spans[g]!, this.sizes[g]!);
    this.spans[g] = NO_STACK;
    this.sizes[g] = 0;
  }

  /** A new stack in place of the old one (copystack: it takes the new one before it frees the old one). */
  private move(p: number, g: number, bytes: number): void {
    const span = this.stacks.alloc(p, bytes);
    this.stacks.free(p, this.spans[g]!, this.sizes[g]!);
    this.stackBytes += bytes - this.sizes[g]!;
    this.spans[g] = span;
    this.sizes[g] = bytes;
  }

  private expectLive(g: number): void {
    if (!(this.used[g]! >= 0)) throw new StackError(`goroutine ${g} does not run`);
  }

  private listOf(p: number): number[] {
    while (this.free.length <= p) this.free.push([]);
    return this.free[p]!;
  }

  private newDescriptor(): number {
    if (this.made === this.spans.length) {
      const size = 2 * this.made;
      this.spans = grownInto(this.spans, new Int32Array(size));
      this.sizes = grownInto(this.sizes, new Int32Array(size));
      this.used = grownInto(this.used, new Int32Array(size));
    }
    const g = this.made++;
    this.spans[g] = NO_STACK;
    this.used[g] = -1;
    return g;
  }
}
