/**
 * Runs cells on all cores.
 *
 *     cells ──► finished before? ──yes──────────────────────────────► onCell(index, cell)
 *                  │ no                                                  ▲
 *                  └──► queue ──► worker threads, one cell each ──samples┘
 *
 * Cells are independent, and each is the same whoever runs it and when; who receives them must not mind their order.
 */

import { availableParallelism } from "node:os";
import { LimitError } from "../../engine/simulation.js";
import { InputError } from "../../scenarios/input-error.js";
import { PolicyError } from "../../sim/heap/own-parts.js";
import { type Cell, CellKeys } from "./cell.js";
import type { FinishedCell } from "./cell-folder.js";
import { CellPool } from "./cell-pool.js";
import { CellStore } from "./cell-store.js";
import { received } from "./sent-error.js";
import type { CellTask } from "./worker.js";

/** Told after each cell: how many of all that were asked for so far. */
export interface CellProgress {
  readonly done: number;
  readonly total: number;
  /** Cells of those done that an earlier, interrupted study had finished. */
  readonly kept: number;
}

export interface CellRunnerOptions {
  /** Folder that the study's result will be in; the cells lie beside it until then. */
  readonly out: string;
  /** Worker threads. Default: one for each core. */
  readonly workers?: number;
  readonly onProgress?: (progress: CellProgress) => void;
}

/** Called with each finished cell, by its index in what was asked for, in any order. */
export type CellConsumer = (index: number, cell: FinishedCell) => void;

export class CellRunner {
  private static readonly running = new Set<CellRunner>();

  readonly store: CellStore;
  private readonly keys = new CellKeys();
  private readonly workers: number;
  private pool: CellPool | undefined;
  /** When the threads that were let go have ended. */
  private ending: Promise<unknown> = Promise.resolve();
  private progress: CellProgress = { done: 0, total: 0, kept: 0 };
  private interrupted = false;

  /** @throws OutputError when the cells cannot be kept */
  constructor(private readonly options: CellRunnerOptions) {
    this.workers = options.workers ?? availableParallelism();
    this.store = new CellStore(options.out);
    CellRunner.running.add(this);
  }

  /** Where a finished cell's files are. */
  folderOf(cell: Cell): string {
    return this.store.folderOf(this.keys.keyOf(cell));
  }

  /**
   * Runs cells, or takes them as they were left by an earlier study.
   * @param isCounted whether progress is told
   * @throws InputError, LimitError, OutputError as a run does; cells that are finished by then are kept
   */
  async run(cells: readonly Cell[], onCell: CellConsumer, isCounted = true): Promise<void> {
    const count = (change: CellProgress): void => {
      if (!isCounted) return;
      const { done, total, kept } = this.progress;
      this.progress = { done: done + change.done, total: total + change.total, kept: kept + change.kept };
      this.options.onProgress?.(this.progress);
    };
    const finish = (index: number, cell: FinishedCell, kept: number): void => {
      onCell(index, cell);
      count({ done: 1, total: 0, kept });
    };
    count({ done: 0, total: cells.length, kept: 0 });
    // Threads take a moment to load what they need, in which the first keys are made.
    if (this.store.isEmpty) this.pool ??= CellPool.of(this.workers);
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < cells.length) {
        const index = next++;
        const cell = cells[index]!;
        const key = this.keys.keyOf(cell);
        const known = this.store.read(key);
        if (known !== undefined) finish(index, known, 1);
        else finish(index, await this.runOne({ cell, folder: this.store.folderOf(key) }), 0);
      }
    };
    // One more than there are workers, so that none waits for what comes next. The first error ends all lanes.
    const lanes = Array.from({ length: this.workers + 1 }, () =>
      lane().catch((error) => {
        next = cells.length;
        throw error;
      }),
    );
    const ends = await Promise.allSettled(lanes);
    // While an interrupted process tidies up, nobody goes on with half of the cells.
    if (this.interrupted) await new Promise(() => {});
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  private async runOne(task: CellTask): Promise<FinishedCell> {
    this.pool ??= CellPool.of(this.workers);
    const reply = await this.pool.run(task);
    if ("error" in reply) throw received(reply.error);
    return reply;
  }

  /** All cells have run: the threads end while the result is written. */
  release(): void {
    this.ending = Promise.all([this.ending, this.pool?.end()]);
    this.pool = undefined;
  }

  /** Ends the threads. The result is complete, and the cells are not needed any more. */
  async complete(): Promise<void> {
    await this.stop();
    this.store.clear();
  }

  /**
   * Ends the threads after an error. Cells are kept for another try, unless it is the runs themselves that are wrong: mending
   * that makes other cells.
   */
  async fail(error: unknown): Promise<void> {
    await this.stop();
    if ([InputError, LimitError, PolicyError].some((type) => error instanceof type)) this.store.clear();
    else this.store.settle();
  }

  private async stop(): Promise<void> {
    CellRunner.running.delete(this);
    // The pool stays, so that no lane starts another one: it refuses what is still asked of it.
    await Promise.all([this.ending, this.pool?.end()]);
  }

  /**
   * Ends all runs of this process, for signal handlers.
   * @returns the number of finished cells that are kept, undefined when there was nothing to end
   */
  static async interruptAll(): Promise<number | undefined> {
    const runners = [...CellRunner.running];
    if (runners.length === 0) return undefined;
    let kept = 0;
    for (const runner of runners) {
      runner.interrupted = true;
      await runner.stop();
      kept += runner.store.settle();
    }
    return kept;
  }
}
