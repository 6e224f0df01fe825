/**
 * Live objects that a program will kill, one by one or at random: a bag of spans with one entry an object.
 *
 * Objects of a span are alike, so an entry is its span, 4 bytes. Entries are in blocks, so that millions of them never
 * have to be copied, and taking one out puts the last in its place; blocks that are no longer needed are dropped.
 */

const BLOCK_BITS = 16;
const BLOCK_ENTRIES = 1 << BLOCK_BITS;

export class Population {
  /** Number of objects. */
  count = 0;
  private readonly blocks: Int32Array[] = [];

  /** Bytes that the entries take, with the room left in the last blocks. */
  get memoryBytes(): number {
    return this.blocks.length * BLOCK_ENTRIES * 4;
  }

  /** Adds an object of a span. */
  add(span: number): void {
    const block = this.count >>> BLOCK_BITS;
    if (block === this.blocks.length) this.blocks.push(new Int32Array(BLOCK_ENTRIES));
    this.blocks[block]![this.count & (BLOCK_ENTRIES - 1)] = span;
    this.count++;
  }

  /** The span of entry i, 0 ≤ i < count. */
  at(i: number): number {
    return this.blocks[i >>> BLOCK_BITS]![i & (BLOCK_ENTRIES - 1)]!;
  }

  /** Takes entry i out, 0 ≤ i < count; the last one gets its number. @returns its span */
  take(i: number): number {
    const span = this.at(i);
    const last = --this.count;
    this.blocks[i >>> BLOCK_BITS]![i & (BLOCK_ENTRIES - 1)] = this.at(last);
    // One empty block is kept, so that a population that moves about a border does not make and drop blocks.
    if ((last + BLOCK_ENTRIES) >>> BLOCK_BITS < this.blocks.length - 1) this.blocks.pop();
    return span;
  }
}
