/** The patches fit the sources, the table is theirs, and what tries them tells a mutant that is caught from one that is not. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { apply, type Catcher, type Mutant, parse, readMutants } from "./patch.js";
import { withTable } from "./table.js";
import { tryAll } from "./trials.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const ROOT = resolve(import.meta.dirname, "../..");
const MUTANTS = readMutants();
const AREAS = [
  "sim/address",
  "sim/pages",
  "sim/heap",
  "sim/scavenge",
  "sim/gc",
  "sim/objects",
  "sim/os",
  "engine",
];

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

describe("the mutants", () => {
  test("break rules of all parts of the model", () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(25);
    for (const area of AREAS)
      expect(
        MUTANTS.some(({ file }) => file.startsWith(`${area}/`)),
        area,
      ).toBe(true);
  });

  test.each(MUTANTS)("$name fits the sources, and names files that exist", (mutant) => {
    const source = read(mutant.file);
    expect(mutant.file).toMatch(/^(sim|engine)\//);
    expect(apply(mutant, source)).not.toBe(source);
    for (const path of [mutant.toldIn, ...mutant.caughtBy.map(({ file }) => file)]) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });

  test("are those of the table (npm run mutants -- --table)", () => {
    const document = read("docs/mutants.md");
    expect(document).toBe(withTable(document, MUTANTS));
  });
});

describe("a trial", () => {
  test("finds that a mutant is caught, that one is not, and that a test is not there", async () => {
    const file = "test/engine/fifo-resource.test.ts";
    const caught = MUTANTS.find(({ name }) => name === "engine-fifo-ties")!;
    const as = (name: string, test: string): Mutant => ({
      ...caught,
      name,
      caughtBy: [{ file, test }] as Catcher[],
    });
    const unnoticed = "lets nobody wait who is alone";
    const verdicts = await tryAll(
      ROOT,
      [caught, as("survivor", unnoticed), as("untested", "has no such test")],
      1,
      () => {},
    );
    expect(verdicts.map(({ name, faults }) => [name, ...faults])).toEqual([
      ["(the sources as they are)", `there is no such test: ${file} > has no such test`],
      ["engine-fifo-ties"],
      ["survivor", `survived: ${file} > ${unnoticed}`],
      ["untested", `survived: ${file} > has no such test`],
    ]);
  });

  test("does not take a program that cannot be read for a mutant that is caught", async () => {
    const mutant = MUTANTS.find(({ name }) => name === "engine-fifo-ties")!;
    const broken: Mutant = { ...mutant, hunks: mutant.hunks.map((hunk) => ({ ...hunk, after: "(\n" })) };
    const [, verdict] = await tryAll(ROOT, [broken], 1, () => {});
    expect(verdict!.faults[0]).toMatch(/^the tests could not be run: /);
  });
});

const PATCH = `Rule: One and
  two.
Told in: docs/model.md
Caught by: test/a.test.ts > b > c

--- a/sim/a.ts
+++ b/sim/a.ts
@@ -1,3 +1,3 @@
 one

-two
+$&
`;

describe("a patch", () => {
  test("goes where its lines are, whatever is around them", () => {
    const mutant = parse("a", PATCH);
    expect(mutant).toMatchObject({
      rule: "One and two.",
      toldIn: "docs/model.md",
      caughtBy: [{ file: "test/a.test.ts", test: "b > c" }],
      file: "sim/a.ts",
    });
    expect(apply(mutant, "zero\none\n\ntwo\nthree\n")).toBe("zero\none\n\n$&\nthree\n");
    expect(apply(mutant, "one\n\ntwo\n")).toBe("one\n\n$&\n");
  });

  test.each([
    ["is not there", "one\ntwo\n", "a.patch: what hunk 1 replaces is not there in sim/a.ts, expected once"],
    [
      "is a part of a line",
      "zone\n\ntwo\n",
      "a.patch: what hunk 1 replaces is not there in sim/a.ts, expected once",
    ],
    [
      "is there twice",
      "one\n\ntwo\n".repeat(2),
      "a.patch: what hunk 1 replaces is there 2 times in sim/a.ts, expected once",
    ],
  ])("is refused when what it replaces %s", (_, source, message) => {
    expect(() => apply(parse("a", PATCH), source)).toThrow(message);
  });

  test.each([
    ["no diff", PATCH.replace("--- a/", "--- "), "a.patch: there is no line that begins with --- a/"],
    ["no rule", PATCH.replace("Rule", "Rules"), 'a.patch: expected one line "Rule: …"'],
    ["two rules", `Rule: zero\n${PATCH}`, 'a.patch: expected one line "Rule: …"'],
    [
      "nobody who catches it",
      PATCH.replace("Caught", "Not caught"),
      'a.patch: expected a line "Caught by: file > test"',
    ],
    [
      "a catcher without a test",
      PATCH.replace(" > b > c", ""),
      'a.patch: "Caught by: test/a.test.ts" is not "file > test"',
    ],
    ["two files", PATCH.replace("+++ b/sim/a.ts", "+++ b/sim/b.ts"), "a.patch: the patch is not of one file"],
    ["no change", PATCH.replace("+$&", "+two"), "a.patch: a hunk changes nothing"],
  ])("is refused with %s", (_, text, message) => {
    expect(() => parse("a", text)).toThrow(message);
  });
});
