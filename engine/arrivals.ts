/**
 * When things arrive whose rate is a curve: evenly, by chance (a Poisson process), or one by chance in each even gap.
 *
 *     rate        ▁▁▂▃▅▇▇▇▇▁▁▁▁    per second
 *     even        |   | | ||||     each time the area under the curve has grown by 1
 *     Poisson     |     ||| | |    each time it has grown by an exponential number of mean 1
 *     stratified   |  |  ||| |     somewhere while it grows by 1, each place as likely as any other
 *
 * Of stratified arrivals there are as many as are expected, to within one; when none is expected but for a part, one comes
 * with that probability. All walk along the pieces of the curve and invert the area within the piece where the next arrival lies: exact on
 * constants, lines and products of three of them, and no draw is ever thrown away. So each arrival takes one draw, and
 * another rate makes the same arrivals come earlier or later. Where the curve is below 0 nothing arrives.
 *
 * What is asked for, and when, changes nothing: pieces are walked whole, whatever the end of a call.
 *
 * Invariant: `owed` is the area that is left, from `atNs` on, until the arrival after those returned; when its time is
 * known, `comingNs` is that.
 */

import { aboveZero } from "./curves/kinds.js";
import { type Curve, integrateWithinPiece, nextPieceNs } from "./curves.js";
import type { RandomStream } from "./random-streams.js";
import { LimitError } from "./simulation.js";

/** What `next` returns when nothing arrives before the end. */
export const NO_ARRIVAL = -1;

/** Within this many ns the time of an arrival is found; then it is rounded to whole ones. */
const TOLERANCE_NS = 1e-3;

/** Where the next arrival lies, as an area under the rate: draws areas one after the other. */
export class Gaps {
  /** Of the area at the last arrival: how much of its stratum was left. */
  private left = 0;

  /**
   * @param stream where chance comes from, or null: then gaps are even
   * @param isStratified whether there is one arrival in each unit of area, rather than a Poisson process
   */
  constructor(
    private readonly stream: RandomStream | null,
    private readonly isStratified: boolean,
  ) {}

  /** The area from the last arrival to the next, above 0. */
  draw(): number {
    if (this.stream === null) return 1;
    // Never 0, which would be owed, and paid, where nothing arrives.
    if (!this.isStratified) return Math.max(-Math.log1p(-this.stream.double()), 2 ** -54);
    const at = this.stream.double();
    const gap = this.left + at;
    this.left = 1 - at;
    return Math.max(gap, 2 ** -54);
  }
}

export class Arrivals {
  private readonly rate: Curve;
  private atNs = Number.NaN;
  private pieceEndNs = Number.NaN;
  private owed = Number.NaN;
  /** When the next arrival is, with a fraction; NaN while it is not known. */
  private comingNs = Number.NaN;
  private readonly gaps: Gaps;

  /**
   * @param rate arrivals per second, over time
   * @param gaps the areas between arrivals; or a stream where those of a Poisson process come from; or null: arrivals are
   *   even, the first when the area is 1
   * @param startNs nothing arrives before
   * @param piecesMax how many pieces of the curve may go by without an arrival
   */
  constructor(
    rate: Curve,
    gaps: Gaps | RandomStream | null,
    startNs = 0,
    private readonly piecesMax = 1e8,
  ) {
    this.rate = aboveZero(rate);
    this.gaps = gaps instanceof Gaps ? gaps : new Gaps(gaps, false);
    this.atNs = startNs;
    this.pieceEndNs = startNs;
    this.owed = this.gaps.draw();
  }

  /**
   * The time of the next arrival.
   * @param endNs nothing later is asked for: whole ns
   * @returns whole ns, no less than the last, or NO_ARRIVAL when none comes up to endNs; a later end may be asked for then
   * @throws LimitError when the curve has too many pieces without an arrival, RangeError when it is infinite
   */
  next(endNs: number): number {
    for (let pieces = 0; Number.isNaN(this.comingNs); pieces++) {
      if (this.atNs > endNs) return NO_ARRIVAL;
      if (pieces >= this.piecesMax) this.refusePieces(pieces);
      this.walkPiece();
    }
    const whole = Math.round(this.comingNs);
    if (whole > endNs) return NO_ARRIVAL;
    this.atNs = this.comingNs;
    this.comingNs = Number.NaN;
    this.owed = this.gaps.draw();
    return whole;
  }

  /** Finds the next arrival in what is left of the current piece, or goes to the end of that. */
  private walkPiece(): void {
    if (this.atNs >= this.pieceEndNs) this.pieceEndNs = nextPieceNs(this.rate, this.atNs);
    if (this.pieceEndNs === Number.POSITIVE_INFINITY) {
      // Constant from here on; at a rate of 0 there is no next arrival.
      const rate = this.finite(this.rate.at(this.atNs) * 1e-9);
      this.comingNs = rate > 0 ? this.atNs + this.owed / rate : Number.POSITIVE_INFINITY;
      return;
    }
    const area = this.area(this.pieceEndNs);
    if (area >= this.owed) {
      this.comingNs = this.invert(this.pieceEndNs, area);
    } else {
      this.owed -= area;
      this.atNs = this.pieceEndNs;
    }
  }

  /** Arrivals from atNs to a time in the same piece. */
  private area(toNs: number): number {
    return this.finite(integrateWithinPiece(this.rate, this.atNs, toNs) * 1e-9);
  }

  private finite(rateOrArea: number): number {
    if (rateOrArea < Number.POSITIVE_INFINITY) return rateOrArea;
    throw new RangeError(`the rate of arrivals is not finite from ${this.atNs} ns on`);
  }

  /** The time at which the area from atNs is what is owed: Newton's steps, or halving where they lead out of bounds. */
  private invert(endNs: number, whole: number): number {
    let low = this.atNs;
    let high = endNs;
    // On a constant this is it.
    let guess = low + (high - low) * (this.owed / whole);
    for (let round = 0; round < 100; round++) {
      const excess = this.area(guess) - this.owed;
      if (excess < 0) low = guess;
      else high = guess;
      let better = guess - excess / (this.rate.at(guess) * 1e-9);
      if (!(better >= low && better <= high)) better = (low + high) / 2;
      if (Math.abs(better - guess) < TOLERANCE_NS) return better;
      guess = better;
    }
    return guess;
  }

  private refusePieces(pieces: number): never {
    throw new LimitError(
      `nothing arrives by ${this.atNs} ns, although the curve of the rate changed ${pieces} times; ` +
        "a longer period would let time pass",
    );
  }
}
