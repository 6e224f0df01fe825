/** Reads the beginning of a recording, which tells what it is. */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { InputError } from "../scenarios/input-error.js";

/** The first bytes of a file, unpacked if they are gzipped. */
export function readHead(path: string): string {
  if (path === "-") throw new InputError(path, 0, 0, "standard input cannot be read twice: expected a file");
  const bytes = readStart(path);
  if (bytes.length === 0) throw new InputError(path, 1, 0, "the file is empty: expected a recording");
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes.toString("latin1");
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString("latin1");
  } catch (error) {
    throw new InputError(
      path,
      1,
      0,
      `the gzip data is damaged (${(error as Error).message}): get an intact copy`,
    );
  }
}

/** So few bytes are enough for a header, even packed; what is damaged further on is found when its line is reached. */
const HEAD_BYTES = 1024;

function readStart(path: string): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  try {
    // Looked at before it is opened, since opening a pipe waits until somebody writes to it.
    const stat = statSync(path);
    if (!stat.isFile() && !stat.isDirectory())
      throw new InputError(path, 0, 0, "a pipe cannot be read twice: expected a file");
    const fd = openSync(path, "r");
    try {
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(path, 0, 0, openFault(error as NodeJS.ErrnoException));
  }
}

function openFault({ code, message }: NodeJS.ErrnoException): string {
  switch (code) {
    case "ENOENT":
      return "no such file";
    case "EISDIR":
      return "this is a folder: expected a file";
    case "EACCES":
    case "EPERM":
      return "no permission to read this file";
    default:
      return `cannot be read: ${message}`;
  }
}
