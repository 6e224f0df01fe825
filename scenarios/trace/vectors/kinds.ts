/**
 * The kinds of vector files, by the shape of their cases.
 *
 * A vector file is a table of the runtime's own tests (or random inputs to one of its functions) with the results that
 * the real runtime gave. Its kind is what one of its cases is about, a few kinds per idea:
 *
 *     a whole page allocator   grow alloc exhaust free allocAndFree scavenge allocToCache cacheFlush
 *     a page cache alone       cacheAlloc
 *     one bitmap               bitsAllocRange bitsAlloc bitsFree summarize popcount candidate candidateOf
 *     single values            findOnes fillAligned merge pack
 *     address ranges           ranges rangesFindSucc
 *     later scavengers         bitIndex densityIndex scavengeByIndex chunkEntry controller pacing
 *
 * Chunks are numbered from the first chunk of the tests' heap, and a page is [chunk, page of the chunk].
 */

import {
  address,
  byKey,
  byValue,
  count,
  cursor,
  flag,
  list,
  literal,
  nullable,
  number,
  numbered,
  type Of,
  object,
  optional,
  powerOfTwo,
  type Shape,
  text,
  tuple,
  word,
} from "./shape.js";

/** [first, count] of bits or pages of one chunk. */
const range = tuple(count(), count());
const ranges = list(range);
const chunkRanges = numbered(ranges);
const page = tuple(count(), count());
const addressRange = tuple(address, address);
const name = optional(text);
const pages = count(1);

/** A bitmap of a chunk: as its 64-bit words, or as ranges of set bits. */
export type Bits = string[] | [number, number][];
const bits: Shape<Bits> = {
  read(value, at) {
    const isWords = Array.isArray(value) && typeof value[0] === "string";
    return isWords ? list(word).read(value, at) : ranges.read(value, at);
  },
};

/** The whole state of a page allocator at the end of a case. */
const pagesState = {
  chunks: numbered(object({ alloc: list(word), scavenged: list(word) })),
  summaries: list(object({ level: count(), index: count(), start: count(), max: count(), end: count() })),
  searchAddr: address,
  start: count(),
  end: count(),
  inUse: list(addressRange),
};
/** And of the scavenger of Go 1.18. */
const final = object({
  ...pagesState,
  scav: object({
    inUse: list(addressRange),
    scavLWM: address,
    freeHWM: address,
    gen: count(),
    reservationBytes: count(),
  }),
});
export type FinalState = Of<typeof final>;
/** The index of later ones: an entry of each chunk, and the rest in the order of operation logs. */
const indexState = object({
  index: numbered(text),
  rest: text,
  searchAddrBg: cursor,
  searchAddrForce: text,
});
export type IndexState = Of<typeof indexState>;
const finalIndexed = object({ ...pagesState, scav: indexState });
export type PagesState = Pick<FinalState, keyof typeof pagesState>;

const cache = object({ base: address, cache: word, page: nullable(page), scav: word });
export type CacheContent = Of<typeof cache>;

const summary = tuple(count(), count(), count());
const candidateInputs = {
  name,
  alloc: bits,
  scavenged: bits,
  searchIdx: count(),
  min: powerOfTwo(64),
  max: count(),
  physPageSize: optional(powerOfTwo(2 ** 30)),
  physHugePageSize: optional(count(0, 2 ** 40)),
};

const rangesAfter = { ranges: list(addressRange), totalBytes: count() };
const rangeStep = byValue("op", {
  add: object({ op: literal("add"), args: addressRange, ...rangesAfter }),
  removeLast: object({
    op: literal("removeLast"),
    args: tuple(address),
    result: addressRange,
    ...rangesAfter,
  }),
  removeGreaterEqual: object({ op: literal("removeGreaterEqual"), args: tuple(address), ...rangesAfter }),
  findAddrGreaterEqual: object({
    op: literal("findAddrGreaterEqual"),
    args: tuple(address),
    result: address,
    ok: flag,
    ...rangesAfter,
  }),
  contains: object({ op: literal("contains"), args: tuple(address), result: flag, ...rangesAfter }),
  findSucc: object({ op: literal("findSucc"), args: tuple(address), result: count(), ...rangesAfter }),
});
/** In the runtime's own table every step is an addition, in small decimal numbers. */
const addStep = object({
  add: tuple(count(), count()),
  ranges: list(tuple(count(), count())),
  totalBytes: count(),
});

/** Steps of an index with one bit a chunk, each with its cursor afterwards. */
const bitStep = byValue("op", {
  start: object({ op: literal("start"), searchAddr: cursor }),
  mark: object({
    op: literal("mark"),
    base: address,
    limit: address,
    basePage: page,
    limitPage: page,
    searchAddr: cursor,
  }),
  find: object({ op: literal("find"), found: nullable(page), searchAddr: cursor }),
  clear: object({ op: literal("clear"), chunk: count(), searchAddr: cursor }),
});

/** Steps of an index with generations and density, each with what is left afterwards. */
const marks = { searchAddrBg: cursor, searchAddrForce: cursor, freeHWM: address, gen: count() };
const span = { base: address, limit: address, basePage: page, limitPage: page };
const densityStep = byValue("op", {
  start: object({ op: literal("start"), ...marks }),
  alloc: object({ op: literal("alloc"), ...span, ...marks }),
  free: object({ op: literal("free"), ...span, ...marks }),
  nextgen: object({ op: literal("nextgen"), ...marks }),
  find: object({ op: literal("find"), force: flag, found: nullable(page), ...marks }),
  setempty: object({ op: literal("setempty"), chunk: count(), ...marks }),
});

/** A request to release by index: Go 1.19 has one cursor, later releases have two. */
const releaseStep = byKey(
  "scavSearchAddr",
  object({ request: address, expect: count(), searchAddr: address, scavSearchAddr: cursor }),
  object({
    request: address,
    force: flag,
    expect: count(),
    searchAddr: address,
    searchAddrBg: cursor,
    searchAddrForce: cursor,
  }),
);

/** What happens to one entry of the index, and what it is afterwards. */
const entry = {
  packed: word,
  inUse: count(),
  lastInUse: count(),
  chunkGen: count(),
  flags: count(),
  shouldBg: flag,
  shouldForce: flag,
};
const entryStep = byValue("op", {
  alloc: object({ op: literal("alloc"), n: count(), ...entry }),
  free: object({ op: literal("free"), n: count(), ...entry }),
  setempty: object({ op: literal("setempty"), ...entry }),
  gen: object({ op: literal("gen"), gen: count(0, 2 ** 32 - 1), ...entry }),
});

/** A call of a controller: numbers, and [input, setpoint, period, output, integral] as words. */
const controllerCall = object({
  input: number,
  setpoint: number,
  period: number,
  output: number,
  ok: flag,
  errIntegral: number,
  errOverflow: flag,
  inputOverflow: flag,
  bits: tuple(word, word, word, word, word),
});

/** A round of the background scavenger, and the sleep behind it, or that it parked. */
const released = nullable(list(object({ request: count(), got: count(), ns: count() })));
const pacingStep = byKey(
  "parked",
  object({ scavenge: released, parked: flag }),
  object({
    scavenge: released,
    cooldownBefore: count(),
    errIntegralBefore: number,
    sleepRatioBefore: number,
    sleepNs: count(),
    sleptNs: number,
  }),
);

/** The shape of a case of each kind. */
export const KINDS = {
  grow: object({
    name,
    chunks: list(count()),
    inUse: list(object({ base: address, limit: address, basePage: page, limitPage: page })),
    final,
  }),
  alloc: object({
    name,
    before: chunkRanges,
    scav: nullable(chunkRanges),
    initialSearchAddr: address,
    hits: list(
      object({ npages: pages, base: address, page: nullable(page), scav: count(), searchAddr: address }),
    ),
    after: chunkRanges,
    final,
  }),
  exhaust: object({
    name,
    before: chunkRanges,
    npages: pages,
    nAlloc: count(),
    expectBase: optional(text),
    final,
  }),
  free: object({
    name,
    before: chunkRanges,
    scav: nullable(chunkRanges),
    npages: pages,
    frees: list(object({ base: address, page, scavengedFlag: flag, searchAddr: address })),
    after: chunkRanges,
    final,
  }),
  allocAndFree: object({
    name,
    init: chunkRanges,
    scav: nullable(chunkRanges),
    hits: list(
      object({ alloc: flag, npages: pages, base: address, page: nullable(page), searchAddr: address }),
    ),
    final,
  }),
  scavenge: object({
    name,
    before: chunkRanges,
    scav: nullable(chunkRanges),
    steps: list(object({ request: address, expect: count(), searchAddr: address, scavLWM: address })),
    afterScav: chunkRanges,
    final,
  }),
  allocToCache: object({
    name,
    before: chunkRanges,
    scav: nullable(chunkRanges),
    hits: list(object({ base: address, cache: word, page: nullable(page), scav: word, searchAddr: address })),
    after: chunkRanges,
    afterScav: nullable(chunkRanges),
    final,
  }),
  cacheAlloc: object({
    name,
    cache,
    hits: list(
      object({
        npages: pages,
        base: address,
        page: nullable(page),
        scav: count(),
        cacheAfter: word,
        scavAfter: word,
      }),
    ),
  }),
  cacheFlush: object({
    name,
    basePage: count(),
    beforeAlloc: chunkRanges,
    beforeScav: nullable(chunkRanges),
    beforeSearchAddr: address,
    cache,
    cacheAfter: cache,
    final,
  }),
  bitsAllocRange: object({ name, i: count(), n: count(), want: list(word) }),
  bitsAlloc: object({
    name,
    before: ranges,
    npages: pages,
    hits: list(object({ index: count(-1), newSearchIdx: count(-1) })),
    after: ranges,
    finalWords: list(word),
  }),
  bitsFree: object({
    name,
    beforeFree: ranges,
    npages: pages,
    frees: list(count()),
    afterFree: ranges,
    finalWords: list(word),
  }),
  summarize: object({
    name,
    words: list(word),
    start: count(),
    max: count(),
    end: count(),
    packed: optional(word),
    free: optional(ranges),
    finds: optional(
      list(object({ npages: pages, searchIdx: count(), index: count(-1), newSearchIdx: count(-1) })),
    ),
  }),
  popcount: object({ name, init: ranges, tests: list(object({ i: count(), n: count(), want: count() })) }),
  findOnes: object({ name, x: word, n: count(1, 64), want: count(-1, 63), goReturns: optional(count()) }),
  fillAligned: object({ name, x: word, m: powerOfTwo(64), want: word }),
  candidate: object({
    ...candidateInputs,
    want: range,
    goReturns: optional(range),
    hasScavengeCandidate: optional(flag),
  }),
  candidateOf: object({ ...candidateInputs, start: count(), size: count(), has: optional(flag) }),
  merge: object({ name, children: list(summary), logMaxPages: count(0, 21), want: summary, packed: word }),
  pack: object({ name, in: summary, packed: word, out: summary }),
  bitIndex: object({ name, chunks: count(1, 65_536), steps: list(bitStep) }),
  densityIndex: object({ name, chunks: count(1, 65_536), force: flag, steps: list(densityStep) }),
  scavengeByIndex: object({
    name,
    before: chunkRanges,
    scav: nullable(chunkRanges),
    initial: indexState,
    steps: list(releaseStep),
    afterScav: chunkRanges,
    final: finalIndexed,
  }),
  chunkEntry: object({
    name,
    initialGen: count(0, 2 ** 32 - 1),
    initialPacked: word,
    steps: list(entryStep),
  }),
  controller: object({
    name,
    kind: text,
    kp: number,
    ti: number,
    tt: number,
    min: number,
    max: number,
    calls: list(controllerCall),
  }),
  pacing: object({
    name,
    gomaxprocs: pages,
    steps: list(pacingStep),
    final: object({ cooldown: count(), errIntegral: number, sleepRatio: number }),
  }),
  ranges: object({ name, steps: list(byKey("op", rangeStep, addStep)) }),
  rangesFindSucc: object({ name, addr: address, ranges: list(addressRange), expect: count() }),
};

export type VectorKind = keyof typeof KINDS;
/** What a case of a kind holds. */
export type VectorFields<K extends VectorKind> = Of<(typeof KINDS)[K]>;
/** A step of a case of address ranges with an operation. */
export type RangeStep = Of<typeof rangeStep>;
