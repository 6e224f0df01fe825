/**
 * What all workloads of a run share: the clock, the program's demands, chance, and the events of what they made.
 *
 * Streams of random numbers are named `workload/<name>/<what>`, so that nothing that is changed about one workload moves
 * what another draws.
 */

import { distribution, WholeDraws } from "../../engine/distributions.js";
import type { RandomStream, RandomStreams } from "../../engine/random-streams.js";
import { Priority, type Simulation, TIME_MAX_NS } from "../../engine/simulation.js";
import type { Demands } from "../../sim/demands.js";
import type { DistributionSpec } from "../scenario.js";

/** A death that does not come within the run. */
export const NEVER = Number.POSITIVE_INFINITY;

export class Stage {
  private readonly pagesKind: number;
  private readonly killKind: number;

  constructor(
    readonly sim: Simulation,
    readonly demands: Demands,
    readonly streams: RandomStreams,
  ) {
    this.pagesKind = sim.handler(
      "workload: a span is freed",
      Priority.free,
      (page) => demands.freePages(page),
      (pages, from, to) => demands.soonFreed(pages, from, to),
    );
    this.killKind = sim.handler("workload: something dies", Priority.free, (handle) => demands.kill(handle));
  }

  /** The stream of a part of a workload. */
  stream(workload: string, what: string): RandomStream {
    return this.streams.get(`workload/${workload}/${what}`);
  }

  /** A distribution with a stream of its own. */
  draws(spec: DistributionSpec, workload: string, what: string, min?: number, max?: number): WholeDraws {
    return new WholeDraws(distribution(spec, this.stream(workload, what)), min, max);
  }

  /** Frees a span of the program's at a time; NEVER is never. */
  freePagesAt(timeNs: number, page: number): void {
    if (timeNs <= TIME_MAX_NS) this.sim.post(timeNs, this.pagesKind, page);
  }

  /** Lets a collected thing die at a time; NEVER is never. */
  killAt(timeNs: number, handle: number): void {
    if (timeNs <= TIME_MAX_NS) this.sim.post(timeNs, this.killKind, handle);
  }
}

/** The time of a death after a lifetime: NEVER when it lies beyond what the clock can tell. */
export function deathAfter(birthNs: number, lifetimeNs: number): number {
  const death = birthNs + lifetimeNs;
  return death < TIME_MAX_NS ? death : NEVER;
}
