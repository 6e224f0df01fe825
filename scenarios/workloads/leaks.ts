/**
 * Leaks: a share of what a workload makes lives longer than it should.
 *
 * The parent draws all that it would draw without the leak, and then asks; so a leak changes nothing about the parent but
 * when some of its things die. How many things go by until the next one leaks is one draw.
 */

import type { WholeDraws } from "../../engine/distributions.js";
import type { RandomStream } from "../../engine/random-streams.js";
import type { LeakSpec, WorkloadSpec } from "../scenario.js";
import { deathAfter, type Stage } from "./stage.js";
import { Windows } from "./windows.js";

/** What `deathNs` returns for a thing that does not leak. */
export const NO_LEAK = -1;

export class Leak {
  private readonly windows: Windows;
  private readonly random: RandomStream;
  private readonly drops: RandomStream;
  private readonly lifetime: WholeDraws;
  private readonly fraction: number;
  private readonly dropAtStop: number;
  /** Things that go by before the next one leaks. */
  private skip = 0;

  constructor(stage: Stage, workload: WorkloadSpec, spec: LeakSpec) {
    this.windows = new Windows(workload);
    this.random = stage.stream(workload.name, "which");
    this.drops = stage.stream(workload.name, "drop");
    this.lifetime = stage.draws(spec.lifetime, workload.name, "lifetime");
    this.fraction = spec.fraction;
    this.dropAtStop = spec.dropAtStop;
    this.skip = this.drawSkip();
  }

  /** A thing is made now: when it dies if it leaks, else NO_LEAK. */
  deathNs(nowNs: number): number {
    if (!this.windows.isOpenAt(nowNs)) return NO_LEAK;
    if (this.skip > 0) {
      this.skip--;
      return NO_LEAK;
    }
    this.skip = this.drawSkip();
    const death = deathAfter(nowNs, this.lifetime.next());
    const { stopNs } = this.windows;
    return death > stopNs && this.dropAtStop > 0 && this.drops.chance(this.dropAtStop) ? stopNs : death;
  }

  /** A geometric number, by inversion; Infinity when nothing ever leaks. */
  private drawSkip(): number {
    if (this.fraction >= 1) return 0;
    if (this.fraction <= 0) return Number.POSITIVE_INFINITY;
    return Math.floor(Math.log1p(-this.random.double()) / Math.log1p(-this.fraction));
  }
}
