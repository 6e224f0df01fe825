/**
 * When a workload is at work: one window after the other.
 *
 *     startNs     stopNs     startNs + every                            endNs
 *        ├──────────┤             ├──────────┤             ├──────────┤   │
 */

import type { WorkloadSpec } from "../scenario.js";

export class Windows {
  /** The current window: startNs ≤ t < stopNs. */
  startNs: number;
  stopNs: number;

  private index = 0;
  private readonly everyNs: number;
  private readonly times: number;
  private readonly lengthNs: number;
  private readonly firstNs: number;
  private readonly endNs: number;

  /** Begins with the first window. */
  constructor({ startNs, stopNs, repeat, endNs }: WorkloadSpec) {
    this.firstNs = startNs;
    this.startNs = startNs;
    this.stopNs = Math.min(stopNs, endNs);
    this.lengthNs = stopNs - startNs;
    this.endNs = endNs;
    this.everyNs = repeat === null ? 0 : repeat.everyNs;
    this.times = repeat === null ? 1 : repeat.times;
  }

  /** Goes on to the next window; false when there is none. */
  next(): boolean {
    const startNs = this.firstNs + (this.index + 1) * this.everyNs;
    if (this.index + 1 >= this.times || startNs >= this.endNs) return false;
    this.index++;
    this.startNs = startNs;
    this.stopNs = Math.min(startNs + this.lengthNs, this.endNs);
    return true;
  }

  /** Whether a window is open at a time, for times that never fall. */
  isOpenAt(timeNs: number): boolean {
    while (timeNs >= this.stopNs) if (!this.next()) return false;
    return timeNs >= this.startNs;
  }
}
