/**
 * How long the background scavenger sleeps after its work, from Go 1.18 on (sleep of scavengerState in mgcscavenge.go).
 *
 *     sleep = max(work, 1 ms) · (1 + costRatio) / ratio
 *     work / ((sleep + work) · GOMAXPROCS) ──► PI controller, setpoint 1 % ──► ratio of the next sleep
 *
 * The controller is told what a sleep really was, since whoever starts a collection cuts it short. When its arithmetic
 * overflows it starts anew, and from 1.19 on the start ratio is then held for 5 s.
 */

import type { ScavengerAxis } from "../policies/policy.js";
import { PiController, type PiTuning } from "./pi-controller.js";

/** How long the start ratio is held after a failure of the controller, ns. */
export const COOLDOWN_NS = 5_000_000_000;
/** Output: work divided by sleep. Input: fraction of the time of all Ps. Periods in ns. */
export const SLEEP_TUNING: PiTuning = { kp: 0.3375, ti: 3.2e6, tt: 1e9, min: 0.001, max: 1000 };

export class SleepPacer {
  /** Work divided by sleep: what the controller last said. */
  sleepRatio: number;
  /** For how long the controller is not asked any more, ns. */
  cooldownNs = 0;
  /** Times that the controller failed. */
  failures = 0;
  readonly controller = new PiController(SLEEP_TUNING);
  /** Work before the sleep that goes on, as it counts, ns. */
  private workNs = 0;

  /** @param axis gives minWorkNs, cpuFraction, startSleepRatio, controllerFails and costRatio */
  constructor(private readonly axis: ScavengerAxis) {
    this.sleepRatio = axis.startSleepRatio;
  }

  /** How long to sleep after a round that worked for so long, whole ns. */
  sleepNs(workedNs: number): number {
    this.workNs = Math.max(workedNs, this.axis.minWorkNs) * (1 + this.axis.costRatio);
    return Math.trunc(this.workNs / this.sleepRatio);
  }

  /**
   * The sleep is over.
   * @param sleptNs how long it was, ns
   * @param procs GOMAXPROCS
   */
  slept(sleptNs: number, procs: number): void {
    const work = this.workNs;
    if (this.cooldownNs > 0) {
      const passed = sleptNs + Math.trunc(work);
      this.cooldownNs = passed > this.cooldownNs ? 0 : this.cooldownNs - passed;
      return;
    }
    const period = sleptNs + work;
    this.sleepRatio = this.controller.next(work / (period * procs), this.axis.cpuFraction, period);
    if (!this.controller.failed) return;
    this.failures++;
    this.sleepRatio = this.axis.startSleepRatio;
    if (this.axis.controllerFails) this.cooldownNs = COOLDOWN_NS;
  }
}
