/** docs/engine.md lists what the code has: the tables of kinds, the priorities, the limits. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CURVES } from "../../engine/curves.js";
import { DISTRIBUTIONS } from "../../engine/distributions.js";
import { DEFAULT_LIMITS, Priority } from "../../engine/simulation.js";
import type { Parameter } from "../../engine/specs.js";

const MANUAL = readFileSync(new URL("../../docs/engine.md", import.meta.url), "utf8");

/** The rows of the table under a heading, without its head. */
function rowsUnder(heading: string): string[] {
  const section = MANUAL.split(`\n## ${heading}\n`)[1]!.split("\n## ")[0]!;
  return section
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .slice(1);
}

type Row = { readonly meaning: string; readonly parameters: Readonly<Record<string, Parameter>> };

/** A row of the manual as the code would write it. */
function written([kind, { meaning, parameters }]: [string, Row]): string {
  const list = Object.entries(parameters).map(([name, parameter]) => {
    const { type, meaning: what, otherwise } = parameter;
    return otherwise === undefined
      ? `\`${name}\` (${type}): ${what}`
      : `[\`${name}\`] (${type}, otherwise ${otherwise}): ${what}`;
  });
  return `| \`${kind}\` | ${meaning} | ${list.join("; ")} |`;
}

describe("the manual", () => {
  it("lists the distributions", () => {
    expect(rowsUnder("Distributions")).toEqual(Object.entries(DISTRIBUTIONS).map(written));
  });

  it("lists the curves", () => {
    expect(rowsUnder("Curves")).toEqual(Object.entries(CURVES).map(written));
  });

  it("lists the priorities and the limits", () => {
    const rows = rowsUnder("Events").map((row) =>
      row.split(" | ").map((cell) => cell.replace(/^\| | \|$/g, "")),
    );
    const priorities = Object.entries(Priority).map(([name, priority]) => [`${priority}`, name]);
    expect(rows.slice(0, priorities.length).map((row) => row.slice(0, 2))).toEqual(priorities);
    const limits = rows.filter((row) => row[0]!.startsWith("`max")).map(([name, value]) => [name, value]);
    const power = (text: string): number => Number(text.split("^")[0]) ** Number(text.split("^")[1]);
    expect(limits.map(([name, value]) => [name!.replaceAll("`", ""), power(value!)])).toEqual(
      Object.entries(DEFAULT_LIMITS),
    );
  });
});
