/** Which of the sorts of a workload comes next: drawn by weight, or so many of each in turn. */

import type { Distribution } from "../../engine/distributions.js";
import type { Stage } from "./stage.js";

export class Sorts {
  private readonly choice: Distribution | null;
  private readonly weights: readonly number[];
  private index = 0;
  private left: number;

  constructor(
    stage: Stage,
    workload: string,
    sorts: readonly { readonly weight: number }[],
    order: "random" | "cycle",
  ) {
    this.weights = sorts.map(({ weight }) => weight);
    this.left = this.weights[0]!;
    const isRandom = order === "random" && sorts.length > 1;
    this.choice = isRandom
      ? stage.distribution(
          { kind: "choice", values: sorts.map((_, i) => i), weights: this.weights },
          workload,
          "sort",
        )
      : null;
  }

  /** The index of the next sort. */
  next(): number {
    if (this.choice !== null) return this.choice.draw();
    if (this.weights.length === 1) return 0;
    while (this.left < 1) {
      this.index = (this.index + 1) % this.weights.length;
      this.left = this.weights[this.index]!;
    }
    this.left--;
    return this.index;
  }
}
