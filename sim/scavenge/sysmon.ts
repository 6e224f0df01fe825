/**
 * The runtime's monitor thread, as far as the scavenger depends on it (sysmon in proc.go, Go 1.18).
 *
 * The end of sweeping may not wake the scavenger itself (it may happen inside an allocation), so it leaves a flag, and
 * sysmon wakes the scavenger on its next pass. Passes are 20 µs apart at first, twice as far each time after 50 passes
 * that found nothing to do, and 10 ms at most. While all Ps are idle sysmon sleeps until the next timer of the program
 * (and half the period of forced collections at most): so an idle program without timers leaves the flag where it is.
 *
 *     passes   ||||||||| | |  |    |        |        |            |        |
 *              ▲ woken by a system call     ▲ idle: no pass before a timer
 *
 * A pass while the scavenger works leaves the flag, and the next one tries again. Passes that would do nothing are no
 * events: their times are computed when somebody asks for one.
 */

import { NO_EVENT, Priority, type Simulation } from "../../engine/simulation.js";

/** Shortest and longest time between passes, ns. */
const FIRST_DELAY_NS = 20_000;
export const LONGEST_DELAY_NS = 10_000_000;
/** Passes at the shortest delay. */
const FAST_PASSES = 51;
/** Longest deep sleep: half of forcegcperiod, which is two minutes, ns. */
export const DEEP_SLEEP_NS = 60_000_000_000;

/** What sysmon needs of the scavenger. */
export interface Sleeper {
  /** Makes it runnable. @returns false when it already was */
  wake(): boolean;
  /** When its timer will wake it by itself, ns; Infinity when it has none. */
  readonly timerNs: number;
}

export class Sysmon {
  private readonly sim: Simulation;
  private readonly sleeper: Sleeper;
  /** A timer of the program fires at each multiple of this, ns; Infinity when it has none. */
  private readonly idleTimerNs: number;
  private readonly deepSleepNs: number;
  private readonly kind: number;
  private event = NO_EVENT;
  private flag = false;
  private idle = false;
  /** A pass happened then, and the back-off began anew, or goes on at the longest delay. */
  private baseNs = 0;
  private steady = false;
  /** While idle: the pass at which sysmon notices it, and goes to sleep. */
  private deepFromNs = 0;

  /**
   * @param sleeper the scavenger
   * @param idleTimerNs period of a timer that the program keeps, ns; Infinity for none
   * @param deepSleepNs longest sleep while the program is idle, ns
   */
  constructor(
    sim: Simulation,
    sleeper: Sleeper,
    idleTimerNs = Number.POSITIVE_INFINITY,
    deepSleepNs = DEEP_SLEEP_NS,
  ) {
    this.sim = sim;
    this.sleeper = sleeper;
    this.idleTimerNs = idleTimerNs;
    this.deepSleepNs = deepSleepNs;
    this.kind = sim.handler("sysmon", Priority.background, () => this.#pass());
  }

  /** Asks for the scavenger to be woken (readyForScavenger). */
  askForScavenger(): void {
    this.flag = true;
    this.#plan();
  }

  /** The scavenger was woken by somebody else, so there is nothing to do any more. */
  scavengerWoken(): void {
    this.flag = false;
    this.sim.cancel(this.event);
    this.event = NO_EVENT;
  }

  /** The scavenger has set its timer, which ends a deep sleep. */
  timerSet(): void {
    if (this.flag && this.idle) this.#plan();
  }

  /** All Ps became idle, or the program goes on. The latter wakes sysmon from a deep sleep at once. */
  setIdle(idle: boolean): void {
    if (idle === this.idle) return;
    const now = this.sim.nowNs;
    if (idle) this.deepFromNs = this.#nextPass(now);
    this.idle = idle;
    if (!idle && now >= this.deepFromNs) {
      this.#restAt(now);
      if (this.flag) return this.#pass();
    }
    this.#plan();
  }

  /** A system call or the end of a stop of the world woke sysmon from a sleep: passes are frequent again. */
  wokenBySystemCall(): void {
    this.baseNs = this.sim.nowNs;
    this.steady = false;
    this.#plan();
  }

  /** When the first pass after now will be, ns. */
  nextPassNs(): number {
    const now = this.sim.nowNs;
    if (!this.idle) return this.#nextPass(now);
    const from = Math.max(now, this.deepFromNs);
    const sleepEnds =
      this.deepFromNs + Math.ceil((from - this.deepFromNs + 1) / this.deepSleepNs) * this.deepSleepNs;
    const timer = (Math.floor(from / this.idleTimerNs) + 1) * this.idleTimerNs;
    const own = Math.max(from, this.sleeper.timerNs);
    // Without a timer this is NaN (0 times Infinity) or Infinity.
    return Math.min(sleepEnds, timer > from ? timer : sleepEnds, own);
  }

  #plan(): void {
    this.sim.cancel(this.event);
    this.event = this.flag ? this.sim.schedule(this.nextPassNs(), this.kind) : NO_EVENT;
  }

  #pass(): void {
    this.event = NO_EVENT;
    if (this.idle) this.#restAt(this.sim.nowNs);
    if (this.sleeper.wake()) this.flag = false;
    this.#plan();
  }

  /** A deep sleep ended with a pass now; the next ones follow at the longest delay. */
  #restAt(nowNs: number): void {
    this.baseNs = nowNs;
    this.steady = true;
    this.deepFromNs = nowNs + LONGEST_DELAY_NS;
  }

  /** The first pass after a time, as if no P were ever idle. */
  #nextPass(afterNs: number): number {
    let at = this.baseNs;
    if (!this.steady) {
      const fast = Math.floor((afterNs - at) / FIRST_DELAY_NS) + 1;
      if (fast <= FAST_PASSES) return at + fast * FIRST_DELAY_NS;
      at += FAST_PASSES * FIRST_DELAY_NS;
      for (let delay = 2 * FIRST_DELAY_NS; delay < LONGEST_DELAY_NS; delay *= 2) {
        at += delay;
        if (at > afterNs) return at;
      }
    }
    return at + (Math.floor((afterNs - at) / LONGEST_DELAY_NS) + 1) * LONGEST_DELAY_NS;
  }
}
