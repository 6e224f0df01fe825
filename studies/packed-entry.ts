/**
 * The entry of a chunk in the scavenge index, as the runtime packs it into a word of 64 bits (scavChunkData):
 *
 *     bits  0..15 inUse | 16..25 lastInUse | 26..31 flags | 32..63 generation
 */

import type { ChunkEntry } from "../sim/scavenge/density-index.js";

/** The word of an entry, in two halves. */
export function packedEntry({ inUse, lastInUse, gen, flags }: ChunkEntry): { hi: number; lo: number } {
  return { hi: gen >>> 0, lo: (inUse | (lastInUse << 16) | (flags << 26)) >>> 0 };
}
