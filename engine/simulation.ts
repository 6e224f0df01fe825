/**
 * Discrete events in virtual time: a clock, the pending events, and what happens at events of each kind.
 *
 *     wiring up   kind = simulation.handler("sweeper", Priority.background, (a, b) => …)
 *     at work     handle = simulation.schedule(atNs, kind, a, b)      cancel(handle), reschedule(handle, atNs)
 *     outside     simulation.run(untilNs)
 *
 * An event is a kind and two numbers. It is not a closure, so that scheduling one makes no garbage and what is pending
 * is plain data. Events at one instant happen by the priority of their kind, and among equals in the order in which
 * they were scheduled; nothing else decides. An event may schedule others at its own instant: those are ordered among
 * what is still pending, so a kind of low number that is scheduled by one of high number comes after it, once.
 *
 * A simulation that runs away (endless, stuck at one instant, breeding events, past the end of the clock) ends with a LimitError, which
 * names the limit and the kind that fired most.
 *
 * Invariants: nowNs never goes back; no pending event is before nowNs; all times are whole and below 2^53.
 */

import { EventQueue, PRIORITY_MAX } from "./event-queue.js";
import type { EventRow } from "./event-row.js";
import { grownInto } from "./typed-arrays.js";

export { NO_EVENT } from "./event-queue.js";

/** Priority classes, lower first at one instant. */
export const Priority = {
  /** A madvise that ends: pages come back before anybody asks for them. */
  release: 0,
  /** The garbage collector changes its phase. */
  collector: 1,
  /** A program gives back: before others ask, as frees make room. */
  free: 2,
  /** A program asks. */
  allocate: 3,
  /** Sweeper, scavenger, sysmon. */
  background: 4,
  /** Actions of a scenario: FreeOSMemory, GOMAXPROCS and the like. */
  action: 5,
  /** Samples see the state after all events up to their time. */
  sample: 9,
} as const;

export interface SimulationLimits {
  /** Events that may fire in all. */
  readonly maxEvents: number;
  /** Events that may fire without the clock moving. */
  readonly maxEventsAtOneInstant: number;
  /** Events that may be pending at once, up to 2^24. */
  readonly maxPendingEvents: number;
}

export const DEFAULT_LIMITS: SimulationLimits = {
  maxEvents: 1e11,
  maxEventsAtOneInstant: 1e7,
  maxPendingEvents: 2 ** 24,
};

/** The clock counts whole ns up to here, 104 days. */
export const TIME_MAX_NS = Number.MAX_SAFE_INTEGER;

/** A simulation ran into one of its limits, most likely because it would never have ended. */
export class LimitError extends Error {
  override readonly name = "LimitError";
}

/** What happens at an event: it gets the two numbers that were scheduled with it. */
export type Handle = (a: number, b: number) => void;

/** Is told that the events that carry numbers[from], … numbers[to - 1] will happen soon. */
export type Approach = (numbers: Float64Array, from: number, to: number) => void;

export class Simulation {
  /** The virtual time: whole ns, below 2^53. */
  nowNs = 0;
  /** Events fired so far. */
  events = 0;

  private queue = new EventQueue();
  private names: string[] = [];
  private handles: Handle[] = [];
  private approaches: (Approach | null)[] = [];
  private priorities: number[] = [];
  private fired = new Float64Array(8);
  /** `fired` at the time when half of what may fire at this instant had fired. */
  private firedBefore = new Float64Array(8);
  private eventsAtInstant = 0;
  private isRunning = false;
  /** Where the run ends that goes on now. */
  private untilNs = 0;
  private isStopped = false;
  private maxEvents = DEFAULT_LIMITS.maxEvents;
  private maxEventsAtInstant = DEFAULT_LIMITS.maxEventsAtOneInstant;
  private maxPending = DEFAULT_LIMITS.maxPendingEvents;

  /** @throws RangeError for a limit that is not a whole number from 1 */
  constructor(limits: Partial<SimulationLimits> = {}) {
    this.maxEvents = limits.maxEvents ?? this.maxEvents;
    this.maxEventsAtInstant = limits.maxEventsAtOneInstant ?? this.maxEventsAtInstant;
    this.maxPending = limits.maxPendingEvents ?? this.maxPending;
    for (const limit of [this.maxEvents, this.maxEventsAtInstant, this.maxPending]) {
      if (!Number.isSafeInteger(limit) || limit < 1) {
        throw new RangeError(`a limit of events is a whole number from 1, not ${limit}`);
      }
    }
    this.queue.onRow = (row) => this.announce(row);
  }

  /**
   * Registers what happens at events of a kind. Called while wiring up, in a fixed order.
   * @param name for messages; no two kinds share one
   * @param priority one of Priority, or any whole number from 0 to 15
   * @param approach told of many of the events that are posted, some time before they happen: it may look at the memory that
   *   they will need, so that the processor's caches have it by then. Nothing else may come of it, since the queue alone
   *   decides of which events it is told, and when
   * @returns the kind's number, for schedule
   */
  handler(name: string, priority: number, handle: Handle, approach: Approach | null = null): number {
    if (this.names.includes(name)) throw new RangeError(`there is a handler "${name}" already`);
    if (!Number.isInteger(priority) || priority < 0 || priority > PRIORITY_MAX) {
      throw new RangeError(
        `the priority of "${name}" is a whole number from 0 to ${PRIORITY_MAX}, not ${priority}`,
      );
    }
    const kind = this.handles.length;
    this.names.push(name);
    this.handles.push(handle);
    this.approaches.push(approach);
    this.priorities.push(priority);
    if (kind === this.fired.length) {
      this.fired = grownInto(this.fired, new Float64Array(2 * kind));
      this.firedBefore = grownInto(this.firedBefore, new Float64Array(2 * kind));
    }
    return kind;
  }

  /**
   * Lets an event happen.
   * @param atNs when: whole ns, nowNs at the earliest
   * @param kind what handler returned
   * @param a a number for the handler
   * @param b another one
   * @returns a handle, valid until the event fires or is cancelled; never NO_EVENT
   * @throws LimitError when atNs is 2^53 or more, or too many events are pending
   * @throws RangeError when atNs is in the past or not whole, or kind is none
   */
  schedule(atNs: number, kind: number, a = 0, b = 0): number {
    return this.queue.push(atNs, this.checked(atNs, kind), kind, a, b);
  }

  /**
   * Lets an event happen that nobody will take back or move: the cheaper way for what is scheduled by the million.
   * @param a a number for the handler, whose second one is 0
   * @throws like schedule, whose other parameters these are
   */
  post(atNs: number, kind: number, a = 0): void {
    this.queue.post(atNs, this.checked(atNs, kind), kind, a);
  }

  /** Takes an event back. A handle whose event fired or was cancelled, and NO_EVENT, are ignored. */
  cancel(handle: number): void {
    this.queue.cancel(handle);
  }

  /**
   * Moves an event to another time, as cancel and schedule would: it comes after what was scheduled before.
   * @returns the event's new handle (the old one is stale), or NO_EVENT when the old one was stale: nothing is scheduled then
   * @throws like schedule
   */
  reschedule(handle: number, atNs: number): number {
    if (!(atNs >= this.nowNs && atNs <= TIME_MAX_NS && Math.floor(atNs) === atNs)) this.refuseTime(atNs, -1);
    return this.queue.reschedule(handle, atNs);
  }

  /** Whether the event of a handle is still to come. */
  isPending(handle: number): boolean {
    return this.queue.isPending(handle);
  }

  /** Number of events to come. */
  get pending(): number {
    return this.queue.size;
  }

  /** Time of the next event in ns, Infinity when there is none. */
  get nextEventNs(): number {
    return this.queue.nextTimeNs;
  }

  /**
   * Runs the events with time ≤ untilNs, then sets nowNs = untilNs, unless stop was called: then the clock stays at
   * the event that stopped it, and another run goes on from there.
   * @throws LimitError when too many events fire, in all or at one instant
   * @throws RangeError when untilNs is in the past, not whole, or 2^53 or more
   */
  run(untilNs: number): void {
    if (this.isRunning) throw new RangeError("a simulation that runs cannot be run by one of its own events");
    if (!(untilNs >= this.nowNs && Number.isSafeInteger(untilNs))) {
      throw new RangeError(
        `cannot run until ${untilNs} ns: it takes whole ns from ${this.nowNs} to 2^53 − 1`,
      );
    }
    this.isRunning = true;
    this.isStopped = false;
    this.untilNs = untilNs;
    try {
      const queue = this.queue;
      while (queue.nextTimeNs <= untilNs) {
        queue.pop();
        this.fire();
        if (this.isStopped) return;
      }
      if (untilNs > this.nowNs) this.eventsAtInstant = 0;
      this.nowNs = untilNs;
    } finally {
      this.isRunning = false;
    }
  }

  /**
   * From within an event: moves the clock on to an event of its own kind that would be the next one anyhow, so that it
   * can go on with it at once. That spares the queue where one source of events has many of them between all others.
   * @param atNs when that event is: whole ns, nowNs at the earliest
   * @param kind of the event
   * @returns whether it moved; else the event is to be scheduled: another comes first, the run ends, or was stopped
   * @throws LimitError like run
   */
  advance(atNs: number, kind: number): boolean {
    if (!(atNs < this.queue.nextTimeNs && atNs <= this.untilNs) || this.isStopped || !this.isRunning)
      return false;
    if (!(atNs >= this.nowNs && Math.floor(atNs) === atNs)) this.refuseTime(atNs, kind);
    this.count(atNs, kind);
    return true;
  }

  /** Ends a run after the current event. */
  stop(): void {
    this.isStopped = true;
  }

  /** How often events of a kind fired. */
  firedOf(kind: number): number {
    return this.fired[kind] ?? 0;
  }

  /** Tells those of a row who want to know. */
  private announce({ kinds, numbers, at, end }: EventRow): void {
    for (let from = at; from < end; ) {
      const kind = kinds[from]!;
      let to = from + 1;
      while (to < end && kinds[to] === kind) to++;
      const approach = this.approaches[kind]!;
      if (approach !== null) approach(numbers, from, to);
      from = to;
    }
  }

  /** The priority of a kind, when an event of it may be scheduled at a time. */
  private checked(atNs: number, kind: number): number {
    const priority = this.priorities[kind];
    if (priority === undefined) throw new RangeError(`there is no handler of kind ${kind}`);
    if (!(atNs >= this.nowNs && atNs <= TIME_MAX_NS && Math.floor(atNs) === atNs))
      this.refuseTime(atNs, kind);
    if (this.queue.size >= this.maxPending) this.refusePending();
    return priority;
  }

  /** Lets the event that the queue gave out happen. */
  private fire(): void {
    const queue = this.queue;
    const kind = queue.kind;
    this.count(queue.timeNs, kind);
    this.handles[kind]!(queue.a, queue.b);
  }

  /** Sets the clock to an event, and counts it. */
  private count(atNs: number, kind: number): void {
    if (atNs > this.nowNs) {
      this.nowNs = atNs;
      this.eventsAtInstant = 0;
    }
    const atInstant = ++this.eventsAtInstant;
    if (this.events >= this.maxEvents) this.refuseEvents();
    if (2 * atInstant > this.maxEventsAtInstant) this.watchInstant(atInstant);
    this.events++;
    this.fired[kind]!++;
  }

  /** Past half of what may fire at one instant: counts by kind from there, so that the message tells who it is now. */
  private watchInstant(atInstant: number): void {
    if (2 * (atInstant - 1) <= this.maxEventsAtInstant) this.firedBefore.set(this.fired);
    if (atInstant <= this.maxEventsAtInstant) return;
    const now = this.fired.map((count, kind) => count - this.firedBefore[kind]!);
    throw new LimitError(
      `the clock stands still: more than ${this.maxEventsAtInstant} events (maxEventsAtOneInstant) at ` +
        `${this.nowNs} ns, ${this.most(now)} of late; an event that causes another should let time pass`,
    );
  }

  private refuseEvents(): never {
    throw new LimitError(
      `the run takes too long: more than ${this.maxEvents} events (maxEvents) by ${this.nowNs} ns, ` +
        `${this.most(this.fired)}; run for a shorter time, or allow more`,
    );
  }

  private refusePending(): never {
    throw new LimitError(
      `too much is to come: more than ${this.maxPending} pending events (maxPendingEvents) at ${this.nowNs} ns; of ` +
        `those that fired, ${this.most(this.fired)}; an event should cause one other at most, on the average`,
    );
  }

  /** @param kind the kind to be scheduled, -1 when an event is rescheduled */
  private refuseTime(atNs: number, kind: number): never {
    const what = kind < 0 ? "an event" : `"${this.names[kind]}"`;
    if (atNs > TIME_MAX_NS) {
      throw new LimitError(
        `the clock ends at 2^53 ns (104 days): ${what} was scheduled at ${atNs} ns, when it was ${this.nowNs} ns; of those ` +
          `that fired, ${this.most(this.fired)}`,
      );
    }
    const wrong = atNs < this.nowNs ? `in the past (it is ${this.nowNs} ns)` : "no whole number";
    throw new RangeError(`${what} was scheduled at ${atNs} ns, which is ${wrong}`);
  }

  /** The kind that fired most, in words for a message. */
  private most(fired: Float64Array): string {
    let most = 0;
    for (let kind = 1; kind < this.names.length; kind++) {
      if (fired[kind]! > fired[most]!) most = kind;
    }
    return fired[most]! > 0 ? `most of them "${this.names[most]}" (${fired[most]} times)` : "none so far";
  }
}
