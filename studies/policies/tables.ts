/**
 * Tables of policies in the manual, made of the policies themselves, so that neither says what the other does not.
 *
 *     <!-- table: presets -->
 *     | …
 *     <!-- end -->
 */

import { CONTRASTS } from "../../sim/policies/contrasts.js";
import { fieldRange, fieldValue, POLICY_FIELDS } from "../../sim/policies/fields.js";
import { GO_PRESETS } from "../../sim/policies/go.js";
import type { Policy } from "../../sim/policies/policy.js";

/** The tables by the name that stands in the document. */
export function policyTables(): ReadonlyMap<string, string> {
  return new Map([
    ["presets", presetTable()],
    ["contrasts", contrastTable()],
    ["fields", fieldTable()],
  ]);
}

/** A document with its tables made anew. @throws RangeError when it names one that there is not */
export function withTables(document: string, tables: ReadonlyMap<string, string>): string {
  return document.replace(
    /(<!-- table: (\w+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const table = tables.get(name);
      if (table === undefined) throw new RangeError(`there is no table "${name}"`);
      return `${begin}${table}\n${end}`;
    },
  );
}

function presetTable(): string {
  const rows = GO_PRESETS.map((policy, i) => {
    const before = GO_PRESETS[i - 1];
    const changed = before === undefined ? "" : changes(before, policy);
    return `| \`${policy.name}\` | ${policy.evidence} | ${policy.what} | ${policy.change} | ${changed} |`;
  });
  return [
    "| policy | evidence | what it does | what it changes, and why | fields |",
    "|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function contrastTable(): string {
  const base = GO_PRESETS.find((policy) => policy.name === "go1.22")!;
  const rows = CONTRASTS.map(
    (policy) => `| \`${policy.name}\` | ${policy.what} | ${policy.change} | ${changes(base, policy)} |`,
  );
  return [
    "| policy | what it does | what that is for | fields beside those of go1.22 |",
    "|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function fieldTable(): string {
  const rows = POLICY_FIELDS.map(
    (field) => `| \`${field.path}\` | ${fieldRange(field).replaceAll("|", "\\|")} | ${field.meaning} |`,
  );
  return ["| field | values | meaning |", "|---|---|---|", ...rows].join("\n");
}

/** The fields in which a policy differs from another, with their values. */
function changes(from: Policy, to: Policy): string {
  return POLICY_FIELDS.filter(({ path }) => fieldValue(from, path) !== fieldValue(to, path))
    .map(({ path }) => `\`${path}=${fieldValue(to, path)}\``)
    .join(" ");
}
