/**
 * The pending events of a simulation, in the order in which they will happen.
 *
 * The order is total: by time, then by priority (lower first), then by sequence (the order in which they were put in).
 * So what happens never depends on how the queue is built. Priority and sequence are packed into one double, which
 * leaves two comparisons at most:
 *
 *     order = priority · 2^49 + sequence        priority 0..15, sequence below 2^49
 *
 * Inside is a heap with four children a node, in arrays side by side. The keys lie by position in the heap, where
 * sifting compares them; what an event carries lies by slot, where it stays:
 *
 *     position    0     1     2  …            slot        0     1     2  …
 *     times     [ 10 ][ 12 ][ 10 ]            kinds     [   ][   ][   ]
 *     orders    [  7 ][  3 ][  9 ]            as, bs    [   ][   ][   ]
 *     slots     [  2 ][  0 ][  1 ]  ←——————→  positions [ 1 ][ 2 ][ 0 ]   (of a free slot: the next free one)
 *
 * Four children rather than two make the heap half as deep, and the four lie in one or two cache lines.
 *
 * A handle is generation · 2^24 + slot. The generation of a slot goes up whenever its event leaves, so the handle of an
 * event that fired or was cancelled fits no slot any more and is ignored. A slot whose generations are used up is never
 * used again, so a stale handle cannot come alive, however long the run.
 *
 * Invariants: no node orders before its parent; positions[slots[i]] = i for every i below size; a slot is either in the
 * heap, in the list of free slots, or retired.
 */

import { grownInto } from "./typed-arrays.js";

const ARITY_SHIFT = 2;
const SLOT_BITS = 24;
const SLOTS_MAX = 1 << SLOT_BITS;
const GENERATIONS_MAX = 2 ** (53 - SLOT_BITS);
const SEQUENCES_MAX = 2 ** 49;
const FIRST_CAPACITY = 256;

/** Priorities are whole numbers from 0 to this. */
export const PRIORITY_MAX = 15;

/** A handle that no event ever has. */
export const NO_EVENT = 0;

export class EventQueue {
  // What pop took out last. They are written, not returned, so that nothing is allocated; NaN makes them doubles from the start.
  /** Time of the event taken out last, ns. */
  timeNs = Number.NaN;
  /** Kind of the event taken out last. */
  kind = 0;
  /** First number that the event taken out last carries. */
  a = Number.NaN;
  /** Second number that the event taken out last carries. */
  b = Number.NaN;

  private count = 0;
  private sequence = 0;
  /** Slots ever used are those below. */
  private slotsUsed = 0;
  private freeSlot = -1;

  private times = new Float64Array(FIRST_CAPACITY);
  private orders = new Float64Array(FIRST_CAPACITY);
  private slots = new Int32Array(FIRST_CAPACITY);
  private positions = new Int32Array(FIRST_CAPACITY);
  private generations = new Int32Array(FIRST_CAPACITY);
  private kinds = new Int32Array(FIRST_CAPACITY);
  private as = new Float64Array(FIRST_CAPACITY);
  private bs = new Float64Array(FIRST_CAPACITY);

  /**
   * @param pendingMax how many events may be pending at once, up to 2^24
   * @param firstGeneration generation that every slot starts with, from 1. Only a test gives another than 1, to see
   *   what happens when a slot's generations are used up
   */
  constructor(
    private readonly pendingMax = SLOTS_MAX,
    private readonly firstGeneration = 1,
  ) {}

  /** Number of pending events. */
  get size(): number {
    return this.count;
  }

  /** Time of the next event in ns, Infinity when there is none. */
  get nextTimeNs(): number {
    return this.count === 0 ? Number.POSITIVE_INFINITY : this.times[0]!;
  }

  /**
   * Puts an event in.
   * @param timeNs when it happens; any number but NaN
   * @param priority 0..15, lower first at one time
   * @param kind what it is, a 32-bit integer
   * @param a a number it carries
   * @param b another one
   * @returns its handle, never NO_EVENT
   * @throws RangeError when as many events are pending as may be
   */
  push(timeNs: number, priority: number, kind: number, a: number, b: number): number {
    const slot = this.takeSlot();
    this.kinds[slot] = kind;
    this.as[slot] = a;
    this.bs[slot] = b;
    this.siftUp(this.count++, timeNs, this.nextOrder(priority), slot);
    return this.generations[slot]! * SLOTS_MAX + slot;
  }

  /** Takes out the first event and leaves it in timeNs, kind, a and b. @returns false when there was none */
  pop(): boolean {
    if (this.count === 0) return false;
    const slot = this.slots[0]!;
    this.timeNs = this.times[0]!;
    this.kind = this.kinds[slot]!;
    this.a = this.as[slot]!;
    this.b = this.bs[slot]!;
    this.removeAt(0);
    this.giveSlot(slot);
    return true;
  }

  /** Takes an event out before its time. @returns false when the handle is stale or none, and nothing was done */
  cancel(handle: number): boolean {
    const slot = this.slotOf(handle);
    if (slot < 0) return false;
    this.removeAt(this.positions[slot]!);
    this.giveSlot(slot);
    return true;
  }

  /**
   * Moves an event to another time, as if it were cancelled and put in anew: it comes after those that are at that time
   * with its priority already, and its old handle is stale.
   * @returns the new handle, or NO_EVENT when the old one is stale or none, and nothing was done
   */
  reschedule(handle: number, timeNs: number): number {
    const slot = this.slotOf(handle);
    if (slot < 0) return NO_EVENT;
    const position = this.positions[slot]!;
    const order = this.nextOrder(Math.floor(this.orders[position]! / SEQUENCES_MAX));
    // Its order only grows, so it may move toward the root for an earlier time alone.
    if (timeNs < this.times[position]!) this.siftUp(position, timeNs, order, slot);
    else this.siftDown(position, timeNs, order, slot);
    if (this.generations[slot]! + 1 < GENERATIONS_MAX) {
      this.generations[slot]!++;
      return this.generations[slot]! * SLOTS_MAX + slot;
    }
    return this.moveToFreshSlot(slot);
  }

  /** Whether the handle is that of a pending event. */
  isPending(handle: number): boolean {
    return this.slotOf(handle) >= 0;
  }

  /** The slot of a pending event, -1 for a handle that is stale, none, or was never given out. */
  private slotOf(handle: number): number {
    const generation = Math.floor(handle / SLOTS_MAX);
    const slot = handle - generation * SLOTS_MAX;
    if (!(slot < this.slotsUsed) || this.generations[slot] !== generation) return -1;
    // A free slot has the generation of its next event, whose handle nobody has yet; but somebody may make one up.
    const position = this.positions[slot]!;
    return position >= 0 && position < this.count && this.slots[position] === slot ? slot : -1;
  }

  private nextOrder(priority: number): number {
    if (this.sequence === SEQUENCES_MAX) throw new RangeError("an event queue takes at most 2^49 events");
    return priority * SEQUENCES_MAX + this.sequence++;
  }

  private takeSlot(): number {
    const free = this.freeSlot;
    if (free >= 0) {
      this.freeSlot = this.positions[free]!;
      return free;
    }
    if (this.slotsUsed >= this.pendingMax) {
      throw new RangeError(`there may be at most ${this.pendingMax} pending events`);
    }
    if (this.slotsUsed === this.kinds.length) this.grow();
    const slot = this.slotsUsed++;
    this.generations[slot] = this.firstGeneration;
    return slot;
  }

  private giveSlot(slot: number): void {
    // From here on the handle is stale. A slot without generations left keeps one that no handle has, for ever.
    const generation = this.generations[slot]! + 1;
    this.generations[slot] = generation;
    if (generation >= GENERATIONS_MAX) return;
    this.positions[slot] = this.freeSlot;
    this.freeSlot = slot;
  }

  /** For a rescheduled event whose slot has no generations left. */
  private moveToFreshSlot(old: number): number {
    const position = this.positions[old]!;
    const slot = this.takeSlot();
    this.kinds[slot] = this.kinds[old]!;
    this.as[slot] = this.as[old]!;
    this.bs[slot] = this.bs[old]!;
    this.slots[position] = slot;
    this.positions[slot] = position;
    this.giveSlot(old);
    return this.generations[slot]! * SLOTS_MAX + slot;
  }

  /** Takes the node at a position out of the heap; its slot is the caller's to give back. */
  private removeAt(position: number): void {
    const last = --this.count;
    if (position === last) return;
    const timeNs = this.times[last]!;
    const order = this.orders[last]!;
    const slot = this.slots[last]!;
    // The last node comes from another branch: it may belong above the hole as well as below it.
    const parent = (position - 1) >> ARITY_SHIFT;
    if (position > 0 && this.isBefore(timeNs, order, parent)) this.siftUp(position, timeNs, order, slot);
    else this.siftDown(position, timeNs, order, slot);
  }

  private isBefore(timeNs: number, order: number, position: number): boolean {
    const other = this.times[position]!;
    return timeNs < other || (timeNs === other && order < this.orders[position]!);
  }

  /** Puts a node into the hole at a position, or nearer to the root; those that come after it move down. */
  private siftUp(hole: number, timeNs: number, order: number, slot: number): void {
    const times = this.times;
    const orders = this.orders;
    const slots = this.slots;
    let at = hole;
    while (at > 0) {
      const parent = (at - 1) >> ARITY_SHIFT;
      const parentTime = times[parent]!;
      if (timeNs > parentTime || (timeNs === parentTime && order > orders[parent]!)) break;
      times[at] = parentTime;
      orders[at] = orders[parent]!;
      slots[at] = slots[parent]!;
      this.positions[slots[at]!] = at;
      at = parent;
    }
    this.place(at, timeNs, order, slot);
  }

  /** Puts a node into the hole at a position, or further from the root; those that come before it move up. */
  private siftDown(hole: number, timeNs: number, order: number, slot: number): void {
    const times = this.times;
    const orders = this.orders;
    const slots = this.slots;
    const size = this.count;
    let at = hole;
    for (;;) {
      let child = (at << ARITY_SHIFT) + 1;
      if (child >= size) break;
      const end = Math.min(child + (1 << ARITY_SHIFT), size);
      let first = child;
      let firstTime = times[child]!;
      while (++child < end) {
        const time = times[child]!;
        if (time < firstTime || (time === firstTime && orders[child]! < orders[first]!)) {
          first = child;
          firstTime = time;
        }
      }
      if (timeNs < firstTime || (timeNs === firstTime && order < orders[first]!)) break;
      times[at] = firstTime;
      orders[at] = orders[first]!;
      slots[at] = slots[first]!;
      this.positions[slots[at]!] = at;
      at = first;
    }
    this.place(at, timeNs, order, slot);
  }

  private place(position: number, timeNs: number, order: number, slot: number): void {
    this.times[position] = timeNs;
    this.orders[position] = order;
    this.slots[position] = slot;
    this.positions[slot] = position;
  }

  /** Doubles every array. The heap never holds more nodes than there are slots, so all have one length. */
  private grow(): void {
    const capacity = this.kinds.length * 2;
    this.times = grownInto(this.times, new Float64Array(capacity));
    this.orders = grownInto(this.orders, new Float64Array(capacity));
    this.slots = grownInto(this.slots, new Int32Array(capacity));
    this.positions = grownInto(this.positions, new Int32Array(capacity));
    this.generations = grownInto(this.generations, new Int32Array(capacity));
    this.kinds = grownInto(this.kinds, new Int32Array(capacity));
    this.as = grownInto(this.as, new Float64Array(capacity));
    this.bs = grownInto(this.bs, new Float64Array(capacity));
  }

  /** @throws Error with what does not hold, when an invariant of the file's opening is broken. For tests. */
  check(): void {
    const fail = (what: string): never => {
      throw new Error(`event queue: ${what}`);
    };
    for (let i = 0; i < this.count; i++) {
      if (this.positions[this.slots[i]!] !== i) fail(`the slot at position ${i} is not there`);
      if (i > 0 && this.isBefore(this.times[i]!, this.orders[i]!, (i - 1) >> ARITY_SHIFT)) {
        fail(`position ${i} orders before its parent`);
      }
    }
    let free = 0;
    for (let slot = this.freeSlot; slot >= 0; slot = this.positions[slot]!) {
      if (++free > this.slotsUsed) fail("the list of free slots has a loop");
    }
    let retired = 0;
    for (let slot = 0; slot < this.slotsUsed; slot++) {
      if (this.generations[slot]! >= GENERATIONS_MAX) retired++;
    }
    if (this.count + free + retired !== this.slotsUsed) {
      fail(`${this.slotsUsed} slots, but ${this.count} pending, ${free} free and ${retired} retired`);
    }
  }
}
