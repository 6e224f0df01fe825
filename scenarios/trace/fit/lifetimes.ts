/**
 * How many collections spans live: product-limit estimates from what a trace shows of them.
 *
 * A span is born in a cycle and found dead some collections on, or still alive when the trace ends. Those are censored: they
 * count as at risk for the ages that were seen, and say nothing of later ones.
 */

import { SWEEP } from "../statistics/statistics.js";
import type { Run } from "./merge.js";
import { AGES, type CycleCounts, PIECES } from "./observe.js";
import { SIZE_BUCKETS } from "./sizes.js";

/** Smallest share of a lifetime that is told apart. */
const LEAST_SHARE = 0.02;
/** Stands for all parts of a cycle. */
export const ANY_PART = -1;

/** A lifetime in collections and the share of spans that have it. What is left of 1 outlives the run. */
export type AgeShare = readonly [age: number, share: number];

/** Spans of which to ask: born in cycles, in a part of them or in ANY_PART, in pieces of it, of size buckets. */
export interface Births {
  readonly cycles: Run;
  readonly part: number;
  /** Default: all. */
  readonly pieces?: Run;
  /** Default: all. */
  readonly buckets?: Run;
}

export class Lifetimes {
  /** Cycles up to this one were swept. */
  readonly #lastSwept: number;

  constructor(readonly cycles: readonly CycleCounts[]) {
    const last = cycles.length - 1;
    this.#lastSwept = cycles[last]!.parts[SWEEP]!.durationNs > 0 ? last : last - 1;
  }

  /** How many were born. */
  born(births: Births): number {
    let born = 0;
    this.#each(births, (_, counts, cohort) => {
      born += counts.born[cohort]!;
    });
    return born;
  }

  /** Spans found dead by the first collection, the second, a later one, and none. */
  fates(births: Births): number[] {
    const fates = [0, 0, 0, 0];
    this.#each(births, (_, { born, died }, cohort) => {
      let left = born[cohort]!;
      died[cohort]?.forEach((n, age) => {
        fates[Math.min(Math.max(age, 1), 3) - 1]! += n;
        left -= n;
      });
      fates[3]! += left;
    });
    return fates;
  }

  /** The shares that are found dead by each collection. */
  fit(births: readonly Births[]): AgeShare[] {
    const atRisk = new Float64Array(AGES);
    const died = new Float64Array(AGES);
    const take = (c: number, counts: CycleCounts["parts"][number], cohort: number): void => {
      let alive = counts.born[cohort]!;
      for (let age = 0; age < AGES && c + age <= this.#lastSwept; age++) {
        const dead = counts.died[cohort]?.[age] ?? 0;
        atRisk[age]! += alive;
        died[age]! += dead;
        alive -= dead;
      }
    };
    for (const one of births) this.#each(one, take);
    const dying: AgeShare[] = [];
    let survival = 1;
    for (let age = 0; age < AGES; age++) {
      if (died[age]! === 0) continue;
      const hazard = died[age]! / atRisk[age]!;
      dying.push([age, survival * hazard]);
      survival *= 1 - hazard;
    }
    return coarse(dying);
  }

  #each(
    { cycles: [from, to], part, pieces = [0, PIECES], buckets = [0, SIZE_BUCKETS] }: Births,
    take: (cycle: number, counts: CycleCounts["parts"][number], cohort: number) => void,
  ): void {
    for (let c = from; c < to; c++) {
      this.cycles[c]!.parts.forEach((counts, p) => {
        if (part !== ANY_PART && p !== part) return;
        for (let piece = pieces[0]; piece < pieces[1]; piece++) {
          for (let b = buckets[0]; b < buckets[1]; b++) take(c, counts, piece * SIZE_BUCKETS + b);
        }
      });
    }
  }
}

/** Puts ages with few deaths together, at their mean: a share below LEAST_SHARE is not worth two numbers. */
function coarse(dying: readonly AgeShare[]): AgeShare[] {
  const result: AgeShare[] = [];
  let share = 0;
  let ages = 0;
  dying.forEach(([age, died], i) => {
    share += died;
    ages += died * age;
    if (share < LEAST_SHARE && i < dying.length - 1) return;
    result.push([Math.max(1, Math.round(ages / share)), share]);
    share = 0;
    ages = 0;
  });
  return result;
}
