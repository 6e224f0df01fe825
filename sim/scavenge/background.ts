/**
 * The background scavenger of Go 1.18 and later in virtual time (bgscavenge and scavengerState in mgcscavenge.go).
 *
 * A round asks for 64 KiB at a time until it has worked for 1 ms or retained memory is at the goals. Then it sleeps for
 * what it worked divided by the sleep ratio, which a PI controller steers so that scavenging takes 1 % of the time of
 * all Ps; a round that released nothing parks instead.
 *
 *                               1.18                                    1.19 on
 *     a request fell short      goes on asking until the ms is over     the round is over
 *     the controller overflows  starts anew                             the same, and is not asked for 5 s
 *     goals                     what a GC percentage leaves             that, and what the memory limit leaves
 *
 * Time passes only here: for each range that goes to the system, by the costs of madvise. The range is out of the heap
 * from the start of its madvise to the end, so allocations in between find their pages elsewhere. With one P nobody else
 * runs while the scavenger does, so there a whole request happens at its start, and only then its time passes.
 *
 * Work and sleep are measured with a clock that may be coarse: where a request took no time by that clock, 10 µs per
 * physical page are assumed, as the runtime does.
 */

import { Priority, type Simulation } from "../../engine/simulation.js";
import type { Costs } from "../gc/costs.js";
import type { Heap } from "../heap/heap.js";
import type { ScavengerAxis } from "../policies/policy.js";
import { Background, type BackgroundOptions } from "./pacing.js";
import { SleepPacer } from "./sleep-pacer.js";
import { WorkRound } from "./work-round.js";

export { type BackgroundOptions, ScavengerState } from "./pacing.js";

export class BackgroundScavenger extends Background {
  private readonly rangeKind: number;
  private readonly requestKind: number;
  private readonly axis: ScavengerAxis;
  /** How long to sleep. */
  private readonly pacer: SleepPacer;
  private readonly round: WorkRound;
  /** Of the request: when it began, and bytes released. */
  private requestNs = 0;
  private requestBytes = 0;
  /** When the sleep began, ns; −1 when it was no sleep. */
  private sleepStartNs = -1;

  constructor(sim: Simulation, heap: Heap, costs: Costs, options: BackgroundOptions = {}) {
    super(sim, heap, costs, options);
    this.axis = heap.policy.scavenger;
    this.pacer = new SleepPacer(this.axis);
    this.round = new WorkRound(this.axis, heap.geometry.physPageBytes);
    this.rangeKind = sim.handler("scavenger: range released", Priority.release, (page, npages) =>
      this.#rangeDone(page, npages),
    );
    this.requestKind = sim.handler("scavenger: request done", Priority.background, () => this.#requestDone());
  }

  /** Work divided by sleep: what the controller last said. */
  get sleepRatio(): number {
    return this.pacer.sleepRatio;
  }

  /** Times that the controller overflowed. */
  get controllerFailures(): number {
    return this.pacer.failures;
  }

  protected run(): void {
    if (this.sleepStartNs >= 0) this.#wakeFromSleep();
    this.rounds++;
    this.round.begin();
    this.#nextRequest();
  }

  #nextRequest(): void {
    const { heap } = this;
    if (this.round.isOver || heap.isAtGoals) return this.#endRound();
    this.requests++;
    heap.statistics.scavengeCalls++;
    this.requestNs = this.sim.nowNs;
    this.requestBytes = 0;
    heap.scavenger.begin(this.work, false);
    if (heap.procs > 1 && !heap.policy.lock.madviseHeld) this.#nextRange();
    else this.#wholeRequest();
  }

  /** With several Ps: one range at a time, out of the heap while madvise has it. */
  #nextRange(): void {
    if (this.requestBytes < this.axis.quantumBytes && this.#find()) {
      const { page, npages } = this.work;
      this.heap.beginRelease(page, npages);
      this.sim.schedule(this.sim.nowNs + this.rangeNs(), this.rangeKind, page, npages);
      return;
    }
    this.heap.scavenger.end(this.work);
    if (this.requestBytes === 0) this.#searchedInVain();
    else this.#requestDone();
  }

  #rangeDone(page: number, npages: number): void {
    this.#released(page, npages);
    this.#nextRange();
  }

  /** With one P: all ranges at once, since nobody else can come between, and then the time they took. */
  #wholeRequest(): void {
    let ns = 0;
    while (this.requestBytes < this.axis.quantumBytes && this.#find()) {
      const { page, npages } = this.work;
      this.heap.beginRelease(page, npages);
      ns += this.rangeNs();
      this.#released(page, npages);
    }
    this.heap.scavenger.end(this.work);
    if (this.requestBytes === 0) this.#searchedInVain();
    else this.sim.schedule(this.sim.nowNs + ns, this.requestKind);
  }

  /** Looks for the next range; it then stands in `work`. */
  #find(): boolean {
    return this.heap.scavenger.next(this.work, this.axis.quantumBytes - this.requestBytes);
  }

  #released(page: number, npages: number): void {
    const bytes = this.heap.endRelease(page, npages);
    this.requestBytes += bytes;
    this.releasedBytes += bytes;
  }

  /**
   * Nothing is left. 1.18 asks again and again until its clock says that the round is over; here that is one wait, and
   * what a new generation brings in the meantime is found by the round after it. Later releases end the round.
   */
  #searchedInVain(): void {
    if (this.axis.stopsShort) return this.#endRound();
    this.sim.schedule(this.afterTicks(this.axis.minWorkNs - this.round.workedNs), this.requestKind);
  }

  #requestDone(): void {
    const now = this.sim.nowNs;
    const ns = this.clock(now) - this.clock(this.requestNs);
    this.workedNs += now - this.requestNs;
    this.round.add(this.requestBytes, ns);
    this.#nextRequest();
  }

  #endRound(): void {
    if (this.round.releasedBytes === 0) {
      this.sleepStartNs = -1;
      this.park();
      return;
    }
    this.sleepStartNs = this.sim.nowNs;
    this.sleepUntil(this.sleepStartNs + this.pacer.sleepNs(this.round.workedNs));
  }

  /** Takes what the sleep really was, and lets the controller choose the next ratio. */
  #wakeFromSleep(): void {
    const slept = this.clock(this.sim.nowNs) - this.clock(this.sleepStartNs);
    this.sleptNs += slept;
    this.sleepStartNs = -1;
    this.pacer.slept(slept, this.heap.procs);
  }
}
