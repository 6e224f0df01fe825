/**
 * What the page allocator's own metadata costs the runtime (sysStat), by the rules of the runtime's sysInit, sysGrow
 * and grow. It says nothing about the memory that this simulator takes.
 *
 * Summaries: each level is one array in reserved address space. Small address spaces map all of them at init. Large
 * ones map, at each growth, the physical pages that hold the new entries, widened to whole blocks of siblings, less
 * what the neighbouring ranges in use have mapped already:
 *
 *     level array   ──────[ mapped for inUse #0 ]─────[ need ]──[ mapped for inUse #1 ]────
 *                                                 pruned at both sides to what is new
 *
 * Bitmaps: second-level tables of 2^chunksL2Bits chunks (1 MiB on 48 bits), taken whole at the first growth into one.
 */

import type { Geometry } from "../address/geometry.js";
import type { AddressRanges } from "../address/ranges.js";

/** sizeof(pallocSum). */
const SUMMARY_BYTES = 8;

export class MetadataAccount {
  /** Bytes mapped for summaries. */
  summaryBytes = 0;
  /** Bytes mapped for tables of chunks. */
  chunkTableBytes = 0;

  private readonly geometry: Geometry;
  readonly #tables = new Set<number>();
  private readonly tableBytes: number;

  /** @param geometry decides sizes, and whether summaries are mapped at once */
  constructor(geometry: Geometry) {
    this.geometry = geometry;
    // Two bits for each page of a chunk: allocated and scavenged.
    this.tableBytes = 2 ** geometry.chunksL2Bits * (geometry.chunkPages / 4);
    if (!geometry.summariesMappedAtInit) return;
    const entries = geometry.levelShift.reduce((sum, shift) => sum + 2 ** (geometry.heapAddrBits - shift), 0);
    this.summaryBytes = alignUp(entries * SUMMARY_BYTES, geometry.physPageBytes);
  }

  /** All of it, in bytes. */
  get totalBytes(): number {
    return this.summaryBytes + this.chunkTableBytes;
  }

  /** Accounts for a growth by [base, limit), byte offsets aligned to chunks, before it is added to inUse. */
  grow(base: number, limit: number, inUse: AddressRanges): void {
    if (!this.geometry.summariesMappedAtInit) this.#growSummaries(base, limit, inUse);
    const tableSpan = this.geometry.chunkBytes * 2 ** this.geometry.chunksL2Bits;
    for (let table = Math.floor(base / tableSpan); table * tableSpan < limit; table++) {
      if (this.#tables.has(table)) continue;
      this.#tables.add(table);
      this.chunkTableBytes += this.tableBytes;
    }
  }

  #growSummaries(base: number, limit: number, inUse: AddressRanges): void {
    const above = inUse.findSucc(base);
    for (let l = 0; l < this.geometry.levels; l++) {
      const need = this.#mappedFor(l, base, limit);
      if (above > 0) subtract(need, this.#mappedFor(l, inUse.bases[above - 1]!, inUse.limits[above - 1]!));
      if (above < inUse.length) subtract(need, this.#mappedFor(l, inUse.bases[above]!, inUse.limits[above]!));
      this.summaryBytes += Math.max(0, need.limit - need.base);
    }
  }

  /** The bytes of a level's array that must be mapped for [base, limit): whole blocks, then whole physical pages. */
  #mappedFor(level: number, base: number, limit: number): Span {
    const geometry = this.geometry;
    const entryBytes = 2 ** geometry.levelShift[level]!;
    const block = 2 ** geometry.levelBits[level]!;
    const first = Math.floor(base / entryBytes);
    const last = Math.floor((limit - 1) / entryBytes) + 1;
    return {
      base: alignDown(alignDown(first, block) * SUMMARY_BYTES, geometry.physPageBytes),
      limit: alignUp(alignUp(last, block) * SUMMARY_BYTES, geometry.physPageBytes),
    };
  }
}

interface Span {
  base: number;
  limit: number;
}

/** Cuts from `from` what `other` covers; the two overlap at one end, or other covers all of it, or not at all. */
function subtract(from: Span, other: Span): void {
  if (other.base <= from.base && from.limit <= other.limit) from.limit = from.base;
  else if (from.base < other.base && other.base < from.limit) from.limit = other.base;
  else if (from.base < other.limit && other.limit < from.limit) from.base = other.limit;
}

function alignDown(x: number, to: number): number {
  return Math.floor(x / to) * to;
}

function alignUp(x: number, to: number): number {
  return Math.ceil(x / to) * to;
}
