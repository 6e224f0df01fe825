/**
 * Reads scenarios with all names known: columns, platforms, policies.
 */

import { readFileSync } from "node:fs";
import { COLUMNS } from "../results/columns.js";
import { InputError } from "../scenarios/input-error.js";
import {
  checkScenario,
  checkScenarioInput,
  type ScenarioCheck,
  type ScenarioOverrides,
  scenarioOf,
  scenarioTreeOf,
} from "../scenarios/load/load.js";
import type { Scenario } from "../scenarios/scenario.js";
import type { ScenarioInput } from "../scenarios/schema/root.js";
import type { Vocabulary } from "../scenarios/vocabulary.js";
import { GeometryError } from "../sim/address/geometry.js";
import { platformNames } from "../sim/address/platforms.js";
import { geometryOf } from "./platform-geometry.js";
import { choosePolicies } from "./policies/choose.js";
import { faultOf, policyFault } from "./policies.js";

/** The names that scenarios may use. */
export const VOCABULARY: Vocabulary = {
  metrics: COLUMNS,
  platforms: platformNames(),
  policyFault,
  choosePolicies: (word) => {
    try {
      return choosePolicies(word);
    } catch (error) {
      return { problem: faultOf(error) };
    }
  },
  platformFault: (spec) => {
    try {
      geometryOf(spec);
      return undefined;
    } catch (error) {
      if (error instanceof GeometryError)
        return error.message.replace(/\s*\n\s*/g, ", ").replace("is undefined", "is missing");
      throw error;
    }
  },
};

/**
 * Checks a scenario file.
 * @throws InputError when it cannot be read at all
 */
export function checkScenarioFile(path: string, overrides: ScenarioOverrides = {}): ScenarioCheck {
  return checkScenario(readText(path), path, VOCABULARY, overrides);
}

/**
 * Reads a scenario file.
 * @throws InputError at the first fault
 */
export function readScenario(path: string, overrides: ScenarioOverrides = {}): Scenario {
  return scenarioOf(checkScenarioFile(path, overrides));
}

/**
 * A scenario stated by a program, in the shape and with the units of a scenario file:
 *
 * ```ts
 * scenario({
 *   name: "burst",
 *   duration: "10s",
 *   workloads: { burst: { kind: "objects", rate: "1000/s", size: "200B", lifetime: { exponential: { mean: "10ms" } } } },
 * });
 * ```
 *
 * @throws InputError at the first fault
 */
export function scenario(input: ScenarioInput, overrides: ScenarioOverrides = {}): Scenario {
  return scenarioOf(checkScenarioInput(input, "scenario", VOCABULARY, overrides));
}

/**
 * A scenario file as plain data, with all parameters filled in.
 * @throws InputError at its first fault
 */
export function scenarioTree(path: string, overrides: ScenarioOverrides = {}): ScenarioInput {
  return scenarioTreeOf(readText(path), path, overrides) as ScenarioInput;
}

function readText(path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new InputError(path, 0, 0, readFault(error as NodeJS.ErrnoException));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(path, 0, 0, "the file is not text in UTF-8, expected a scenario");
  }
}

function readFault({ code, message }: NodeJS.ErrnoException): string {
  if (code === "ENOENT") return "there is no such file, expected a scenario";
  if (code === "EISDIR") return "it is a folder, expected a scenario file";
  if (code === "EACCES") return "the file may not be read";
  return `the file cannot be read: ${message}`;
}
