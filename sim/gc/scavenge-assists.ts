/**
 * What it costs the program when its allocations release memory: the time of madvise, which counts as assisting.
 *
 * As with assists of marking, the program's own events are not delayed by it; the time is counted, and fills the bucket of the
 * CPU limiter.
 */

import type { Heap } from "../heap/heap.js";
import { type Costs, madviseNs } from "./costs.js";
import type { CpuLimiter } from "./cpu-limiter.js";

export class ScavengeAssists {
  /** Time of releases in allocations, ns, and ranges released. */
  totalNs = 0;
  ranges = 0;

  constructor(
    private readonly heap: Heap,
    private readonly costs: Costs,
    private readonly limiter: CpuLimiter,
  ) {}

  /** Whether allocations are to do without. */
  get isLimiting(): boolean {
    return this.limiter.isLimiting;
  }

  /** A range has gone to the system. */
  rangeReleased(): void {
    const { residency } = this.heap.scavenger;
    if (residency === null) return;
    const { pageBytes, physPageBytes } = this.heap.geometry;
    const ns = madviseNs(this.costs, residency, pageBytes / physPageBytes);
    this.totalNs += ns;
    this.ranges++;
    this.limiter.addAssist(ns);
  }
}
