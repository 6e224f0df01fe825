/** The threads of a trace of Go 1.23 that release memory, by the numbers of their Ms. */

import { Op, TraceRow } from "../../scenarios/trace/heap-trace.js";
import { ReleaseRequest } from "../../sim/scavenge/scavenger.js";

/** Who asks for memory to be released, in `scavreq` rows. */
export const BACKGROUND = 0;
export const ALLOCATION = 1;

/** A thread that releases memory. */
export class ReleasingThread {
  readonly request = new ReleaseRequest();
  /** Bytes asked for, and released so far. */
  wanted = 0;
  released = 0;
  isForced = false;
  /** The chunk that the index answered with, and the page in it to search from; −1 when there is none to look at. */
  chunk = -1;
  index = 0;
}

export class Threads {
  /** The goroutine of the background scavenger, which may move from one M to another within a request. */
  private readonly background = new ReleasingThread();
  /** Others are bound to their M until their request is served. */
  private readonly byMachine = new Map<number, ReleasingThread>();

  /** A request begins. */
  begin(row: TraceRow): ReleasingThread {
    if (row.b === BACKGROUND) return this.background;
    const thread = new ReleasingThread();
    this.byMachine.set(row.e, thread);
    return thread;
  }

  /** The thread of a row that tells its M in e, and, but for searches, whether it is the background's. */
  of(row: TraceRow): ReleasingThread {
    const isBackground =
      row.op === Op.scavret ? row.b === BACKGROUND : row.op !== Op.find && row.c === BACKGROUND;
    if (isBackground) return this.background;
    return this.byMachine.get(row.e) ?? this.background;
  }

  /** A request was served. */
  end(row: TraceRow): ReleasingThread {
    const thread = this.of(row);
    if (row.b !== BACKGROUND) this.byMachine.delete(row.e);
    return thread;
  }
}

/** The M of a row; −1 when it does not tell. */
export function machineOf(row: TraceRow): number {
  switch (row.op) {
    case Op.find:
    case Op.scav:
    case Op.scavdone:
    case Op.empty:
    case Op.scavreq:
    case Op.limgoal:
    case Op.scavret:
      return row.e;
    default:
      return -1;
  }
}

/** A row to keep; the one that is read is used again for the next. */
export function copyOf(row: TraceRow): TraceRow {
  return Object.assign(new TraceRow(), row);
}
