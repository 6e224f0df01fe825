/**
 * The pending events of a simulation, in the order in which they will happen.
 *
 * The order is total: by time, then by priority (lower first), then by sequence (the order in which they were put in).
 * So what happens never depends on how the queue is built. Priority and sequence are packed into one double, which
 * leaves two comparisons at most:
 *
 *     order = priority · 2^49 + sequence        priority 0..15, sequence below 2^49
 *
 * Events are *pushed*, and can be taken back or moved by their handle, or *posted*, which costs half: nobody can get hold of
 * those any more, so they need no slot, and a batch of them can be put in order at once.
 *
 * Inside are two parts. What is *near*, before a horizon, is in a heap with four children a node, small enough for the
 * processor's nearest memory; what is *far* is in rough order only (far-events.ts), and comes near in batches when nothing
 * is near. Of such a batch what was posted is put into a row (event-row.ts), of which the first is taken without a search.
 * When the heap has become large, the horizon is drawn nearer. Which part an event is in shows nowhere.
 *
 *     near: a heap, a row                    │ far: rough order
 *     now ──────────────────────────────► horizon ─────────────────────────────────────────────►  time
 *
 * The keys of the heap lie by position, where sifting compares them; what an event carries lies by slot, where it stays:
 *
 *     position    0     1     2  …            slot        0     1     2  …
 *     times     [ 10 ][ 12 ][ 10 ]            kind, a, b
 *     orders    [  7 ][  3 ][  9 ]            generation, priority
 *     slots     [  2 ][  0 ][  1 ]  ←——————→  position  [ 1 ][ 2 ][ 0 ]   (of a free slot: the next free one)
 *
 * A handle is generation · 2^24 + slot. The generation of a slot goes up whenever its event leaves or moves, so the handle of
 * an event that fired or was cancelled fits no slot any more and is ignored, and so does an entry among the far ones. A slot
 * whose generations are used up is never used again, so a stale handle cannot come alive, however long the run.
 *
 * Invariants: no node orders before its parent; the position of slots[i] is i; what is near is before the horizon, what is far
 * is not; unless nothing is pending, something is near; an empty heap has a first time of Infinity; a slot is either pending,
 * in the list of free slots, or retired; each event that was pushed has one, and what is posted has one in the heap.
 */

import { EventRow } from "./event-row.js";
import { FarEvents, type NearSink } from "./far-events.js";
import { grownInto } from "./typed-arrays.js";

const ARITY_SHIFT = 2;
const SLOT_BITS = 24;
const SLOTS_MAX = 1 << SLOT_BITS;
const GENERATIONS_MAX = 2 ** (53 - SLOT_BITS);
const SEQUENCES_MAX = 2 ** 49;
const FIRST_CAPACITY = 256;
/** Events that come near at once, about; the heap may have four times as many before the horizon is drawn nearer. */
const NEAR_EVENTS = 256;

/**
 * What is kept by slot, in one record of memory, since the slots of far events are far from the processor: two doubles, and
 * behind them four 32-bit integers.
 */
const LOG_DOUBLES = 2;
const LOG_INTEGERS = 3;
const KIND = 4;
const GENERATION = 5;
const POSITION = 6;
const PRIORITY = 7;
/** In place of the position, of a slot whose event is far, and of one that is retired. */
const FAR = -2;
const RETIRED = -3;

/** Priorities are whole numbers from 0 to this. */
export const PRIORITY_MAX = 15;

/** A handle that no event ever has. */
export const NO_EVENT = 0;

export class EventQueue implements NearSink {
  // What pop took out last. They are written, not returned, so that nothing is allocated; NaN makes them doubles from the start.
  /** Time of the event taken out last, ns. */
  timeNs = Number.NaN;
  /** Kind of the event taken out last. */
  kind = 0;
  /** First number that the event taken out last carries. */
  a = Number.NaN;
  /** Second number that the event taken out last carries. */
  b = Number.NaN;

  /** Told of each row that has come near, in order. It must not call the queue. */
  onRow: ((row: EventRow) => void) | null = null;

  /** Pending events, and those of them in the heap; the row knows its own. */
  private count = 0;
  private near = 0;
  /** What is before is near, ns. */
  private horizonNs = Number.POSITIVE_INFINITY;
  private nearMax: number;
  private readonly far = new FarEvents();
  private readonly row = new EventRow();
  private sequence = 0;
  /** Slots ever used are those below. */
  private slotsUsed = 0;
  private freeSlot = -1;

  // By position in the heap.
  private times = new Float64Array(FIRST_CAPACITY).fill(Number.POSITIVE_INFINITY);
  private orders = new Float64Array(FIRST_CAPACITY);
  private slots = new Int32Array(FIRST_CAPACITY);
  // By slot, the same memory: the two numbers that the event carries, and four of its state.
  private carried = new Float64Array(FIRST_CAPACITY << LOG_DOUBLES);
  private states = new Int32Array(this.carried.buffer);

  /**
   * @param pendingMax how many events may be pending at once, up to 2^24
   * @param firstGeneration generation that every slot starts with, from 1. Only a test gives another than 1, to see
   *   what happens when a slot's generations are used up
   * @param batch events that come near at once, about. Only a test gives another, to have few of them far
   */
  constructor(
    private readonly pendingMax = SLOTS_MAX,
    private readonly firstGeneration = 1,
    private readonly batch = NEAR_EVENTS,
  ) {
    this.nearMax = 4 * batch;
  }

  /** Number of pending events. */
  get size(): number {
    return this.count;
  }

  /** Time of the next event in ns, Infinity when there is none. */
  get nextTimeNs(): number {
    const { row } = this;
    const inRow = row.times[row.at]!;
    const inHeap = this.times[0]!;
    return inRow < inHeap ? inRow : inHeap;
  }

  /**
   * Puts an event in.
   * @param timeNs when it happens, from 0 to 2^53 − 1
   * @param priority 0..15, lower first at one time
   * @param kind what it is, a 32-bit integer
   * @param a a number it carries
   * @param b another one
   * @returns its handle, never NO_EVENT
   * @throws RangeError when as many events are pending as may be
   */
  push(timeNs: number, priority: number, kind: number, a: number, b: number): number {
    this.refuseMore();
    const slot = this.fillSlot(priority, kind, a, b);
    this.count++;
    this.enter(timeNs, this.nextOrder(priority), slot);
    return this.states[(slot << LOG_INTEGERS) + GENERATION]! * SLOTS_MAX + slot;
  }

  /**
   * Puts an event in that nobody will take back or move: it has no handle, and as long as it is far, no slot. See push.
   * @param a the number it carries
   */
  post(timeNs: number, priority: number, kind: number, a: number): void {
    this.refuseMore();
    const order = this.nextOrder(priority);
    this.count++;
    if (timeNs < this.horizonNs) this.enter(timeNs, order, this.fillSlot(priority, kind, a, 0));
    else {
      this.far.put(timeNs, order, ~kind, 0, a);
      if (this.isNothingNear()) this.refill();
    }
  }

  /** Takes out the first event and leaves it in timeNs, kind, a and b. @returns false when there was none */
  pop(): boolean {
    if (this.count === 0) return false;
    const { row } = this;
    const { at } = row;
    const timeNs = row.times[at]!;
    if (timeNs < this.times[0]! || (timeNs === this.times[0]! && row.orders[at]! < this.orders[0]!)) {
      this.timeNs = timeNs;
      this.kind = row.kinds[at]!;
      this.a = row.numbers[at]!;
      this.b = 0;
      row.at = at + 1;
    } else this.popHeap();
    this.count--;
    if (this.isNothingNear()) this.refill();
    return true;
  }

  private popHeap(): void {
    const slot = this.slots[0]!;
    this.timeNs = this.times[0]!;
    this.kind = this.states[(slot << LOG_INTEGERS) + KIND]!;
    this.a = this.carried[slot << LOG_DOUBLES]!;
    this.b = this.carried[(slot << LOG_DOUBLES) + 1]!;
    this.removeAt(0);
    this.giveSlot(slot);
  }

  /** Takes an event out before its time. @returns false when the handle is stale or none, and nothing was done */
  cancel(handle: number): boolean {
    const slot = this.slotOf(handle);
    if (slot < 0) return false;
    this.leave(slot);
    this.giveSlot(slot);
    this.count--;
    this.tidy();
    return true;
  }

  /**
   * Moves an event to another time, as if it were cancelled and put in anew: it comes after those that are at that time
   * with its priority already, and its old handle is stale.
   * @returns the new handle, or NO_EVENT when the old one is stale or none, and nothing was done
   */
  reschedule(handle: number, timeNs: number): number {
    const old = this.slotOf(handle);
    if (old < 0) return NO_EVENT;
    this.leave(old);
    const slot = this.renewed(old);
    this.enter(timeNs, this.nextOrder(this.states[(slot << LOG_INTEGERS) + PRIORITY]!), slot);
    this.tidy();
    return this.states[(slot << LOG_INTEGERS) + GENERATION]! * SLOTS_MAX + slot;
  }

  /** Whether the handle is that of a pending event. */
  isPending(handle: number): boolean {
    return this.slotOf(handle) >= 0;
  }

  /** See NearSink. */
  arrive(timeNs: number, order: number, event: number, generation: number, a: number): void {
    if (event >= 0) {
      if (this.isCurrent(event, generation)) this.insert(timeNs, order, event);
    } else if (!this.row.collect(timeNs, order, ~event, a)) this.insertPosted(timeNs, order, ~event, a);
  }

  /** See NearSink. */
  isCurrent(event: number, generation: number): boolean {
    if (event < 0) return true;
    const at = event << LOG_INTEGERS;
    return this.states[at + GENERATION] === generation && this.states[at + POSITION] === FAR;
  }

  /** The slot of a pending event, -1 for a handle that is stale, none, or was never given out. */
  private slotOf(handle: number): number {
    const generation = Math.floor(handle / SLOTS_MAX);
    const slot = handle - generation * SLOTS_MAX;
    if (!(slot < this.slotsUsed) || this.states[(slot << LOG_INTEGERS) + GENERATION] !== generation)
      return -1;
    // A free slot has the generation of its next event, whose handle nobody has yet; but somebody may make one up.
    const position = this.states[(slot << LOG_INTEGERS) + POSITION]!;
    if (position === FAR) return slot;
    return position >= 0 && position < this.near && this.slots[position] === slot ? slot : -1;
  }

  private nextOrder(priority: number): number {
    if (this.sequence === SEQUENCES_MAX) throw new RangeError("an event queue takes at most 2^49 events");
    return priority * SEQUENCES_MAX + this.sequence++;
  }

  private refuseMore(): void {
    if (this.count >= this.pendingMax) {
      throw new RangeError(`there may be at most ${this.pendingMax} pending events`);
    }
  }

  /** Whether neither the row nor the heap has an event. */
  private isNothingNear(): boolean {
    return this.near === 0 && this.row.at === this.row.end;
  }

  /** An event that was posted goes into the heap, where each has a slot. */
  private insertPosted(timeNs: number, order: number, kind: number, a: number): void {
    this.insert(timeNs, order, this.fillSlot(Math.floor(order / SEQUENCES_MAX), kind, a, 0));
  }

  /** A slot for an event. */
  private fillSlot(priority: number, kind: number, a: number, b: number): number {
    const slot = this.takeSlot();
    const at = slot << LOG_INTEGERS;
    this.states[at + KIND] = kind;
    this.states[at + PRIORITY] = priority;
    this.carried[slot << LOG_DOUBLES] = a;
    this.carried[(slot << LOG_DOUBLES) + 1] = b;
    return slot;
  }

  private takeSlot(): number {
    const free = this.freeSlot;
    if (free >= 0) {
      this.freeSlot = this.states[(free << LOG_INTEGERS) + POSITION]!;
      return free;
    }
    if (this.slotsUsed << LOG_INTEGERS === this.states.length) this.growSlots();
    const slot = this.slotsUsed++;
    this.states[(slot << LOG_INTEGERS) + GENERATION] = this.firstGeneration;
    return slot;
  }

  /** From here on the handle is stale. A slot without generations left keeps one that no handle has, for ever. */
  private giveSlot(slot: number): void {
    const at = slot << LOG_INTEGERS;
    const generation = this.states[at + GENERATION]! + 1;
    this.states[at + GENERATION] = generation;
    if (generation >= GENERATIONS_MAX) {
      this.states[at + POSITION] = RETIRED;
      return;
    }
    this.states[at + POSITION] = this.freeSlot;
    this.freeSlot = slot;
  }

  /** A slot with another generation for the event of one: the same slot, if it has generations left. */
  private renewed(old: number): number {
    const at = old << LOG_INTEGERS;
    if (this.states[at + GENERATION]! + 1 < GENERATIONS_MAX) {
      this.states[at + GENERATION]!++;
      return old;
    }
    const slot = this.takeSlot();
    this.states[(slot << LOG_INTEGERS) + KIND] = this.states[at + KIND]!;
    this.states[(slot << LOG_INTEGERS) + PRIORITY] = this.states[at + PRIORITY]!;
    this.carried[slot << LOG_DOUBLES] = this.carried[old << LOG_DOUBLES]!;
    this.carried[(slot << LOG_DOUBLES) + 1] = this.carried[(old << LOG_DOUBLES) + 1]!;
    this.giveSlot(old);
    return slot;
  }

  /** An event of a slot, which counts as pending already, is near or far. */
  private enter(timeNs: number, order: number, slot: number): void {
    if (timeNs < this.horizonNs) {
      this.insert(timeNs, order, slot);
      if (this.near > this.nearMax) this.drawHorizonNearer();
      return;
    }
    this.states[(slot << LOG_INTEGERS) + POSITION] = FAR;
    this.far.put(timeNs, order, slot, this.states[(slot << LOG_INTEGERS) + GENERATION]!, 0);
    if (this.isNothingNear()) this.refill();
  }

  /** The event of a slot is no longer at its place. What is far stays there, as an entry that fits nothing any more. */
  private leave(slot: number): void {
    const position = this.states[(slot << LOG_INTEGERS) + POSITION]!;
    if (position !== FAR) this.removeAt(position);
  }

  /** After an event left its place: something must be near, and entries that fit nothing must not become many. */
  private tidy(): void {
    if (this.isNothingNear()) this.refill();
    else this.dropStale();
  }

  private dropStale(): void {
    const pending = this.count - this.near - (this.row.end - this.row.at);
    if (this.far.count > 2 * pending + this.nearMax) this.far.compact(this);
  }

  /** Nothing is near: what comes next of the far ones does. */
  private refill(): void {
    this.nearMax = 4 * this.batch;
    if (this.count === 0) {
      this.far.clear();
      this.horizonNs = Number.POSITIVE_INFINITY;
      return;
    }
    while (this.isNothingNear()) {
      this.horizonNs = this.far.handOver(this.batch, this);
      if (!this.row.sort()) this.unrow();
    }
    if (this.onRow !== null && this.row.at < this.row.end) this.onRow(this.row);
    this.dropStale();
  }

  /** The batch of the row is crowded: it goes into the heap. */
  private unrow(): void {
    const { row } = this;
    const { batch } = row;
    row.batch = 0;
    for (let i = 0; i < batch; i++)
      this.insertPosted(row.batchTimes[i]!, row.batchOrders[i]!, row.batchKinds[i]!, row.batchNumbers[i]!);
  }

  /** Makes more than half of the near ones far. */
  private drawHorizonNearer(): void {
    const horizon = this.nearerHorizon();
    if (this.far.count === 0 || this.far.isBeforeBase(horizon)) this.far.lowerBase(horizon);
    this.horizonNs = horizon;
    this.cutRow(horizon);
    const { times, orders, slots, states } = this;
    let kept = 0;
    for (let i = 0; i < this.near; i++) {
      const slot = slots[i]!;
      if (times[i]! >= horizon) {
        states[(slot << LOG_INTEGERS) + POSITION] = FAR;
        this.far.put(times[i]!, orders[i]!, slot, states[(slot << LOG_INTEGERS) + GENERATION]!, 0);
      } else {
        this.place(kept, times[i]!, orders[i]!, slot);
        kept++;
      }
    }
    this.near = kept;
    if (kept === 0) times[0] = Number.POSITIVE_INFINITY;
    for (let i = (kept - 2) >> ARITY_SHIFT; i >= 0; i--) this.siftDown(i, times[i]!, orders[i]!, slots[i]!);
    // Many at one time cannot be told apart. Then the heap has to be that large for a while.
    if (kept > this.nearMax / 2) this.nearMax = 4 * kept;
  }

  /** What is in the row from a time on is far. */
  private cutRow(horizonNs: number): void {
    const { row, far } = this;
    let { end } = row;
    while (end > row.at && row.times[end - 1]! >= horizonNs) {
      end--;
      far.put(row.times[end]!, row.orders[end]!, ~row.kinds[end]!, 0, row.numbers[end]!);
    }
    row.end = end;
    row.times[end] = Number.POSITIVE_INFINITY;
  }

  /** A time after the first event, before which half of what may be near is, or less; or only those at the first one's time. */
  private nearerHorizon(): number {
    const { times, near } = this;
    const low = times[0]!;
    let high = low;
    for (let i = 1; i < near; i++) if (times[i]! > high) high = times[i]!;
    while (high > low + 1) {
      high = low + Math.ceil((high - low) / 2);
      let below = 0;
      for (let i = 0; i < near; i++) if (times[i]! < high) below++;
      if (below <= this.nearMax / 2) break;
    }
    return Math.max(high, low + 1);
  }

  /** Takes the node at a position out of the heap; its slot is the caller's to give back. */
  private removeAt(position: number): void {
    const last = --this.near;
    if (position === last) {
      if (last === 0) this.times[0] = Number.POSITIVE_INFINITY;
      return;
    }
    const timeNs = this.times[last]!;
    const order = this.orders[last]!;
    const slot = this.slots[last]!;
    // The last node comes from another branch: it may belong above the hole as well as below it.
    const parent = (position - 1) >> ARITY_SHIFT;
    if (position > 0 && this.isBefore(timeNs, order, parent)) this.siftUp(position, timeNs, order, slot);
    else this.siftDown(position, timeNs, order, slot);
  }

  private insert(timeNs: number, order: number, slot: number): void {
    if (this.near === this.times.length) this.growHeap();
    this.siftUp(this.near++, timeNs, order, slot);
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
      this.states[(slots[at]! << LOG_INTEGERS) + POSITION] = at;
      at = parent;
    }
    this.place(at, timeNs, order, slot);
  }

  /** Puts a node into the hole at a position, or further from the root; those that come before it move up. */
  private siftDown(hole: number, timeNs: number, order: number, slot: number): void {
    const times = this.times;
    const orders = this.orders;
    const slots = this.slots;
    const size = this.near;
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
      this.states[(slots[at]! << LOG_INTEGERS) + POSITION] = at;
      at = first;
    }
    this.place(at, timeNs, order, slot);
  }

  private place(position: number, timeNs: number, order: number, slot: number): void {
    this.times[position] = timeNs;
    this.orders[position] = order;
    this.slots[position] = slot;
    this.states[(slot << LOG_INTEGERS) + POSITION] = position;
  }

  /** Bytes that pending events take, and the room that is kept for more. */
  get memoryBytes(): number {
    const { times, orders, slots, carried, far } = this;
    const arrays = times.byteLength + orders.byteLength + slots.byteLength;
    return arrays + carried.byteLength + far.memoryBytes;
  }

  private growHeap(): void {
    const capacity = this.times.length * 2;
    this.times = grownInto(this.times, new Float64Array(capacity));
    this.orders = grownInto(this.orders, new Float64Array(capacity));
    this.slots = grownInto(this.slots, new Int32Array(capacity));
  }

  private growSlots(): void {
    // Copied as integers: they have no pattern that a copy of doubles might change.
    const states = grownInto(this.states, new Int32Array(this.states.length * 2));
    this.states = states;
    this.carried = new Float64Array(states.buffer);
  }

  /** @throws Error with what does not hold, when an invariant of the file's opening is broken. For tests. */
  check(): void {
    const fail = (what: string): never => {
      throw new Error(`event queue: ${what}`);
    };
    const state = (slot: number, which: number): number => this.states[(slot << LOG_INTEGERS) + which]!;
    for (let i = 0; i < this.near; i++) {
      if (state(this.slots[i]!, POSITION) !== i) fail(`the slot at position ${i} is not there`);
      if (i > 0 && this.isBefore(this.times[i]!, this.orders[i]!, (i - 1) >> ARITY_SHIFT)) {
        fail(`position ${i} orders before its parent`);
      }
      if (this.times[i]! >= this.horizonNs) fail(`position ${i} is beyond the horizon`);
    }
    if (this.isNothingNear() && this.count > 0) fail("nothing is near");
    if (this.near === 0 && this.times[0] !== Number.POSITIVE_INFINITY)
      fail("the heap is empty, but has a first time");
    let far = 0;
    let posted = this.row.end - this.row.at;
    const near = this.near + posted;
    this.far.forEach((timeNs, _order, event, generation) => {
      if (timeNs < this.horizonNs) fail(`what is far at ${timeNs} ns is before the horizon`);
      if (this.isCurrent(event, generation)) far++;
      if (event < 0) posted++;
    });
    if (near + far !== this.count) fail(`${near} are near and ${far} far, but ${this.count} pending`);
    if (this.far.count > 2 * far + this.nearMax) fail(`${this.far.count} entries for ${far} far events`);
    let free = 0;
    for (let slot = this.freeSlot; slot >= 0; slot = state(slot, POSITION)) {
      if (++free > this.slotsUsed) fail("the list of free slots has a loop");
    }
    let retired = 0;
    for (let slot = 0; slot < this.slotsUsed; slot++) {
      if (state(slot, GENERATION) >= GENERATIONS_MAX) retired++;
    }
    const slotted = this.count - posted;
    if (slotted + free + retired !== this.slotsUsed) {
      fail(`${this.slotsUsed} slots, but ${slotted} pending, ${free} free and ${retired} retired`);
    }
  }
}
