/**
 * What is common to workloads: windows, Ps in turn, when a thing dies, and for most of them arrivals.
 *
 * One event makes all things of an arrival. When nothing else is to happen before the next arrival, it goes on with that
 * one at once (Simulation.advance), so the queue is asked only where workloads and the runtime meet.
 *
 *     open ──► initial things ──► arrival ──► arrival ──► … ──► stop ──► open (the next window)
 */

import type { WholeDraws } from "../../engine/distributions.js";
import type { RandomStream } from "../../engine/random-streams.js";
import { Priority, type Simulation } from "../../engine/simulation.js";
import type { Demands } from "../../sim/demands.js";
import type { ArrivalSpec, WorkloadSpec } from "../scenario.js";
import { ArrivalClock, NO_ARRIVAL } from "./arrival-clock.js";
import { expectedArrivals } from "./expected.js";
import { type Leak, NO_LEAK } from "./leaks.js";
import { deathAfter, type Stage } from "./stage.js";
import { Windows } from "./windows.js";

/** Initial things made in one event: the collector may start in between. */
const INITIAL_BATCH = 4096;
/** Arrivals in one event, so that limits and idleness are looked at now and then. */
const TURN_ARRIVALS = 65_536;
/** Things at one arrival at most. */
const MAX_BATCH = 1e9;

/** What an event is about. */
const Turn = { open: 0, initial: 1, arrival: 2, stop: 3 } as const;

export abstract class Workload {
  protected readonly sim: Simulation;
  protected readonly demands: Demands;
  protected readonly name: string;
  protected readonly windows: Windows;
  protected readonly worker: number;
  private readonly proc: number;
  private nextProcIndex = 0;
  private readonly dropAtStop: number;
  private readonly drops: RandomStream;

  /**
   * @param leaks of this workload
   * @param dropAtStop see ArrivalSpec
   */
  constructor(
    protected readonly stage: Stage,
    workload: WorkloadSpec,
    protected readonly leaks: readonly Leak[],
    dropAtStop: number,
  ) {
    this.sim = stage.sim;
    this.demands = stage.demands;
    this.name = workload.name;
    this.windows = new Windows(workload);
    this.worker = stage.demands.worker();
    this.proc = workload.proc ?? -1;
    this.dropAtStop = dropAtStop;
    this.drops = stage.stream(workload.name, "drop");
  }

  /** Schedules the first event. */
  abstract start(): void;

  /** Length of a window, ns. */
  protected get windowNs(): number {
    return this.windows.stopNs - this.windows.startNs;
  }

  /** The P that the next thing is made on. */
  protected nextProc(): number {
    const { procs } = this.demands;
    if (this.proc >= 0) return this.proc < procs ? this.proc : this.proc % procs;
    if (this.nextProcIndex >= procs) this.nextProcIndex = 0;
    return this.nextProcIndex++;
  }

  /** When something dies that is made now and lives so long: leaks and the end of the window have their say. */
  protected deathNs(lifetimeNs: number): number {
    const leaked = this.leakedDeathNs();
    if (leaked !== NO_LEAK) return leaked;
    const death = deathAfter(this.sim.nowNs, lifetimeNs);
    return this.dropAtStop > 0 ? this.droppedDeath(death) : death;
  }

  /** When something dies that is made now, if it leaks; else NO_LEAK. */
  protected leakedDeathNs(): number {
    for (let i = 0; i < this.leaks.length; i++) {
      const leaked = this.leaks[i]!.deathNs(this.sim.nowNs);
      if (leaked !== NO_LEAK) return leaked;
    }
    return NO_LEAK;
  }

  /** Whether something that is alive at the end of the window dies then. */
  protected isDropped(): boolean {
    return this.dropAtStop > 0 && this.drops.chance(this.dropAtStop);
  }

  private droppedDeath(deathNs: number): number {
    const { stopNs } = this.windows;
    return deathNs > stopNs && this.isDropped() ? stopNs : deathNs;
  }
}

export abstract class ArrivingWorkload extends Workload {
  private readonly kind: number;
  private readonly clock: ArrivalClock | null;
  private readonly isByBytes: boolean;
  /** Null: always one. */
  private readonly batch: WholeDraws | null;
  private readonly initial: number;
  private readonly count: number;
  private initialLeft = 0;
  /** Things still to be made in this window. */
  private left = 0;
  /** Bytes of the last arrival, when arrivals go by them. */
  private units = 1;

  constructor(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[], spec: ArrivalSpec) {
    super(stage, workload, leaks, spec.dropAtStop);
    this.clock =
      spec.rate === null
        ? null
        : new ArrivalClock(spec.rate.curve, spec.arrivals, stage.stream(workload.name, "arrivals"));
    this.isByBytes = spec.rate?.unit === "bytesPerSecond";
    this.batch =
      spec.batch.kind === "constant" && spec.batch.value === 1
        ? null
        : stage.draws(spec.batch, workload.name, "batch", 1, MAX_BATCH);
    this.initial = spec.initial;
    this.count = spec.count;
    this.kind = stage.sim.handler(`workload ${workload.name}`, Priority.allocate, (turn) => this.turn(turn));
  }

  start(): void {
    this.sim.schedule(this.windows.startNs, this.kind, Turn.open);
  }

  /** Makes so many things. @returns their bytes */
  protected abstract make(count: number): number;

  /** A window opens: nothing was made in it. */
  protected opened(): void {}

  /** Things in a window, NaN when that is not known. */
  protected expected(spec: ArrivalSpec): number {
    return this.isByBytes || this.windowNs === Number.POSITIVE_INFINITY
      ? Number.NaN
      : expectedArrivals(spec, this.windowNs, 1);
  }

  private turn(turn: number): void {
    this.demands.works(this.worker);
    if (turn === Turn.arrival) return this.arrive();
    if (turn === Turn.open) {
      this.initialLeft = Math.min(this.initial, this.count);
      this.left = this.count;
      this.clock?.open();
      this.opened();
    }
    const now = Math.min(this.initialLeft, INITIAL_BATCH);
    if (now > 0) {
      this.make(now);
      this.initialLeft -= now;
      this.left -= now;
    }
    if (this.initialLeft > 0) {
      this.sim.schedule(this.sim.nowNs, this.kind, Turn.initial);
      return;
    }
    // By bytes, the first thing comes at once: what it takes says when the next one comes.
    if (this.clock === null || this.left <= 0) this.close();
    else if (this.isByBytes) this.arrive();
    else this.schedule(this.nextArrival());
  }

  private arrive(): void {
    for (let turns = TURN_ARRIVALS; ; turns--) {
      const bytes = this.batch === null ? this.makeOne() : this.makeBatch(this.batch);
      if (this.isByBytes) this.units = bytes;
      const at = this.left > 0 ? this.nextArrival() : NO_ARRIVAL;
      if (at === NO_ARRIVAL || turns === 0 || !this.sim.advance(at, this.kind)) {
        this.schedule(at);
        return;
      }
    }
  }

  private makeOne(): number {
    this.left--;
    return this.make(1);
  }

  private makeBatch(batch: WholeDraws): number {
    const things = Math.min(batch.next(), this.left);
    this.left -= things;
    return this.make(things);
  }

  private nextArrival(): number {
    const { startNs, stopNs } = this.windows;
    const at = this.clock!.next(this.units, stopNs - startNs);
    return at === NO_ARRIVAL ? at : startNs + at;
  }

  private schedule(at: number): void {
    if (at === NO_ARRIVAL) this.close();
    else this.sim.schedule(at, this.kind, Turn.arrival);
  }

  private close(): void {
    if (this.windows.next()) this.sim.schedule(this.windows.startNs, this.kind, Turn.open);
  }
}
