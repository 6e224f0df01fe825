/** Operation logs of Go 1.19: one bit a chunk, and one cursor, in the column of the background's. */

import type { Fnv64 } from "../../engine/fnv64.js";
import type { LogLine } from "../../scenarios/trace/op-log.js";
import type { Geometry } from "../../sim/address/geometry.js";
import { BitmapScavenger } from "../../sim/scavenge/bitmap-index.js";
import type { SearchCursor } from "../../sim/scavenge/search-cursor.js";
import type { Check } from "../check.js";
import { countFree } from "./bitmaps.js";
import { IndexLog } from "./index-log.js";

export class BitmapLog extends IndexLog {
  protected readonly scavenger: BitmapScavenger;

  constructor(path: string, geometry: Geometry, check: Check) {
    super(path, geometry, check);
    this.scavenger = new BitmapScavenger(this.pages);
  }

  protected cursors(): readonly (readonly ["bg", SearchCursor])[] {
    return [["bg", this.scavenger.cursor]];
  }

  protected hashEntry(hash: Fnv64, chunk: number): void {
    hash.addUint64(0, this.scavenger.bitOf(chunk));
  }

  protected expectChunk(line: LogLine, chunk: number): void {
    this.expect(line, "r1 (bit)", line.r1, String(this.scavenger.bitOf(chunk)));
  }

  protected nextGeneration(line: LogLine): void {
    this.reject(line, "Go 1.19 has no generations");
  }

  /** The last two numbers say what part of the runtime's own bitmap is mapped, which the model does not have. */
  protected stateText(line: LogLine): string {
    const { pages, scavenger } = this;
    const { free, scavenged } = countFree(pages);
    const cursor = this.cursorText(scavenger.cursor);
    const lowest = Math.max(0, scavenger.minByte);
    const mapped = line.r2.split(":").slice(6);
    return [free, scavenged, pages.start, pages.end, cursor, lowest, ...mapped].join(":");
  }
}
