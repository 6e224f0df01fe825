/**
 * How many Ps the program keeps busy: what the scavenger and the collector's idle workers make of their time depends on it.
 *
 * Whoever does something in the program's name touches his flag. Every 10 ms the flags are counted and cleared; when none
 * is set, all Ps are idle until the next touch, and nobody looks any more.
 *
 *     touches   | |||| | ||                          ||||
 *     looks          ▲      ▲      ▲                     ▲
 *     busy      1────────────────── 0 ───────────────1────
 */

import { Priority, type Simulation } from "../../engine/simulation.js";
import type { Background } from "../scavenge/pacing.js";

/** Time between two looks, ns. */
export const LOOK_NS = 10_000_000;

export class Activity {
  private readonly flags: number[] = [];
  private readonly kind: number;
  private idle = false;

  /**
   * @param procs GOMAXPROCS
   * @param isWaiting whether the program waits for a collection: then the collector says who is busy
   */
  constructor(
    private readonly sim: Simulation,
    private readonly scavenger: Background,
    private readonly procs: () => number,
    private readonly isWaiting: () => boolean,
  ) {
    this.kind = sim.handler("runtime: look for idle Ps", Priority.background, () => this.look());
    sim.schedule(sim.nowNs + LOOK_NS, this.kind);
  }

  /** A new flag. */
  register(): number {
    return this.flags.push(0) - 1;
  }

  /** Somebody does something. */
  touch(flag: number): void {
    this.flags[flag] = 1;
    if (this.idle) this.wake();
  }

  private wake(): void {
    this.idle = false;
    this.sim.schedule(this.sim.nowNs + LOOK_NS, this.kind);
    if (!this.isWaiting()) this.scavenger.setBusy(1);
  }

  private look(): void {
    let busy = 0;
    for (let i = 0; i < this.flags.length; i++) {
      busy += this.flags[i]!;
      this.flags[i] = 0;
    }
    this.idle = busy === 0 && !this.isWaiting();
    if (!this.isWaiting()) this.scavenger.setBusy(Math.min(busy, this.procs()));
    if (!this.idle) this.sim.schedule(this.sim.nowNs + LOOK_NS, this.kind);
  }
}
