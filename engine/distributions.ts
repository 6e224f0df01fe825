/**
 * Random quantities: sizes, lifetimes, counts, as the specs of scenarios describe them.
 *
 *     { kind: "lognormal", median: 4096, sigma: 1.2 }  ──distribution(spec, stream)──→  draw() → 3071.4…
 *                                                                   new WholeDraws(…, 1, 8192)  ──→  next() → 3071
 *
 * A distribution draws from the one stream it was made with, all its parts included; nothing but the stream has a state
 * (see distributions/kinds.ts for two small exceptions, which belong to the distribution). Kinds and their parameters:
 * distributions/kinds.ts, and docs/engine.md.
 */

import { Ahead } from "./ahead.js";
import { DISTRIBUTIONS, type Kind, type Made } from "./distributions/kinds.js";
import type { DistributionSpec } from "./distributions/specs.js";
import { clampedWholes, roundedDraws } from "./distributions/whole.js";
import type { RandomStream } from "./random-streams.js";
import { type Path, rowOf } from "./specs.js";

export { DISTRIBUTIONS } from "./distributions/kinds.js";
export type { DistributionKind, DistributionSpec, MixturePart } from "./distributions/specs.js";
export { SpecError } from "./specs.js";

/** One class for all kinds, so that callers see one shape of object, whatever is drawn. */
export class Distribution {
  /** Draws the next numbers rounded to whole units, halves upward, as many as there is room for. */
  readonly wholes: (into: Float64Array) => void;

  /**
   * @param draw the next number, in the unit of the spec; fractions and all. It may be infinite only where a spec of
   *   extreme numbers makes it so
   * @param mean of the numbers drawn, NaN where no closed form is known, Infinity where it is infinite
   */
  constructor(
    readonly draw: () => number,
    readonly mean: number,
    wholes: ((into: Float64Array) => void) | undefined,
  ) {
    this.wholes = wholes ?? roundedDraws(draw);
  }
}

/**
 * Numbers of a distribution, rounded to whole units, halves upward, and put within two ends. They are drawn ahead, so nobody
 * else may draw from its stream.
 */
export class WholeDraws extends Ahead {
  readonly mean: number;

  /**
   * @param min whole; what is below becomes this
   * @param max whole; what is above becomes this
   */
  constructor({ wholes, mean }: Distribution, min = 0, max = Number.MAX_SAFE_INTEGER) {
    super(clampedWholes(wholes, min, max));
    this.mean = mean;
  }
}

/**
 * Makes a distribution.
 * @param spec what is drawn
 * @param stream where chance comes from; best one that nothing else uses
 * @throws SpecError when the spec describes nothing, with the path of what is wrong
 */
export function distribution(spec: DistributionSpec, stream: RandomStream): Distribution {
  const { draw, mean, wholes } = make(spec, stream, []);
  return new Distribution(draw, mean, wholes);
}

function make(spec: DistributionSpec, stream: RandomStream, path: Path): Made {
  const row = rowOf<Kind<DistributionSpec>>("distribution", ROWS, spec, path);
  return row.make(spec, stream, (part, ...below) => make(part, stream, [...path, ...below]), path);
}

/** The table as the compiler sees it when a kind is not known yet: rowOf made sure that row and spec belong together. */
const ROWS = DISTRIBUTIONS as unknown as Readonly<Record<string, Kind<DistributionSpec>>>;
