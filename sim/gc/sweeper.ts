/**
 * Sweeping after a mark (mgcsweep.go, Go 1.18): nothing that is dead is free before its span was swept.
 *
 *     who sweeps                         when                                   how much
 *     the background sweeper             from mark termination on               one span, then it yields
 *     a P that takes a span              before each span                       its share: done when heapLive is at the trigger
 *     a P that needs new pages           before it asks the heap (World)        until so many pages are free
 *     a collection that starts           with the world stopped                 all that is left
 *
 * Whoever sweeps the last span starts a generation of the scavenger.
 */

import { NO_EVENT, Priority, type Simulation } from "../../engine/simulation.js";
import type { Costs } from "./costs.js";
import type { World } from "./world.js";

/** A World as the sweeper and the collector need it. */
export interface CollectedWorld extends World {
  /** What counts as alive, bytes. */
  readonly heapLiveBytes: number;
  /** Bytes of objects that were not swept, whether dead or alive (totalAlloc − totalFree). */
  readonly heapAllocBytes: number;
  /** Of what the last mark found: bytes of objects that have pointers. */
  readonly markedScanBytes: number;
  /** Pages swept since the last mark, and pages in spans of objects. */
  readonly sweptPages: number;
  readonly inUsePages: number;
}

/** Margin of the proportional sweep: it is to be done so far before the trigger, bytes. */
const SWEEP_MARGIN = 1024 * 1024;
const PAGE_BYTES = 8192;

export class Sweeper {
  private readonly sim: Simulation;
  private readonly world: CollectedWorld;
  private readonly costs: Costs;
  private readonly isBusy: () => boolean;
  private readonly onDone: () => void;
  private readonly kind: number;
  /** Time between the turns of the background sweeper, ns; below 0: that is up to costs and busy Ps. */
  private turnNs = -1;
  private event = NO_EVENT;
  private active = false;
  /** Pages to sweep for each byte allocated; 0 when that is done or not wanted. */
  private pagesPerByte = 0;
  private liveBasis = 0;
  private sweptBasis = 0;

  /**
   * @param isBusy whether all Ps are busy, so that whoever yields has to wait
   * @param onDone called when the last span was swept, once for each mark
   */
  constructor(
    sim: Simulation,
    world: CollectedWorld,
    costs: Costs,
    isBusy: () => boolean,
    onDone: () => void,
  ) {
    this.sim = sim;
    this.world = world;
    this.costs = costs;
    this.isBusy = isBusy;
    this.onDone = onDone;
    this.kind = sim.handler("sweeper", Priority.background, () => this.#turn());
  }

  /** Whether all spans were swept since the last mark. */
  get isDone(): boolean {
    return !this.active;
  }

  /**
   * A mark has ended: all spans are unswept, and the background sweeper begins.
   * @param lengthNs time that it takes for all of them if nobody helps; null: as it comes
   */
  start(lengthNs: number | null = null): void {
    this.active = true;
    this.turnNs = lengthNs === null ? -1 : lengthNs / Math.max(1, this.world.unsweptSpans);
    this.pagesPerByte = 0;
    this.event = this.sim.schedule(this.sim.nowNs + this.costs.wakeUpNs, this.kind);
  }

  /** Spreads the sweeping over what may be allocated until the trigger (gcPaceSweeper). */
  pace(triggerBytes: number): void {
    const { world } = this;
    const pages = world.inUsePages - world.sweptPages;
    if (!this.active || pages <= 0) {
      this.pagesPerByte = 0;
      return;
    }
    const distance = Math.max(PAGE_BYTES, triggerBytes - world.heapLiveBytes - SWEEP_MARGIN);
    this.pagesPerByte = pages / distance;
    this.liveBasis = world.heapLiveBytes;
    this.sweptBasis = world.sweptPages;
  }

  /** Before a P takes a span: sweeps what that allocation owes (deductSweepCredit). */
  beforeSpan(spanBytes: number, callerSweepPages: number): void {
    if (this.pagesPerByte === 0) return;
    const { world } = this;
    const allocated = spanBytes + Math.max(0, world.heapLiveBytes - this.liveBasis);
    const owed = Math.trunc(this.pagesPerByte * allocated) - callerSweepPages;
    while (owed > world.sweptPages - this.sweptBasis && this.active) {
      if (world.sweep(1) === 0 || world.unsweptSpans === 0) this.#done();
    }
  }

  /** A collection starts, or somebody wants all garbage to be free: sweeps what is left, now. */
  finish(): void {
    if (!this.active) return;
    while (this.world.sweep(1024) > 0);
    this.#done();
  }

  /** A turn of the background sweeper. It sweeps a span and yields, and comes back at once when a P is idle. */
  #turn(): void {
    this.event = NO_EVENT;
    for (;;) {
      if (!this.active) return;
      const swept = this.world.sweep(1);
      if (swept === 0 || this.world.unsweptSpans === 0) return this.#done();
      const next = this.sim.nowNs + Math.max(1, this.#waitNs());
      if (this.sim.advance(next, this.kind)) continue;
      this.event = this.sim.schedule(next, this.kind);
      return;
    }
  }

  #waitNs(): number {
    if (this.turnNs >= 0) return Math.round(this.turnNs);
    return this.costs.sweepSpanNs + (this.isBusy() ? this.costs.yieldNs : 0);
  }

  #done(): void {
    this.active = false;
    this.pagesPerByte = 0;
    this.sim.cancel(this.event);
    this.event = NO_EVENT;
    this.onDone();
  }
}
