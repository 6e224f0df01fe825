/**
 * A temporary copy of the sources, in which one file at a time is changed and tests are run. The working tree is only read.
 */

import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apply, type Catcher, type Mutant } from "./patch.js";

/** What is no source. */
const LEFT_OUT = new Set(["node_modules", "dist", "out", "docs", "bench"]);
/** A mutant that makes the tests go on for ever is ended after so long, ms. */
const LONGEST_MS = 300_000;

/** What became of a test. */
export interface TestResult {
  /** Its file, as a path from the root, and its full name. */
  readonly file: string;
  readonly test: string;
  readonly passed: boolean;
}

/** How tests ended: each of them, and why there are none or not all: a file that could not be read, a process that died. */
export interface Outcome {
  readonly results: readonly TestResult[];
  readonly trouble: string | undefined;
}

export class Copy {
  private readonly folder = mkdtempSync(join(tmpdir(), "mheapsim-mutant-"));
  private child: ReturnType<typeof spawn> | undefined;

  /** @param root the folder of the project */
  constructor(root: string) {
    const names = readdirSync(root).filter((name) => !LEFT_OUT.has(name) && !name.startsWith("."));
    for (const name of names) cpSync(join(root, name), join(this.folder, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(this.folder, "node_modules"));
  }

  /** Runs tests, with a mutant's patch or without one. */
  async run(mutant: Mutant | undefined, catchers: readonly Catcher[]): Promise<Outcome> {
    if (mutant === undefined) return await this.test(catchers);
    const path = join(this.folder, mutant.file);
    const source = readFileSync(path, "utf8");
    writeFileSync(path, apply(mutant, source));
    try {
      return await this.test(catchers);
    } finally {
      writeFileSync(path, source);
    }
  }

  /** Ends what runs, and removes the copy. */
  remove(): void {
    this.child?.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async test(catchers: readonly Catcher[]): Promise<Outcome> {
    const report = join(this.folder, "report.json");
    rmSync(report, { force: true });
    const names = catchers.map(({ test }) => test.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const output = await this.vitest([
      ...new Set(catchers.map(({ file }) => file)),
      ...["--testNamePattern", names.join("|")],
      ...["--reporter", "json", "--outputFile", report],
    ]);
    if (!existsSync(report)) return { results: [], trouble: output.trim().split("\n").at(-1) ?? "no report" };
    return outcomeOf(JSON.parse(readFileSync(report, "utf8")), this.folder);
  }

  /** @returns what it printed */
  private vitest(args: readonly string[]): Promise<string> {
    const program = join(this.folder, "node_modules/vitest/vitest.mjs");
    const child = spawn(
      process.execPath,
      [program, "run", "--config", "test/mutants/vitest.config.ts", ...args],
      { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"], timeout: LONGEST_MS, killSignal: "SIGKILL" },
    );
    this.child = child;
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    return new Promise((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("close", (_, signal) =>
        resolve(signal === null ? output : `ended by ${signal}, after ${LONGEST_MS / 1000} s or less`),
      );
    });
  }
}

/** What vitest's JSON report has, as far as it is read. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

function outcomeOf({ testResults }: Report, folder: string): Outcome {
  const results = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "passed" || status === "failed")
      .map(({ fullName, status }): TestResult => {
        return {
          file: name.slice(name.indexOf(folder) + folder.length + 1),
          test: fullName,
          passed: status === "passed",
        };
      }),
  );
  // A file that fails without a test that does could not be read.
  const broken = testResults.find((file) => {
    return file.status === "failed" && !file.assertionResults.some(({ status }) => status === "failed");
  });
  return { results, trouble: broken?.message.split("\n")[0] };
}
