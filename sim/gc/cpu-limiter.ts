/**
 * Keeps a collector under a memory limit from taking all of the time (gcCPULimiter in mgclimit.go, from Go 1.19 on).
 *
 *     a bucket of 1 s of CPU time for each P
 *       fills with     time of collecting: a quarter of all Ps while marking, and assists
 *       drains with    time of the program
 *
 * While it is full, collecting has taken more than half of the time for a while: then nobody assists any more, and allocations
 * do not release memory for the limit, which is exceeded instead. Time of idle Ps counts for neither side, marking of idle Ps
 * included. The bucket is looked at when marking begins and ends, and in between at most every 10 ms, when somebody assists.
 */

import { BACKGROUND_UTILIZATION } from "./pacer.js";

/** Size of the bucket for each P, ns (capacityPerProc). */
export const CAPACITY_PER_PROC_NS = 1_000_000_000;
/** Assists look at the bucket at most so often, ns (gcCPULimiterUpdatePeriod). */
export const UPDATE_PERIOD_NS = 10_000_000;

/** What the limiter reads. */
export interface LimiterWorld {
  readonly nowNs: () => number;
  readonly procs: () => number;
  /** Ps that the program keeps busy. */
  readonly busyProcs: () => number;
  readonly isMarking: () => boolean;
}

export class CpuLimiter {
  /** Whether the bucket is full. */
  isLimiting = false;
  /** How full it is, ns. */
  fillNs = 0;
  /** Time of assists in all, ns: of marking and of releasing. */
  assistNs = 0;
  private pendingNs = 0;
  private lastNs = 0;

  constructor(private readonly world: LimiterWorld) {}

  /** Somebody assisted for so long, ns. */
  addAssist(ns: number): void {
    this.assistNs += ns;
    this.pendingNs += ns;
    if (this.world.nowNs() - this.lastNs >= UPDATE_PERIOD_NS) this.update();
  }

  /** Takes what passed since the last look. To be called before marking begins, and before it ends. */
  update(): void {
    const { nowNs, procs, busyProcs, isMarking } = this.world;
    const now = nowNs();
    const passed = now - this.lastNs;
    this.lastNs = now;
    const marking = isMarking() ? procs() * BACKGROUND_UTILIZATION : 0;
    const collecting = passed * marking + this.pendingNs;
    this.pendingNs = 0;
    const running = Math.max(
      0,
      passed * Math.min(busyProcs(), procs() - marking) - (collecting - passed * marking),
    );
    const capacity = CAPACITY_PER_PROC_NS * procs();
    this.fillNs = Math.min(capacity, Math.max(0, this.fillNs + collecting - running));
    this.isLimiting = this.fillNs === capacity;
  }
}
