/**
 * Operation logs of the page allocator: every call with its result, recorded from the real one.
 *
 * CSV with the header `op,a,b,c,r1,r2,searchAddr` (Go 1.18), or with two columns more, `bg,force`, for the cursors of the
 * scavenge index (Go 1.19 and later); plain or gzipped. Addresses are hexadecimal with `0x`. The meaning of the columns is in
 * docs/file-formats.md; the fields are handed out as text, since most results are compared as such.
 */

import { InputError } from "../input-error.js";
import { printable } from "./heap-trace.js";
import { MAX_MAPPED_BYTES, MAX_MAPPED_TEXT } from "./limits.js";
import { readLines } from "./lines.js";

/** The header of an operation log of the Go 1.18 allocator. */
export const OP_LOG_HEADER = "op,a,b,c,r1,r2,searchAddr";
/** The header of the logs of Go 1.19 and later. */
export const OP_LOG_HEADER_INDEXED = "op,a,b,c,r1,r2,searchAddr,bg,force";
export type LogHeader = typeof OP_LOG_HEADER | typeof OP_LOG_HEADER_INDEXED;

/** Operations that all logs have. */
const COMMON_OPS = [
  "grow",
  "alloc",
  "free",
  "tocache",
  "calloc",
  "flush",
  "scavenge",
  "state",
  "sum",
] as const;
/** Operations of a log, by its header. */
const LOG_OPS = {
  [OP_LOG_HEADER]: [...COMMON_OPS, "startgen"],
  [OP_LOG_HEADER_INDEXED]: [...COMMON_OPS, "nextgen", "chunk"],
} as const;
export type LogOp = (typeof LOG_OPS)[LogHeader][number];

/** One line of a log. */
export interface LogLine {
  readonly line: number;
  readonly op: LogOp;
  readonly a: string;
  readonly b: string;
  readonly c: string;
  readonly r1: string;
  readonly r2: string;
  readonly searchAddr: string;
  /** Cursors where they changed; empty in logs that have no such columns. */
  readonly bg: string;
  readonly force: string;
}

/**
 * Reads a log and hands out its lines in order.
 * @param onHeader called first, with the header
 * @returns the number of lines after the header
 * @throws InputError with line and column for what is not a line of a log
 */
export async function readOpLog(
  path: string,
  onLine: (line: LogLine) => void,
  onHeader: (header: LogHeader) => void = () => {},
): Promise<number> {
  let mapped = 0;
  let header: LogHeader = OP_LOG_HEADER;
  const lines = await readLines(path, (bytes, from, to, line) => {
    const text = Buffer.from(bytes.subarray(from, to)).toString("latin1").trimEnd();
    if (line === 1) {
      header = parseHeader(path, text);
      return onHeader(header);
    }
    const parsed = parseLine(path, text, line, header);
    mapped += checkSize(path, parsed);
    if (mapped > MAX_MAPPED_BYTES) {
      throw new InputError(
        path,
        line,
        1,
        `grow: the heap would be larger than ${MAX_MAPPED_TEXT}, the largest one that is replayed`,
      );
    }
    onLine(parsed);
  });
  return Math.max(0, lines - 1);
}

function parseHeader(path: string, text: string): LogHeader {
  if (text === OP_LOG_HEADER || text === OP_LOG_HEADER_INDEXED) return text;
  throw new InputError(
    path,
    1,
    1,
    `expected the header "${OP_LOG_HEADER}" or "${OP_LOG_HEADER_INDEXED}", got "${printable(text)}"`,
  );
}

function parseLine(path: string, text: string, line: number, header: LogHeader): LogLine {
  const columns = header === OP_LOG_HEADER ? 7 : 9;
  const parts = text.split(",");
  if (parts.length !== columns)
    throw new InputError(path, line, 1, `expected ${columns} comma-separated fields, got ${parts.length}`);
  const [op, a, b, c, r1, r2, searchAddr, bg = "", force = ""] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
    string?,
    string?,
  ];
  const ops: readonly string[] = LOG_OPS[header];
  if (!ops.includes(op)) {
    throw new InputError(
      path,
      line,
      1,
      `unknown operation "${printable(op)}": expected one of ${ops.join(", ")}`,
    );
  }
  return { line, op: op as LogOp, a, b, c, r1, r2, searchAddr, bg, force };
}

/** Most pages that an operation may be about, of Go's 8 KiB. */
const MAX_PAGES = MAX_MAPPED_BYTES / 8192;

/** Checks how much an operation is about; the bytes that it maps. */
function checkSize(path: string, { line, op, a, b }: LogLine): number {
  const text = op === "alloc" ? a : op === "free" || op === "calloc" || op === "grow" ? b : undefined;
  if (text === undefined) return 0;
  const most = op === "grow" ? Number.POSITIVE_INFINITY : MAX_PAGES;
  const size = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(size >= 1 && size <= most)) {
    const what = op === "grow" ? "the bytes" : "the pages";
    throw new InputError(
      path,
      line,
      1,
      `${op}: ${what} are "${printable(text)}": expected a whole number from 1`,
    );
  }
  return op === "grow" ? size : 0;
}
