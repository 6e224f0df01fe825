/**
 * The threads that run cells.
 *
 * A thread takes about as long to load what a run takes as the program takes to read its arguments and the scenario, so
 * whoever knows early that there will be a study has the threads started first, and the study finds them ready:
 *
 *     startEarly ──► threads load ──────────────┐
 *     command line, scenario, keys of cells ──► CellPool.of ──► runs
 *
 * This file loads nothing of the model, so that it is there at once.
 */

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import type { CellReply, CellTask } from "./worker.js";

const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

export class CellPool {
  private static early: CellPool | undefined;

  private readonly threads: Piscina<CellTask, CellReply>;

  /** Starts threads. */
  private constructor(readonly workers: number) {
    this.threads = new Piscina<CellTask, CellReply>({
      filename: fileURLToPath(WORKER),
      minThreads: workers,
      maxThreads: workers,
      // A run takes all of a thread for long, and opens files: waiting on a shared counter would gain nothing.
      atomics: "disabled",
      // Each run makes much that is dead at once; with more room it is swept away less often, and little of it twice.
      resourceLimits: { maxYoungGenerationSizeMb: 64 },
      // From its sources the tool runs under tsx, which its threads need as well.
      ...(WORKER.pathname.endsWith(".ts") ? { execArgv: ["--import", "tsx"] } : {}),
    });
  }

  /** Starts the threads of a study that is about to be asked for. @param workers threads; default: one for each core */
  static startEarly(workers = availableParallelism()): void {
    CellPool.early ??= new CellPool(workers);
  }

  /** Threads for a study: those that were started early if there are as many as it wants, else new ones. */
  static of(workers: number): CellPool {
    const { early } = CellPool;
    if (early?.workers !== workers) return new CellPool(workers);
    CellPool.early = undefined;
    return early;
  }

  /** Ends the threads that were started early and that no study took. */
  static async dismissEarly(): Promise<void> {
    const { early } = CellPool;
    CellPool.early = undefined;
    await early?.end();
  }

  run(task: CellTask): Promise<CellReply> {
    return this.threads.run(task);
  }

  /** Ends the threads. */
  end(): Promise<void> {
    return this.threads.destroy();
  }
}
