/**
 * A page allocator in the state that a case begins with, and the comparison of the state it ends in.
 *
 * The runtime's tests build their heap so: each chunk is grown by itself, its scavenged bits are cleared (new memory
 * has them set) and then set as the case says, the pages in use are allocated, and a scavenge generation is started.
 * searchAddr stays at the lowest chunk, whether its first page is free or not.
 */

import type { FinalState, PagesState } from "../../scenarios/trace/vectors/kinds.js";
import { PageAllocator } from "../../sim/pages/page-allocator.js";
import { GenerationScavenger } from "../../sim/scavenge/generations.js";
import type { Scavenger } from "../../sim/scavenge/scavenger.js";
import { forEachChunk } from "../op-log/bitmaps.js";
import type { CaseCheck } from "./case-check.js";
import { readWords, wordsOf, writeChunk } from "./chunk-bits.js";

/** Ranges of pages by chunk of the tests' heap. */
export type ChunkRanges = ReadonlyMap<number, [number, number][]>;

const NONE: [number, number][] = [];

/** The pages of a case. What there is besides depends on the release: its scavenger. */
export abstract class PagesCase {
  readonly pages: PageAllocator;
  abstract readonly scavenger: Scavenger;

  constructor(readonly c: CaseCheck) {
    this.pages = new PageAllocator(c.geometry);
    c.state = () => this.#describe();
  }

  /** The chunk of the address space for one of the tests' heap. */
  protected chunkAt(offset: number): number {
    const { baseChunk } = this.c.context;
    const { totalChunks, name } = this.c.geometry;
    if (baseChunk + offset >= totalChunks) {
      this.c.reject(
        `chunk ${offset} lies outside the address space of ${name}: expected less than ${totalChunks - baseChunk}`,
      );
    }
    return baseChunk + offset;
  }

  #describe(): string {
    const { pages, scavenger } = this;
    return (
      `searchAddr ${pages.formatSearchAddr()}, chunks ${pages.start}..${pages.end}, ` +
      `${pages.inUse.length} ranges in use, generation ${scavenger.gen}`
    );
  }

  /** Compares searchAddr. */
  expectSearchAddr(recorded: string): void {
    this.c.equal("searchAddr", recorded, this.pages.formatSearchAddr());
  }

  /**
   * Compares the bitmaps with what the table of the test says: pages in use, and pages scavenged unless they are in
   * use.
   */
  expectTable(what: string, alloc: ChunkRanges, scavenged: ChunkRanges | null): void {
    for (const [offset, used] of alloc) {
      const { alloc: gotAlloc, scavenged: gotScav } = this.#words(offset);
      this.c.equalWords(`${what}, chunk ${offset} allocated`, wordsOf(this.c, used), gotAlloc);
      const scav = wordsOf(this.c, scavenged?.get(offset) ?? NONE, used);
      this.c.equalWords(`${what}, chunk ${offset} scavenged`, scav, gotScav);
    }
  }

  /** Compares the pages with the state that the runtime ended in. */
  protected expectPages(final: PagesState): void {
    const { c, pages } = this;
    const { baseChunk } = c.context;
    const chunks: number[] = [];
    forEachChunk(pages, (_, chunk) => chunks.push(chunk - baseChunk));
    c.equal("final chunks", [...final.chunks.keys()].join(), chunks.join());
    for (const [offset, recorded] of final.chunks) {
      const { alloc, scavenged } = this.#words(offset);
      c.equalWords(`final chunk ${offset} allocated`, recorded.alloc, alloc);
      c.equalWords(`final chunk ${offset} scavenged`, recorded.scavenged, scavenged);
    }
    this.#expectSummaries(final);
    c.equal("final searchAddr", final.searchAddr, pages.formatSearchAddr());
    c.equal("final start", final.start, pages.start);
    c.equal("final end", final.end, pages.end);
    c.equal("final inUse", rangesText(final.inUse), this.rangesText(pages.inUse));
  }

  #expectSummaries(final: PagesState): void {
    const { geometry } = this.c;
    const places = final.summaries.map(({ level, index }) => `${level}:${index}`).sort();
    this.c.equal("final summaries (level:index)", places.join(" "), this.#summaryPlaces().sort().join(" "));
    for (const { level, index, start, max, end } of final.summaries) {
      const entries =
        level < geometry.levels ? 2 ** (geometry.heapAddrBits - geometry.levelShift[level]!) : 0;
      if (index >= entries) {
        this.c.reject(`summary ${index} of level ${level} does not exist in ${geometry.name}`);
      }
      const got = this.pages.tree.summaryAt(level, index);
      const what = `final summary ${index} of level ${level} (start:max:end)`;
      this.c.equal(what, `${start}:${max}:${end}`, `${got.start}:${got.max}:${got.end}`);
    }
  }

  /** Level and index of every summary that covers a chunk in use. */
  #summaryPlaces(): string[] {
    const { levels, levelLogPages, logChunkPages } = this.c.geometry;
    const places = new Set<string>();
    forEachChunk(this.pages, (_, chunk) => {
      for (let l = 0; l < levels; l++) {
        const chunks = 2 ** (levelLogPages[l]! - logChunkPages);
        places.add(`${l}:${Math.floor(chunk / chunks)}`);
      }
    });
    return [...places];
  }

  /** Both bitmaps of a chunk of the tests' heap. */
  #words(offset: number): { alloc: string[]; scavenged: string[] } {
    const { tree } = this.pages;
    const flat = tree.flatChunk(this.chunkAt(offset));
    if (flat < 0) return { alloc: [], scavenged: [] };
    const word0 = flat * tree.wordsPerChunk;
    return {
      alloc: readWords(tree.allocBits, word0, tree.chunkPages),
      scavenged: readWords(tree.scavBits, word0, tree.chunkPages),
    };
  }

  protected rangesText({ bases, limits }: { bases: readonly number[]; limits: readonly number[] }): string {
    const { geometry } = this.c;
    return rangesText(
      bases.map((base, i) => [geometry.formatAddress(base), geometry.formatAddress(limits[i]!)]),
    );
  }
}

/** A heap with the scavenger of Go 1.18. */
export class HeapCase extends PagesCase {
  readonly scavenger: GenerationScavenger;

  /**
   * @param chunks chunks to grow, in order
   * @param alloc pages in use
   * @param scavenged pages scavenged unless in use; chunks that are not grown are left out
   */
  constructor(c: CaseCheck, chunks: Iterable<number>, alloc: ChunkRanges, scavenged: ChunkRanges | null) {
    super(c);
    const { chunkPages } = c.geometry;
    this.scavenger = new GenerationScavenger(this.pages);
    for (const offset of chunks) {
      const chunk = this.chunkAt(offset);
      this.pages.grow(chunk * chunkPages, chunkPages);
      writeChunk(c, this.pages, chunk, alloc.get(offset) ?? NONE, scavenged?.get(offset) ?? NONE);
    }
    this.scavenger.startGeneration();
  }

  /** Compares everything with the state that the runtime ended in. */
  expectFinal(final: FinalState): void {
    this.expectPages(final);
    const { c, scavenger, pages } = this;
    const { geometry } = c;
    const { scav } = final;
    c.equal("final scav.inUse", rangesText(scav.inUse), this.rangesText(scavenger.inUse));
    c.equal("final scav.scavLWM", scav.scavLWM, geometry.formatAddress(scavenger.lwmOff));
    c.equal("final scav.freeHWM", scav.freeHWM, geometry.formatAddress(pages.freeHwmOff));
    c.equal("final scav.gen", scav.gen, scavenger.gen);
    c.equal("final scav.reservationBytes", scav.reservationBytes, scavenger.reservationBytes);
  }
}

/** Ranges of addresses in one line. */
export function rangesText(ranges: readonly (readonly string[])[]): string {
  return ranges.length === 0 ? "none" : ranges.map(([base, limit]) => `${base}-${limit}`).join(" ");
}
