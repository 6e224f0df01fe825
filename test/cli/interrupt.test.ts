import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { listing, MAIN, mheapsim, TestFolder, textOf, tracePath } from "../setup/files.js";

const folder = new TestFolder();
const HELLO = tracePath("hello-gmp1");
const FILES = ["histograms.json", "manifest.json", "summary.json", "timeseries.csv"];

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ code: number | null; stderr: string }>;
}

function start(args: readonly string[], cwd: string): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ["pipe", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => undefined);
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stderr }));
  return { child, ended };
}

/** Waits until a run has begun to write, and so is in the middle of it. */
async function untilWriting(cwd: string): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (listing(cwd).some((name) => name.includes("partial") && name.endsWith("timeseries.csv"))) return;
    await sleep(50);
  }
  throw new Error("the run never began to write");
}

describe.skipIf(process.platform === "win32")("an interrupted run", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("%s leaves nothing and exits with %i", async (signal, expected) => {
    const cwd = folder.fresh();
    const { child, ended } = start(["run", "-", "--sample", "1us", "--out", "a/b/c"], cwd);
    // Half of the trace; the other half never comes.
    const text = textOf(HELLO);
    child.stdin!.write(text.slice(0, text.length >> 1));
    await untilWriting(cwd);
    child.kill(signal);
    expect(await ended).toEqual({
      code: expected,
      stderr: "mheapsim: interrupted, nothing was written\n",
    });
    expect(listing(cwd)).toEqual([]);
  });

  test("leaves the earlier result that it was to replace", async () => {
    const cwd = folder.fresh();
    expect((await mheapsim(["run", HELLO, "--out", "old"], { cwd })).code).toBe(0);
    const { child, ended } = start(["run", "-", "--sample", "1us", "--out", "old", "--force"], cwd);
    child.stdin!.write(textOf(HELLO).slice(0, 500));
    await untilWriting(cwd);
    child.kill("SIGINT");
    expect((await ended).code).toBe(130);
    expect(listing(cwd)).toEqual(["old", ...FILES.map((name) => join("old", name))]);
  });

  test("a pipe that ends early is a damaged trace", async () => {
    const cwd = folder.fresh();
    const { child, ended } = start(["run", "-", "--sample", "1us", "--out", "o"], cwd);
    child.stdin!.end(textOf(HELLO).slice(0, 500));
    const { code, stderr } = await ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/^mheapsim: -:\d+: the last line has no newline: the file was cut off\n$/);
    expect(listing(cwd)).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("a reader that goes away", () => {
  test.each([
    ["list", ["list"]],
    ["conform", ["conform", HELLO]],
    ["run", ["run", HELLO, "--out", "o"]],
  ])("is no error: %s", async (_, args) => {
    const cwd = folder.fresh();
    const { child, ended } = start(args, cwd);
    // Nobody reads from now on, so the first line that is printed meets a closed pipe.
    child.stdout!.destroy();
    child.stdin!.end();
    const { code, stderr } = await ended;
    expect([code, stderr]).toEqual([0, ""]);
    if (args[0] === "run") expect(listing(cwd)).toEqual(["o", ...FILES.map((name) => join("o", name))]);
  });
});
