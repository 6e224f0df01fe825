/**
 * Policies as users name them:
 *
 *     go1.22                                  a preset, or any Go release
 *     go1.22{goal.retainExtraPercent=20}      with some fields changed
 *     mine.yaml                               a file that extends one
 *     ./mine.ts                               a module with a fit or a scavenger of its own (policies/module.ts)
 *
 * Names are unique among policies that are used together, since they name rows, files and lines of pictures.
 */

import { InputError } from "../scenarios/input-error.js";
import { nearMiss } from "../scenarios/values/near-miss.js";
import { incompatibility } from "../sim/policies/compatible.js";
import type { FieldValue } from "../sim/policies/fields.js";
import type { Policy } from "../sim/policies/policy.js";
import { POLICIES, PolicyNameError, policyNamed } from "../sim/policies/registry.js";
import { readPolicyFile } from "./policies/file.js";
import { isModulePath, readPolicyModule } from "./policies/module.js";
import { varyPolicy } from "./policies/vary.js";

/** What a user wrote for a policy cannot be read; the message says what is wrong and what would be right. */
export class PolicySpecError extends Error {
  override readonly name = "PolicySpecError";
}

/**
 * Reads one policy.
 * @param spec see above
 * @throws PolicySpecError when there is no such policy, a field or value does not exist, or choices do not go together;
 *   InputError for a file
 */
export function resolvePolicy(spec: string): Policy {
  const policy = readPolicy(spec.trim());
  const fault = incompatibility(policy);
  if (fault !== undefined) throw new PolicySpecError(`policy "${spec}": ${fault}`);
  return policy;
}

function readPolicy(spec: string): Policy {
  const open = spec.indexOf("{");
  if (open < 0) return basePolicy(spec);
  if (!spec.endsWith("}")) throw new PolicySpecError(`policy "${spec}": the { is never closed`);
  const base = basePolicy(spec.slice(0, open).trim());
  const values = assignments(spec, spec.slice(open + 1, -1));
  const name = `${base.name}{${[...values].map(([path, value]) => `${path}=${value}`).join(",")}}`;
  try {
    return varyPolicy(base, name, values);
  } catch (error) {
    throw new PolicySpecError(`policy "${spec}": ${(error as Error).message}`);
  }
}

/**
 * Reads policies that are used together.
 * @throws PolicySpecError as resolvePolicy does, and when two have the same name
 */
export function resolvePolicies(specs: readonly string[]): Policy[] {
  const policies = specs.map(resolvePolicy);
  policies.forEach((policy, i) => {
    const before = policies.findIndex((other) => other.name === policy.name);
    if (before < i) {
      throw new PolicySpecError(
        `"${specs[before]}" and "${specs[i]}" are the same policy, ${policy.name}: name each once`,
      );
    }
  });
  return policies;
}

/**
 * Splits a list of policies at its commas, but for those in braces.
 * @param list go1.18,go1.22{a=1,b=2}
 */
export function splitPolicies(list: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const letter of list) {
    if (letter === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += letter;
    if (letter === "{") depth++;
    else if (letter === "}") depth--;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== "");
}

/** What is wrong with what a user wrote for a policy, as a sentence; undefined when nothing is. */
export function policyFault(spec: string): string | undefined {
  try {
    resolvePolicy(spec);
    return undefined;
  } catch (error) {
    return faultOf(error);
  }
}

/** The sentence of an error about a policy; others are thrown on. */
export function faultOf(error: unknown): string {
  if (error instanceof PolicySpecError || error instanceof InputError) return error.message;
  throw error;
}

function basePolicy(name: string): Policy {
  if (/\.ya?ml$/.test(name)) return readPolicyFile(name, resolvePolicy);
  if (isModulePath(name)) return readPolicyModule(name, resolvePolicy);
  try {
    return policyNamed(name);
  } catch (error) {
    if (!(error instanceof PolicyNameError)) throw error;
    if (error.isRelease) throw new PolicySpecError(error.message);
    const near = nearMiss(
      name,
      POLICIES.map((policy) => policy.name),
    );
    throw new PolicySpecError(
      near === undefined ? error.message : `no policy is called "${name}", did you mean "${near}"?`,
    );
  }
}

function assignments(spec: string, text: string): Map<string, FieldValue> {
  const values = new Map<string, FieldValue>();
  for (const part of text.split(",").map((one) => one.trim())) {
    const match = /^([\w.]+)\s*=\s*(\S+)$/.exec(part);
    if (match === null) {
      throw new PolicySpecError(
        `policy "${spec}": "${part}" is no change of a field: expected group.field=value, as in goal.retainExtraPercent=20`,
      );
    }
    if (values.has(match[1]!)) throw new PolicySpecError(`policy "${spec}": ${match[1]} is set twice`);
    values.set(match[1]!, match[2]!);
  }
  return values;
}
