/** What `mheapsim show` prints of a policy. */

import { readFileSync } from "node:fs";
import { textTable } from "../results/text-table.js";
import type { Policy } from "../sim/policies/policy.js";
import { fieldRows } from "../studies/policies/describe.js";
import { isModulePath } from "../studies/policies/module.js";
import { policyFault } from "../studies/policies.js";

/** Whether what somebody wants to see is a policy: by name, or a file that is one by its kind or extends another. */
export function isPolicy(wanted: string): boolean {
  const name = wanted.split("{")[0]!;
  if (isModulePath(name)) return true;
  if (!/\.(ya?ml|json)$/.test(name)) return policyFault(wanted) === undefined;
  try {
    return /^extends:/m.test(readFileSync(name, "utf8"));
  } catch {
    return false;
  }
}

/** A policy with all its fields. @param wanted what it was asked for as */
export function describePolicy(policy: Policy, wanted: string): string {
  const { name, preset, evidence, what, change, module } = policy;
  const origin = name === preset ? evidence : `varies ${preset}`;
  const lines = textTable([["field", "value", "unit", "meaning"], ...fieldRows(policy)], false);
  return [
    `${name} (${origin})`,
    ...(/^go[\d.]+$/.test(wanted) && wanted !== name ? [`${wanted} does what ${name} does`] : []),
    what,
    ...(name === preset ? [change] : []),
    ...(module === undefined ? [] : [`parts of ${module.path}`]),
    "",
    ...lines,
  ].join("\n");
}
