/**
 * Writes a run's files so that they appear whole or not at all.
 *
 * Everything is written into a folder beside the target, whose name says that it is partial, and that folder takes the
 * target's name when all files are complete. When anything goes wrong (a full disk, Ctrl-C, a bad row) it is removed.
 * An earlier result is replaced only when asked for, and only at the very end.
 */

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** The output cannot be written where it should be. */
export class OutputError extends Error {
  override readonly name = "OutputError";
}

/** Tells what a folder holds; --force replaces a folder only if that is all: nobody's other files are ever removed. */
const MANIFEST = "manifest.json";

/** A file being written. */
export class OutputFile {
  readonly #hash = createHash("sha256");
  #fd: number | undefined;
  bytes = 0;

  /**
   * @param name of the file
   * @param path where it is being written
   * @param target the folder that it will be in, for messages
   */
  constructor(
    readonly name: string,
    path: string,
    readonly target: string,
  ) {
    this.#fd = guarded(target, () => openSync(path, "wx"));
  }

  /**
   * Appends text.
   * @throws OutputError when it cannot be written
   */
  write(text: string): void {
    const fd = this.#fd;
    if (fd === undefined) throw new OutputError(`${this.name} is closed`);
    const data = Buffer.from(text);
    guarded(this.target, () => {
      for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
    });
    this.#hash.update(data);
    this.bytes += data.length;
  }

  /**
   * Completes the file; its sha256.
   * @throws OutputError when the system could not keep it
   */
  close(): string {
    const fd = this.#fd;
    this.#fd = undefined;
    if (fd !== undefined) {
      guarded(this.target, () => {
        try {
          fsyncSync(fd);
        } finally {
          closeSync(fd);
        }
      });
    }
    return this.#hash.digest("hex");
  }

  /** Closes without completing. */
  abandon(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

export class OutputFolder {
  /** Folders that are partial now; an interrupted process removes them. */
  static readonly #open = new Set<OutputFolder>();

  readonly #partial: string;
  readonly #target: string;
  /** The topmost folder that had to be created, so that a failed run can take it away again. */
  readonly #created: string | undefined;
  readonly #files: OutputFile[] = [];

  /**
   * Prepares the output.
   * @param target the folder that will hold the files, as the user named it
   * @param force whether an earlier result there may be replaced
   * @param option of the command line that names the folder, for messages
   * @throws OutputError when the folder exists, is not ours, or cannot be created
   */
  constructor(
    readonly target: string,
    readonly force: boolean,
    readonly option = "--out",
  ) {
    this.#target = resolve(target);
    this.#refuseExisting();
    this.#partial = join(dirname(this.#target), `.${basename(this.#target)}.partial-${process.pid}`);
    try {
      rmSync(this.#partial, { recursive: true, force: true });
      this.#created = mkdirSync(this.#partial, { recursive: true });
    } catch (error) {
      throw new OutputError(`cannot create ${target}: ${faultReason(error)}`);
    }
    OutputFolder.#open.add(this);
  }

  #refuseExisting(): void {
    if (!existsSync(this.#target)) return;
    let entries: string[];
    try {
      entries = readdirSync(this.#target);
    } catch {
      throw new OutputError(
        `${this.target} exists and is not a folder: name another one with ${this.option}`,
      );
    }
    if (entries.length === 0) return;
    if (!this.force)
      throw new OutputError(
        `${this.target} exists: add --force to replace it, or name another folder with ${this.option}`,
      );
    const foreign = foreignEntry(this.#target, entries);
    if (foreign === undefined) return;
    throw new OutputError(
      `${this.target} holds other files than a run's (${foreign}): name another folder with ${this.option}`,
    );
  }

  /** Begins a file. @param name may be in a folder within this one, with a slash */
  create(name: string): OutputFile {
    if (name.includes("/"))
      guarded(this.target, () => mkdirSync(dirname(join(this.#partial, name)), { recursive: true }));
    const file = new OutputFile(name, join(this.#partial, name), this.target);
    this.#files.push(file);
    return file;
  }

  /** Writes a whole file; its sha256. */
  write(name: string, text: string): string {
    const file = this.create(name);
    file.write(text);
    return file.close();
  }

  /** Puts the files in place. */
  commit(): void {
    guarded(this.target, () => {
      for (const file of this.#files) file.abandon();
      // Somebody else may have finished there in the meantime.
      this.#refuseExisting();
      const old = `${this.#partial}-old`;
      const replaces = existsSync(this.#target);
      if (replaces) renameSync(this.#target, old);
      try {
        renameSync(this.#partial, this.#target);
      } catch (error) {
        if (replaces) renameSync(old, this.#target);
        throw error;
      }
      OutputFolder.#open.delete(this);
      if (replaces) rmSync(old, { recursive: true, force: true });
    });
  }

  /** Removes what was written so far. */
  discard(): void {
    for (const file of this.#files) file.abandon();
    OutputFolder.#open.delete(this);
    rmSync(this.#partial, { recursive: true, force: true });
    this.#removeCreatedParents();
  }

  /** Parents that were made for this folder go, as long as nobody put anything there. */
  #removeCreatedParents(): void {
    if (this.#created === undefined) return;
    try {
      for (let folder = this.#partial; folder !== this.#created; ) {
        folder = dirname(folder);
        rmdirSync(folder);
      }
    } catch {
      // In use, or gone already: either way not ours to care for.
    }
  }

  /** Removes all partial folders of this process, for signal handlers; whether there were any. */
  static discardAll(): boolean {
    const open = [...OutputFolder.#open];
    for (const folder of open) folder.discard();
    return open.length > 0;
  }
}

/** The first entry of a folder that no run of ours put there; undefined when all are a run's. */
function foreignEntry(folder: string, entries: readonly string[]): string | undefined {
  if (!entries.includes(MANIFEST)) return `no ${MANIFEST}`;
  const ours = manifestFiles(join(folder, MANIFEST));
  if (ours === undefined) return `a ${MANIFEST} of something else`;
  // Folders are ours when they hold a file of ours; everything in them is looked at as well.
  const folders = new Set(ours.map((name) => dirname(name)));
  const within = entries
    .filter((entry) => folders.has(entry))
    .flatMap((entry) => readdirSync(join(folder, entry)).map((name) => `${entry}/${name}`));
  return [...entries, ...within].find(
    (entry) => entry !== MANIFEST && !ours.includes(entry) && !folders.has(entry),
  );
}

/** The files that a manifest of ours lists; undefined when it is none. */
function manifestFiles(path: string): readonly string[] | undefined {
  try {
    const { tool, files } = JSON.parse(readFileSync(path, "utf8"));
    if (tool.name !== "mheapsim") return undefined;
    return files.map((file: { name: string }) => file.name);
  } catch {
    return undefined;
  }
}

/** What went wrong with standard output. */
export function streamFault(error: unknown): string {
  return `cannot write to standard output: ${faultReason(error)}`;
}

/** Runs a step and turns what the file system says into one sentence. */
function guarded<T>(target: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof OutputError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new OutputError(`cannot write ${target}: ${faultReason(error)}; nothing was left behind`);
  }
}

/** What the file system says, in a few words. */
export function faultReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOSPC":
      return "the disk is full";
    case "EDQUOT":
      return "the disk quota is used up";
    case "EFBIG":
      return "the file would be larger than is allowed here";
    case "EACCES":
    case "EPERM":
      return "no permission";
    case "EROFS":
      return "the file system is read-only";
    case "ENOENT":
      return "there is no such folder";
    case "EISDIR":
      return "it is a folder";
    case "ENOTDIR":
      return "a part of the path is not a folder";
    default:
      return message;
  }
}
