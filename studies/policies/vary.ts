/**
 * Variations of a policy: some fields set to other values.
 *
 *     go1.22 { goal.retainExtraPercent = 20, scavenger.quantumBytes = 131072 }
 */

import { nearMiss } from "../../scenarios/values/near-miss.js";
import {
  type FieldValue,
  fieldRange,
  POLICY_FIELDS,
  type PolicyField,
  policyField,
} from "../../sim/policies/fields.js";
import { type AxesChange, changeAxes } from "../../sim/policies/go.js";
import type { Policy } from "../../sim/policies/policy.js";

/** A field that does not exist, or a value that it cannot have. */
export class PolicyFieldError extends Error {
  override readonly name = "PolicyFieldError";
}

/**
 * A policy with some fields changed.
 * @param name the name of the variation
 * @param values by path; texts are read as what the field holds
 * @throws PolicyFieldError when there is no such field, or the value does not fit it
 */
export function varyPolicy(policy: Policy, name: string, values: ReadonlyMap<string, FieldValue>): Policy {
  const change: Record<string, Record<string, FieldValue>> = {};
  for (const [path, value] of values) {
    const field = policyField(path);
    if (field === undefined) throw new PolicyFieldError(unknownField(path));
    const [group, key] = path.split(".") as [string, string];
    change[group] ??= {};
    change[group][key] = readValue(field, value);
  }
  return { ...policy, ...changeAxes(policy, change as AxesChange), name };
}

function unknownField(path: string): string {
  const known = POLICY_FIELDS.map((field) => field.path);
  const near = nearMiss(path, known);
  const hint = near === undefined ? '"mheapsim show go1.22" prints all of them' : `did you mean "${near}"?`;
  return `a policy has no field "${path}": ${hint}`;
}

function readValue(field: PolicyField, value: FieldValue): FieldValue {
  const { values, path } = field;
  const refuse = (): never => {
    throw new PolicyFieldError(`${path} is ${JSON.stringify(value)}: expected ${fieldRange(field)}`);
  };
  switch (values.kind) {
    case "choice":
      return values.choices.find((one) => String(one) === String(value)) ?? refuse();
    case "switch":
      return String(value) === "true" ? true : String(value) === "false" ? false : refuse();
    case "number": {
      const number =
        typeof value === "number" ? value : /^[-+.\de]+$/i.test(String(value)) ? Number(value) : Number.NaN;
      const fits =
        number >= values.min && number <= values.max && (!values.whole || Number.isInteger(number));
      return fits ? number : refuse();
    }
  }
}
