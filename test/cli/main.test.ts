import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { COLUMNS } from "../../results/columns.js";
import { platformNames } from "../../sim/address/platforms.js";
import { POLICIES } from "../../sim/policies/registry.js";
import { listing, mheapsim, ROOT, TestFolder, tracePath } from "../setup/files.js";

const folder = new TestFolder();
const HELLO = tracePath("hello-gmp1");

describe("help", () => {
  test.each([
    "run",
    "conform",
    "list",
    "show",
    "validate",
    "schema",
    "check-determinism",
    "hunt",
    "shrink",
    "repro",
    "check",
    "bisect",
  ])("%s has examples, and each begins with the command", async (command) => {
    const { code, stdout, stderr } = await mheapsim([command, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    const examples = stdout.split("Examples:\n")[1]?.split("\n\n")[0] ?? "";
    // An example that is too long goes on in the next lines.
    const lines = examples.split("\n").filter((line) => line.startsWith("  mheapsim "));
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(new RegExp(`^ {2}mheapsim ${command}\\b`));
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(110);
    expect((await mheapsim([command, "-h"])).stdout).toBe(stdout);
  });

  test("lists the commands", async () => {
    const { code, stdout } = await mheapsim(["--help"]);
    expect(code).toBe(0);
    for (const command of [
      "run [what]",
      "conform <files..>",
      "list [what]",
      "show <scenario>",
      "check-determinism <scenario>",
      "hunt [scenario]",
      "shrink <case>",
      "repro <file>",
      "check [folder]",
      "bisect <good> <bad> <case>",
      "validate <files..>",
      "schema",
    ]) {
      expect(stdout).toContain(`mheapsim ${command}`);
    }
  });

  test("the version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    expect(await mheapsim(["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });
});

describe("bad use", () => {
  test.each([
    [
      [],
      "a command is missing: expected run, compare, sweep, plot, report, view, hunt, shrink, repro, check, bisect, conform, list, show, diff-policy, validate, schema, check-determinism or trace; mheapsim --help shows how",
    ],
    [["walk"], "Unknown argument: walk; mheapsim --help shows how"],
    [["run", "--nope"], "Unknown argument: nope; mheapsim --help shows how"],
    [["run", "a.csv", "b.csv"], "Unknown argument: b.csv; mheapsim --help shows how"],
    [["run", HELLO, "--sample"], "Not enough arguments following: sample; mheapsim --help shows how"],
    [["run", HELLO, "--out"], "Not enough arguments following: out; mheapsim --help shows how"],
    [["run", ""], "the name of a file is empty; mheapsim --help shows how"],
    [["conform"], "Not enough non-option arguments: got 0, need at least 1; mheapsim --help shows how"],
    [["conform", ""], "the name of a file is empty; mheapsim --help shows how"],
    [
      ["list", "prices"],
      'Invalid values: Argument: what, Given: "prices", Choices: "scenarios", "policies", "traces", "geometries", "columns", "metrics"; mheapsim --help shows how',
    ],
    ...["0", "10", "-5ms", "5 parsecs", "0.1ns", "1MS", "99999999h", ""].map((text): [string[], string] => [
      ["run", HELLO, `--sample=${text}`],
      `"${text}" is not a duration: expected a number from 1ns up with ns, us, ms, s, m or h, such as 10ms`,
    ]),
  ])("%j", async (args, sentence) => {
    const cwd = folder.fresh();
    const { code, stdout, stderr } = await mheapsim(args, { cwd });
    expect([code, stdout, stderr]).toEqual([2, "", `mheapsim: ${sentence}\n`]);
    expect(listing(cwd)).toEqual([]);
  });

  test("the last of two equal options counts", async () => {
    const cwd = folder.fresh();
    const args = [
      "run",
      HELLO,
      "--out",
      "one",
      "--out",
      "two",
      "--sample",
      "1s",
      "--sample",
      "1ms",
      "--force",
    ];
    expect((await mheapsim([...args, "--no-force"], { cwd })).code).toBe(0);
    expect(listing(cwd)[0]).toBe("two");
    expect(readFileSync(join(cwd, "two", "manifest.json"), "utf8")).toContain('"sample_ns": 1000000');
    expect((await mheapsim([...args, "--no-force"], { cwd })).code).toBe(2);
    const conform = await mheapsim(["conform", "--geometry", "vax", HELLO, "--geometry", "linux/amd64"]);
    expect(conform.code).toBe(0);
  });
});

describe("list", () => {
  test("shows everything, or one topic", async () => {
    const all = await mheapsim(["list"]);
    expect([all.code, all.stderr]).toEqual([0, ""]);
    const topics = ["scenarios", "policies", "traces", "geometries", "columns", "metrics"];
    let together = "";
    for (const topic of topics) {
      const { code, stdout } = await mheapsim(["list", topic]);
      expect(code).toBe(0);
      expect(stdout.startsWith(`${topic}\n  `)).toBe(true);
      together += `${together === "" ? "" : "\n"}${stdout}`;
    }
    expect(all.stdout).toBe(together);
    for (const { name } of [...COLUMNS, ...POLICIES]) expect(all.stdout).toContain(`  ${name} `);
    for (const name of platformNames()) expect(all.stdout).toContain(`  ${name} `);
    expect(all.stdout).toContain("  compile-gotypes-gmp1  ");
  });
});
