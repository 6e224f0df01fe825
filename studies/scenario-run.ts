/**
 * One run of a scenario under one seed: the place where a scenario, the model and whoever looks on are put together.
 *
 *     Scenario ──► workloads ──demands──► Runtime ──► Heap
 *                  actions ───────────────► │           │
 *                  samples ◄────────────────┴───────────┘    a row at each sample time, the last one at the end
 *
 * Same scenario, same seed: the same events, in the same order. What looks on changes nothing.
 */

import { Fingerprint } from "../engine/fingerprint.js";
import { RandomStreams } from "../engine/random-streams.js";
import { Priority, Simulation } from "../engine/simulation.js";
import type { CollectorSample, SystemSample } from "../results/sampler.js";
import type { ActionSpec, CostsSpec, Scenario } from "../scenarios/scenario.js";
import { Stage } from "../scenarios/workloads/stage.js";
import { type Recordings, startWorkloads } from "../scenarios/workloads/workloads.js";
import { type Costs, DEFAULT_COSTS } from "../sim/gc/costs.js";
import { type HeapOptions, OutOfMemoryError } from "../sim/heap/heap.js";
import { StackOverflowError } from "../sim/objects/goroutines.js";
import type { Policy } from "../sim/policies/policy.js";
import { MachineMemoryError, Runtime } from "../sim/runtime.js";
import { type Future, FutureRecorder, OracleScavenger, type Witness } from "../sim/scavenge/oracle.js";
import { FingerprintEvent, FingerprintedHeap } from "./fingerprinted-heap.js";
import { geometryOf } from "./platform-geometry.js";
import { loadPolicyModule } from "./policies/module.js";
import { resolvePolicy } from "./policies.js";
import { DEFAULT_SAMPLES, MAX_SAMPLES } from "./recording.js";
import { withDuration } from "./recordings.js";

/** How a run ended. */
export type RunEnd = "completed" | "out of memory" | "stack overflow";

/** Who looks on. */
export interface Onlooker {
  /** A sample is due; the state is that after all events up to now. */
  readonly onSample?: (run: ScenarioRun) => void;
  /** A collection has ended. */
  readonly onCycle?: (run: ScenarioRun) => void;
  /** The scavenger is about to start a generation. */
  readonly onGeneration?: (run: ScenarioRun) => void;
  /** The program asked for all memory to be released, and so many bytes were. */
  readonly onForcedRelease?: (run: ScenarioRun, releasedBytes: number) => void;
}

export interface ScenarioRunOptions {
  /** Called as the run goes on. Default: nobody. */
  readonly onlooker?: Onlooker;
  /** What its trace workloads play. Default: none. */
  readonly recordings?: Recordings;
  /** Of the run's events. Default: a new one. */
  readonly fingerprint?: Fingerprint;
  /** What the heap does. Default: the policy that the scenario names. */
  readonly policy?: Policy;
  /** Makes whoever sees the spans of the heap come and go. Default: nobody, or what the policy asks for. */
  readonly witness?: (run: ScenarioRun) => Witness;
}

export class ScenarioRun {
  readonly sim: Simulation;
  readonly heap: FingerprintedHeap;
  readonly runtime: Runtime;
  readonly fingerprint: Fingerprint;
  /** Time between samples, ns. */
  readonly sampleNs: number;
  readonly durationNs: number;
  end: RunEnd = "completed";
  /** What the runtime or the system says when it ends the program; empty otherwise. */
  endMessage = "";

  private readonly onlooker: Onlooker;
  private readonly sampleKind: number;
  private sampledNs = -1;

  readonly scenario: Scenario;

  /** @throws GeometryError when the scenario's address space is impossible, RangeError when a recording is missing */
  constructor(given: Scenario, options: ScenarioRunOptions = {}) {
    const { onlooker = {}, recordings = new Map(), fingerprint = new Fingerprint(), policy } = options;
    this.onlooker = onlooker;
    this.fingerprint = fingerprint;
    const scenario = withDuration(given, recordings);
    this.scenario = scenario;
    this.durationNs = scenario.durationNs;
    this.sampleNs = sampleInterval(scenario.samples, this.durationNs);
    this.sim = new Simulation({ maxEvents: scenario.limits.events });
    const chosen = policy ?? resolvePolicy(scenario.policy);
    loadPolicyModule(chosen);
    const oracle = chosen.scavenger.background === "oracle" ? foresight(scenario, chosen, recordings) : null;
    this.heap = new FingerprintedHeap(
      geometryOf(scenario.platform),
      chosen,
      this.fingerprint,
      this.sim,
      heapChance(scenario),
    );
    this.runtime = new Runtime(this.sim, this.heap, runtimeOptions(scenario));
    this.heap.witness =
      oracle === null ? (options.witness?.(this) ?? null) : new OracleScavenger(this.heap, oracle, this.sim);
    this.listen();
    this.sampleKind = this.sim.handler("sample", Priority.sample, () => this.sampleDue());
    this.scheduleActions();
    startWorkloads(scenario, new Stage(this.sim, this.runtime, new RandomStreams(scenario.seed)), recordings);
    this.sim.schedule(0, this.sampleKind);
  }

  /** What the collector says in samples. */
  get collectorSample(): CollectorSample {
    const { collector, objects } = this.runtime;
    return {
      heapLiveBytes: objects.heapLiveBytes,
      heapGoalBytes: collector.pacer.heapGoalBytes,
      cycles: collector.cycles,
    };
  }

  /** What the system and the heap lock say in samples. */
  get systemSample(): SystemSample {
    const { khugepaged, lock, collector } = this.runtime;
    const { costs, assists } = collector;
    return { khugepagedCollapses: khugepaged?.collapses ?? 0, lock, costs, assists };
  }

  /**
   * Runs to the end, which comes early when memory runs out.
   * @throws LimitError when it would never end
   */
  run(): void {
    try {
      this.sim.run(this.durationNs);
    } catch (error) {
      this.end = endOf(error);
      this.endMessage = (error as Error).message;
    }
    if (this.sampledNs < this.sim.nowNs) this.sample();
  }

  private sampleDue(): void {
    this.sample();
    const next = this.sim.nowNs + this.sampleNs;
    if (next <= this.durationNs) this.sim.schedule(next, this.sampleKind);
  }

  private sample(): void {
    this.sampledNs = this.sim.nowNs;
    this.onlooker.onSample?.(this);
  }

  private listen(): void {
    const { runtime, heap, fingerprint, sim, onlooker } = this;
    runtime.onCycle = () => {
      const { collector } = runtime;
      fingerprint.add(sim.nowNs, FingerprintEvent.cycle, -1, collector.pacer.heapMarkedBytes);
      onlooker.onCycle?.(this);
    };
    if (runtime.khugepaged !== null) {
      runtime.khugepaged.onCollapse = (page) => {
        fingerprint.add(sim.nowNs, FingerprintEvent.collapse, page, 0);
      };
    }
    runtime.scavenger.onGeneration = () => onlooker.onGeneration?.(this);
    heap.onRelease = (asked, released) => {
      if (asked === Number.POSITIVE_INFINITY) onlooker.onForcedRelease?.(this, released);
    };
  }

  private scheduleActions(): void {
    const { actions } = this.scenario;
    const kind = this.sim.handler("action", Priority.action, (index) => this.act(actions[index]!));
    actions.forEach(({ atNs }, index) => {
      if (atNs <= this.durationNs) this.sim.schedule(atNs, kind, index);
    });
  }

  private act(action: ActionSpec): void {
    const { runtime } = this;
    switch (action.do) {
      case "gc":
        return action.background
          ? runtime.collectInBackground({ markNs: action.markNs, sweepNs: action.sweepNs })
          : runtime.collect();
      case "freeOSMemory":
        return runtime.freeOsMemory();
      case "setProcs":
        return runtime.setProcs(action.procs);
      case "setGogc":
        return runtime.setGcPercent(action.gogc ?? -1);
      case "setMemoryLimit":
        return runtime.setMemoryLimit(action.limitBytes ?? Number.POSITIVE_INFINITY);
      case "setScavenger":
        return runtime.scavenger.setEnabled(action.background);
      case "setRam":
        return runtime.setRam(action.ramBytes ?? Number.POSITIVE_INFINITY);
    }
  }
}

/**
 * What the heap draws, if its policy wants to know: the seed of its treaps, and where it begins. Each has a stream of its own,
 * so that no workload sees other numbers.
 */
function heapChance({ seed, platform }: Scenario): HeapOptions {
  const streams = new RandomStreams(seed);
  const { arenaBytes, chunkBytes, chunkPages } = geometryOf(platform);
  const start = streams.get("heap/start");
  return {
    seed: streams.get("heap/treaps").integer(0, 2 ** 32 - 1),
    start: {
      chunks: start.integer(0, arenaBytes / chunkBytes - 1),
      paddingPages: start.integer(0, chunkPages - 1),
    },
  };
}

/**
 * What a run of the same program does to its spans, under the same policy, but for releases: there are none. Since they are
 * of no consequence to the program, the machine has memory without an end here.
 */
function foresight(scenario: Scenario, policy: Policy, recordings: Recordings): Future {
  const kept = { ...policy, scavenger: { ...policy.scavenger, background: "none" as const } };
  const unlimited = {
    ...scenario,
    machine: { ...scenario.machine, ramBytes: null },
    actions: scenario.actions.filter((action) => action.do !== "setRam"),
  };
  let recorder: FutureRecorder | undefined;
  const witness = ({ sim }: ScenarioRun): Witness => {
    recorder = new FutureRecorder(sim);
    return recorder;
  };
  new ScenarioRun(unlimited, { policy: kept, recordings, witness }).run();
  return recorder!.future();
}

/** How an error ends a run; errors that do not are thrown on. */
function endOf(error: unknown): RunEnd {
  if (error instanceof OutOfMemoryError || error instanceof MachineMemoryError) return "out of memory";
  if (error instanceof StackOverflowError) return "stack overflow";
  throw error;
}

/** Time between samples: as given, or so that there are as many, but no more than can be kept. */
function sampleInterval(samples: Scenario["samples"], durationNs: number): number {
  const least = Math.ceil(durationNs / MAX_SAMPLES);
  const wanted =
    samples.kind === "every"
      ? samples.everyNs
      : Math.ceil(durationNs / (samples.count > 0 ? samples.count : DEFAULT_SAMPLES));
  return Math.max(1, least, wanted);
}

function runtimeOptions(scenario: Scenario): ConstructorParameters<typeof Runtime>[2] {
  const { machine, gc, scavenger, limits } = scenario;
  return {
    procs: machine.procs,
    thp: machine.thp === "never" ? null : machine.thp,
    khugepaged: machine.khugepaged,
    lockCosts: scenario.lock,
    regretWindowNs: scenario.regret.windowNs,
    ramBytes: machine.ramBytes ?? Number.POSITIVE_INFINITY,
    gcPercent: gc.gogc ?? -1,
    memoryLimitBytes: gc.memoryLimitBytes ?? Number.POSITIVE_INFINITY,
    heapMinimumBytes: gc.minHeapBytes,
    globalsBytes: gc.globalsBytes,
    forcePeriodNs: gc.forcedPeriodNs,
    costs: costsOf(scenario.costs),
    scavengerEnabled: scavenger.background,
    idleTimerNs: scavenger.idleTimerNs ?? Number.POSITIVE_INFINITY,
    clockNs: scavenger.clockGranularityNs,
    liveLimit: limits.live,
  };
}

/** The costs of a scenario; those that scenarios do not speak of are the model's own. */
export function costsOf(costs: CostsSpec): Costs {
  return {
    ...DEFAULT_COSTS,
    markByteNs: 1e9 / costs.markBytesPerSecond,
    sweepSpanNs: costs.sweepSpanNs,
    madviseCallNs: costs.madviseCallNs,
    madvisePageNs: costs.madvisePageNs,
    madviseHugePageNs: costs.madviseHugePageNs,
    pageFaultNs: costs.pageFaultNs,
    hugeFaultNs: costs.hugeFaultNs,
    adviceCallNs: costs.hugeAdviceNs,
    collapseNs: costs.collapseNs,
    compactNs: costs.compactNs,
  };
}
