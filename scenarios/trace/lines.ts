/**
 * Reads text line by line, gzipped or plain, in constant memory.
 *
 * Lines are handed out as byte ranges of a buffer that is used again, since making a string of each of a million rows
 * costs more than replaying it. Whether a file is gzipped is seen from its first two bytes, never from its name.
 */

import { createReadStream } from "node:fs";
import type { Readable, Transform } from "node:stream";
import { createGunzip } from "node:zlib";
import { InputError } from "../input-error.js";

/** Called for each line: bytes[from, to) without the newline, and the 1-based number of the line. */
export type LineHandler = (bytes: Uint8Array, from: number, to: number, line: number) => void;

const NEWLINE = 10;
const CHUNK_BYTES = 256 * 1024;
/** A line longer than this is not text of ours, and would have to be kept in memory whole. */
const MAX_LINE_BYTES = 1024 * 1024;

/**
 * Reads all lines of a file (or of standard input, for `-`) and hands them out in order.
 *
 * @param onBytes sees the raw bytes of the file, compressed if they are, as they are read; for digests
 * @returns the number of lines
 * @throws InputError when the file cannot be read, the gzip data is damaged, or the last line is not complete; whatever
 *   the handler throws ends the reading
 */
export async function readLines(
  path: string,
  onLine: LineHandler,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<number> {
  const splitter = new LineSplitter(path, onLine);
  const source = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const stream = maybeGunzip(source, onBytes);
  let handling = false;
  try {
    for await (const chunk of stream) {
      handling = true;
      splitter.push(chunk as Uint8Array);
      handling = false;
    }
  } catch (error) {
    // What a handler throws is no fault of the file: its disk may be full.
    throw handling ? error : asInputError(error, path, splitter.line);
  } finally {
    source.destroy();
  }
  return splitter.finish();
}

/** Cuts a sequence of chunks into lines; a line that straddles chunks is put together first. */
class LineSplitter {
  /** Lines handed out so far. */
  line = 0;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(
    readonly path: string,
    readonly onLine: LineHandler,
  ) {}

  push(chunk: Uint8Array): void {
    let from = 0;
    if (this.#rest.length > 0) {
      const end = chunk.indexOf(NEWLINE);
      const joined = Buffer.concat([this.#rest, end < 0 ? chunk : chunk.subarray(0, end)]);
      if (joined.length > MAX_LINE_BYTES) {
        throw new InputError(
          this.path,
          this.line + 1,
          0,
          `the line is longer than ${MAX_LINE_BYTES} bytes: not a text file`,
        );
      }
      if (end < 0) {
        this.#rest = joined;
        return;
      }
      this.onLine(joined, 0, joined.length, ++this.line);
      from = end + 1;
    }
    for (let end = chunk.indexOf(NEWLINE, from); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      this.onLine(chunk, from, end, ++this.line);
      from = end + 1;
    }
    this.#rest = from < chunk.length ? Buffer.from(chunk.subarray(from)) : new Uint8Array(0);
  }

  finish(): number {
    if (this.#rest.length > 0) {
      throw new InputError(this.path, this.line + 1, 0, "the last line has no newline: the file was cut off");
    }
    return this.line;
  }
}

/** Passes plain bytes on and unpacks gzipped ones, told apart by the first two bytes. */
function maybeGunzip(source: Readable, onBytes?: (bytes: Uint8Array) => void): AsyncIterable<unknown> {
  return (async function* () {
    const chunks = source[Symbol.asyncIterator]();
    const head = await firstBytes(chunks);
    const rest = (async function* () {
      if (head.length > 0) {
        onBytes?.(head);
        yield head;
      }
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
        onBytes?.(next.value as Uint8Array);
        yield next.value as Uint8Array;
      }
    })();
    if (head.length < 2 || head[0] !== 0x1f || head[1] !== 0x8b) {
      yield* rest;
      return;
    }
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
    const feeder = feed(rest, gunzip);
    yield* gunzip;
    await feeder;
  })();
}

/** The first chunk; from a pipe it may be a single byte, and then the next ones are joined to it. */
async function firstBytes(chunks: AsyncIterator<unknown>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < 2) {
    const next = await chunks.next();
    if (next.done) break;
    head = head.length === 0 ? (next.value as Uint8Array) : Buffer.concat([head, next.value as Uint8Array]);
  }
  return head;
}

/** Writes chunks into a transform and lets errors of the source destroy it. */
async function feed(chunks: AsyncIterable<Uint8Array>, into: Transform): Promise<void> {
  try {
    for await (const chunk of chunks) {
      if (into.destroyed) return;
      if (!into.write(chunk))
        await new Promise<void>((resolve) => onceAny(into, ["drain", "close", "error"], resolve));
    }
    into.end();
  } catch (error) {
    into.destroy(error as Error);
  }
}

function onceAny(emitter: Transform, events: readonly string[], done: () => void): void {
  const listener = (): void => {
    for (const event of events) emitter.off(event, listener);
    done();
  };
  for (const event of events) emitter.once(event, listener);
}

/** Turns errors of the file system and of zlib into one sentence; others pass as they are. */
function asInputError(error: unknown, path: string, line: number): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return new InputError(path, 0, 0, "no such file: expected a recording, gzipped or plain");
    case "EISDIR":
      return new InputError(path, 0, 0, "this is a folder: expected a file");
    case "EACCES":
    case "EPERM":
      return new InputError(path, 0, 0, "no permission to read this file");
    case "Z_BUF_ERROR":
      return new InputError(
        path,
        line + 1,
        0,
        "the gzip data ends early: the file was cut off; get a whole copy",
      );
    case "Z_DATA_ERROR":
      return new InputError(path, line + 1, 0, `the gzip data is damaged (${message}): get an intact copy`);
    default:
      return code?.startsWith("E") && !(error instanceof InputError)
        ? new InputError(path, 0, 0, `cannot be read: ${message}`)
        : error;
  }
}
