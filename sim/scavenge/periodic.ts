/**
 * The scavenger of Go 1.11 and 1.12 that looks at all free spans every now and then (mheap.scavenge, called by sysmon).
 *
 *     time  ──┼───────── period ─────────┼──┼───────── period ─────────┼──►
 *           a look                       └ sysmon passes by: all that was unused for longer than
 *                                          unusedNs goes back to the system, under the heap lock
 *
 * There is no goroutine that sleeps: sysmon does the work itself on its first pass after the period, and while the program is
 * idle it passes by seldom. How long memory is unused only spans know; of a fit that keeps none, all free memory goes.
 */

import { Priority, type Simulation, TIME_MAX_NS } from "../../engine/simulation.js";
import type { Costs } from "../gc/costs.js";
import type { Heap } from "../heap/heap.js";
import type { BackgroundOptions } from "./pacing.js";
import { Unwoken } from "./unwoken.js";

/** What a look event is: the period is over, or sysmon passes by after it. */
const Look = { due: 0, passing: 1 } as const;

export class PeriodicScavenger extends Unwoken {
  private readonly lookKind: number;

  constructor(sim: Simulation, heap: Heap, costs: Costs, options: BackgroundOptions = {}) {
    super(sim, heap, costs, options);
    this.lookKind = sim.handler("scavenger: sysmon looks for old spans", Priority.background, (what) =>
      what === Look.due ? this.schedule(this.sysmon.nextPassNs(), Look.passing) : this.look(),
    );
    this.plan();
  }

  private look(): void {
    const { unusedNs } = this.heap.policy.scavenger;
    if (this.isOn) this.releaseNow(Number.POSITIVE_INFINITY, false, unusedNs);
    this.plan();
  }

  /** The next pass that comes later than a period from now. */
  private plan(): void {
    this.schedule(this.sim.nowNs + this.heap.policy.scavenger.periodNs + 1, Look.due);
  }

  private schedule(atNs: number, what: number): void {
    if (atNs <= TIME_MAX_NS) this.sim.schedule(atNs, this.lookKind, what);
  }
}
