/**
 * How the rows of page-heap traces are written: the operations, and what their fields are, for the two formats.
 *
 *     7 columns  t,p,op,a,b,c,d      Go 1.18, whose scavenger has generations and reservations
 *     8 columns  t,p,op,a,b,c,d,e    Go 1.23, whose scavenger has an index of chunks, and a memory limit
 */

/** The header line of a trace of Go 1.18. */
export const HEAP_TRACE_HEADER = "t,p,op,a,b,c,d";
/** The header line of one of Go 1.23. */
export const HEAP_TRACE_HEADER_INDEXED = "t,p,op,a,b,c,d,e";
/** The columns of a trace, which tell its format. */
export type TraceColumns = 7 | 8;

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
  // From here on in traces of Go 1.23 only.
  find: 25,
  empty: 26,
  nextgen: 27,
  scavin: 28,
  scavdec: 29,
  limgoal: 30,
  bgsleep: 31,
  bgpark: 32,
  bgwake: 33,
  pace3: 34,
} as const;

/** Names of the operations, by code. */
export const OP_NAMES: readonly string[] = Object.keys(Op);

/** How a field is written. */
export enum Field {
  blank,
  decimal,
  address,
  bits,
  kind,
  /** An address that may be marked. */
  cursor,
  float,
}

const { blank, decimal, address, bits, kind, cursor, float } = Field;

/** The fields a to e of an operation. */
export type Layout = readonly [Field, Field, Field, Field, Field];
type OpName = keyof typeof Op;

/** What both formats have in common. */
const COMMON = {
  init: [decimal, decimal, decimal, blank, blank],
  arena: [address, decimal, decimal, blank, blank],
  grow: [address, decimal, blank, blank, blank],
  alloc: [address, decimal, decimal, blank, blank],
  refill: [address, bits, bits, blank, blank],
  calloc: [address, decimal, decimal, blank, blank],
  free: [address, decimal, blank, blank, blank],
  span: [address, decimal, kind, decimal, blank],
  spanfree: [address, decimal, kind, blank, blank],
  procs: [decimal, decimal, blank, blank, blank],
  pace: [decimal, decimal, decimal, decimal, blank],
  pace2: [decimal, decimal, decimal, decimal, blank],
  sweepdone: [decimal, decimal, blank, blank, blank],
} as const satisfies Partial<Record<OpName, Layout>>;

const OF_1_18: Partial<Record<OpName, Layout>> = {
  ...COMMON,
  flush: [address, bits, bits, blank, blank],
  gen: [decimal, decimal, address, decimal, blank],
  scavreq: [decimal, decimal, decimal, decimal, blank],
  scavskip: [decimal, decimal, decimal, decimal, blank],
  scavret: [decimal, decimal, blank, blank, blank],
  scavres: [address, decimal, decimal, decimal, blank],
  scavunres: [address, decimal, decimal, decimal, blank],
  scav: [address, decimal, decimal, blank, blank],
  scavdone: [address, decimal, decimal, blank, blank],
  gcstart: [decimal, decimal, decimal, decimal, blank],
  gcmarkdone: [decimal, decimal, decimal, decimal, blank],
  stat: [decimal, decimal, decimal, decimal, blank],
};

const OF_1_23: Partial<Record<OpName, Layout>> = {
  ...COMMON,
  flush: [address, bits, bits, blank, decimal],
  find: [cursor, address, cursor, decimal, decimal],
  scav: [address, decimal, decimal, bits, decimal],
  scavdone: [address, decimal, decimal, blank, decimal],
  empty: [address, decimal, decimal, bits, decimal],
  nextgen: [decimal, cursor, cursor, cursor, blank],
  scavin: [decimal, decimal, decimal, decimal, decimal],
  scavdec: [decimal, decimal, decimal, decimal, decimal],
  scavreq: [decimal, decimal, decimal, decimal, decimal],
  limgoal: [decimal, decimal, blank, blank, decimal],
  scavret: [decimal, decimal, blank, blank, decimal],
  bgsleep: [decimal, decimal, decimal, float, blank],
  bgpark: [blank, blank, blank, blank, blank],
  bgwake: [blank, blank, blank, blank, blank],
  pace3: [decimal, decimal, decimal, decimal, blank],
  gcstart: [decimal, decimal, decimal, decimal, decimal],
  gcmarkdone: [decimal, decimal, decimal, decimal, decimal],
  stat: [decimal, decimal, decimal, decimal, decimal],
};

const byCode = (layouts: Partial<Record<OpName, Layout>>): readonly (Layout | undefined)[] =>
  OP_NAMES.map((name) => layouts[name as OpName]);
const BY_CODE = { 7: byCode(OF_1_18), 8: byCode(OF_1_23) } as const;

/** The layouts of a format, by the codes of its operations; undefined for those that it does not have. */
export function layoutsOf(columns: TraceColumns): readonly (Layout | undefined)[] {
  return BY_CODE[columns];
}
