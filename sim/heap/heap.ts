/**
 * The heap: spans of pages for everything above it (mheap in mheap.go).
 *
 *     allocSpan(P, npages)
 *        │ npages < 16 and on a P
 *        ├──────────────► page cache of the P ──(empty)──► refill: a 64-page block from the page allocator
 *        │                        │ no room: the cache stays as it is
 *        └──────────────► page allocator: first fit ──(no fit)──► grow: whole chunks, in arenas; then first fit again
 *                                                                    │
 *                         heap-growth scavenging, after the lock was dropped: release what exceeds the goal
 *
 * The steps are methods of their own, so that a recorded program can be replayed step by step in the order in which the
 * real threads took the lock; allocSpan and freeSpan put them together for a program that runs in the simulator.
 *
 * A policy chooses the parts: how pages are placed (the fit), what is scavenged and in which order, what growth and
 * allocations release.
 *
 * Growth is not reduced by free pages at the end of the heap: a request that does not fit gets whole new chunks for all
 * of its pages, though the span will begin in the free tail before them.
 */

import type { Geometry } from "../address/geometry.js";
import { runtimeReadyBytes } from "../gc/memory-limit.js";
import { AddressSpace } from "../os/address-space.js";
import type { HugeAdvice } from "../os/huge-advice.js";
import type { Regret } from "../os/regret.js";
import { Residency } from "../os/residency.js";
import { PageAllocator } from "../pages/page-allocator.js";
import { PageCache } from "../pages/page-cache.js";
import { incompatibility } from "../policies/compatible.js";
import { GO_1_18 } from "../policies/go.js";
import type { Policy } from "../policies/policy.js";
import { SCAVENGE_DISABLED, scavengeGoal } from "../scavenge/goal.js";
import type { Witness } from "../scavenge/oracle.js";
import { ReleaseRequest, type Scavenger, scavengeNow } from "../scavenge/scavenger.js";
import { Arenas } from "./arenas.js";
import { type CriticalSections, LockOp } from "./critical-sections.js";
import type { Fit } from "./fit.js";
import { FreshMemory } from "./fresh-memory.js";
import { Growth, type HeapStart } from "./growth.js";
import { PolicyError } from "./own-parts.js";
import { createFit, createScavenger } from "./parts.js";
import type { SpanCensus } from "./span-census.js";
import { SpanTable } from "./span-table.js";
import { HeapStatistics } from "./statistics.js";

/** The address space is used up. The message is what the runtime prints. */
export class OutOfMemoryError extends Error {
  override readonly name = "OutOfMemoryError";
  constructor(askBytes: number, heapSysBytes: number) {
    super(
      `runtime: out of memory: cannot allocate ${askBytes}-byte block (${heapSysBytes} in use)\n` +
        `fatal error: out of memory`,
    );
  }
}

/** Something was asked of the heap that a program cannot do: freeing what is no span, and the like. */
export class SpanError extends Error {
  override readonly name = "SpanError";
}

/** Who pays for what allocations release. */
export interface AssistMeter {
  /** Whether allocations are to release nothing for the memory limit. */
  readonly isLimiting: boolean;
  /** A range has gone to the system. */
  rangeReleased(): void;
  /** The allocation has released all that it was to. */
  allocationDone(): void;
}

/** Options of a heap. */
export interface HeapOptions {
  /** Where addresses come from; by default an address space with nobody else in it. */
  readonly space?: AddressSpace;
  /** What it does. Default: what Go 1.18 does. */
  readonly policy?: Policy;
  /** For fits that choose as if by chance: a whole number below 2^32. Default: 0. */
  readonly seed?: number;
  /** Where the heap begins, under policies that begin it at a random place. Default: where the first arena does. */
  readonly start?: HeapStart;
  /** The virtual time, for fits and scavengers that ask how long memory has been free. Default: always 0. */
  readonly clock?: { readonly nowNs: number };
}

/** Time of a heap that is in none. */
const NO_CLOCK = { nowNs: 0 };

export class Heap {
  readonly geometry: Geometry;
  readonly pages: PageAllocator;
  readonly policy: Policy;
  readonly fit: Fit;
  readonly scavenger: Scavenger;
  readonly arenas: Arenas;
  readonly growth: Growth;
  readonly spans = new SpanTable();
  readonly fresh: FreshMemory;
  readonly statistics = new HeapStatistics();
  /** Counts spans by size and age, when somebody wants to know. */
  census: SpanCensus | null = null;
  /** What the system is told about huge pages; null while those are not modelled. */
  hugeAdvice: HugeAdvice | null = null;
  /** Remembers what was released, and whether it is used again; null when nobody asks. */
  regret: Regret | null = null;
  /** Sees spans come and go; null when nobody looks. */
  witness: Witness | null = null;
  /** Told when the heap lock is taken; null when nobody asks. */
  lock: CriticalSections | null = null;
  /** Page caches by P. */
  readonly caches: PageCache[] = [];
  /** Number of Ps (GOMAXPROCS). */
  procs = 0;
  /** Retained bytes that the scavenger aims at; infinite when there is nothing to do. Before the first pace 0, or that (offAtStart). */
  scavengeGoalBytes: number;
  /** Bytes that growth has released beyond what it had to, which it owes less the next time (1.12). */
  scavengeCreditBytes = 0;
  /** What the program says of the lifetime of what it asks for now, for policies that listen. */
  isLongLived = false;
  /** What may be mapped and not released, bytes (GOMEMLIMIT); Infinity for no limit. */
  memoryLimitBytes = Number.POSITIVE_INFINITY;
  /** Mapped bytes that the scavenger aims at under a limit. 0 before the first pace, infinite when there is nothing to do. */
  limitGoalBytes = 0;
  /** Told of what allocations release. */
  meter: AssistMeter | null = null;
  /** Requests of fewer pages look at the page cache first: pageCachePages/4, and 0 without caches. */
  readonly cachedBelowPages: number;

  readonly #request = new ReleaseRequest();
  /** Whether an allocation is releasing memory. */
  #isAssisting = false;

  /**
   * @param geometry the address space and the sizes of pages
   * @param options see HeapOptions
   * @throws PolicyError for a policy whose choices do not go together
   */
  constructor(geometry: Geometry, options: HeapOptions = {}) {
    this.geometry = geometry;
    this.arenas = new Arenas(geometry, options.space ?? new AddressSpace(geometry));
    this.policy = options.policy ?? GO_1_18;
    const fault = incompatibility(this.policy);
    if (fault !== undefined) throw new PolicyError(`${this.policy.name}: ${fault}`);
    const { pages, requestLimitPages, refillSearchAddr } = this.policy.pageCache;
    this.pages = new PageAllocator(geometry, {
      arenaMapped: (page) => this.arenas.has(page),
      searchBehindBlock: refillSearchAddr === "behind-block",
    });
    this.cachedBelowPages = pages === 0 ? 0 : requestLimitPages;
    const start = this.policy.layout.base === "random" ? options.start : undefined;
    this.growth = new Growth(this.policy.growth, this.pages, this.arenas, start);
    this.fresh = new FreshMemory(this.policy.growth.newMemory === "released");
    const { basis, offAtStart } = this.policy.goal;
    this.scavengeGoalBytes = basis === "none" || offAtStart ? SCAVENGE_DISABLED : 0;
    const clock = options.clock ?? NO_CLOCK;
    this.fit = createFit(this.policy, this.pages, {
      seed: options.seed ?? 0,
      clock,
      releasesAtOnce: this.policy.lock.madviseHeld,
      isPhysical: this.policy.scavenger.index === "spans" && pages === 0,
      onTouched: (page, npages, reclaimedPages) => {
        this.statistics.reclaim(reclaimedPages * geometry.pageBytes);
        this.fresh.touch(page, npages);
        this.regret?.forget(page, npages);
      },
    });
    this.scavenger = createScavenger(this.policy, this.pages, this.fit, clock);
    if (!this.policy.limit.supported) this.limitGoalBytes = SCAVENGE_DISABLED;
  }

  /** What of it the system has really given; null while nobody asks. */
  get residency(): Residency | null {
    return this.scavenger.residency;
  }

  /** From now on it is known which pages the system has given; to be called before the first is in use. */
  trackResidency(): Residency {
    if (this.residency !== null) return this.residency;
    const { physHugePageBytes, physPageBytes, pageBytes } = this.geometry;
    const residency = new Residency(physHugePageBytes > pageBytes ? physHugePageBytes / pageBytes : 0, {
      physPages: Math.max(1, physPageBytes / pageBytes),
      lazy: this.policy.system.madvise === "FREE",
    });
    this.scavenger.residency = residency;
    return residency;
  }

  /** What the last grow took: [page, npages] pairs in the order of growth. */
  get lastGrowth(): readonly number[] {
    return this.growth.pieces;
  }

  /** Whether the last grow reserved arena space. */
  get lastGrowthReserved(): boolean {
    return this.growth.reservedBytes > 0;
  }

  /** The page cache of a P, 0-based. */
  cacheOf(p: number): PageCache {
    while (this.caches.length <= p) this.caches.push(new PageCache());
    return this.caches[p]!;
  }

  /** Bytes that page caches hold. */
  get pageCacheBytes(): number {
    let pages = 0;
    for (const cache of this.caches) pages += cache.freePages;
    return pages * this.geometry.pageBytes;
  }

  /** Bytes that are free, in no page cache, and not released. */
  get unusedRetainedBytes(): number {
    const s = this.statistics;
    let cached = 0;
    for (const cache of this.caches) cached += cache.freePages - cache.scavengedFreePages;
    return s.heapIdleBytes - s.heapReleasedBytes - cached * this.geometry.pageBytes;
  }

  /** Fills the page cache of a P. */
  refillCache(p: number): PageCache {
    const cache = this.cacheOf(p);
    const { lock } = this;
    if (lock !== null) lock.enter(LockOp.refill, 1);
    this.fit.refill(cache);
    this.scavenger.refilled(cache);
    if (this.hugeAdvice !== null && !cache.empty) {
      this.hugeAdvice.refilled(cache.page, cache.freePages);
      this.#advised(this.hugeAdvice);
    }
    if (lock !== null) lock.leave();
    this.statistics.cacheRefills++;
    return cache;
  }

  /** Takes pages from the page cache of a P; -1 when it has no such run. Its scavengedPages tells how many were. */
  allocFromCache(p: number, npages: number): number {
    const page = this.cacheOf(p).alloc(npages);
    if (page < 0) this.statistics.cacheMisses++;
    else this.statistics.cacheAllocs++;
    return page;
  }

  /** Gives the page cache of a P back to the heap. */
  flushCache(p: number): void {
    const cache = this.cacheOf(p);
    this.scavenger.flushing(cache);
    this.fit.flushCache(cache);
  }

  /** Changes the number of Ps. Those that go give their page caches back (procresize). */
  resizeProcs(procs: number): void {
    for (let p = procs; p < this.procs; p++) this.flushCache(p);
    this.procs = procs;
  }

  /**
   * Grows the heap for a request of npages (mheap.grow), and releases what growth does under the lock. What was grown stands
   * in lastGrowth, lowest call first.
   * @returns bytes grown, or 0 when there is no address space left
   */
  grow(npages: number): number {
    const { growth, geometry, statistics } = this;
    if (this.lock !== null) this.lock.grew();
    if (!growth.plan(npages)) return 0;
    const { scavenge, unit, accounts, newMemory } = this.policy.growth;
    if (accounts === "arena") statistics.grow(growth.reservedBytes, newMemory === "released");
    if (scavenge === "largest") this.scavengeLargest(growth.reservedBytes);
    let grown = 0;
    for (let i = 0; i < growth.pieces.length; i += 2) {
      const bytes = growth.pieces[i + 1]! * geometry.pageBytes;
      // 1.13 looks at each piece before it joins the heap.
      if (scavenge === "under-lock" && unit !== "chunk") this.scavengeForGrowth(bytes);
      this.#map(growth.pieces[i]!, growth.pieces[i + 1]!);
      grown += bytes;
    }
    statistics.heapGrowths++;
    if (scavenge === "under-lock" && unit === "chunk") this.scavengeForGrowth(grown);
    return grown;
  }

  #map(page: number, npages: number): void {
    const { accounts, newMemory } = this.policy.growth;
    const released = newMemory === "released";
    if (accounts === "growth") this.statistics.grow(npages * this.geometry.pageBytes, released);
    const padding = this.growth.enter(page, npages);
    this.fresh.add(page + padding, npages - padding);
    this.fit.grew(page + padding, npages - padding, released);
    this.#tellScavenger(page, npages, padding);
    if (this.hugeAdvice !== null) {
      this.hugeAdvice.grew(page, npages);
      this.#advised(this.hugeAdvice);
    }
  }

  /** New memory is free from the start, but for padding and what is withheld of its last chunk. */
  #tellScavenger(page: number, npages: number, padding: number): void {
    const { scavenger } = this;
    const { joinedPages, heldBackPages } = this.growth;
    if (joinedPages > 0) scavenger.freed(page, joinedPages);
    if (npages > joinedPages) scavenger.grew(page + joinedPages, npages - joinedPages);
    if (heldBackPages > 0) scavenger.allocated(page + npages, heldBackPages);
    if (padding > 0) scavenger.allocated(page, padding);
  }

  /** What advice took since the last time is time of whoever holds the lock. */
  #advised(advice: HugeAdvice): void {
    const ns = advice.takeNs();
    if (this.lock !== null && ns > 0) this.lock.advised(ns);
  }

  /** The sentence of a growth that failed. */
  outOfMemory(npages: number): OutOfMemoryError {
    return new OutOfMemoryError(this.growth.askBytes(npages), this.statistics.heapSysBytes);
  }

  /** Releases what exceeds the goal after the heap grew by so many bytes. */
  private scavengeForGrowth(growthBytes: number): void {
    const todo = this.growthScavengeBytes(growthBytes, this.statistics.heapRetainedBytes);
    if (todo > 0) this.scavenge(todo);
  }

  /** Releases the largest spans up to so many bytes, less what was released too much before (scavengeLargest, 1.12). */
  private scavengeLargest(bytes: number): void {
    const credit = Math.min(bytes, this.scavengeCreditBytes);
    this.scavengeCreditBytes -= credit;
    const todo = bytes - credit;
    if (todo > 0) this.scavengeCreditBytes += Math.max(0, this.scavenge(todo) - todo);
  }

  /**
   * How many bytes to scavenge after the heap grew by growthBytes: what then exceeds the goal, but no more than grew.
   * Retained memory does not count the growth yet, since growth adds to heap_sys and heap_released alike.
   */
  growthScavengeBytes(growthBytes: number, retainedBytes: number): number {
    const overage = retainedBytes + growthBytes - this.scavengeGoalBytes;
    return overage <= 0 ? 0 : Math.min(growthBytes, overage);
  }

  /**
   * Releases memory now.
   * @param force also from where it should rather stay, for policies that make a difference
   * @returns bytes released
   */
  scavenge(bytes: number, force = false): number {
    this.statistics.scavengeCalls++;
    const released = scavengeNow(this.#request, this, bytes, force);
    this.statistics.release(released);
    return released;
  }

  /** Begins a release: the pages are out of the heap while the system takes them back. */
  beginRelease(page: number, npages: number): void {
    const { hugeAdvice, lock } = this;
    if (hugeAdvice !== null) {
      hugeAdvice.releasing(page, npages);
      this.#advised(hugeAdvice);
    }
    this.fresh.release(page, npages);
    this.scavenger.beginRelease(page, npages);
    this.fit.releaseBegan(page, npages);
    if (lock !== null) lock.releasing(npages);
    if (this.regret !== null) this.regret.released(page, npages);
    if (this.#isAssisting) this.meter?.rangeReleased();
  }

  /**
   * Ends a release that the background scavenger began: the system has the pages now, and the allocator again.
   * @returns bytes released
   */
  endRelease(page: number, npages: number): number {
    const bytes = npages * this.geometry.pageBytes;
    this.putBack(page, npages);
    this.statistics.release(bytes);
    return bytes;
  }

  /** Puts released pages back into the heap, without a word to the statistics. */
  putBack(page: number, npages: number): void {
    this.scavenger.endRelease(page, npages);
    this.fit.releaseEnded(page, npages);
    if (this.lock !== null) this.lock.released(npages);
  }

  /** A mark has ended, and the goals are set. */
  markDone(): void {
    this.scavenger.markDone();
  }

  /** Sets the scavenge goal at a mark termination; see scavengeGoal for the parameters. */
  paceScavenger(heapGoal: number, lastHeapGoal: number, lastHeapInUse: number): void {
    const { basis, retainExtraPercent, standsWhenMet } = this.policy.goal;
    // Without a goal of its own this stays as it was at the start: infinite, or, where goals stand, 0.
    if (basis !== "none" && !(standsWhenMet && lastHeapGoal === 0)) {
      const byGoal = basis === "next-gc";
      this.scavengeGoalBytes = scavengeGoal(
        byGoal ? 1 : heapGoal,
        byGoal ? Math.sign(lastHeapGoal) : lastHeapGoal,
        byGoal ? heapGoal : lastHeapInUse,
        standsWhenMet ? Number.POSITIVE_INFINITY : this.statistics.heapRetainedBytes,
        this.geometry.physPageBytes,
        retainExtraPercent,
      );
    }
    if (this.policy.limit.supported) this.paceLimit(this.mappedReadyBytes);
    this.scavenger.paced();
  }

  /**
   * Sets the goal under the memory limit: so many times the limit, if more than that is mapped and not released.
   * @param mappedReadyBytes what is, of the heap and of the runtime's own
   */
  paceLimit(mappedReadyBytes: number): void {
    const goal = Math.trunc(this.memoryLimitBytes * this.policy.limit.goalFactor);
    this.limitGoalBytes = mappedReadyBytes > goal ? goal : SCAVENGE_DISABLED;
  }

  /** Whether nothing is retained beyond what should be: the background scavenger has nothing to do. */
  get isAtGoals(): boolean {
    if (this.statistics.heapRetainedBytes > this.scavengeGoalBytes) return false;
    return this.limitGoalBytes === SCAVENGE_DISABLED || this.mappedReadyBytes <= this.limitGoalBytes;
  }

  /** Memory that is mapped and not released, what the runtime itself needs included: what a memory limit is about. */
  get mappedReadyBytes(): number {
    const { mappedBytes, heapReleasedBytes } = this.statistics;
    return mappedBytes - heapReleasedBytes + runtimeReadyBytes(mappedBytes);
  }

  /** Whether the scavenger has a goal to work towards. */
  get scavengeEnabled(): boolean {
    return this.scavengeGoalBytes !== SCAVENGE_DISABLED;
  }

  /** Enters a span whose pages were taken before, with so many of them scavenged. Throws SpanError on a live one. */
  accountSpan(page: number, npages: number, kind: number, scavengedPages: number): void {
    const { census } = this;
    if (!this.spans.add(page, npages, kind, census === null ? 0 : census.nowNs)) {
      throw new SpanError(`a span at ${this.geometry.formatPage(page)} is live already`);
    }
    if (census !== null) census.born(npages, kind);
    if (this.regret !== null && this.fresh.wentBack) {
      this.fresh.eachReleased(page, npages, (from, count) => this.regret!.forget(from, count));
    }
    const fresh = this.fresh.use(page, npages);
    // The system is told before the pages are touched.
    if (this.hugeAdvice !== null && scavengedPages > 0) {
      this.hugeAdvice.used(page, npages);
      // That goes on without the lock.
      this.hugeAdvice.takeNs();
    }
    const { residency } = this;
    if (residency !== null) residency.use(page, npages, kind);
    const { pageBytes } = this.geometry;
    const refaulted = scavengedPages - fresh;
    if (refaulted > 0 && this.regret !== null) this.regret.used(page, npages);
    this.statistics.allocSpan(npages * pageBytes, kind, scavengedPages * pageBytes, refaulted * pageBytes);
    if (this.witness !== null) this.witness.used(page, npages);
  }

  /**
   * Removes a span from the books; its pages are freed separately. Throws SpanError when there is none.
   * @returns its pages; its kind stands in spans.removedKind
   */
  unaccountSpan(page: number): number {
    const { spans } = this;
    if (!spans.remove(page)) throw new SpanError(`no span begins at ${this.geometry.formatPage(page)}`);
    const npages = spans.removedPages;
    this.statistics.freeSpan(npages * this.geometry.pageBytes, spans.removedKind);
    if (this.census !== null) this.census.died(npages, spans.removedKind, spans.removedBirthNs);
    return npages;
  }

  /**
   * Allocates a span.
   * @param p the P that asks, or -1 for a thread without one
   * @param npages pages, at least 1
   * @param kind see kinds.ts
   * @param longLived what the program says of its lifetime, for policies that listen. Default: isLongLived
   * @returns the first page
   * @throws OutOfMemoryError when the heap must grow and cannot
   */
  allocSpan(p: number, npages: number, kind: number, longLived = this.isLongLived): number {
    const { fit, lock, policy } = this;
    let page = -1;
    let scavenged = 0;
    let grown = 0;
    if (p >= 0 && npages < this.cachedBelowPages) {
      const cache = this.cacheOf(p);
      if (cache.empty) this.refillCache(p);
      page = this.allocFromCache(p, npages);
      scavenged = cache.scavengedPages;
    }
    if (page < 0) {
      if (lock !== null) lock.enter(LockOp.alloc, npages);
      page = fit.alloc(npages, longLived);
      if (page < 0) {
        grown = this.grow(npages);
        if (grown === 0) throw this.outOfMemory(npages);
        page = fit.alloc(npages, longLived);
        if (page < 0) throw new SpanError("grew heap, but no adequate free space found");
      }
      scavenged = fit.scavengedPages;
      this.scavenger.allocated(page, npages);
      if (this.hugeAdvice !== null) {
        this.hugeAdvice.allocated(page, npages);
        this.#advised(this.hugeAdvice);
      }
      if (lock !== null) lock.leave();
    }
    if (grown > 0 || this.memoryLimitBytes !== Number.POSITIVE_INFINITY) this.#assist(p, grown, scavenged);
    this.accountSpan(page, npages, kind, scavenged);
    if (scavenged > 0 && policy.alloc.scavenge === "scavenged-span") {
      this.scavengeLargest(npages * this.geometry.pageBytes);
    }
    return page;
  }

  /**
   * Releases memory after an allocation, before its span is in the books: what the growth exceeds the goal by, and, from 1.19 on,
   * what is above the memory limit then. For the limit dense chunks are taken as well, and threads without a P do neither.
   */
  #assist(p: number, grownBytes: number, scavengedPages: number): void {
    const hasLimit = this.policy.alloc.scavenge === "limit";
    if (hasLimit && p < 0) return;
    const above = hasLimit ? this.#bytesAboveLimit(scavengedPages * this.geometry.pageBytes) : 0;
    const isForGrowth = grownBytes > 0 && this.policy.growth.scavenge === "after-unlock";
    const forGrowth = isForGrowth
      ? this.growthScavengeBytes(grownBytes, this.statistics.heapRetainedBytes)
      : 0;
    const bytes = Math.max(above, forGrowth);
    if (bytes === 0) return;
    this.#isAssisting = true;
    this.statistics.assistedBytes += this.scavenge(bytes, above > 0);
    this.#isAssisting = false;
    this.meter?.allocationDone();
  }

  /** What will be above the memory limit when so many released bytes are in use again. */
  #bytesAboveLimit(scavengedBytes: number): number {
    if (this.meter?.isLimiting === true) return 0;
    return Math.max(0, scavengedBytes + this.mappedReadyBytes - this.memoryLimitBytes);
  }

  /** Gives pages of a span that is off the books back. */
  freePages(page: number, npages: number): void {
    const { lock } = this;
    if (lock !== null) lock.enter(LockOp.free, npages);
    this.fit.free(page, npages);
    this.scavenger.freed(page, npages);
    if (lock !== null) lock.leave();
    if (this.witness !== null) this.witness.freed(page, npages);
  }

  /** Frees the span that begins at a page. Throws SpanError when none does. */
  freeSpan(page: number): void {
    this.freePages(page, this.unaccountSpan(page));
  }
}
