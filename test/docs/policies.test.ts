/** docs/policies.md: its tables are the policies', and its example is a policy that works. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../scenarios/input-error.js";
import { scenarioPath } from "../../scenarios/library.js";
import { platform } from "../../sim/address/platforms.js";
import { Heap } from "../../sim/heap/heap.js";
import { PolicyError } from "../../sim/heap/own-parts.js";
import { POLICIES } from "../../sim/policies/registry.js";
import { policyTables, withTables } from "../../studies/policies/tables.js";
import { PolicySpecError, resolvePolicy } from "../../studies/policies.js";
import { ScenarioRun } from "../../studies/scenario-run.js";
import { readScenario } from "../../studies/scenarios.js";
import { checkHeap } from "../checkers/state-checkers.js";
import { watch } from "../swarm/watch.js";

const ROOT = resolve(import.meta.dirname, "../..");
const text = readFileSync(join(ROOT, "docs/policies.md"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "mheapsim-policies-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a module into the folder. @returns its path */
function written(name: string, code: string): string {
  const path = join(folder, name);
  writeFileSync(path, code);
  return path;
}

const EXAMPLE = /<!-- file: worst-fit\.ts -->\n```ts\n([\s\S]*?)```/.exec(text)![1]!;

describe("tables", () => {
  it("are those of the policies (npx tsx .ci/policy-tables.ts makes them anew)", () => {
    expect(withTables(text, policyTables())).toBe(text);
    for (const { name } of POLICIES) expect(text).toContain(`| \`${name}\` |`);
  });
});

describe("the example", () => {
  const path = written("worst-fit.ts", EXAMPLE);

  it("is type-correct against the library's declarations", () => {
    const config = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        noEmit: true,
        rootDir: "/",
        types: [],
        paths: { mheapsim: [join(ROOT, "dist/index.d.ts")] },
      },
      files: [path],
      include: [],
    };
    written("package.json", '{ "type": "module" }');
    written("tsconfig.json", JSON.stringify(config));
    execFileSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", join(folder, "tsconfig.json")]);
  });

  it("takes the longest run, the lowest of these", () => {
    const policy = resolvePolicy(path);
    expect(policy.name).toBe("worst-fit");
    const heap = new Heap(platform("linux/amd64"), { policy });
    const pages = [4, 1, 9, 1, 9, 1].map((npages) => heap.allocSpan(-1, npages, 0));
    // All that is left of the chunk, so that the holes are the longest runs.
    heap.allocSpan(-1, 512 - 25, 0);
    for (const i of [0, 2, 4]) heap.freeSpan(pages[i]!);
    expect(heap.allocSpan(-1, 2, 0)).toBe(pages[2]);
    expect(heap.allocSpan(-1, 2, 0)).toBe(pages[4]);
    expect(heap.allocSpan(-1, 2, 0)).toBe(pages[2]! + 2);
    checkHeap(heap);
  });

  it("runs a scenario with all checkers on, and can be varied", () => {
    const scenario = readScenario(scenarioPath("steady"), { params: ["scale=0.1"], sets: [] });
    const policy = resolvePolicy(`${path}{goal.retainExtraPercent=30}`);
    expect(policy.name).toBe("worst-fit{goal.retainExtraPercent=30}");
    const run = new ScenarioRun({ ...scenario, durationNs: 5e9 }, { policy });
    const watched = watch(run, 200, 1e9);
    run.run();
    expect(run.end).toBe("completed");
    expect(watched.checks).toBeGreaterThan(5);
    // Its choices are its own: first fit gives other addresses.
    const first = new ScenarioRun(
      { ...scenario, durationNs: 5e9 },
      { policy: resolvePolicy("go1.22{goal.retainExtraPercent=30}") },
    );
    first.run();
    expect(run.fingerprint.hex()).not.toBe(first.fingerprint.hex());
  });
});

describe("modules that are none get a sentence", () => {
  const cases: readonly [string, string, RegExp][] = [
    ["no-export.ts", "export const x = 1;", /has no default export: expected export default/],
    ["syntax.ts", "export default {", /cannot be loaded: .*syntax\.ts:1:16: ERROR/],
    ["throws.ts", 'throw new Error("at the start");', /cannot be loaded: at the start/],
    [
      "no-name.ts",
      'export default { extends: "go1.22", fit: () => 1 };',
      /name is undefined: expected letters/,
    ],
    [
      "no-base.ts",
      'export default { name: "a", fit: () => 1 };',
      /extends is missing: expected the name of a policy/,
    ],
    [
      "bad-base.ts",
      'export default { name: "a", extends: "go1.2x", fit: () => 1 };',
      /extends: no policy is called/,
    ],
    ["file-base.ts", 'export default { name: "a", extends: "b.ts", fit: () => 1 };', /cannot extend a file/],
    [
      "nothing.ts",
      'export default { name: "a", extends: "go1.22" };',
      /brings neither a fit nor a scavenger/,
    ],
    [
      "typo.ts",
      'export default { name: "a", extends: "go1.22", fti: 1 };',
      /exports no "fti": did you mean "fit"/,
    ],
    ["number.ts", 'export default { name: "a", extends: "go1.22", fit: 1 };', /fit is no function/],
    [
      "same.ts",
      'export default { name: "go1.22", extends: "go1.22", fit: () => 1 };',
      /expected another one/,
    ],
    [
      "field.ts",
      'export default { name: "a", extends: "go1.22", fields: { "goal.retain": 2 }, fit: () => 1 };',
      /a policy has no field "goal\.retain"/,
    ],
  ];
  it.each(cases)("%s", (name, code, sentence) => {
    const path = written(name, code);
    expect(() => resolvePolicy(path)).toThrow(InputError);
    expect(() => resolvePolicy(path)).toThrow(sentence);
  });

  it("a file that is not there", () => {
    expect(() => resolvePolicy(join(folder, "nowhere.ts"))).toThrow(/no such policy module/);
  });

  it("a fit without all methods, when a heap asks for it", () => {
    const path = written(
      "half.ts",
      'export default { name: "half", extends: "go1.22", fit: () => ({ alloc() {} }) };',
    );
    const make = (): Heap => new Heap(platform("linux/amd64"), { policy: resolvePolicy(path) });
    expect(make).toThrow(PolicyError);
    expect(make).toThrow(/half: the fit of its module lacks free, refill, .*: expected all methods of Fit/);
  });
});

describe("choices that do not go together get a sentence", () => {
  it.each([
    ["go1.22{scavenger.index=spans}", /needs a fit that keeps spans .*, not "radix"/],
    ["go1.12.0{lock.madviseHeld=false}", /needs lock\.madviseHeld to be true/],
    ["hugepage-filler{growth.unit=phys-page}", /growth\.unit to be "chunk" or "arena"/],
    ["go1.13.0{scavenger.background=oracle}", /places spans alike whatever is released, not "address-treap"/],
  ])("%s", (spec, sentence) => {
    expect(() => resolvePolicy(spec)).toThrow(PolicySpecError);
    expect(() => resolvePolicy(spec)).toThrow(sentence);
  });
});
