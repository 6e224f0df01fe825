/**
 * The spans that hold objects, and the sets of the central lists (mspan, mcentral and spanSet in the runtime).
 *
 * A span is a small integer, the index of its row in a few typed arrays. What is kept are counts, not slots: which slot an
 * object lies in decides nothing in the page heap.
 *
 *     objects of a class in a span  =  free  +  dead  +  alive
 *                                      │        └ found dead by the last mark, not swept yet
 *                                      └ slots not taken (a P that holds the span counts down a copy)
 *
 * A span is in one of these places: held by a P; in the swept or unswept, partial or full set of its class; or nowhere
 * (its row is free). Sets are first in, first out, as the runtime's are, and linked through the rows. The sets of two
 * generations change roles at every mark, so that nothing is moved when all spans become unswept.
 *
 *     set(generation parity, full, class)     heads → row → row → … ← tails
 *
 * The page reclaimer frees spans out of the middle of an unswept set. Their rows stay linked, without pages, until they come
 * up; the runtime leaves such entries behind in the same way, and they count as tries of a refill.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import { CLASS_OBJECTS, CLASS_PAGES, SPAN_CLASSES } from "./size-classes.js";

/** "No span." */
export const NO_SPAN = -1;

export class ObjectSpans {
  /** Spans that have pages. */
  count = 0;
  /** Rows that were ever used; all spans are below. */
  rows = 0;
  /** First page by row; -1 when the row has no span. */
  pages = new Float64Array(1024).fill(-1);
  npages = new Int32Array(1024);
  /** Span class. */
  classes = new Uint8Array(1024);
  free = new Uint16Array(1024);
  dead = new Uint16Array(1024);
  /** Generation in which the span was made or last swept. */
  sweptAt = new Int32Array(1024);
  /** Objects killed before marking began, and since. */
  killed = new Uint16Array(1024);
  killedLate = new Uint16Array(1024);

  private next = new Int32Array(1024);
  private freeRow = NO_SPAN;
  private readonly heads = new Int32Array(4 * SPAN_CLASSES).fill(NO_SPAN);
  private readonly tails = new Int32Array(4 * SPAN_CLASSES).fill(NO_SPAN);

  /** A new span; a large one says its npages, others have those of their class. All of its slots are free. */
  create(page: number, spanClass: number, largePages: number, generation: number): number {
    let s = this.freeRow;
    if (s !== NO_SPAN) this.freeRow = this.next[s]!;
    else s = this.newRow();
    const sizeClass = spanClass >> 1;
    this.pages[s] = page;
    this.classes[s] = spanClass;
    this.npages[s] = sizeClass === 0 ? largePages : CLASS_PAGES[sizeClass]!;
    this.free[s] = CLASS_OBJECTS[sizeClass]!;
    this.sweptAt[s] = generation;
    this.next[s] = NO_SPAN;
    this.count++;
    return s;
  }

  /** Forgets a span that is in no set. Its row is free. */
  remove(s: number): void {
    this.bury(s);
    this.recycle(s);
  }

  /** A span that is still linked in a set loses its pages; whoever pops its row recycles it. */
  bury(s: number): void {
    this.pages[s] = -1;
    this.count--;
  }

  /** The row of a buried span may be used again. */
  recycle(s: number): void {
    this.next[s] = this.freeRow;
    this.freeRow = s;
  }

  /** Slots in a span. */
  slots(s: number): number {
    return CLASS_OBJECTS[this.classes[s]! >> 1]!;
  }

  /** The set of a class in a generation; generations two apart share sets. */
  static set(generation: number, full: boolean, spanClass: number): number {
    return ((generation & 1) * 2 + (full ? 1 : 0)) * SPAN_CLASSES + spanClass;
  }

  push(set: number, s: number): void {
    this.next[s] = NO_SPAN;
    const tail = this.tails[set]!;
    if (tail === NO_SPAN) this.heads[set] = s;
    else this.next[tail] = s;
    this.tails[set] = s;
  }

  /** The oldest span of a set, or NO_SPAN. It may be a buried one. */
  pop(set: number): number {
    const s = this.heads[set]!;
    if (s === NO_SPAN) return NO_SPAN;
    const next = this.next[s]!;
    this.heads[set] = next;
    if (next === NO_SPAN) this.tails[set] = NO_SPAN;
    return s;
  }

  /** The oldest row of a set without taking it; with after, the one that follows. */
  first(set: number): number {
    return this.heads[set]!;
  }

  after(s: number): number {
    return this.next[s]!;
  }

  /** What was killed since marking began waits for the next mark as what was killed before. killed must be all 0. */
  turnKilled(): void {
    const { killed } = this;
    this.killed = this.killedLate;
    this.killedLate = killed;
  }

  private newRow(): number {
    if (this.rows === this.pages.length) this.enlarge();
    return this.rows++;
  }

  private enlarge(): void {
    const size = 2 * this.pages.length;
    this.pages = grownInto(this.pages, new Float64Array(size).fill(-1));
    this.npages = grownInto(this.npages, new Int32Array(size));
    this.classes = grownInto(this.classes, new Uint8Array(size));
    this.free = grownInto(this.free, new Uint16Array(size));
    this.dead = grownInto(this.dead, new Uint16Array(size));
    this.sweptAt = grownInto(this.sweptAt, new Int32Array(size));
    this.killed = grownInto(this.killed, new Uint16Array(size));
    this.killedLate = grownInto(this.killedLate, new Uint16Array(size));
    this.next = grownInto(this.next, new Int32Array(size));
  }
}
