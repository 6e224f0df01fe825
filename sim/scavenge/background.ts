/**
 * The background scavenger in virtual time (bgscavenge in mgcscavenge.go, Go 1.18).
 *
 *                  wake: GC start, sysmon                  timer, wake
 *     parked ─────────────────────────────► runnable ◄──────────────────── sleeping
 *        ▲                                     │                               ▲
 *        │ a round released nothing            ▼        a round released       │
 *        └───────────────────────────────── working ───────────────────────────┘
 *
 * A round asks for 64 KiB at a time until it has worked for 1 ms or retained memory is at the goal. Then it sleeps for
 * what it worked divided by the sleep ratio, which a PI controller steers so that scavenging takes 1 % of the time of
 * all Ps. When the generation has nothing left, but there is more than the goal, it asks in vain until the millisecond
 * is over, and parks.
 *
 * Time passes only here: for each range that goes to the system, by the costs of madvise. The range is out of the heap
 * from the start of its madvise to the end, so allocations in between find their pages elsewhere. With one P nobody else
 * runs while the scavenger does, so there a whole request happens at its start, and only then its time passes.
 *
 * Work and sleep are measured with a clock that may be coarse: where a request took no time by that clock, 10 µs per
 * physical page are assumed, as the runtime does.
 */

import { NO_EVENT, Priority, type Simulation } from "../../engine/simulation.js";
import { type Costs, madviseNs } from "../gc/costs.js";
import type { Heap } from "../heap/heap.js";
import { Residency } from "../os/residency.js";
import { PiController, type PiTuning } from "./pi-controller.js";
import { ReleaseRequest } from "./scavenger.js";
import { type Sleeper, Sysmon } from "./sysmon.js";

/** Part of the time of all Ps that the scavenger may take (scavengePercent). */
export const SCAVENGE_CPU_FRACTION = 0.01;
/** Bytes asked for at a time (scavengeQuantum). */
export const SCAVENGE_QUANTUM_BYTES = 65_536;
/** A round works at least so long, ns (minCritTime). */
export const MIN_WORK_NS = 1_000_000;
/** Work divided by sleep, at the start and after a failure of the controller (startingCritSleepRatio). */
export const START_SLEEP_RATIO = 0.001;
/** How long the start ratio is held after a failure of the controller, ns. */
export const COOLDOWN_NS = 5_000_000_000;
/** Work assumed per physical page released when the clock saw no time pass, ns. */
export const APPROX_PAGE_NS = 10_000;
/** Output: work divided by sleep. Input: fraction of the time of all Ps. Periods in ns. */
export const SLEEP_TUNING: PiTuning = { kp: 0.3375, ti: 3.2e6, tt: 1e9, min: 0.001, max: 1000 };

export const ScavengerState = { parked: 0, runnable: 1, working: 2, sleeping: 3 } as const;

/** Options of the background scavenger. */
export interface BackgroundOptions {
  /** A timer of the program fires at each multiple of this and keeps sysmon awake, ns. Default: none. */
  readonly idleTimerNs?: number;
  /** Granularity of the clock that work and sleep are measured with, ns. Default: 1. */
  readonly clockNs?: number;
  /** Longest time that sysmon sleeps while the program is idle, ns. Default: DEEP_SLEEP_NS. */
  readonly deepSleepNs?: number;
  /** Work is counted 1 + this times (scavengeCostRatio: 0.7 on darwin and ios). Default: 0. */
  readonly costRatio?: number;
}

export class BackgroundScavenger implements Sleeper {
  readonly sysmon: Sysmon;
  /** Ps that the program keeps busy now. While that is all of them, the scavenger waits for its turn. */
  busyProcs = 1;
  /** One of ScavengerState. */
  state: number = ScavengerState.parked;
  /** When the timer will end a sleep, ns; Infinity when it is not set. */
  timerNs = Number.POSITIVE_INFINITY;
  /** Work divided by sleep: what the controller last said. */
  sleepRatio = START_SLEEP_RATIO;
  /** Counters since the start. */
  rounds = 0;
  requests = 0;
  releasedBytes = 0;
  workedNs = 0;
  sleptNs = 0;
  controllerFailures = 0;

  private readonly sim: Simulation;
  private readonly heap: Heap;
  private readonly costs: Costs;
  private readonly clockNs: number;
  private readonly costRatio: number;
  private readonly controller = new PiController(SLEEP_TUNING);
  private readonly runKind: number;
  private readonly timerKind: number;
  private readonly rangeKind: number;
  private readonly requestKind: number;
  private timer = NO_EVENT;
  private readonly work = new ReleaseRequest();
  private readonly residency: Residency;
  /** Of the round: counted work in ns, and bytes released. */
  private crit = 0;
  private roundBytes = 0;
  /** Of the request: when it began, and bytes released. */
  private requestNs = 0;
  private requestBytes = 0;
  /** When the sleep began, ns; −1 when it was no sleep. */
  private sleepStartNs = -1;
  private workBeforeSleep = 0;
  private cooldownNs = 0;

  constructor(sim: Simulation, heap: Heap, costs: Costs, options: BackgroundOptions = {}) {
    this.sim = sim;
    this.heap = heap;
    this.costs = costs;
    this.clockNs = options.clockNs ?? 1;
    this.costRatio = options.costRatio ?? 0;
    this.residency = heap.scavenger.residency ?? new Residency(heap.scavenger.hugePages);
    heap.scavenger.residency = this.residency;
    this.rangeKind = sim.handler("scavenger: range released", Priority.release, (page, npages) =>
      this.#rangeDone(page, npages),
    );
    this.requestKind = sim.handler("scavenger: request done", Priority.background, () => this.#requestDone());
    this.runKind = sim.handler("scavenger: runs", Priority.background, () => this.#run());
    this.timerKind = sim.handler("scavenger: timer", Priority.background, () => this.#timerFired());
    this.sysmon = new Sysmon(sim, this, options.idleTimerNs, options.deepSleepNs);
  }

  /**
   * Makes a parked or sleeping scavenger runnable (wakeScavenger): at the start of a collection, and by sysmon.
   * @returns whether it was parked or sleeping
   */
  wake(): boolean {
    if (this.state !== ScavengerState.parked && this.state !== ScavengerState.sleeping) return false;
    this.sim.cancel(this.timer);
    this.timer = NO_EVENT;
    this.timerNs = Number.POSITIVE_INFINITY;
    this.state = ScavengerState.runnable;
    this.sim.schedule(this.sim.nowNs + this.#startDelayNs(), this.runKind);
    return true;
  }

  /** A collection starts: whoever wakes the scavenger takes the flag that sysmon looks at along. */
  collectionStarts(): void {
    if (this.wake()) this.sysmon.scavengerWoken();
  }

  /** Sweeping has ended: a generation starts, and sysmon is asked to wake the scavenger. */
  sweepDone(): void {
    this.heap.scavenger.sweepDone();
    this.sysmon.askForScavenger();
  }

  /**
   * What the program does from now on.
   * @param procs Ps that its goroutines keep busy
   * @param idle whether all Ps are idle. While the program waits for a collection they are not: markers run there, but
   *   they make way for whoever is woken.
   */
  setBusy(procs: number, idle = procs === 0): void {
    this.busyProcs = procs;
    this.sysmon.setIdle(idle);
  }

  #startDelayNs(): number {
    return this.busyProcs < this.heap.procs ? this.costs.wakeUpNs : this.costs.timeSliceNs;
  }

  #clock(ns: number): number {
    return ns - (ns % this.clockNs);
  }

  #timerFired(): void {
    this.wake();
  }

  #run(): void {
    if (this.sleepStartNs >= 0) this.#wakeFromSleep();
    this.state = ScavengerState.working;
    this.rounds++;
    this.crit = 0;
    this.roundBytes = 0;
    this.#nextRequest();
  }

  #nextRequest(): void {
    const { heap } = this;
    if (this.crit >= MIN_WORK_NS || heap.statistics.heapRetainedBytes <= heap.scavengeGoalBytes)
      return this.#endRound();
    this.requests++;
    heap.statistics.scavengeCalls++;
    this.requestNs = this.sim.nowNs;
    this.requestBytes = 0;
    heap.scavenger.begin(this.work, false);
    if (heap.procs > 1) this.#nextRange();
    else this.#wholeRequest();
  }

  /** With several Ps: one range at a time, out of the heap while madvise has it. */
  #nextRange(): void {
    if (this.requestBytes < SCAVENGE_QUANTUM_BYTES && this.#find()) {
      const { page, npages } = this.work;
      this.heap.beginRelease(page, npages);
      this.sim.schedule(this.sim.nowNs + this.#rangeNs(), this.rangeKind, page, npages);
      return;
    }
    this.heap.scavenger.end(this.work);
    if (this.requestBytes === 0) this.#searchInVain();
    else this.#requestDone();
  }

  #rangeDone(page: number, npages: number): void {
    this.#released(page, npages);
    this.#nextRange();
  }

  /** With one P: all ranges at once, since nobody else can come between, and then the time they took. */
  #wholeRequest(): void {
    let ns = 0;
    while (this.requestBytes < SCAVENGE_QUANTUM_BYTES && this.#find()) {
      const { page, npages } = this.work;
      this.heap.beginRelease(page, npages);
      ns += this.#rangeNs();
      this.#released(page, npages);
    }
    this.heap.scavenger.end(this.work);
    if (this.requestBytes === 0) this.#searchInVain();
    else this.sim.schedule(this.sim.nowNs + ns, this.requestKind);
  }

  /** Looks for the next range; it then stands in `work`. */
  #find(): boolean {
    return this.heap.scavenger.next(this.work, SCAVENGE_QUANTUM_BYTES - this.requestBytes);
  }

  /** What the release that began last takes. */
  #rangeNs(): number {
    const { pageBytes, physPageBytes } = this.heap.geometry;
    return madviseNs(this.costs, this.residency, pageBytes / physPageBytes);
  }

  #released(page: number, npages: number): void {
    const bytes = this.heap.endRelease(page, npages);
    this.requestBytes += bytes;
    this.roundBytes += bytes;
    this.releasedBytes += bytes;
  }

  /**
   * Nothing is left of the generation. The runtime asks again and again until its clock says that the round is over;
   * here that is one wait. What a new generation brings in the meantime is found by the round after it.
   */
  #searchInVain(): void {
    const now = this.sim.nowNs;
    const ticks = Math.ceil((MIN_WORK_NS - this.crit) / this.clockNs);
    const at = Math.max(now + 1, this.#clock(now) + Math.ceil(ticks) * this.clockNs);
    this.sim.schedule(Math.ceil(at), this.requestKind);
  }

  #requestDone(): void {
    const now = this.sim.nowNs;
    const ns = this.#clock(now) - this.#clock(this.requestNs);
    this.workedNs += now - this.requestNs;
    this.crit +=
      ns > 0 ? ns : APPROX_PAGE_NS * Math.floor(this.requestBytes / this.heap.geometry.physPageBytes);
    this.#nextRequest();
  }

  #endRound(): void {
    if (this.roundBytes === 0) {
      this.state = ScavengerState.parked;
      this.sleepStartNs = -1;
      return;
    }
    const work = Math.max(this.crit, MIN_WORK_NS) * (1 + this.costRatio);
    const now = this.sim.nowNs;
    this.workBeforeSleep = work;
    this.sleepStartNs = now;
    this.state = ScavengerState.sleeping;
    this.timerNs = now + Math.floor(work / this.sleepRatio);
    this.timer = this.sim.schedule(this.timerNs, this.timerKind);
    this.sysmon.timerSet();
  }

  /** Takes what the sleep really was, and lets the controller choose the next ratio. */
  #wakeFromSleep(): void {
    const slept = this.#clock(this.sim.nowNs) - this.#clock(this.sleepStartNs);
    this.sleptNs += slept;
    this.sleepStartNs = -1;
    const work = this.workBeforeSleep;
    const period = slept + work;
    if (this.cooldownNs > 0) {
      const passed = slept + Math.floor(work);
      this.cooldownNs = passed > this.cooldownNs ? 0 : this.cooldownNs - passed;
      return;
    }
    const fraction = work / (period * this.heap.procs);
    this.sleepRatio = this.controller.next(fraction, SCAVENGE_CPU_FRACTION, period);
    if (!this.controller.failed) return;
    this.sleepRatio = START_SLEEP_RATIO;
    this.cooldownNs = COOLDOWN_NS;
    this.controllerFailures++;
  }
}
