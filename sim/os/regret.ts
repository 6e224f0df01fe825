/**
 * Regret: memory that was given back, and needed again soon after.
 *
 *     release of 16 pages ──────────┬───────────────────────┬──────────────────► time
 *         a decision, 16 pages      │ 4 used again: age 2 s │ 2 used again: age 400 s
 *                                   └ within the window:    └ too late to be regretted
 *                                     4 pages regretted
 *
 * Each range that goes back is one *decision*. What is used again within the window was released in vain: it cost a madvise
 * and faults, and saved memory for a moment only. TCMalloc counts that in the same way, over 5 minutes.
 *
 * Of each released page the decision is remembered until the page is used again; a decision whose pages are all in use again
 * is over, and its place is used for another. So what is kept is bounded by the memory that is released.
 *
 * Invariant: pagesLeft of a decision is the number of pages that name it.
 */

import { Histogram } from "../../engine/statistics.js";
import { grownInto } from "../../engine/typed-arrays.js";

/** Default window, ns: 5 minutes. */
export const REGRET_WINDOW_NS = 300_000_000_000;

const BLOCK_PAGES = 512;
/** A page that is not released. */
const NO_DECISION = -1;

/** How decisions turned out: by the share of their pages that was used again within the window. */
export interface RegretOutcomes {
  /** Nothing, less than half, half or more, all. */
  readonly none: number;
  readonly some: number;
  readonly most: number;
  readonly all: number;
  /** Younger than the window, and not all used again: they may yet be regretted. */
  readonly open: number;
}

export class Regret {
  /** Decisions, pages released in them, and pages used again: at any age, and within the window. */
  decisions = 0;
  releasedPages = 0;
  reusedPages = 0;
  regrettedPages = 0;
  /** Ages at which pages were used again, ns, weighted by pages. */
  readonly ages = new Histogram();

  /** Decisions by block of pages. */
  private readonly blocks = new Map<number, Int32Array>();
  /** By decision: when it was made, its pages, those that are still released, and those used again within the window. */
  private madeNs = new Float64Array(64);
  private npages = new Int32Array(64);
  private left = new Int32Array(64);
  private regretted = new Int32Array(64);
  /** Places of decisions that are over, and places ever taken. */
  private readonly vacant: number[] = [];
  private places = 0;
  /** How decisions that are over turned out: none, some, most, all. */
  private readonly over = [0, 0, 0, 0];

  /**
   * @param clock tells the virtual time
   * @param windowNs what is used again within this time is regretted, ns
   */
  constructor(
    private readonly clock: { readonly nowNs: number },
    readonly windowNs: number = REGRET_WINDOW_NS,
  ) {}

  /** Pages go back to the system: a decision. None of them is released yet. */
  released(page: number, npages: number): void {
    const decision = this.vacant.pop() ?? this.#newPlace();
    this.madeNs[decision] = this.clock.nowNs;
    this.npages[decision] = npages;
    this.left[decision] = npages;
    this.regretted[decision] = 0;
    this.decisions++;
    this.releasedPages += npages;
    for (let p = page; p < page + npages; p++) {
      const block = this.#blockOf(p);
      const before = block[p % BLOCK_PAGES]!;
      // Up to 1.11 a released span that is used in part counts as used, so pages can go back again without use.
      if (before !== NO_DECISION) this.#leave(before);
      block[p % BLOCK_PAGES] = decision;
    }
  }

  /** Pages are in use from now on, some of which may have been released. */
  used(page: number, npages: number): void {
    for (let p = page; p < page + npages; p++) {
      const block = this.blocks.get(Math.floor(p / BLOCK_PAGES));
      if (block === undefined) continue;
      const decision = block[p % BLOCK_PAGES]!;
      if (decision === NO_DECISION) continue;
      block[p % BLOCK_PAGES] = NO_DECISION;
      this.#reused(decision);
    }
  }

  /** How all decisions so far turned out. */
  outcomes(): RegretOutcomes {
    const [none, some, most, all] = this.over;
    const counts = [none!, some!, most!, all!];
    let open = 0;
    for (let d = 0; d < this.places; d++) {
      if (this.left[d] === 0) continue;
      if (this.clock.nowNs - this.madeNs[d]! <= this.windowNs) open++;
      else counts[this.#outcome(d)]!++;
    }
    return { none: counts[0]!, some: counts[1]!, most: counts[2]!, all: counts[3]!, open };
  }

  #reused(decision: number): void {
    const age = this.clock.nowNs - this.madeNs[decision]!;
    this.reusedPages++;
    this.ages.add(age);
    if (age <= this.windowNs) {
      this.regrettedPages++;
      this.regretted[decision]!++;
    }
    this.#leave(decision);
  }

  /** One page less of a decision is released. */
  #leave(decision: number): void {
    this.left[decision]!--;
    if (this.left[decision]! > 0) return;
    this.over[this.#outcome(decision)]!++;
    this.vacant.push(decision);
  }

  /** 0 for none, 1 for less than half, 2 for more, 3 for all. */
  #outcome(decision: number): number {
    const share = this.regretted[decision]! / this.npages[decision]!;
    return share === 0 ? 0 : share < 0.5 ? 1 : share < 1 ? 2 : 3;
  }

  #newPlace(): number {
    const place = this.places++;
    if (place === this.madeNs.length) {
      this.madeNs = grownInto(this.madeNs, new Float64Array(2 * place));
      this.npages = grownInto(this.npages, new Int32Array(2 * place));
      this.left = grownInto(this.left, new Int32Array(2 * place));
      this.regretted = grownInto(this.regretted, new Int32Array(2 * place));
    }
    return place;
  }

  #blockOf(page: number): Int32Array {
    const number = Math.floor(page / BLOCK_PAGES);
    let block = this.blocks.get(number);
    if (block === undefined) {
      block = new Int32Array(BLOCK_PAGES).fill(NO_DECISION);
      this.blocks.set(number, block);
    }
    return block;
  }
}
