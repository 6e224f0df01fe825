/**
 * The tables of docs/policies.md, made of the policies themselves.
 *
 *     npx tsx .ci/policy-tables.ts            writes them into docs/policies.md
 *     npx tsx .ci/policy-tables.ts --check    compares them with what is there; exit code 1 when they differ
 */

import { readFileSync, writeFileSync } from "node:fs";
import { policyTables, withTables } from "../studies/policies/tables.js";

const FILE = "docs/policies.md";
const before = readFileSync(FILE, "utf8");
const after = withTables(before, policyTables());

if (!process.argv.includes("--check")) writeFileSync(FILE, after);
else if (after !== before) {
  console.error(
    `the tables of ${FILE} are not those of the policies: npx tsx .ci/policy-tables.ts makes them`,
  );
  process.exitCode = 1;
}
