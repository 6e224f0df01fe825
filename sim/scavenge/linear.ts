/**
 * The background scavenger of Go 1.13 in virtual time (bgscavenge and gcPaceScavenger in mgcscavenge.go of 1.13).
 *
 *     retained │ basis
 *              │╲
 *              │ ╲   want = basis − rate · time        each collection draws a new line, from what is retained
 *              │  ╲                                    to the goal, over as long as it takes at 1 % of one P
 *     goal     │───╲────────
 *              └────┴──────► time since the collection
 *
 * When more is retained than the line wants, it releases the difference, under the heap lock. What it released too much it
 * waits for at the rate of the line. When it could release nothing it sleeps, first for 100 µs and then twice as long each
 * time, without an end, until it can again; so a heap with nothing to give back, such as a ballast, keeps it busy for a while
 * after each collection (golang/go#36374). A line that has passed zero wants nothing any more: the runtime's whole number
 * without a sign wraps around there.
 *
 * The time that the line allows is 1 ms for each physical page, or huge page of those in unscavenged spans: 10 µs of work at
 * 1 %. It is off until the second collection.
 */

import { Priority, type Simulation, TIME_MAX_NS } from "../../engine/simulation.js";
import type { Costs } from "../gc/costs.js";
import { AddressTreap } from "../heap/fits/address-treap.js";
import type { Heap } from "../heap/heap.js";
import { APPROX_PAGE_NS, Background, type BackgroundOptions } from "./pacing.js";

/** Shortest sleep, and the first one after nothing could be released, ns (minSleepNS). */
export const MIN_SLEEP_NS = 100_000;

export class LinearScavenger extends Background {
  /** The line: bytes retained when it was drawn, when that was, and bytes to release in a ns; 0 while there is none. */
  basisBytes = 0;
  basisNs = 0;
  bytesPerNs = 0;
  /** How long it sleeps next when it can release nothing, ns. */
  retryNs = MIN_SLEEP_NS;

  private readonly doneKind: number;
  /** Lines drawn, and the one that it saw last. */
  private lines = 0;
  private seenLine = 0;
  /** Of the work that goes on: bytes released, and what of that was too much. */
  private released = 0;
  private extra = 0;
  private startNs = 0;
  /** Of a sleep because nothing could be released: when it began, −1 when it was none. */
  private retrySinceNs = -1;

  constructor(sim: Simulation, heap: Heap, costs: Costs, options: BackgroundOptions = {}) {
    super(sim, heap, costs, options);
    this.doneKind = sim.handler("scavenger: released down to the line", Priority.background, () =>
      this.done(),
    );
  }

  protected override get isWokenBySweep(): boolean {
    return false;
  }

  /** New goals: a new line. */
  override paced(): void {
    const { statistics, scavengeGoalBytes } = this.heap;
    const retained = statistics.heapRetainedBytes;
    // Before the second collection there is no goal.
    if (scavengeGoalBytes === 0) return;
    if (retained <= scavengeGoalBytes) this.bytesPerNs = 0;
    else {
      const work = retained - scavengeGoalBytes;
      this.basisBytes = retained;
      this.basisNs = this.sim.nowNs;
      this.bytesPerNs = work / this.timeFor(work);
      this.lines++;
    }
    super.paced();
  }

  /** How long releasing so many bytes may take, ns: as many of them as there are in huge pages, the others page by page. */
  private timeFor(bytes: number): number {
    const { fit, geometry, policy } = this.heap;
    const { physPageBytes, physHugePageBytes } = geometry;
    const periodNs = APPROX_PAGE_NS / policy.scavenger.cpuFraction;
    let huge = 0;
    if (physHugePageBytes > 0 && fit instanceof AddressTreap) {
      huge = Math.min(fit.unscavengedHugePages, Math.floor(bytes / physHugePageBytes));
    }
    return (huge + Math.floor((bytes - huge * physHugePageBytes) / physPageBytes)) * periodNs;
  }

  protected run(): void {
    this.seenLine = this.lines;
    this.wakeFromSleep();
    const { heap } = this;
    const retained = heap.statistics.heapRetainedBytes;
    if (this.bytesPerNs === 0 || retained <= heap.scavengeGoalBytes) return this.park();
    this.rounds++;
    const fallen = this.bytesPerNs * (this.clock(this.sim.nowNs) - this.clock(this.basisNs));
    const want = this.basisBytes - Math.floor(fallen);
    this.startNs = this.sim.nowNs;
    this.released = 0;
    // Where the line has passed zero, and where it is as steep as a wall, nothing is above it.
    if (want >= 0 && retained > want) this.release(retained - want);
    else this.done();
  }

  private release(bytes: number): void {
    const { heap, work } = this;
    let ns = 0;
    this.requests++;
    heap.statistics.scavengeCalls++;
    heap.scavenger.begin(work, false);
    while (this.released < bytes && heap.scavenger.next(work, bytes - this.released)) {
      heap.beginRelease(work.page, work.npages);
      ns += this.rangeNs();
      this.released += heap.endRelease(work.page, work.npages);
    }
    heap.scavenger.end(work);
    this.releasedBytes += this.released;
    this.extra = this.released - bytes;
    if (ns === 0) this.done();
    else this.sim.schedule(this.sim.nowNs + ns, this.doneKind);
  }

  private done(): void {
    const now = this.sim.nowNs;
    this.workedNs += now - this.startNs;
    if (this.released === 0) {
      if (this.lines !== this.seenLine) return this.run();
      this.retrySinceNs = now;
      return this.sleep(this.retryNs);
    }
    this.retryNs = MIN_SLEEP_NS;
    const waitNs = this.extra > 0 ? Math.floor(this.extra / this.bytesPerNs) : 0;
    if (waitNs > MIN_SLEEP_NS) {
      if (this.lines !== this.seenLine) return this.run();
      return this.sleep(waitNs);
    }
    // It yields its P, and goes on when it gets one again.
    this.sleepUntil(now + 1);
  }

  private sleep(ns: number): void {
    const until = this.sim.nowNs + ns;
    if (until <= TIME_MAX_NS) this.sleepUntil(until);
    else this.park();
  }

  /** Whoever slept to the end because there was nothing to release sleeps longer the next time. */
  private wakeFromSleep(): void {
    if (this.retrySinceNs < 0) return;
    const slept = this.clock(this.sim.nowNs) - this.clock(this.retrySinceNs);
    this.sleptNs += slept;
    if (slept >= this.retryNs) this.retryNs *= 2;
    this.retrySinceNs = -1;
  }
}
