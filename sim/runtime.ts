/**
 * The whole runtime on one clock: what a program's demands meet.
 *
 *     demands ──► Objects, Goroutines ─┐
 *                 pages ───────────────┼──► Heap ◄── Background scavenger, Sysmon
 *                     │ heapLive       ┘      ▲
 *                     ▼                       │ spans freed by sweeping, scavenge goals
 *                 Collector, Sweeper ─────────┘
 *
 * Nothing here decides anything of its own: it connects the parts, and keeps the two things that none of them knows: how
 * much memory the machine has, and what the program holds beside the collected heap.
 */

import { LimitError, type Simulation } from "../engine/simulation.js";
import type { Demands } from "./demands.js";
import { Collector, CycleCause } from "./gc/collector.js";
import type { Costs } from "./gc/costs.js";
import type { CollectorHooks } from "./gc/world.js";
import type { Heap } from "./heap/heap.js";
import { KIND_STACK } from "./heap/kinds.js";
import { Goroutines } from "./objects/goroutines.js";
import { FOREVER, Objects } from "./objects/objects.js";
import { Stacks } from "./objects/stacks.js";
import { Activity } from "./runtime/activity.js";
import { MemoryWorld } from "./runtime/memory-world.js";
import { createBackground } from "./scavenge/backgrounds.js";
import type { Background } from "./scavenge/pacing.js";
import { DEEP_SLEEP_NS } from "./scavenge/sysmon.js";

/** What the runtime runs with. */
export interface RuntimeOptions {
  /** GOMAXPROCS at the start. */
  readonly procs: number;
  /** Memory of the machine in bytes, Infinity for no end. */
  readonly ramBytes: number;
  /** GOGC, below 0 for off. */
  readonly gcPercent: number;
  /** GOMEMLIMIT in bytes, Infinity for none. Policies without memory limits ignore it. */
  readonly memoryLimitBytes: number;
  /** The minimum heap at GOGC=100, bytes. */
  readonly heapMinimumBytes: number;
  readonly globalsBytes: number;
  /** A collection is forced after so long without, ns; Infinity: never. */
  readonly forcePeriodNs: number;
  readonly costs: Costs;
  /** Whether the background scavenger runs. */
  readonly scavengerEnabled: boolean;
  /** Period of a timer of the program, ns; Infinity for none. */
  readonly idleTimerNs: number;
  /** Granularity of the clock, ns. */
  readonly clockNs: number;
  /** Spans and objects that may be live at once. */
  readonly liveLimit: number;
}

/** The program needs more memory than the machine has: the system ends it. */
export class MachineMemoryError extends Error {
  override readonly name = "MachineMemoryError";
  constructor(neededBytes: number, ramBytes: number) {
    super(
      `out of memory: the program has ${neededBytes} bytes in memory, the machine ${ramBytes}; the system kills it`,
    );
  }
}

export class Runtime implements Demands, CollectorHooks {
  readonly objects: Objects;
  readonly stacks: Stacks;
  readonly goroutines: Goroutines;
  readonly scavenger: Background;
  readonly collector: Collector;
  readonly activity: Activity;
  /** Called at the end of each collection. */
  onCycle: (() => void) | null = null;
  /** Things made with no known death, less those killed. */
  undying = 0;

  /** Whether the heap wants to know how long things will live. */
  private readonly hasHints: boolean;
  private readonly globalsBytes: number;
  private readonly liveLimit: number;
  private ramBytes: number;
  /** Stacks that workloads hold as spans. */
  private directStackBytes = 0;
  /** GOMAXPROCS to be set when the collection that goes on is over; 0: none. */
  private procsPending = 0;

  constructor(
    readonly sim: Simulation,
    readonly heap: Heap,
    options: RuntimeOptions,
  ) {
    heap.resizeProcs(options.procs);
    if (heap.policy.limit.supported) heap.memoryLimitBytes = options.memoryLimitBytes;
    this.globalsBytes = options.globalsBytes;
    this.hasHints = heap.policy.fit.kind === "lifetime-split";
    this.ramBytes = options.ramBytes;
    this.liveLimit = options.liveLimit;
    this.objects = new Objects(heap);
    this.stacks = new Stacks(heap);
    this.goroutines = new Goroutines(this.stacks, this.objects);
    this.scavenger = createBackground(sim, heap, options.costs, {
      idleTimerNs: options.idleTimerNs,
      clockNs: options.clockNs,
      // sysmon looks twice in the time after which a collection is forced.
      deepSleepNs: Number.isFinite(options.forcePeriodNs)
        ? Math.ceil(options.forcePeriodNs / 2)
        : DEEP_SLEEP_NS,
    });
    const world = new MemoryWorld(this.objects, this.stacks, this.goroutines);
    this.collector = new Collector(sim, heap, world, this.scavenger, options.costs, {
      gcPercent: options.gcPercent,
      globalsBytes: options.globalsBytes,
      heapMinimumBytes: options.heapMinimumBytes,
      forcePeriodNs: options.forcePeriodNs,
      stackBytes: () => this.goroutines.stackBytes + this.directStackBytes,
      onCycle: () => this.cycleEnded(),
    });
    this.activity = new Activity(
      sim,
      this.scavenger,
      () => heap.procs,
      () => this.collector.marking && this.collector.cause === CycleCause.explicit,
    );
    this.objects.attach(this);
    this.scavenger.setEnabled(options.scavengerEnabled);
  }

  get procs(): number {
    return this.heap.procs;
  }

  /** Spans, and objects that have not been found dead, roughly: what the simulator has to remember. */
  get liveThings(): number {
    return this.heap.spans.count + this.objects.deaths.count + this.undying;
  }

  /** What the program has in memory, bytes: all that is mapped and was not released, and globals. */
  get residentBytes(): number {
    const { mappedBytes, heapReleasedBytes } = this.heap.statistics;
    return mappedBytes - heapReleasedBytes + this.globalsBytes;
  }

  worker(): number {
    return this.activity.register();
  }

  /** See Demands. @throws LimitError when more is live than the simulator may remember */
  works(worker: number): void {
    this.activity.touch(worker);
    if (this.liveThings > this.liveLimit) this.refuseLive();
  }

  object(p: number, bytes: number, noscan: boolean, deathNs: number): number {
    if (deathNs === FOREVER) this.undying++;
    if (this.hasHints) this.hint(deathNs);
    return this.objects.alloc(p, bytes, noscan, deathNs);
  }

  span(p: number, npages: number, kind: number, deathNs: number): number {
    if (deathNs === FOREVER) this.undying++;
    if (this.hasHints) this.hint(deathNs);
    return this.objects.allocWhole(p, npages, kind, deathNs);
  }

  kill(handle: number): void {
    this.undying--;
    this.objects.kill(handle);
  }

  pages(p: number, npages: number, kind: number, deathNs: number): number {
    if (this.hasHints) this.hint(deathNs);
    const page = this.heap.allocSpan(p, npages, kind);
    if (kind === KIND_STACK) this.directStackBytes += npages * this.heap.geometry.pageBytes;
    this.checkRam();
    return page;
  }

  freePages(page: number): void {
    const { spans, geometry } = this.heap;
    if (spans.kindAt(page) === KIND_STACK) this.directStackBytes -= spans.npagesAt(page) * geometry.pageBytes;
    this.heap.freeSpan(page);
  }

  startGoroutine(p: number, stackBytes: number): number {
    if (this.hasHints) this.hint(0);
    const g = this.goroutines.start(p, stackBytes);
    this.checkRam();
    return g;
  }

  useStack(p: number, goroutine: number, stackBytes: number): void {
    if (this.hasHints) this.hint(0);
    this.goroutines.setUsed(p, goroutine, stackBytes);
    this.checkRam();
  }

  endGoroutine(p: number, goroutine: number): void {
    this.goroutines.finish(p, goroutine);
  }

  /** See CollectorHooks. */
  beforeSpan(spanBytes: number, callerSweepPages: number): void {
    this.collector.beforeSpan(spanBytes, callerSweepPages);
  }

  /** See CollectorHooks. */
  heapLiveChanged(deltaBytes: number): void {
    this.collector.heapLiveChanged(deltaBytes);
    this.checkRam();
  }

  /** Tells the heap whether what is asked for now will live long; of a span of objects the one that it is made for counts. */
  private hint(deathNs: number): void {
    this.heap.isLongLived = deathNs - this.sim.nowNs >= this.heap.policy.fit.longLivedNs;
  }

  /** runtime.GC() */
  collect(): void {
    this.collector.collect();
  }

  /** debug.FreeOSMemory() */
  freeOsMemory(): void {
    this.collector.freeOsMemory();
  }

  /** debug.SetGCPercent(gcPercent), below 0 for off */
  setGcPercent(gcPercent: number): void {
    this.collector.setGcPercent(gcPercent);
  }

  /** debug.SetMemoryLimit(bytes), Infinity for none. Policies without memory limits ignore it. */
  setMemoryLimit(bytes: number): void {
    if (this.heap.policy.limit.supported && bytes !== this.heap.memoryLimitBytes)
      this.collector.setMemoryLimit(bytes);
  }

  /** runtime.GOMAXPROCS(procs). It stops the world, for which it waits until no collection marks. */
  setProcs(procs: number): void {
    if (this.collector.marking) this.procsPending = procs;
    else this.resizeProcs(procs);
  }

  /** Another limit of the machine, Infinity for none. @throws MachineMemoryError when it is below what is in memory */
  setRam(ramBytes: number): void {
    this.ramBytes = ramBytes;
    this.checkRam();
  }

  private resizeProcs(procs: number): void {
    // In the order of the runtime: the page cache of a P goes first, what its spans give back goes to the heap itself.
    this.heap.resizeProcs(procs);
    this.objects.resizeProcs(procs);
    this.stacks.resizeProcs(procs);
    this.goroutines.resizeProcs(procs);
    this.scavenger.busyProcs = Math.min(this.scavenger.busyProcs, procs);
  }

  private cycleEnded(): void {
    if (this.procsPending > 0) {
      this.resizeProcs(this.procsPending);
      this.procsPending = 0;
    }
    this.onCycle?.();
  }

  private refuseLive(): never {
    throw new LimitError(
      `too much is live: more than ${this.liveLimit} spans and objects (limits.live) at ${this.sim.nowNs} ns; ` +
        "let them live shorter, make fewer, or allow more",
    );
  }

  private checkRam(): void {
    if (this.ramBytes === Number.POSITIVE_INFINITY) return;
    const bytes = this.residentBytes;
    if (bytes > this.ramBytes) throw new MachineMemoryError(bytes, this.ramBytes);
  }
}
