/** `mheapsim validate` and `mheapsim schema`, as a user runs them. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonSchema } from "../../scenarios/schema/json-schema.js";
import { FULL, PHASES, SMALL } from "../scenarios/load/valid.js";
import { mheapsim, TestFolder } from "../setup/files.js";

const folder = new TestFolder();
const BAD = "name: bad\nduration: 10\ngc: {gogg: 1}\n";

function filesIn(files: Readonly<Record<string, string | Uint8Array>>): string {
  const cwd = folder.fresh();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  return cwd;
}

describe("validate", () => {
  test("says ok for each valid file", async () => {
    const cwd = filesIn({ "a.yaml": FULL, "b.yaml": PHASES, "c.yaml": SMALL });
    const result = await mheapsim(["validate", "a.yaml", "b.yaml", "c.yaml"], { cwd });
    expect(result).toEqual({ code: 0, stdout: "ok a.yaml\nok b.yaml\nok c.yaml\n", stderr: "" });
  });

  test("shows everything that is wrong, goes on with the next file, and exits with 2", async () => {
    const cwd = filesIn({ "bad.yaml": BAD, "good.yaml": SMALL });
    expect(await mheapsim(["validate", "bad.yaml", "good.yaml"], { cwd })).toEqual({
      code: 2,
      stdout: "ok good.yaml\n",
      stderr:
        "bad.yaml:2:11: duration: 10 has no unit, expected a duration such as 10ms\n" +
        'bad.yaml:3:6: gc.gogg: the key "gogg" is not known, did you mean "gogc"?\n',
    });
  });

  test("sees parameters and settings as a run would", async () => {
    const cwd = filesIn({ "a.yaml": FULL });
    const good = ["validate", "a.yaml", "--param", "scale=2", "--param", "page=64KiB", "--set", "gc.gogc=50"];
    expect(await mheapsim(good, { cwd })).toEqual({ code: 0, stdout: "ok a.yaml\n", stderr: "" });
    const bad = ["validate", "--param", "scale=0", "--set=gc.gogc=x", "a.yaml"];
    expect(await mheapsim(bad, { cwd })).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "--param scale=0: 0 is below the smallest value of scale, expected 0.1 or more\n" +
        '--set gc.gogc=x: gc.gogc: "x" is not a whole number, expected a whole number such as 100, or off\n',
    });
  });

  test("says why a file cannot be read", async () => {
    const cwd = filesIn({ "binary.yaml": Uint8Array.of(0xff, 0xfe, 0x00), "empty.yaml": "" });
    mkdirSync(join(cwd, "folder"));
    expect(await mheapsim(["validate", "nope.yaml", "folder", "binary.yaml", "empty.yaml"], { cwd })).toEqual(
      {
        code: 2,
        stdout: "",
        stderr:
          "nope.yaml: there is no such file, expected a scenario\n" +
          "folder: it is a folder, expected a scenario file\n" +
          "binary.yaml: the file is not text in UTF-8, expected a scenario\n" +
          "empty.yaml:1:1: the file is empty, expected a scenario with a name\n",
      },
    );
  });

  test.each([
    [["validate"], "Not enough non-option arguments: got 0, need at least 1; mheapsim --help shows how"],
    [["validate", ""], "the name of a file is empty; mheapsim --help shows how"],
    [["validate", "a.yaml", "--param"], "Not enough arguments following: param; mheapsim --help shows how"],
    [["validate", "a.yaml", "--nope"], "Unknown argument: nope; mheapsim --help shows how"],
  ])("bad use: %j", async (args, sentence) => {
    expect(await mheapsim(args, { cwd: folder.fresh() })).toEqual({
      code: 2,
      stdout: "",
      stderr: `mheapsim: ${sentence}\n`,
    });
  });
});

describe("schema", () => {
  test("prints the JSON Schema", async () => {
    const { code, stdout, stderr } = await mheapsim(["schema"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout)).toEqual(jsonSchema());
  });
});
