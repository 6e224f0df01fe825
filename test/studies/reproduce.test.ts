/** The command that makes a run again does so, to the byte, whatever was changed about it. */

import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRunFolder } from "../../results/run-folder.js";
import { commandOf } from "../../studies/reproduce.js";
import { shellWord } from "../../studies/shell-word.js";
import { listing, MAIN, mheapsim, TestFolder, tracePath } from "../setup/files.js";

const folder = new TestFolder();

const SMALL = `
name: Small & odd
seed: 4
duration: 500ms
params: {rate: {about: "Spans per second", default: 1000, min: 1, max: 5000}}
workloads:
  w: {kind: spans, rate: "\${rate}/s", pages: {uniform: {min: 1, max: 9}}, lifetime: 100ms}
`;

folder.write("small.yaml", SMALL);
folder.write("mine.yaml", "extends: go1.22\nname: mine\ngoal: {retainExtraPercent: 30}\n");
copyFileSync(tracePath("hello-gmp1"), folder.at("hello.csv.gz"));

test.each([
  [["arena-size"], ""],
  [["small.yaml", "--seed", "my-seed", "--param", "rate=2500", "--sample", "7ms"], ""],
  [["small.yaml", "--set", "policy=go1.18{goal.retainExtraPercent=30}", "--set", "gc.gogc=50"], ""],
  [
    ["small.yaml", "--set", "policy=mine.yaml", "--set", "workloads.w.lifetime={exponential: {mean: 20ms}}"],
    "",
  ],
  [["small.yaml", "--heapmap", "--keyframes", "100ms,0.3s"], ""],
  [["small.yaml", "--repeat", "2", "--heapmap", "--keyframes", "3"], "rep-0002"],
  [["hello.csv.gz", "--spans-only", "--sample", "3ms"], ""],
  [["hello.csv.gz", "--heapmap"], ""],
])("run %j", async (args, replication) => {
  const first = `${folder.fresh()}/first`;
  const again = `${folder.fresh()}/again`;
  const { code, stderr } = await mheapsim(["run", ...args, "--out", first], { cwd: folder.path });
  expect([code, stderr]).toEqual([0, ""]);
  const run = join(first, replication);
  const command = commandOf(readRunFolder(run));
  expect(command).not.toContain(folder.path);
  const program = `${shellWord(process.execPath)} ${shellWord(MAIN)}`;
  const shell = `${command.replace(/^mheapsim/, program)} --out ${shellWord(again)}`;
  const outcome = spawnSync("sh", ["-c", shell], { cwd: folder.path, encoding: "utf8" });
  expect([outcome.status, outcome.stderr]).toEqual([0, ""]);
  expect(listing(again)).toEqual(listing(run));
  for (const name of listing(run)) {
    expect(readFileSync(join(again, name)).equals(readFileSync(join(run, name))), name).toBe(true);
  }
});
