/**
 * Predicts a program's heap from nothing but its spans.
 *
 * Of a trace only the rows `init`, `procs`, `span` and `spanfree` are used: who asks for how many pages, and which span
 * goes. Everything else, every address and every growth, is the model's own. With one P the addresses must be the
 * recorded ones. With more, a `span` row stands after the lock was dropped, so the order of the rows is not the order of
 * the allocations, and a prediction may differ without being wrong.
 *
 * Spans are known by their recorded addresses, and freed where the model put them.
 */

import { InputError } from "../scenarios/input-error.js";
import { OP_NAMES, Op, type TraceRow } from "../scenarios/trace/heap-trace.js";
import type { Geometry } from "../sim/address/geometry.js";
import { Heap, SpanError } from "../sim/heap/heap.js";
import type { Policy } from "../sim/policies/policy.js";
import type { Check } from "./check.js";

export class SpanPrediction {
  readonly heap: Heap;
  /** Virtual time: the running maximum of t. */
  now = 0;
  /** Page and pages of the last event, for fingerprints; -1 and 0 when it had none. */
  eventPage = -1;
  eventPages = 0;

  /** Where the model put the span that was recorded at an address, for those it put elsewhere. */
  readonly #moved = new Map<number, number>();
  readonly #geometry: Geometry;

  /**
   * @param geometry with the physical page sizes of the trace's init row
   * @param policy what the recorded program ran under
   */
  constructor(
    readonly path: string,
    geometry: Geometry,
    policy: Policy,
    readonly check: Check,
  ) {
    this.#geometry = geometry;
    this.heap = new Heap(geometry, { policy });
  }

  /** Replays one row; rows of other kinds only move time. Throws InputError and OutOfMemoryError as TraceReplay does. */
  step(row: TraceRow): void {
    if (row.t > this.now) this.now = row.t;
    this.eventPage = -1;
    this.eventPages = 0;
    if (row.op === Op.span) this.#span(row);
    else if (row.op === Op.spanfree) this.#spanFree(row);
    else if (row.op === Op.procs) this.heap.resizeProcs(row.b);
  }

  #span(row: TraceRow): void {
    if (row.b < 1 || row.b > this.#geometry.totalPages)
      this.#reject(row, `${row.b} pages: expected at least 1, and no more than there are`);
    const recorded = this.#page(row);
    const page = this.heap.allocSpan(row.p, row.b, row.c);
    this.eventPage = page;
    this.eventPages = row.b;
    this.check.compared++;
    if (recorded !== page) {
      this.#moved.set(recorded, page);
      const format = (p: number): string => this.#geometry.formatPage(p);
      const around = (): string => `span of ${row.b} pages at t ${row.t} ns on P ${row.p}`;
      this.check.differ(this.path, row.line, "span address", format(recorded), format(page), around);
    }
  }

  #spanFree(row: TraceRow): void {
    const recorded = this.#page(row);
    const page = this.#moved.get(recorded) ?? recorded;
    this.#moved.delete(recorded);
    this.eventPage = page;
    this.eventPages = this.heap.spans.npagesAt(page);
    try {
      this.heap.freeSpan(page);
    } catch (error) {
      if (error instanceof SpanError) this.#reject(row, error.message);
      throw error;
    }
  }

  #page(row: TraceRow): number {
    const page = this.#geometry.offOfRaw(row.a) / this.#geometry.pageBytes;
    if (row.a === 0 || !Number.isInteger(page))
      this.#reject(row, `0x${row.a.toString(16)} is not the address of a page`);
    return page;
  }

  #reject(row: TraceRow, problem: string): never {
    throw new InputError(this.path, row.line, 1, `${OP_NAMES[row.op]}: ${problem}`);
  }
}
