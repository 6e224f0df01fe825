/**
 * The background scavenger of Go 1.14 to 1.17 in virtual time (bgscavenge in mgcscavenge.go): a page at a time, and a sleep
 * in proportion to what that took.
 *
 *     work  = time of one release, at most 10 ms, · (1 + costRatio)
 *     sleep = (average / 1 %) · work / 1 %
 *     average of the fraction work / (work + sleep): half of it the last one, half of it what it was before
 *
 * The average says what part of one P scavenging took, and a sleep that was longer than it should have been makes the next
 * one shorter. A bound was meant to keep that from getting out of hand: a fraction counts for a thousandth at least. It was
 * written as a division of integers, and so was 0 until 1.17.
 *
 * A release is of one physical page, or of the huge page around it when that is free as a whole, and happens under the heap
 * lock: nobody can take pages meanwhile, so it happens at once, and then its time passes.
 */

import { Priority, type Simulation } from "../../engine/simulation.js";
import type { Costs } from "../gc/costs.js";
import type { Heap } from "../heap/heap.js";
import { APPROX_PAGE_NS, Background, type BackgroundOptions } from "./pacing.js";

/** A release counts for so long at most, ns (maxCrit): the system may have been asleep. */
export const MAX_CRIT_NS = 10_000_000;
/** Weight of the last fraction in the average. */
const ALPHA = 0.5;

export class EwmaScavenger extends Background {
  /** Average part of one P that scavenging takes (scavengeEWMA). */
  averageFraction: number;

  private readonly doneKind: number;
  private readonly quantumBytes: number;
  /** Of the release: when it began, its bytes, and how long it counts. */
  private startNs = 0;
  private bytes = 0;
  private critNs = 0;
  /** When the sleep began, ns; −1 when it was no sleep. */
  private sleepStartNs = -1;

  constructor(sim: Simulation, heap: Heap, costs: Costs, options: BackgroundOptions = {}) {
    super(sim, heap, costs, options);
    const { quantumBytes, cpuFraction } = heap.policy.scavenger;
    this.quantumBytes = quantumBytes === 0 ? heap.geometry.physPageBytes : quantumBytes;
    this.averageFraction = cpuFraction;
    this.doneKind = sim.handler("scavenger: page released", Priority.background, () => this.#released());
  }

  /** Only 1.14 has the index that new goals wake it for. */
  protected override get isWokenBySweep(): boolean {
    return this.heap.policy.scavenger.index !== "address";
  }

  protected run(): void {
    if (this.sleepStartNs >= 0) this.#wakeFromSleep();
    const { heap } = this;
    if (heap.isAtGoals) return this.park();
    this.rounds++;
    this.requests++;
    heap.statistics.scavengeCalls++;
    this.startNs = this.sim.nowNs;
    const { work } = this;
    heap.scavenger.begin(work, false);
    const isFound = heap.scavenger.next(work, this.quantumBytes);
    if (isFound) {
      heap.beginRelease(work.page, work.npages);
      const ns = this.rangeNs();
      this.bytes = heap.endRelease(work.page, work.npages);
      this.releasedBytes += this.bytes;
      this.sim.schedule(this.startNs + ns, this.doneKind);
    }
    heap.scavenger.end(work);
    if (!isFound) this.park();
  }

  #released(): void {
    const { cpuFraction, costRatio } = this.heap.policy.scavenger;
    const now = this.sim.nowNs;
    this.workedNs += now - this.startNs;
    let crit = this.clock(now) - this.clock(this.startNs);
    if (crit <= 0) crit = APPROX_PAGE_NS * Math.floor(this.bytes / this.heap.geometry.physPageBytes);
    crit = Math.min(crit, MAX_CRIT_NS) * (1 + costRatio);
    const adjust = this.averageFraction / cpuFraction;
    this.critNs = crit;
    this.sleepStartNs = now;
    this.sleepUntil(now + Math.trunc((adjust * crit) / cpuFraction));
  }

  #wakeFromSleep(): void {
    const slept = this.clock(this.sim.nowNs) - this.clock(this.sleepStartNs);
    this.sleptNs += slept;
    this.sleepStartNs = -1;
    const fraction = this.critNs / (this.critNs + slept);
    const bounded = Math.max(fraction, this.heap.policy.scavenger.minFraction);
    this.averageFraction = ALPHA * bounded + (1 - ALPHA) * this.averageFraction;
  }
}
