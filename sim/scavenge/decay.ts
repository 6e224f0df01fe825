/**
 * The purging of jemalloc (arena_decay in its src/arena.c, src/decay.c), as a background scavenger of this heap: unused memory
 * goes back little by little, along a smooth curve, over a fixed time.
 *
 *     part that may stay  1 ┤‾‾‾╲
 *                           │     ╲              6x⁵ − 15x⁴ + 10x³, x from 1 down to 0
 *                         0 ┤       ╲___
 *                           └────────────► age, from 0 to decayNs, in 200 steps
 *
 * At each step it notes how much unused memory was added since the last one, as of that age. The sum over all ages, each by
 * its part of the curve, is how much may stay; what is beyond that is released. No goal, no collector, no limit on the time it
 * takes: a heap whose unused memory is used again within decayNs gives back little, and one that is idle gives back all.
 */

import { Priority, type Simulation, TIME_MAX_NS } from "../../engine/simulation.js";
import type { Costs } from "../gc/costs.js";
import type { Heap } from "../heap/heap.js";
import type { BackgroundOptions } from "./pacing.js";
import { Unwoken } from "./unwoken.js";

/** Steps in which memory decays (SMOOTHSTEP_NSTEPS). */
export const DECAY_STEPS = 200;

/** The curve, from 0 at 0 to 1 at 1: what jemalloc calls smootherstep. */
export function smootherStep(x: number): number {
  return x * x * x * (x * (x * 6 - 15) + 10);
}

export class DecayScavenger extends Unwoken {
  /** Bytes of unused memory that were added in each of the last steps, the oldest first. */
  readonly added = new Float64Array(DECAY_STEPS);
  /** Unused bytes after the last step. */
  private unusedBytes = 0;
  private readonly stepKind: number;
  private readonly startNs: number;
  private steps = 0;

  constructor(sim: Simulation, heap: Heap, costs: Costs, options: BackgroundOptions = {}) {
    super(sim, heap, costs, options);
    this.stepKind = sim.handler("scavenger: decay", Priority.background, () => this.step());
    this.startNs = sim.nowNs;
    this.plan();
  }

  /** Bytes that may stay: those of each age by their part of the curve. */
  get limitBytes(): number {
    let sum = 0;
    for (let i = 0; i < DECAY_STEPS; i++) sum += this.added[i]! * PARTS[i]!;
    return sum;
  }

  private step(): void {
    const unused = this.heap.unusedRetainedBytes;
    this.added.copyWithin(0, 1);
    this.added[DECAY_STEPS - 1] = Math.max(0, unused - this.unusedBytes);
    this.unusedBytes = unused;
    const excess = unused - this.limitBytes;
    if (this.isOn && excess >= this.heap.geometry.physPageBytes) {
      this.unusedBytes -= this.releaseNow(excess, true, 0);
    }
    this.plan();
  }

  private plan(): void {
    this.steps++;
    const atNs = this.startNs + Math.ceil((this.steps * this.heap.policy.scavenger.decayNs) / DECAY_STEPS);
    if (atNs <= TIME_MAX_NS) this.sim.schedule(Math.max(atNs, this.sim.nowNs + 1), this.stepKind);
  }
}

/** Of each age, the oldest first: the part of it that may stay. */
const PARTS = Float64Array.from({ length: DECAY_STEPS }, (_, i) => smootherStep((i + 1) / DECAY_STEPS));
