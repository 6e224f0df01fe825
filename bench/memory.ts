/**
 * What a heap costs the tool in memory: array buffers and heap after a collection, minus before.
 *
 *     npm run bench:memory
 *
 * Prints one line for an empty heap, one for a fully grown 1 TiB heap, and one for the same after every page was used.
 */

import { pathToFileURL } from "node:url";
import { platform } from "../sim/address/platforms.js";
import { Heap } from "../sim/heap/heap.js";

const MIB = 1024 * 1024;
const TIB = 1024 ** 4;

/** Bytes taken by what `make` returns. Needs node --expose-gc. */
export function costBytes(make: () => unknown): number {
  const before = settledBytes();
  const kept = make();
  const after = settledBytes();
  // Using it here keeps it alive until both figures are taken.
  if (kept === undefined) throw new Error("nothing was made");
  return after - before;
}

function settledBytes(): number {
  if (globalThis.gc === undefined) throw new Error("run this with node --expose-gc");
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** A heap grown to 1 TiB, an arena at a time as programs do it. */
export function grownHeap(): Heap {
  const heap = new Heap(platform("linux/amd64"));
  const { pageBytes, arenaPages } = heap.geometry;
  for (let bytes = 0; bytes < TIB; bytes += arenaPages * pageBytes) heap.grow(arenaPages);
  return heap;
}

/** The same with all of it allocated in spans of 16 MiB, freed every other time. */
function usedHeap(): Heap {
  const heap = grownHeap();
  const npages = (16 * MIB) / heap.geometry.pageBytes;
  for (let i = 0; i < TIB / (16 * MIB); i++) {
    const page = heap.allocSpan(0, npages, 0);
    if (i % 2 === 1) heap.freeSpan(page);
  }
  return heap;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  // The first heap also pays for compiled code and shared tables, so one is made and dropped before measuring.
  new Heap(platform("linux/amd64")).allocSpan(0, 1, 0);
  for (const [name, make] of [
    ["empty heap", () => new Heap(platform("linux/amd64"))],
    ["1 TiB heap, fully grown", grownHeap],
    ["1 TiB heap, grown and used", usedHeap],
  ] as const) {
    console.log(`${name.padEnd(28)} ${(costBytes(make) / MIB).toFixed(2)} MiB`);
  }
}
