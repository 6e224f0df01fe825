/**
 * The heap lock: who waits for it, and for how long.
 *
 *     P 0      ▓alloc▓      ░░░░░░░░░░▓▓refill▓▓
 *     P 1            ▓▓▓grow▓▓▓▓
 *     sweeper                   ░░░░░░▓free▓░░▓free▓
 *     scavenger  ▓▓                                 ▓▓        a release without the lock: two short sections
 *     scavenger  ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓        and with it (up to 1.17)
 *
 * Each P, the sweeper and the scavenger do one thing after the other (engine/fifo-resource.ts). A P that waits comes later
 * for what it asks next, but only in this book: the program's own events, and so the heap, are not delayed. That is right
 * as long as waits are short beside the time between what a P does; where the lock is asked for more than it can give, the
 * book falls behind the clock, and `lagNs` says how far.
 *
 * What a section takes is made of a base, the entries that searches looked at, the chunks whose bitmaps and summaries
 * changed, system calls, and madvise where the policy makes it under the lock. What goes on outside of the lock (page caches,
 * clearing, faults) is not here. Handing the lock over takes no time, and whoever comes first gets it first, though
 * Go's locks do not promise that.
 */

import { FifoResource } from "../../engine/fifo-resource.js";
import { Histogram } from "../../engine/statistics.js";
import { type Costs, madviseNs } from "../gc/costs.js";
import { type CriticalSections, LOCK_OPS, LockOp } from "../heap/critical-sections.js";
import type { Heap } from "../heap/heap.js";
import type { Residency } from "../os/residency.js";
import { FIND_ENTRIES } from "../probes.js";

/** Costs of critical sections, ns. */
export interface LockCosts {
  /** Taking the lock, and what every section does. */
  readonly baseNs: number;
  /** Each summary entry that a search looks at. */
  readonly entryNs: number;
  /** Each chunk whose bitmap and summaries change. */
  readonly chunkNs: number;
  /** Filling a page cache. */
  readonly refillNs: number;
  /** Growing the heap: mapping memory. */
  readonly growNs: number;
}

/**
 * Defaults. That of a search and of a chunk are those of Go's page allocator in docs/performance.md, rounded; the others are
 * estimates: an uncontended lock with the bookkeeping of a span, and two system calls.
 */
export const DEFAULT_LOCK_COSTS: LockCosts = {
  baseNs: 100,
  entryNs: 1,
  chunkNs: 50,
  refillNs: 50,
  growNs: 10_000,
};

/** Threads without a P of the program. */
export const SWEEPER = 0;
const SCAVENGER = 1;
const FIRST_P = 2;

/** Waits and holds of one sort of section. */
export interface OpTimes {
  readonly waits: Histogram;
  readonly holds: Histogram;
}

export class HeapLock implements CriticalSections {
  /** By LockOp. */
  readonly ops: readonly OpTimes[] = LOCK_OPS.map(() => ({ waits: new Histogram(), holds: new Histogram() }));
  readonly resource: FifoResource;

  /** Who does what happens now: SWEEPER, or a P. */
  private client = SWEEPER;
  /** Of the section that goes on: sections in sections, its LockOp, what it holds, entries looked at before it. */
  private depth = 0;
  private op = 0;
  private holdNs = 0;
  private entriesBefore = 0;
  /** By client: time outside of the lock since its last section, ns. */
  private readonly leadNs: number[] = [];
  /** Waits of allocations since the last sample. */
  private interval = new Histogram();
  private readonly residency: Residency;
  private readonly physPagesPerPage: number;
  private readonly madviseHeld: boolean;

  constructor(
    private readonly clock: { readonly nowNs: number },
    private readonly heap: Heap,
    private readonly costs: Costs,
    private readonly lockCosts: LockCosts,
  ) {
    const { pageBytes, physPageBytes } = heap.geometry;
    this.physPagesPerPage = pageBytes / physPageBytes;
    this.residency = heap.trackResidency();
    this.madviseHeld = heap.policy.lock.madviseHeld;
    this.resource = new FifoResource((op, waitNs, holdNs) => this.served(op, waitNs, holdNs));
  }

  /** From now on a P does what happens, until `byNobody`. */
  byProc(p: number): void {
    this.client = p < 0 ? SWEEPER : FIRST_P + p;
  }

  /** From now on nobody in particular does: the sweeper. */
  byNobody(): void {
    this.client = SWEEPER;
  }

  /** See CriticalSections. */
  enter(op: number, npages: number): void {
    if (this.depth++ > 0) return;
    const { lockCosts, heap } = this;
    this.op = op;
    this.holdNs = lockCosts.baseNs + this.chunksNs(npages);
    if (op === LockOp.refill) this.holdNs += lockCosts.refillNs;
    this.entriesBefore = heap.pages.counters[FIND_ENTRIES]!;
  }

  /** See CriticalSections. */
  grew(): void {
    this.op = LockOp.grow;
    this.holdNs += this.lockCosts.growNs;
  }

  /** See CriticalSections. */
  advised(ns: number): void {
    this.holdNs += ns;
  }

  /** See CriticalSections. */
  leave(): void {
    if (--this.depth > 0) return;
    const entries = this.heap.pages.counters[FIND_ENTRIES]! - this.entriesBefore;
    this.section(this.client, this.op, this.holdNs + entries * this.lockCosts.entryNs);
    this.holdNs = 0;
  }

  /** See CriticalSections. */
  releasing(npages: number): void {
    const ns = madviseNs(this.costs, this.residency, this.physPagesPerPage);
    if (this.depth > 0) {
      this.holdNs += ns;
      return;
    }
    const client = this.releaser();
    const hold = this.lockCosts.baseNs + this.chunksNs(npages);
    // Advice was given on the way, and is a part of what goes on with the lock held or not.
    const outside = ns + this.holdNs;
    this.section(client, LockOp.scavenge, this.madviseHeld ? hold + outside : hold);
    if (!this.madviseHeld) this.leadNs[client] = outside;
    this.holdNs = 0;
  }

  /** See CriticalSections. */
  released(npages: number): void {
    if (this.depth > 0 || this.madviseHeld) return;
    this.section(this.releaser(), LockOp.scavenge, this.lockCosts.baseNs + this.chunksNs(npages));
  }

  /** Waits of allocations (alloc, refill, grow) since the last call; the book is brought up to the clock first. */
  takeInterval(): Histogram {
    this.resource.advance(this.clock.nowNs);
    const taken = this.interval;
    this.interval = new Histogram();
    return taken;
  }

  /** How far the book is behind the clock, ns. */
  get lagNs(): number {
    return this.resource.lagNs(this.clock.nowNs);
  }

  private releaser(): number {
    return this.client === SWEEPER ? SCAVENGER : this.client;
  }

  private chunksNs(npages: number): number {
    return Math.ceil(npages / this.heap.geometry.chunkPages) * this.lockCosts.chunkNs;
  }

  private section(client: number, op: number, holdNs: number): void {
    const now = this.clock.nowNs;
    this.resource.advance(now);
    this.resource.request(client, now, this.leadNs[client] ?? 0, Math.round(holdNs), op);
    this.leadNs[client] = 0;
  }

  private served(op: number, waitNs: number, holdNs: number): void {
    const { waits, holds } = this.ops[op]!;
    waits.add(waitNs);
    holds.add(holdNs);
    if (op !== LockOp.free && op !== LockOp.scavenge) this.interval.add(waitNs);
  }
}
