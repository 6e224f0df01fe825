/**
 * What all background scavengers are: a goroutine that is parked, woken, works and sleeps, in virtual time.
 *
 *                  wake: GC start, sysmon, new goals       timer, wake
 *     parked ─────────────────────────────► runnable ◄──────────────────── sleeping
 *        ▲                                     │                               ▲
 *        │ park()                              ▼               sleepUntil(ns)  │
 *        └───────────────────────────────── working ───────────────────────────┘
 *                                            run()
 *
 * How much is released at a time, and how long it then sleeps, is what releases differ in; each way is a class of its own
 * that implements run, and a line in backgrounds.ts. Who wakes it differs too: the start of a collection and, asked to at
 * the end of sweeping, sysmon (from 1.15), or the new goals of a collection (1.13 and 1.14).
 *
 * It can be switched off: then it finishes the round that it is in, and is not woken any more. Generations go on, since the
 * heap releases memory when it grows, and when the program asks for it, with or without a background scavenger.
 */

import { NO_EVENT, Priority, type Simulation } from "../../engine/simulation.js";
import { type Costs, madviseNs } from "../gc/costs.js";
import type { Heap } from "../heap/heap.js";
import { Residency } from "../os/residency.js";
import { ReleaseRequest } from "./scavenger.js";
import { type Sleeper, Sysmon } from "./sysmon.js";

export const ScavengerState = { parked: 0, runnable: 1, working: 2, sleeping: 3 } as const;

/** Work assumed per physical page released when the clock saw no time pass, ns (approxWorkedNSPerPhysicalPage). */
export const APPROX_PAGE_NS = 10_000;

/** Options of a background scavenger. */
export interface BackgroundOptions {
  /** A timer of the program fires at each multiple of this and keeps sysmon awake, ns. Default: none. */
  readonly idleTimerNs?: number;
  /** Granularity of the clock that work and sleep are measured with, ns. Default: 1. */
  readonly clockNs?: number;
  /** Longest time that sysmon sleeps while the program is idle, ns. Default: DEEP_SLEEP_NS. */
  readonly deepSleepNs?: number;
}

export abstract class Background implements Sleeper {
  readonly sysmon: Sysmon;
  /** Ps that the program keeps busy now. While that is all of them, the scavenger waits for its turn. */
  busyProcs = 1;
  /** One of ScavengerState. */
  state: number = ScavengerState.parked;
  /** When the timer will end a sleep, ns; Infinity when it is not set. */
  timerNs = Number.POSITIVE_INFINITY;
  /** Counters since the start. */
  rounds = 0;
  requests = 0;
  releasedBytes = 0;
  workedNs = 0;
  sleptNs = 0;
  /** Called before new work for the scavenger: before sweeping counts as done, or (1.14) when the heap has new goals. */
  onGeneration: (() => void) | null = null;

  protected readonly sim: Simulation;
  protected readonly heap: Heap;
  protected readonly costs: Costs;
  protected readonly work = new ReleaseRequest();
  private readonly clockNs: number;
  private readonly residency: Residency;
  private readonly runKind: number;
  private timer = NO_EVENT;
  private readonly timerKind: number;
  private enabled = true;

  constructor(sim: Simulation, heap: Heap, costs: Costs, options: BackgroundOptions = {}) {
    this.sim = sim;
    this.heap = heap;
    this.costs = costs;
    this.clockNs = options.clockNs ?? 1;
    this.residency = heap.scavenger.residency ?? new Residency(heap.scavenger.hugePages);
    heap.scavenger.residency = this.residency;
    this.runKind = sim.handler("scavenger: runs", Priority.background, () => this.begin());
    this.timerKind = sim.handler("scavenger: timer", Priority.background, () => this.sleepEnds());
    this.sysmon = new Sysmon(sim, this, options.idleTimerNs, options.deepSleepNs);
  }

  /** It has a processor: does a round of work, and then parks or sleeps. */
  protected abstract run(): void;

  /** Whether the start of a collection wakes it, and sysmon after a sweep; else new goals do. */
  protected get isWokenBySweep(): boolean {
    return true;
  }

  /**
   * Makes a parked or sleeping scavenger runnable (wakeScavenger).
   * @returns whether it was parked or sleeping
   */
  wake(): boolean {
    if (!this.enabled) return false;
    if (this.state !== ScavengerState.parked && this.state !== ScavengerState.sleeping) return false;
    this.sim.cancel(this.timer);
    this.timer = NO_EVENT;
    this.timerNs = Number.POSITIVE_INFINITY;
    this.state = ScavengerState.runnable;
    this.sim.schedule(this.sim.nowNs + this.startDelayNs(), this.runKind);
    return true;
  }

  /** A collection starts: whoever wakes the scavenger takes the flag that sysmon looks at along. */
  collectionStarts(): void {
    if (this.isWokenBySweep && this.wake()) this.sysmon.scavengerWoken();
  }

  /** The heap has new goals (gcPaceScavenger). */
  paced(): void {
    if (this.isWokenBySweep) return;
    this.onGeneration?.();
    this.wake();
  }

  /** Sweeping has ended: a generation starts, and sysmon is asked to wake the scavenger. */
  sweepDone(): void {
    if (this.isWokenBySweep) this.onGeneration?.();
    this.heap.scavenger.sweepDone();
    // When nobody is to be woken, sysmon need not look again and again.
    if (this.isWokenBySweep && this.enabled) this.sysmon.askForScavenger();
  }

  /** Switches it on or off. On: sysmon is asked to wake it, as after a sweep. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.enabled) return;
    this.enabled = enabled;
    if (enabled) this.sysmon.askForScavenger();
    else this.sysmon.scavengerWoken();
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

  /** The timer fires. Switched off in the meantime, the scavenger stays down. */
  private sleepEnds(): void {
    this.timer = NO_EVENT;
    this.timerNs = Number.POSITIVE_INFINITY;
    if (!this.wake()) this.state = ScavengerState.parked;
  }

  private startDelayNs(): number {
    return this.busyProcs < this.heap.procs ? this.costs.wakeUpNs : this.costs.timeSliceNs;
  }

  private begin(): void {
    this.state = ScavengerState.working;
    this.run();
  }

  /** What a clock of the runtime shows at a time. */
  protected clock(ns: number): number {
    return ns - (ns % this.clockNs);
  }

  /** The next time after now at which so many ticks of the clock have passed, ns. */
  protected afterTicks(ns: number): number {
    const now = this.sim.nowNs;
    return Math.ceil(Math.max(now + 1, this.clock(now) + Math.ceil(ns / this.clockNs) * this.clockNs));
  }

  /** It has nothing to do until somebody wakes it. */
  protected park(): void {
    this.state = ScavengerState.parked;
  }

  /** It sleeps until a time, ns, or until it is woken. */
  protected sleepUntil(ns: number): void {
    this.state = ScavengerState.sleeping;
    this.timerNs = ns;
    this.timer = this.sim.schedule(ns, this.timerKind);
    this.sysmon.timerSet();
  }

  /** What the release that began last takes, ns. */
  protected rangeNs(): number {
    const { pageBytes, physPageBytes } = this.heap.geometry;
    return madviseNs(this.costs, this.residency, pageBytes / physPageBytes);
  }
}

/** The background scavenger of policies that have none: it sleeps through everything. */
export class NoBackground extends Background {
  override wake(): boolean {
    return false;
  }

  override sweepDone(): void {
    this.onGeneration?.();
    this.heap.scavenger.sweepDone();
  }

  override setEnabled(): void {}

  protected run(): void {}
}
