/**
 * Page-heap traces: the log of everything that a real program did to the page heap (Go 1.18).
 *
 * A trace is CSV with the header `t,p,op,a,b,c,d`, plain or gzipped, one row an operation. Rows stand in the order in
 * which the program's threads took the heap lock, and that order is authoritative; t, in nanoseconds, may step back a
 * little between threads. What a to d mean depends on the operation; LAYOUT below is that table. docs/file-formats.md
 * says it in words.
 */

import { KIND_WORKBUF, kindName } from "../../sim/heap/kinds.js";
import { InputError } from "../input-error.js";
import { Fields, NameTable } from "./fields.js";
import { readLines } from "./lines.js";

/** The header line of a trace. */
export const HEAP_TRACE_HEADER = "t,p,op,a,b,c,d";

/** Operations, by code. */
export const Op = {
  init: 0,
  arena: 1,
  grow: 2,
  alloc: 3,
  refill: 4,
  calloc: 5,
  flush: 6,
  free: 7,
  span: 8,
  spanfree: 9,
  gen: 10,
  scavreq: 11,
  scavskip: 12,
  scavret: 13,
  scavres: 14,
  scavunres: 15,
  scav: 16,
  scavdone: 17,
  procs: 18,
  gcstart: 19,
  gcmarkdone: 20,
  pace: 21,
  pace2: 22,
  sweepdone: 23,
  stat: 24,
} as const;

/** Names of the operations, by code. */
export const OP_NAMES: readonly string[] = Object.keys(Op);

/** How a field is written. */
enum Field {
  blank,
  decimal,
  address,
  bits,
  kind,
}

const { blank, decimal, address, bits, kind } = {
  blank: Field.blank,
  decimal: Field.decimal,
  address: Field.address,
  bits: Field.bits,
  kind: Field.kind,
};

/** The fields a, b, c, d of each operation. */
const LAYOUT: Readonly<Record<keyof typeof Op, readonly [Field, Field, Field, Field]>> = {
  init: [decimal, decimal, decimal, blank],
  arena: [address, decimal, decimal, blank],
  grow: [address, decimal, blank, blank],
  alloc: [address, decimal, decimal, blank],
  refill: [address, bits, bits, blank],
  calloc: [address, decimal, decimal, blank],
  flush: [address, bits, bits, blank],
  free: [address, decimal, blank, blank],
  span: [address, decimal, kind, decimal],
  spanfree: [address, decimal, kind, blank],
  gen: [decimal, decimal, address, decimal],
  scavreq: [decimal, decimal, decimal, decimal],
  scavskip: [decimal, decimal, decimal, decimal],
  scavret: [decimal, decimal, blank, blank],
  scavres: [address, decimal, decimal, decimal],
  scavunres: [address, decimal, decimal, decimal],
  scav: [address, decimal, decimal, blank],
  scavdone: [address, decimal, decimal, blank],
  procs: [decimal, decimal, blank, blank],
  gcstart: [decimal, decimal, decimal, decimal],
  gcmarkdone: [decimal, decimal, decimal, decimal],
  pace: [decimal, decimal, decimal, decimal],
  pace2: [decimal, decimal, decimal, decimal],
  sweepdone: [decimal, decimal, blank, blank],
  stat: [decimal, decimal, decimal, decimal],
};

const LAYOUT_BY_CODE = Object.values(LAYOUT);
const OP_TABLE = new NameTable(OP_NAMES);
const KIND_TABLE = new NameTable(Array.from({ length: KIND_WORKBUF + 1 }, (_, kind) => kindName(kind)));

/** Ps have numbers below this. A real program has a handful, and each costs something to keep. */
const MAX_PROCS = 65536;

/**
 * One row, used again for the next. Addresses are raw, as numbers; 0 is nil. Sizes are bytes. `max` is Infinity.
 * Blank fields are 0.
 */
export class TraceRow {
  /** Nanoseconds since the first row. */
  t = 0;
  /** The P that the thread held, -1 for none. */
  p = 0;
  /** One of Op. */
  op = 0;
  a = 0;
  b = 0;
  c = 0;
  d = 0;
  /** Bitmaps of b and c, as two 32-bit halves each. */
  bHi = 0;
  bLo = 0;
  cHi = 0;
  cLo = 0;
  /** 1-based line of the file. */
  line = 0;
}

/**
 * Reads a trace and hands out its rows in order.
 *
 * @param path a file, or `-` for standard input
 * @param onRow called for each row, with the same object each time
 * @param onBytes sees the bytes of the file as they are, for a digest
 * @returns the number of rows
 * @throws InputError with line and column for whatever is not a row of a trace
 */
export async function readHeapTrace(
  path: string,
  onRow: (row: TraceRow) => void,
  onBytes?: (bytes: Uint8Array) => void,
): Promise<number> {
  const parser = new RowParser(path);
  const row = new TraceRow();
  const lines = await readLines(
    path,
    (bytes, from, to, line) => {
      if (line === 1) checkHeader(path, bytes, from, to);
      else {
        parser.parse(bytes, from, to, line, row);
        onRow(row);
      }
    },
    onBytes,
  );
  if (lines === 0)
    throw new InputError(
      path,
      1,
      0,
      `the file is empty: expected a trace that begins with "${HEAP_TRACE_HEADER}"`,
    );
  if (lines === 1) throw new InputError(path, 2, 0, "the trace has no rows: expected at least its init row");
  return lines - 1;
}

/**
 * Reads only the times of a trace, which takes a fraction of the time; everything else in its rows may be damaged.
 * @returns the largest t, in ns
 * @throws InputError as readHeapTrace does, for headers and times
 */
export async function readDuration(path: string): Promise<number> {
  const fields = new Fields(path);
  let duration = 0;
  await readLines(path, (bytes, from, to, line) => {
    if (line === 1) return checkHeader(path, bytes, from, to);
    fields.begin(bytes, from, to, line);
    const t = readTime(fields);
    if (t > duration) duration = t;
  });
  return duration;
}

function readTime(fields: Fields): number {
  const t = fields.decimal();
  if (!(t >= 0 && t < Number.POSITIVE_INFINITY)) fields.fail("expected a time of 0 ns or later", 1);
  return t;
}

function checkHeader(path: string, bytes: Uint8Array, from: number, to: number): void {
  const header = Buffer.from(bytes.subarray(from, Math.min(to, from + 200)))
    .toString("latin1")
    .trimEnd();
  if (header === HEAP_TRACE_HEADER) return;
  const hint =
    header === `${HEAP_TRACE_HEADER},e`
      ? " (this is a trace of Go 1.23, which the go1.18 policy cannot replay)"
      : "";
  throw new InputError(
    path,
    1,
    1,
    `expected the header "${HEAP_TRACE_HEADER}", got "${printable(header)}"${hint}`,
  );
}

/** Text from a damaged file, fit for a terminal. */
export function printable(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, "?");
  return clean.length > 60 ? `${clean.slice(0, 60)}…` : clean;
}

class RowParser {
  readonly #fields: Fields;

  constructor(path: string) {
    this.#fields = new Fields(path);
  }

  parse(bytes: Uint8Array, from: number, to: number, line: number, row: TraceRow): void {
    const fields = this.#fields;
    fields.begin(bytes, from, to, line);
    row.line = line;
    row.t = readTime(fields);
    const pColumn = fields.column;
    row.p = fields.decimal();
    if (!(row.p >= -1 && row.p < MAX_PROCS)) fields.fail("expected the number of a P, or -1", pColumn);
    row.op = fields.name(OP_TABLE);
    if (row.op < 0) {
      const column = fields.column;
      throw new InputError(
        fields.path,
        line,
        column,
        `unknown operation "${printable(fields.text())}": expected one of ${OP_NAMES.join(", ")}`,
      );
    }
    const layout = LAYOUT_BY_CODE[row.op]!;
    row.a = this.#read(layout[0]);
    row.b = this.#read(layout[1]);
    row.bHi = fields.hi;
    row.bLo = fields.lo;
    row.c = this.#read(layout[2]);
    row.cHi = fields.hi;
    row.cLo = fields.lo;
    row.d = this.#readLast(layout[3], row.op);
    fields.finish(7);
    if (row.op === Op.procs && !(row.b >= 1 && row.b < MAX_PROCS)) {
      throw new InputError(fields.path, line, 1, `procs: ${row.b} Ps: expected 1 to ${MAX_PROCS - 1}`);
    }
  }

  #read(field: Field): number {
    const fields = this.#fields;
    switch (field) {
      case Field.decimal: {
        const { column } = fields;
        const value = fields.decimal();
        if (value < 0) fields.fail("expected a number that is not negative", column);
        return value;
      }
      case Field.address:
        return fields.hex();
      case Field.bits:
        fields.bits();
        return 0;
      case Field.kind:
        return this.#kind();
      default:
        fields.blank();
        return 0;
    }
  }

  /** The init row has an unused `0` in d in some recordings and nothing in others. */
  #readLast(field: Field, op: number): number {
    if (op === Op.init && !this.#fields.isBlank()) return this.#fields.decimal();
    return this.#read(field);
  }

  #kind(): number {
    const fields = this.#fields;
    const code = fields.name(KIND_TABLE);
    if (code >= 0) return code;
    const column = fields.column;
    throw new InputError(
      fields.path,
      fields.line,
      column,
      `unknown kind of span "${printable(fields.text())}": expected h<span class>, s, b or w`,
    );
  }
}
