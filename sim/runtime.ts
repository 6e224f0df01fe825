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
import { Collector, CycleCause, type CycleLengths, OWN_LENGTHS } from "./gc/collector.js";
import type { Costs } from "./gc/costs.js";
import type { CollectorHooks } from "./gc/world.js";
import type { Heap } from "./heap/heap.js";
import { KIND_STACK } from "./heap/kinds.js";
import { Goroutines } from "./objects/goroutines.js";
import { FOREVER, Objects } from "./objects/objects.js";
import { Stacks } from "./objects/stacks.js";
import { HugeAdvice } from "./os/huge-advice.js";
import { HugePages, type ThpMode } from "./os/huge-pages.js";
import { Khugepaged, type KhugepagedOptions } from "./os/khugepaged.js";
import { Regret } from "./os/regret.js";
import type { Residency } from "./os/residency.js";
import { Activity } from "./runtime/activity.js";
import { HeapLock, type LockCosts } from "./runtime/heap-lock.js";
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
  /** Transparent huge pages of the system; null for a system without. */
  readonly thp: ThpMode | null;
  readonly khugepaged: KhugepagedOptions;
  /** What the heap lock costs, null when it is not modelled. */
  readonly lockCosts: LockCosts | null;
  /** Memory that is used again so soon after its release is regretted, ns. */
  readonly regretWindowNs: number;
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
  /** The thread that makes huge pages; null where there are none. */
  readonly khugepaged: Khugepaged | null;
  /** The book of the heap lock, null when it is not modelled. */
  readonly lock: HeapLock | null;
  /** Called at the end of each collection. */
  onCycle: (() => void) | null = null;
  /** Things made with no known death, less those killed. */
  undying = 0;

  /** Whether the heap wants to know how long things will live. */
  private readonly hasHints: boolean;
  private readonly globalsBytes: number;
  private readonly residency: Residency;
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
    this.residency = heap.trackResidency();
    this.limitResident();
    this.khugepaged = this.backWithHugePages(options);
    heap.regret = new Regret(sim, options.regretWindowNs);
    this.lock = options.lockCosts === null ? null : new HeapLock(sim, heap, options.costs, options.lockCosts);
    heap.lock = this.lock;
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
    const { deaths, aged } = this.objects;
    return this.heap.spans.count + deaths.count + aged.count + this.undying;
  }

  /** What the program has in memory, bytes: what the system has given to its heap, and globals. */
  get residentBytes(): number {
    return this.residency.residentPages * this.heap.geometry.pageBytes + this.globalsBytes;
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
    const { lock } = this;
    if (lock === null) return this.objects.alloc(p, bytes, noscan, deathNs);
    lock.byProc(p);
    const handle = this.objects.alloc(p, bytes, noscan, deathNs);
    lock.byNobody();
    return handle;
  }

  span(p: number, npages: number, kind: number, deathNs: number): number {
    if (deathNs === FOREVER) this.undying++;
    if (this.hasHints) this.hint(deathNs);
    this.lock?.byProc(p);
    const handle = this.objects.allocWhole(p, npages, kind, deathNs);
    this.lock?.byNobody();
    return handle;
  }

  agedSpan(p: number, npages: number, kind: number, collections: number): number {
    if (this.hasHints) this.hint(0);
    return this.objects.allocAged(p, npages, kind, collections);
  }

  kill(handle: number): void {
    this.undying--;
    this.objects.kill(handle);
  }

  pages(p: number, npages: number, kind: number, deathNs: number): number {
    if (this.hasHints) this.hint(deathNs);
    this.lock?.byProc(p);
    const page = this.heap.allocSpan(p, npages, kind);
    this.lock?.byNobody();
    if (kind === KIND_STACK) this.directStackBytes += npages * this.heap.geometry.pageBytes;
    this.checkRam();
    return page;
  }

  freePages(page: number): void {
    const { spans, geometry } = this.heap;
    this.heap.freeSpan(page);
    if (spans.removedKind === KIND_STACK) this.directStackBytes -= spans.removedPages * geometry.pageBytes;
  }

  soonFreed(pages: Float64Array, from: number, to: number): void {
    this.heap.spans.fetch(pages, from, to);
  }

  startGoroutine(p: number, stackBytes: number): number {
    if (this.hasHints) this.hint(0);
    this.lock?.byProc(p);
    const g = this.goroutines.start(p, stackBytes);
    this.lock?.byNobody();
    this.checkRam();
    return g;
  }

  useStack(p: number, goroutine: number, stackBytes: number): void {
    if (this.hasHints) this.hint(0);
    this.lock?.byProc(p);
    this.goroutines.setUsed(p, goroutine, stackBytes);
    this.lock?.byNobody();
    this.checkRam();
  }

  endGoroutine(p: number, goroutine: number): void {
    this.lock?.byProc(p);
    this.goroutines.finish(p, goroutine);
    this.lock?.byNobody();
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

  /** A collection for which nobody waits. */
  collectInBackground(lengths: CycleLengths = OWN_LENGTHS): void {
    this.collector.collectInBackground(lengths);
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
    this.limitResident();
    this.checkRam();
  }

  private backWithHugePages({ thp, costs, khugepaged }: RuntimeOptions): Khugepaged | null {
    const { heap, sim } = this;
    const { pageBytes, physHugePageBytes } = heap.geometry;
    if (thp === null || physHugePageBytes <= pageBytes) return null;
    const huge = new HugePages(thp, physHugePageBytes / pageBytes);
    this.residency.hugePages = huge;
    const { system, scavenger } = heap.policy;
    heap.hugeAdvice = new HugeAdvice(
      system.hugePages,
      scavenger.denseFraction,
      heap.pages,
      this.residency,
      huge,
      costs,
    );
    return new Khugepaged(sim, heap.pages, this.residency, huge, khugepaged);
  }

  /** The heap may have what the machine has beside globals. */
  private limitResident(): void {
    const bytes = Math.max(0, this.ramBytes - this.globalsBytes);
    this.residency.maxPages = Math.floor(bytes / this.heap.geometry.pageBytes);
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
    if (this.residentBytes <= this.ramBytes) return;
    const { residency } = this;
    const { geometry } = this.heap;
    residency.reclaim(Math.ceil((this.residentBytes - this.ramBytes) / geometry.pageBytes));
    const bytes = this.residentBytes;
    if (bytes > this.ramBytes) throw new MachineMemoryError(bytes, this.ramBytes);
  }
}
