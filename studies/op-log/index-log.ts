/**
 * Operation logs of Go 1.19 and later, whose scavenger has an index of chunks.
 *
 * They have two columns more, the cursors of background and forced searches where these changed. A `scavenge` line tells
 * how often the index answered, how often in vain, and a hash of the ranges that were released; a `chunk` line tells the
 * entry of a chunk, and a `state` line a hash of all entries.
 */

import { Fnv64 } from "../../engine/fnv64.js";
import type { LogLine } from "../../scenarios/trace/op-log.js";
import type { ChunkIndexScavenger } from "../../sim/scavenge/chunk-index.js";
import { ReleaseRequest } from "../../sim/scavenge/scavenger.js";
import type { SearchCursor } from "../../sim/scavenge/search-cursor.js";
import { cursorText, markedPage } from "../cursor-text.js";
import { forEachChunk } from "./bitmaps.js";
import { OpLogReplay } from "./replay.js";

/** A column of a log, and the cursor that it tells. */
interface CursorColumn {
  readonly column: "bg" | "force";
  readonly cursor: SearchCursor;
  /** What the log said last. */
  recorded: string;
}

export abstract class IndexLog extends OpLogReplay {
  protected abstract override readonly scavenger: ChunkIndexScavenger;
  private readonly request = new ReleaseRequest();
  private columns: CursorColumn[] | undefined;

  /** The cursors, by their columns. */
  protected abstract cursors(): readonly (readonly ["bg" | "force", SearchCursor])[];
  /** Adds the entry of a chunk to a hash. */
  protected abstract hashEntry(hash: Fnv64, chunk: number): void;
  /** Compares the entry of a chunk that was grown. */
  protected abstract expectChunk(line: LogLine, chunk: number): void;
  /** The generation ends. */
  protected abstract nextGeneration(line: LogLine): void;

  protected scavengerLine(line: LogLine): void {
    switch (line.op) {
      case "scavenge":
        return this.#scavenge(line);
      case "nextgen":
        return this.nextGeneration(line);
      default: {
        const chunk = this.number(line, line.a);
        if (!this.pages.inUse.contains(chunk * this.geometry.chunkBytes))
          this.reject(line, `chunk ${chunk} was not grown`);
        this.expectChunk(line, chunk);
      }
    }
  }

  #scavenge(line: LogLine): void {
    const { scavenger, request, geometry, unit } = this;
    const bytes = this.number(line, line.a);
    const ranges = new Fnv64();
    const { finds, empties } = scavenger;
    let released = 0;
    scavenger.begin(request, line.b === "1");
    while (released < bytes && scavenger.next(request, bytes - released)) {
      const { page, npages } = request;
      const { hi, lo } = geometry.rawHalvesOfPage(page);
      ranges.addUint64(hi, lo);
      ranges.addUint64(0, npages);
      scavenger.beginRelease(page, npages);
      scavenger.endRelease(page, npages);
      released += npages * unit;
    }
    scavenger.end();
    const counts = `${scavenger.finds - finds}:${scavenger.empties - empties}:${ranges.hex()}`;
    this.expect(line, "r1 (released)", line.r1, String(released));
    this.expect(line, "r2 (finds, empty ones, hash of the ranges)", line.r2, counts);
  }

  protected stateHash(bitmaps: string): string {
    const entries = new Fnv64();
    forEachChunk(this.pages, (_, chunk) => this.hashEntry(entries, chunk));
    return `${bitmaps}:${entries.hex()}`;
  }

  protected expectCursors(line: LogLine): void {
    this.columns ??= this.cursors().map(([column, cursor]) => ({ column, cursor, recorded: "" }));
    for (const entry of this.columns) {
      const { column, cursor } = entry;
      if (line[column] !== "") entry.recorded = line[column];
      this.expect(line, column, entry.recorded, this.cursorText(cursor));
      if (this.check.resync && entry.recorded !== "") this.#setCursor(line, cursor, entry.recorded);
    }
  }

  /** A cursor as logs write it. */
  protected cursorText(cursor: SearchCursor): string {
    return cursorText(this.geometry, cursor);
  }

  #setCursor(line: LogLine, cursor: SearchCursor, text: string): void {
    const isMarked = text.endsWith("m");
    const off = this.page(line, isMarked ? text.slice(0, -1) : text) * this.unit;
    cursor.set(markedPage(this.geometry, off), isMarked);
  }
}
