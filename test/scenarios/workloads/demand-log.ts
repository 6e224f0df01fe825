/** A program without a heap: writes down what workloads demand, by the worker that does. */

import { RandomStreams } from "../../../engine/random-streams.js";
import { Simulation } from "../../../engine/simulation.js";
import type { Scenario } from "../../../scenarios/scenario.js";
import type { ScenarioInput } from "../../../scenarios/schema/root.js";
import { Stage } from "../../../scenarios/workloads/stage.js";
import { type Recordings, startWorkloads } from "../../../scenarios/workloads/workloads.js";
import type { Demands } from "../../../sim/demands.js";
import { scenario } from "../../../studies/scenarios.js";

/** One demand: when, what, and with which numbers. */
export type Demand = readonly [timeNs: number, what: string, ...numbers: number[]];

export class DemandLog implements Demands {
  procs = 3;
  /** Demands by worker, in the order of the workloads. Frees and kills come from nobody in particular: the last list. */
  readonly byWorker: Demand[][] = [];
  readonly ends: Demand[] = [];
  private current: Demand[] = [];
  private next = 0;

  constructor(private readonly sim: Simulation) {}

  worker(): number {
    return this.byWorker.push([]) - 1;
  }

  works(worker: number): void {
    this.current = this.byWorker[worker]!;
  }

  object(p: number, bytes: number, noscan: boolean, deathNs: number): number {
    return this.made("object", p, bytes, noscan ? 1 : 0, deathNs);
  }

  span(p: number, npages: number, kind: number, deathNs: number): number {
    return this.made("span", p, npages, kind, deathNs);
  }

  agedSpan(p: number, npages: number, kind: number, collections: number): number {
    return this.made("aged", p, npages, kind, collections);
  }

  pages(p: number, npages: number, kind: number): number {
    return this.made("pages", p, npages, kind);
  }

  collect(): void {
    this.current.push([this.sim.nowNs, "collect"]);
  }

  startGoroutine(p: number, stackBytes: number): number {
    return this.made("start", p, stackBytes);
  }

  useStack(p: number, goroutine: number, stackBytes: number): void {
    this.current.push([this.sim.nowNs, "use", p, goroutine, stackBytes]);
  }

  endGoroutine(p: number, goroutine: number): void {
    this.ends.push([this.sim.nowNs, "end", p, goroutine]);
  }

  kill(handle: number): void {
    this.ends.push([this.sim.nowNs, "kill", handle]);
  }

  soonFreed(): void {}

  freePages(page: number): void {
    this.ends.push([this.sim.nowNs, "free", page]);
  }

  private made(what: string, ...numbers: number[]): number {
    this.current.push([this.sim.nowNs, what, ...numbers]);
    return this.next++;
  }
}

/** What the workloads of a scenario demand. */
export function demandsOf(
  input: ScenarioInput | Scenario,
  seed = "1",
  recordings: Recordings = new Map(),
): DemandLog {
  const given = "durationNs" in input ? input : scenario(input);
  const sim = new Simulation();
  const log = new DemandLog(sim);
  startWorkloads(given, new Stage(sim, log, new RandomStreams(seed)), recordings);
  sim.run(given.durationNs);
  return log;
}
