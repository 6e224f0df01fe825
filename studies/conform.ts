/**
 * Conformance: holds recordings of the real runtime against the model and counts.
 *
 * What a file is, is seen from its content: an operation log or a trace from the header line, vectors from JSON and the
 * keys of the cases. Under which policy and in which address space it was recorded is told by recorded-under.ts.
 */

import { InputError } from "../scenarios/input-error.js";
import {
  ALL_RELEASES,
  HEAP_TRACE_HEADER,
  HEAP_TRACE_HEADER_INDEXED,
  printable,
  readHeapTrace,
  type TraceRow,
} from "../scenarios/trace/heap-trace.js";
import { OP_LOG_HEADER, OP_LOG_HEADER_INDEXED } from "../scenarios/trace/op-log.js";
import { readVectors } from "../scenarios/trace/vectors.js";
import { type Geometry, GeometryError } from "../sim/address/geometry.js";
import { AddressRangeError } from "../sim/address/ranges.js";
import { OutOfMemoryError } from "../sim/heap/heap.js";
import { CorruptHeapError } from "../sim/pages/errors.js";
import type { Policy } from "../sim/policies/policy.js";
import { Check, type Mismatch } from "./check.js";
import { replayOpLog } from "./op-log-replay.js";
import { readHead } from "./read-head.js";
import {
  namedGeometry,
  type RecordedOptions,
  recordedGeometry,
  recordedPolicy,
  tracePolicy,
} from "./recorded-under.js";
import { RowGuard } from "./row-guard.js";
import { initGeometry } from "./run-trace.js";
import { SpanPrediction } from "./span-prediction.js";
import { createReplay, type TraceReplay } from "./trace-replay.js";
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
  if (header === HEAP_TRACE_HEADER || header === HEAP_TRACE_HEADER_INDEXED) {
    await compareTrace(path, options, check, tracePolicy(path, options));
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
  return (
    `not a recording: expected JSON vectors, or a header "${OP_LOG_HEADER}" (operation log, also with ",bg,force") or ` +
    `"${HEAP_TRACE_HEADER}" (trace, also with ",e"), got "${printable(header)}"`
  );
}

async function compareTrace(
  path: string,
  options: ConformOptions,
  check: Check,
  policy: Policy,
): Promise<void> {
  let replay: TraceReplay | SpanPrediction | undefined;
  let guard: RowGuard | undefined;
  let line = 0;
  const onRow = (row: TraceRow): void => {
    if (check.stopped) return;
    line = row.line;
    if (replay === undefined) {
      const geometry = traceGeometry(path, row, options);
      replay = options.spansOnly
        ? new SpanPrediction(path, geometry, policy, check)
        : createReplay(path, row, geometry, policy, check);
      guard = new RowGuard(path, replay.heap, check, options.spansOnly ?? false);
    }
    guard?.admit(row);
    replay.step(row);
  };
  try {
    await readHeapTrace(path, onRow, undefined, ALL_RELEASES);
  } catch (error) {
    if (error instanceof OutOfMemoryError)
      throw new InputError(path, line, 1, `the model runs out of memory: ${error.message.split("\n")[0]}`);
    throw error;
  }
}

/** The geometry of a trace: what its init row says, and the options say otherwise. */
function traceGeometry(path: string, row: TraceRow, options: ConformOptions): Geometry {
  if (row.op !== 0) throw new InputError(path, row.line, 1, "the first row of a trace must be init");
  const recorded = initGeometry(path, row);
  const base = options.geometry === undefined ? recorded : namedGeometry(options.geometry);
  return base.withPhysicalPages(options.physPageBytes ?? row.a, options.hugePageBytes ?? row.c);
}
