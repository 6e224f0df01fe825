/**
 * Background scavengers that nobody wakes: they come by at times of their own, and what they release goes at once.
 *
 * The release itself takes time, which is counted, but nothing waits for it here.
 */

import { Background } from "./pacing.js";

export abstract class Unwoken extends Background {
  protected isOn = true;

  override wake(): boolean {
    return false;
  }

  override sweepDone(): void {
    this.onGeneration?.();
    this.heap.scavenger.sweepDone();
  }

  override setEnabled(enabled: boolean): void {
    this.isOn = enabled;
  }

  protected run(): void {}

  /**
   * Releases memory now.
   * @param bytes at least so many, if there are; Infinity means all
   * @param unusedNs only what was free for longer, 0 for any
   * @returns bytes released
   */
  protected releaseNow(bytes: number, force: boolean, unusedNs: number): number {
    const { heap, work } = this;
    let released = 0;
    this.rounds++;
    this.requests++;
    heap.statistics.scavengeCalls++;
    heap.scavenger.begin(work, force);
    work.unusedNs = unusedNs;
    while (released < bytes && heap.scavenger.next(work, bytes - released)) {
      heap.beginRelease(work.page, work.npages);
      this.workedNs += this.rangeNs();
      released += heap.endRelease(work.page, work.npages);
    }
    heap.scavenger.end(work);
    this.releasedBytes += released;
    return released;
  }
}
