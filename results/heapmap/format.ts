/**
 * The file of a heap map: what every chunk of the heap held at each sample, and whole bitmaps at some of them.
 *
 *     "MHEAPMAP"  version  length  header as JSON  length  records, deflated
 *      8 bytes    u32      u32     UTF-8           u32     raw deflate
 *
 * Records are numbers as bytes.ts writes them, each after a byte that says what it is:
 *
 *     SAMPLE    time since the sample before, ns
 *               page of searchAddr + 1, or 0 when no free page is known
 *               number of chunks new in the heap, and of each its index, as the difference to the one before it
 *               number of chunks that changed, and of each: how many ordinals after the one before it, pages in use, pages
 *               scavenged, pages in page caches
 *     KEYFRAME  the state at the sample before it:
 *               of each chunk, by ordinal, a byte: 0 all scavenged, 1 all free, 2 all in use, 3 neither, and then its bits,
 *               a word of 32 pages at a time: in use; scavenged
 *               number of page caches that hold something, and of each: first page, and two words of what it holds
 *               number of spans, and of each: pages from the start of the one before it, pages, kind
 *     END
 *
 * A chunk's ordinal is its place in the order of appearance. What is not in use, not scavenged and not in a cache is free
 * and retained. A page that is in use but in no span is on its way to the system, or padding.
 *
 * Sizes: a sample costs four to six bytes a chunk that changed, before deflation; a keyframe up to 129 bytes a chunk.
 */

/** How the file begins. */
export const HEAP_MAP_MAGIC = "MHEAPMAP";
export const HEAP_MAP_VERSION = 1;
/** Its name in a run's folder. */
export const HEAP_MAP_FILE = "heapmap.bin";

export const Record = { end: 0, sample: 1, keyframe: 2 } as const;
export const ChunkState = { scavenged: 0, free: 1, inUse: 2, mixed: 3 } as const;

/** What the records need to be understood. */
export interface HeapMapHeader {
  readonly page_bytes: number;
  readonly chunk_pages: number;
  /** What the offset 0 is as an address, in hexadecimal: page · page_bytes + this, modulo 2^64, is an address. */
  readonly arena_base_offset: string;
  readonly samples: number;
  readonly keyframes: number;
  /** Bytes of the records before they were deflated. */
  readonly body_bytes: number;
}
