/**
 * Hunts find what is there, whatever the number of threads, and lose nothing when they are killed.
 */

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, vi } from "vitest";
import { MAIN, mheapsim } from "../../setup/files.js";

vi.setConfig({ testTimeout: 240_000 });

const folder = mkdtempSync(join(tmpdir(), "mheapsim-hunt-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PAIR = ["--candidate", "go1.18{goal.retainExtraPercent=100}", "--baseline", "go1.18"];
const METRIC = ["--metric", "heap_retained_bytes"];
const hunt = (out: string, ...more: string[]): string[] => [
  "hunt",
  "--operations",
  ...PAIR,
  ...METRIC,
  "--out",
  join(folder, out),
  ...more,
];
const findings = (out: string): string => readFileSync(join(folder, out, "findings.txt"), "utf8");
const evaluated = (out: string): string[] =>
  readFileSync(join(folder, out, "evaluations.jsonl"), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .sort();

describe("a hunt", () => {
  it("finds the same whatever the number of threads, and each finding again from its line", async () => {
    const one = await mheapsim(hunt("one", "--seeds", "1..24", "--workers", "1"));
    const three = await mheapsim(hunt("three", "--seeds", "1..24", "--workers", "3"));
    expect([one.code, three.code]).toEqual([0, 0]);
    expect(findings("three")).toBe(findings("one"));
    expect(evaluated("three")).toEqual(evaluated("one"));
    const [first] = findings("one").split("\n");
    const [, effect, seed, prints] = /^(\S+ %).* --seeds (\d+) {2}# fingerprints (.*)$/.exec(first!)!;
    const again = await mheapsim(hunt("again", "--seeds", seed!));
    expect(again.stdout).toContain(effect);
    expect(findings("again")).toContain(prints);
  });

  it("goes on after it was killed, and after its last line was cut off", async () => {
    await mheapsim(hunt("whole", "--seeds", "1..60"));
    const child = spawn(process.execPath, [MAIN, ...hunt("killed", "--seeds", "1..60")], { stdio: "ignore" });
    const path = join(folder, "killed", "evaluations.jsonl");
    while (!existsSync(path) || evaluated("killed").length < 8)
      await new Promise((done) => setTimeout(done, 20));
    child.kill("SIGKILL");
    await new Promise((done) => child.once("exit", done));
    const kept = evaluated("killed");
    appendFileSync(path, '{"seed":60,"poi');
    const { code } = await mheapsim(hunt("killed", "--seeds", "1..60"));
    expect(code).toBe(0);
    expect(evaluated("killed")).toEqual(expect.arrayContaining(kept.filter((line) => line.endsWith("}"))));
    expect(findings("killed")).toBe(findings("whole"));
  });

  it("refuses the record of another hunt, and what does not exist", async () => {
    await mheapsim(hunt("other", "--seeds", "1..2"));
    const cases: [string[], string][] = [
      [hunt("other", "--seeds", "1..2", "--metric", "find_rate"), "is of another hunt"],
      [hunt("x", "--metric", "external_fragmentatoin"), 'did you mean "mean_external_fragmentation"?'],
      [hunt("x", "--baseline", "go1.81"), "go1.81 is newer than"],
      [[...hunt("x"), "steady"], "hunt needs one of a scenario, --operations or --swarm"],
      [hunt("x", "--evaluations", "0"), "--evaluations is a whole number from 1"],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await mheapsim(args);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
  });

  it("tries parameters, and says when nothing is worse", async () => {
    const args = [
      "hunt",
      "steady",
      ...PAIR,
      "--metric",
      "find_rate",
      "--seeds",
      "1..2",
      "--vary",
      "scale=0.5,1",
    ];
    const { code, stdout } = await mheapsim([...args, "--out", join(folder, "vary")]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^4 evaluations: find_rate/)]);
  });
});

describe("a finding", () => {
  it("shrinks to a few operations that show half of it, and stands when replayed", async () => {
    await mheapsim(hunt("shrink", "--seeds", "1..40"));
    const small = join(folder, "small.repro");
    const shrunk = await mheapsim(["shrink", join(folder, "shrink", "finding-01.repro"), "-o", small]);
    expect(shrunk.code).toBe(0);
    const operations = Number(/^(\d+) operations/.exec(shrunk.stdout)![1]);
    expect(operations).toBeLessThanOrEqual(12);
    expect(await mheapsim(["repro", small])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("as written"),
    });
    const damaged = join(folder, "damaged.repro");
    writeFileSync(damaged, readFileSync(small, "utf8").replace(/^effect: .*/m, "effect: 9"));
    expect(await mheapsim(["repro", damaged])).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("was +900.0 % and is"),
    });
  });

  it("is refused in a sentence when it is damaged, of another version, or names what is not there", async () => {
    const small = readFileSync(join(folder, "small.repro"), "utf8");
    const cases: [string, string][] = [
      [small.replace("repro: 1", "repro: 2"), "this repro is of version 2, expected 1"],
      [small.replace(/^metric: .*/m, "metric: nothing"), 'no metric is called "nothing"'],
      [small.replace(/^baseline: .*/m, "baseline: go1.99"), "go1.99 is newer than"],
      [small.replace("- alloc a", "- alloc a a"), "is no number of pages"],
      [small.slice(0, small.indexOf("effect:")), "effect"],
      ["- not a map", "this is no repro"],
      ["", "the file is empty"],
    ];
    for (const [text, message] of cases) {
      const path = join(folder, "bad.repro");
      writeFileSync(path, text);
      const { code, stderr } = await mheapsim(["repro", path]);
      expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});
