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

  /** Of the allocation that releases now, and the most that one took since the longest was asked for, ns. */
  private allocationNs = 0;
  private longestNs = 0;

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
    this.allocationNs += ns;
    this.ranges++;
    this.limiter.addAssist(ns);
  }

  /** The allocation has released what it was to. */
  allocationDone(): void {
    this.longestNs = Math.max(this.longestNs, this.allocationNs);
    this.allocationNs = 0;
  }

  /** The longest that one allocation released for since this was asked last, ns; 0 when none did. */
  takeLongestNs(): number {
    const ns = this.longestNs;
    this.longestNs = 0;
    return ns;
  }
}
