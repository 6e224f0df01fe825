/**
 * The chunks of a heap map in the order of their addresses, as rows of a picture.
 *
 *     address ▲   row 2   chunks 8..11        Gaps of the address space are left out, and told.
 *             │   row 1   chunks 4..7
 *             │   row 0   chunks 0..3
 */

import { join } from "node:path";
import type { HeapMap } from "../heapmap/heap-map.js";
import { RunFolderError } from "../result-folder.js";
import type { FinishedRun } from "../run-folder.js";

/** The heap map of a run. @throws RunFolderError when it has none */
export function heapMapOf({ heapMap, folder }: FinishedRun, kind: string): HeapMap {
  if (heapMap !== null) return heapMap();
  throw new RunFolderError(
    `${join(folder, "heapmap.bin")} is missing, and ${kind} shows what is in it: run it again with --heapmap`,
  );
}

/** Ordinals of chunks by rising address. @param count of those that there are */
export function byAddress({ chunks }: HeapMap, count = chunks.length): number[] {
  return Array.from({ length: count }, (_, ordinal) => ordinal).sort((a, b) => chunks[a]! - chunks[b]!);
}

/** Places in such an order before which addresses are left out. */
export function gapsOf({ chunks }: HeapMap, ordinals: readonly number[]): number[] {
  return ordinals
    .map((ordinal, place) =>
      place > 0 && chunks[ordinal]! !== chunks[ordinals[place - 1]!]! + 1 ? place : -1,
    )
    .filter((place) => place > 0);
}

/** The address of the first page of a chunk, in hexadecimal. */
export function chunkAddress({ header, chunks }: HeapMap, ordinal: number): string {
  const bytes = BigInt(chunks[ordinal]!) * BigInt(header.chunk_pages * header.page_bytes);
  return `0x${BigInt.asUintN(64, bytes + BigInt(header.arena_base_offset)).toString(16)}`;
}
