/** The JSON Schema accepts what the program accepts, and refuses what an editor can see to be wrong. */

import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { jsonSchema } from "../../../scenarios/schema/json-schema.js";
import { FULL, PHASES, SMALL } from "../load/valid.js";

const schema = jsonSchema();
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);

function accepts(text: string): boolean {
  return validator.safeParse(parse(text)).success;
}

/** All objects within the schema. */
function* within(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const below of Object.values(value)) yield* within(below);
}

describe("the JSON Schema", () => {
  it.each([
    ["FULL", FULL],
    ["PHASES", PHASES],
    ["SMALL", SMALL],
  ])("accepts the valid scenario %s", (_, text) => {
    expect(validator.safeParse(parse(text)).error?.issues ?? []).toEqual([]);
  });

  it.each([
    ["an unknown key", SMALL.replace("duration", "durration")],
    ["no name", SMALL.replace("name: small", "")],
    ["an unknown kind", SMALL.replace("kind: spans", "kind: span")],
    ["a key of another kind", SMALL.replace("pages: 1", "size: 8B")],
    ["a duration without unit", SMALL.replace("10s", "10")],
    ["a size for a duration", SMALL.replace("10s", "10MiB")],
    ["a duration for a rate", SMALL.replace("100/s", "100s")],
    ["an unknown distribution", SMALL.replace("exponential", "exponental")],
    ["a part of a distribution that is missing", SMALL.replace("{mean: 10ms}", "{}")],
    ["too few Ps", `${SMALL}machine: {procs: 0}\n`],
    ["an unknown word", `${SMALL}gc: {gogc: none}\n`],
    ["an unknown choice", SMALL.replace("rate:", "arrivals: poison, rate:")],
    ["an unknown action", `${SMALL}actions: [{do: nothing, at: 1s}]\n`],
  ])("refuses %s", (_, text) => {
    expect(accepts(text)).toBe(false);
  });

  it("accepts a parameter wherever a value may stand", () => {
    const values = SMALL.replace("10s", "$a")
      .replace("100/s", "$b")
      .replace("10ms", "$c")
      .replace("pages: 1", "pages: $d");
    expect(accepts(`${values}gc: {gogc: $e}\nscavenger: {background: $f}\n`)).toBe(true);
  });

  it("has references that lead somewhere, and meanings for the keys of the file", () => {
    const definitions = schema["$defs"] as Record<string, unknown>;
    for (const { $ref } of within(schema)) {
      if (typeof $ref === "string") expect(Object.keys(definitions)).toContain($ref.replace("#/$defs/", ""));
    }
    for (const [key, below] of Object.entries(
      schema["properties"] as Record<string, { description?: string }>,
    )) {
      expect(below.description, key).toBeTruthy();
    }
    expect(JSON.stringify(schema)).not.toMatch(/"(quantity|tagged|shorthand)":/);
  });

  it("is the same at each call", () => {
    expect(jsonSchema()).toEqual(schema);
  });
});
