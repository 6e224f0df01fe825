/**
 * Sums over windows of time, for a run whose length is not known beforehand.
 *
 * Either the windows have a given width, or they begin narrow and two become one whenever there are too many, so that
 * memory stays bounded however long the run is:
 *
 *     ├─┼─┼─┼─┤            4 windows of 1 µs, full
 *     ├───┼───┼   ┼   ┤    the same sums, in 2 windows of 2 µs
 *
 * Each window has a sum for each column and, for gauges, the value that held at its end.
 */

import { grownInto } from "../../../engine/typed-arrays.js";

/** Narrowest window when the width is found by doubling, in ns. */
const FIRST_WIDTH_NS = 1000;

/** More windows of a given width than this are refused. */
export const MAX_WINDOWS = 1_000_000;

export class Windows {
  /** Width of a window in ns. */
  widthNs: number;
  /** Windows that have begun. */
  count = 0;
  readonly #columns: number;
  readonly #limit: number;
  readonly #fixed: boolean;
  #sums: Float64Array;

  /**
   * @param columns sums to keep in each window
   * @param limit windows are paired before there are more than this, an even number; with a width given, the hard limit
   * @param widthNs fixed width in ns, or undefined for one that doubles
   */
  constructor(columns: number, limit: number, widthNs?: number) {
    this.#columns = columns;
    this.#limit = limit;
    this.#fixed = widthNs !== undefined;
    this.widthNs = widthNs ?? FIRST_WIDTH_NS;
    this.#sums = new Float64Array(columns * 64);
  }

  /**
   * Opens all windows up to the one that holds a time.
   * @returns its number, or -1 when the width is fixed and there would be too many
   */
  at(timeNs: number): number {
    let window = Math.floor(timeNs / this.widthNs);
    while (window >= this.#limit) {
      if (this.#fixed) return -1;
      this.#pair();
      window = Math.floor(timeNs / this.widthNs);
    }
    if (window >= this.count) {
      this.count = window + 1;
      this.#reserve(this.count * this.#columns);
    }
    return window;
  }

  /** Adds to a column of a window. */
  add(window: number, column: number, amount: number): void {
    this.#sums[window * this.#columns + column]! += amount;
  }

  /** The sum of a column of a window. */
  sum(window: number, column: number): number {
    return this.#sums[window * this.#columns + column]!;
  }

  /** Forgets all sums; the width stays when it is fixed and begins anew when it is not. */
  clear(): void {
    this.#sums.fill(0);
    this.count = 0;
    if (!this.#fixed) this.widthNs = FIRST_WIDTH_NS;
  }

  #pair(): void {
    const columns = this.#columns;
    const sums = this.#sums;
    const paired = Math.ceil(this.count / 2);
    for (let w = 0; w < paired; w++) {
      for (let c = 0; c < columns; c++) {
        const second = 2 * w + 1 < this.count ? sums[(2 * w + 1) * columns + c]! : 0;
        sums[w * columns + c] = sums[2 * w * columns + c]! + second;
      }
    }
    sums.fill(0, paired * columns, this.count * columns);
    this.count = paired;
    this.widthNs *= 2;
  }

  #reserve(cells: number): void {
    if (cells <= this.#sums.length) return;
    this.#sums = grownInto(this.#sums, new Float64Array(Math.max(cells, this.#sums.length * 2)));
  }
}
