/**
 * Which of the sorts of a workload comes next: drawn by weight, so many of each in turn, or stratified.
 *
 * Stratified: of n draws in a row, one falls into each n-th part of the probabilities, in random order. So of a sort with a
 * share s there are s · n of them, but for one, and s of all in the long run, however small it is. n is as many as are
 * expected in a window, and each window begins anew.
 *
 *     parts     0 │ 1 │ 2 │ 3 │ …           draws   2 0 3 1 …, each at random within its part
 *     sorts     a a a a a a b b c           weights 6, 2, 1
 */

import type { WholeDraws } from "../../engine/distributions.js";
import type { RandomStream } from "../../engine/random-streams.js";
import type { DistributionSpec, SortOrder } from "../scenario.js";
import type { Stage } from "./stage.js";

/** Draws of which each sort gets its share: when nobody knows how many there will be, and at most. */
const USUAL_BLOCK = 256;
const MAX_BLOCK = 65_536;

/** Chooses by weight, so that each sort has its share. */
class StratifiedChoice {
  /** The upper end of each sort's share, ascending to 1. */
  private readonly ends: Float64Array;
  private readonly parts: Uint16Array;
  private drawn = 0;

  /** @param block draws of which each sort gets its share */
  constructor(
    weights: readonly number[],
    private readonly block: number,
    private readonly random: RandomStream,
  ) {
    this.parts = Uint16Array.from({ length: block }, (_, i) => i);
    const sum = weights.reduce((all, weight) => all + weight, 0);
    let end = 0;
    this.ends = Float64Array.from(weights, (weight) => {
      end += weight;
      return end / sum;
    });
  }

  restart(): void {
    this.drawn = 0;
  }

  next(): number {
    if (this.drawn === this.block) this.drawn = 0;
    // One step of a shuffle at each draw: the parts before it are those of this block.
    const i = this.drawn++;
    const j = this.random.integer(i, this.block - 1);
    const part = this.parts[j]!;
    this.parts[j] = this.parts[i]!;
    this.parts[i] = part;
    return this.at((part + this.random.double()) / this.block);
  }

  /** The sort in whose share a number from 0 to 1 lies. */
  private at(share: number): number {
    const { ends } = this;
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (share < ends[middle]!) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

export class Sorts {
  private readonly choice: WholeDraws | null;
  private readonly stratified: StratifiedChoice | null;
  private readonly weights: readonly number[];
  /** Whether there is but one sort, which says nothing of rows. */
  private readonly isSingle: boolean;
  private index = 0;
  private left: number;
  /** How many of each sort come in a row; null where it is always one. */
  private readonly rows: readonly (WholeDraws | null)[];
  /** The sort that was drawn last, and how many more of it come. */
  private drawn = 0;
  private more = 0;

  /** @param expected things in a window, NaN or Infinity when that is not known */
  constructor(
    stage: Stage,
    workload: string,
    sorts: readonly { readonly weight: number; readonly inARow?: DistributionSpec | null }[],
    order: SortOrder,
    expected: number,
  ) {
    this.weights = sorts.map(({ weight }) => weight);
    this.left = this.weights[0]!;
    this.rows = sorts.map(({ inARow = null }, i) =>
      inARow === null ? null : stage.draws(inARow, workload, `row/${i}`, 1),
    );
    this.isSingle = this.rows.length === 1 && this.rows[0] === null;
    const isRandom = order === "random" && sorts.length > 1;
    const isStratified = order === "stratified" && sorts.length > 1;
    this.stratified = isStratified
      ? new StratifiedChoice(this.weights, this.blockOf(expected), stage.stream(workload, "sort"))
      : null;
    this.choice = isRandom
      ? stage.draws(
          { kind: "choice", values: sorts.map((_, i) => i), weights: this.weights },
          workload,
          "sort",
        )
      : null;
  }

  /** A window opens. */
  open(): void {
    this.more = 0;
    this.stratified?.restart();
  }

  /** The index of the next sort. */
  next(): number {
    return this.isSingle ? 0 : this.nextOfMany();
  }

  private nextOfMany(): number {
    if (this.more > 0) {
      this.more--;
      return this.drawn;
    }
    const sort = this.draw();
    const row = this.rows[sort]!;
    if (row !== null) {
      this.drawn = sort;
      this.more = row.next() - 1;
    }
    return sort;
  }

  /** Draws that make so many things. */
  private blockOf(things: number): number {
    let sum = 0;
    let made = 0;
    this.weights.forEach((weight, i) => {
      sum += weight;
      made += weight * Math.max(1, this.rows[i]?.mean ?? 1);
    });
    const draws = Math.round((things * sum) / made);
    return Number.isFinite(draws) ? Math.min(Math.max(draws, 1), MAX_BLOCK) : USUAL_BLOCK;
  }

  private draw(): number {
    if (this.choice !== null) return this.choice.next();
    if (this.stratified !== null) return this.stratified.next();
    if (this.weights.length === 1) return 0;
    while (this.left < 1) {
      this.index = (this.index + 1) % this.weights.length;
      this.left = this.weights[this.index]!;
    }
    this.left--;
    return this.index;
  }
}
