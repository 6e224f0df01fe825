/**
 * A random walk in steps of one size, held for an interval each.
 *
 *     3 ┤      ┌──┐
 *     2 ┤   ┌──┘  └──┐  ┌──        the k-th step is up or down by the k-th draw of the walk's own stream
 *     1 ┼───┘        └──┘
 *
 * Values are drawn strictly in order and kept, so that a time has one value in whatever order times are asked for.
 * That is 8 bytes an interval; a limit on their number keeps a walk of tiny intervals from filling the memory.
 */

import type { RandomStream } from "../random-streams.js";
import { type Path, SpecError } from "../specs.js";
import { grownInto } from "../typed-arrays.js";
import type { Curve } from "./kinds.js";
import type { CurveSpecOf } from "./specs.js";

const STEPS_MAX = 2 ** 22;

export class RandomWalk implements Curve {
  private values = new Float64Array(64);
  private known = 1;
  private readonly step: number;
  private readonly intervalNs: number;
  private readonly min: number;
  private readonly max: number;

  constructor(
    spec: CurveSpecOf<"walk">,
    private readonly stream: RandomStream,
    private readonly path: Path,
  ) {
    this.step = spec.step;
    this.intervalNs = spec.intervalNs;
    this.min = spec.min ?? Number.NEGATIVE_INFINITY;
    this.max = spec.max ?? Number.POSITIVE_INFINITY;
    if (this.max < this.min)
      throw new SpecError([...path, "max"], `max (${this.max}) is below min (${this.min})`);
    if (!(spec.start >= this.min && spec.start <= this.max)) {
      throw new SpecError([...path, "start"], `start (${spec.start}) is not from min to max`);
    }
    // A step over the whole range could be reflected for ever.
    if (this.step > this.max - this.min) {
      throw new SpecError([...path, "step"], `a step of ${this.step} is longer than the way from min to max`);
    }
    this.values[0] = spec.start;
  }

  at(tNs: number): number {
    const k = Math.floor(tNs / this.intervalNs);
    if (k >= this.known) this.walkTo(k);
    return this.values[k]!;
  }

  pieceEndNs(tNs: number): number {
    return (Math.floor(tNs / this.intervalNs) + 1) * this.intervalNs;
  }

  private walkTo(k: number): void {
    if (k >= STEPS_MAX) {
      const problem = `a walk goes ${STEPS_MAX} steps at most, but one every ${this.intervalNs} ns would have to go ${k}`;
      throw new SpecError([...this.path, "intervalNs"], problem);
    }
    if (k >= this.values.length) {
      this.values = grownInto(this.values, new Float64Array(Math.max(this.values.length * 2, k + 1)));
    }
    while (this.known <= k) {
      const last = this.values[this.known - 1]!;
      const next = this.stream.chance(0.5) ? last + this.step : last - this.step;
      this.values[this.known++] =
        next > this.max ? 2 * this.max - next : next < this.min ? 2 * this.min - next : next;
    }
  }
}
