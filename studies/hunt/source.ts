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
 * The scenario of a number.
 * @param seeds of the hunt
 * @throws InputError when a variation makes the scenario invalid
 */
export function huntCase(source: HuntSource, seeds: readonly number[], number: number): HuntCase {
  const points = pointsOf(source);
  const seed = seeds[Math.floor(number / points)]!;
  const tree = treeOf(source, seed, number % points);
  return { tree, scenario: scenario(tree) };
}

function treeOf(source: HuntSource, seed: number, point: number): ScenarioInput {
  switch (source.kind) {
    case "operations":
      return drawOperations(seed);
    case "swarm":
      return withoutExpectations({ ...randomScenario(seed), seed });
    case "scenario": {
      const tree = scenarioTree(source.path, source.points[point]!);
      return withoutExpectations({ ...tree, seed });
    }
  }
}

/** What a scenario expects holds for its own policy and size; a hunt wants neither. */
function withoutExpectations({ expect: _, ...tree }: ScenarioInput): ScenarioInput {
  return tree;
}
