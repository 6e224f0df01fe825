/**
 * A round of the background scavenger's work, from Go 1.18 on (run of scavengerState in mgcscavenge.go): how long it counts
 * as having worked, and whether it goes on.
 *
 *     request ─► got 64 KiB ─► request ─► … until it worked for 1 ms, or (from 1.19) a request fell short, or the goals are met
 */

import type { ScavengerAxis } from "../policies/policy.js";
import { APPROX_PAGE_NS } from "./pacing.js";

export class WorkRound {
  /** Work as it counts, ns. */
  workedNs = 0;
  releasedBytes = 0;
  private isShort = false;

  /**
   * @param axis gives quantumBytes, minWorkNs and stopsShort
   * @param physPageBytes physical page size
   */
  constructor(
    private readonly axis: ScavengerAxis,
    private readonly physPageBytes: number,
  ) {}

  /** Another round. */
  begin(): void {
    this.workedNs = 0;
    this.releasedBytes = 0;
    this.isShort = false;
  }

  /**
   * A request was served.
   * @param bytes what it got
   * @param ns how long it took by the clock, which may be too coarse to show anything
   */
  add(bytes: number, ns: number): void {
    this.workedNs += ns > 0 ? ns : APPROX_PAGE_NS * Math.floor(bytes / this.physPageBytes);
    this.releasedBytes += bytes;
    this.isShort = this.axis.stopsShort && bytes < this.axis.quantumBytes;
  }

  /** Whether it has done its part, whatever there is left to do. */
  get isOver(): boolean {
    return this.isShort || this.workedNs >= this.axis.minWorkNs;
  }
}
