/**
 * The scenario of a case, be it a repro or a baseline: written out as in a file of its own, or one of the library by name.
 *
 *     scenario: steady            or      scenario: {name: …, workloads: …}
 *     params: {scale: 2}
 *     seed: 7
 *
 * What a scenario expects is left out: it holds for the policy and the parameters that it was written with.
 */

import { z } from "zod";
import { InputError } from "../../scenarios/input-error.js";
import { scenarioNames, scenarioPath } from "../../scenarios/library.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { nearMiss } from "../../scenarios/values/near-miss.js";
import { scenario, scenarioTree } from "../scenarios.js";

/** What the file of a case says of its scenario. */
export const CASE_SCENARIO = {
  scenario: z.union([z.string(), z.record(z.string(), z.unknown())]),
  params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  seed: z.union([z.string(), z.number()]).optional(),
};

type CaseScenario = z.output<z.ZodObject<typeof CASE_SCENARIO>>;
/** Reports what is wrong, with the path of the key in the file. */
export type Refuse = (at: readonly (string | number)[], problem: string) => never;

/** The scenario of a case as plain data, which is valid when this returns. */
export function caseTree({ scenario: given, params, seed }: CaseScenario, refuse: Refuse): ScenarioInput {
  if (typeof given !== "string" && Object.keys(params).length > 0)
    refuse(
      ["params"],
      "parameters are for scenarios of the library, expected none beside one that is written out",
    );
  const whole = typeof given === "string" ? libraryTree(given, params, refuse) : (given as ScenarioInput);
  const { expect: _, ...plain } = whole;
  const tree = seed === undefined ? plain : { ...plain, seed };
  const fault = scenarioFault(tree);
  if (fault !== undefined) refuse(["scenario", ...fault.path], fault.problem);
  return tree;
}

function libraryTree(name: string, params: CaseScenario["params"], refuse: Refuse): ScenarioInput {
  const names = scenarioNames();
  if (!names.includes(name)) {
    const near = nearMiss(name, names);
    const hint = near === undefined ? "mheapsim list scenarios names all" : `did you mean "${near}"?`;
    refuse(["scenario"], `no scenario of the library is called "${name}": ${hint}`);
  }
  try {
    return scenarioTree(scenarioPath(name), {
      params: Object.entries(params).map(([param, value]) => `${param}=${value}`),
    });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return refuse(["params"], error.problem);
  }
}

/** What is wrong with a scenario, and where in it; undefined when nothing is. */
function scenarioFault(tree: ScenarioInput): { path: (string | number)[]; problem: string } | undefined {
  try {
    scenario(tree);
    return undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // Faults of plain data begin with the path: workloads.list.ops.0: …
    const [, path, problem] = /^([\w./-]+): (.*)$/s.exec(error.problem) ?? [];
    if (path === undefined) return { path: [], problem: error.problem };
    return { path: path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key)), problem: problem! };
  }
}
