/**
 * The garbage collector as events (mgc.go, Go 1.18).
 *
 *     off ──(heapLive at the trigger, 2 minutes, GC())──► sweep termination ──► mark ──► mark termination ──► off
 *                                                         finish sweeping       25 %     pacer, goals,
 *                                                         wake the scavenger    + assists start sweeping
 *
 * Marking has so much work: the scannable bytes that are alive, stacks and globals. A quarter of the Ps does it in the
 * background, idle Ps help, and a P that allocates assists when its allocations owe more than the background has done:
 * so marking ends at the goal at the latest. What the assists take is counted for the pacer; the program's own events are
 * not delayed by it. How much is alive is known only when marking ends (see World): until then the work is what the last
 * cycle found of its heapLive, taken of this one's.
 *
 * What was allocated since marking began stays alive in this cycle, and the World sees to that.
 */

import { NO_EVENT, Priority, type Simulation, TIME_MAX_NS } from "../../engine/simulation.js";
import type { Heap } from "../heap/heap.js";
import type { Background } from "../scavenge/pacing.js";
import type { Costs } from "./costs.js";
import { CpuLimiter } from "./cpu-limiter.js";
import { limitHeapGoal } from "./memory-limit.js";
import { BACKGROUND_UTILIZATION, DEFAULT_HEAP_MINIMUM, GOAL_OFF, Pacer } from "./pacer.js";
import { ScavengeAssists } from "./scavenge-assists.js";
import { type CollectedWorld, Sweeper } from "./sweeper.js";
import type { CollectorHooks } from "./world.js";

/** Time without a collection after which one is forced, ns (forcegcperiod). */
export const FORCE_PERIOD_NS = 120_000_000_000;
/** Scan work that an assist does beyond its debt, bytes (gcOverAssistWork). */
const OVER_ASSIST = 64 * 1024;

/** Why a cycle started; the program waits for an explicit one, and for no other. */
export const CycleCause = { trigger: 0, period: 1, explicit: 2, background: 3 } as const;

/** How long marking takes, and then sweeping in the background if nobody helps; ns, null: as costs and the program have it. */
export interface CycleLengths {
  readonly markNs: number | null;
  readonly sweepNs: number | null;
}

export const OWN_LENGTHS: CycleLengths = { markNs: null, sweepNs: null };

/** Options of a collector. */
export interface CollectorOptions {
  /** GOGC, below 0 for off. Default: 100. */
  readonly gcPercent?: number;
  /** Scannable globals, bytes. Default: 0. */
  readonly globalsBytes?: number;
  /** The minimum heap at GOGC=100, bytes. Default: 4 MiB. */
  readonly heapMinimumBytes?: number;
  /** A collection is forced when none began for so long, ns; Infinity: never. Default: FORCE_PERIOD_NS. */
  readonly forcePeriodNs?: number;
  /** Goroutine stacks now, bytes. Default: what the heap counts as stacks. */
  readonly stackBytes?: () => number;
  /** Called at the end of each cycle, after goals and sweeping were set up, and before whoever waited for it goes on. */
  readonly onCycle?: (collector: Collector) => void;
}

export class Collector implements CollectorHooks {
  readonly pacer: Pacer;
  /** Keeps collecting from taking all of the time; only where the policy has memory limits. */
  readonly limiter: CpuLimiter | null;
  /** What releases in allocations cost; null where there is no memory limit. */
  readonly assists: ScavengeAssists | null;
  readonly sweeper: Sweeper;
  /** Whether a cycle marks now. */
  marking = false;
  /** Cycles that ended, and of those the ones not started by the trigger. */
  cycles = 0;
  forcedCycles = 0;
  /** Of the last cycle: cause, start and end in ns, heapLive then, and time of assists on all Ps. */
  cause: number = CycleCause.trigger;
  markStartNs = 0;
  markEndNs = 0;
  liveAtStartBytes = 0;
  liveAtEndBytes = 0;
  assistNs = 0;

  private readonly sim: Simulation;
  private readonly heap: Heap;
  private readonly world: CollectedWorld;
  private readonly scavenger: Background;
  readonly costs: Costs;
  private readonly stackBytes: () => number;
  private readonly forcePeriodNs: number;
  private readonly onCycle: ((collector: Collector) => void) | undefined;
  private readonly startKind: number;
  private readonly endKind: number;
  private readonly periodKind: number;
  private startEvent = NO_EVENT;
  private endEvent = NO_EVENT;
  private periodEvent = NO_EVENT;
  /** Explicit collections asked for during a mark: they follow it. */
  private explicitPending = false;
  /** Lengths of a collection in the background that is asked for: until it begins, and while it marks. */
  private backgroundPending: CycleLengths | null = null;
  private nextLengths = OWN_LENGTHS;
  private lengths = OWN_LENGTHS;
  private releaseAllPending = false;
  private busyBefore = -1;
  /** Heap in use at the last mark termination. */
  private lastHeapInUse = 0;
  /** Marking: work in bytes, what of it is done, by the background of that and not yet taken by assists. */
  private workBytes = 0;
  private doneBytes = 0;
  private creditBytes = 0;
  private debtBytes = 0;
  private progressNs = 0;
  /** Time that idle Ps marked in the last cycle, on all of them, ns. */
  idleNs = 0;
  /** Part of heapLive at the start that the last mark found alive and scannable. */
  private scanPart = 1;

  constructor(
    sim: Simulation,
    heap: Heap,
    world: CollectedWorld,
    scavenger: Background,
    costs: Costs,
    options: CollectorOptions = {},
  ) {
    this.sim = sim;
    this.heap = heap;
    this.world = world;
    this.scavenger = scavenger;
    this.costs = costs;
    this.stackBytes = options.stackBytes ?? (() => heap.statistics.stackInUseBytes);
    this.onCycle = options.onCycle;
    this.pacer = new Pacer(
      options.gcPercent ?? 100,
      options.globalsBytes ?? 0,
      options.heapMinimumBytes ?? DEFAULT_HEAP_MINIMUM,
    );
    this.limiter = heap.policy.limit.supported
      ? new CpuLimiter({
          nowNs: () => sim.nowNs,
          procs: () => heap.procs,
          busyProcs: () => scavenger.busyProcs,
          isMarking: () => this.marking,
        })
      : null;
    this.assists = this.limiter === null ? null : new ScavengeAssists(heap, costs, this.limiter);
    heap.meter = this.assists;
    this.forcePeriodNs = options.forcePeriodNs ?? FORCE_PERIOD_NS;
    this.startKind = sim.handler("collector: cycle starts", Priority.collector, (cause) =>
      this.#start(cause),
    );
    this.endKind = sim.handler("collector: marking ends", Priority.collector, () => this.#markingEnds());
    this.periodKind = sim.handler("collector: forced", Priority.collector, (looked) => this.#period(looked));
    this.sweeper = new Sweeper(
      sim,
      world,
      costs,
      () => scavenger.busyProcs >= heap.procs,
      () => scavenger.sweepDone(),
    );
  }

  /** See CollectorHooks. */
  beforeSpan(spanBytes: number, callerSweepPages: number): void {
    this.sweeper.beforeSpan(spanBytes, callerSweepPages);
  }

  /** See CollectorHooks. */
  heapLiveChanged(deltaBytes: number): void {
    const { pacer } = this;
    pacer.heapLiveBytes = this.world.heapLiveBytes;
    if (this.marking) {
      if (deltaBytes > 0) this.#assist(deltaBytes);
      return;
    }
    this.#limitGoal();
    if (pacer.heapLiveBytes >= pacer.triggerBytes) this.#ask(CycleCause.trigger);
  }

  /** Changes GOGC (debug.SetGCPercent), with all goals; below 0 is off. */
  setGcPercent(gcPercent: number): void {
    const { pacer } = this;
    pacer.setGcPercent(gcPercent, this.sweeper.isDone);
    pacer.limitTo(this.#limitHeapGoal());
    if (this.marking) pacer.revise(Math.trunc(this.doneBytes));
    this.sweeper.pace(pacer.triggerBytes);
    this.#paceScavenger();
    this.heapLiveChanged(0);
  }

  /** Changes the memory limit (debug.SetMemoryLimit), with all goals; Infinity for none. */
  setMemoryLimit(bytes: number): void {
    this.heap.memoryLimitBytes = bytes;
    const { pacer } = this;
    pacer.commit(this.sweeper.isDone);
    pacer.limitTo(this.#limitHeapGoal());
    this.sweeper.pace(pacer.triggerBytes);
    this.#paceScavenger();
    this.heapLiveChanged(0);
  }

  /** The heap goal that the memory limit leaves; Infinity where there is none. */
  #limitHeapGoal(): number {
    const { heap, pacer, world } = this;
    const { limit } = heap.policy;
    if (!limit.supported || heap.memoryLimitBytes === Number.POSITIVE_INFINITY)
      return Number.POSITIVE_INFINITY;
    return limitHeapGoal(
      {
        limitBytes: heap.memoryLimitBytes,
        mappedReadyBytes: heap.mappedReadyBytes,
        heapFreeBytes: heap.statistics.heapFreeBytes,
        heapAllocBytes: world.heapAllocBytes,
        heapMarkedBytes: pacer.heapMarkedBytes,
      },
      limit,
    );
  }

  /** Under a limit the goal moves with what is mapped. */
  #limitGoal(): void {
    if (this.heap.memoryLimitBytes !== Number.POSITIVE_INFINITY) this.pacer.limitTo(this.#limitHeapGoal());
  }

  /** A collection is asked for (runtime.GC): the program waits for it, and then sweeps all. */
  collect(): void {
    if (this.marking) this.explicitPending = true;
    else this.#ask(CycleCause.explicit);
  }

  /**
   * A collection is asked for by somebody who does not wait for it: it marks and sweeps beside the program, as one does
   * that the trigger starts. During a mark: it follows that.
   */
  collectInBackground(lengths: CycleLengths = OWN_LENGTHS): void {
    if (this.marking) {
      this.backgroundPending = lengths;
      return;
    }
    this.nextLengths = lengths;
    this.#ask(CycleCause.background);
  }

  /** A collection, and then all free memory goes back to the system (debug.FreeOSMemory). */
  freeOsMemory(): void {
    this.releaseAllPending = true;
    this.collect();
  }

  /** When marking will end if nobody allocates, ns; −1 while there is none. */
  get expectedEndNs(): number {
    return this.marking ? this.sim.nowNs + Math.ceil((this.workBytes - this.doneBytes) / this.#rate()) : -1;
  }

  #ask(cause: number): void {
    // An explicit one that comes before another at the same instant takes its place.
    if (this.startEvent !== NO_EVENT && cause !== CycleCause.explicit) return;
    this.sim.cancel(this.startEvent);
    this.startEvent = this.sim.schedule(this.sim.nowNs, this.startKind, cause);
  }

  #start(cause: number): void {
    this.startEvent = NO_EVENT;
    const { pacer, world, sim } = this;
    // With GOGC off only the limit makes a cycle start by itself.
    const isOff = pacer.gcPercent < 0;
    if (isOff && cause === CycleCause.period) return;
    if (isOff && cause === CycleCause.trigger && pacer.triggerBytes >= GOAL_OFF) return;
    this.limiter?.update();
    this.sim.cancel(this.periodEvent);
    this.periodEvent = NO_EVENT;
    this.sweeper.finish();
    this.scavenger.collectionStarts();
    this.cause = cause;
    this.lengths = cause === CycleCause.background ? this.nextLengths : OWN_LENGTHS;
    this.marking = true;
    this.markStartNs = sim.nowNs;
    this.liveAtStartBytes = world.heapLiveBytes;
    pacer.heapLiveBytes = world.heapLiveBytes;
    pacer.heapScanBytes = world.heapLiveBytes;
    pacer.startCycle(this.stackBytes());
    world.startMark?.(sim.nowNs);
    if (cause === CycleCause.explicit) this.#programWaits();
    this.#startMarking();
  }

  #startMarking(): void {
    const { pacer } = this;
    this.workBytes = Math.max(
      1,
      this.liveAtStartBytes * this.scanPart + pacer.stackScanBytes + pacer.globalsScanBytes,
    );
    this.doneBytes = 0;
    this.creditBytes = 0;
    this.debtBytes = 0;
    this.assistNs = 0;
    this.idleNs = 0;
    this.progressNs = this.sim.nowNs;
    pacer.revise(0);
    this.#planEnd();
  }

  /** Who asks for a collection waits for it: the Ps make way for whoever else is there, but they are not idle. */
  #programWaits(): void {
    this.busyBefore = this.scavenger.busyProcs;
    this.scavenger.setBusy(0, false);
  }

  /** Idle Ps that mark beside the quarter that always does. */
  #idleProcs(): number {
    const { procs } = this.heap;
    return Math.max(0, procs - this.scavenger.busyProcs - procs * BACKGROUND_UTILIZATION);
  }

  /** Bytes scanned in a nanosecond, without assists. */
  #rate(): number {
    return (this.heap.procs * BACKGROUND_UTILIZATION + this.#idleProcs()) / this.costs.markByteNs;
  }

  /** Takes what was marked since the last look. */
  #progress(): void {
    const now = this.sim.nowNs;
    const passed = now - this.progressNs;
    const scanned = passed * this.#rate();
    this.doneBytes += scanned;
    this.creditBytes += scanned;
    this.idleNs += passed * this.#idleProcs();
    this.progressNs = now;
  }

  #assist(deltaBytes: number): void {
    if (this.lengths.markNs !== null) return;
    if (this.limiter?.isLimiting === true) return;
    const { pacer } = this;
    this.debtBytes += deltaBytes * pacer.assistWorkPerByte;
    if (this.debtBytes <= 0) return;
    this.#progress();
    const stolen = Math.min(this.creditBytes, this.debtBytes);
    this.creditBytes -= stolen;
    this.debtBytes -= stolen;
    if (this.debtBytes > 0) {
      // An assist works ahead, so that not every allocation is one.
      const left = Math.max(0, this.workBytes - this.doneBytes);
      const work = Math.min(left, Math.max(this.debtBytes, OVER_ASSIST));
      this.doneBytes += work;
      this.assistNs += work * this.costs.markByteNs;
      this.limiter?.addAssist(work * this.costs.markByteNs);
      this.debtBytes -= work;
      this.#planEnd();
    }
    pacer.revise(Math.trunc(this.doneBytes));
  }

  #planEnd(): void {
    this.sim.cancel(this.endEvent);
    if (this.lengths.markNs !== null) {
      this.endEvent = this.sim.schedule(this.markStartNs + this.lengths.markNs, this.endKind);
      return;
    }
    const left = Math.max(0, this.workBytes - this.doneBytes);
    const ns = Math.ceil(left / this.#rate()) + (this.doneBytes === 0 ? 2 * this.costs.stopTheWorldNs : 0);
    this.endEvent = this.sim.schedule(this.sim.nowNs + ns, this.endKind);
  }

  #markingEnds(): void {
    this.endEvent = NO_EVENT;
    this.#progress();
    const { pacer, world, sim } = this;
    this.limiter?.update();
    this.marking = false;
    this.markEndNs = sim.nowNs;
    this.liveAtEndBytes = world.heapLiveBytes;
    pacer.heapLiveBytes = world.heapLiveBytes;
    const heapInUse = this.heap.statistics.heapInUseBytes;
    const marked = world.finishMark(this.markStartNs, sim.nowNs);
    this.#outcome(marked);
    this.lastHeapInUse = heapInUse;
    this.cycles++;
    if (this.cause !== CycleCause.trigger) this.forcedCycles++;
    this.sweeper.start(this.lengths.sweepNs);
    pacer.commit(false);
    pacer.limitTo(this.#limitHeapGoal());
    this.sweeper.pace(pacer.triggerBytes);
    this.#paceScavenger();
    this.heap.markDone();
    this.#flushIdle();
    const forcedNs = sim.nowNs + this.forcePeriodNs + 1;
    if (forcedNs <= TIME_MAX_NS) this.periodEvent = sim.schedule(forcedNs, this.periodKind, 0);
    this.onCycle?.(this);
    this.#afterCycle();
  }

  /**
   * The world goes on, and idle Ps lose their page caches (from 1.21). Which Ps are idle the model does not know, only how many:
   * the last ones are. Two never are: the one that ended the mark, and the one that it wakes first.
   */
  #flushIdle(): void {
    const { heap, scavenger } = this;
    if (!heap.policy.pageCache.flushIdle) return;
    for (let p = Math.max(2, scavenger.busyProcs); p < heap.procs; p++) heap.flushCache(p);
  }

  /**
   * Tells the pacer how the cycle went.
   * @param markedBytes what the mark found
   */
  #outcome(markedBytes: number): void {
    const { pacer, world } = this;
    // What was allocated while marking is marked, but it was not scanned; it is taken to have its share of pointers.
    const allocated = this.liveAtEndBytes - this.liveAtStartBytes;
    const scanShare = markedBytes > 0 ? world.markedScanBytes / markedBytes : 0;
    const scanned = Math.max(0, Math.round((markedBytes - allocated) * scanShare));
    const procNs = Math.max(1, this.markEndNs - this.markStartNs) * this.heap.procs;
    pacer.endCycle({
      scanWorkBytes: Math.max(1, scanned + pacer.stackScanBytes + pacer.globalsScanBytes),
      utilization: Math.min(0.99, BACKGROUND_UTILIZATION + this.assistNs / procNs),
      idleUtilization: this.idleNs / procNs,
    });
    pacer.resetLive(markedBytes, scanned);
    this.scanPart = Math.min(1, scanned / Math.max(1, this.liveAtStartBytes));
  }

  /** Whoever waited goes on: sweeps all, and gives all back if that was asked for. */
  #afterCycle(): void {
    if (this.cause === CycleCause.explicit) {
      // The end of the mark may have left fewer Ps than were busy before.
      this.scavenger.setBusy(Math.min(this.busyBefore, this.heap.procs));
      this.sweeper.finish();
      if (this.releaseAllPending) {
        this.releaseAllPending = false;
        this.heap.scavenger.sweepDone();
        this.heap.scavenge(Number.POSITIVE_INFINITY, true);
      }
    }
    if (this.explicitPending) {
      this.explicitPending = false;
      this.#ask(CycleCause.explicit);
    } else if (this.backgroundPending !== null) {
      this.nextLengths = this.backgroundPending;
      this.backgroundPending = null;
      this.#ask(CycleCause.background);
    }
  }

  #paceScavenger(): void {
    const { pacer } = this;
    this.heap.paceScavenger(pacer.heapGoalBytes, pacer.lastHeapGoalBytes, this.lastHeapInUse);
    this.scavenger.paced();
  }

  /** Two minutes passed without a cycle: sysmon forces one on its next pass. */
  #period(looked: number): void {
    this.periodEvent = NO_EVENT;
    if (looked === 1) return this.#ask(CycleCause.period);
    this.periodEvent = this.sim.schedule(this.scavenger.sysmon.nextPassNs(), this.periodKind, 1);
  }
}
