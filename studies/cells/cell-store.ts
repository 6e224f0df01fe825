/**
 * Where a study keeps its finished cells until it is complete:
 *
 *     out/                       the folder that the result will be in
 *       steady-compare           appears in the end, whole
 *       .steady-compare.runs/    until then
 *         3f…e1/  a0…77/  …      a cell each, named by its key
 *
 * An interrupted study, even one whose process was killed, leaves its finished cells there, and the same command takes them
 * up again. A finished one takes everything away; what others may have put there stays.
 */

import { mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OutputError } from "../../results/output-folder.js";
import { type FinishedCell, readCell } from "./cell-folder.js";

const KEY = /^[0-9a-f]{64}$/;
const PARTIAL = /^\.[0-9a-f]{64}\.partial-(\d+)(-old)?$/;

export class CellStore {
  readonly folder: string;
  /** The topmost folder that had to be created, so that a study that leaves nothing can take it away again. */
  private readonly created: string | undefined;

  /**
   * @param out where the result will be
   * @throws OutputError when the folder cannot be created
   */
  constructor(out: string) {
    const target = resolve(out);
    this.folder = join(dirname(target), `.${basename(target)}.runs`);
    try {
      this.created = mkdirSync(this.folder, { recursive: true });
    } catch (error) {
      throw new OutputError(`cannot create ${out}: ${(error as Error).message}`);
    }
    this.removePartial((pid) => !isAlive(pid));
  }

  /** The folder of a cell. */
  folderOf(key: string): string {
    return join(this.folder, key);
  }

  /** Whether no cell of an earlier study is there. */
  get isEmpty(): boolean {
    return this.entries().length === 0;
  }

  /** A finished cell, undefined when there is none. */
  read(key: string): FinishedCell | undefined {
    return readCell(this.folderOf(key));
  }

  /** Forgets what was begun by this process and not finished. @returns the number of finished cells */
  settle(): number {
    this.removePartial((pid) => pid === process.pid);
    const kept = this.entries().filter((name) => KEY.test(name)).length;
    if (kept === 0) this.removeFolders();
    return kept;
  }

  /** Removes all cells. */
  clear(): void {
    for (const name of this.entries()) {
      if (KEY.test(name)) rmSync(join(this.folder, name), { recursive: true, force: true });
    }
    this.settle();
  }

  private removePartial(matches: (pid: number) => boolean): void {
    for (const name of this.entries()) {
      const pid = PARTIAL.exec(name)?.[1];
      if (pid !== undefined && matches(Number(pid)))
        rmSync(join(this.folder, name), { recursive: true, force: true });
    }
  }

  private entries(): string[] {
    try {
      return readdirSync(this.folder);
    } catch {
      return [];
    }
  }

  /** The folder, and those above it that were made for it, go as long as nobody put anything there. */
  private removeFolders(): void {
    try {
      for (let folder = this.folder; ; folder = dirname(folder)) {
        rmdirSync(folder);
        if (this.created === undefined || folder === this.created) return;
      }
    } catch {
      // In use, or gone already.
    }
  }
}

/** Whether a process is there. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
