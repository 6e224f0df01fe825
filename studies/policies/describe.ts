/** Policies as rows of text: all fields of one, and what differs between two. */

import { type FieldValue, fieldValue, POLICY_FIELDS, type PolicyField } from "../../sim/policies/fields.js";
import type { Policy } from "../../sim/policies/policy.js";

/** Every field of a policy: path, value, unit, meaning. */
export function fieldRows(policy: Policy): string[][] {
  return POLICY_FIELDS.map((field) => [field.path, valueText(policy, field), field.unit, field.meaning]);
}

/** The fields in which two policies differ: path, value of each, unit, meaning. */
export function differenceRows(a: Policy, b: Policy): string[][] {
  return POLICY_FIELDS.filter(({ path }) => fieldValue(a, path) !== fieldValue(b, path)).map((field) => [
    field.path,
    valueText(a, field),
    valueText(b, field),
    field.unit,
    field.meaning,
  ]);
}

function valueText(policy: Policy, { path }: PolicyField): string {
  const value: FieldValue = fieldValue(policy, path);
  return String(value);
}
