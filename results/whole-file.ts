/**
 * Writes one file so that it appears whole or not at all: into a file beside it whose name says that it is partial, which
 * takes its name when it is complete.
 */

import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { faultReason, OutputError } from "./output-folder.js";

/**
 * Says before the work begins that a file cannot be written.
 * @throws OutputError when it exists and may not be replaced, or its folder does not
 */
export function refuseUnwritable(path: string, force: boolean, option: string): void {
  if (!force && existsSync(path))
    throw new OutputError(`${path} exists: add --force to replace it, or name another file with ${option}`);
  if (!existsSync(dirname(path)))
    throw new OutputError(`cannot write ${path}: there is no such folder; nothing was left behind`);
}

/**
 * Writes a file.
 * @param force whether a file of that name may be replaced
 * @param option of the command line that names it, for messages
 * @throws OutputError when it exists or cannot be written; nothing is left behind then
 */
export function writeWholeFile(path: string, text: string, force: boolean, option: string): void {
  refuseUnwritable(path, force, option);
  const partial = join(dirname(path), `.${basename(path)}.partial-${process.pid}`);
  try {
    const file = openSync(partial, "w");
    try {
      const data = Buffer.from(text);
      for (let at = 0; at < data.length; ) at += writeSync(file, data, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new OutputError(`cannot write ${path}: ${faultReason(error)}; nothing was left behind`);
  }
}
