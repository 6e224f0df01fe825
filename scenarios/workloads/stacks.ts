/**
 * `stacks`: goroutines, each with a stack that grows to what it needs, falls to less later, and ends with it.
 *
 *     stack used   ▁▁▁▁█████████▃▃▃▃▃▃|            growth, hold, then rest until the end
 */

import type { WholeDraws } from "../../engine/distributions.js";
import { Priority } from "../../engine/simulation.js";
import type { StacksSpec, WorkloadSpec } from "../scenario.js";
import type { Leak } from "./leaks.js";
import { NEVER, type Stage } from "./stage.js";
import { ArrivingWorkload } from "./workload.js";

/** Stack that a goroutine uses before it is at its deepest, bytes: a frame or two. */
const FIRST_FRAMES_BYTES = 256;
/** More stack than any goroutine can have: asking for it ends the program. */
const MAX_DEPTH_BYTES = 2 ** 40;

export class StacksWorkload extends ArrivingWorkload {
  private readonly lifetime: WholeDraws;
  private readonly depth: WholeDraws;
  private readonly growth: WholeDraws;
  private readonly hold: WholeDraws;
  private readonly rest: WholeDraws;
  private readonly useKind: number;
  private readonly endKind: number;

  constructor(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[], spec: StacksSpec) {
    super(stage, workload, leaks, spec);
    const { name } = workload;
    this.lifetime = stage.draws(spec.lifetime, name, "lifetime");
    this.depth = stage.draws(spec.depthBytes, name, "depth", 0, MAX_DEPTH_BYTES);
    this.growth = stage.draws(spec.growthNs, name, "growth");
    this.hold = stage.draws(spec.holdNs, name, "hold");
    this.rest = stage.draws(spec.restBytes, name, "rest", 0, MAX_DEPTH_BYTES);
    this.useKind = stage.sim.handler(`workload ${name}: stack used`, Priority.allocate, (g, bytes) => {
      this.demands.works(this.worker);
      this.demands.useStack(this.nextProc(), g, bytes);
    });
    this.endKind = stage.sim.handler(`workload ${name}: goroutine ends`, Priority.free, (g) => {
      this.demands.works(this.worker);
      this.demands.endGoroutine(this.nextProc(), g);
    });
  }

  protected make(count: number): number {
    const { sim } = this;
    for (let i = 0; i < count; i++) {
      const endNs = this.deathNs(this.lifetime.next());
      const depth = this.depth.next();
      const deepNs = sim.nowNs + this.growth.next();
      const restNs = deepNs + this.hold.next();
      const rest = this.rest.next();
      const isDeepNow = deepNs === sim.nowNs;
      const g = this.demands.startGoroutine(
        this.nextProc(),
        isDeepNow ? depth : Math.min(depth, FIRST_FRAMES_BYTES),
      );
      if (!isDeepNow) this.useAt(deepNs, endNs, g, depth);
      this.useAt(restNs, endNs, g, Math.min(depth, rest));
      if (endNs !== NEVER) sim.schedule(endNs, this.endKind, g);
    }
    return count;
  }

  /** Plans a change of the stack, if the goroutine lives that long. */
  private useAt(atNs: number, endNs: number, g: number, bytes: number): void {
    if (atNs < endNs && atNs < Number.MAX_SAFE_INTEGER) this.sim.schedule(atNs, this.useKind, g, bytes);
  }
}
