/** The scenarios of the manual are valid, and its tables name every key and kind. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkScenario } from "../../../scenarios/load/load.js";
import { jsonSchema } from "../../../scenarios/schema/json-schema.js";
import { VOCABULARY } from "../../../studies/scenarios.js";

const MANUAL = readFileSync(join(import.meta.dirname, "../../../docs/scenarios.md"), "utf8");

describe("docs/scenarios.md", () => {
  const examples = [...MANUAL.matchAll(/<!-- scenario -->\n```yaml\n([\s\S]*?)```/g)].map(
    (match) => match[1]!,
  );

  it("has valid examples", () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const text of examples) expect(checkScenario(text, "manual", VOCABULARY).errors).toEqual([]);
  });

  it("names every key of the schema", () => {
    const names = [...keysOf(jsonSchema())];
    expect(names.length).toBeGreaterThan(100);
    for (const name of names) expect(MANUAL, name).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

/** All keys that objects of the schema have, and the kinds of workloads and actions. */
function keysOf(schema: unknown, found = new Set<string>()): Set<string> {
  if (typeof schema !== "object" || schema === null) return found;
  const { properties, const: kind } = schema as { properties?: object; const?: unknown };
  for (const key of Object.keys(properties ?? {})) found.add(key);
  if (typeof kind === "string") found.add(kind);
  for (const below of Object.values(schema)) keysOf(below, found);
  return found;
}
