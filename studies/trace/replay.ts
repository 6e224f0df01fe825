/**
 * Replays a page-heap trace on the model, row by row, and compares everything the rows tell.
 *
 * The rows of a trace are a program's demands, in the order in which they met the heap, together with what the real heap
 * did. The replay takes the demands (who asks for how many pages, what is freed, when a generation starts) and computes
 * the rest: addresses, bitmaps, growth, which pages are scavenged, statistics. Each computed value is compared with the
 * recorded one. What several threads read without a lock is compared only where it is exact: periodic `stat` rows never,
 * retained memory read by the scavengers only while there was one P.
 *
 * A failed allocation makes the model grow at once; the `arena` and `grow` rows that follow are compared with what it
 * did. Releases are the one thing that takes time between two rows (`scav`, `scavdone`): the pages are out of the heap
 * in between.
 *
 * Here is what all releases have in common; what their scavengers and collectors tell is in the subclasses.
 */

import { OP_NAMES, Op, type TraceRow } from "../../scenarios/trace/heap-trace.js";
import type { Geometry } from "../../sim/address/geometry.js";
import { Heap, SpanError } from "../../sim/heap/heap.js";
import { kindName } from "../../sim/heap/kinds.js";
import { SpanTable } from "../../sim/heap/span-table.js";
import { BadOperationError } from "../../sim/pages/errors.js";
import type { Policy } from "../../sim/policies/policy.js";
import type { Check } from "../check.js";
import { RowCheck } from "./row-check.js";

/** What the garbage collector told in the trace, for the series; NaN before it did. */
export interface CollectorState {
  heapLiveBytes: number;
  heapGoalBytes: number;
  cycles: number;
}

export abstract class TraceReplay {
  readonly heap: Heap;
  readonly collector: CollectorState = { heapLiveBytes: Number.NaN, heapGoalBytes: Number.NaN, cycles: 0 };
  /** Virtual time: the running maximum of t. */
  now = 0;

  protected readonly rows: RowCheck;
  protected readonly unit: number;
  /** Whether there ever were several Ps: then what is read without a lock may be off. */
  protected severalProcs = false;
  /** Spans whose pages are taken, but that were not handed out yet: pages, and how many of them are scavenged. */
  private readonly pending = new SpanTable();
  /** Growth that the model did and whose rows are still to come: [op, page, bytes] triples. */
  private readonly expected: number[] = [];
  /** Bytes that a thread has just grown the heap by, by P + 1; scavenging comes after the allocation. */
  private readonly grownBytes: number[] = [];

  /**
   * @param path for messages
   * @param geometry with the physical page sizes of the trace's init row
   * @param policy what the recorded program ran under
   * @param check receives the comparisons
   */
  constructor(path: string, geometry: Geometry, policy: Policy, check: Check) {
    this.unit = geometry.pageBytes;
    this.heap = new Heap(geometry, { policy });
    this.rows = new RowCheck(path, geometry, check, () => this.#state());
  }

  /** Applies a row that this class knows nothing of: of the scavenger, or of the collector. */
  protected abstract otherRow(row: TraceRow): void;

  /** Page and pages of the last event, for fingerprints; -1 and 0 when it had none. */
  get eventPage(): number {
    return this.rows.eventPage;
  }

  get eventPages(): number {
    return this.rows.eventPages;
  }

  /**
   * Replays one row.
   * @throws InputError when the row cannot be replayed at all (it frees what is free, and the like)
   * @throws OutOfMemoryError (of the heap) when it must grow and cannot
   */
  step(row: TraceRow): void {
    if (row.t > this.now) this.now = row.t;
    this.rows.event(-1, 0);
    try {
      this.#apply(row);
    } catch (error) {
      if (error instanceof BadOperationError || error instanceof SpanError)
        this.rows.reject(row, error.message);
      throw error;
    }
  }

  #apply(row: TraceRow): void {
    switch (row.op) {
      case Op.alloc:
        return this.#alloc(row);
      case Op.refill:
        return this.#refill(row);
      case Op.calloc:
        return this.#cacheAlloc(row);
      case Op.span:
        return this.#span(row);
      case Op.spanfree:
        return this.#spanFree(row);
      case Op.free:
        return this.#free(row);
      case Op.arena:
      case Op.grow:
        return this.#growth(row);
      case Op.flush:
        return this.#flush(row);
      case Op.procs:
        return this.#procs(row);
      case Op.scavdone:
        return this.#endRelease(row);
      case Op.sweepdone:
        this.collector.heapLiveBytes = row.b;
        return;
      case Op.init:
        if (row.line !== 2) this.rows.reject(row, "init is the first row of a trace only");
        return;
      default:
        return this.otherRow(row);
    }
  }

  #alloc(row: TraceRow): void {
    const { heap, rows } = this;
    const recorded = rows.pageOrNone(row, row.a);
    const npages = rows.npages(row, row.b);
    if (this.expected.length > 0)
      rows.reject(row, "the heap grew before this, but not all of its arena and grow rows are here");
    const page = heap.pages.alloc(npages);
    const same = rows.samePage(row, "address", recorded, page);
    if (page >= 0 && same) rows.same(row, "scavenged bytes", row.c, heap.pages.scavengedPages * this.unit);
    if (!same && rows.resync) return this.#resyncAlloc(row, page, recorded, npages);
    if (page < 0) return this.#grow(row, npages);
    heap.scavenger.allocated(page, npages);
    this.#pend(row, page, npages, heap.pages.scavengedPages);
  }

  /** Goes on from the recorded state after an allocation that went elsewhere. */
  #resyncAlloc(row: TraceRow, page: number, recorded: number, npages: number): void {
    const { pages, scavenger, geometry } = this.heap;
    if (page >= 0) pages.free(page, npages, true);
    if (recorded < 0) return this.#grow(row, npages);
    for (let p = recorded; p < recorded + npages; p++) {
      // The first unmapped page ends this, so a damaged number of pages does not make it last for hours.
      if (pages.isAllocated(p) || !pages.inUse.contains(p * this.unit))
        this.rows.reject(row, `the recorded pages at ${geometry.formatPage(recorded)} are not free`);
    }
    const scavenged = pages.allocRange(recorded, npages);
    scavenger.allocated(recorded, npages);
    this.#pend(row, recorded, npages, scavenged);
  }

  #grow(row: TraceRow, npages: number): void {
    const { heap } = this;
    const grown = heap.grow(npages);
    if (grown === 0) throw heap.outOfMemory(npages);
    this.grownBytes[row.p + 1] = this.growthOf(row) + grown;
    if (heap.lastGrowthReserved) {
      this.expected.push(Op.arena, heap.arenas.reservedOff / this.unit, heap.arenas.reservedBytes);
    }
    for (let i = 0; i < heap.lastGrowth.length; i += 2) {
      this.expected.push(Op.grow, heap.lastGrowth[i]!, heap.lastGrowth[i + 1]! * this.unit);
    }
  }

  #growth(row: TraceRow): void {
    const { expected, rows } = this;
    if (expected.length === 0) rows.reject(row, "the heap grows, but no allocation failed before");
    const [op, page, bytes] = expected.splice(0, 3) as [number, number, number];
    if (op !== row.op)
      rows.reject(row, `expected ${OP_NAMES[op]} ${rows.geometry.formatPage(page)} of ${bytes} bytes here`);
    rows.event(page, bytes / this.unit);
    rows.samePage(row, "address", rows.pageOrNone(row, row.a), page);
    rows.same(row, "bytes", row.b, bytes);
  }

  #refill(row: TraceRow): void {
    const { rows } = this;
    this.#requireP(row);
    const cache = this.heap.refillCache(row.p);
    const page = cache.empty ? -1 : cache.page;
    rows.event(page, cache.freePages);
    const recorded = rows.pageOrNone(row, row.a);
    rows.samePage(row, "base", recorded, page);
    rows.sameBits(row, "free pages", row.bHi, row.bLo, cache.cacheHi, cache.cacheLo);
    rows.sameBits(row, "scavenged pages", row.cHi, row.cLo, cache.scavHi, cache.scavLo);
    if (rows.resync) cache.set(recorded, row.bHi, row.bLo, row.cHi, row.cLo);
  }

  #cacheAlloc(row: TraceRow): void {
    const { rows } = this;
    this.#requireP(row);
    const npages = rows.npages(row, row.b);
    const page = this.heap.allocFromCache(row.p, npages);
    rows.samePage(row, "address", rows.pageOrNone(row, row.a), page);
    const scavenged = page < 0 ? 0 : this.heap.cacheOf(row.p).scavengedPages;
    rows.same(row, "scavenged bytes", row.c, scavenged * this.unit);
    if (page >= 0) this.#pend(row, page, npages, scavenged);
  }

  /** Notes pages that are taken until their span row comes. */
  #pend(row: TraceRow, page: number, npages: number, scavengedPages: number): void {
    this.rows.event(page, npages);
    if (!this.pending.add(page, npages, scavengedPages))
      this.rows.reject(row, "these pages are being allocated already");
    this.pagesTaken(row, scavengedPages * this.unit);
  }

  /** A thread has the pages of a span, so many bytes of them scavenged. */
  protected pagesTaken(_row: TraceRow, _scavengedBytes: number): void {}

  #span(row: TraceRow): void {
    const { rows } = this;
    const page = rows.page(row, row.a);
    const npages = rows.npages(row, row.b);
    const pendingPages = this.pending.npagesAt(page);
    if (pendingPages === 0)
      rows.reject(row, "a span is handed out here whose pages were not allocated before");
    rows.same(row, "npages", npages, pendingPages);
    const scavenged = this.pending.kindAt(page);
    rows.same(row, "scavenged bytes", row.d, scavenged * this.unit);
    this.pending.remove(page);
    rows.event(page, pendingPages);
    this.heap.accountSpan(page, pendingPages, row.c, scavenged);
  }

  #spanFree(row: TraceRow): void {
    const { rows } = this;
    const page = rows.page(row, row.a);
    const { spans } = this.heap;
    if (spans.npagesAt(page) === 0) rows.reject(row, "no live span begins at this address");
    rows.same(row, "npages", row.b, spans.npagesAt(page));
    if (spans.kindAt(page) !== row.c) {
      rows.differ(row, "kind", kindName(row.c), kindName(spans.kindAt(page)));
    }
    rows.event(page, spans.npagesAt(page));
    this.heap.unaccountSpan(page);
  }

  #free(row: TraceRow): void {
    const page = this.rows.page(row, row.a);
    const npages = this.rows.npages(row, row.b);
    this.rows.event(page, npages);
    this.heap.freePages(page, npages);
  }

  #flush(row: TraceRow): void {
    const { rows } = this;
    this.#requireP(row);
    const cache = this.heap.cacheOf(row.p);
    if (cache.empty) rows.reject(row, `the page cache of P ${row.p} is empty here`);
    rows.event(cache.page, cache.freePages);
    rows.samePage(row, "base", rows.page(row, row.a), cache.page);
    rows.sameBits(row, "free pages", row.bHi, row.bLo, cache.cacheHi, cache.cacheLo);
    rows.sameBits(row, "scavenged pages", row.cHi, row.cLo, cache.scavHi, cache.scavLo);
    this.heap.flushCache(row.p);
  }

  /** Page caches of Ps that go are flushed by rows of their own, so only the number is kept here. */
  #procs(row: TraceRow): void {
    this.rows.same(row, "GOMAXPROCS before", row.a, this.heap.procs);
    this.heap.procs = row.b;
    if (row.b > 1) this.severalProcs = true;
  }

  #endRelease(row: TraceRow): void {
    const page = this.rows.page(row, row.a);
    const npages = this.rows.npages(row, row.b);
    this.rows.event(page, npages);
    this.heap.endRelease(page, npages);
  }

  /** Retained memory as a scavenger read it, without a lock: exact only while one P runs. */
  protected sameRetained(row: TraceRow, recorded: number): void {
    if (!this.severalProcs)
      this.rows.same(row, "heap_retained", recorded, this.heap.statistics.heapRetainedBytes);
  }

  /** Bytes that the thread of a row has just grown the heap by. */
  protected growthOf(row: TraceRow): number {
    return this.grownBytes[row.p + 1] ?? 0;
  }

  /** The same, once: growth is scavenged for once. */
  protected takeGrowth(row: TraceRow): number {
    const growth = this.growthOf(row);
    this.grownBytes[row.p + 1] = 0;
    return growth;
  }

  #requireP(row: TraceRow): void {
    if (row.p < 0) this.rows.reject(row, "page caches belong to Ps, but this row has none");
  }

  #state(): string {
    const { pages, statistics, scavenger } = this.heap;
    return (
      `searchAddr ${pages.formatSearchAddr()}, heap_sys ${statistics.heapSysBytes}, ` +
      `heap_inuse ${statistics.heapInUseBytes}, heap_released ${statistics.heapReleasedBytes}, generation ${scavenger.gen}`
    );
  }
}
