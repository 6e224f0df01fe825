/**
 * What a hunt tries: scenario by scenario, numbered from 0, so that a number says all about an evaluation.
 *
 *     a scenario       seeds × variations       number → variation, seed
 *     --operations     seeds                    number → a list drawn from the seed
 *     --swarm          seeds                    number → a whole scenario drawn from the seed
 */

import type { ScenarioOverrides } from "../../scenarios/load/load.js";
import type { Scenario } from "../../scenarios/scenario.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { scenario, scenarioTree } from "../scenarios.js";
import { randomScenario } from "../swarm/generate.js";
import { drawOperations } from "./draw-operations.js";

/** Where scenarios come from; plain data, so that threads can be told. */
export type HuntSource =
  | {
      readonly kind: "scenario";
      /** Path of the file. */
      readonly path: string;
      /** What is changed about it, one set for each point of what is varied. */
      readonly points: readonly ScenarioOverrides[];
    }
  | { readonly kind: "operations" }
  | { readonly kind: "swarm" };

/** One scenario of a hunt, as plain data and read. */
export interface HuntCase {
  readonly tree: ScenarioInput;
  readonly scenario: Scenario;
}

/** How many scenarios there are for each seed. */
export function pointsOf(source: HuntSource): number {
  return source.kind === "scenario" ? source.points.length : 1;
}

/**
 * The scenarios of a hunt. A file is read and checked once for each variation, since its seeds change nothing about it.
 */
export class HuntCases {
  private readonly read = new Map<number, HuntCase>();

  constructor(private readonly source: HuntSource) {}

  /**
   * The scenario of a seed and a variation.
   * @throws InputError when a variation makes the scenario invalid
   */
  of(seed: number, point: number): HuntCase {
    switch (this.source.kind) {
      case "operations":
        return caseOf(drawOperations(seed));
      case "swarm":
        return caseOf({ ...randomScenario(seed), seed });
      case "scenario": {
        const { tree, scenario } = this.point(this.source, point);
        return { tree: { ...tree, seed }, scenario: { ...scenario, seed: String(seed) } };
      }
    }
  }

  private point(source: HuntSource & { kind: "scenario" }, point: number): HuntCase {
    let found = this.read.get(point);
    if (found === undefined) {
      found = caseOf(scenarioTree(source.path, source.points[point]!));
      this.read.set(point, found);
    }
    return found;
  }
}

/** What a scenario expects holds for its own policy and size; a hunt wants neither. */
function caseOf({ expect: _, ...tree }: ScenarioInput): HuntCase {
  return { tree, scenario: scenario(tree) };
}
