/**
 * Runs our side of the benchmark: compiles it as the tool is compiled, and measures one workload in a process of its own.
 *
 * Compiled, since a loader that translates TypeScript on the fly changes what is measured: it hands array buffers over to
 * a thread of its own, and from the first buffer that changes hands on, V8 asks at every access to a typed array whether
 * its buffer was taken away. In the tool nothing of the kind happens (`node --trace-protector-invalidation` tells).
 */

import { type ChildProcess, execFileSync, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Measured } from "./measure.js";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Compiles the measuring process. Throws with what the compiler says when it does not compile. */
export function compileOurs(): void {
  try {
    execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.bench.json"], {
      cwd: ROOT,
      encoding: "utf8",
    });
  } catch (error) {
    const { stdout, message } = error as Error & { stdout?: string };
    throw new Error(`the benchmark does not compile:\n${stdout || message}`);
  }
}

/** A process that measures one workload on our page allocator. */
export class OursProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(source: string) {
    this.#child = fork(fileURLToPath(new URL("../out/.bench/bench/child.js", import.meta.url)), [source], {
      execArgv: [],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#ended = once(this.#child, "exit").then(() => {
      throw new Error("the measuring process ended early; its message stands above");
    });
    // It ends after the last answer too, when nobody waits for it any more.
    this.#ended.catch(() => undefined);
  }

  /** Starts the process and waits until it has read its workload: a file, or `generated:` and a name. */
  static async start(source: string): Promise<OursProcess> {
    const process = new OursProcess(source);
    await process.#answer();
    return process;
  }

  /**
   * Measures the workload once.
   * @param sliceOps how many operations a slice has; 0 for all in one
   */
  run(sliceOps: number): Promise<Measured> {
    this.#child.send(sliceOps);
    return this.#answer() as Promise<Measured>;
  }

  /** Lets the process end. */
  close(): void {
    if (this.#child.connected) this.#child.send("quit");
  }

  async #answer(): Promise<unknown> {
    return (await Promise.race([once(this.#child, "message"), this.#ended]))[0];
  }
}
