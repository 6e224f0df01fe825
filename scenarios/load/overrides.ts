/**
 * `--set path=value`: changes the file's content before anything is made of it.
 *
 * The path is that of messages: keys and list positions joined by dots, `workloads.cache.size` or `expect.0.atMost`. The
 * value is YAML, so that `--set 'gc={gogc: off}'` sets a whole section. Maps on the way are made when they are missing; a
 * misspelt key is then found as an unknown one, at its flag.
 */

import { isMap } from "../schema/tagged.js";
import { describe } from "../values/describe.js";
import { nearMiss } from "../values/near-miss.js";
import type { Problems } from "./places.js";
import { readYaml } from "./yaml-source.js";

/** A flag `name=value`, split. */
export interface Assignment {
  /** As given, for messages: `--set gc.gogc=50`. */
  readonly flag: string;
  readonly name: string;
  readonly value: unknown;
}

/** Splits `name=value` and reads the value; a fault is reported at the flag. */
export function readAssignment(option: string, given: string, problems: Problems): Assignment | undefined {
  const flag = `${option} ${given}`;
  const equals = given.indexOf("=");
  if (equals <= 0) {
    problems.reportFlag(flag, `expected ${option === "--param" ? "name" : "path"}=value`);
    return undefined;
  }
  const text = given.slice(equals + 1);
  const name = given.slice(0, equals).trim();
  if (text.trim() === "") {
    problems.reportFlag(flag, `the value is missing, expected ${name}=value`);
    return undefined;
  }
  const value = readYaml(text, flag);
  if (value.problems.any) {
    const fault = value.problems.errors[0]!.problem;
    problems.reportFlag(flag, `the value cannot be read: ${fault}`);
    return undefined;
  }
  return { flag, name, value: value.tree };
}

/** Applies `--set` flags in their order to a tree, which is changed. */
export function applySets(tree: Record<string, unknown>, sets: readonly string[], problems: Problems): void {
  for (const given of sets) {
    const assignment = readAssignment("--set", given, problems);
    if (assignment !== undefined) applySet(tree, assignment, problems);
  }
}

function applySet(
  root: Record<string, unknown>,
  { flag, name, value }: Assignment,
  problems: Problems,
): void {
  const keys = name.split(".");
  if (keys.some((key) => key === "" || key === "__proto__")) {
    problems.reportFlag(flag, `"${name}" is not a path, expected keys joined by dots such as gc.gogc`);
    return;
  }
  let at: unknown = root;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    const path = keys.slice(0, i).join(".") || "the file";
    const last = i === keys.length - 1;
    if (Array.isArray(at)) {
      const index = /^\d{1,9}$/.test(key) ? Number(key) : -1;
      // One past the end adds an entry.
      if (index < 0 || index > at.length || (index === at.length && !last)) {
        problems.reportFlag(
          flag,
          `${path} is a list of ${at.length}, expected ${at.length === 0 ? "0" : `0 to ${last ? at.length : at.length - 1}`} instead of ${describe(key)}`,
        );
        return;
      }
      if (last) at[index] = value;
      else at = at[index];
    } else if (isMap(at)) {
      if (!last && at[key] === undefined) {
        const near = nearMiss(key, Object.keys(at));
        if (near !== undefined) {
          problems.reportFlag(flag, `${path} has no ${describe(key)}, did you mean ${describe(near)}?`);
          return;
        }
        at[key] = Object.create(null);
      }
      if (last) at[key] = value;
      else at = at[key];
    } else {
      problems.reportFlag(flag, `${path} is ${describe(at)}, which has no ${describe(key)}`);
      return;
    }
  }
  problems.places.setFlag(keys, flag);
}
