/**
 * Draws an index with given weights in constant time, from one uniform number.
 *
 * Walker's alias method in Vose's form: n columns of equal width, each shared by at most two indices. What is lacking
 * in a column of small weight is filled up from one of great weight.
 *
 *     weights 1 3 2       column 0   │ column 1   │ column 2
 *                         0 0 1 1    │ 1 1 1 1    │ 2 2 2 2         u·3 picks the column and the place within
 *                             ▲ from here on the column belongs to its alias, 1
 */
export class AliasTable {
  /** Column i belongs to i up to here, on the axis of u·n; beyond to its alias. */
  private readonly bounds: Float64Array;
  private readonly aliases: Int32Array;

  /** @param weights numbers from 0, one of them above; at most 2^20, so that 33 bits of the draw tell the place */
  constructor(weights: readonly number[]) {
    const n = weights.length;
    if (n > 2 ** 20) throw new RangeError(`a table holds at most 2^20 weights, not ${n}`);
    // Relative to the greatest, so that no sum is infinite.
    const greatest = weights.reduce((max, weight) => Math.max(max, weight), 0);
    const total = weights.reduce((sum, weight) => sum + weight / greatest, 0);
    this.bounds = new Float64Array(n);
    this.aliases = new Int32Array(n);
    // What each index still has to place, in columns.
    const rest = weights.map((weight) => (weight / greatest / total) * n);
    const small: number[] = [];
    const large: number[] = [];
    rest.forEach((columns, i) => {
      (columns < 1 ? small : large).push(i);
    });
    while (small.length > 0 && large.length > 0) {
      const i = small.pop()!;
      const giver = large[large.length - 1]!;
      this.bounds[i] = i + rest[i]!;
      this.aliases[i] = giver;
      rest[giver]! -= 1 - rest[i]!;
      if (rest[giver]! < 1) small.push(large.pop()!);
    }
    // What is left fills its column but for rounding. An index of weight 0 never is left: it lacked the most.
    for (const i of [...small, ...large]) {
      this.bounds[i] = i + 1;
      this.aliases[i] = i;
    }
  }

  /** @param u uniform, at least 0 and below 1 */
  index(u: number): number {
    const x = u * this.bounds.length;
    const column = x | 0;
    return x < this.bounds[column]! ? column : this.aliases[column]!;
  }
}
