/**
 * When to collect: the pacer of Go 1.18 (gcControllerState in mgcpacer.go, with the redesign that became the default).
 *
 *     heapMarked ──────────────────────────── trigger ─────────────── heapGoal          bytes of heapLive
 *         │  the program allocates, sweeping      │  marking goes on      │
 *         ▼                                       ▼                       ▼
 *     end of the last mark                   the cycle starts       marking should end here
 *
 *     heapGoal = heapMarked + (heapMarked + stacks + globals) · GOGC/100
 *     runway   = consMark · (1 − 25 %)/25 % · (scan work of the last cycle + stacks + globals)
 *     trigger  = heapGoal − runway, within [minimum, maximum]
 *
 * consMark says how many bytes the program allocates for each byte that is scanned, per CPU time; a PI controller smooths
 * it from cycle to cycle. The trigger is not below the minimum heap of 4 MiB · GOGC/100, nor below 70 % of the way to
 * the goal, nor (while spans are unswept) within 1 MiB of what is live. Above it is bounded by 95 % of the way; for
 * large heaps by heapMarked + goal − minimum, which is beyond the goal: that is how 1.18 has it, and goals bound it then.
 *
 * All quantities are whole bytes: the runtime's conversions cut off.
 */

import { PiController } from "../scavenge/pi-controller.js";

/** Part of the Ps that marks in the background, and that marking aims at (gcBackgroundUtilization). */
export const BACKGROUND_UTILIZATION = 0.25;
/** Minimum heap at GOGC=100, bytes. */
export const DEFAULT_HEAP_MINIMUM = 4 * 1024 * 1024;
/** Distance from what is live to the trigger while spans are unswept, bytes (sweepMinHeapDistance). */
const SWEEP_MIN_DISTANCE = 1024 * 1024;
/** The goal of a cycle is at least so far above what is live at its start, bytes. */
const GOAL_MIN_DISTANCE = 64 * 1024;
const MIN_TRIGGER_PART = 0.7;
const MAX_TRIGGER_PART = 0.95;
/** Scan work that is always taken to be left, bytes. */
const MIN_WORK_LEFT = 1000;
/** Beyond a goal that was missed, marking aims at so many times the goal. */
const MAX_OVERSHOOT = 1.1;

/** Goal and trigger while collection is off: the largest number of the runtime, which works with 64 bits. */
export const GOAL_OFF = 2 ** 64;

/** What a cycle was, for the next trigger. */
export interface CycleOutcome {
  /** Bytes scanned: heap, stacks and globals. */
  readonly scanWorkBytes: number;
  /** Part of the time of all Ps that background marking and assists took. */
  readonly utilization: number;
  /** Part that idle Ps marked beside. */
  readonly idleUtilization: number;
}

export class Pacer {
  /** GOGC; −1 when collection is off. */
  gcPercent: number;
  heapMinimumBytes = DEFAULT_HEAP_MINIMUM;
  /** heapLive at which a cycle starts. */
  triggerBytes = 0;
  /** heapLive at which it should end; GOAL_OFF when collection is off. */
  heapGoalBytes = 0;
  /** The goal that the last cycle had; 0 before the first. */
  lastHeapGoalBytes = 0;
  /** What counts as alive: marked by the last cycle, and allocated since. */
  heapLiveBytes = 0;
  /** Of that, what may have pointers: fixed while marking. */
  heapScanBytes = 0;
  heapMarkedBytes = 0;
  lastHeapScanBytes = 0;
  /** Stacks at the last stop of the world, and globals. */
  stackScanBytes = 0;
  globalsScanBytes: number;
  consMark = 0;
  /** Scan work that an allocating goroutine owes for each byte, in bytes. */
  assistWorkPerByte = 0;

  /** Goal and trigger as GOGC alone has them, and the runway that they were computed from. */
  private percentGoalBytes = 0;
  private percentTriggerBytes = 0;
  private runwayBytes = 0;

  private readonly controller = new PiController({ kp: 0.9, ti: 4, tt: 1000, min: -1000, max: 1000 });

  /**
   * @param gcPercent GOGC, below 0 for off
   * @param globalsBytes scannable globals
   * @param minimumBytes the minimum heap at GOGC=100
   */
  constructor(
    gcPercent = 100,
    globalsBytes = 0,
    private readonly minimumBytes = DEFAULT_HEAP_MINIMUM,
  ) {
    this.gcPercent = gcPercent;
    this.globalsScanBytes = globalsBytes;
    this.setGcPercent(gcPercent, true);
  }

  /** Changes GOGC (SetGCPercent), and with it trigger and goal. */
  setGcPercent(gcPercent: number, isSweepDone: boolean): void {
    this.gcPercent = gcPercent < 0 ? -1 : gcPercent;
    this.heapMinimumBytes = Math.trunc((this.minimumBytes * Math.max(0, gcPercent)) / 100);
    this.commit(isSweepDone);
  }

  /** A cycle starts with the world stopped. @param stackBytes goroutine stacks now */
  startCycle(stackBytes: number): void {
    this.stackScanBytes = stackBytes;
    const least = this.heapLiveBytes + GOAL_MIN_DISTANCE;
    if (this.heapGoalBytes < least) this.heapGoalBytes = least;
    this.revise(0);
  }

  /**
   * Recomputes what an allocated byte owes, so that marking is over when heapLive is at the goal.
   * @param workDone bytes scanned so far in this cycle
   */
  revise(workDone: number): void {
    const fixed = this.stackScanBytes + this.globalsScanBytes;
    const most = this.heapScanBytes + fixed;
    let goal = this.heapGoalBytes;
    let expected = this.lastHeapScanBytes + fixed;
    if (workDone > expected) {
      // More than last time: the heap grows, so the runway is stretched to the most that there may be to scan.
      const stretched = ((goal - this.triggerBytes) / Math.max(1, expected)) * most + this.triggerBytes;
      const hard = (1 + (this.gcPercent < 0 ? 100_000 : this.gcPercent) / 100) * goal;
      expected = most;
      goal = Math.min(Math.trunc(stretched), Math.trunc(hard));
    }
    if (this.heapLiveBytes > goal) {
      goal = Math.trunc(goal * MAX_OVERSHOOT);
      expected = most;
    }
    const left = Math.max(MIN_WORK_LEFT, expected - workDone);
    this.assistWorkPerByte = left / Math.max(1, goal - this.heapLiveBytes);
  }

  /** Marking has ended (endCycle): remembers the goal, and takes the cons/mark ratio from the cycle. */
  endCycle(outcome: CycleOutcome): void {
    this.lastHeapGoalBytes = this.heapGoalBytes;
    // A cycle during which nothing was allocated says nothing about the program.
    if (this.heapLiveBytes <= this.triggerBytes) return;
    const { utilization, idleUtilization, scanWorkBytes } = outcome;
    const consMark =
      ((this.heapLiveBytes - this.triggerBytes) * (utilization + idleUtilization)) /
      (scanWorkBytes * (1 - utilization));
    this.consMark = this.controller.next(this.consMark, consMark, 1);
    if (this.controller.failed) this.consMark = 0;
  }

  /** What the mark found (resetLive). Follows endCycle. */
  resetLive(markedBytes: number, scannedHeapBytes: number): void {
    this.heapMarkedBytes = markedBytes;
    this.heapLiveBytes = markedBytes;
    this.heapScanBytes = scannedHeapBytes;
    this.lastHeapScanBytes = scannedHeapBytes;
  }

  /** Sets goal and trigger of the coming cycle. @param isSweepDone whether no span is unswept */
  commit(isSweepDone: boolean): void {
    this.#commitPercent(isSweepDone);
    this.percentGoalBytes = this.heapGoalBytes;
    this.percentTriggerBytes = this.triggerBytes;
  }

  /**
   * Bounds goal and trigger by what a memory limit leaves (heapGoalInternal and trigger of Go 1.19).
   * @param goalBytes what that is; Infinity for no limit
   */
  limitTo(goalBytes: number): void {
    if (goalBytes >= this.percentGoalBytes) {
      this.heapGoalBytes = this.percentGoalBytes;
      this.triggerBytes = this.percentTriggerBytes;
      return;
    }
    const marked = this.heapMarkedBytes;
    this.heapGoalBytes = goalBytes;
    const room = Math.max(0, goalBytes - marked);
    const least = marked + Math.trunc(MIN_TRIGGER_PART * room);
    const most = Math.max(least, marked + Math.trunc(MAX_TRIGGER_PART * room), goalBytes - this.minimumBytes);
    const wanted = this.runwayBytes > goalBytes ? least : goalBytes - this.runwayBytes;
    this.triggerBytes = Math.min(Math.max(wanted, least), most, Math.max(goalBytes, marked));
  }

  #commitPercent(isSweepDone: boolean): void {
    const marked = this.heapMarkedBytes;
    const fixed = this.stackScanBytes + this.globalsScanBytes;
    const ratio = (this.consMark * (1 - BACKGROUND_UTILIZATION)) / BACKGROUND_UTILIZATION;
    const runway = Math.trunc(ratio * (this.lastHeapScanBytes + fixed));
    this.runwayBytes = runway < 0 ? GOAL_OFF : runway;
    if (this.gcPercent < 0) {
      this.heapGoalBytes = GOAL_OFF;
      this.triggerBytes = GOAL_OFF;
      return;
    }
    const goal = marked + Math.trunc(((marked + fixed) * this.gcPercent) / 100);
    const least = this.#leastTrigger(goal, isSweepDone);
    const most = Math.max(least, marked + this.#longestRunway(goal));
    // A ratio below 0 is a huge unsigned number in the runtime.
    const wanted = runway > goal || runway < 0 ? least : goal - runway;
    this.triggerBytes = Math.min(Math.max(wanted, least), most);
    this.heapGoalBytes = Math.max(goal, this.triggerBytes);
  }

  #leastTrigger(goal: number, isSweepDone: boolean): number {
    let least = this.heapMinimumBytes;
    if (!isSweepDone) least = Math.max(least, this.heapLiveBytes + SWEEP_MIN_DISTANCE);
    const marked = this.heapMarkedBytes;
    return Math.max(least, Math.trunc(MIN_TRIGGER_PART * (goal - marked)) + marked);
  }

  #longestRunway(goal: number): number {
    const part = Math.trunc(MAX_TRIGGER_PART * (goal - this.heapMarkedBytes));
    return goal > this.heapMinimumBytes ? Math.max(part, goal - this.heapMinimumBytes) : part;
  }
}
