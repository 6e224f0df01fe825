/**
 * Reads scenarios.
 *
 *     text ──yaml──► tree ──--set──► tree ──params──► tree ──schema──► content ──build──► Scenario
 *                     │                                  │                        │
 *                     └── places of all values ──────────┴──► faults, each with its line and column
 *
 * Every fault that can be told is told at once, up to the first stage that cannot go on: syntax, then parameters and the
 * schema together, then what only the whole can show.
 */

import { InputError } from "../input-error.js";
import type { Scenario } from "../scenario.js";
import { scenarioSchema } from "../schema/root.js";
import { isMap } from "../schema/tagged.js";
import { describe } from "../values/describe.js";
import type { Vocabulary } from "../vocabulary.js";
import { buildScenario } from "./build.js";
import { reportIssues } from "./messages.js";
import { applySets } from "./overrides.js";
import { resolveParameters } from "./parameters.js";
import { Places, Problems } from "./places.js";
import { readYaml } from "./yaml-source.js";

/** What the command line, or a program, changes about a scenario. */
export interface ScenarioOverrides {
  /** `name=value` for parameters. */
  readonly params?: readonly string[];
  /** `path=value` for anything. */
  readonly sets?: readonly string[];
}

/** A scenario, or what is wrong with it. */
export type ScenarioCheck =
  | { readonly scenario: Scenario; readonly errors: readonly [] }
  | { readonly scenario: null; readonly errors: readonly InputError[] };

/**
 * Reads the text of a scenario file.
 * @param file its name, for messages
 */
export function checkScenario(
  text: string,
  file: string,
  vocabulary: Vocabulary,
  overrides: ScenarioOverrides = {},
): ScenarioCheck {
  const { tree, problems } = readYaml(text, file);
  return checkTree(tree, problems, vocabulary, overrides);
}

/**
 * Reads a scenario that a program states, in the shape of a file.
 * @param file what to call it in messages
 */
export function checkScenarioInput(
  input: unknown,
  file: string,
  vocabulary: Vocabulary,
  overrides: ScenarioOverrides = {},
): ScenarioCheck {
  const problems = new Problems(new Places(file, { line: 0, column: 0 }));
  return checkTree(copyOf(input, new Set(), problems), problems, vocabulary, overrides);
}

function checkTree(
  tree: unknown,
  problems: Problems,
  vocabulary: Vocabulary,
  { params = [], sets = [] }: ScenarioOverrides,
): ScenarioCheck {
  const failed = (): ScenarioCheck => ({ scenario: null, errors: problems.errors });
  if (tree === undefined && problems.any) return failed();
  if (!isMap(tree)) {
    if (!problems.any) problems.report([], `${describe(tree)} is not a scenario, expected a map with a name`);
    return failed();
  }
  applySets(tree, sets, problems);
  const resolved = resolveParameters(tree, params, problems);
  const content = scenarioSchema.safeParse(resolved.tree);
  if (!content.success) reportIssues(content.error.issues, resolved.tree, problems);
  if (problems.any || !content.success) return failed();
  const scenario = buildScenario(content.data, resolved.parameters, sets, vocabulary, problems);
  return problems.any ? failed() : { scenario, errors: [] };
}

/**
 * The text of a scenario file as plain data, with what is changed about it, and with all parameters filled in, so that nothing
 * in it depends on anything else.
 * @throws InputError at its first fault
 */
export function scenarioTreeOf(
  text: string,
  file: string,
  { params = [], sets = [] }: ScenarioOverrides = {},
): Record<string, unknown> {
  const { tree, problems } = readYaml(text, file);
  if (!isMap(tree))
    throw problems.errors[0] ?? new InputError(file, 1, 1, "expected a scenario, a map with a name");
  applySets(tree, sets, problems);
  const resolved = resolveParameters(tree, params, problems);
  if (problems.any) throw problems.errors[0]!;
  const { params: _, ...rest } = resolved.tree as Record<string, unknown>;
  return rest;
}

/** The scenario of a check. @throws InputError its first fault, which says when there are more */
export function scenarioOf({ scenario, errors }: ScenarioCheck): Scenario {
  if (scenario !== null) return scenario;
  const { file, line, column, problem } = errors[0]!;
  const more = errors.length === 1 ? "" : ` (and ${errors.length - 1} more; mheapsim validate shows all)`;
  throw new InputError(file, line, column, problem + more);
}

/** A copy of plain data, as a file would have given it: overrides must not change what the caller holds. */
function copyOf(value: unknown, above: Set<unknown>, problems: Problems): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) {
    problems.report([], "the scenario contains itself, expected plain data");
    return undefined;
  }
  above.add(value);
  let copy: unknown;
  if (Array.isArray(value)) copy = value.map((item) => copyOf(item, above, problems));
  else {
    const result: Record<string, unknown> = Object.create(null);
    for (const [key, item] of Object.entries(value)) {
      // What a program sets to undefined is not there.
      if (item !== undefined && key !== "__proto__") result[key] = copyOf(item, above, problems);
    }
    copy = result;
  }
  above.delete(value);
  return copy;
}
