/**
 * How many collections spans live: product-limit estimates from what a trace shows of them.
 *
 * A span is born in a cycle and found dead some cycles on, or still alive when the trace ends. Those are censored: they
 * count as at risk for the ages that were seen, and say nothing of later ones.
 */

import { SWEEP } from "../statistics/statistics.js";
import { AGES, COHORTS, type CycleCounts, cohortOf, EARLY, LATE, SIZE_BUCKETS } from "./observe.js";
import type { Stretch } from "./stretches.js";

/** Smallest share of a lifetime that is told apart. */
const LEAST_SHARE = 0.02;
/** Likelihood ratio above which two cohorts are told apart: p = 0.001 for three degrees of freedom. */
const DIFFERENT = 16.3;
/** Stands for all parts of a cycle. */
export const ANY_PART = -1;

/** A lifetime in collections and the share of spans that have it. What is left of 1 outlives the run. */
export type AgeShare = readonly [age: number, share: number];

/** Spans of which to ask: born in cycles, in a part of them or in ANY_PART, of some cohorts. */
export interface Births {
  readonly stretch: Stretch;
  readonly part: number;
  readonly cohorts: readonly number[];
}

/** The cohorts of size buckets [from, to), born early or late in a part, or whenever. */
export function cohortsOf(from: number, to: number, when: readonly number[] = [EARLY, LATE]): number[] {
  return when.flatMap((w) => Array.from({ length: to - from }, (_, i) => cohortOf(w, from + i)));
}

/** All cohorts. */
export const ALL_COHORTS = Array.from({ length: COHORTS }, (_, cohort) => cohort);

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

  /** Whether the fates of two cohorts differ by more than chance would have it (a likelihood ratio test). */
  differ(a: Births, b: Births): boolean {
    const [first, second] = [this.#fates(a), this.#fates(b)];
    const n = first.reduce((sum, x) => sum + x, 0);
    const m = second.reduce((sum, x) => sum + x, 0);
    let ratio = 0;
    first.forEach((x, i) => {
      const both = x + second[i]!;
      if (x > 0) ratio += 2 * x * Math.log((x * (n + m)) / (both * n));
      if (second[i]! > 0) ratio += 2 * second[i]! * Math.log((second[i]! * (n + m)) / (both * m));
    });
    return ratio > DIFFERENT;
  }

  /** The lifetimes of the first of several choices of which enough were born; of all spans when there is none. */
  fitFirst(choices: readonly Births[], enough: number): AgeShare[] {
    const first = choices.find((births) => this.born(births) >= enough);
    return this.fit(first ?? { stretch: [0, this.cycles.length], part: ANY_PART, cohorts: ALL_COHORTS });
  }

  /** The shares that are found dead by each collection. */
  fit(births: Births): AgeShare[] {
    const atRisk = new Float64Array(AGES);
    const died = new Float64Array(AGES);
    this.#each(births, (c, counts, cohort) => {
      let alive = counts.born[cohort]!;
      for (let age = 0; age < AGES && c + age <= this.#lastSwept; age++) {
        const dead = counts.died[cohort]?.[age] ?? 0;
        atRisk[age]! += alive;
        died[age]! += dead;
        alive -= dead;
      }
    });
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
    { stretch: [from, to], part, cohorts }: Births,
    take: (cycle: number, counts: CycleCounts["parts"][number], cohort: number) => void,
  ): void {
    for (let c = from; c < to; c++) {
      this.cycles[c]!.parts.forEach((counts, p) => {
        if (part !== ANY_PART && p !== part) return;
        for (const cohort of cohorts) take(c, counts, cohort);
      });
    }
  }

  /** Spans that die at ages 1, 2, later, and never. */
  #fates(births: Births): number[] {
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
void SIZE_BUCKETS;
