/**
 * The rows of a trace of Go 1.23 that tell how its background scavenger was paced: rounds of requests, sleeps, and parking.
 *
 * How long its work took, and a sleep really was, is taken from the rows. From these follow, to the last bit, how long it
 * asked to sleep and the ratio of the next sleep; and whether it goes on or ends a round follows from what requests got.
 */

import { Op, type TraceRow } from "../../scenarios/trace/heap-trace.js";
import type { Heap } from "../../sim/heap/heap.js";
import { SleepPacer } from "../../sim/scavenge/sleep-pacer.js";
import type { RowCheck } from "./row-check.js";
import { BACKGROUND } from "./threads.js";

export class PacingRows {
  private readonly pacer: SleepPacer;
  /** Bytes released in this round, and whether a request fell short, which ends it. */
  private roundBytes = 0;
  private isShort = false;
  /** Whether the last one did, whatever the policy makes of that. */
  private fellShort = false;

  constructor(
    private readonly heap: Heap,
    private readonly rows: RowCheck,
  ) {
    this.pacer = new SleepPacer(heap.policy.scavenger);
  }

  /** Somebody asks for memory to be released. */
  request(row: TraceRow): void {
    if (row.b === BACKGROUND)
      this.rows.same(row, "requests that fell short before it", 0, this.isShort ? 1 : 0);
  }

  /** It was. */
  returned(row: TraceRow): void {
    if (row.b !== BACKGROUND) return;
    const { stopsShort, quantumBytes } = this.heap.policy.scavenger;
    this.roundBytes += row.a;
    this.fellShort = row.a < quantumBytes;
    this.isShort = stopsShort && this.fellShort;
  }

  apply(row: TraceRow): void {
    const { rows, pacer } = this;
    // A round that ended after a request that fell short ended because of it.
    if (row.op !== Op.bgwake)
      rows.same(row, "end by a short request", this.fellShort ? 1 : 0, this.isShort ? 1 : 0);
    if (row.op === Op.bgpark) rows.same(row, "bytes released in the round", 0, this.roundBytes);
    if (row.op === Op.bgsleep) {
      rows.same(row, "sleep ratio", row.d, pacer.sleepRatio);
      rows.same(row, "ns to sleep", row.b, pacer.sleepNs(row.a));
      pacer.slept(row.c, this.heap.procs);
    }
    this.roundBytes = 0;
    this.isShort = false;
    this.fellShort = false;
  }
}
