/** `mheapsim plot` and `run --plots`: what they write, and what they say about folders that are not in order. */

import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { loadRenderer } from "../../results/plots/render.js";
import { DAMAGES, edit } from "../setup/damages.js";
import { listing, mheapsim, TestFolder, tracePath } from "../setup/files.js";

vi.setConfig({ testTimeout: 240_000 });

const folder = new TestFolder();
const KINDS = ["fragmentation", "memory", "scavenger", "sizes", "slow-paths"];
const RUN_FILES = ["histograms.json", "manifest.json", "summary.json", "timeseries.csv"];

const SMALL = `
name: small
seed: 4
duration: 2s
samples: 50
params: {rate: {about: "Spans per second", default: 1000, min: 1, max: 5000}}
workloads:
  w: {kind: spans, rate: "\${rate}/s", pages: {uniform: {min: 1, max: 9}}, lifetime: 100ms}
actions:
  - {do: freeOSMemory, at: 1s}
`;

const small = folder.write("small.yaml", SMALL);
const text = (...path: string[]): string => readFileSync(folder.at(...path), "utf8");
const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex");
const run = async (...args: string[]) => {
  const outcome = await mheapsim(["run", ...args], { cwd: folder.path });
  expect([outcome.code, outcome.stderr]).toEqual([0, ""]);
  return outcome;
};
const plot = (...args: string[]) => mheapsim(["plot", ...args], { cwd: folder.path });

beforeAll(async () => {
  await run(small, "--out", "one");
  await run(small, "--seed", "5", "--out", "two", "--plots");
  await run(small, "--repeat", "2", "--out", "reps", "--plots");
  await run(tracePath("hello-gmp1"), "--out", "trace", "--plots");
  const policies = ["--policies", "go1.17,go1.18,next-fit", "--baseline", "go1.18"];
  const compared = ["compare", small, ...policies, "--seeds", "1..3", "--workers", "1", "--plots"];
  const { code, stderr } = await mheapsim([...compared, "--out", "compared"], { cwd: folder.path });
  expect([code, stderr]).toEqual([0, ""]);
});

describe("plot", () => {
  test("draws all kinds beside the run, the same bytes each time", async () => {
    const first = await plot("one");
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toBe(
      "written to one-plots: memory.svg, fragmentation.svg, slow-paths.svg, scavenger.svg, sizes.svg, manifest.json\n",
    );
    await plot("./one/", "-o", "again");
    expect(listing(folder.at("again"))).toEqual(listing(folder.at("one-plots")));
    for (const name of listing(folder.at("again"))) expect(text("again", name)).toBe(text("one-plots", name));
    const manifest = JSON.parse(text("again", "manifest.json"));
    expect(manifest).toMatchObject({
      plots: ["memory", "fragmentation", "slow-paths", "scavenger", "sizes"],
      theme: "light",
      runs: [{ folder: "one", name: "small", policy: "go1.18", seed: "4" }],
    });
    for (const { name, sha256: digest } of manifest.files) expect(sha256(text("again", name))).toBe(digest);
  });

  test("writes every format and theme that is asked for, of kinds that are asked for", async () => {
    const args = ["one", "two", "--kind", "sizes,memory", "--kind", "memory", "--format", "vl,png,svg"];
    const { code, stdout } = await plot(...args, "--theme", "dark", "--at", "1s", "-o", "formats");
    expect(code).toBe(0);
    expect(stdout).toBe(
      "written to formats: memory.svg, memory.png, memory.vl.json, sizes.svg, sizes.png, sizes.vl.json, manifest.json\n",
    );
    expect(text("formats", "sizes.svg")).toContain("Runs of free pages, by length, at 1 s");
    const renderer = await loadRenderer();
    for (const kind of ["memory", "sizes"]) {
      const svg = text("formats", `${kind}.svg`);
      expect(svg).toContain("#15181c");
      expect(await renderer.svg(JSON.parse(text("formats", `${kind}.vl.json`)))).toBe(svg);
      expect(Buffer.from(renderer.png(svg)).equals(readFileSync(folder.at("formats", `${kind}.png`)))).toBe(
        true,
      );
    }
  });

  test("replaces plots only with --force, and never a run", async () => {
    expect((await plot("one", "--kind", "memory", "-o", "kept")).code).toBe(0);
    const refused = await plot("two", "--kind", "memory", "-o", "kept");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "mheapsim: kept exists: add --force to replace it, or name another folder with -o\n",
    ]);
    const before = text("kept", "memory.svg");
    expect((await plot("two", "--kind", "memory", "-o", "kept", "--force")).code).toBe(0);
    expect(text("kept", "memory.svg")).not.toBe(before);
    const self = await plot("one", "two", "-o", "./two", "--force");
    expect([self.code, self.stderr]).toEqual([
      2,
      "mheapsim: ./two is a run that is to be drawn: name another folder with -o\n",
    ]);
    expect(existsSync(folder.at("two", "timeseries.csv"))).toBe(true);
  });

  test.each([
    [["one", "--kind", "memry"], '--kind "memry" is not known, did you mean "memory"?'],
    [["one", "--format", "jpg"], '--format "jpg" is not known, expected one of svg, png, vl'],
    [
      ["one", "--at", "soon"],
      '"soon" is not a duration: expected a number from 1ns up with ns, us, ms, s, m or h, such as 10ms',
    ],
    [["one", "-o", ""], "the name of the folder after --out is empty"],
    [new Array(8).fill("one"), "plot takes at most 7 runs, so that all are told apart, not 8"],
  ])("says what is wrong with %j", async (args, sentence) => {
    const before = listing(folder.path);
    const { code, stdout, stderr } = await plot(...args);
    expect([code, stdout, stderr]).toEqual([2, "", `mheapsim: ${sentence}\n`]);
    expect(listing(folder.path)).toEqual(before);
  });
});

describe("plots of a sweep", () => {
  test("are the same from sweep --plots and from its folder, and are in the manifest", async () => {
    const vary = ["--vary", "rate=500,1000,2000", "--policies", "go1.18,next-fit", "--seeds", "1..2"];
    const swept = ["sweep", small, ...vary, "--workers", "1", "--plots", "--out", "swept"];
    const { code, stderr } = await mheapsim(swept, { cwd: folder.path });
    expect([code, stderr]).toEqual([0, ""]);
    expect((await plot("swept")).stdout).toBe("written to swept-plots: sweep.svg, manifest.json\n");
    const svg = text("swept-plots", "sweep.svg");
    expect(text("swept", "plots", "sweep.svg")).toBe(svg);
    for (const name of ["small over rate", "2 seeds", ">next-fit<", ">2000<"]) expect(svg).toContain(name);
    expect(JSON.parse(text("swept", "manifest.json")).files).toContainEqual({
      name: "plots/sweep.svg",
      sha256: sha256(svg),
    });
    const refused = await plot("swept", "--kind", "compare", "-o", "wrong");
    expect([refused.code, refused.stderr]).toEqual([
      2,
      "mheapsim: swept is the folder of a sweep, and compare is a picture of a comparison\n",
    ]);
  });
});

describe("plots of heap maps", () => {
  test("are usual for runs that have one, and say what is missing", async () => {
    await run(small, "--out", "mapped", "--heapmap", "--plots", "--keyframes", "500ms,1s");
    expect((await plot("mapped", "-o", "mapped-drawn")).stdout).toContain(
      "sizes.svg, heapmap.svg, manifest.json",
    );
    expect(text("mapped", "plots", "heapmap.svg")).toBe(text("mapped-drawn", "heapmap.svg"));
    expect((await plot("mapped", "--kind", "pages", "--at", "1.3s", "-o", "grid")).code).toBe(0);
    expect(text("grid", "pages.svg")).toContain("Keyframe 2 of 3, at 1 s, the nearest to 1.3 s");
    const missing = await plot("one", "--kind", "pages", "-o", "none");
    expect([missing.code, missing.stderr]).toEqual([
      2,
      "mheapsim: one/heapmap.bin is missing, and pages shows what is in it: run it again with --heapmap\n",
    ]);
    expect(existsSync(folder.at("none"))).toBe(false);
  });
});

describe("plots of a comparison", () => {
  test("are the same from compare --plots and from its folder, and are in the manifest", async () => {
    const { code, stdout } = await plot("compared");
    expect(code).toBe(0);
    expect(stdout).toBe("written to compared-plots: compare.svg, manifest.json\n");
    const svg = text("compared-plots", "compare.svg");
    expect(text("compared", "plots", "compare.svg")).toBe(svg);
    for (const name of ["small: 2 policies against go1.18", "3 seeds", ">next-fit<", "rate = 1000"])
      expect(svg).toContain(name);
    expect(JSON.parse(text("compared", "manifest.json")).files).toContainEqual({
      name: "plots/compare.svg",
      sha256: sha256(svg),
    });
    expect(JSON.parse(text("compared-plots", "manifest.json"))).toMatchObject({
      plots: ["compare"],
      comparison: {
        folder: "compared",
        name: "small",
        baseline: "go1.18",
        candidates: ["go1.17", "next-fit"],
      },
    });
  });

  test("show the metrics that are asked for", async () => {
    const metrics = ["--metrics", "mean_free_runs,find_rate"];
    expect((await plot("compared", ...metrics, "-o", "some", "--theme", "dark")).code).toBe(0);
    const svg = text("some", "compare.svg");
    for (const name of ["mean_free_runs", "find_rate"]) expect(svg).toContain(`>${name}<`);
    expect(svg).not.toContain("heap_retained_bytes<");
  });

  test.each([
    [
      ["compared", "--kind", "memory"],
      "compared is the folder of a comparison, and memory is a picture of a run",
    ],
    [["one", "--kind", "compare"], "one is the folder of a run, and compare is a picture of a comparison"],
    [["compared", "one"], "compared is the folder of a comparison, which is drawn by itself: name no other"],
    [
      ["one", "compared"],
      "compared was made by mheapsim compare: expected the folder of a run, such as those in its cells/",
    ],
    [
      ["compared", "--metrics", "retained"],
      '--metrics: no metric is called "retained", expected names of mheapsim list metrics',
    ],
    [
      ["damaged"],
      "damaged/comparison.json is not what the run wrote, by its sha256 in manifest.json: it was cut off or changed; run it again",
    ],
    [["no-run"], "no-run/cells/next-fit/seed-0002 is not a folder: expected one that mheapsim run wrote"],
  ])("say what is wrong with %j", async (args, sentence) => {
    cpSync(folder.at("compared"), folder.at("damaged"), { recursive: true });
    edit(folder.at("damaged"), "comparison.json", (json) => json.replace('"n": 3', '"n": 4'));
    cpSync(folder.at("compared"), folder.at("no-run"), { recursive: true });
    rmSync(folder.at("no-run", "cells", "next-fit", "seed-0002"), { recursive: true });
    const before = listing(folder.path);
    const { code, stdout, stderr } = await plot(...args);
    expect([code, stdout, stderr]).toEqual([2, "", `mheapsim: ${sentence}\n`]);
    expect(listing(folder.path)).toEqual(before);
  });
});

describe("run --plots", () => {
  test("leaves what plot would draw, and lists it in the manifest", async () => {
    expect((await plot("two", "-o", "two-drawn")).code).toBe(0);
    expect(listing(folder.at("two"))).toEqual(
      [...RUN_FILES, "plots", ...KINDS.map((kind) => join("plots", `${kind}.svg`))].sort(),
    );
    const { files } = JSON.parse(text("two", "manifest.json"));
    for (const kind of KINDS) {
      const svg = text("two", "plots", `${kind}.svg`);
      expect(svg).toBe(text("two-drawn", `${kind}.svg`));
      expect(files).toContainEqual({ name: `plots/${kind}.svg`, sha256: sha256(svg) });
    }
  });

  test("works for replications and traces, and --force replaces them", async () => {
    expect(existsSync(folder.at("reps", "rep-0002", "plots", "memory.svg"))).toBe(true);
    expect(existsSync(folder.at("trace", "plots", "sizes.svg"))).toBe(true);
    await run(small, "--repeat", "1", "--out", "reps", "--force");
    expect(listing(folder.at("reps"))).toHaveLength(6);
  });

  test("keeps what somebody put among its plots from being replaced", async () => {
    cpSync(folder.at("two"), folder.at("mine"), { recursive: true });
    writeFileSync(folder.at("mine", "plots", "notes.txt"), "mine");
    const { code, stderr } = await mheapsim(["run", small, "--out", "mine", "--force"], { cwd: folder.path });
    expect([code, stderr]).toEqual([
      2,
      "mheapsim: mine holds other files than a run's (plots/notes.txt): name another folder with --out\n",
    ]);
    expect(text("mine", "plots", "notes.txt")).toBe("mine");
  });
});

describe("a folder that is not in order", () => {
  test.each(DAMAGES)("%s", async (_, damage, sentence) => {
    const bad = folder.at("bad");
    rmSync(bad, { recursive: true, force: true });
    cpSync(folder.at("one"), bad, { recursive: true });
    damage(bad);
    const before = listing(folder.path);
    const { code, stdout, stderr } = await plot("one", "bad", "-o", "never");
    expect([code, stdout, stderr]).toEqual([2, "", `mheapsim: ${sentence}\n`]);
    expect(listing(folder.path)).toEqual(before);
  });

  test("replications are named, and plots are no run", async () => {
    await run(small, "--repeat", "3", "--out", "three");
    const { code, stderr } = await plot("three", "-o", "never");
    expect([code, stderr]).toEqual([
      2,
      `mheapsim: three holds 3 replications: name them, such as ${join("three", "rep-0001")}\n`,
    ]);
    expect((await plot("three/rep-0001", "-o", "rep", "--kind", "memory")).code).toBe(0);
    const plots = await plot("rep", "-o", "never");
    expect([plots.code, plots.stderr]).toEqual([
      2,
      `mheapsim: ${join("rep", "manifest.json")} is not that of a run: expected the folder of mheapsim run\n`,
    ]);
  });
});
