/**
 * Refuses rows that no program can have written, before the model sees them.
 *
 * A replay compares what a row tells with what the model computes, but some fields it must take from the row as they are:
 * which P, how many pages, which pages are being released. A damaged row could make it grow by terabytes, keep page caches
 * for thousands of Ps, or release memory that is in use. What such a row contradicts is the recording itself.
 */

import { InputError } from "../scenarios/input-error.js";
import { OP_NAMES, Op, type TraceRow } from "../scenarios/trace/heap-trace.js";
import { MAX_MAPPED_BYTES, MAX_MAPPED_TEXT } from "../scenarios/trace/limits.js";
import type { Heap } from "../sim/heap/heap.js";
import type { Check } from "./check.js";

export class RowGuard {
  /** The most Ps there were at a time. Page caches of Ps that go are flushed after `procs`, so it never falls. */
  #procs = 0;
  /** Pages on their way to the system: between `scav` and `scavdone`, by first page. */
  readonly #releasing = new Map<number, number>();
  /** Scavenging threads that have given back what they had reserved, known as in TraceReplay. */
  readonly #gaveBack = new Set<number>();

  /**
   * @param path for messages
   * @param heap the model that the rows are going to
   * @param check receives the mismatches of the replay
   * @param spansOnly whether only procs, span and spanfree rows are going there
   */
  constructor(
    readonly path: string,
    readonly heap: Heap,
    readonly check: Check,
    readonly spansOnly: boolean,
  ) {}

  /**
   * Looks at a row.
   * @throws InputError when it must not go further
   */
  admit(row: TraceRow): void {
    if (row.op === Op.procs && row.b > this.#procs) this.#procs = row.b;
    if (row.p >= this.#procs)
      this.#reject(row, `there is no P ${row.p}: there were at most ${this.#procs} so far`);
    if (this.spansOnly) {
      if (row.op === Op.span) this.#limitGrowth(row, true);
      return;
    }
    switch (row.op) {
      case Op.alloc:
        this.#limitGrowth(row, row.a === 0);
        return;
      case Op.scavres:
        this.#gaveBack.delete(threadOf(row));
        return;
      case Op.scavunres:
        if (this.#gaveBack.has(threadOf(row)))
          this.#reject(row, "this thread has given back already what it had reserved");
        this.#gaveBack.add(threadOf(row));
        return;
      case Op.scav:
        this.#beginRelease(row);
        return;
      case Op.scavdone:
        this.#endRelease(row);
        return;
    }
  }

  /** What the address space cannot hold at all is not mapped either: there the model runs out of memory. */
  #limitGrowth(row: TraceRow, grows: boolean): void {
    const { geometry, statistics } = this.heap;
    const bytes = row.b * geometry.pageBytes;
    if (bytes >= geometry.maxOff + 1 - geometry.zeroOff) return;
    if (bytes + (grows ? statistics.mappedBytes : 0) <= MAX_MAPPED_BYTES) return;
    this.#reject(
      row,
      `${row.b} pages would make the heap larger than ${MAX_MAPPED_TEXT}, the largest one that is replayed`,
    );
  }

  /**
   * A release that goes on from the recorded state takes the pages that the row names, so these must be there to take. One
   * that stops at the first mismatch never gets so far with the wrong ones.
   */
  #beginRelease(row: TraceRow): void {
    const { chunkPages } = this.heap.geometry;
    if (row.b < 1 || row.b > chunkPages)
      this.#reject(row, `${row.b} pages: expected at least 1, and no more than the ${chunkPages} of a chunk`);
    const page = this.#page(row);
    if (this.check.resync) {
      const obstacle = this.#obstacle(page, row.b);
      if (obstacle !== undefined) {
        const where = `${row.b} pages at ${this.heap.geometry.formatPage(page)}`;
        this.check.compared++;
        this.check.differ(
          this.path,
          row.line,
          "scav pages",
          where,
          obstacle,
          () => `t ${row.t} ns on P ${row.p}`,
        );
        this.#reject(row, obstacle);
      }
    }
    this.#releasing.set(page, row.b);
  }

  /** Why the pages cannot be released; undefined when they can. */
  #obstacle(page: number, npages: number): string | undefined {
    const { geometry, pages } = this.heap;
    if ((page % geometry.chunkPages) + npages > geometry.chunkPages) return "more pages than the chunk has";
    if (!pages.inUse.contains(page * geometry.pageBytes)) return "memory that is not mapped";
    for (let p = page; p < page + npages; p++) {
      if (pages.isAllocated(p)) return `a page in use at ${geometry.formatPage(p)}`;
    }
    return undefined;
  }

  #endRelease(row: TraceRow): void {
    const page = this.#page(row);
    if (this.#releasing.get(page) !== row.b)
      this.#reject(row, `no release of ${row.b} pages began here before`);
    this.#releasing.delete(page);
  }

  #page(row: TraceRow): number {
    const { geometry } = this.heap;
    const page = geometry.offOfRaw(row.a) / geometry.pageBytes;
    if (row.a === 0 || !Number.isInteger(page))
      this.#reject(row, `0x${row.a.toString(16)} is not the address of a page of ${geometry.name}`);
    return page;
  }

  #reject(row: TraceRow, problem: string): never {
    throw new InputError(this.path, row.line, 1, `${OP_NAMES[row.op]}: ${problem}`);
  }
}

/** 0 for the background scavenger, others by P. */
function threadOf(row: TraceRow): number {
  return row.d === 0 ? 0 : row.p + 2;
}
