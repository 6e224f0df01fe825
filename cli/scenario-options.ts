/** What commands that take a scenario have in common: which one, and what is changed about it. */

import { BUNDLED_TRACES, bundledPath, scenarioNames, scenarioPath } from "../scenarios/library.js";
import type { ScenarioOverrides } from "../scenarios/load/load.js";
import type { Scenario } from "../scenarios/scenario.js";
import { readScenario } from "../studies/scenarios.js";
import { UsageError } from "./errors.js";

/** Options of yargs for what is changed. */
export const CHANGES = {
  param: {
    type: "string",
    array: true,
    nargs: 1,
    default: [] as string[],
    describe: "another value for a parameter of the scenario, name=value",
  },
  set: {
    type: "string",
    array: true,
    nargs: 1,
    default: [] as string[],
    describe: "another value for anything in the scenario, path=value, such as gc.gogc=50",
  },
} as const;

export const SEED = {
  type: "string",
  requiresArg: true,
  describe: "seed of all random numbers, a whole number or a word (default: the scenario's)",
} as const;

export interface Changes {
  readonly param: string[];
  readonly set: string[];
}

/** What somebody named: a scenario or a trace, and the path of its file. */
export interface Found {
  readonly kind: "scenario" | "trace";
  readonly path: string;
}

/** The file that a name stands for: that of a bundled scenario or trace, or the file of that name. */
export function findSource(wanted: string): Found {
  if (scenarioNames().includes(wanted)) return { kind: "scenario", path: scenarioPath(wanted) };
  const bundled = BUNDLED_TRACES.find((trace) => trace.name === wanted);
  if (bundled !== undefined) return { kind: "trace", path: bundledPath(bundled) };
  return { kind: /\.(ya?ml|json)$/.test(wanted) ? "scenario" : "trace", path: wanted };
}

/**
 * Reads a scenario by its name or file, with what is changed about it.
 * @throws InputError at its first fault, UsageError for a seed that is none
 */
export function loadScenario(path: string, changes: Changes, seed?: string): Scenario {
  const overrides: ScenarioOverrides = { params: changes.param, sets: changes.set };
  const scenario = readScenario(path, overrides);
  return seed === undefined ? scenario : { ...scenario, seed: checkedSeed(seed) };
}

function checkedSeed(seed: string): string {
  if (/^\d+$/.test(seed) ? Number.isSafeInteger(Number(seed)) : /^[\w.-]+$/.test(seed)) return seed;
  throw new UsageError(
    `--seed ${JSON.stringify(seed)} is no seed: expected a whole number below 2^53, or a word of letters and digits`,
  );
}
