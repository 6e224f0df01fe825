/**
 * A program's objects, in spans, as the allocator of Go 1.18 keeps them (malloc.go, mcache.go, mcentral.go, mgcsweep.go).
 *
 *     alloc(P, bytes) ──► span that the P holds for the class: one slot fewer            nearly always
 *        │                    │ no slot left: it goes to the full set
 *        │                    ▼
 *        │               refill: partial swept ─► sweep partial unswept ─► sweep full unswept (100 tries) ─► new span
 *        │                                                                                  reclaim pages first, then
 *        └ > 32 KiB ────────────────────────────────────────────────────────────────────────► Heap.allocSpan
 *
 *     startMark … finishMark: what died before startMark is found dead; all spans are unswept
 *     allocAged: dead for the n-th mark to start, whatever the time
 *     sweep: class by class, the dead give their slots back; a span in which nothing is alive goes back to the heap
 *
 * So a span lives until its last object was dead at a mark and it was swept after: one survivor pins it.
 *
 * heapLive counts as the runtime does: a refill counts all of the span that its live objects do not take, the tail included; a
 * P that gives a span back takes off what it did not hand out; a mark sets it to what was marked.
 *
 * Spans that Ps hold when a mark ends are stale: they are in no set, and are swept (flushed) before anything else happens.
 * That is put off until the next call, so that a collector can read the heap as it is while the world is stopped.
 *
 * An object has no identity but its span: `alloc` returns the span, and so many objects of it may be killed as were made.
 *
 * Invariants: every span is held by one P, or in one set, or (stale) waits to be flushed; unsweptSpans counts those in the
 * unswept sets and the stale ones; a P's slots left are 0 for a stale span.
 */

import { grownInto } from "../../engine/typed-arrays.js";
import type { CollectorHooks, World } from "../gc/world.js";
import { NO_HOOKS } from "../gc/world.js";
import type { Heap } from "../heap/heap.js";
import { DeadSpans } from "./dead-spans.js";
import { type DeathSink, Deaths } from "./deaths.js";
import { NO_SPAN, ObjectSpans } from "./object-spans.js";
import {
  CLASS_BYTES,
  CLASS_OBJECTS,
  CLASS_PAGE_BYTES,
  CLASS_PAGES,
  MAX_SMALL_BYTES,
  objectBytes,
  SPAN_CLASSES,
  spanClassOf,
  TINY_BLOCK_BYTES,
} from "./size-classes.js";
import { TinyBlocks } from "./tiny.js";

/** A death time for objects that live for ever, or until they are killed. They cost no memory of their own. */
export const FOREVER = Number.POSITIVE_INFINITY;
/** What an allocation of no bytes returns: the runtime hands out one address for all of them. */
export const NO_OBJECT = -1;

/** Spans that a refill tries to sweep, beyond one, before it takes a new span (spanBudget of cacheSpan). */
const REFILL_TRIES = 100;
/** The class of blocks of the tiny allocator: 16 bytes, noscan. */
const TINY_SPAN_CLASS = spanClassOf(TINY_BLOCK_BYTES, true);
/** Steps of the sweeper: the full, then the partial set of every class. */
const SWEEP_STEPS = 2 * SPAN_CLASSES;

/** Something that a program cannot do, or a call out of order. */
export class ObjectError extends Error {
  override readonly name = "ObjectError";
}

export class Objects implements World, DeathSink {
  readonly spans = new ObjectSpans();
  readonly deaths = new Deaths();
  /** Of aged spans: the number of the mark (1, 2, …) that finds them dead, where deaths have a time. */
  readonly aged = new Deaths();
  /** Bytes that the pacer takes for alive (gcController.heapLive). */
  heapLiveBytes = 0;
  /** Spans not swept since the last mark, those that Ps still hold from before it included. */
  unsweptSpans = 0;
  /** Pages swept since the last mark, and pages in spans of objects: what the proportional sweep goes by. */
  sweptPages = 0;
  inUsePages = 0;
  /** What the last mark found, in bytes: all, and those in objects with pointers. */
  markedBytes = 0;
  markedScanBytes = 0;
  /** Marks finished (sweepgen / 2). */
  generation = 0;

  private readonly heap: Heap;
  private hooks: CollectorHooks;
  private readonly tiny = new TinyBlocks();
  private readonly deadSpans = new DeadSpans();
  /** By P · SPAN_CLASSES + class: the span held, and slots left in it. */
  private held: Int32Array = new Int32Array(SPAN_CLASSES).fill(NO_SPAN);
  private left: Uint16Array = new Uint16Array(SPAN_CLASSES);
  /** Bytes of objects not found dead, where all slots of held spans count: with pointers, without. */
  private readonly takenBytes = new Float64Array(2);
  /** Bytes of objects that were found dead, and whose spans were not swept since. */
  private unsweptDeadBytes = 0;
  private staleSpans = 0;
  private marking = false;
  /** Marks started. */
  private marksStarted = 0;
  private kills = 0;
  private lateKills = 0;
  private sweepStep = SWEEP_STEPS;
  private reclaimCredit = 0;
  private reclaimSorted = false;

  /**
   * @param heap where spans come from; its pages must be 8 KiB, for which the size classes were made
   * @param hooks told what the collector wants to know; may be set later, see attach
   */
  constructor(heap: Heap, hooks: CollectorHooks = NO_HOOKS) {
    if (heap.geometry.pageBytes !== CLASS_PAGE_BYTES) {
      throw new ObjectError(
        `objects need pages of ${CLASS_PAGE_BYTES} bytes, for which Go's size classes were made; this address space has pages of ${heap.geometry.pageBytes} bytes`,
      );
    }
    this.heap = heap;
    this.hooks = hooks;
  }

  /** Bytes of objects that were not swept, whether dead or alive; all slots of spans that Ps hold count (heapAlloc). */
  get heapAllocBytes(): number {
    return this.takenBytes[0]! + this.takenBytes[1]! + this.unsweptDeadBytes;
  }

  /** From now on these hooks are called. */
  attach(hooks: CollectorHooks): void {
    this.hooks = hooks;
  }

  /**
   * Allocates an object.
   * @param p the P that asks, at least 0
   * @param bytes whole, at least 0
   * @param noscan whether it has no pointers
   * @param deathNs when it dies, not before now; FOREVER when it does not, or will be killed
   * @returns its span, for `kill`; NO_OBJECT for 0 bytes
   * @throws OutOfMemoryError when the heap must grow and cannot
   */
  alloc(p: number, bytes: number, noscan: boolean, deathNs: number): number {
    if (bytes > MAX_SMALL_BYTES) return this.allocLarge(p, bytes, noscan, deathNs);
    if (bytes < TINY_BLOCK_BYTES) {
      if (bytes === 0) return NO_OBJECT;
      if (noscan) return this.allocTiny(p, bytes, deathNs);
    }
    return this.allocSmall(p, spanClassOf(bytes, noscan), deathNs);
  }

  /** Allocates an object of a span class, 2 and above; the tiny allocator is passed by. See alloc. */
  allocSmall(p: number, spanClass: number, deathNs: number): number {
    const k = p * SPAN_CLASSES + spanClass;
    let left = this.left[k]!;
    // Not "=== 0": a P that was never seen is beyond the array.
    if (!(left > 0)) left = this.refill(p, spanClass);
    this.left[k] = left - 1;
    const s = this.held[k]!;
    if (deathNs !== FOREVER) this.deaths.add(s, deathNs);
    return s;
  }

  /** Allocates an object of more than 32 KiB in a span of its own. See alloc. */
  allocLarge(p: number, bytes: number, noscan: boolean, deathNs: number): number {
    return this.allocWhole(p, Math.ceil(bytes / CLASS_PAGE_BYTES), noscan ? 1 : 0, deathNs);
  }

  /**
   * Allocates a span that lives and dies as a whole, as that of a large object does.
   * @param npages at least 1, whatever the kind
   * @param kind of span that the heap is told, 0 to 255; odd ones have no pointers. See alloc for the rest
   */
  allocWhole(p: number, npages: number, kind: number, deathNs: number): number {
    this.flushStale();
    this.hooks.beforeSpan(npages * CLASS_PAGE_BYTES, npages);
    const spanClass = kind & 1;
    const s = this.newSpan(p, spanClass, npages, kind);
    this.spans.free[s] = 0;
    this.spans.push(ObjectSpans.set(this.generation, true, spanClass), s);
    this.takenBytes[spanClass]! += npages * CLASS_PAGE_BYTES;
    this.addLive(npages * CLASS_PAGE_BYTES);
    if (deathNs !== FOREVER) this.deaths.add(s, deathNs);
    return s;
  }

  /**
   * Allocates a span that a mark finds dead whose number is known. See allocWhole.
   * @param collections whole, at least 1: 1 is the next mark to start, 2 the one after it
   */
  allocAged(p: number, npages: number, kind: number, collections: number): number {
    const s = this.allocWhole(p, npages, kind, FOREVER);
    this.aged.add(s, this.marksStarted + collections);
    return s;
  }

  /**
   * One object of a span dies now, found dead by the next mark that begins hereafter. Only for objects allocated with FOREVER,
   * once each, and not for those below 16 bytes without pointers, which share blocks: give them 16 bytes.
   */
  kill(span: number): void {
    const { spans } = this;
    if (!(spans.pages[span]! >= 0))
      throw new ObjectError(`there is no span ${span} of which an object could die`);
    const dead = spans.dead[span]! + spans.killed[span]! + spans.killedLate[span]!;
    if (dead >= spans.slots(span)) throw new ObjectError(`all objects of span ${span} are dead already`);
    if (this.marking) {
      spans.killedLate[span]!++;
      this.lateKills++;
    } else {
      spans.killed[span]!++;
      this.kills++;
    }
  }

  /** Marking begins: what dies or is killed from now on stays alive in this cycle. Everything must have been swept. */
  startMark(): void {
    if (this.unsweptSpans > 0) {
      throw new ObjectError(`marking cannot begin while ${this.unsweptSpans} spans are unswept`);
    }
    this.marking = true;
    this.marksStarted++;
  }

  /** See World. Calls without startMark take all kills so far for dead. */
  finishMark(markStartNs: number, _nowNs: number): number {
    if (this.unsweptSpans > 0) {
      throw new ObjectError(`a mark cannot end while ${this.unsweptSpans} spans are unswept`);
    }
    this.tiny.closeAll(this.deaths);
    this.makeStale();
    this.deadSpans.clear();
    this.deaths.takeBefore(markStartNs, this);
    this.aged.takeBefore(this.marksStarted + 1, this);
    this.takeKilled();
    this.drainUnswept();
    this.marking = false;
    this.generation++;
    this.unsweptSpans = this.spans.count;
    this.sweptPages = 0;
    this.sweepStep = 0;
    this.reclaimCredit = 0;
    this.reclaimSorted = false;
    this.markedScanBytes = this.takenBytes[0]!;
    this.markedBytes = this.markedScanBytes + this.takenBytes[1]!;
    this.heapLiveBytes = this.markedBytes;
    return this.markedBytes;
  }

  /** An object of a span is found dead (see DeathSink). */
  died(span: number): void {
    const { spans } = this;
    const spanClass = spans.classes[span]!;
    const bytes = objectBytes(spanClass, spans.npages[span]!);
    const dead = spans.dead[span]! + 1;
    spans.dead[span] = dead;
    if (dead + spans.free[span]! === CLASS_OBJECTS[spanClass >> 1]) this.deadSpans.add(span);
    this.takenBytes[spanClass & 1]! -= bytes;
    this.unsweptDeadBytes += bytes;
  }

  /** Spans that Ps hold from before the last mark are swept and given back (prepareForSweep of every P). */
  flushStale(): void {
    if (this.staleSpans === 0) return;
    for (let k = 0; k < this.held.length; k++) {
      const s = this.held[k]!;
      if (s === NO_SPAN) continue;
      this.held[k] = NO_SPAN;
      this.staleSpans--;
      this.sweepSpan(s);
      this.settle(s);
    }
  }

  /** See World. The stale spans go first, and do not count. */
  sweep(n: number): number {
    this.flushStale();
    let swept = 0;
    while (swept < n && this.sweepOne()) swept++;
    return swept;
  }

  /** See World. */
  reclaim(npages: number): number {
    if (this.unsweptSpans === 0) return 0;
    this.flushStale();
    let wanted = npages;
    let freed = 0;
    while (wanted > 0) {
      const credit = Math.min(this.reclaimCredit, wanted);
      this.reclaimCredit -= credit;
      wanted -= credit;
      if (wanted === 0) break;
      const found = this.reclaimUnit();
      if (found === 0) break;
      freed += found;
      this.reclaimCredit += found;
    }
    return freed;
  }

  /** Changes the number of Ps: those that go give their spans back (freemcache). Flush the heap's page caches first. */
  resizeProcs(procs: number): void {
    this.flushStale();
    for (let p = procs; p * SPAN_CLASSES < this.held.length; p++) this.releaseProc(p);
  }

  /** The span that a P holds for a class, or NO_SPAN. */
  heldSpan(p: number, spanClass: number): number {
    return this.held[p * SPAN_CLASSES + spanClass] ?? NO_SPAN;
  }

  /** Slots that a P has left in the span it holds for a class. */
  heldSlots(p: number, spanClass: number): number {
    return this.left[p * SPAN_CLASSES + spanClass] ?? 0;
  }

  private allocTiny(p: number, bytes: number, deathNs: number): number {
    const { tiny } = this;
    if (tiny.fits(p, bytes)) return tiny.put(p, bytes, deathNs);
    const s = this.allocSmall(p, TINY_SPAN_CLASS, FOREVER);
    tiny.open(p, s, bytes, deathNs, this.deaths);
    return s;
  }

  /** Gives a P a span with at least one free slot; @returns the slots. */
  private refill(p: number, spanClass: number): number {
    this.flushStale();
    const k = p * SPAN_CLASSES + spanClass;
    if (k >= this.held.length) this.addProcs(p + 1);
    const full = this.held[k]!;
    if (full !== NO_SPAN) {
      this.held[k] = NO_SPAN;
      this.spans.free[full] = 0;
      this.spans.push(ObjectSpans.set(this.generation, true, spanClass), full);
    }
    const s = this.findSpan(p, spanClass);
    const left = this.spans.free[s]!;
    this.held[k] = s;
    this.left[k] = left;
    const bytes = CLASS_BYTES[spanClass >> 1]!;
    this.takenBytes[spanClass & 1]! += left * bytes;
    this.addLive(CLASS_PAGES[spanClass >> 1]! * CLASS_PAGE_BYTES - (this.spans.slots(s) - left) * bytes);
    return left;
  }

  /** A span of a class with a free slot, in no set (cacheSpan). */
  private findSpan(p: number, spanClass: number): number {
    const { spans, generation } = this;
    this.hooks.beforeSpan(CLASS_PAGES[spanClass >> 1]! * CLASS_PAGE_BYTES, 0);
    const swept = spans.pop(ObjectSpans.set(generation, false, spanClass));
    if (swept !== NO_SPAN) return swept;
    let tries = REFILL_TRIES;
    for (; tries >= 0; tries--) {
      const s = spans.pop(ObjectSpans.set(generation - 1, false, spanClass));
      if (s === NO_SPAN) break;
      if (this.discard(s)) continue;
      this.sweepSpan(s);
      return s;
    }
    for (; tries >= 0; tries--) {
      const s = spans.pop(ObjectSpans.set(generation - 1, true, spanClass));
      if (s === NO_SPAN) break;
      if (this.discard(s)) continue;
      this.sweepSpan(s);
      if (spans.free[s]! > 0) return s;
      spans.push(ObjectSpans.set(generation, true, spanClass), s);
    }
    return this.newSpan(p, spanClass, 0);
  }

  /** A new span from the heap, after as many pages were reclaimed as it takes. */
  private newSpan(p: number, spanClass: number, largePages: number, kind = spanClass): number {
    const npages = spanClass < 2 ? largePages : CLASS_PAGES[spanClass >> 1]!;
    this.reclaim(npages);
    const page = this.heap.allocSpan(p, npages, kind);
    this.inUsePages += npages;
    return this.spans.create(page, spanClass, npages, this.generation);
  }

  /** Whether a row that came out of an unswept set has lost its span to the reclaimer; if so it is free again. */
  private discard(s: number): boolean {
    if (this.spans.pages[s]! >= 0) return false;
    this.spans.recycle(s);
    return true;
  }

  /** The dead of a span give their slots back. It is in no set. */
  private sweepSpan(s: number): void {
    const { spans } = this;
    const dead = spans.dead[s]!;
    if (dead > 0) {
      spans.free[s]! += dead;
      spans.dead[s] = 0;
      this.unsweptDeadBytes -= dead * objectBytes(spans.classes[s]!, spans.npages[s]!);
    }
    spans.sweptAt[s] = this.generation;
    this.sweptPages += spans.npages[s]!;
    this.unsweptSpans--;
  }

  /** Puts a swept span that nobody holds where it belongs; @returns pages freed. */
  private settle(s: number): number {
    const { spans } = this;
    const free = spans.free[s]!;
    if (free === spans.slots(s)) {
      const npages = this.giveBack(s);
      spans.remove(s);
      return npages;
    }
    spans.push(ObjectSpans.set(this.generation, free === 0, spans.classes[s]!), s);
    return 0;
  }

  /** Frees the pages of a span; @returns how many. */
  private giveBack(s: number): number {
    const npages = this.spans.npages[s]!;
    this.heap.freeSpan(this.spans.pages[s]!);
    this.inUsePages -= npages;
    return npages;
  }

  /** Sweeps the next span (sweepone); false when there is none. */
  private sweepOne(): boolean {
    const { spans } = this;
    for (; this.sweepStep < SWEEP_STEPS; this.sweepStep++) {
      const set = ObjectSpans.set(this.generation - 1, (this.sweepStep & 1) === 0, this.sweepStep >> 1);
      for (let s = spans.pop(set); s !== NO_SPAN; s = spans.pop(set)) {
        if (this.discard(s)) continue;
        this.sweepSpan(s);
        this.reclaimCredit += this.settle(s);
        return true;
      }
    }
    return false;
  }

  /** Frees the dead spans of the next unit of the heap that has some; @returns pages. */
  private reclaimUnit(): number {
    const { spans, deadSpans } = this;
    if (!this.reclaimSorted) {
      deadSpans.sort(spans, this.generation);
      this.reclaimSorted = true;
    }
    const unit = deadSpans.nextUnit(spans, this.generation);
    let freed = 0;
    while (unit >= 0 && deadSpans.nextUnit(spans, this.generation) === unit) {
      const s = deadSpans.take();
      this.sweepSpan(s);
      freed += this.giveBack(s);
      spans.bury(s);
    }
    return freed;
  }

  /** All spans that Ps hold wait to be flushed; what is left in them will not be handed out. */
  private makeStale(): void {
    for (let k = 0; k < this.held.length; k++) {
      const s = this.held[k]!;
      if (s === NO_SPAN) continue;
      this.untake(k, s);
      this.staleSpans++;
    }
  }

  /** The slots left in a held span are free again; @returns their bytes. */
  private untake(k: number, s: number): number {
    const spanClass = this.spans.classes[s]!;
    const left = this.left[k]!;
    const bytes = left * CLASS_BYTES[spanClass >> 1]!;
    this.spans.free[s] = left;
    this.left[k] = 0;
    this.takenBytes[spanClass & 1]! -= bytes;
    return bytes;
  }

  /** What was killed before marking began is found dead. */
  private takeKilled(): void {
    const { spans } = this;
    if (this.kills > 0) {
      const { killed, dead, classes, npages, rows } = spans;
      for (let s = 0; s < rows; s++) {
        const n = killed[s]!;
        if (n === 0) continue;
        killed[s] = 0;
        dead[s]! += n;
        if (dead[s]! + spans.free[s]! === spans.slots(s)) this.deadSpans.add(s);
        const bytes = n * objectBytes(classes[s]!, npages[s]!);
        this.takenBytes[classes[s]! & 1]! -= bytes;
        this.unsweptDeadBytes += bytes;
      }
    }
    if (this.lateKills > 0) spans.turnKilled();
    this.kills = this.lateKills;
    this.lateKills = 0;
  }

  /** Rows that the reclaimer left in sets of the last generation are free; the sets are about to be used for the next. */
  private drainUnswept(): void {
    const { spans } = this;
    for (let step = this.sweepStep; step < SWEEP_STEPS; step++) {
      const set = ObjectSpans.set(this.generation - 1, (step & 1) === 0, step >> 1);
      for (let s = spans.pop(set); s !== NO_SPAN; s = spans.pop(set)) spans.recycle(s);
    }
  }

  /** A P gives back all spans that it holds, none of which is stale (releaseAll). */
  private releaseProc(p: number): void {
    let unused = 0;
    for (let c = 0; c < SPAN_CLASSES; c++) {
      const k = p * SPAN_CLASSES + c;
      const s = this.held[k]!;
      if (s === NO_SPAN) continue;
      unused += this.untake(k, s);
      this.held[k] = NO_SPAN;
      this.spans.push(ObjectSpans.set(this.generation, this.spans.free[s] === 0, c), s);
    }
    this.tiny.close(p, this.deaths);
    if (unused > 0) this.addLive(-unused);
  }

  private addProcs(procs: number): void {
    const size = procs * SPAN_CLASSES;
    this.held = grownInto(this.held, new Int32Array(size).fill(NO_SPAN));
    this.left = grownInto(this.left, new Uint16Array(size));
  }

  private addLive(bytes: number): void {
    this.heapLiveBytes += bytes;
    this.hooks.heapLiveChanged(bytes);
  }
}
