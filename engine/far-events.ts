/**
 * Events that are far off: kept in rough order, at a few operations each, until they come near (see event-queue.ts).
 *
 * A radix heap. An entry lies in the bucket of the highest bit in which its time differs from a base that no entry is before;
 * so all of a bucket come before all of the next one, and within a bucket nothing is in order:
 *
 *     base       …0 1 0 0 1 1        bucket 0    the time of the base itself
 *     an entry   …0 1 1 0 0 1        bucket 4    first difference at bit 3: times …011000 to …011111
 *
 * When the lowest bucket with entries is called upon, it is handed over whole if it has few; else the base moves to where it
 * begins and it is dealt out to buckets below. So an entry moves downward a few times at most, and always through memory in
 * a row: with a hundred thousand pending events that costs a tenth of what a heap does, which jumps about for each.
 *
 * The base may also move back, when the queue wants to put something before it: whatever is below the bit in which the old
 * and the new base differ is then in one bucket, and chains of blocks are joined without a look at their entries.
 *
 * An entry names its event by slot and generation. Those of events that were cancelled or moved stay until somebody comes by.
 *
 * Invariants: no entry is before the base; each is in the bucket of its first difference from it.
 */

const BLOCK_ENTRIES = 256;
/** One for the time of the base, one for each of 53 bits. */
const BUCKETS = 54;
/** Free blocks that are kept, beside as many as are in use. */
const SPARE_BLOCKS = 64;

/** Width of the times in a bucket, ns. */
const WIDTHS = Float64Array.from({ length: BUCKETS }, (_, b) => (b === 0 ? 1 : 2 ** (b - 1)));

/** Who takes what has come near. */
export interface NearSink {
  /** An entry has come near, if its event is still the one it names. */
  arrive(timeNs: number, order: number, slot: number, generation: number): void;
  /** Whether an entry's event is still to come. */
  isCurrent(slot: number, generation: number): boolean;
}

class Block {
  count = 0;
  next: Block | null = null;
  /** Time and order of each entry. */
  readonly keys: Float64Array;
  /** Slot and generation of each entry. */
  readonly events: Int32Array;

  constructor(entries: number) {
    this.keys = new Float64Array(2 * entries);
    this.events = new Int32Array(2 * entries);
  }
}

/** Stands for "no block with room", so that adding needs one test only. It holds nothing. */
const NO_ROOM = new Block(0);
NO_ROOM.count = BLOCK_ENTRIES;

export class FarEvents {
  /** Entries, those of events that are no longer to come included. */
  count = 0;
  private baseNs = 0;
  private baseHigh = 0;
  private baseLow = 0;
  private readonly heads: Block[] = new Array<Block>(BUCKETS).fill(NO_ROOM);
  private readonly counts = new Int32Array(BUCKETS);
  private spare: Block | null = null;
  private spareBlocks = 0;
  private usedBlocks = 0;

  /** Adds an entry. @param timeNs not before the base, below 2^53 */
  put(timeNs: number, order: number, slot: number, generation: number): void {
    const b = this.bucketOf(timeNs);
    let block = this.heads[b]!;
    if (block.count === BLOCK_ENTRIES) block = this.addBlock(b);
    const i = block.count << 1;
    block.keys[i] = timeNs;
    block.keys[i + 1] = order;
    block.events[i] = slot;
    block.events[i + 1] = generation;
    block.count++;
    this.counts[b]!++;
    this.count++;
  }

  /**
   * Hands over the first entries, about `few` or less, if there are any.
   * @returns the time before which no entry is left, ns
   */
  handOver(few: number, sink: NearSink): number {
    for (;;) {
      let b = 0;
      while (this.counts[b] === 0) b++;
      const width = WIDTHS[b]!;
      this.moveBase(b === 0 ? this.baseNs : Math.floor(this.baseNs / (2 * width)) * 2 * width + width);
      if (this.counts[b]! > few && width > 1) {
        this.dealOut(b);
        continue;
      }
      this.empty(b, sink);
      return this.baseNs + width;
    }
  }

  /** Times from this one on may be put in, though it is before the base. With no entries it may be any. */
  lowerBase(toNs: number): void {
    if (this.count > 0) {
      const top = this.bucketOf(toNs);
      for (let b = 0; b < top; b++) this.join(b, top);
    }
    this.moveBase(toNs);
  }

  /** Whether a time is before the base. */
  isBeforeBase(timeNs: number): boolean {
    return timeNs < this.baseNs;
  }

  /** Drops the entries of events that are no longer to come. */
  compact(sink: NearSink): void {
    for (let b = 0; b < BUCKETS; b++) {
      for (let block = this.takeChain(b); block !== null; block = this.passOn(block)) {
        for (let i = 0; i < block.count << 1; i += 2) {
          const slot = block.events[i]!;
          const generation = block.events[i + 1]!;
          if (sink.isCurrent(slot, generation))
            this.put(block.keys[i]!, block.keys[i + 1]!, slot, generation);
        }
      }
    }
  }

  /** Drops all entries. */
  clear(): void {
    for (let b = 0; b < BUCKETS; b++) {
      for (let block = this.takeChain(b); block !== null; ) block = this.passOn(block);
    }
  }

  /** Bytes that entries and spare blocks take. */
  get memoryBytes(): number {
    return (this.usedBlocks + this.spareBlocks) * BLOCK_ENTRIES * 24;
  }

  private moveBase(toNs: number): void {
    this.baseNs = toNs;
    this.baseHigh = Math.floor(toNs / 4294967296);
    this.baseLow = toNs | 0;
  }

  private bucketOf(timeNs: number): number {
    const high = (timeNs / 4294967296) | 0;
    if (high !== this.baseHigh) return 64 - Math.clz32(high ^ this.baseHigh);
    // What | 0 leaves of a number beyond 32 bits are its low 32 bits.
    return 32 - Math.clz32((timeNs | 0) ^ this.baseLow);
  }

  /** The entries of a bucket go to buckets below, by a base that has moved to where the bucket begins. */
  private dealOut(bucket: number): void {
    for (let block = this.takeChain(bucket); block !== null; block = this.passOn(block)) {
      const { keys, events } = block;
      for (let i = 0; i < block.count << 1; i += 2)
        this.put(keys[i]!, keys[i + 1]!, events[i]!, events[i + 1]!);
    }
  }

  private empty(bucket: number, sink: NearSink): void {
    for (let block = this.takeChain(bucket); block !== null; block = this.passOn(block)) {
      const { keys, events } = block;
      for (let i = 0; i < block.count << 1; i += 2)
        sink.arrive(keys[i]!, keys[i + 1]!, events[i]!, events[i + 1]!);
    }
  }

  /** All blocks of a bucket, which is empty then. */
  private takeChain(bucket: number): Block | null {
    const head = this.heads[bucket]!;
    if (head === NO_ROOM) return null;
    this.heads[bucket] = NO_ROOM;
    this.count -= this.counts[bucket]!;
    this.counts[bucket] = 0;
    return head;
  }

  /** Puts the blocks of a bucket into another one. */
  private join(from: number, into: number): void {
    const head = this.heads[from]!;
    if (head === NO_ROOM) return;
    let last = head;
    while (last.next !== null) last = last.next;
    last.next = this.heads[into] === NO_ROOM ? null : this.heads[into]!;
    this.heads[into] = head;
    this.heads[from] = NO_ROOM;
    this.counts[into]! += this.counts[from]!;
    this.counts[from] = 0;
  }

  private addBlock(bucket: number): Block {
    let block = this.spare;
    if (block === null) {
      block = new Block(BLOCK_ENTRIES);
    } else {
      this.spare = block.next;
      this.spareBlocks--;
    }
    const head = this.heads[bucket]!;
    block.next = head === NO_ROOM ? null : head;
    this.heads[bucket] = block;
    this.usedBlocks++;
    return block;
  }

  /** Gives a block back; @returns the one behind it. */
  private passOn(block: Block): Block | null {
    const { next } = block;
    this.usedBlocks--;
    if (this.spareBlocks > this.usedBlocks + SPARE_BLOCKS) return next;
    block.count = 0;
    block.next = this.spare;
    this.spare = block;
    this.spareBlocks++;
    return next;
  }

  /** Calls back for each entry, after a check of the invariants. @throws Error when one is broken. For tests */
  forEach(callback: (timeNs: number, order: number, slot: number, generation: number) => void): void {
    let all = 0;
    for (let b = 0; b < BUCKETS; b++) {
      let count = 0;
      for (
        let block: Block | null = this.heads[b]!;
        block !== null && block !== NO_ROOM;
        block = block.next
      ) {
        count += block.count;
        for (let i = 0; i < block.count << 1; i += 2) {
          const timeNs = block.keys[i]!;
          if (timeNs < this.baseNs) throw new Error(`an event at ${timeNs} ns is before ${this.baseNs} ns`);
          if (this.bucketOf(timeNs) !== b) throw new Error(`an event at ${timeNs} ns is in bucket ${b}`);
          callback(timeNs, block.keys[i + 1]!, block.events[i]!, block.events[i + 1]!);
        }
      }
      if (count !== this.counts[b])
        throw new Error(`bucket ${b} has ${count} entries, not ${this.counts[b]}`);
      all += count;
    }
    if (all !== this.count) throw new Error(`there are ${all} far events, not ${this.count}`);
  }
}
