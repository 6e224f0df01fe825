/** What is said of scenarios that are wrong: the place, the fault, what would be right. */

import { describe, expect, it } from "vitest";
import { checkScenario } from "../../../scenarios/load/load.js";
import { VOCABULARY } from "../../../studies/scenarios.js";
import { INVALID } from "./invalid.js";

describe("invalid scenarios", () => {
  it("there are many of them, each with a title of its own", () => {
    expect(INVALID.length).toBeGreaterThanOrEqual(150);
    expect(new Set(INVALID.map(({ title }) => title)).size).toBe(INVALID.length);
  });

  it.each(INVALID.map((one) => [one.title, one] as const))("%s", (_, { text, messages }) => {
    const { scenario, errors } = checkScenario(text, "bad.yaml", VOCABULARY);
    expect(scenario).toBeNull();
    expect(errors.map((error) => error.message)).toEqual(messages.map((message) => `bad.yaml:${message}`));
  });

  it.each(INVALID.map((one) => [one.title, one] as const))(
    "%s: what is said is a sentence at a place",
    (_, { text, messages }) => {
      expect(messages.length).toBeGreaterThan(0);
      const lines = text.split("\n");
      for (const message of messages) {
        const [, line, column, sentence] = /^(\d+):(\d+): (.*)$/.exec(message)!;
        expect(Number(line)).toBeLessThanOrEqual(lines.length);
        expect(Number(column)).toBeLessThanOrEqual((lines[Number(line) - 1] ?? "").length + 1);
        expect(sentence!.length).toBeLessThan(320);
        // What is wrong, and what would be right.
        expect(sentence).toMatch(
          /expected|did you mean|one of|must begin|is not a unit|breaks the radix equation|division by zero|should be|cannot be added|takes one value|is none of|but the parameter's unit/,
        );
        expect(sentence).not.toMatch(/undefined,|\[object|zod|NaN/);
      }
    },
  );
});
