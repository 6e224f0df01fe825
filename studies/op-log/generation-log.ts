/** Operation logs of Go 1.18, whose scavenger works in generations and reserves pieces of the heap. */

import type { LogLine } from "../../scenarios/trace/op-log.js";
import type { Geometry } from "../../sim/address/geometry.js";
import { GenerationScavenger } from "../../sim/scavenge/generations.js";
import type { Check } from "../check.js";
import { countFree } from "./bitmaps.js";
import { OpLogReplay } from "./replay.js";

export class GenerationLog extends OpLogReplay {
  protected readonly scavenger: GenerationScavenger;

  constructor(path: string, geometry: Geometry, check: Check, shards: number) {
    super(path, geometry, check);
    this.scavenger = new GenerationScavenger(this.pages, shards);
  }

  protected scavengerLine(line: LogLine): void {
    const { scavenger, geometry } = this;
    if (line.op === "startgen") {
      scavenger.startGeneration();
      this.expect(line, "r1 (generation)", line.r1, String(scavenger.gen));
      this.expect(line, "r2 (reservation)", line.r2, String(scavenger.reservationBytes));
      return;
    }
    const released = scavenger.scavenge(this.number(line, line.a));
    this.expect(line, "r1 (released)", line.r1, String(released));
    this.expect(line, "r2 (scavLWM)", line.r2, geometry.formatAddress(scavenger.lwmOff));
  }

  protected stateHash(bitmaps: string): string {
    return bitmaps;
  }

  protected stateText(): string {
    const { pages, geometry, scavenger } = this;
    const { free, scavenged } = countFree(pages);
    const marks = [scavenger.lwmOff, pages.freeHwmOff].map((off) => geometry.formatAddress(off));
    return [free, scavenged, ...marks, pages.start, pages.end].join(":");
  }

  protected expectCursors(): void {}
}
