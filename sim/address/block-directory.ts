/**
 * Blocks of pages by number: what is kept for each page, or each few, lies block by block in arrays that grow, and this tells
 * where.
 *
 *     pages    …│ block 70 │ block 71 │ block 72 │ …      │ block 9001 │…       512 pages each
 *     leaves     [    1          0          2     … ]      [     4      …]      place of a block + 1; 0: has none
 *     arrays     [ block 71 | block 70 | block 72 | … | block 9001 | … ]        in the order in which they came into use
 *
 * A leaf stands for 8,192 blocks, 32 GiB of address space, so that nearly always it is the one that was used last; beside it
 * lie those of other regions, made when first needed. An address space without a block takes nothing.
 */

/** Pages of a block. */
export const BLOCK_PAGES = 512;
/** The place of a block that has none. */
export const NO_PLACE = -1;

const LEAF_BLOCKS = 8192;
const LEAF_PAGES = LEAF_BLOCKS * BLOCK_PAGES;
const NO_LEAF: Int32Array = new Int32Array(LEAF_BLOCKS);

export class BlockDirectory {
  /** Numbers of the blocks, by place. */
  readonly blockNumbers: number[] = [];

  private readonly leaves = new Map<number, Int32Array>();
  /** The leaf that was used last, and its number. */
  private lastNumber = -1;
  private last: Int32Array = NO_LEAF;

  /** Blocks that have a place; places are the whole numbers below. */
  get count(): number {
    return this.blockNumbers.length;
  }

  /** The place of the block in which a page lies, or NO_PLACE. */
  find(page: number): number {
    const number = Math.floor(page / LEAF_PAGES);
    if (number !== this.lastNumber) {
      const leaf = this.leaves.get(number);
      if (leaf === undefined) return NO_PLACE;
      this.lastNumber = number;
      this.last = leaf;
    }
    return this.last[(page / BLOCK_PAGES) & (LEAF_BLOCKS - 1)]! - 1;
  }

  /** The place of the block in which a page lies; when it has none, it gets the next one. */
  place(page: number): number {
    const known = this.find(page);
    return known === NO_PLACE ? this.make(page) : known;
  }

  private make(page: number): number {
    const number = Math.floor(page / LEAF_PAGES);
    let leaf = this.leaves.get(number);
    if (leaf === undefined) {
      leaf = new Int32Array(LEAF_BLOCKS);
      this.leaves.set(number, leaf);
    }
    leaf[(page / BLOCK_PAGES) & (LEAF_BLOCKS - 1)] = this.blockNumbers.push(Math.floor(page / BLOCK_PAGES));
    return this.count - 1;
  }
}
