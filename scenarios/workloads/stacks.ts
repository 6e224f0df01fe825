/**
 * `stacks`: goroutines, each with a stack that grows to what it needs, falls to less later, and ends with it.
 *
 *     stack used   ▁▁▁▁█████████▃▃▃▃▃▃|            growth, hold, then rest until the end
 */

import type { Distribution } from "../../engine/distributions.js";
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
  private readonly lifetime: Distribution;
  private readonly depth: Distribution;
  private readonly growth: Distribution;
  private readonly hold: Distribution;
  private readonly rest: Distribution;
  private readonly useKind: number;
  private readonly endKind: number;

  constructor(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[], spec: StacksSpec) {
    super(stage, workload, leaks, spec);
    const { name } = workload;
    this.lifetime = stage.distribution(spec.lifetime, name, "lifetime");
    this.depth = stage.distribution(spec.depthBytes, name, "depth");
    this.growth = stage.distribution(spec.growthNs, name, "growth");
    this.hold = stage.distribution(spec.holdNs, name, "hold");
    this.rest = stage.distribution(spec.restBytes, name, "rest");
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
      const endNs = this.deathNs(this.lifetime.drawInteger());
      const depth = this.depth.drawInteger(0, MAX_DEPTH_BYTES);
      const deepNs = sim.nowNs + this.growth.drawInteger();
      const restNs = deepNs + this.hold.drawInteger();
      const rest = this.rest.drawInteger(0, MAX_DEPTH_BYTES);
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
