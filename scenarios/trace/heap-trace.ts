/**
 * Page-heap traces: the log of everything that a real program did to the page heap.
 *
 * A trace is CSV with the header `t,p,op,a,b,c,d` (Go 1.18), or with a column `e` more (Go 1.23), plain or gzipped, one row
 * an operation. Rows stand in the order in which the program's threads took the heap lock, and that order is authoritative;
 * t, in nanoseconds, may step back a little between threads. What a to e mean depends on the operation: trace-layout.ts is
 * that table, and docs/file-formats.md says it in words.
 */

import { KIND_WORKBUF, kindName } from "../../sim/heap/kinds.js";
import { InputError } from "../input-error.js";
import { Fields, NameTable } from "./fields.js";
import { readLines } from "./lines.js";
import {
  Field,
  HEAP_TRACE_HEADER,
  HEAP_TRACE_HEADER_INDEXED,
  type Layout,
  layoutsOf,
  OP_NAMES,
  Op,
  type TraceColumns,
} from "./trace-layout.js";

export { HEAP_TRACE_HEADER, HEAP_TRACE_HEADER_INDEXED, OP_NAMES, Op } from "./trace-layout.js";

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
  e = 0;
  /** Bitmaps of b, c and d, as two 32-bit halves each. */
  bHi = 0;
  bLo = 0;
  cHi = 0;
  cLo = 0;
  dHi = 0;
  dLo = 0;
  /** Whether the cursors in a to d are marked. */
  aMarked = false;
  bMarked = false;
  cMarked = false;
  dMarked = false;
  /** 1-based line of the file. */
  line = 0;
  /** Columns of the trace: 7 for Go 1.18, 8 for Go 1.23. */
  columns: TraceColumns = 7;
}

/** What may be in a trace that is read: 1.18's only, or also those of later releases. */
export const ONLY_1_18: readonly TraceColumns[] = [7];
export const ALL_RELEASES: readonly TraceColumns[] = [7, 8];

/**
 * Reads a trace and hands out its rows in order.
 *
 * @param path a file, or `-` for standard input
 * @param onRow called for each row, with the same object each time
 * @param onBytes sees the bytes of the file as they are, for a digest
 * @param columns formats that are accepted, by their number of columns
 * @returns the number of rows
 * @throws InputError with line and column for whatever is not a row of a trace
 */
export async function readHeapTrace(
  path: string,
  onRow: (row: TraceRow) => void,
  onBytes?: (bytes: Uint8Array) => void,
  columns: readonly TraceColumns[] = ONLY_1_18,
): Promise<number> {
  const parser = new RowParser(path);
  const row = new TraceRow();
  const lines = await readLines(
    path,
    (bytes, from, to, line) => {
      if (line === 1) parser.begin(checkHeader(path, bytes, from, to, columns));
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
    if (line === 1) {
      checkHeader(path, bytes, from, to, ALL_RELEASES);
      return;
    }
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

/** The number of columns that a header line announces. */
function checkHeader(
  path: string,
  bytes: Uint8Array,
  from: number,
  to: number,
  accepted: readonly TraceColumns[],
): TraceColumns {
  const header = Buffer.from(bytes.subarray(from, Math.min(to, from + 200)))
    .toString("latin1")
    .trimEnd();
  if (header === HEAP_TRACE_HEADER) return 7;
  if (header === HEAP_TRACE_HEADER_INDEXED && accepted.includes(8)) return 8;
  const hint =
    header === HEAP_TRACE_HEADER_INDEXED
      ? " (this is a trace of Go 1.23, but one of 1.18 is needed here)"
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
  #columns: TraceColumns = 7;
  #layouts: readonly (Layout | undefined)[] = layoutsOf(7);

  constructor(path: string) {
    this.#fields = new Fields(path);
  }

  /** Starts on a trace with so many columns. */
  begin(columns: TraceColumns): void {
    this.#columns = columns;
    this.#layouts = layoutsOf(columns);
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
    const layout = this.#layouts[row.op];
    if (layout === undefined) this.#unknown(row.op);
    row.a = this.#read(layout[0]);
    row.aMarked = fields.isMarked;
    row.b = this.#read(layout[1]);
    row.bMarked = fields.isMarked;
    row.bHi = fields.hi;
    row.bLo = fields.lo;
    row.c = this.#read(layout[2]);
    row.cMarked = fields.isMarked;
    row.cHi = fields.hi;
    row.cLo = fields.lo;
    row.d = row.op === Op.init ? this.#readInit() : this.#read(layout[3]);
    row.dMarked = fields.isMarked;
    row.dHi = fields.hi;
    row.dLo = fields.lo;
    row.e = this.#columns === 8 ? this.#read(layout[4]) : 0;
    row.columns = this.#columns;
    fields.finish(this.#columns);
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
      case Field.cursor:
        return fields.cursor();
      case Field.float:
        return fields.float();
      default:
        fields.blank();
        return 0;
    }
  }

  /** The init row has an unused `0` in d in some recordings and nothing in others. */
  #readInit(): number {
    return this.#fields.isBlank() ? this.#read(Field.blank) : this.#fields.decimal();
  }

  /** An operation that this format does not have, or a name that is none; that has not been read yet. */
  #unknown(op: number): never {
    const fields = this.#fields;
    const known = OP_NAMES.filter((_, code) => this.#layouts[code] !== undefined);
    const column = fields.column;
    const name = op < 0 ? printable(fields.text()) : OP_NAMES[op]!;
    return fields.fail(
      `unknown operation "${name}": expected one of ${known.join(", ")}`,
      op < 0 ? column : column - name.length - 1,
    );
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
