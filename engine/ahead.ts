/**
 * Numbers made ahead, a block at a time, for whoever takes them one by one.
 *
 *     next ──► │ 0.3 │ 0.9 │ 0.1 │ … │      none left? ──► make(block)
 *                      ▲
 *
 * A loop that fills a block keeps its state in registers, and the processor works at many numbers at once. A function that is
 * called for each of them waits for what the last call stored, and puts its result into memory for whoever asked.
 *
 * Blocks grow from a few numbers to many, so that what is drawn seldom draws little that nobody takes.
 *
 * Fills get their constants from arrays where they can: what a loop reads from the scope around it is looked at in each round
 * for whether it is a number.
 */

/** Numbers in the first block, and in the last. */
const FIRST = 8;
const LAST = 128;

export class Ahead {
  private block = new Float64Array(FIRST);
  private at = FIRST;

  /** @param make puts the next numbers into a block, all of it */
  constructor(private readonly make: (block: Float64Array) => void) {}

  /** The next number. */
  next(): number {
    if (this.at === this.block.length) this.refill();
    return this.block[this.at++]!;
  }

  /** Puts the next numbers into another block, all of it. */
  fill(into: Float64Array): void {
    const { block, at } = this;
    const count = Math.min(block.length - at, into.length);
    for (let i = 0; i < count; i++) into[i] = block[at + i]!;
    this.at += count;
    if (count < into.length) this.make(count === 0 ? into : into.subarray(count));
  }

  private refill(): void {
    if (this.block.length < LAST) this.block = new Float64Array(2 * this.block.length);
    this.make(this.block);
    this.at = 0;
  }
}
