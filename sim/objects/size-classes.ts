/**
 * The size classes of small objects: Go 1.16 to 1.26, 67 of them, for 8 KiB pages.
 *
 *     bytes ──round up──► class size          spans of a class have a fixed number of pages
 *      200  ───────────►  208  (class 15)     ┌────┬────┬─ … ─┬────┬──────┐
 *                                             │ 208│ 208│     │ 208│ tail │  39 objects in one page, 80 bytes of tail
 *                                             └────┴────┴─ … ─┴────┴──────┘
 *
 * A span class is a size class with a bit for objects without pointers (noscan): 2 · class + noscan. The two never share
 * a span. Class 0 stands for large objects, above 32 KiB, each in a span of its own.
 *
 * Invariants: sizes rise; each is a multiple of 8; tail waste is at most an eighth of the span.
 * Source: the table in the comment of runtime/sizeclasses.go; kinds and lengths of the spans in recorded traces agree.
 */

/** Bytes of a runtime page, for which the classes were made. */
export const CLASS_PAGE_BYTES = 8192;
/** The largest small object, in bytes. */
export const MAX_SMALL_BYTES = 32768;
/** Objects without pointers below this many bytes share blocks of as many bytes. */
export const TINY_BLOCK_BYTES = 16;
/** Size classes, the one for large objects included. */
export const SIZE_CLASSES = 68;
/** Span classes. */
export const SPAN_CLASSES = 2 * SIZE_CLASSES;

/** Object sizes of the classes, in bytes; 0 for large objects. */
export const CLASS_BYTES = Int32Array.of(
  ...[0, 8, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 288, 320, 352, 384],
  ...[
    416, 448, 480, 512, 576, 640, 704, 768, 896, 1024, 1152, 1280, 1408, 1536, 1792, 2048, 2304, 2688, 3072,
  ],
  ...[3200, 3456, 4096, 4864, 5376, 6144, 6528, 6784, 6912, 8192, 9472, 9728, 10240, 10880, 12288, 13568],
  ...[14336, 16384, 18432, 19072, 20480, 21760, 24576, 27264, 28672, 32768],
);

/** Pages of the spans of the classes; 0 for large objects, whose spans differ. */
export const CLASS_PAGES = Int32Array.of(
  ...[0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
  ...[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 3],
  ...[2, 3, 1, 3, 2, 3, 4, 5, 6, 1, 7, 6, 5, 4, 3, 5],
  ...[7, 2, 9, 7, 5, 8, 3, 10, 7, 4],
);

/** Objects in a span of each class; 1 for large objects. */
export const CLASS_OBJECTS = CLASS_PAGES.map((pages, c) =>
  c === 0 ? 1 : Math.floor((pages * CLASS_PAGE_BYTES) / CLASS_BYTES[c]!),
);

/** The class by size in units of 8 bytes, rounded up. All class sizes are multiples of 8. */
const CLASS_BY_EIGHTHS = classBySize();

function classBySize(): Uint8Array {
  const table = new Uint8Array(MAX_SMALL_BYTES / 8 + 1);
  for (let c = SIZE_CLASSES - 1; c > 0; c--) table.fill(c, 0, CLASS_BYTES[c]! / 8 + 1);
  return table;
}

/** The size class of a small object of 1 to MAX_SMALL_BYTES bytes. */
export function sizeClassOf(bytes: number): number {
  return CLASS_BY_EIGHTHS[(bytes + 7) >> 3]!;
}

/** The span class of a small object of 1 to MAX_SMALL_BYTES bytes. */
export function spanClassOf(bytes: number, noscan: boolean): number {
  return 2 * CLASS_BY_EIGHTHS[(bytes + 7) >> 3]! + (noscan ? 1 : 0);
}

/** Bytes that an object takes: its class size, or whole pages when it is large; 0 for nothing. */
export function roundUpBytes(bytes: number): number {
  if (bytes === 0) return 0;
  if (bytes <= MAX_SMALL_BYTES) return CLASS_BYTES[sizeClassOf(bytes)]!;
  return Math.ceil(bytes / CLASS_PAGE_BYTES) * CLASS_PAGE_BYTES;
}

/** Bytes at the end of a span of a size class that hold no object. */
export function tailWasteBytes(sizeClass: number): number {
  return CLASS_PAGES[sizeClass]! * CLASS_PAGE_BYTES - CLASS_OBJECTS[sizeClass]! * CLASS_BYTES[sizeClass]!;
}

/** The bytes of an object of a span class, and of all its pages when it is a large one of npages. */
export function objectBytes(spanClass: number, npages: number): number {
  return spanClass < 2 ? npages * CLASS_PAGE_BYTES : CLASS_BYTES[spanClass >> 1]!;
}
