/**
 * Chance, by name: every consumer of random numbers has a stream of its own.
 *
 *     seed 7 ──┬── "workload/cache/lifetime"   → alea("7/workload/cache/lifetime") → 0.826… 0.618… 0.055…
 *              ├── "workload/cache/size"       → alea("7/workload/cache/size")     → …
 *              └── "workload/leak"             → alea("7/workload/leak")           → …
 *
 * What a stream gives depends on the seed, on its name, and on how much was drawn from it before. So one more consumer,
 * or one that draws more, shifts nobody else's numbers, and two policies under one seed see the same workload.
 *
 * The generator is Alea of the package seedrandom: additions and products of doubles that are exact, so every machine
 * gives the same numbers. A draw is always a double of 53 random bits: of Alea's plain draw with its 32 bits an
 * exponential lifetime would never pass 22 times its mean, however many are drawn.
 *
 * Invariants: one stream a name; all numbers are in [0, 1) and whole multiples of 2^-53.
 */

import alea from "seedrandom/lib/alea.js";
import { Ahead } from "./ahead.js";

const TWO_53 = 2 ** 53;

export class RandomStream {
  /**
   * The next number of the stream: at least 0, below 1, a multiple of 2^-53. It is a function that may be passed on by
   * itself, as `source(stream.double)`.
   */
  readonly double: () => number;
  private readonly ahead: Ahead;

  /** @param name the stream's whole name */
  constructor(
    private readonly streams: RandomStreams,
    readonly name: string,
    seed: string,
  ) {
    const ahead = new Ahead(doubles(seed));
    this.ahead = ahead;
    this.double = () => ahead.next();
  }

  /** Fills a block with the next numbers of the stream, those that `double` would give. */
  doubles(block: Float64Array): void {
    this.ahead.fill(block);
  }

  /**
   * A whole number from min to max, both included, each as likely as any other.
   *
   * The 2^53 values of a draw are dealt out in runs of equal length, one to each result, and a draw that falls into
   * what is left over is thrown away. The quotient of a whole number below 2^53 and the length of a run, rounded to a
   * double, never reaches the next whole number, so that rounding it down is exact.
   * @throws RangeError unless both are whole and there are from 1 to 2^53 values
   */
  integer(min: number, max: number): number {
    const values = max - min + 1;
    if (!(Number.isSafeInteger(min) && Number.isSafeInteger(max) && values >= 1 && max - min < TWO_53)) {
      throw new RangeError(`cannot draw a whole number from ${min} to ${max}`);
    }
    const run = Math.floor(TWO_53 / values);
    for (;;) {
      const result = Math.floor((this.double() * TWO_53) / run);
      if (result < values) return min + result;
    }
  }

  /** Whether something happens that happens with the given probability: never at 0, always at 1. */
  chance(probability: number): boolean {
    return this.double() < probability;
  }

  /** The stream of this one's name and another, with a slash between them: for a part of what uses this one. */
  fork(child: string): RandomStream {
    return this.streams.get(`${this.name}/${child}`);
  }
}

/** Alea's factor, and the step of its numbers of 32 bits. */
const FACTOR = 2091639;
const STEP_32 = 2 ** -32;

/**
 * What `alea(seed).double` of seedrandom draws, numbers of 32 bits and 21 bits of others, a block at a time. The library seeds
 * it, and a test compares the numbers.
 */
function doubles(seed: string): (block: Float64Array) => void {
  const { s0, s1, s2, c } = alea(seed, { state: true }).state();
  const state = Float64Array.of(s0, s1, s2, c);
  return (block) => drawDoubles(state, block);
}

/**
 * The sum of a product and the carry of the step before is split into a whole part, the next carry, and a number below 1.
 * Splitting the product first is as exact, and spares the steps their wait for each other: the carry seldom matters to the
 * whole part, which is guessed right by whoever guesses where branches go.
 */
function drawDoubles(state: Float64Array, block: Float64Array): void {
  let first = state[0]!;
  let second = state[1]!;
  let third = state[2]!;
  let carry = state[3]!;
  for (let i = 0; i < block.length; i++) {
    const upper = FACTOR * first;
    let upperCarry = Math.floor(upper);
    let drawn = upper - upperCarry + carry * STEP_32;
    if (drawn >= 1) {
      drawn -= 1;
      upperCarry += 1;
    }
    const lower = FACTOR * second;
    carry = Math.floor(lower);
    let rest = lower - carry + upperCarry * STEP_32;
    if (rest >= 1) {
      rest -= 1;
      carry += 1;
    }
    first = third;
    second = drawn;
    third = rest;
    block[i] = drawn + Math.floor(rest * 0x200000) * 2 ** -53;
  }
  state[0] = first;
  state[1] = second;
  state[2] = third;
  state[3] = carry;
}

export class RandomStreams {
  private readonly byName = new Map<string, RandomStream>();
  private readonly seed: string;

  /**
   * @param seed of the run: a whole number, or a word without a slash (which would make a seed and a name look like
   *   another seed and another name)
   * @throws RangeError for another
   */
  constructor(seed: number | string) {
    const isWord = typeof seed === "string" && seed !== "" && !seed.includes("/");
    if (!isWord && !Number.isSafeInteger(seed)) {
      throw new RangeError(
        `a seed is a whole number below 2^53, or a word without a slash, not ${JSON.stringify(seed)}`,
      );
    }
    // 0 and −0 are one number, and are written as one.
    this.seed = `${seed}`;
  }

  /**
   * The stream of a name, the same each time it is asked for.
   * @param name parts with slashes between them, such as "workload/cache/lifetime"
   * @throws RangeError when a part is empty
   */
  get(name: string): RandomStream {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (name.split("/").includes("")) {
      throw new RangeError(
        `the name of a stream is words with slashes between them, not ${JSON.stringify(name)}`,
      );
    }
    const stream = new RandomStream(this, name, `${this.seed}/${name}`);
    this.byName.set(name, stream);
    return stream;
  }
}
