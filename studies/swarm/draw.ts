/**
 * Draws for random scenarios: all of a scenario follows from one number.
 *
 * Magnitudes are drawn evenly on a logarithmic scale, since what breaks at 3 rarely breaks at 300000, and lists of
 * possibilities evenly, so that rare kinds are as frequent as common ones.
 */

import { type RandomStream, RandomStreams } from "../../engine/random-streams.js";

export class Draw {
  private readonly stream: RandomStream;

  /** @param part what of the scenario is drawn: each part has numbers of its own */
  constructor(seed: number, part: string) {
    this.stream = new RandomStreams(seed).get(part);
  }

  /** A whole number, both ends included. */
  integer(min: number, max: number): number {
    return this.stream.integer(min, max);
  }

  /** A number from min to max, evenly. */
  real(min: number, max: number): number {
    return min + (max - min) * this.stream.double();
  }

  /** A number from min to max (both above 0), evenly on a logarithmic scale. */
  magnitude(min: number, max: number): number {
    return min * (max / min) ** this.stream.double();
  }

  /** The same, whole. */
  wholeMagnitude(min: number, max: number): number {
    return Math.min(max, Math.max(min, Math.round(this.magnitude(min, max))));
  }

  chance(probability: number): boolean {
    return this.stream.chance(probability);
  }

  /** One of several. */
  pick<T>(of: readonly T[]): T {
    return of[this.stream.integer(0, of.length - 1)]!;
  }

  /** The keys of a map with a probability that each is there. */
  some<T extends Record<string, () => unknown>>(
    probability: number,
    keys: T,
  ): { [K in keyof T]?: ReturnType<T[K]> } {
    const found: Record<string, unknown> = {};
    for (const [key, make] of Object.entries(keys)) if (this.chance(probability)) found[key] = make();
    return found as { [K in keyof T]?: ReturnType<T[K]> };
  }

  /** A list of so many things. */
  list<T>(min: number, max: number, make: (i: number) => T): T[] {
    return Array.from({ length: this.integer(min, max) }, (_, i) => make(i));
  }

  /** Whole numbers that rise, from about min to about max. */
  rising(count: number, min: number, max: number): number[] {
    const values = new Set<number>();
    while (values.size < count) values.add(this.wholeMagnitude(min, max + count));
    return [...values].sort((a, b) => a - b);
  }
}
