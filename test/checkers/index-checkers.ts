/**
 * What must be true of the scavenge indices of Go 1.14 (one address), 1.19 (a bit a chunk) and 1.21 (density), checked the
 * slow and obvious way: pages are counted one at a time.
 */

import type { PageAllocator } from "../../sim/pages/page-allocator.js";
import { AddressScavenger } from "../../sim/scavenge/address-index.js";
import { BitmapScavenger } from "../../sim/scavenge/bitmap-index.js";
import type { ChunkIndexScavenger } from "../../sim/scavenge/chunk-index.js";
import { DensityScavenger, HAS_FREE } from "../../sim/scavenge/density-index.js";
import type { Scavenger } from "../../sim/scavenge/scavenger.js";
import { NOWHERE, type SearchCursor } from "../../sim/scavenge/search-cursor.js";

/**
 * Checks the index of a scavenger, if it has one.
 * @param grown the chunks that were grown
 * @param releasing ranges that are out of the heap while the system takes them, pages by first page
 * @returns what is wrong, as a sentence; undefined when nothing is
 */
export function indexFault(
  pages: PageAllocator,
  scavenger: Scavenger,
  grown: ReadonlySet<number>,
  releasing: ReadonlyMap<number, number>,
): string | undefined {
  if (scavenger instanceof BitmapScavenger) return bitmapFault(pages, scavenger, grown);
  if (scavenger instanceof DensityScavenger) return densityFault(pages, scavenger, grown, releasing);
  if (scavenger instanceof AddressScavenger) return addressFault(pages, scavenger);
  return undefined;
}

function addressFault(pages: PageAllocator, { page }: AddressScavenger): string | undefined {
  const limit = pages.end * pages.geometry.chunkPages;
  return Number.isInteger(page) && page >= -1 && page < limit
    ? undefined
    : `scavAddr is page ${page}, expected one below ${limit}, or none`;
}

function bitmapFault(
  pages: PageAllocator,
  scavenger: BitmapScavenger,
  grown: ReadonlySet<number>,
): string | undefined {
  const lowest = lowestOf(grown);
  // Before the heap grew there is none, and −1 stands in both places.
  if (scavenger.minByte !== Math.floor(lowest / 8))
    return `searches end at byte ${scavenger.minByte}, expected that of chunk ${lowest}`;
  const fault = cursorFault(pages, "the cursor", scavenger.cursor, grown);
  if (fault !== undefined) return fault;
  for (const chunk of neighbours(pages, grown)) {
    const bit = scavenger.bitOf(chunk);
    if (bit !== 0 && bit !== 1) return `the bit of chunk ${chunk} is ${bit}`;
    if (bit === 1 && !grown.has(chunk)) return `the bit of chunk ${chunk} is set, but it was not grown`;
    if (bit === 1 && isAbove(scavenger, scavenger.cursor, chunk))
      return `the bit of chunk ${chunk} is set, but the cursor is below it`;
  }
  return undefined;
}

function densityFault(
  pages: PageAllocator,
  scavenger: DensityScavenger,
  grown: ReadonlySet<number>,
  releasing: ReadonlyMap<number, number>,
): string | undefined {
  const { chunkPages } = pages.geometry;
  const lowest = lowestOf(grown);
  if (scavenger.minChunk !== lowest)
    return `searches end at chunk ${scavenger.minChunk}, expected chunk ${lowest}, the lowest one`;
  const { background, forced, freeHighPage } = scavenger;
  for (const [name, cursor] of [
    ["the background cursor", background],
    ["the forced cursor", forced],
  ] as const) {
    const fault = cursorFault(pages, name, cursor, grown);
    if (fault !== undefined) return fault;
  }
  if (freeHighPage !== NOWHERE && !grown.has(Math.floor(freeHighPage / chunkPages)))
    return `freeHWM is page ${freeHighPage}, which was not grown`;
  for (const chunk of neighbours(pages, grown)) {
    const { inUse, lastInUse, gen, flags } = scavenger.entryOf(chunk);
    const used = grown.has(chunk) ? usedPages(pages, chunk, releasing) : 0;
    if (inUse !== used) return `chunk ${chunk} counts ${inUse} pages in use, but ${used} are`;
    if (lastInUse > chunkPages) return `chunk ${chunk} had ${lastInUse} pages in use, more than there are`;
    if (gen > scavenger.gen) return `chunk ${chunk} is of generation ${gen}, but it is ${scavenger.gen}`;
    if (flags !== 0 && flags !== HAS_FREE) return `chunk ${chunk} has the flags ${flags}`;
    if (flags === 0) continue;
    if (inUse === chunkPages) return `chunk ${chunk} is full, but has the flag of those with free pages`;
    if (!grown.has(chunk)) return `chunk ${chunk} has the flag of those with free pages, but was not grown`;
    if (isAbove(scavenger, forced, chunk))
      return `chunk ${chunk} has the flag of those with free pages, but the forced cursor is below it`;
  }
  return undefined;
}

/** Allocated pages of a chunk, but for those that the system is being given. */
function usedPages(pages: PageAllocator, chunk: number, releasing: ReadonlyMap<number, number>): number {
  const { chunkPages } = pages.geometry;
  let used = 0;
  for (let page = chunk * chunkPages; page < (chunk + 1) * chunkPages; page++) {
    if (pages.isAllocated(page)) used++;
  }
  for (const [first, npages] of releasing) if (Math.floor(first / chunkPages) === chunk) used -= npages;
  return used;
}

function cursorFault(
  pages: PageAllocator,
  name: string,
  { page, isMarked }: SearchCursor,
  grown: ReadonlySet<number>,
): string | undefined {
  if (page === NOWHERE) return isMarked ? `${name} is nowhere, but marked` : undefined;
  if (!Number.isInteger(page) || !grown.has(Math.floor(page / pages.geometry.chunkPages)))
    return `${name} is page ${page}, which was not grown`;
  return undefined;
}

function isAbove(scavenger: ChunkIndexScavenger, cursor: SearchCursor, chunk: number): boolean {
  return cursor.page === NOWHERE || chunk > Math.floor(cursor.page / scavenger.geometry.chunkPages);
}

function lowestOf(grown: ReadonlySet<number>): number {
  return grown.size === 0 ? -1 : Math.min(...grown);
}

/** The grown chunks and those beside them, as far as they have entries. */
function neighbours(pages: PageAllocator, grown: ReadonlySet<number>): Set<number> {
  const all = new Set<number>();
  for (const chunk of grown) {
    for (const one of [chunk - 1, chunk, chunk + 1]) {
      // Behind the last chunk of the line there is none.
      if (one >= 0 && one < pages.geometry.totalChunks && pages.tree.flatChunk(one) >= 0) all.add(one);
    }
  }
  return all;
}
