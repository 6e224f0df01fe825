/**
 * Records a heap map while a run goes on: chunks that changed since the sample before, and keyframes when they are due.
 *
 *     sample(t) ──► counts of all chunks ──► those that differ ──► SAMPLE          finish() ──► the file
 *                                            t ≥ next due time ──► KEYFRAME
 *
 * It reads the heap and changes nothing in it. A keyframe belongs to a sample, so one that is asked for at some time comes at
 * the first sample that is not earlier.
 */

import { deflateRawSync } from "node:zlib";
import type { Heap } from "../../sim/heap/heap.js";
import { popCount } from "../../sim/pages/bits.js";
import { ByteWriter } from "./bytes.js";
import { ChunkState, HEAP_MAP_MAGIC, HEAP_MAP_VERSION, type HeapMapHeader, Record } from "./format.js";

/** Numbers kept of each chunk: in use, scavenged, cached. */
const COUNTS = 3;

export class HeapMapRecorder {
  private readonly out = new ByteWriter();
  private readonly changes = new ByteWriter();
  /** Ordinal of a chunk by its flat index in the page tree, -1 for those that have none. */
  private ordinals = new Int32Array(0);
  private chunks = new Int32Array(64);
  private chunkCount = 0;
  private counts = new Int32Array(64 * COUNTS);
  /** Counts of this sample. */
  private fresh = new Int32Array(64 * COUNTS);
  private lastNs = 0;
  private samples = 0;
  private keyframes = 0;
  private nextDue = 0;
  private keyframeSample = -1;

  /** @param dueNs times at which keyframes are wanted, ns, ascending; the last sample is always one */
  constructor(private readonly dueNs: readonly number[] = []) {}

  /** Takes a sample. */
  sample(timeNs: number, heap: Heap): void {
    const { out } = this;
    const known = this.chunkCount;
    this.findNewChunks(heap);
    out.byte(Record.sample);
    out.whole(timeNs - this.lastNs);
    const { pages } = heap;
    out.whole(pages.searchPage === pages.maxSearchPage ? 0 : pages.searchPage + 1);
    out.whole(this.chunkCount - known);
    for (let i = known; i < this.chunkCount; i++)
      out.signed(this.chunks[i]! - (i === 0 ? 0 : this.chunks[i - 1]!));
    this.count(heap);
    this.writeChanges();
    this.lastNs = timeNs;
    this.samples++;
    if (this.nextDue >= this.dueNs.length || timeNs < this.dueNs[this.nextDue]!) return;
    while (this.nextDue < this.dueNs.length && timeNs >= this.dueNs[this.nextDue]!) this.nextDue++;
    this.keyframe(heap);
  }

  /** Completes the map with a keyframe of the last sample. @returns the file */
  finish(heap: Heap): Uint8Array {
    if (this.samples > 0 && this.keyframeSample !== this.samples) this.keyframe(heap);
    this.out.byte(Record.end);
    const { geometry } = heap;
    const header: HeapMapHeader = {
      page_bytes: geometry.pageBytes,
      chunk_pages: geometry.chunkPages,
      arena_base_offset: geometry.spec.arenaBaseOffset,
      samples: this.samples,
      keyframes: this.keyframes,
      body_bytes: this.out.length,
    };
    const text = new TextEncoder().encode(JSON.stringify(header));
    const body = deflateRawSync(this.out.bytes);
    const head = new ByteWriter();
    for (const letter of HEAP_MAP_MAGIC) head.byte(letter.charCodeAt(0));
    head.word(HEAP_MAP_VERSION);
    head.word(text.length);
    for (const byte of text) head.byte(byte);
    head.word(body.length);
    const file = new Uint8Array(head.length + body.length);
    file.set(head.bytes);
    file.set(body, head.length);
    return file;
  }

  /** Gives ordinals to chunks that the heap has grown into. */
  private findNewChunks({ pages }: Heap): void {
    const { inUse, tree, geometry } = pages;
    for (let r = 0; r < inUse.length; r++) {
      const limit = inUse.limits[r]! / geometry.chunkBytes;
      for (let c = inUse.bases[r]! / geometry.chunkBytes; c < limit; c++) {
        const flat = tree.flatChunk(c);
        if (flat < this.ordinals.length && this.ordinals[flat]! >= 0) continue;
        this.append(c, flat);
      }
    }
  }

  private append(chunk: number, flat: number): void {
    if (flat >= this.ordinals.length) {
      const grown = new Int32Array(Math.max(flat + 1, 2 * this.ordinals.length)).fill(-1);
      grown.set(this.ordinals);
      this.ordinals = grown;
    }
    if (this.chunkCount === this.chunks.length) {
      const size = 2 * this.chunkCount;
      this.chunks = grownTo(this.chunks, size);
      this.counts = grownTo(this.counts, size * COUNTS);
      this.fresh = grownTo(this.fresh, size * COUNTS);
    }
    // No chunk has such counts, so the first ones are a change.
    this.counts.fill(-1, this.chunkCount * COUNTS, (this.chunkCount + 1) * COUNTS);
    this.ordinals[flat] = this.chunkCount;
    this.chunks[this.chunkCount++] = chunk;
  }

  private count(heap: Heap): void {
    const { tree, geometry } = heap.pages;
    const { fresh } = this;
    for (let i = 0; i < this.chunkCount; i++) {
      const flat = tree.flatChunk(this.chunks[i]!);
      fresh[i * COUNTS] = pagesInUse(heap, flat);
      fresh[i * COUNTS + 1] = tree.scavengedOf(flat);
      fresh[i * COUNTS + 2] = 0;
    }
    for (const cache of heap.caches) {
      if (cache.empty) continue;
      const i = this.ordinals[tree.flatChunk(Math.floor(cache.page / geometry.chunkPages))]!;
      fresh[i * COUNTS]! -= cache.freePages;
      fresh[i * COUNTS + 2]! += cache.freePages;
    }
  }

  private writeChanges(): void {
    const { counts, fresh, changes } = this;
    changes.length = 0;
    let changed = 0;
    let last = -1;
    for (let i = 0; i < this.chunkCount; i++) {
      const at = i * COUNTS;
      if (counts[at] === fresh[at] && counts[at + 1] === fresh[at + 1] && counts[at + 2] === fresh[at + 2]) {
        continue;
      }
      changes.whole(i - last - 1);
      for (let k = at; k < at + COUNTS; k++) {
        changes.whole(fresh[k]!);
        counts[k] = fresh[k]!;
      }
      last = i;
      changed++;
    }
    this.out.whole(changed);
    for (const byte of changes.bytes) this.out.byte(byte);
  }

  private keyframe(heap: Heap): void {
    const { out } = this;
    this.keyframeSample = this.samples;
    this.keyframes++;
    out.byte(Record.keyframe);
    for (let i = 0; i < this.chunkCount; i++)
      this.chunkBits(heap, heap.pages.tree.flatChunk(this.chunks[i]!));
    const caches = heap.caches.filter((cache) => !cache.empty);
    out.whole(caches.length);
    for (const cache of caches) {
      out.whole(cache.page);
      out.word(cache.cacheLo);
      out.word(cache.cacheHi);
    }
    const { pages, npages, kinds } = heap.spans.sorted();
    out.whole(pages.length);
    let before = 0;
    for (let i = 0; i < pages.length; i++) {
      out.whole(pages[i]! - before);
      out.whole(npages[i]!);
      out.whole(kinds[i]!);
      before = pages[i]!;
    }
  }

  private chunkBits({ pages }: Heap, flat: number): void {
    const { tree, geometry } = pages;
    const { out } = this;
    const used = pages.tree.maxOf(flat) === geometry.chunkPages ? 0 : -1;
    if (used === 0 && tree.scavengedOf(flat) === geometry.chunkPages) return out.byte(ChunkState.scavenged);
    if (used === 0 && tree.scavengedOf(flat) === 0) return out.byte(ChunkState.free);
    if (tree.maxOf(flat) === 0) return out.byte(ChunkState.inUse);
    out.byte(ChunkState.mixed);
    for (const bits of [tree.allocBits, tree.scavBits]) {
      const first = flat * tree.wordsPerChunk;
      for (let w = first; w < first + tree.wordsPerChunk; w++) out.word(bits[w]!);
    }
  }
}

function pagesInUse({ pages }: Heap, flat: number): number {
  const { tree, geometry } = pages;
  const max = tree.maxOf(flat);
  if (max === geometry.chunkPages) return 0;
  if (max === 0) return geometry.chunkPages;
  const first = flat * tree.wordsPerChunk;
  let used = 0;
  for (let w = first; w < first + tree.wordsPerChunk; w++) used += popCount(tree.allocBits[w]!);
  return used;
}

function grownTo(array: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(length);
  grown.set(array);
  return grown;
}

/** Keyframes as they are asked for: how many, evenly over the run with the last at its end, or at which times, ns. */
export type Keyframes = number | readonly number[];

/** Keyframes of a heap map when nothing is said of them. */
export const DEFAULT_KEYFRAMES = 16;

/**
 * The times of keyframes, ascending.
 * @param durationNs length of the run, ns
 */
export function keyframeTimes(keyframes: Keyframes, durationNs: number): number[] {
  if (typeof keyframes !== "number") return [...keyframes].sort((a, b) => a - b);
  return Array.from({ length: keyframes }, (_, i) => Math.round((durationNs * (i + 1)) / keyframes));
}
