/** Operation logs of Go 1.21 and later: density and generation of each chunk, and two cursors. */

import type { Fnv64 } from "../../engine/fnv64.js";
import type { LogLine } from "../../scenarios/trace/op-log.js";
import type { Geometry } from "../../sim/address/geometry.js";
import { DensityScavenger } from "../../sim/scavenge/density-index.js";
import type { SearchCursor } from "../../sim/scavenge/search-cursor.js";
import type { Check } from "../check.js";
import { markText } from "../cursor-text.js";
import { packedEntry } from "../packed-entry.js";
import { countFree } from "./bitmaps.js";
import { IndexLog } from "./index-log.js";

export class DensityLog extends IndexLog {
  protected readonly scavenger: DensityScavenger;

  constructor(path: string, geometry: Geometry, check: Check, denseFraction: number) {
    super(path, geometry, check);
    this.scavenger = new DensityScavenger(this.pages, denseFraction);
  }

  protected cursors(): readonly (readonly ["bg" | "force", SearchCursor])[] {
    return [
      ["bg", this.scavenger.background],
      ["force", this.scavenger.forced],
    ];
  }

  protected hashEntry(hash: Fnv64, chunk: number): void {
    const { hi, lo } = packedEntry(this.scavenger.entryOf(chunk));
    hash.addUint64(hi, lo);
  }

  protected expectChunk(line: LogLine, chunk: number): void {
    const { scavenger } = this;
    const { inUse, lastInUse, gen, flags } = scavenger.entryOf(chunk);
    const same = this.expect(line, "r1 (entry)", line.r1, [inUse, lastInUse, gen, flags].join(":"));
    if (!same && this.check.resync) {
      const [inUse, lastInUse, gen, flags] = line.r1.split(":").map((text) => this.number(line, text));
      scavenger.setEntry(chunk, { inUse: inUse!, lastInUse: lastInUse!, gen: gen!, flags: flags! });
    }
    const should = [false, true].map((force) => (scavenger.shouldScavenge(chunk, force) ? 1 : 0));
    this.expect(line, "r2 (worth a look, in the background and forced)", line.r2, should.join(":"));
  }

  protected nextGeneration(line: LogLine): void {
    this.scavenger.markDone();
    this.expect(line, "r1 (generation)", line.r1, String(this.scavenger.gen));
  }

  protected stateText(): string {
    const { pages, scavenger, geometry } = this;
    const { free, scavenged } = countFree(pages);
    const cursors = [scavenger.background, scavenger.forced].map((cursor) => this.cursorText(cursor));
    const high = markText(geometry, scavenger.freeHighPage);
    const lowest = Math.max(0, scavenger.minChunk);
    return [free, scavenged, pages.start, pages.end, ...cursors, high, lowest, scavenger.gen].join(":");
  }
}
