/**
 * Events that are far off: kept in rough order, at a few operations each, until they come near (see event-queue.ts).
 *
 * A radix heap with digits of four bits. An entry lies in the bucket of the highest digit in which its time differs from a
 * base that no entry is before, and of what its own digit is there; so all of a bucket come before all of the next one, and
 * within a bucket nothing is in order:
 *
 *     base       …3 a 0 7        level 0    digits 7 to f    the last digit alone differs, or none
 *     an entry   …3 c 1 2        level 2, digit c            times …3c00 to …3cff
 *
 * When the lowest bucket with entries is called upon, it is handed over whole if it has few; else the base moves to where it
 * begins and it is dealt out to buckets of lower levels. So an entry moves downward a few times at most, and always through
 * memory in a row: with a hundred thousand pending events that costs a tenth of what a heap does, which jumps about for each.
 *
 * The base may also move back, when the queue wants to put something before it: what is in levels below the first difference
 * of the old and the new base is put in anew.
 *
 * An entry names its event by slot and generation; those of events that were cancelled or moved stay until somebody comes by.
 * Or it is all there is of an event, when nobody can take that back: its kind and the number that it carries.
 *
 * Entries lie in blocks of one array. The last block of a bucket may have room, those before it are full:
 *
 *     tails    where the next entry of each bucket goes, a multiple of the block's length if there is no room; 0: no entry
 *     links    for each block the one before it in its bucket
 *
 * Invariants: no entry is before the base; each is in the bucket of its first difference from it.
 */

import { grownInto } from "./typed-arrays.js";

const LOG_BLOCK = 6;
const BLOCK_ENTRIES = 1 << LOG_BLOCK;
/** Digits that make up 53 bits, and the values of each. */
const LEVELS = 14;
const DIGITS = 16;
const BUCKETS = LEVELS * DIGITS;
/** The first block, which no bucket has, so that 0 is no place of an entry. */
const NO_BLOCK = 0;
const FIRST_BLOCKS = 16;

/** Numbers of an entry: time, order, what the event carries; slot or complement of the kind, generation. */
const KEYS = 3;
const EVENTS = 2;

/** Width of the times in a bucket of a level, ns. */
const WIDTHS = Float64Array.from({ length: LEVELS + 1 }, (_, level) => DIGITS ** level);

/** Who takes what has come near. */
export interface NearSink {
  /**
   * An entry has come near, if its event is still the one it names.
   * @param event slot of the event; below 0 it has none, and this is the complement of its kind
   * @param a the number that an event without a slot carries
   */
  arrive(timeNs: number, order: number, event: number, generation: number, a: number): void;
  /** Whether an entry's event is still to come. */
  isCurrent(event: number, generation: number): boolean;
}

export class FarEvents {
  /** Entries, those of events that are no longer to come included. */
  count = 0;
  private baseNs = 0;
  private baseHigh = 0;
  private baseLow = 0;
  private readonly tails = new Int32Array(BUCKETS);
  private links = new Int32Array(FIRST_BLOCKS);
  private keys = new Float64Array(FIRST_BLOCKS * BLOCK_ENTRIES * KEYS);
  private events = new Int32Array(FIRST_BLOCKS * BLOCK_ENTRIES * EVENTS);
  /** Blocks ever used are those below; the ones that are free hang together by their links. */
  private blocks = NO_BLOCK + 1;
  private freeBlock = NO_BLOCK;

  /** Adds an entry. @param timeNs not before the base, below 2^53 */
  put(timeNs: number, order: number, event: number, generation: number, a: number): void {
    const b = this.bucketOf(timeNs);
    let at = this.tails[b]!;
    if ((at & (BLOCK_ENTRIES - 1)) === 0) at = this.addBlock(at);
    const k = at * KEYS;
    this.keys[k] = timeNs;
    this.keys[k + 1] = order;
    this.keys[k + 2] = a;
    this.events[at * EVENTS] = event;
    this.events[at * EVENTS + 1] = generation;
    this.tails[b] = at + 1;
    this.count++;
  }

  /**
   * Hands over the first entries, about `few` or less, if there are any.
   * @returns the time before which no entry is left, ns
   */
  handOver(few: number, sink: NearSink): number {
    for (;;) {
      let b = 0;
      while (this.tails[b] === 0) b++;
      const level = b >> 4;
      const width = WIDTHS[level]!;
      const above = WIDTHS[level + 1]!;
      this.moveBase(Math.floor(this.baseNs / above) * above + (b & (DIGITS - 1)) * width);
      if (level === 0 || !this.hasMore(b, few)) {
        this.empty(b, sink);
        return this.baseNs + width;
      }
      this.dealOut(b);
    }
  }

  /** Times from this one on may be put in, though it is before the base. With no entries it may be any. */
  lowerBase(toNs: number): void {
    const limit = this.count > 0 ? (this.bucketOf(toNs) >> 4) * DIGITS : 0;
    this.moveBase(toNs);
    // What differs from the old base in a higher digit, or in this one, does so from the new one.
    for (let b = 0; b < limit; b++) this.dealOut(b);
  }

  /** Whether a time is before the base. */
  isBeforeBase(timeNs: number): boolean {
    return timeNs < this.baseNs;
  }

  /** Drops the entries of events that are no longer to come. */
  compact(sink: NearSink): void {
    for (let b = 0; b < BUCKETS; b++) {
      for (let tail = this.takeChain(b); tail > 0; tail = this.passOn(tail)) {
        for (let at = firstOf(tail); at < tail; at++) {
          if (sink.isCurrent(this.events[at * EVENTS]!, this.events[at * EVENTS + 1]!)) this.putAgain(at);
        }
      }
    }
  }

  /** Drops all entries. */
  clear(): void {
    for (let b = 0; b < BUCKETS; b++) {
      for (let tail = this.takeChain(b); tail > 0; ) tail = this.passOn(tail);
    }
  }

  /** Bytes that entries take, and the room that is kept for more. */
  get memoryBytes(): number {
    return this.keys.byteLength + this.events.byteLength + this.links.byteLength;
  }

  private moveBase(toNs: number): void {
    this.baseNs = toNs;
    this.baseHigh = Math.floor(toNs / 4294967296);
    this.baseLow = toNs | 0;
  }

  /** Level times 16, and the digit. */
  private bucketOf(timeNs: number): number {
    const high = (timeNs / 4294967296) | 0;
    if (high !== this.baseHigh) {
      const level = (31 - Math.clz32(high ^ this.baseHigh)) >> 2;
      return ((8 + level) << 4) | ((high >>> (level << 2)) & (DIGITS - 1));
    }
    // What | 0 leaves of a number beyond 32 bits are its low 32 bits.
    const low = timeNs | 0;
    const level = (31 - Math.clz32((low ^ this.baseLow) | 1)) >> 2;
    return (level << 4) | ((low >>> (level << 2)) & (DIGITS - 1));
  }

  /** Whether a bucket has more than so many entries. */
  private hasMore(bucket: number, entries: number): boolean {
    let left = entries;
    for (let tail = this.tails[bucket]!; tail > 0; tail = this.endBefore(tail)) {
      left -= tail - firstOf(tail);
      if (left < 0) return true;
    }
    return false;
  }

  /** The entries of a bucket go to where they belong by the base, which has moved. */
  private dealOut(bucket: number): void {
    for (let tail = this.takeChain(bucket); tail > 0; tail = this.passOn(tail)) {
      for (let at = firstOf(tail); at < tail; at++) this.putAgain(at);
    }
  }

  /** Puts a copy of an entry in. */
  private putAgain(at: number): void {
    const { keys, events } = this;
    const k = at * KEYS;
    this.put(keys[k]!, keys[k + 1]!, events[at * EVENTS]!, events[at * EVENTS + 1]!, keys[k + 2]!);
  }

  private empty(bucket: number, sink: NearSink): void {
    const { keys, events } = this;
    for (let tail = this.takeChain(bucket); tail > 0; tail = this.passOn(tail)) {
      for (let at = firstOf(tail); at < tail; at++) {
        const k = at * KEYS;
        sink.arrive(keys[k]!, keys[k + 1]!, events[at * EVENTS]!, events[at * EVENTS + 1]!, keys[k + 2]!);
      }
    }
  }

  /** Empties a bucket. @returns the end of its last block, to be passed on; 0 when there is none */
  private takeChain(bucket: number): number {
    const tail = this.tails[bucket]!;
    this.tails[bucket] = 0;
    return tail;
  }

  /** The end of the block before the one that ends there, or 0. */
  private endBefore(tail: number): number {
    const before = this.links[(tail - 1) >> LOG_BLOCK]!;
    return before === NO_BLOCK ? 0 : (before + 1) << LOG_BLOCK;
  }

  /** Gives a block back, of which the entries up to there have left; @returns the end of the one before it, or 0. */
  private passOn(tail: number): number {
    const block = (tail - 1) >> LOG_BLOCK;
    const next = this.endBefore(tail);
    this.count -= tail - firstOf(tail);
    this.links[block] = this.freeBlock;
    this.freeBlock = block;
    return next;
  }

  /** A block behind the full one that ends there, or behind none. @returns its first place */
  private addBlock(tail: number): number {
    let block = this.freeBlock;
    if (block !== NO_BLOCK) this.freeBlock = this.links[block]!;
    else {
      block = this.blocks++;
      if (block === this.links.length) this.grow();
    }
    this.links[block] = tail === 0 ? NO_BLOCK : (tail - 1) >> LOG_BLOCK;
    return block << LOG_BLOCK;
  }

  private grow(): void {
    this.links = grownInto(this.links, new Int32Array(2 * this.links.length));
    this.keys = grownInto(this.keys, new Float64Array(2 * this.keys.length));
    this.events = grownInto(this.events, new Int32Array(2 * this.events.length));
  }

  /** Calls back for each entry, after a check of the invariants. @throws Error when one is broken. For tests */
  forEach(callback: (timeNs: number, order: number, event: number, generation: number) => void): void {
    const { keys, events } = this;
    let all = 0;
    for (let b = 0; b < BUCKETS; b++) {
      for (let tail = this.tails[b]!; tail > 0; tail = this.endBefore(tail)) {
        for (let at = firstOf(tail); at < tail; at++) {
          const timeNs = keys[at * KEYS]!;
          if (timeNs < this.baseNs) throw new Error(`an event at ${timeNs} ns is before ${this.baseNs} ns`);
          if (this.bucketOf(timeNs) !== b) throw new Error(`an event at ${timeNs} ns is in bucket ${b}`);
          callback(timeNs, keys[at * KEYS + 1]!, events[at * EVENTS]!, events[at * EVENTS + 1]!);
          all++;
        }
      }
    }
    if (all !== this.count) throw new Error(`there are ${all} far events, not ${this.count}`);
  }
}

/** The first place of the block in which what is before `tail` lies. */
function firstOf(tail: number): number {
  return (tail - 1) & ~(BLOCK_ENTRIES - 1);
}
