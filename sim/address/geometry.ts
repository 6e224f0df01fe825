/**
 * The shape of an address space, as data.
 *
 * The page heap sees memory as one line of addresses, the *offset address space*: the raw address minus
 * `arenaBaseOffset`, modulo 2^64. On linux/amd64 that offset is 0xffff800000000000, so that the two halves of the
 * processor's address space, which lie at the two ends of the 64-bit range, become one contiguous line:
 *
 *     raw     0xffff800000000000 … 0xffffffffffffffff | 0x0 … 0x00007fffffffffff
 *     offset  0                                  2^47-1 | 2^47                2^48-1
 *
 * The line is cut into pages, pages into chunks (one bitmap each), and chunks into ever larger entries, one level of
 * the radix tree for each size:
 *
 *     level 0   |      16 GiB      |      16 GiB      |  …      2^levelBits[0] entries
 *     level 1   | 2 GiB | …                                     2^levelBits[1] entries below each
 *       …
 *     leaf      | one chunk, 4 MiB |                            2^levelBits[last] below each
 *
 * so that the bits add up (the *radix equation*):
 *
 *     summaryL0Bits + (summaryLevels-1)*summaryLevelBits + logPallocChunkBytes = heapAddrBits
 *
 * Inside the simulator an address is an offset: as a page index (`…Page`, offset / pageSize) where pages are meant, as
 * bytes (`…Off`) in the few places where the runtime keeps byte addresses (scavenger watermarks, address ranges).
 * Both are exact in a double. Raw hexadecimal addresses exist only at the edges, through this file.
 */

/** What may be said of an address space; everything else follows from it. */
export interface GeometrySpec {
  /** A name for messages, such as `linux/amd64`. */
  readonly name: string;
  /** Bits of the offset address space, 20..52. */
  readonly heapAddrBits: number;
  /** The raw address at offset 0, hexadecimal with `0x`. */
  readonly arenaBaseOffset: string;
  /** log2 of the page size in bytes (13 in Go: 8 KiB), 10..20. */
  readonly pageShift: number;
  /** log2 of the pages in a chunk (9 in Go: 512), 6..14. A page cache takes 64 pages, so a chunk has at least those. */
  readonly logChunkPages: number;
  /** Radix bits of each level, root first. */
  readonly levelBits: readonly number[];
  /** Bits of one field of a packed summary; `log2(chunk pages) + (levels-1)*summaryLevelBits`, at most 21. */
  readonly logMaxPackedValue: number;
  /** Size of a heap arena in bytes: the unit in which address space is reserved. */
  readonly arenaBytes: number;
  /** Physical page size of the system in bytes, a power of two from 4096 to 64 pages. */
  readonly physPageBytes: number;
  /** Huge page size of the system in bytes, a power of two, or 0 where there are none. */
  readonly physHugePageBytes: number;
  /** Raw addresses, hexadecimal, at which the runtime asks for its first arenas, in the order it tries them. */
  readonly arenaHints: readonly string[];
  /** Whether all summaries are mapped at start (small address spaces) or as the heap grows. */
  readonly summariesMappedAtInit: boolean;
  /** Bits of the first level of the two-level chunk table (0: one level). */
  readonly chunksL1Bits: number;
}

/** Says what is wrong with a geometry, and what would be right. */
export class GeometryError extends Error {
  override readonly name = "GeometryError";
}

/** Largest field of a packed summary: three of them and the special bit share 64 bits. */
const LOG_MAX_PACKED_LIMIT = 21;
/** More root entries than this are refused: the tool keeps one 32-bit slot for each. */
const MAX_ROOT_BITS = 20;
/** Chunk indices are 32-bit integers in the hot paths. */
const MAX_CHUNK_BITS = 30;
const TWO32 = 4294967296;

/**
 * A checked geometry with everything that follows from it.
 *
 * Levels count from the root (0) to the leaf (`levels - 1`), whose entries are chunks.
 */
export class Geometry {
  readonly name: string;
  readonly spec: GeometrySpec;
  readonly heapAddrBits: number;
  readonly levels: number;
  readonly levelBits: readonly number[];
  /** log2 of the bytes that one entry of a level covers. */
  readonly levelShift: readonly number[];
  /** log2 of the pages that one entry of a level covers. */
  readonly levelLogPages: readonly number[];
  /** Pages that one entry of a level covers. */
  readonly levelPages: readonly number[];
  readonly logMaxPackedValue: number;
  readonly pageShift: number;
  readonly pageBytes: number;
  readonly logChunkPages: number;
  readonly chunkPages: number;
  readonly chunkBytes: number;
  /** Pages in the whole address space. */
  readonly totalPages: number;
  /** Chunks in the whole address space. */
  readonly totalChunks: number;
  readonly arenaBytes: number;
  readonly arenaPages: number;
  readonly physPageBytes: number;
  readonly physHugePageBytes: number;
  readonly summariesMappedAtInit: boolean;
  readonly chunksL1Bits: number;
  readonly chunksL2Bits: number;
  /** The first and the last byte of the line: minOffAddr and maxOffAddr. */
  readonly minOff = 0;
  readonly maxOff: number;
  /** Offset of the raw address 0, or NaN when raw 0 lies outside the line. */
  readonly zeroOff: number;
  /** Offsets in bytes of the arena hints, in the order they are tried. */
  readonly arenaHintOffs: readonly number[];

  private readonly baseHi: number;
  private readonly baseLo: number;

  /**
   * @param spec the shape; it is checked here
   * @throws GeometryError when a size is out of range, the radix equation does not hold, or the root level cannot be
   *   expressed in a summary
   */
  constructor(spec: GeometrySpec) {
    checkSpec(spec);
    this.spec = spec;
    this.name = spec.name;
    this.heapAddrBits = spec.heapAddrBits;
    this.levelBits = [...spec.levelBits];
    this.levels = spec.levelBits.length;
    this.pageShift = spec.pageShift;
    // Shifts, not powers: a power is a double even where it is whole, and would make doubles of all that follows from it.
    this.pageBytes = 1 << spec.pageShift;
    this.logChunkPages = spec.logChunkPages;
    this.chunkPages = 1 << spec.logChunkPages;
    this.chunkBytes = this.pageBytes * this.chunkPages;
    this.totalPages = 2 ** (spec.heapAddrBits - spec.pageShift);
    this.totalChunks = this.totalPages / this.chunkPages;
    this.logMaxPackedValue = spec.logMaxPackedValue;
    this.levelLogPages = spec.levelBits.map(
      (_, l) => spec.logChunkPages + spec.levelBits.slice(l + 1).reduce((a, b) => a + b, 0),
    );
    this.levelPages = this.levelLogPages.map((logPages) => 1 << logPages);
    this.levelShift = this.levelLogPages.map((logPages) => logPages + spec.pageShift);
    this.arenaBytes = spec.arenaBytes;
    this.arenaPages = spec.arenaBytes / this.pageBytes;
    this.physPageBytes = spec.physPageBytes;
    // A huge page larger than a chunk cannot be kept whole by a scavenger that works on chunks, so the runtime
    // treats such a system as one without huge pages (maxPhysHugePageSize in malloc.go).
    this.physHugePageBytes = spec.physHugePageBytes > this.chunkBytes ? 0 : spec.physHugePageBytes;
    this.summariesMappedAtInit = spec.summariesMappedAtInit;
    this.chunksL1Bits = spec.chunksL1Bits;
    this.chunksL2Bits = spec.heapAddrBits - spec.pageShift - spec.logChunkPages - spec.chunksL1Bits;
    this.maxOff = 2 ** spec.heapAddrBits - 1;
    const base = parseHalves(spec.arenaBaseOffset);
    this.baseHi = base.hi;
    this.baseLo = base.lo;
    this.zeroOff = this.#offOfHalves(0, 0);
    this.arenaHintOffs = spec.arenaHints.map((hint) => this.parseAddress(hint));
    checkRootFits(this);
  }

  /** A copy with other physical page sizes (bytes). Throws GeometryError when they are out of range. */
  withPhysicalPages(physPageBytes: number, physHugePageBytes: number): Geometry {
    return new Geometry({ ...this.spec, physPageBytes, physHugePageBytes });
  }

  /**
   * The offset, in bytes, of a raw address written in hexadecimal, with or without `0x`.
   * Throws GeometryError when it is not a 64-bit hexadecimal number or lies outside the address space.
   */
  parseAddress(hex: string): number {
    const { hi, lo } = parseHalves(hex);
    const off = this.#offOfHalves(hi, lo);
    if (Number.isNaN(off)) {
      throw new GeometryError(
        `address ${hex} is outside the ${this.heapAddrBits}-bit address space of ${this.name}`,
      );
    }
    return off;
  }

  /** The offset, in bytes, of a raw address below 2^53 given as a number; NaN when it is outside the line. */
  offOfRaw(raw: number): number {
    return this.#offOfHalves(Math.floor(raw / TWO32), raw % TWO32);
  }

  /** The raw address at an offset in bytes, hexadecimal with `0x` and without padding. */
  formatAddress(off: number): string {
    const offHi = Math.floor(off / TWO32);
    const lo = (off % TWO32) + this.baseLo;
    const hi = (offHi + this.baseHi + (lo >= TWO32 ? 1 : 0)) % TWO32;
    const loHex = (lo % TWO32).toString(16);
    return hi === 0 ? `0x${loHex}` : `0x${hi.toString(16)}${loHex.padStart(8, "0")}`;
  }

  /** The raw address of a page index, hexadecimal with `0x`; `0x0` for a negative index, which means "none". */
  formatPage(page: number): string {
    return page < 0 ? "0x0" : this.formatAddress(page * this.pageBytes);
  }

  /** The two 32-bit halves of the raw address of a page index (0, 0 for a negative one), for hashing. */
  rawHalvesOfPage(page: number): { hi: number; lo: number } {
    if (page < 0) return { hi: 0, lo: 0 };
    const off = page * this.pageBytes;
    const lo = (off % TWO32) + this.baseLo;
    return { hi: (Math.floor(off / TWO32) + this.baseHi + (lo >= TWO32 ? 1 : 0)) % TWO32, lo: lo % TWO32 };
  }

  #offOfHalves(hi: number, lo: number): number {
    let offLo = lo - this.baseLo;
    let offHi = hi - this.baseHi;
    if (offLo < 0) {
      offLo += TWO32;
      offHi -= 1;
    }
    if (offHi < 0) offHi += TWO32;
    const off = offHi * TWO32 + offLo;
    return off <= this.maxOff ? off : Number.NaN;
  }
}

function parseHalves(hex: string): { hi: number; lo: number } {
  const digits = hex.startsWith("0x") ? hex.slice(2) : hex;
  if (!/^[0-9a-fA-F]{1,16}$/.test(digits)) {
    throw new GeometryError(`"${hex}" is not an address: expected up to 16 hexadecimal digits`);
  }
  const padded = digits.padStart(16, "0");
  return { hi: Number.parseInt(padded.slice(0, 8), 16), lo: Number.parseInt(padded.slice(8), 16) };
}

function isPowerOfTwo(n: number): boolean {
  return Number.isInteger(n) && n > 0 && Number.isInteger(Math.log2(n));
}

function requireRange(spec: GeometrySpec, field: keyof GeometrySpec, low: number, high: number): void {
  const value = spec[field] as number;
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new GeometryError(
      `geometry ${spec.name}: ${field} is ${value}, expected a whole number from ${low} to ${high}`,
    );
  }
}

function checkSpec(spec: GeometrySpec): void {
  requireRange(spec, "heapAddrBits", 20, 52);
  requireRange(spec, "pageShift", 10, 20);
  requireRange(spec, "logChunkPages", 6, 14);
  requireRange(spec, "logMaxPackedValue", 1, LOG_MAX_PACKED_LIMIT);
  if (spec.levelBits.length === 0 || spec.levelBits.some((b) => !Number.isInteger(b) || b < 0 || b > 26)) {
    throw new GeometryError(
      `geometry ${spec.name}: levelBits is [${spec.levelBits}], expected whole numbers, root first`,
    );
  }
  checkRadixEquation(spec);
  if (spec.levelBits[0]! > MAX_ROOT_BITS) {
    throw new GeometryError(
      `geometry ${spec.name}: the root level has 2^${spec.levelBits[0]} entries, at most 2^${MAX_ROOT_BITS} are supported: add levels`,
    );
  }
  const chunkBits = spec.heapAddrBits - spec.pageShift - spec.logChunkPages;
  if (chunkBits > MAX_CHUNK_BITS) {
    throw new GeometryError(
      `geometry ${spec.name}: the address space has 2^${chunkBits} chunks, at most 2^${MAX_CHUNK_BITS} are supported: use larger chunks`,
    );
  }
  const chunkBytes = 2 ** (spec.pageShift + spec.logChunkPages);
  if (!isPowerOfTwo(spec.arenaBytes) || spec.arenaBytes < chunkBytes) {
    throw new GeometryError(
      `geometry ${spec.name}: arenaBytes is ${spec.arenaBytes}, expected a power of two of at least one chunk (${chunkBytes} bytes)`,
    );
  }
  const physMax = 64 * 2 ** spec.pageShift;
  if (!isPowerOfTwo(spec.physPageBytes) || spec.physPageBytes < 4096 || spec.physPageBytes > physMax) {
    throw new GeometryError(
      `geometry ${spec.name}: physPageBytes is ${spec.physPageBytes}, expected a power of two from 4096 to ${physMax}`,
    );
  }
  if (spec.physHugePageBytes !== 0 && !isPowerOfTwo(spec.physHugePageBytes)) {
    throw new GeometryError(
      `geometry ${spec.name}: physHugePageBytes is ${spec.physHugePageBytes}, expected a power of two, or 0 for none`,
    );
  }
  if (!Number.isInteger(spec.chunksL1Bits) || spec.chunksL1Bits < 0 || spec.chunksL1Bits > chunkBits) {
    throw new GeometryError(
      `geometry ${spec.name}: chunksL1Bits is ${spec.chunksL1Bits}, expected a whole number from 0 to ${chunkBits}`,
    );
  }
}

/** The seed document's equation, in the general form in which each level may have its own number of bits. */
function checkRadixEquation(spec: GeometrySpec): void {
  const below = spec.levelBits.slice(1).reduce((a, b) => a + b, 0);
  const logChunkBytes = spec.pageShift + spec.logChunkPages;
  const sum = spec.levelBits[0]! + below + logChunkBytes;
  if (sum === spec.heapAddrBits) return;
  throw new GeometryError(
    `geometry ${spec.name} breaks the radix equation ` +
      `summaryL0Bits + (summaryLevels-1)*summaryLevelBits + logPallocChunkBytes = heapAddrBits: ` +
      `${spec.levelBits[0]} + ${below} + ${logChunkBytes} = ${sum}, but heapAddrBits is ${spec.heapAddrBits}`,
  );
}

/** pageAlloc.init's check: the pages below a root entry must be a number that a summary can hold. */
function checkRootFits(geometry: Geometry): void {
  const rootLogPages = geometry.levelLogPages[0]!;
  if (rootLogPages <= geometry.logMaxPackedValue) return;
  throw new GeometryError(
    `runtime: root level max pages = ${2 ** rootLogPages}\n` +
      `runtime: summary max pages = ${2 ** geometry.logMaxPackedValue}\n` +
      `root level max pages doesn't fit in summary`,
  );
}
