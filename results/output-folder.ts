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
import { basename, dirname, join, resolve, sep } from "node:path";

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
   * @param durable whether it must be on the disk when it is complete
   */
  constructor(
    readonly name: string,
    path: string,
    readonly target: string,
    readonly durable = true,
  ) {
    this.#fd = guarded(target, () => openSync(path, "wx"));
  }

  /**
   * Appends text, or bytes as they are.
   * @throws OutputError when it cannot be written
   */
  write(content: string | Uint8Array): void {
    const fd = this.#fd;
    if (fd === undefined) throw new OutputError(`${this.name} is closed`);
    const data = typeof content === "string" ? Buffer.from(content) : content;
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
          if (this.durable) fsyncSync(fd);
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
   * @param durable whether complete files must be on the disk; not waiting for it saves time where whoever reads them finds
   *   out whether they are whole
   * @throws OutputError when the folder exists, is not ours, or cannot be created
   */
  constructor(
    readonly target: string,
    readonly force: boolean,
    readonly option = "--out",
    readonly durable = true,
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

  /**
   * Refuses a folder that a result could not go to, before there is one.
   * @throws OutputError as the constructor does, for a folder that exists
   */
  static check(target: string, force: boolean, option = "--out"): void {
    refuseExisting(target, force, option);
  }

  #refuseExisting(): void {
    refuseExisting(this.target, this.force, this.option);
  }

  /** Begins a file. @param name may be in a folder within this one, with a slash */
  create(name: string): OutputFile {
    if (name.includes("/"))
      guarded(this.target, () => mkdirSync(dirname(join(this.#partial, name)), { recursive: true }));
    const file = new OutputFile(name, join(this.#partial, name), this.target, this.durable);
    this.#files.push(file);
    return file;
  }

  /** Writes a whole file; its sha256. */
  write(name: string, content: string | Uint8Array): string {
    const file = this.create(name);
    file.write(content);
    return file.close();
  }

  /**
   * Takes over a folder of complete files.
   * @param name of the folder here
   * @param path where it is now, on the same file system
   */
  adopt(name: string, path: string): void {
    const place = join(this.#partial, name);
    guarded(this.target, () => {
      mkdirSync(dirname(place), { recursive: true });
      renameSync(path, place);
    });
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

/** Refuses a folder that holds something that may not be replaced. */
function refuseExisting(target: string, force: boolean, option: string): void {
  const path = resolve(target);
  if (!existsSync(path)) return;
  let entries: string[];
  try {
    entries = readdirSync(path);
  } catch {
    throw new OutputError(`${target} exists and is not a folder: name another one with ${option}`);
  }
  if (entries.length === 0) return;
  if (!force)
    throw new OutputError(
      `${target} exists: add --force to replace it, or name another folder with ${option}`,
    );
  const foreign = foreignEntry(path, entries);
  if (foreign === undefined) return;
  throw new OutputError(
    `${target} holds other files than a run's (${foreign}): name another folder with ${option}`,
  );
}

/** The first entry of a folder that no run of ours put there; undefined when all are a run's. */
function foreignEntry(folder: string, entries: readonly string[]): string | undefined {
  if (!entries.includes(MANIFEST)) return `no ${MANIFEST}`;
  const ours = manifestFiles(join(folder, MANIFEST));
  if (ours === undefined) return `a ${MANIFEST} of something else`;
  const files = new Set([MANIFEST, ...ours]);
  // Folders are ours when they hold a file of ours; everything in them is looked at as well.
  const folders = new Set(ours.flatMap(foldersAbove));
  return (readdirSync(folder, { recursive: true, encoding: "utf8" }) as string[])
    .map((entry) => entry.split(sep).join("/"))
    .find((entry) => !files.has(entry) && !folders.has(entry));
}

/** The folders that a file lies in, from the innermost outward: a/b/c is in a/b and a. */
function foldersAbove(name: string): string[] {
  const folder = dirname(name);
  return folder === "." ? [] : [folder, ...foldersAbove(folder)];
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
