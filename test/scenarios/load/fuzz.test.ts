// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how a scenario file writes it
/**
 * Whatever is done to a valid scenario, what comes out is a scenario or sentences about what is wrong: never another
 * error, never an endless wait. MHEAPSIM_FUZZ=100000 does so much longer.
 */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { InputError } from "../../../scenarios/input-error.js";
import { checkScenario, checkScenarioInput, type ScenarioCheck } from "../../../scenarios/load/load.js";
import { VOCABULARY } from "../../../studies/scenarios.js";
import { INVALID } from "./invalid.js";
import { FULL, PHASES, SMALL } from "./valid.js";

const RUNS = Number(process.env["MHEAPSIM_FUZZ"] ?? 600);
const TEXTS = [FULL, PHASES, SMALL, ...INVALID.map(({ text }) => text)];

/** Pieces that mean something somewhere. */
const PIECES = [
  "",
  " ",
  "\n",
  "  ",
  "\t",
  ":",
  ": ",
  "- ",
  "{",
  "}",
  "[",
  "]",
  ",",
  "#",
  "'",
  '"',
  "|",
  ">",
  "&a ",
  "*a",
  "!t ",
  "<<: ",
  "~",
  "null",
  "true",
  "off",
  "forever",
  "end",
  ".inf",
  ".nan",
  "-1",
  "0",
  "1e309",
  "1e-400",
  "9007199254740993",
  "0x10",
  "10ms",
  "64KiB",
  "1000/s",
  "1MiB/s",
  "25%",
  "150%",
  "$scale",
  "$x",
  "${",
  "${1/0}",
  "${scale * 1GiB}",
  "$$",
  "\u0000",
  "\ud800",
  "é",
  "__proto__",
  "constructor",
  "toString",
  "kind: spans",
  "workloads:",
  "params:",
  "---\n",
  "%YAML 1.1\n",
];

function checkOutcome({ scenario, errors }: ScenarioCheck, file: string): void {
  if (scenario !== null) {
    expect(errors).toEqual([]);
    checkNumbers(scenario);
    return;
  }
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) {
    expect(error).toBeInstanceOf(InputError);
    expect(error.file === file || error.file.startsWith("--")).toBe(true);
    expect(error.message).not.toMatch(/\n|\[object |undefined is/);
  }
}

/** A scenario holds plain data, without NaN and without leftovers of the file. */
function checkNumbers(value: unknown): void {
  if (typeof value === "number") expect(value).not.toBeNaN();
  else expect(["string", "boolean", "object"]).toContain(typeof value);
  if (typeof value === "object" && value !== null)
    for (const below of Object.values(value)) checkNumbers(below);
}

/** A text with some edits: pieces inserted, cut out, or moved from elsewhere. */
const edited = fc
  .tuple(
    fc.constantFrom(...TEXTS),
    fc.array(
      fc.tuple(fc.nat(), fc.nat(20), fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 }))),
      {
        minLength: 1,
        maxLength: 6,
      },
    ),
  )
  .map(([text, edits]) =>
    edits.reduce((now, [at, cut, piece]) => {
      const start = at % (now.length + 1);
      return now.slice(0, start) + piece + now.slice(start + (cut > 10 ? cut - 10 : 0));
    }, text),
  );

/** Any plain data. */
const anything = fc.oneof(
  fc.constantFrom(...PIECES, 0, -1, 1.5, true, null, Number.NaN, Number.POSITIVE_INFINITY),
  fc.jsonValue({ maxDepth: 3 }),
);

describe("whatever is written", () => {
  it("edited texts give a scenario or sentences", () => {
    fc.assert(
      fc.property(edited, (text) => checkOutcome(checkScenario(text, "f", VOCABULARY), "f")),
      { numRuns: RUNS },
    );
  });

  it("any value anywhere gives a scenario or sentences", () => {
    const places = [FULL, PHASES].map((text) => [text, pathsOf(parse(text), [])] as const);
    const change = fc
      .constantFrom(...places)
      .chain(([text, paths]) =>
        fc.tuple(
          fc.constant(text),
          fc.array(fc.tuple(fc.constantFrom(...paths), anything), { minLength: 1, maxLength: 3 }),
        ),
      );
    fc.assert(
      fc.property(change, ([text, changes]) => {
        const tree = parse(text);
        for (const [path, value] of changes) put(tree, path, value);
        checkOutcome(checkScenarioInput(tree, "f", VOCABULARY), "f");
      }),
      { numRuns: RUNS },
    );
  });

  it("any flags give a scenario or sentences", () => {
    const paths = pathsOf(parse(FULL), []).map((path) => path.join("."));
    const set = fc
      .tuple(
        fc.oneof(fc.constantFrom(...paths), fc.string()),
        fc.oneof(fc.constantFrom(...PIECES), fc.string()),
      )
      .map(([path, value]) => `${path}=${value}`);
    const param = fc
      .tuple(
        fc.constantFrom("scale", "heap", "page", "length", "kind", "awake", "x"),
        fc.oneof(fc.constantFrom(...PIECES), fc.string()),
      )
      .map(([name, value]) => `${name}=${value}`);
    fc.assert(
      fc.property(fc.array(set, { maxLength: 3 }), fc.array(param, { maxLength: 3 }), (sets, params) => {
        const outcome = checkScenario(FULL, "f", VOCABULARY, { sets, params });
        if (outcome.scenario !== null) checkOutcome(outcome, "f");
        else for (const error of outcome.errors) expect(error).toBeInstanceOf(InputError);
      }),
      { numRuns: RUNS },
    );
  });

  it("bombs do no harm", () => {
    const aliases = ["a: &a [x]", ...Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*a, *a, *a]`)].join(
      "\n",
    );
    const squares = Array.from(
      { length: 60 },
      (_, i) => `  x${i}: {about: x, default: "\${x${i + 1} * x${i + 1}}"}`,
    );
    const bombs = [
      aliases,
      "[".repeat(100_000),
      "{a: ".repeat(100_000),
      "- ".repeat(100_000),
      `name: ${"a: ".repeat(10_000)}`,
      Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      `name: a\nduration: "\${${"(".repeat(5000)}1s"`,
      `name: a\nduration: "\${${"-".repeat(1500)}1s}"`,
      `name: a\nduration: "\${${"1 + ".repeat(480)}1s}"`,
      `name: a\nduration: 1s\nparams:\n${squares.join("\n")}\n  x60: {about: x, default: 1.0001}\n`,
      `name: a\nduration: "\${x0 * 1s}"\nparams:\n${Array.from({ length: 3000 }, (_, i) => `  x${i}: {about: x, default: $x${i + 1}}`).join("\n")}\n  x3000: {about: x, default: 1}\n`,
      "x".repeat(5_000_000),
    ];
    for (const text of bombs) {
      const started = performance.now();
      checkOutcome(checkScenario(text, "f", VOCABULARY), "f");
      expect(performance.now() - started).toBeLessThan(20_000);
    }
  });
});

function pathsOf(tree: unknown, path: readonly string[]): string[][] {
  const own = path.length === 0 ? [] : [[...path]];
  if (typeof tree !== "object" || tree === null) return own;
  return [...own, ...Object.entries(tree).flatMap(([key, below]) => pathsOf(below, [...path, key]))];
}

function put(tree: unknown, path: readonly string[], value: unknown): void {
  let at = tree as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    const next = at[key];
    if (typeof next !== "object" || next === null) return;
    at = next as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
}
