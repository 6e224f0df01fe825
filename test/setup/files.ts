/** What the tests of the command line and of the studies share: temporary folders, recordings, the program itself. */

import { type SpawnOptions, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll } from "vitest";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));
export const VECTORS = join(ROOT, "test", "vectors");
export const TRACES = join(VECTORS, "traces", "go1.18");
export const MAIN = join(ROOT, "dist", "cli", "main.js");

/** Path of a recorded trace by its name. */
export function tracePath(name: string): string {
  const path = join(TRACES, `${name}.csv.gz`);
  return existsSync(path) ? path : join(ROOT, "scenarios", "library", `${name}.csv.gz`);
}

/** The text of a recording, unpacked. */
export function textOf(path: string): string {
  const bytes = readFileSync(path);
  return (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString("latin1");
}

/** A temporary folder that goes after the tests of a file. */
export class TestFolder {
  readonly path = mkdtempSync(join(tmpdir(), "mheapsim-test-"));
  #count = 0;

  constructor() {
    afterAll(() => rmSync(this.path, { recursive: true, force: true }));
  }

  /** A path in it. */
  at(...names: string[]): string {
    return join(this.path, ...names);
  }

  /** Writes a file; its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = this.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** A new empty folder in it. */
  fresh(): string {
    const path = this.at(`fresh-${this.#count++}`);
    mkdirSync(path);
    return path;
  }
}

/** Everything below a folder, as sorted relative paths. */
export function listing(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
}

/** What came of a run of the program. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of a run of the program. */
export interface RunOptions extends Pick<SpawnOptions, "cwd" | "env"> {
  /** What standard input holds; by default nothing. */
  readonly input?: Uint8Array;
}

/** Runs `mheapsim` with arguments. */
export function mheapsim(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return runProgram(process.execPath, [MAIN, ...args], options);
}

/** Runs a program to its end. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  const { input, ...spawnOptions } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...spawnOptions, stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
    // A program that ends without reading its input closes the pipe; how it ended tells more than that.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
