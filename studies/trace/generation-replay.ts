/**
 * Replays traces of Go 1.18: a scavenger with generations, where several threads each have a reservation.
 */

import { Op, type TraceRow } from "../../scenarios/trace/heap-trace.js";
import type { Geometry } from "../../sim/address/geometry.js";
import type { Policy } from "../../sim/policies/policy.js";
import { type GenerationScavenger, withGenerations } from "../../sim/scavenge/generations.js";
import { ReleaseRequest } from "../../sim/scavenge/scavenger.js";
import type { Check } from "../check.js";
import { TraceReplay } from "./replay.js";
import { ALLOCATION, BACKGROUND } from "./threads.js";

/** A thread that is scavenging. */
class Scavenging {
  readonly work = new ReleaseRequest();
  wanted = 0;
  released = 0;
}

export class GenerationReplay extends TraceReplay {
  private readonly scavenger: GenerationScavenger;
  /** Scavenging threads: 0 is the background scavenger, others by P + 2. */
  private readonly scavenging: Scavenging[] = [];
  private lastHeapInUse = 0;

  constructor(path: string, geometry: Geometry, policy: Policy, check: Check) {
    super(path, geometry, policy, check);
    this.scavenger = withGenerations(this.heap.scavenger);
  }

  protected otherRow(row: TraceRow): void {
    switch (row.op) {
      case Op.stat:
        return this.#stat(row);
      case Op.gen:
        return this.#generation(row);
      case Op.scavreq:
        return this.#request(row);
      case Op.scavskip:
        return this.#skip(row);
      case Op.scavres:
        return this.#reserve(row);
      case Op.scav:
        return this.#beginRelease(row);
      case Op.scavunres:
        return this.#unreserve(row);
      case Op.scavret:
        this.rows.same(row, "released bytes", row.a, this.#thread(row, row.b === BACKGROUND).released);
        return;
      default:
        return this.#collectorRow(row);
    }
  }

  #collectorRow(row: TraceRow): void {
    const { heap, rows } = this;
    const { statistics } = heap;
    switch (row.op) {
      case Op.gcstart:
        this.collector.heapLiveBytes = row.b;
        this.collector.heapGoalBytes = row.c;
        return;
      case Op.gcmarkdone:
        this.collector.heapLiveBytes = row.a;
        this.collector.heapGoalBytes = row.b;
        this.collector.cycles++;
        this.lastHeapInUse = statistics.heapInUseBytes;
        return;
      case Op.pace:
        rows.same(row, "last_heap_inuse", row.c, this.lastHeapInUse);
        heap.paceScavenger(row.a, row.b, row.c);
        rows.same(row, "scavenge goal", row.d, heap.scavengeGoalBytes);
        return;
      case Op.pace2:
        rows.same(row, "heap_retained", row.a, statistics.heapRetainedBytes);
        rows.same(row, "heap_sys", row.b, statistics.heapSysBytes);
        rows.same(row, "heap_released", row.c, statistics.heapReleasedBytes);
        rows.same(row, "heap_inuse", row.d, statistics.heapInUseBytes);
    }
  }

  #stat(row: TraceRow): void {
    // Periodic rows (d = 0) were read without a lock and may be one operation off.
    if (row.d === 0) return;
    const { statistics } = this.heap;
    this.rows.same(row, "heap_sys", row.a, statistics.heapSysBytes);
    this.rows.same(row, "heap_inuse", row.b, statistics.heapInUseBytes);
    this.rows.same(row, "heap_released", row.c, statistics.heapReleasedBytes);
  }

  #generation(row: TraceRow): void {
    const { scavenger, rows } = this;
    const { pages, geometry } = this.heap;
    const startOff = scavenger.nextStartOff;
    scavenger.startGeneration();
    rows.same(row, "generation", row.a, scavenger.gen);
    rows.same(row, "reservation bytes", row.b, scavenger.reservationBytes);
    const recordedOff = geometry.offOfRaw(row.c);
    if (!rows.same(row, "start address", recordedOff, startOff) && rows.resync) {
      scavenger.inUse.copyFrom(pages.inUse);
      scavenger.inUse.removeGreaterEqual(recordedOff);
    }
    rows.same(row, "mapped bytes", row.d, pages.inUse.totalBytes);
  }

  #request(row: TraceRow): void {
    const { heap, rows } = this;
    const background = row.b === BACKGROUND;
    const thread = this.#thread(row, background);
    this.sameRetained(row, row.c);
    rows.same(row, "scavenge goal", row.d, heap.scavengeGoalBytes);
    rows.same(row, "bytes wanted", row.a, this.#wanted(row));
    heap.statistics.scavengeCalls++;
    thread.wanted = row.a;
    thread.released = 0;
    thread.work.base = 0;
    thread.work.limit = 0;
  }

  #wanted(row: TraceRow): number {
    if (row.b === BACKGROUND) return this.heap.policy.scavenger.quantumBytes;
    if (row.b !== ALLOCATION) return Number.POSITIVE_INFINITY;
    return this.heap.growthScavengeBytes(this.#growth(row), row.c);
  }

  #skip(row: TraceRow): void {
    const { rows } = this;
    const growth = this.#growth(row);
    rows.same(row, "growth", row.a, growth);
    this.sameRetained(row, row.c);
    rows.same(row, "scavenge goal", row.d, this.heap.scavengeGoalBytes);
    rows.same(row, "bytes to scavenge", 0, this.heap.growthScavengeBytes(growth, row.c));
  }

  #growth(row: TraceRow): number {
    const growth = this.takeGrowth(row);
    if (growth === 0)
      this.rows.reject(row, "scavenging for a growth of the heap that did not happen on this P");
    return growth;
  }

  #reserve(row: TraceRow): void {
    const { scavenger, rows } = this;
    const { work } = this.#thread(row, row.d === BACKGROUND);
    scavenger.reserve(work);
    rows.same(row, "reserved base", rows.geometry.offOfRaw(row.a), work.base);
    rows.same(row, "reserved bytes", row.b, work.size);
    rows.same(row, "generation", row.c, scavenger.gen);
  }

  #beginRelease(row: TraceRow): void {
    const { scavenger, rows } = this;
    const thread = this.#thread(row, row.c === BACKGROUND);
    const page = rows.page(row, row.a);
    const npages = rows.npages(row, row.b);
    const found = scavenger.find(thread.work, thread.wanted - thread.released);
    const same = rows.samePage(row, "address", page, found ? thread.work.page : -1);
    if (found) rows.same(row, "npages", npages, thread.work.npages);
    if (!same && !rows.resync) return;
    rows.event(page, npages);
    this.heap.beginRelease(page, npages);
    thread.work.limit = page * this.unit;
    thread.released += npages * this.unit;
  }

  #unreserve(row: TraceRow): void {
    const { rows } = this;
    const { work } = this.#thread(row, row.d === BACKGROUND);
    rows.same(row, "base", rows.geometry.offOfRaw(row.a), work.base);
    rows.same(row, "bytes", row.b, work.size);
    rows.same(row, "generation", row.c, work.gen);
    this.scavenger.unreserve(work);
  }

  #thread(row: TraceRow, background: boolean): Scavenging {
    const key = background ? 0 : row.p + 2;
    this.scavenging[key] ??= new Scavenging();
    return this.scavenging[key];
  }
}
