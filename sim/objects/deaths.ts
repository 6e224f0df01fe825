/**
 * When objects die, kept so that a mark can ask: who died before this moment?
 *
 * Deaths matter only at marks, and marks come in order of time. So this is no event queue but a radix heap: an entry lies in
 * the bucket of the highest bit in which its time differs from the time of the last question.
 *
 *     last question   …0 1 0 0 1 1
 *     an entry        …0 1 1 0 0 1      first difference at bit 3 (of 0…): bucket 4
 *     the next one    …0 1 1 1 0 0      differs from the last at bit 3 as well: all entries of the buckets below 4 have
 *                                       bit 3 clear, so they are over; bucket 4 is dealt out anew; those above stay
 *
 * An entry moves only downward, so one that outlives 2^n marks moves about n times, and adding is a handful of operations.
 * Entries are exact to the nanosecond. An entry takes 12 bytes, in blocks that are reused: memory is bounded by what is alive.
 *
 * Invariants: no entry is earlier than the last question; an entry is in the bucket of its first difference from it.
 */

/** Who is told of the dead. */
export interface DeathSink {
  /** An object of a span died. */
  died(span: number): void;
}

const BLOCK_ENTRIES = 1024;
/** One for times equal to that of the last question, one for each of 53 bits. */
const BUCKETS = 54;
/** Free blocks that are kept for reuse, beside as many as are in use. */
const SPARE_BLOCKS = 64;

class Block {
  count = 0;
  next: Block | null = null;
  readonly timesNs: Float64Array;
  readonly spans: Int32Array;

  constructor(entries: number) {
    this.timesNs = new Float64Array(entries);
    this.spans = new Int32Array(entries);
  }
}

/** Stands for "no block with room", so that adding needs one test only. It holds nothing. */
const NO_ROOM = new Block(0);
NO_ROOM.count = BLOCK_ENTRIES;

export class Deaths {
  /** Entries. */
  count = 0;
  private lastNs = 0;
  private lastHigh = 0;
  private lastLow = 0;
  private readonly heads: Block[] = new Array<Block>(BUCKETS).fill(NO_ROOM);
  private spare: Block | null = null;
  private spareBlocks = 0;
  private usedBlocks = 0;

  /**
   * An object of a span dies at a time. A time before the last question counts as that one.
   * @param timeNs whole, below 2^53
   */
  add(span: number, timeNs: number): void {
    this.put(span, timeNs < this.lastNs ? this.lastNs : timeNs);
    this.count++;
  }

  /** Removes what dies before a time, exclusive, and tells the sink. Times of questions never fall. */
  takeBefore(timeNs: number, sink: DeathSink): void {
    if (timeNs <= this.lastNs) return;
    const top = this.bucketOf(timeNs);
    for (let b = 0; b < top; b++) this.bury(b, sink);
    const mixed = this.heads[top]!;
    this.heads[top] = NO_ROOM;
    this.lastNs = timeNs;
    this.lastHigh = Math.floor(timeNs / 4294967296);
    this.lastLow = timeNs | 0;
    this.dealOut(mixed, sink);
  }

  /** Bytes that the entries and spare blocks take. */
  get memoryBytes(): number {
    return (this.usedBlocks + this.spareBlocks) * BLOCK_ENTRIES * 12;
  }

  private put(span: number, timeNs: number): void {
    const b = this.bucketOf(timeNs);
    let block = this.heads[b]!;
    if (block.count === BLOCK_ENTRIES) block = this.addBlock(b);
    const i = block.count;
    block.timesNs[i] = timeNs;
    block.spans[i] = span;
    block.count = i + 1;
  }

  private bucketOf(timeNs: number): number {
    const high = (timeNs / 4294967296) | 0;
    if (high !== this.lastHigh) return 64 - Math.clz32(high ^ this.lastHigh);
    // What | 0 leaves of a number beyond 32 bits are its low 32 bits.
    return 32 - Math.clz32((timeNs | 0) ^ this.lastLow);
  }

  /** All entries of a bucket are over. */
  private bury(bucket: number, sink: DeathSink): void {
    let block = this.heads[bucket]!;
    if (block === NO_ROOM) return;
    this.heads[bucket] = NO_ROOM;
    for (;;) {
      for (let i = 0; i < block.count; i++) sink.died(block.spans[i]!);
      this.count -= block.count;
      const next = block.next;
      this.recycle(block);
      if (next === null) return;
      block = next;
    }
  }

  /** Splits a chain of blocks into those over and those that go to lower buckets. */
  private dealOut(chain: Block, sink: DeathSink): void {
    if (chain === NO_ROOM) return;
    for (let block = chain; ; ) {
      for (let i = 0; i < block.count; i++) {
        const timeNs = block.timesNs[i]!;
        if (timeNs >= this.lastNs) {
          this.put(block.spans[i]!, timeNs);
        } else {
          this.count--;
          sink.died(block.spans[i]!);
        }
      }
      const next = block.next;
      this.recycle(block);
      if (next === null) return;
      block = next;
    }
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

  private recycle(block: Block): void {
    this.usedBlocks--;
    if (this.spareBlocks > this.usedBlocks + SPARE_BLOCKS) return;
    block.count = 0;
    block.next = this.spare;
    this.spare = block;
    this.spareBlocks++;
  }
}
