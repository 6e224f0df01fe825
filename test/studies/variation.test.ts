import { describe, expect, test } from "vitest";
import { METRICS } from "../../results/metrics.js";
import { folderNames } from "../../studies/study-files.js";
import {
  parseMetrics,
  parsePercent,
  parseSeeds,
  parseWarmUp,
  seedsText,
} from "../../studies/study-inputs.js";
import { parseVariation, pointOverrides, pointsOf } from "../../studies/variation.js";

describe("--vary", () => {
  test.each([
    ["scale=1,2,5", "scale", ["1", "2", "5"]],
    ["scale = 0.5 , 1", "scale", ["0.5", "1"]],
    ["n=1..4", "n", ["1", "2", "3", "4"]],
    ["n=1..8:3", "n", ["1", "4", "7"]],
    ["n=-2..2:2", "n", ["-2", "0", "2"]],
    ["r=0.1..0.5:0.1", "r", ["0.1", "0.2", "0.3", "0.4", "0.5"]],
    ["r=10%..30%:10%", "r", ["10%", "20%", "30%"]],
    ["x=1e3..3e3:1e3", "x", ["1000", "2000", "3000"]],
    ["machine.ram=64MiB..256MiB:64MiB", "machine.ram", ["64MiB", "128MiB", "192MiB", "256MiB"]],
    ["ram=512KiB..2MiB:512KiB", "ram", ["512KiB", "1024KiB", "1536KiB", "2048KiB"]],
    ["idle=10ms..20ms:5ms", "idle", ["10ms", "15ms", "20ms"]],
    ["idle=1s..2m:1m", "idle", ["1s", "61s"]],
    ["rate=1000/s..3000/s:1000/s", "rate", ["1000/s", "2000/s", "3000/s"]],
    ["n=1,5..7,20", "n", ["1", "5", "6", "7", "20"]],
    ["gc.gogc=off,50", "gc.gogc", ["off", "50"]],
    ["samples={every: 1ms},{every: 2ms}", "samples", ["{every: 1ms}", "{every: 2ms}"]],
    ["platform=linux/amd64,linux/386", "platform", ["linux/amd64", "linux/386"]],
    ["policyFile=../a.yaml,./b.yaml", "policyFile", ["../a.yaml", "./b.yaml"]],
  ])("%s", (text, name, values) => {
    expect(parseVariation(text)).toEqual({ name, values });
  });

  test.each([
    ["scale", /expected name=value,value,… or name=from\.\.to:step/],
    ["=1,2", /expected name=value/],
    ["scale=", /expected name=value/],
    ["scale=1,2,1", /1 is there twice, expected each value once/],
    ["idle=10ms..20ms", /the range 10ms\.\.20ms has no step, expected 10ms\.\.20ms:step/],
    ["idle=10ms..20ms:5MiB", /10ms, 20ms and 5MiB are not of one sort/],
    ["n=8..1:1", /the range begins above its end, expected 1\.\.8:1/],
    ["n=1..8:0", /the step 0 leads nowhere, expected one above 0/],
    ["n=1..8:-1", /the step -1 leads nowhere/],
    ["n=1..x:1", /"x" is no number, expected one with or without a unit/],
    ["n=1..1000000:1", /the range has more than 1000 values, expected fewer/],
  ])("refuses %s", (text, sentence) => {
    expect(() => parseVariation(text)).toThrow(sentence);
  });

  test("combines all values, the first variation slowest", () => {
    const [a, b] = [parseVariation("a=1,2"), parseVariation("b=x,y,z")];
    const all = [
      ["1", "x"],
      ["1", "y"],
      ["1", "z"],
      ["2", "x"],
      ["2", "y"],
      ["2", "z"],
    ];
    expect(pointsOf([a, b], false)).toEqual(all);
  });

  test("zips values that are equally many", () => {
    expect(pointsOf([parseVariation("a=1,2"), parseVariation("b=x,y")], true)).toEqual([
      ["1", "x"],
      ["2", "y"],
    ]);
    expect(() => pointsOf([parseVariation("a=1,2"), parseVariation("b=x,y,z")], true)).toThrow(
      "--zip: a has 2 values and b has 3, expected as many of each",
    );
  });

  test("refuses too many combinations, and a name that is there twice", () => {
    const many = ["a", "b", "c"].map((name) => parseVariation(`${name}=1..100`));
    expect(() => pointsOf(many, false)).toThrow("these variations have 1000000 combinations");
    expect(() => pointsOf([parseVariation("a=1"), parseVariation("a=2")], false)).toThrow(
      "--vary a is there twice",
    );
  });

  test("sets parameters by name, and everything else by path", () => {
    const vary = [parseVariation("scale=1,2"), parseVariation("gc.gogc=50")];
    expect(pointOverrides(vary, ["2", "50"], ["scale"], { params: ["x=1"], sets: ["duration=1s"] })).toEqual({
      params: ["x=1", "scale=2"],
      sets: ["duration=1s", "gc.gogc=50"],
    });
  });

  test.each([
    ["policy=go1.17", /expected --policies/],
    ["seed=1,2", /expected --seeds/],
    ["scal=1", /the scenario has no such parameter, did you mean "scale"\?/],
    ["fixed=1", /fixed is both fixed and varied/],
  ])("refuses to vary %s", (text, sentence) => {
    const variation = parseVariation(text);
    expect(() =>
      pointOverrides([variation], variation.values, ["scale", "fixed"], { params: ["fixed=3"] }),
    ).toThrow(sentence);
  });
});

describe("--seeds", () => {
  test.each([
    ["1..5", [1, 2, 3, 4, 5]],
    ["7", [7]],
    ["9,1, 5", [1, 5, 9]],
    ["1..3,2..4,10", [1, 2, 3, 4, 10]],
    ["0..0", [0]],
  ])("%s", (text, seeds) => {
    expect(parseSeeds(text)).toEqual(seeds);
  });

  test.each([
    ["", /"" is no seed/],
    ["a", /"a" is no seed and no range of seeds, expected whole numbers such as 1\.\.30 or 1,5,9/],
    ["5..1", /"5\.\.1" is no seed/],
    ["1..", /is no seed/],
    ["-1", /is no seed/],
    ["1.5", /is no seed/],
    ["1..1000000000", /are more than 10000 seeds/],
    ["9007199254740993", /is no seed/],
  ])("refuses %j", (text, sentence) => {
    expect(() => parseSeeds(text)).toThrow(sentence);
  });

  test("are shown as they would be written", () => {
    expect(seedsText([1, 2, 3, 7, 9, 10])).toBe("1..3, 7, 9..10");
    expect(seedsText([4])).toBe("4");
  });
});

describe("other options", () => {
  test("--warmup", () => {
    expect(parseWarmUp("none")).toEqual({ kind: "none" });
    expect(parseWarmUp("mser5")).toEqual({ kind: "mser5" });
    expect(parseWarmUp("1.5s")).toEqual({ kind: "time", ns: 1.5e9 });
    for (const text of ["5", "MSER5", "", "-1s", "5 parsecs"]) {
      expect(() => parseWarmUp(text)).toThrow(
        /--warmup .*: expected a duration such as 5s, or mser5, or none/,
      );
    }
  });

  test("--metrics, in the order of the table", () => {
    const names = parseMetrics("gc_cycles, mean_heap_retained_bytes").map(({ name }) => name);
    expect(names).toEqual(["mean_heap_retained_bytes", "gc_cycles"]);
    expect(parseMetrics(METRICS.map(({ name }) => name).join(","))).toEqual(METRICS);
    expect(() => parseMetrics("gc_cycle")).toThrow(
      'no metric is called "gc_cycle", did you mean "gc_cycles"?',
    );
    expect(() => parseMetrics("")).toThrow(/no metric is called ""/);
  });

  test("percentages", () => {
    expect(parsePercent("--until-ci", "2%")).toBe(0.02);
    expect(parsePercent("--until-ci", " 0.5 %")).toBe(0.005);
    for (const text of ["2", "0%", "101%", "-1%", "x%", ""])
      expect(() => parsePercent("--until-ci", text)).toThrow(/^--until-ci .*expected a percentage above 0%/);
  });
});

describe("folders of things with any name", () => {
  test("are what a shell can bear, and unique", () => {
    const names = ["go1.18", "go1.18{goal.retainExtraPercent=20}", "a/b", "a b", "A/b", "../x", "-rf", "{}"];
    const folders = [...folderNames(names).values()];
    for (const name of folders) expect(name).toMatch(/^[\w+=][\w.+=-]*$/);
    expect(new Set(folders.map((name) => name.toLowerCase())).size).toBe(names.length);
    expect(folders.slice(0, 2)).toEqual(["go1.18", "go1.18-goal.retainExtraPercent=20"]);
  });

  test("do not depend on the order of the names", () => {
    const names = ["a/b", "a b", "c"];
    const [one, other] = [folderNames(names), folderNames([...names].reverse())];
    for (const name of names) expect(other.get(name)).toBe(one.get(name));
  });
});
