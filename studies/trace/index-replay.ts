/**
 * Replays traces of Go 1.23: a scavenger with an index of chunks, two goals and a memory limit.
 *
 *     find ─► scav ─► scavdone            a chunk from the index, a range in it, released
 *        └──► empty                       nothing to release in that chunk
 *     scavin ─► scavdec ─► scavreq …      after an allocation: what was read, what is to be released for it
 *     pace ─► pace2 ─► pace3 ─► gcmarkdone ─► stat ─► nextgen      mark termination, in a stopped world
 *
 * Threads are told apart by the number of their M. A search of the index takes no lock: with several Ps another thread may
 * free memory while it goes on, and the row of that may stand before or behind its own. Where that may have been so, what it
 * found is taken as recorded; the cursor that it began from, and all that happens under the lock, is always compared.
 */

import { Op, type TraceRow } from "../../scenarios/trace/heap-trace.js";
import type { Geometry } from "../../sim/address/geometry.js";
import type { Policy } from "../../sim/policies/policy.js";
import { DensityScavenger } from "../../sim/scavenge/density-index.js";
import { NOWHERE, type SearchCursor } from "../../sim/scavenge/search-cursor.js";
import type { Check } from "../check.js";
import { cursorText } from "../cursor-text.js";
import { packedEntry } from "../packed-entry.js";
import { CollectorRows } from "./collector-rows.js";
import { DecisionRows } from "./decision-rows.js";
import { PacingRows } from "./pacing-rows.js";
import { TraceReplay } from "./replay.js";
import { copyOf, machineOf, type ReleasingThread, Threads } from "./threads.js";

/** What a search of the index answered: a page of a chunk (−1: none), and the cursor after it. */
interface Answer {
  readonly page: number;
  readonly cursorPage: number;
  readonly isMarked: boolean;
}

/** A search with another answer than the recorded one, of which it is not known yet whether it raced. */
interface Doubt {
  readonly row: TraceRow;
  readonly recorded: Answer;
  readonly found: Answer;
}

export class IndexReplay extends TraceReplay {
  private readonly scavenger: DensityScavenger;
  private readonly threads = new Threads();
  private readonly decisions: DecisionRows;
  private readonly collectorRows: CollectorRows;
  private readonly pacing: PacingRows;
  /** The M of the last row; −1 when it may have been any. */
  private lastMachine = -1;
  private doubt: Doubt | undefined;

  constructor(path: string, geometry: Geometry, policy: Policy, check: Check) {
    super(path, geometry, policy, check);
    const { scavenger } = this.heap;
    if (!(scavenger instanceof DensityScavenger))
      throw new TypeError(`the scavenger of ${policy.name} is not the one of these traces`);
    this.scavenger = scavenger;
    const { heap, rows, threads } = this;
    this.decisions = new DecisionRows(heap, rows, threads, {
      takeGrowth: (row) => this.takeGrowth(row),
      sameRetained: (row, recorded) => this.sameRetained(row, recorded),
      areSeveral: () => this.severalProcs,
    });
    this.collectorRows = new CollectorRows(heap, rows, this.collector);
    this.pacing = new PacingRows(heap, rows);
  }

  override step(row: TraceRow): void {
    this.collectorRows.before(row);
    this.#settle(row);
    super.step(row);
    this.lastMachine = machineOf(row);
  }

  protected override pagesTaken(row: TraceRow, scavengedBytes: number): void {
    this.decisions.pagesTaken(row, scavengedBytes);
  }

  protected otherRow(row: TraceRow): void {
    switch (row.op) {
      case Op.find:
        return this.#find(row);
      case Op.scav:
        return this.#beginRelease(row);
      case Op.empty:
        return this.#empty(row);
      case Op.nextgen:
        return this.#nextGeneration(row);
      case Op.scavreq:
        this.pacing.request(row);
        return this.decisions.apply(row);
      case Op.scavret:
        this.pacing.returned(row);
        return this.decisions.apply(row);
      case Op.scavin:
      case Op.scavdec:
      case Op.limgoal:
        return this.decisions.apply(row);
      case Op.bgsleep:
      case Op.bgpark:
      case Op.bgwake:
        return this.pacing.apply(row);
      case Op.pace:
        this.decisions.goalsChange();
        return this.collectorRows.apply(row);
      default:
        return this.collectorRows.apply(row);
    }
  }

  #find(row: TraceRow): void {
    const { rows, scavenger } = this;
    const thread = this.threads.of(row);
    rows.same(row, "force", row.d, thread.isForced ? 1 : 0);
    const cursor = thread.isForced ? scavenger.forced : scavenger.background;
    this.#sameCursor(row, "cursor before", row.a, row.aMarked, cursor);
    const recorded: Answer = {
      page: rows.pageOrNone(row, row.b),
      cursorPage: this.#cursorPage(row, row.c),
      isMarked: row.cMarked,
    };
    const found = this.#search(thread.isForced, cursor);
    const isSame =
      found.page === recorded.page &&
      found.cursorPage === recorded.cursorPage &&
      found.isMarked === recorded.isMarked;
    if (isSame || !this.severalProcs) this.#compare({ row, recorded, found });
    else if (this.lastMachine === row.e) this.doubt = { row: copyOf(row), recorded, found };
    if (isSame || (!this.severalProcs && !rows.resync)) return this.#remember(row, thread, found.page);
    cursor.set(recorded.cursorPage, recorded.isMarked);
    this.#remember(row, thread, recorded.page);
  }

  #search(isForced: boolean, cursor: SearchCursor): Answer {
    const { scavenger, heap } = this;
    const isFound = scavenger.find(isForced);
    const page = isFound ? scavenger.foundChunk * heap.geometry.chunkPages + scavenger.foundIndex : -1;
    return { page, cursorPage: cursor.page, isMarked: cursor.isMarked };
  }

  #compare({ row, recorded, found }: Doubt): void {
    this.rows.samePage(row, "chunk and page", recorded.page, found.page);
    const [expected, got] = [recorded, found].map(({ cursorPage, isMarked }) =>
      cursorText(this.heap.geometry, { page: cursorPage, isMarked }),
    );
    this.rows.sameText(row, "cursor after", expected!, got!);
  }

  /** A search between two rows of its own thread, of which the second holds the lock, did not race with anybody. */
  #settle(row: TraceRow): void {
    const { doubt } = this;
    if (doubt === undefined) return;
    this.doubt = undefined;
    if ((row.op === Op.scav || row.op === Op.empty) && row.e === doubt.row.e) this.#compare(doubt);
  }

  #remember(row: TraceRow, thread: ReleasingThread, page: number): void {
    const { chunkPages } = this.heap.geometry;
    thread.chunk = page < 0 ? -1 : Math.floor(page / chunkPages);
    thread.index = page < 0 ? 0 : page % chunkPages;
    if (page >= 0) this.#requireGrown(row, thread.chunk);
  }

  #beginRelease(row: TraceRow): void {
    const { rows, scavenger } = this;
    const thread = this.threads.of(row);
    const page = rows.page(row, row.a);
    const npages = rows.npages(row, row.b);
    const chunk = Math.floor(page / this.heap.geometry.chunkPages);
    this.#requireGrown(row, chunk);
    const { request } = thread;
    const found =
      thread.chunk >= 0 &&
      scavenger.lookIn(request, thread.chunk, thread.index, thread.wanted - thread.released);
    const same = rows.samePage(row, "address", page, found ? request.page : -1);
    if (found) rows.same(row, "npages", npages, request.npages);
    if (!same && !rows.resync) return;
    this.#sameEntry(row, chunk);
    rows.event(page, npages);
    this.heap.beginRelease(page, npages);
    thread.released += npages * this.unit;
  }

  #empty(row: TraceRow): void {
    const { rows, scavenger } = this;
    const thread = this.threads.of(row);
    const page = rows.page(row, row.a);
    const { chunkPages } = this.heap.geometry;
    const chunk = Math.floor(page / chunkPages);
    this.#requireGrown(row, chunk);
    rows.samePage(row, "chunk", page, thread.chunk < 0 ? -1 : thread.chunk * chunkPages);
    rows.same(row, "page searched from", row.b, thread.index);
    const found = scavenger.lookIn(thread.request, chunk, thread.index, thread.wanted - thread.released);
    rows.samePage(row, "range to release", -1, found ? thread.request.page : -1);
    this.#sameEntry(row, chunk);
    scavenger.setEmpty(chunk);
  }

  #sameEntry(row: TraceRow, chunk: number): void {
    const { hi, lo } = packedEntry(this.scavenger.entryOf(chunk));
    this.rows.sameBits(row, "entry of the chunk", row.dHi, row.dLo, hi, lo);
  }

  #nextGeneration(row: TraceRow): void {
    const { rows, scavenger, heap } = this;
    const high = this.#cursorPage(row, row.b);
    rows.sameText(
      row,
      "freeHWM",
      cursorText(heap.geometry, { page: high, isMarked: row.bMarked }),
      cursorText(heap.geometry, { page: scavenger.freeHighPage, isMarked: false }),
    );
    this.#sameCursor(row, "cursor before", row.c, row.cMarked, scavenger.background);
    heap.markDone();
    rows.same(row, "generation", row.a, scavenger.gen);
    this.#sameCursor(row, "cursor after", row.d, row.dMarked, scavenger.background);
  }

  /** Compares a cursor, and goes on from the recorded one. */
  #sameCursor(row: TraceRow, what: string, raw: number, isMarked: boolean, cursor: SearchCursor): void {
    const recorded = this.#cursorPage(row, raw);
    const { geometry } = this.heap;
    const expected = cursorText(geometry, { page: recorded, isMarked });
    const same = this.rows.sameText(row, what, expected, cursorText(geometry, cursor));
    if (!same && this.rows.resync) cursor.set(recorded, isMarked);
  }

  #cursorPage(row: TraceRow, raw: number): number {
    const off = this.heap.geometry.offOfRaw(raw);
    return off === 0 ? NOWHERE : this.rows.page(row, raw);
  }

  #requireGrown(row: TraceRow, chunk: number): void {
    const { pages, geometry } = this.heap;
    if (!pages.inUse.contains(chunk * geometry.chunkBytes))
      this.rows.reject(row, `chunk ${chunk} was not grown`);
  }
}
