/**
 * The windows of a stretch of cycles: what is asked for in each part of a cycle, or in each of several sections of it in
 * which spans live differently.
 *
 *     quiet   │ 2 % of the spans outlive the next collection          │ 10 % │ 30 % │ 70 %  │
 *             section                                                    …              the collection starts
 *
 * Births shortly before a collection mostly outlive it, since a thread still takes objects from them. Sections are found as
 * stretches are: pieces of the part that are alike are put together.
 */

import { PHASES } from "../statistics/statistics.js";
import type { AgeShare, Births, Lifetimes } from "./lifetimes.js";
import { mergeNeighbours, type Run } from "./merge.js";
import { type CycleCounts, MEDIUMS, PIECES, SURVIVORS } from "./observe.js";
import { BUCKETS_OF_GROUP, LARGE, LARGE_BUCKET, MEDIUM, SIZE_BUCKETS, SMALL, sizeBucket } from "./sizes.js";

/** A distribution of lifetimes wants at least so many spans, or a wider one stands in for it. */
const ENOUGH_SPANS = 20;
/** Of large ones there are never many, and each counts for many pages. */
const ENOUGH_LARGE = 4;
/** Sections of a part at most. */
const MAX_SECTIONS = 8;
/** Loss of likelihood at which pieces are told apart: by lifetimes, about p = 0.1; by rates, which cost less to tell, nearly always. */
const DIFFERENT_LIVES = 4;
const DIFFERENT_RATES = 0.1;
/** More large spans, or spans managed by hand, than this in a part of a stretch are described by shares, fewer one by one. */
export const MOST_IN_ORDER = 48;
/** Values that stand for the sizes of a bucket. */
const VALUES_PER_BUCKET = 8;

/** Spans that live alike. */
export interface FittedSort {
  /** Share of the spans of the window. */
  readonly share: number;
  /** Sizes in pages with their weights. */
  readonly pages: readonly (readonly [npages: number, weight: number])[];
  /** In collections; 0 when they outlive the run. */
  readonly age: number;
  /** How many come in a row, in the mean. */
  readonly inARow: number;
}

/** A length of time with a steady rate. */
export interface FittedRate {
  readonly durationNs: number;
  /** Spans asked for in it, mean of the cycles. */
  readonly spans: number;
}

/** Spans that are asked for in a section of a part of the cycles of a stretch. */
export interface FittedWindow {
  /** Index in PHASES. */
  readonly part: number;
  /** Counted from 0 in each part; large spans have no sections. */
  readonly section: number;
  readonly isLarge: boolean;
  /** From the start of the cycle. */
  readonly startNs: number;
  readonly stopNs: number;
  readonly rates: readonly FittedRate[];
  /** By their shares; or, when they come in the order in which they were recorded, one each. */
  readonly sorts: readonly FittedSort[];
  readonly isInOrder: boolean;
}

/** Fits the windows of a stretch. */
export class WindowFitter {
  readonly #members: readonly CycleCounts[];
  /** Sizes of each bucket with their counts, sorted by size. */
  readonly #sizes: readonly (readonly (readonly [number, number])[])[];

  constructor(
    readonly stretch: Run,
    readonly lifetimes: Lifetimes,
  ) {
    this.#members = lifetimes.cycles.slice(...stretch);
    this.#sizes = bucketValues(this.#members);
  }

  /** The windows of a part, as far as something is asked for in them. */
  windows(part: number, startNs: number, durationNs: number): FittedWindow[] {
    if (durationNs === 0) return [];
    const at = (piece: number): number => startNs + Math.round((durationNs * piece) / PIECES);
    const windows = this.#sections(part).map((pieces, section): FittedWindow => {
      const [first, last] = pieces;
      return {
        part,
        section,
        isLarge: false,
        startNs: at(first),
        stopNs: at(last),
        rates: this.#rates(part, pieces, [0, LARGE_BUCKET], at),
        sorts: [SMALL, MEDIUM].flatMap((group) => this.#sorts(part, pieces, group)),
        isInOrder: false,
      };
    });
    const inOrder = this.#largeInOrder(part);
    windows.push({
      part,
      section: 0,
      isLarge: true,
      startNs: at(0),
      stopNs: at(PIECES),
      rates: this.#rates(part, [0, PIECES], [LARGE_BUCKET, SIZE_BUCKETS], at),
      sorts: inOrder ?? this.#sorts(part, [0, PIECES], LARGE),
      isInOrder: inOrder !== undefined,
    });
    return windows.filter(
      ({ rates, startNs: from, stopNs: to }) => from < to && rates.some(({ spans }) => spans > 0),
    );
  }

  /** Pieces in which spans live alike. */
  #sections(part: number): Run[] {
    const rows = Array.from({ length: PIECES }, (_, piece) => {
      const pieces = [piece, piece + 1] as const;
      const small = this.lifetimes.fates(this.#births(part, { pieces, buckets: BUCKETS_OF_GROUP[SMALL] }));
      const medium = this.lifetimes.born(this.#births(part, { pieces, buckets: BUCKETS_OF_GROUP[MEDIUM] }));
      return [...small, medium];
    });
    return mergeNeighbours(rows, rows.map(total), { most: MAX_SECTIONS, while: DIFFERENT_LIVES });
  }

  #rates(part: number, [first, last]: Run, buckets: Run, at: (piece: number) => number): FittedRate[] {
    const spans = Array.from({ length: last - first }, (_, i) =>
      this.lifetimes.born(this.#births(part, { pieces: [first + i, first + i + 1], buckets })),
    );
    return ratesOf(spans, this.#members.length, (piece) => at(first + piece));
  }

  /** Large spans one by one, when they are few: each of them counts. */
  #largeInOrder(part: number): FittedSort[] | undefined {
    const all = this.#members.flatMap(({ parts }) => parts[part]!.large);
    const born = this.lifetimes.born(this.#births(part, { buckets: [LARGE_BUCKET, SIZE_BUCKETS] }));
    if (all.length < born || all.length > MOST_IN_ORDER) return undefined;
    return all.map(({ npages, age }) => ({ share: 1, pages: [[npages, 1]], age, inARow: 1 }));
  }

  /** The sorts of a size group in pieces of a part: buckets of which there are enough by themselves, the others together. */
  #sorts(part: number, pieces: Run, group: number): FittedSort[] {
    const [first, last] = BUCKETS_OF_GROUP[group]!;
    const of: Run = group === LARGE ? [LARGE_BUCKET, SIZE_BUCKETS] : [0, LARGE_BUCKET];
    const all = this.lifetimes.born(this.#births(part, { pieces, buckets: of }));
    const enough = group === LARGE ? ENOUGH_LARGE : ENOUGH_SPANS;
    const born = Array.from({ length: last - first }, (_, i) =>
      this.lifetimes.born(this.#births(part, { pieces, buckets: [first + i, first + i + 1] })),
    );
    const few = born.map((n, i) => (n > 0 && n < enough ? first + i : -1)).filter((bucket) => bucket >= 0);
    const sorts = born.flatMap((n, i): FittedSort[] => {
      if (n < enough) return [];
      const buckets = [first + i, first + i + 1] as const;
      const ages = this.lifetimes.fit([this.#births(part, { pieces, buckets })]);
      return this.#byAge(part, pieces, group, { share: n / all, pages: this.#sizes[first + i]!, ages, all });
    });
    if (few.length === 0) return sorts;
    const fewBorn = total(few.map((bucket) => born[bucket - first]!));
    const pages = few.flatMap((bucket) => {
      const sum = total(this.#sizes[bucket]!.map(([, n]) => n));
      return this.#sizes[bucket]!.map(([npages, n]) => [npages, (n / sum) * born[bucket - first]!] as const);
    });
    const ages = this.lifetimes.fit(
      few.map((bucket) => this.#births(part, { pieces, buckets: [bucket, bucket + 1] })),
    );
    return [...sorts, ...this.#byAge(part, pieces, group, { share: fewBorn / all, pages, ages, all })];
  }

  /** Sorts of the same sizes with different lifetimes. */
  #byAge(
    part: number,
    pieces: Run,
    group: number,
    of: Pick<FittedSort, "share" | "pages"> & { readonly ages: readonly AgeShare[]; readonly all: number },
  ): FittedSort[] {
    const forever = 1 - total(of.ages.map(([, share]) => share));
    return [...of.ages, [0, forever] as const]
      .filter(([, share]) => share > 1e-9)
      .map(([age, share]) => {
        const isSurvivor = group === SMALL && age !== 1;
        const inARow =
          group === MEDIUM
            ? this.#inARow(part, pieces, MEDIUMS, of.all)
            : isSurvivor
              ? this.#inARow(part, pieces, SURVIVORS, of.all)
              : 1;
        return { share: share * of.share, pages: of.pages, age, inARow };
      });
  }

  /**
   * Spans of a kind come in a row more often than chance would have it. So many at a time make rows of the recorded length:
   * each is followed by another with the recorded probability, where n at a time are followed by chance as well.
   */
  #inARow(part: number, [first, last]: Run, sort: number, spans: number): number {
    const sum = (value: (counts: CycleCounts["parts"][number]) => Float64Array): number =>
      total(this.#members.map(({ parts }) => total(value(parts[part]!).subarray(first, last))));
    const members = sum((counts) => counts.members[sort]!);
    if (members < ENOUGH_SPANS || members >= spans) return 1;
    const follows = sum((counts) => counts.followers[sort]!) / members;
    return Math.max(1, (1 - members / spans) / Math.max(1 - follows, 1 / members));
  }

  #births(part: number, where: Pick<Births, "pieces" | "buckets">): Births {
    return { cycles: this.stretch, part, ...where };
  }
}

/**
 * Steady rates of what is asked for in pieces, one after the other.
 * @param spans by piece, in all cycles
 * @param at where a piece begins
 */
export function ratesOf(
  spans: readonly number[],
  cycles: number,
  at: (piece: number) => number,
): FittedRate[] {
  const runs = mergeNeighbours(
    spans.map((n) => [n]),
    spans.map(() => 1),
    { most: spans.length, while: DIFFERENT_RATES },
  );
  return runs.map(([from, to]) => ({
    durationNs: at(to) - at(from),
    spans: total(spans.slice(from, to)) / cycles,
  }));
}

/** The name of a part. */
export function partName(part: number): string {
  return PHASES[part]!;
}

function total(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** For each size bucket, its sizes with their counts when they are few, else quantiles. */
function bucketValues(cycles: readonly CycleCounts[]): (readonly [number, number])[][] {
  const counts = new Map<number, number>();
  for (const { sizes } of cycles) {
    for (const [npages, n] of sizes) counts.set(npages, (counts.get(npages) ?? 0) + n);
  }
  const buckets: [number, number][][] = Array.from({ length: SIZE_BUCKETS }, () => []);
  for (const [npages, n] of [...counts].sort((a, b) => a[0] - b[0]))
    buckets[sizeBucket(npages)]!.push([npages, n]);
  return buckets.map((sizes) =>
    sizes.length <= VALUES_PER_BUCKET
      ? sizes
      : quantiles(sizes, VALUES_PER_BUCKET).map((npages) => [npages, 1]),
  );
}

/** n evenly spaced quantiles of values with their counts, sorted. */
function quantiles(values: readonly (readonly [value: number, count: number])[], n: number): number[] {
  const all = total(values.map(([, count]) => count));
  let i = 0;
  let below = 0;
  return Array.from({ length: n }, (_, k) => {
    const wanted = ((k + 0.5) / n) * all;
    while (below + values[i]![1] < wanted) below += values[i++]![1];
    return values[i]![0];
  });
}
