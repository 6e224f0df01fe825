/**
 * Hunts find what is there, whatever the number of threads, and lose nothing when they are killed.
 */

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
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

  it("goes on with other seeds, and tells of those that were asked for", async () => {
    await mheapsim(hunt("more", "--seeds", "1..30"));
    const before = evaluated("more");
    const { code } = await mheapsim(hunt("more", "--seeds", "3,9,25..34"));
    expect(code).toBe(0);
    expect(evaluated("more")).toHaveLength(34);
    expect(evaluated("more")).toEqual(expect.arrayContaining(before));
    await mheapsim(hunt("fresh", "--seeds", "3,9,25..34"));
    expect(findings("more")).toBe(findings("fresh"));
    const files = (out: string): string[] => readdirSync(join(folder, out)).sort();
    expect(files("more")).toEqual(files("fresh"));
  });

  it("begins anew when a policy's file says something else", async () => {
    const policy = join(folder, "mine.yaml");
    const args = ["hunt", "--operations", "--candidate", policy, "--baseline", "go1.18", "--seeds", "1..3"];
    const out = ["--out", join(folder, "file")];
    writeFileSync(policy, "name: mine\nextends: go1.18\ngoal: {retainExtraPercent: 50}\n");
    expect((await mheapsim([...args, ...out])).code).toBe(0);
    expect((await mheapsim([...args, ...out])).code).toBe(0);
    writeFileSync(policy, "name: mine\nextends: go1.18\ngoal: {retainExtraPercent: 60}\n");
    const { code, stderr } = await mheapsim([...args, ...out]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("is of another hunt")]);
  });

  it("keeps what it found when it is interrupted", async () => {
    const args = hunt("stopped", "--seeds", "1..10000");
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const path = join(folder, "stopped", "evaluations.jsonl");
    while (!existsSync(path) || evaluated("stopped").length < 40)
      await new Promise((done) => setTimeout(done, 20));
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    const count = evaluated("stopped").length;
    expect(code).toBe(130);
    expect(said).toContain(`interrupted, ${count} evaluations are kept`);
    // With one budget of evaluations it is the same hunt as one that nobody stopped.
    expect(findings("stopped").trim().split("\n").length).toBeGreaterThanOrEqual(1);
    await mheapsim(hunt("stopped", "--seeds", "1..10000", "--evaluations", String(count + 20)));
    await mheapsim(hunt("unstopped", "--seeds", "1..10000", "--evaluations", String(count + 20)));
    expect(findings("stopped")).toBe(findings("unstopped"));
  });

  it("tries whole programs too, with the recordings that some of them play", async () => {
    const out = ["--out", join(folder, "swarm")];
    const args = ["hunt", "--swarm", "--candidate", "next-fit", "--baseline", "go1.22", "--seeds", "1..40"];
    const { code, stdout } = await mheapsim([...args, ...out]);
    expect(code).toBe(0);
    const played = readdirSync(join(folder, "swarm"))
      .filter((name) => name.endsWith(".repro"))
      .map((name) => readFileSync(join(folder, "swarm", name), "utf8"));
    expect(played).toHaveLength(10);
    expect(stdout).toMatch(/^40 evaluations/);
  });

  it("says how often there is no effect to speak of", async () => {
    const { code, stdout } = await mheapsim([
      ...hunt("none", "--seeds", "1..3"),
      "--metric",
      "lock_wait_per_acquisition_ns",
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain("in none of them is go1.18{goal.retainExtraPercent=100} worse");
    expect(stdout).toContain("in 3 of them it is undefined");
    expect(findings("none")).toBe("");
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
    expect(existsSync(join(folder, "x"))).toBe(false);
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

/** Small budgets, and seeds that are known to find quickly; .ci/run hunts from the first seed on. */
describe("without being told, hunting finds", () => {
  it.each([
    ["walk", "go1.12.4", "go1.12.5", "peak_heap_sys_bytes", "1411..1430", "fit.walk"],
    ["next", "next-fit", "go1.22", "external_fragmentation", "81..90", "fit.kind"],
  ])("%s: %s is worse than %s", async (name, candidate, baseline, metric, seeds, cause) => {
    const out = join(folder, name);
    const found = await mheapsim([
      ...["hunt", "--operations", "--candidate", candidate, "--baseline", baseline],
      ...["--metric", metric, "--seeds", seeds, "--out", out],
    ]);
    expect([found.code, found.stderr]).toEqual([0, ""]);
    const [, whole] = /^([+][\d.]+)/.exec(readFileSync(join(out, "findings.txt"), "utf8"))!;
    const small = join(out, "small.repro");
    const shrunk = await mheapsim(["shrink", join(out, "finding-01.repro"), "-o", small]);
    const [, operations, left] = /^(\d+) operations with ([+][\d.]+)/.exec(shrunk.stdout)!;
    expect(Number(operations)).toBeLessThanOrEqual(40);
    expect(Number(left)).toBeGreaterThanOrEqual(0.5 * Number(whole));
    const replayed = await mheapsim(["repro", small]);
    expect([replayed.code, replayed.stdout]).toEqual([
      0,
      expect.stringContaining("as written\nfingerprints "),
    ]);
    expect(replayed.stdout).not.toContain("other than written");
    const blamed = await mheapsim(["bisect", baseline, candidate, small]);
    expect(blamed.stdout).toMatch(new RegExp(`\nbrought by ${cause}\n$`));
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
