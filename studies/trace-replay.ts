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
 * in between. Several threads may be scavenging, so each has its own reservation.
 */

import { InputError } from "../scenarios/input-error.js";
import { OP_NAMES, Op, type TraceRow } from "../scenarios/trace/heap-trace.js";
import type { Geometry } from "../sim/address/geometry.js";
import { Heap, SpanError } from "../sim/heap/heap.js";
import { kindName } from "../sim/heap/kinds.js";
import { SpanTable } from "../sim/heap/span-table.js";
import { BadOperationError } from "../sim/pages/errors.js";
import { withGenerations } from "../sim/scavenge/generations.js";
import { ReleaseRequest } from "../sim/scavenge/scavenger.js";
import type { Check } from "./check.js";
import { hex64 } from "./words.js";

/** Bytes that the background scavenger asks for at a time (scavengeQuantum). */
const SCAVENGE_QUANTUM = 65536;

/** Who asks for scavenging, in `scavreq` rows. */
const BACKGROUND = 0;
const GROWTH = 1;

/** A thread that is scavenging. */
class Scavenging {
  readonly work = new ReleaseRequest();
  wanted = 0;
  released = 0;
}

/** What the garbage collector told in the trace, for the series; NaN before it did. */
export interface CollectorState {
  heapLiveBytes: number;
  heapGoalBytes: number;
  cycles: number;
}

export class TraceReplay {
  readonly heap: Heap;
  readonly collector: CollectorState = { heapLiveBytes: Number.NaN, heapGoalBytes: Number.NaN, cycles: 0 };
  /** Virtual time: the running maximum of t. */
  now = 0;
  /** Page and pages of the last event, for fingerprints; -1 and 0 when it had none. */
  eventPage = -1;
  eventPages = 0;

  readonly #geometry: Geometry;
  readonly #unit: number;
  /** Spans whose pages are taken, but that were not handed out yet: pages, and how many of them are scavenged. */
  readonly #pending = new SpanTable();
  /** Growth that the model did and whose rows are still to come: [op, page, bytes] triples. */
  readonly #expected: number[] = [];
  /** Bytes that a thread has just grown the heap by, by P + 1; scavenging comes after the allocation. */
  readonly #grownBytes: number[] = [];
  /** Scavenging threads: 0 is the background scavenger, others by P + 2. */
  readonly #scavenging: Scavenging[] = [];
  #lastHeapInUse = 0;
  #severalProcs = false;

  /**
   * @param path for messages
   * @param geometry with the physical page sizes of the trace's init row
   * @param check receives the comparisons
   */
  constructor(
    readonly path: string,
    geometry: Geometry,
    readonly check: Check,
  ) {
    this.#geometry = geometry;
    this.#unit = geometry.pageBytes;
    this.heap = new Heap(geometry);
  }

  /**
   * Replays one row.
   * @throws InputError when the row cannot be replayed at all (it frees what is free, and the like)
   * @throws OutOfMemoryError (of the heap) when it must grow and cannot
   */
  step(row: TraceRow): void {
    if (row.t > this.now) this.now = row.t;
    this.eventPage = -1;
    this.eventPages = 0;
    try {
      this.#apply(row);
    } catch (error) {
      if (error instanceof BadOperationError || error instanceof SpanError) this.#reject(row, error.message);
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
      case Op.init:
        if (row.line !== 2) this.#reject(row, "init is the first row of a trace only");
        return;
      case Op.stat:
        return this.#stat(row);
      default:
        return row.op >= Op.gen && row.op <= Op.scavdone ? this.#scavengerRow(row) : this.#collectorRow(row);
    }
  }

  #scavengerRow(row: TraceRow): void {
    switch (row.op) {
      case Op.gen:
        return this.#generation(row);
      case Op.scavreq:
        return this.#scavengeRequest(row);
      case Op.scavskip:
        return this.#scavengeSkip(row);
      case Op.scavres:
        return this.#reserve(row);
      case Op.scav:
        return this.#beginRelease(row);
      case Op.scavdone:
        return this.#endRelease(row);
      case Op.scavunres:
        return this.#unreserve(row);
      default: {
        const { released } = this.#scavenger(row, row.b === BACKGROUND);
        this.#same(row, "released bytes", row.a, released);
      }
    }
  }

  #collectorRow(row: TraceRow): void {
    const { statistics } = this.heap;
    switch (row.op) {
      case Op.gcstart:
        this.collector.heapLiveBytes = row.b;
        this.collector.heapGoalBytes = row.c;
        return;
      case Op.gcmarkdone:
        this.collector.heapLiveBytes = row.a;
        this.collector.heapGoalBytes = row.b;
        this.collector.cycles++;
        this.#lastHeapInUse = statistics.heapInUseBytes;
        return;
      case Op.pace:
        this.#same(row, "last_heap_inuse", row.c, this.#lastHeapInUse);
        this.heap.paceScavenger(row.a, row.b, row.c);
        this.#same(row, "scavenge goal", row.d, this.heap.scavengeGoalBytes);
        return;
      case Op.pace2:
        this.#same(row, "heap_retained", row.a, statistics.heapRetainedBytes);
        this.#same(row, "heap_sys", row.b, statistics.heapSysBytes);
        this.#same(row, "heap_released", row.c, statistics.heapReleasedBytes);
        this.#same(row, "heap_inuse", row.d, statistics.heapInUseBytes);
        return;
      case Op.sweepdone:
        this.collector.heapLiveBytes = row.b;
    }
  }

  #alloc(row: TraceRow): void {
    const { heap } = this;
    const recorded = this.#pageOrNone(row, row.a);
    const npages = this.#npages(row, row.b);
    if (this.#expected.length > 0)
      this.#reject(row, "the heap grew before this, but not all of its arena and grow rows are here");
    const page = heap.pages.alloc(npages);
    const same = this.#samePage(row, "address", recorded, page);
    if (page >= 0 && same) this.#same(row, "scavenged bytes", row.c, heap.pages.scavengedPages * this.#unit);
    if (!same && this.check.resync) return this.#resyncAlloc(row, page, recorded, npages);
    if (page < 0) return this.#grow(row, npages);
    this.#pend(row, page, npages, heap.pages.scavengedPages);
  }

  /** Goes on from the recorded state after an allocation that went elsewhere. */
  #resyncAlloc(row: TraceRow, page: number, recorded: number, npages: number): void {
    const { pages } = this.heap;
    if (page >= 0) pages.free(page, npages, true);
    if (recorded < 0) return this.#grow(row, npages);
    for (let p = recorded; p < recorded + npages; p++) {
      // The first unmapped page ends this, so a damaged number of pages does not make it last for hours.
      if (pages.isAllocated(p) || !pages.inUse.contains(p * this.#unit))
        this.#reject(row, `the recorded pages at ${this.#geometry.formatPage(recorded)} are not free`);
    }
    this.#pend(row, recorded, npages, pages.allocRange(recorded, npages));
  }

  #grow(row: TraceRow, npages: number): void {
    const { heap } = this;
    const grown = heap.grow(npages);
    if (grown === 0) throw heap.outOfMemory(npages);
    this.#grownBytes[row.p + 1] = (this.#grownBytes[row.p + 1] ?? 0) + grown;
    if (heap.lastGrowthReserved) {
      this.#expected.push(Op.arena, heap.arenas.reservedOff / this.#unit, heap.arenas.reservedBytes);
    }
    for (let i = 0; i < heap.lastGrowth.length; i += 2) {
      this.#expected.push(Op.grow, heap.lastGrowth[i]!, heap.lastGrowth[i + 1]! * this.#unit);
    }
  }

  #growth(row: TraceRow): void {
    const expected = this.#expected;
    if (expected.length === 0) this.#reject(row, "the heap grows, but no allocation failed before");
    const [op, page, bytes] = expected.splice(0, 3) as [number, number, number];
    if (op !== row.op)
      this.#reject(row, `expected ${OP_NAMES[op]} ${this.#geometry.formatPage(page)} of ${bytes} bytes here`);
    this.#event(page, bytes / this.#unit);
    this.#samePage(row, "address", this.#pageOrNone(row, row.a), page);
    this.#same(row, "bytes", row.b, bytes);
  }

  #refill(row: TraceRow): void {
    this.#requireP(row);
    const cache = this.heap.refillCache(row.p);
    const page = cache.empty ? -1 : cache.page;
    this.#event(page, cache.freePages);
    const recorded = this.#pageOrNone(row, row.a);
    this.#samePage(row, "base", recorded, page);
    this.#sameBits(row, "free pages", row.bHi, row.bLo, cache.cacheHi, cache.cacheLo);
    this.#sameBits(row, "scavenged pages", row.cHi, row.cLo, cache.scavHi, cache.scavLo);
    if (this.check.resync) cache.set(recorded, row.bHi, row.bLo, row.cHi, row.cLo);
  }

  #cacheAlloc(row: TraceRow): void {
    this.#requireP(row);
    const npages = this.#npages(row, row.b);
    const page = this.heap.allocFromCache(row.p, npages);
    this.#samePage(row, "address", this.#pageOrNone(row, row.a), page);
    const scavenged = page < 0 ? 0 : this.heap.cacheOf(row.p).scavengedPages;
    this.#same(row, "scavenged bytes", row.c, scavenged * this.#unit);
    if (page >= 0) this.#pend(row, page, npages, scavenged);
  }

  /** Notes pages that are taken until their span row comes. */
  #pend(row: TraceRow, page: number, npages: number, scavengedPages: number): void {
    this.#event(page, npages);
    if (!this.#pending.add(page, npages, scavengedPages))
      this.#reject(row, "these pages are being allocated already");
  }

  #span(row: TraceRow): void {
    const page = this.#page(row, row.a);
    const npages = this.#npages(row, row.b);
    const pendingPages = this.#pending.npagesAt(page);
    if (pendingPages === 0)
      this.#reject(row, "a span is handed out here whose pages were not allocated before");
    this.#same(row, "npages", npages, pendingPages);
    const scavenged = this.#pending.kindAt(page);
    this.#same(row, "scavenged bytes", row.d, scavenged * this.#unit);
    this.#pending.remove(page);
    this.#event(page, pendingPages);
    this.heap.accountSpan(page, pendingPages, row.c, scavenged);
  }

  #spanFree(row: TraceRow): void {
    const page = this.#page(row, row.a);
    const { spans } = this.heap;
    if (spans.npagesAt(page) === 0) this.#reject(row, "no live span begins at this address");
    this.#same(row, "npages", row.b, spans.npagesAt(page));
    if (spans.kindAt(page) !== row.c) {
      this.#differ(row, "kind", kindName(row.c), kindName(spans.kindAt(page)));
    }
    this.#event(page, spans.npagesAt(page));
    this.heap.unaccountSpan(page);
  }

  #free(row: TraceRow): void {
    const page = this.#page(row, row.a);
    const npages = this.#npages(row, row.b);
    this.#event(page, npages);
    this.heap.pages.free(page, npages);
  }

  #flush(row: TraceRow): void {
    this.#requireP(row);
    const cache = this.heap.cacheOf(row.p);
    if (cache.empty) this.#reject(row, `the page cache of P ${row.p} is empty here`);
    this.#event(cache.page, cache.freePages);
    this.#samePage(row, "base", this.#page(row, row.a), cache.page);
    this.#sameBits(row, "free pages", row.bHi, row.bLo, cache.cacheHi, cache.cacheLo);
    this.#sameBits(row, "scavenged pages", row.cHi, row.cLo, cache.scavHi, cache.scavLo);
    this.heap.flushCache(row.p);
  }

  /** Page caches of Ps that go are flushed by rows of their own, so only the number is kept here. */
  #procs(row: TraceRow): void {
    this.#same(row, "GOMAXPROCS before", row.a, this.heap.procs);
    this.heap.procs = row.b;
    if (row.b > 1) this.#severalProcs = true;
  }

  #stat(row: TraceRow): void {
    // Periodic rows (d = 0) were read without a lock and may be one operation off.
    if (row.d === 0) return;
    const { statistics } = this.heap;
    this.#same(row, "heap_sys", row.a, statistics.heapSysBytes);
    this.#same(row, "heap_inuse", row.b, statistics.heapInUseBytes);
    this.#same(row, "heap_released", row.c, statistics.heapReleasedBytes);
  }

  #generation(row: TraceRow): void {
    const { pages } = this.heap;
    const scavenger = withGenerations(this.heap.scavenger);
    const startOff = scavenger.nextStartOff;
    scavenger.startGeneration();
    this.#same(row, "generation", row.a, scavenger.gen);
    this.#same(row, "reservation bytes", row.b, scavenger.reservationBytes);
    const recordedOff = this.#geometry.offOfRaw(row.c);
    if (!this.#same(row, "start address", recordedOff, startOff) && this.check.resync) {
      scavenger.inUse.copyFrom(pages.inUse);
      scavenger.inUse.removeGreaterEqual(recordedOff);
    }
    this.#same(row, "mapped bytes", row.d, pages.inUse.totalBytes);
  }

  #scavengeRequest(row: TraceRow): void {
    const { heap } = this;
    const background = row.b === BACKGROUND;
    const state = this.#scavenger(row, background);
    this.#sameRetained(row);
    this.#same(row, "scavenge goal", row.d, heap.scavengeGoalBytes);
    if (background) {
      this.#same(row, "bytes wanted", row.a, SCAVENGE_QUANTUM);
    } else if (row.b === GROWTH) {
      const growth = this.#takeGrowth(row);
      this.#same(row, "bytes wanted", row.a, heap.growthScavengeBytes(growth, row.c));
    } else {
      this.#same(row, "bytes wanted", row.a, Number.POSITIVE_INFINITY);
    }
    heap.statistics.scavengeCalls++;
    state.wanted = row.a;
    state.released = 0;
    state.work.base = 0;
    state.work.limit = 0;
  }

  #scavengeSkip(row: TraceRow): void {
    const growth = this.#takeGrowth(row);
    this.#same(row, "growth", row.a, growth);
    this.#sameRetained(row);
    this.#same(row, "scavenge goal", row.d, this.heap.scavengeGoalBytes);
    this.#same(row, "bytes to scavenge", 0, this.heap.growthScavengeBytes(growth, row.c));
  }

  /** Retained memory as a scavenger read it, without a lock: exact only while one P runs. */
  #sameRetained(row: TraceRow): void {
    if (!this.#severalProcs) this.#same(row, "heap_retained", row.c, this.heap.statistics.heapRetainedBytes);
  }

  #takeGrowth(row: TraceRow): number {
    const growth = this.#grownBytes[row.p + 1] ?? 0;
    if (growth === 0) this.#reject(row, "scavenging for a growth of the heap that did not happen on this P");
    this.#grownBytes[row.p + 1] = 0;
    return growth;
  }

  #reserve(row: TraceRow): void {
    const scavenger = withGenerations(this.heap.scavenger);
    const { work } = this.#scavenger(row, row.d === BACKGROUND);
    scavenger.reserve(work);
    const baseOff = this.#geometry.offOfRaw(row.a);
    this.#same(row, "reserved base", baseOff, work.base);
    this.#same(row, "reserved bytes", row.b, work.size);
    this.#same(row, "generation", row.c, scavenger.gen);
  }

  #beginRelease(row: TraceRow): void {
    const scavenger = withGenerations(this.heap.scavenger);
    const state = this.#scavenger(row, row.c === BACKGROUND);
    const page = this.#page(row, row.a);
    const npages = this.#npages(row, row.b);
    const found = scavenger.find(state.work, state.wanted - state.released);
    const same = this.#samePage(row, "address", page, found ? state.work.page : -1);
    if (found) this.#same(row, "npages", npages, state.work.npages);
    if (!same && !this.check.resync) return;
    this.#event(page, npages);
    scavenger.beginRelease(page, npages);
    state.work.limit = page * this.#unit;
    state.released += npages * this.#unit;
  }

  #endRelease(row: TraceRow): void {
    const page = this.#page(row, row.a);
    const npages = this.#npages(row, row.b);
    this.#event(page, npages);
    this.heap.scavenger.endRelease(page, npages);
    this.heap.statistics.release(npages * this.#unit);
  }

  #unreserve(row: TraceRow): void {
    const { work } = this.#scavenger(row, row.d === BACKGROUND);
    this.#same(row, "base", this.#geometry.offOfRaw(row.a), work.base);
    this.#same(row, "bytes", row.b, work.size);
    this.#same(row, "generation", row.c, work.gen);
    withGenerations(this.heap.scavenger).unreserve(work);
  }

  #scavenger(row: TraceRow, background: boolean): Scavenging {
    const key = background ? 0 : row.p + 2;
    this.#scavenging[key] ??= new Scavenging();
    return this.#scavenging[key];
  }

  #event(page: number, npages: number): void {
    this.eventPage = page;
    this.eventPages = npages;
  }

  #page(row: TraceRow, raw: number): number {
    const page = this.#geometry.offOfRaw(raw) / this.#unit;
    if (raw === 0 || !Number.isInteger(page)) {
      this.#reject(row, `0x${raw.toString(16)} is not the address of a page of ${this.#geometry.name}`);
    }
    return page;
  }

  #pageOrNone(row: TraceRow, raw: number): number {
    return raw === 0 ? -1 : this.#page(row, raw);
  }

  #npages(row: TraceRow, npages: number): number {
    if (npages < 1 || npages > this.#geometry.totalPages)
      this.#reject(row, `${npages} pages: expected at least 1, and no more than there are`);
    return npages;
  }

  #requireP(row: TraceRow): void {
    if (row.p < 0) this.#reject(row, "page caches belong to Ps, but this row has none");
  }

  #same(row: TraceRow, what: string, recorded: number, computed: number): boolean {
    this.check.compared++;
    return recorded === computed || this.#differ(row, what, String(recorded), String(computed));
  }

  #samePage(row: TraceRow, what: string, recorded: number, computed: number): boolean {
    this.check.compared++;
    return (
      recorded === computed ||
      this.#differ(row, what, this.#geometry.formatPage(recorded), this.#geometry.formatPage(computed))
    );
  }

  #sameBits(row: TraceRow, what: string, hi: number, lo: number, ourHi: number, ourLo: number): void {
    this.check.compared++;
    if (hi !== ourHi || lo !== ourLo) this.#differ(row, what, hex64(hi, lo), hex64(ourHi, ourLo));
  }

  #differ(row: TraceRow, what: string, recorded: string, computed: string): false {
    this.check.differ(this.path, row.line, `${OP_NAMES[row.op]} ${what}`, recorded, computed, () =>
      this.#around(row),
    );
    return false;
  }

  #around(row: TraceRow): string {
    const { pages, statistics, scavenger } = this.heap;
    return (
      `t ${row.t} ns on P ${row.p}, searchAddr ${pages.formatSearchAddr()}, heap_sys ${statistics.heapSysBytes}, ` +
      `heap_inuse ${statistics.heapInUseBytes}, heap_released ${statistics.heapReleasedBytes}, generation ${scavenger.gen}`
    );
  }

  #reject(row: TraceRow, problem: string): never {
    throw new InputError(this.path, row.line, 1, `${OP_NAMES[row.op]}: ${problem}`);
  }
}
