/**
 * When the next thing comes, by a rate that is a curve of time: so many things a second, or so many bytes a second.
 *
 *     perSecond        the area under the rate since the last arrival is 1, or an exponential number of mean 1
 *     bytesPerSecond   the same, times the bytes of the last arrival: a thing of n bytes takes n / rate
 *
 * Times count from the start of a window. The engine's arrivals find the times under any curve; most rates are constant,
 * and for those a division does.
 */

import { Ahead } from "../../engine/ahead.js";
import { Arrivals, Gaps, NO_ARRIVAL } from "../../engine/arrivals.js";
import { type Curve, curve } from "../../engine/curves.js";
import { exponentials } from "../../engine/exponentials.js";
import type { RandomStream } from "../../engine/random-streams.js";
import { TIME_MAX_NS } from "../../engine/simulation.js";
import type { Arrivals as ArrivalKind, CurveSpec } from "../scenario.js";

export { NO_ARRIVAL } from "../../engine/arrivals.js";

/** A rate per unit rather than per thing, when things are of several units. */
class RatePerUnits implements Curve {
  units = 1;
  constructor(private readonly rate: Curve) {}

  at(tNs: number): number {
    return this.rate.at(tNs) / this.units;
  }

  pieceEndNs(tNs: number): number {
    return this.rate.pieceEndNs(tNs);
  }
}

export class ArrivalClock {
  private readonly gapNs: number;
  private readonly random: Ahead | null;
  private readonly rate: RatePerUnits;
  private readonly stream: RandomStream | null;
  private readonly isStratified: boolean;
  /** Of stratified arrivals at a constant rate; Arrivals has its own. */
  private gaps: Gaps | null = null;
  private arrivals: Arrivals | null = null;
  private atNs = 0;

  /**
   * @param spec things, or units of things, per second
   * @param stream of the gaps; curves that walk draw from a fork of it
   */
  constructor(spec: CurveSpec, arrivals: ArrivalKind, stream: RandomStream) {
    this.gapNs = spec.kind === "constant" ? 1e9 / spec.value : Number.NaN;
    this.isStratified = arrivals === "stratified";
    this.random =
      arrivals === "poisson" && spec.kind === "constant"
        ? new Ahead((block) => drawExponentials(block, stream))
        : null;
    this.stream = arrivals === "regular" ? null : stream;
    this.rate = new RatePerUnits(curve(spec, stream.fork("rate")));
  }

  /** A window opens: time is 0. */
  open(): void {
    this.atNs = 0;
    const gaps = new Gaps(this.stream, this.isStratified);
    if (Number.isNaN(this.gapNs)) this.arrivals = new Arrivals(this.rate, gaps);
    else if (this.isStratified) this.gaps = gaps;
  }

  /**
   * The next arrival.
   * @param units what came last, 1 for a thing
   * @param endNs it is to be before
   * @returns whole ns from the start of the window, or NO_ARRIVAL
   */
  next(units: number, endNs: number): number {
    const until = Math.min(endNs, TIME_MAX_NS);
    if (this.arrivals !== null) {
      this.rate.units = units;
      const at = this.arrivals.next(until);
      return at < until ? at : NO_ARRIVAL;
    }
    const share = this.random !== null ? this.random.next() : this.gaps === null ? 1 : this.gaps.draw();
    const atNs = this.atNs + this.gapNs * units * share;
    this.atNs = atNs;
    // Rounded as Math.round does, but without a branch that nobody can foresee.
    const down = Math.floor(atNs);
    const at = down + Math.floor((atNs - down) * 2);
    return at < until ? at : NO_ARRIVAL;
  }
}

/** Fills a block with exponential numbers of mean 1. */
function drawExponentials(block: Float64Array, stream: RandomStream): void {
  stream.doubles(block);
  exponentials(block);
}
