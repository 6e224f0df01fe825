/**
 * The rows of a trace of Go 1.23 that tell how much is to be released, and how much was.
 *
 * After an allocation a thread reads what is retained and what is mapped (`scavin`), decides what exceeds the limit and the
 * goal (`scavdec`), and asks for the larger of both (`scavreq`). What is mapped beside the heap the model does not know, so
 * that is taken from the rows, and the decision is compared.
 */

import { Op, type TraceRow } from "../../scenarios/trace/heap-trace.js";
import type { Heap } from "../../sim/heap/heap.js";
import { SCAVENGE_DISABLED } from "../../sim/scavenge/goal.js";
import type { RowCheck } from "./row-check.js";
import { ALLOCATION, BACKGROUND, type ReleasingThread, type Threads } from "./threads.js";

/** What the replay knows of the threads that allocate. */
export interface Growths {
  /** Bytes that the thread of a row has just grown the heap by, once. */
  takeGrowth(row: TraceRow): number;
  /** Compares retained memory as a thread read it. */
  sameRetained(row: TraceRow, recorded: number): void;
  /** Whether there ever were several Ps. */
  readonly areSeveral: () => boolean;
}

/** The decision of a thread, by its P. */
class Decision {
  /** Of the pages that it has just taken, the released bytes. */
  scavengedBytes = 0;
  growthBytes = 0;
  /** Retained memory and the goal as it read them, 0 where it did not. */
  retainedBytes = 0;
  goalBytes = 0;
  excessBytes = 0;
  bytes = 0;
  isForced = false;
}

export class DecisionRows {
  /** By P + 1. */
  private readonly decisions: Decision[] = [];
  /** The goals before these. */
  private lastGoalBytes = 0;
  private lastLimitGoalBytes = 0;

  constructor(
    private readonly heap: Heap,
    private readonly rows: RowCheck,
    private readonly threads: Threads,
    private readonly growths: Growths,
  ) {}

  /** New goals are about to be set. */
  goalsChange(): void {
    this.lastGoalBytes = this.heap.scavengeGoalBytes;
    this.lastLimitGoalBytes = this.heap.limitGoalBytes;
  }

  /** A thread has taken pages, so many bytes of which were released. */
  pagesTaken(row: TraceRow, scavengedBytes: number): void {
    this.#of(row).scavengedBytes = scavengedBytes;
  }

  apply(row: TraceRow): void {
    switch (row.op) {
      case Op.scavin:
        return this.#readings(row);
      case Op.scavdec:
        return this.#decision(row);
      case Op.scavreq:
        return this.#request(row);
      case Op.limgoal:
        this.#sameGoal(row, "memory limit goal", row.b, this.heap.limitGoalBytes, this.lastLimitGoalBytes);
        return;
      default:
        this.rows.same(row, "released bytes", row.a, this.threads.end(row).released);
    }
  }

  /** A goal as a thread read it. With several Ps the world may have been stopped, and the goal set, before it wrote that. */
  #sameGoal(row: TraceRow, what: string, recorded: number, goal: number, last: number): void {
    const isLast = this.growths.areSeveral() && recorded === last;
    this.rows.same(row, what, recorded, isLast ? last : goal);
  }

  #of(row: TraceRow): Decision {
    this.decisions[row.p + 1] ??= new Decision();
    return this.decisions[row.p + 1]!;
  }

  /** What a thread read. Retained memory and the goal are read only after growth, and while there is a goal. */
  #readings(row: TraceRow): void {
    const { heap, rows } = this;
    const decision = this.#of(row);
    const goal = heap.scavengeGoalBytes;
    decision.growthBytes = this.growths.takeGrowth(row);
    decision.retainedBytes = row.a;
    decision.goalBytes = row.b;
    if (decision.growthBytes > 0 && goal !== SCAVENGE_DISABLED) {
      this.growths.sameRetained(row, row.a);
      this.#sameGoal(row, "scavenge goal", row.b, goal, this.lastGoalBytes);
    } else {
      rows.same(row, "heap_retained, not read", row.a, 0);
      rows.same(row, "scavenge goal, not read", row.b, 0);
    }
    // 1 says that the limiter of the collector's CPU time is on, which turns the limit off.
    decision.excessBytes = row.e === 1 ? 0 : Math.max(0, decision.scavengedBytes + row.c - row.d);
  }

  #decision(row: TraceRow): void {
    const { heap, rows } = this;
    const decision = this.#of(row);
    const { growthBytes, retainedBytes, excessBytes } = decision;
    const forGrowth = growthBytes === 0 ? 0 : heap.growthScavengeBytes(growthBytes, retainedBytes);
    rows.same(row, "growth", row.d, growthBytes);
    rows.same(row, "bytes above the limit", row.b, excessBytes);
    rows.same(row, "bytes for growth", row.c, forGrowth);
    decision.bytes = Math.max(excessBytes, forGrowth);
    decision.isForced = excessBytes > 0;
    rows.same(row, "bytes to scavenge", row.a, decision.bytes);
    rows.same(row, "force and P", row.e, (decision.isForced ? 1 : 0) + (row.p >= 0 ? 2 : 0));
  }

  #request(row: TraceRow): void {
    const { heap, rows } = this;
    const thread = this.threads.begin(row);
    if (row.b === ALLOCATION) {
      const { retainedBytes, goalBytes } = this.#of(row);
      rows.same(row, "heap_retained as read before", row.c, retainedBytes);
      rows.same(row, "scavenge goal as read before", row.d, goalBytes);
    } else {
      this.growths.sameRetained(row, row.c);
      this.#sameGoal(row, "scavenge goal", row.d, heap.scavengeGoalBytes, this.lastGoalBytes);
    }
    rows.same(row, "bytes wanted", row.a, this.#wanted(row, thread));
    heap.statistics.scavengeCalls++;
    thread.wanted = row.a;
    thread.released = 0;
    thread.chunk = -1;
    heap.scavenger.begin(thread.request, thread.isForced);
  }

  #wanted(row: TraceRow, thread: ReleasingThread): number {
    if (row.b === ALLOCATION) {
      const { bytes, isForced } = this.#of(row);
      thread.isForced = isForced;
      return bytes;
    }
    thread.isForced = row.b !== BACKGROUND;
    return thread.isForced ? Number.POSITIVE_INFINITY : this.heap.policy.scavenger.quantumBytes;
  }
}
