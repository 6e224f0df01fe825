/**
 * Builds and runs the Go side of the side-by-side benchmark: the page allocator
 * of the Go toolchain found on this machine, driven through its runtime's test
 * build so that no change to the toolchain's own files is needed.
 */

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** What one run of a bench file on Go's allocator gave. */
export interface GoBenchResult {
  name: string;
  timedOps: number;
  nsPerOp: number;
  /** What each slice of the timed operations took. */
  sliceNs: number[];
  resultHash: string;
  goVersion: string;
}

/** A running process of the real allocator, which measures one bench file per request. */
export interface GoDriver {
  readonly goVersion: string;
  /**
   * Measures the bench file (.csv or .csv.gz) once; requests are served one after another.
   * @param sliceOps how many operations a slice has; 0 for all in one
   */
  run(path: string, sliceOps: number): Promise<GoBenchResult>;
  /** Ends the process and removes what was built. */
  close(): Promise<void>;
}

/**
 * The files laid over the runtime's sources. Their repository names end in .txt
 * so that Go tools pass them by. Which of the two frees is compiled is decided
 * by build constraints inside them, so no version has to be interpreted here.
 */
const OVERLAID = {
  "mheapsim_export_test.go": "driver_export_test.go.txt",
  "mheapsim_bench_test.go": "driver_test.go.txt",
  "mheapsim_free_plain_test.go": "free_plain_test.go.txt",
  "mheapsim_free_scavenged_test.go": "free_scavenged_test.go.txt",
} as const;

const ANSWER_PREFIX = "@@";
const NO_GO =
  "no Go toolchain found: install Go 1.18 or later (Debian: apt-get install golang-go) or leave out --go";

/**
 * Builds the runtime's test binary with the driver in it and starts it. The
 * first build on a machine takes about a minute; later ones use Go's cache.
 * Works with Go 1.18 to 1.23 (tested: 1.19.8 on linux/amd64).
 */
export async function buildGoDriver(): Promise<GoDriver> {
  const dir = await mkdtemp(path.join(tmpdir(), "mheapsim-go-"));
  const remove = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const toolchain = await findToolchain(dir);
    const binary = await compile(toolchain.root, dir);
    return new ChildDriver(binary, toolchain.version, () => {
      process.removeListener("exit", remove);
      remove();
    });
  } catch (error) {
    process.removeListener("exit", remove);
    remove();
    throw error;
  }
}

async function findToolchain(dir: string): Promise<{ root: string; version: string }> {
  const [root = "", version = ""] = (await go(dir, ["env", "GOROOT", "GOVERSION"])).trim().split("\n");
  // A toolchain between releases calls itself, for example, "devel go1.22-abc".
  const numbers = /\bgo1\.(\d+)/.exec(version);
  if (numbers !== null && Number(numbers[1]) < 18) {
    throw new Error(`${version} is too old: install Go 1.18 or later or leave out --go`);
  }
  return { root, version };
}

async function compile(goroot: string, dir: string): Promise<string> {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const replace: Record<string, string> = {};
  for (const [overlaid, file] of Object.entries(OVERLAID)) {
    replace[path.join(goroot, "src", "runtime", overlaid)] = path.join(here, file);
  }
  const overlay = path.join(dir, "overlay.json");
  await writeFile(overlay, JSON.stringify({ Replace: replace }));
  const binary = path.join(dir, process.platform === "win32" ? "runtime.test.exe" : "runtime.test");
  await go(dir, ["test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, "runtime"]);
  return binary;
}

/** Runs the go command in `dir`, where no go.mod of a caller can change what it does. */
async function go(dir: string, args: string[]): Promise<string> {
  // Without cgo the build needs no C compiler; the page allocator is the same.
  const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" };
  try {
    const { stdout } = await promisify(execFile)("go", args, { cwd: dir, env, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const failure = error as NodeJS.ErrnoException & { stderr?: string };
    if (failure.code === "ENOENT") throw new Error(NO_GO, { cause: error });
    throw new Error(`go ${args[0] ?? ""} failed: ${failure.stderr || failure.message}`, { cause: error });
  }
}

interface Waiting {
  resolve(result: GoBenchResult): void;
  reject(reason: Error): void;
}

class ChildDriver implements GoDriver {
  readonly goVersion: string;
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #cleanUp: () => void;
  /** The askers of the commands sent and not yet answered; answers come in the order of commands. */
  readonly #waiting: Waiting[] = [];
  #stderr = "";
  #ended = false;

  constructor(binary: string, goVersion: string, cleanUp: () => void) {
    this.goVersion = goVersion;
    this.#cleanUp = cleanUp;
    this.#child = spawn(binary, ["-test.run", "^TestMheapsimBench$", "-test.timeout", "0"], {
      cwd: path.dirname(binary),
      env: runEnvironment(),
      stdio: ["pipe", "pipe", "pipe"],
    });
    process.once("exit", this.#kill);
    this.#closed = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#end(`could not be started: ${error.message}`);
        resolve();
      });
      this.#child.once("close", (code, signal) => {
        this.#end(`ended (${signal ?? `exit code ${String(code)}`})`);
        resolve();
      });
    });
    this.#listen();
  }

  run(benchFile: string, sliceOps: number): Promise<GoBenchResult> {
    const { stdin } = this.#child;
    if (this.#ended || stdin === null) return Promise.reject(new Error("the Go driver is not running"));
    const file = path.resolve(benchFile);
    if (file.includes("\n")) return Promise.reject(new Error("a bench file name must be a single line"));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      stdin.write(`run ${sliceOps} ${file}\n`);
    });
  }

  async close(): Promise<void> {
    this.#kill();
    await this.#closed;
  }

  /** The child holds nothing worth saving, so it is ended without asking, even in the middle of a run. */
  readonly #kill = (): void => {
    this.#child.kill("SIGKILL");
  };

  #listen(): void {
    const { stdin, stdout, stderr } = this.#child;
    if (stdin === null || stdout === null || stderr === null) return;
    // A write to a child that has died fails; its close event reports that.
    stdin.on("error", () => undefined);
    // The last part of a crash report is enough to tell what went wrong.
    stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-4000);
    });
    createInterface({ input: stdout }).on("line", (line) => {
      if (line.startsWith(ANSWER_PREFIX)) this.#answer(line.slice(ANSWER_PREFIX.length));
    });
  }

  #answer(json: string): void {
    const asker = this.#waiting.shift();
    if (asker === undefined) return;
    try {
      const { error, ...result } = JSON.parse(json) as GoBenchResult & { error?: string };
      if (error !== undefined) asker.reject(new Error(`Go driver: ${error}`));
      else asker.resolve(result);
    } catch (error) {
      asker.reject(new Error(`the Go driver gave an answer that is not JSON: ${json}`, { cause: error }));
    }
  }

  #end(how: string): void {
    if (this.#ended) return;
    this.#ended = true;
    process.removeListener("exit", this.#kill);
    this.#cleanUp();
    const report = this.#stderr === "" ? "" : `:\n${this.#stderr}`;
    for (const asker of this.#waiting.splice(0)) {
      asker.reject(new Error(`the Go driver ${how}${report}`));
    }
  }
}

/** The environment less the settings that would let Go's collector or its tracing into a measurement. */
function runEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of ["GODEBUG", "GOGC", "GOMEMLIMIT", "GOTRACEBACK"]) delete env[name];
  return env;
}
