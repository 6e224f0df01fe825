// biome-ignore-all lint/suspicious/noTemplateCurlyInString: this is how a scenario file writes it
/** --param and --set, and parameters. */

import { describe, expect, it } from "vitest";
import { checkScenario, type ScenarioOverrides, scenarioOf } from "../../../scenarios/load/load.js";
import type { Scenario } from "../../../scenarios/scenario.js";
import { VOCABULARY } from "../../../studies/scenarios.js";
import { FULL, PHASES, SMALL } from "./valid.js";

function load(text: string, overrides: ScenarioOverrides = {}): Scenario {
  return scenarioOf(checkScenario(text, "test.yaml", VOCABULARY, overrides));
}

function errors(text: string, overrides: ScenarioOverrides): string[] {
  return checkScenario(text, "test.yaml", VOCABULARY, overrides).errors.map(({ message }) => message);
}

describe("--param", () => {
  it("changes a parameter, and what is computed from it", () => {
    const changed = load(FULL, { params: ["scale=2", "kind=heap", "awake=false", "page=16384B"] });
    expect(changed.params.map(({ name, value, default: own }) => [name, value, own])).toEqual([
      ["scale", 2, 1],
      ["heap", "134217728B", "134217728B"],
      ["page", "16384B", "4KiB"],
      ["length", "10s", "10s"],
      ["kind", "heap", "stack"],
      ["awake", false, true],
    ]);
    expect(changed.scavenger.background).toBe(false);
    expect(changed.platform).toMatchObject({ physPageBytes: 16384 });
  });

  it("may be an expression of other parameters", () => {
    expect(load(FULL, { params: ["length=${2s * scale}", "scale=3"] }).phases[0]!.stopNs).toBe(6e9);
  });

  it("may be at either end of its range", () => {
    for (const scale of [0.1, 100])
      expect(load(FULL, { params: [`scale=${scale}`] }).params[0]!.value).toBe(scale);
  });

  it("counts as given last", () => {
    expect(load(FULL, { params: ["scale=2", "scale=5"] }).params[0]!.value).toBe(5);
  });

  it.each([
    ["scale", "--param scale: expected name=value"],
    ["=3", "--param =3: expected name=value"],
    ["scale=", "--param scale=: the value is missing, expected scale=value"],
    ["scal=3", '--param scal=3: no parameter is called "scal", did you mean "scale"?'],
    ["scale=1000", "--param scale=1000: 1000 is above the largest value of scale, expected 100 or less"],
    ["scale=0.01", "--param scale=0.01: 0.01 is below the smallest value of scale, expected 0.1 or more"],
    ["scale=10ms", '--param scale=10ms: "10ms" is a duration, expected a number such as 1'],
    [
      "scale=[1]",
      "--param scale=[1]: a list cannot be a parameter, expected a number, a text, true or false",
    ],
    [
      "page=8KiB",
      "--param page=8KiB: 8KiB is none of the choices for page, expected one of 4KiB, 16KiB, 64KiB",
    ],
    ["heap=10s", '--param heap=10s: "10s" is a duration, expected a size such as 67108864B'],
    ["scale=${length}", '--param scale=${length}: "10s" is a duration, expected a number such as 1'],
    ["length=${heap}x", '--param length=${heap}x: "67108864Bx" is a text, expected a duration such as 10s'],
    [
      "scale=${2 *}",
      '--param scale=${2 *}: "${2 *}" cannot be computed: it ends where a number, a name or ( should be',
    ],
    ["scale={", "--param scale={: the value cannot be read: it is not valid YAML"],
  ])("%s", (param, message) => {
    expect(errors(FULL, { params: [param] })[0]).toContain(message);
  });

  it("says when there are none", () => {
    expect(errors(SMALL, { params: ["x=1"] })).toEqual([
      '--param x=1: no parameter is called "x", the scenario has none',
    ]);
  });
});

describe("--set", () => {
  it("changes anything", () => {
    const sets = [
      "gc.gogc=off",
      "machine={procs: 2}",
      "workloads.w.lifetime.exponential.mean=20ms",
      "workloads.v={kind: leak, of: w, fraction: 10%}",
      "expect=[{last: gc_cycles, equals: 0}]",
      "expect.1={last: gc_cycles, atMost: 1}",
      "expect.0.equals=5",
    ];
    const changed = load(SMALL, { sets });
    expect(changed.gc.gogc).toBeNull();
    expect(changed.machine.procs).toBe(2);
    expect(changed.workloads[0]!.spec).toMatchObject({ sorts: [{ lifetime: { mean: 20e6 } }] });
    expect(changed.workloads[1]!.name).toBe("v");
    expect(changed.expect.map((one) => one.kind === "metric" && one.value)).toEqual([5, 1]);
  });

  it("may use parameters, and change them", () => {
    expect(load(FULL, { sets: ["machine.ram=$heap", "params.scale.default=2"] }).machine.ramBytes).toBe(
      2 ** 27,
    );
  });

  it.each([
    ["gc.gogc", "--set gc.gogc: expected path=value"],
    ["gc.gogg=3", '--set gc.gogg=3: gc.gogg: the key "gogg" is not known, did you mean "gogc"?'],
    [
      "gc.gogc=3s",
      "--set gc.gogc=3s: gc.gogc: 3s is a duration, expected a whole number such as 100, or off",
    ],
    ["gc={gogc: 3s}", "--set gc={gogc: 3s}: gc.gogc: 3s is a duration"],
    ["seed.x=3", '--set seed.x=3: seed is "seven", which has no "x"'],
    ["gc..x=3", '--set gc..x=3: "gc..x" is not a path, expected keys joined by dots such as gc.gogc'],
    ["__proto__.x=3", '--set __proto__.x=3: "__proto__.x" is not a path'],
    ["expect.9.atLeast=3", '--set expect.9.atLeast=3: expect is a list of 7, expected 0 to 6 instead of "9"'],
    ["expect.first=3", '--set expect.first=3: expect is a list of 7, expected 0 to 7 instead of "first"'],
    [
      "workload.curves.rate=3",
      '--set workload.curves.rate=3: the file has no "workload", did you mean "workloads"?',
    ],
    [
      "machine.procs=$nope",
      '--set machine.procs=$nope: machine.procs: "$nope" cannot be computed: no parameter is called "nope"',
    ],
    [
      "gc={gogc: 1, gogc: 2}",
      '--set gc={gogc: 1, gogc: 2}: the value cannot be read: the key "gogc" is there twice',
    ],
  ])("%s", (set, message) => {
    expect(errors(FULL, { sets: [set] })[0]).toContain(message);
  });

  it("leaves the places of what it does not change", () => {
    const bad = SMALL.replace("pages: 1", "pages: 1s");
    expect(errors(bad, { sets: ["gc.gogc=50"] })).toEqual([
      "test.yaml:4:40: workloads.w.pages: 1s is a duration, expected a number of pages such as 8",
    ]);
  });
});

describe("parameters", () => {
  it("stand for keys as well as for values", () => {
    const text = `name: a
duration: 1s
params: {small: {about: small, default: 16B}}
workloads: {w: {kind: objects, rate: 1/s, lifetime: 1s, size: {choice: {$small: 1, "\${2 * small}": 3}}}}
`;
    expect(load(text).workloads[0]!.spec).toMatchObject({
      sorts: [{ bytes: { values: [16, 32], weights: [1, 3] } }],
    });
  });

  it("do not lose precision", () => {
    const text = `name: a
duration: "\${0.1s + 0.2s}"
params: {third: {about: a third, default: "\${1 / 3}"}, x: {about: exact, default: "\${1TiB / 3 * 3}"}}
machine: {ram: $x}
`;
    const loaded = load(text);
    expect(loaded.durationNs).toBe(300_000_000);
    expect(loaded.machine.ramBytes).toBe(2 ** 40);
    expect(loaded.params[0]!.value).toBe(1 / 3);
  });

  it("are told once when they are wrong, however often they are used", () => {
    const text = PHASES.replace("default: 100MiB", "default: 100MB");
    expect(errors(text, {})).toHaveLength(3);
    const circle = PHASES.replace("default: 100MiB, min: 1MiB", 'default: "${size * 2}"');
    expect(errors(circle, {})).toEqual([
      'test.yaml:3:45: params.size.default: "${size * 2}" cannot be computed: "size" depends on itself (size → size), expected parameters without a circle',
    ]);
  });
});

describe("parameters in a row", () => {
  const row = (n: number): string =>
    `name: row\nduration: $x0\nparams:\n${Array.from(
      { length: n },
      (_, i) => `  x${i}: {about: x, default: $x${i + 1}}\n`,
    ).join("")}  x${n}: {about: x, default: 1s}\n`;

  it("may be 100, and not 150", () => {
    expect(load(row(99)).durationNs).toBe(1e9);
    const [first, ...others] = errors(row(150), {});
    expect(first).toContain("more than 100 parameters depend on each other in a row, expected fewer");
    expect(others).toEqual([]);
  });
});
