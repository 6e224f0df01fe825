/**
 * Conformance: holds recordings of the real runtime against the model and counts.
 *
 * What a file is, is seen from its content: an operation log or a trace from the header line, vectors from JSON and the
 * keys of the cases. Under which policy and in which address space it was recorded is told by recorded-under.ts.
 */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { InputError } from "../scenarios/input-error.js";
import { HEAP_TRACE_HEADER, printable, readHeapTrace } from "../scenarios/trace/heap-trace.js";
import { OP_LOG_HEADER, OP_LOG_HEADER_INDEXED } from "../scenarios/trace/op-log.js";
import { readVectors } from "../scenarios/trace/vectors.js";
import { GeometryError } from "../sim/address/geometry.js";
import { AddressRangeError } from "../sim/address/ranges.js";
import { OutOfMemoryError } from "../sim/heap/heap.js";
import { CorruptHeapError } from "../sim/pages/errors.js";
import { Check, type Mismatch } from "./check.js";
import { replayOpLog } from "./op-log-replay.js";
import { namedGeometry, type RecordedOptions, recordedGeometry, recordedPolicy } from "./recorded-under.js";
import { RowGuard } from "./row-guard.js";
import { initGeometry } from "./run-trace.js";
import { SpanPrediction } from "./span-prediction.js";
import { TraceReplay } from "./trace-replay.js";
import { conformVectors } from "./vectors.js";

/** How to conform. */
export interface ConformOptions extends RecordedOptions {
  /** Go on after a mismatch, from the recorded state. */
  readonly all?: boolean;
  /** Traces: predict every span address from the spans alone. */
  readonly spansOnly?: boolean;
}

/** What came of one file. */
export interface ConformResult {
  readonly path: string;
  readonly compared: number;
  readonly mismatches: number;
  readonly shown: readonly Mismatch[];
  /** Why the file could not be read to its end. */
  readonly error: Error | undefined;
  /** Said when the geometry had to be assumed. */
  readonly remark: string | undefined;
}

/** Compares one file. Faults of the file are in the result; only faults of the options are thrown. */
export async function conformFile(path: string, options: ConformOptions): Promise<ConformResult> {
  const check = new Check(options.all ?? false);
  let error: Error | undefined;
  let remark: string | undefined;
  try {
    remark = await compareFile(path, options, check);
  } catch (caught) {
    if (caught instanceof InputError || caught instanceof GeometryError) {
      // After a mismatch the model is somewhere else than the recording, and what it then refuses says nothing new.
      if (check.mismatches === 0) error = caught;
    } else if (check.mismatches === 0 || !isRefusal(caught)) throw caught;
  }
  return { path, compared: check.compared, mismatches: check.mismatches, shown: check.shown, error, remark };
}

/** Whether the model found itself in an impossible state, as a recorded state that is not its own may leave it. */
function isRefusal(error: unknown): boolean {
  return error instanceof CorruptHeapError || error instanceof AddressRangeError;
}

async function compareFile(path: string, options: ConformOptions, check: Check): Promise<string | undefined> {
  const head = readHead(path);
  if (/^\s*[[{]/.test(head)) {
    const file = await readVectors(path);
    const { geometry, remark } = recordedGeometry(path, options);
    conformVectors(path, file, geometry, check);
    return remark;
  }
  const [header = "", first = ""] = head.split(/\r?\n/, 2);
  if (header === OP_LOG_HEADER || header === OP_LOG_HEADER_INDEXED) {
    const { geometry, remark } = recordedGeometry(path, options);
    await replayOpLog(path, geometry, recordedPolicy(path, options, logPolicy(header, first)), check);
    return remark;
  }
  if (header === HEAP_TRACE_HEADER) {
    await compareTrace(path, options, check);
    return undefined;
  }
  throw new InputError(path, 1, 1, unknownHeader(header));
}

/** The policy that the columns of an operation log speak for: Go 1.19 has one cursor, later releases tell two. */
function logPolicy(header: string, firstLine: string): string {
  if (header === OP_LOG_HEADER) return "go1.18";
  return firstLine.endsWith(",") ? "go1.19" : "go1.22";
}

function unknownHeader(header: string): string {
  if (header === `${HEAP_TRACE_HEADER},e`) {
    return "this is a page-heap trace of Go 1.23, whose scavenger the go1.18 policy does not have";
  }
  return (
    `not a recording: expected JSON vectors, or a header "${OP_LOG_HEADER}" (operation log, also with ",bg,force") or ` +
    `"${HEAP_TRACE_HEADER}" (trace), got "${printable(header)}"`
  );
}

async function compareTrace(path: string, options: ConformOptions, check: Check): Promise<void> {
  let replay: TraceReplay | SpanPrediction | undefined;
  let guard: RowGuard | undefined;
  let line = 0;
  try {
    await readHeapTrace(path, (row) => {
      if (check.stopped) return;
      line = row.line;
      if (replay === undefined) {
        if (row.op !== 0) throw new InputError(path, row.line, 1, "the first row of a trace must be init");
        const recorded = initGeometry(path, row);
        const base = options.geometry === undefined ? recorded : namedGeometry(options.geometry);
        const geometry = base.withPhysicalPages(
          options.physPageBytes ?? row.a,
          options.hugePageBytes ?? row.c,
        );
        replay = options.spansOnly
          ? new SpanPrediction(path, geometry, check)
          : new TraceReplay(path, geometry, check);
        guard = new RowGuard(path, replay.heap, check, options.spansOnly ?? false);
      }
      guard?.admit(row);
      replay.step(row);
    });
  } catch (error) {
    if (error instanceof OutOfMemoryError)
      throw new InputError(path, line, 1, `the model runs out of memory: ${error.message.split("\n")[0]}`);
    throw error;
  }
}

/** The first bytes of a file, unpacked if they are gzipped. */
function readHead(path: string): string {
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
