/**
 * A heap with a scavenge index, as Go 1.19 and later have it, in the state that a case begins with, and the comparison of
 * the index with a recorded one. Indices of all releases are looked at through the same few questions.
 *
 * The runtime's tests build such a heap so: each chunk is grown, and as far as the index is concerned taken and freed as a
 * whole; then the pages in use are taken. Those of 1.19 mark a chunk as freed in the end, if it has anything to release.
 */

import type { IndexState, VectorFields } from "../../scenarios/trace/vectors/kinds.js";
import { BitmapScavenger } from "../../sim/scavenge/bitmap-index.js";
import { hasScavengeCandidate } from "../../sim/scavenge/candidate.js";
import { DensityScavenger } from "../../sim/scavenge/density-index.js";
import type { SearchCursor } from "../../sim/scavenge/search-cursor.js";
import { cursorText, markText } from "../cursor-text.js";
import type { CaseCheck } from "./case-check.js";
import { writeChunk } from "./chunk-bits.js";
import { type ChunkRanges, PagesCase } from "./heap-case.js";

/** What Go 1.21 and later take a chunk for dense by. */
export const DENSE_FRACTION = 0.96875;

export class IndexCase extends PagesCase {
  readonly scavenger: BitmapScavenger | DensityScavenger;

  /**
   * @param c
   * @param hasDensity whether the index is that of Go 1.21 and later, or that of Go 1.19
   */
  constructor(c: CaseCheck, hasDensity: boolean) {
    super(c);
    this.scavenger = hasDensity
      ? new DensityScavenger(this.pages, DENSE_FRACTION)
      : new BitmapScavenger(this.pages);
  }

  /** Grows a chunk of the tests' heap; its number in the address space. */
  grow(offset: number): number {
    const { chunkPages } = this.c.geometry;
    const chunk = this.chunkAt(offset);
    this.pages.grow(chunk * chunkPages, chunkPages);
    this.scavenger.grew(chunk * chunkPages, chunkPages);
    return chunk;
  }

  /** Grows the chunks of a case, with pages in use and pages scavenged. */
  build(alloc: ChunkRanges, scavenged: ChunkRanges | null): void {
    const { chunkPages } = this.c.geometry;
    for (const [offset, used] of alloc) {
      const chunk = this.grow(offset);
      const page = chunk * chunkPages;
      writeChunk(this.c, this.pages, chunk, used, scavenged?.get(offset) ?? []);
      if (this.scavenger instanceof BitmapScavenger) {
        const { tree } = this.pages;
        if (hasScavengeCandidate(tree, tree.flatChunk(chunk), 1)) this.scavenger.freed(page, chunkPages);
        continue;
      }
      this.scavenger.allocated(page, chunkPages);
      this.scavenger.freed(page, chunkPages);
      for (const [first, count] of used) if (count > 0) this.scavenger.allocated(page + first, count);
    }
  }

  /** Compares the index. */
  expectIndex(what: string, recorded: IndexState): void {
    const { c, scavenger } = this;
    const { baseChunk } = c.context;
    for (const [offset, entry] of recorded.index) {
      c.equal(`${what} entry of chunk ${offset}`, entry, this.#entryText(baseChunk + offset));
    }
    const [background, forced] = this.cursors().map((cursor) => cursorText(c.geometry, cursor));
    c.equal(`${what} searchAddrBg`, recorded.searchAddrBg, background!);
    c.equal(`${what} searchAddrForce`, recorded.searchAddrForce, forced ?? "");
    if (scavenger instanceof BitmapScavenger) {
      // What part of the runtime's own bitmap is mapped stands behind these two.
      const rest = recorded.rest.split(":").slice(0, 2).join(":");
      c.equal(`${what} rest`, rest, `${background}:${scavenger.minByte}`);
      return;
    }
    const high = markText(c.geometry, scavenger.freeHighPage);
    const rest = [background, forced, high, scavenger.minChunk, scavenger.gen].join(":");
    c.equal(`${what} rest`, recorded.rest, rest);
  }

  /** The cursor of background searches, and that of forced ones where there is one. */
  cursors(): SearchCursor[] {
    const { scavenger } = this;
    if (scavenger instanceof BitmapScavenger) return [scavenger.cursor];
    return [scavenger.background, scavenger.forced];
  }

  #entryText(chunk: number): string {
    const { scavenger } = this;
    if (scavenger instanceof BitmapScavenger) return String(scavenger.bitOf(chunk));
    const { inUse, lastInUse, gen, flags } = scavenger.entryOf(chunk);
    return [inUse, lastInUse, gen, flags].join(":");
  }

  /** Compares everything with the state that the runtime ended in. */
  expectFinal(final: VectorFields<"scavengeByIndex">["final"]): void {
    this.expectPages(final);
    this.expectIndex("final", final.scav);
  }
}
