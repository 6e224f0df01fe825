/**
 * The rows of a trace of Go 1.23 that the collector wrote: its cycles, the goals that follow from them, and statistics.
 *
 * At mark termination the goals come first (`pace`, `pace2`, `pace3`), and `gcmarkdone` behind them; other occasions for new
 * goals, such as another GOGC, have no `gcmarkdone`. The heap in use that goals are computed from is that of the last mark
 * termination, so whether it is that of now is known only one row later.
 */

import { Op, type TraceRow } from "../../scenarios/trace/heap-trace.js";
import type { Heap } from "../../sim/heap/heap.js";
import type { CollectorState } from "./replay.js";
import type { RowCheck } from "./row-check.js";
import { copyOf } from "./threads.js";

export class CollectorRows {
  private lastHeapInUse = 0;
  /** A `pace` row of which it is not known yet whether a mark has ended, and heap in use then. */
  private pace: { readonly row: TraceRow; readonly heapInUse: number } | undefined;

  constructor(
    private readonly heap: Heap,
    private readonly rows: RowCheck,
    private readonly collector: CollectorState,
  ) {}

  /** Sees each row before it is applied. */
  before(row: TraceRow): void {
    if (this.pace === undefined || row.op === Op.pace2 || row.op === Op.pace3) return;
    const { row: paceRow, heapInUse } = this.pace;
    if (row.op === Op.gcmarkdone) this.lastHeapInUse = heapInUse;
    this.pace = undefined;
    this.rows.same(paceRow, "last_heap_inuse", paceRow.c, this.lastHeapInUse);
  }

  apply(row: TraceRow): void {
    const { heap, rows, collector } = this;
    const { statistics } = heap;
    switch (row.op) {
      case Op.gcstart:
        collector.heapLiveBytes = row.b;
        collector.heapGoalBytes = row.c;
        return;
      case Op.gcmarkdone:
        collector.heapLiveBytes = row.a;
        collector.heapGoalBytes = row.b;
        collector.cycles++;
        return;
      case Op.pace:
        this.pace = { row: copyOf(row), heapInUse: statistics.heapInUseBytes };
        heap.paceScavenger(row.a, row.b, row.c);
        rows.same(row, "scavenge goal", row.d, heap.scavengeGoalBytes);
        return;
      case Op.pace2:
        rows.same(row, "heap_retained", row.a, statistics.heapRetainedBytes);
        rows.same(row, "heap_inuse", row.b, statistics.heapInUseBytes);
        rows.same(row, "heap_free", row.c, statistics.heapFreeBytes);
        rows.same(row, "heap_released", row.d, statistics.heapReleasedBytes);
        return;
      case Op.pace3:
        heap.memoryLimitBytes = row.b;
        heap.paceLimit(row.a);
        rows.same(row, "memory limit goal", row.c, heap.limitGoalBytes);
        return;
      case Op.stat:
        return this.#stat(row);
    }
  }

  #stat(row: TraceRow): void {
    // Periodic rows (e = 0) were read without a lock and may be one operation off.
    if (row.e === 0) return;
    const { statistics } = this.heap;
    this.rows.same(row, "heap_inuse", row.a, statistics.heapInUseBytes);
    this.rows.same(row, "heap_free", row.b, statistics.heapFreeBytes);
    this.rows.same(row, "heap_released", row.c, statistics.heapReleasedBytes);
  }
}
