/**
 * Compares what a row tells with what the model computed, and refuses rows that cannot be replayed.
 */

import { InputError } from "../../scenarios/input-error.js";
import { OP_NAMES, type TraceRow } from "../../scenarios/trace/heap-trace.js";
import type { Geometry } from "../../sim/address/geometry.js";
import type { Check } from "../check.js";
import { hex64 } from "../words.js";

export class RowCheck {
  /** Page and pages of the last event, for fingerprints; -1 and 0 when it had none. */
  eventPage = -1;
  eventPages = 0;

  /**
   * @param path for messages
   * @param check receives the comparisons
   * @param around describes the state of the model
   */
  constructor(
    readonly path: string,
    readonly geometry: Geometry,
    readonly check: Check,
    private readonly around: () => string,
  ) {}

  /** Whether the replay goes on from the recorded state after a mismatch. */
  get resync(): boolean {
    return this.check.resync;
  }

  /** Notes which pages a row is about. */
  event(page: number, npages: number): void {
    this.eventPage = page;
    this.eventPages = npages;
  }

  /** The page at a raw address. */
  page(row: TraceRow, raw: number): number {
    const page = this.geometry.offOfRaw(raw) / this.geometry.pageBytes;
    if (raw === 0 || !Number.isInteger(page)) {
      this.reject(row, `0x${raw.toString(16)} is not the address of a page of ${this.geometry.name}`);
    }
    return page;
  }

  /** The page at a raw address, −1 for nil. */
  pageOrNone(row: TraceRow, raw: number): number {
    return raw === 0 ? -1 : this.page(row, raw);
  }

  /** A number of pages. */
  npages(row: TraceRow, npages: number): number {
    if (npages < 1 || npages > this.geometry.totalPages)
      this.reject(row, `${npages} pages: expected at least 1, and no more than there are`);
    return npages;
  }

  /** Whether a number is as recorded. */
  same(row: TraceRow, what: string, recorded: number, computed: number): boolean {
    this.check.compared++;
    return recorded === computed || this.differ(row, what, String(recorded), String(computed));
  }

  /** Whether a text is as recorded. */
  sameText(row: TraceRow, what: string, recorded: string, computed: string): boolean {
    this.check.compared++;
    return recorded === computed || this.differ(row, what, recorded, computed);
  }

  /** Whether a page is as recorded; −1 is none. */
  samePage(row: TraceRow, what: string, recorded: number, computed: number): boolean {
    this.check.compared++;
    if (recorded === computed) return true;
    return this.differ(row, what, this.geometry.formatPage(recorded), this.geometry.formatPage(computed));
  }

  /** Compares a word of 64 bits, in two halves. */
  sameBits(row: TraceRow, what: string, hi: number, lo: number, ourHi: number, ourLo: number): void {
    this.check.compared++;
    if (hi >>> 0 !== ourHi >>> 0 || lo >>> 0 !== ourLo >>> 0)
      this.differ(row, what, hex64(hi, lo), hex64(ourHi, ourLo));
  }

  /** Notes a mismatch. @param line of the row it is in, by default that of `row` */
  differ(row: TraceRow, what: string, recorded: string, computed: string, line = row.line): false {
    this.check.differ(
      this.path,
      line,
      `${OP_NAMES[row.op]} ${what}`,
      recorded,
      computed,
      () => `t ${row.t} ns on P ${row.p}, ${this.around()}`,
    );
    return false;
  }

  /** Refuses a row. */
  reject(row: TraceRow, problem: string): never {
    throw new InputError(this.path, row.line, 1, `${OP_NAMES[row.op]}: ${problem}`);
  }
}
