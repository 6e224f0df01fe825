/**
 * The page allocator: which pages are in use, and where the next ones come from (pageAlloc in mpagealloc.go).
 *
 * Allocation is address-ordered first fit: of all free runs that are long enough, the one at the lowest address. Two
 * things make that fast. `searchAddr` is a hint below which nothing is free, so most allocations are answered by the
 * bitmap of the chunk it points into (the *fast path*). Otherwise `find` (find.ts) descends the radix tree of
 * summaries (page-tree.ts):
 *
 *        searchAddr                       ┌ root entries, 16 GiB each
 *            ▼                      find ─┤ …
 *     ####.##…..#.####……..##……            └ chunks: bitmaps of 512 pages
 *     in use     first fit
 *
 * Addresses are page indices in the offset address space (see address/geometry.ts). `searchPage` is searchAddr in
 * pages; the runtime's maxSearchAddr, "no free memory known", is the address of the last *byte* of the line and so a
 * fraction of a page below its end, which keeps all comparisons as they are in the runtime.
 *
 * Page indices have up to 40 bits and so are doubles; what lies within a chunk, and chunks themselves, are 32-bit
 * integers, made so with `| 0` where they are split off. Without that the compiler would carry them as doubles on.
 *
 * Invariants, checked in the tests:
 *  - no page below searchPage is free;
 *  - searchPage lies in inUse or is maxSearchPage;
 *  - [start, end) are the chunks between the lowest and the highest that were grown.
 */

import type { Geometry } from "../address/geometry.js";
import { AddressRanges } from "../address/ranges.js";
import { FAST_PATH_ALLOCS, FIND_CALLS, FIND_FAILURES, PAGE_COUNTERS } from "../probes.js";
import { BadOperationError, CorruptHeapError } from "./errors.js";
import { Finder } from "./find.js";
import { MetadataAccount } from "./metadata.js";
import type { PageCache } from "./page-cache.js";
import { PageTree } from "./page-tree.js";

/** Pages in a page cache: one 64-bit word of the bitmap. */
export const PAGE_CACHE_PAGES = 64;

/** Options of a page allocator. */
export interface PageAllocatorOptions {
  /**
   * Whether the arena that holds a page is mapped. A real heap answers that from its arena table, and the allocator
   * then takes a candidate searchAddr as it is; without it (as in the runtime's own tests) it asks inUse instead,
   * which moves the candidate up to memory that was grown.
   */
  readonly arenaMapped?: (page: number) => boolean;
  /**
   * Whether a refill of a page cache leaves searchAddr on the page behind its block, as up to 1.14.2, which may be outside of
   * the heap (golang/go#38605). Default: on the last page of the block.
   */
  readonly searchBehindBlock?: boolean;
}

export class PageAllocator {
  readonly geometry: Geometry;
  readonly tree: PageTree;
  /** Memory given to the allocator by grow, as byte offsets. */
  readonly inUse = new AddressRanges();
  /** What the runtime's own metadata would have cost: sysStat. */
  readonly metadata: MetadataAccount;
  /** Go's counts of what happened; see probes.ts for the indices. */
  readonly counters = new Float64Array(PAGE_COUNTERS);
  /** searchAddr, as a chunk and a page in it; for maxSearchAddr the chunk behind the last. */
  private searchChunk: number;
  private searchIndex = 0;
  /** maxSearchAddr, in pages. */
  readonly maxSearchPage: number;
  /** The chunks [start, end) that the allocator knows about. */
  start = 0;
  end = 0;
  /** Scavenged pages in what the last successful alloc or allocRange took. */
  scavengedPages = 0;
  /**
   * freeHWM: the highest address, in bytes and inclusive, of a page freed in this scavenge generation. It starts as the
   * raw address 0, which is not the lowest of the line, as the runtime's zero value does.
   */
  get freeHwmOff(): number {
    return this.freeLimitPage * this.geometry.pageBytes - 1;
  }

  set freeHwmOff(off: number) {
    this.freeLimitPage = (off + 1) / this.geometry.pageBytes;
  }

  /** The page behind freeHWM; a fraction for an address that is not the last of a page. */
  private freeLimitPage = 0.5;
  private readonly chunkMask: number;
  private readonly finder: Finder;
  private readonly arenaMapped: ((page: number) => boolean) | undefined;
  private readonly searchBehindBlock: boolean;
  private readonly chunkPages: number;
  /** 1 / chunkPages, exact, since a product is cheaper than a quotient. */
  private readonly chunksPerPage: number;

  /**
   * @param geometry the address space
   * @param options what a heap around the allocator knows better
   */
  constructor(geometry: Geometry, options: PageAllocatorOptions = {}) {
    this.geometry = geometry;
    this.tree = new PageTree(geometry);
    this.metadata = new MetadataAccount(geometry);
    this.maxSearchPage = geometry.maxOff / geometry.pageBytes;
    this.searchChunk = geometry.totalChunks | 0;
    this.searchIndex = geometry.chunkPages - 1;
    this.freeHwmOff = Number.isNaN(geometry.zeroOff) ? geometry.minOff : geometry.zeroOff;
    this.arenaMapped = options.arenaMapped;
    this.searchBehindBlock = options.searchBehindBlock ?? false;
    this.chunkPages = geometry.chunkPages;
    this.chunkMask = geometry.chunkPages - 1;
    this.chunksPerPage = 1 / geometry.chunkPages;
    this.finder = new Finder(this.tree, this.counters, () => this.formatSearchAddr());
  }

  /**
   * Takes [page, page+npages) into the allocator, free and scavenged. The range is widened to whole chunks.
   * @throws BadOperationError when part of it was grown before or lies outside the address space
   */
  grow(page: number, npages: number): void {
    const { chunkPages, pageBytes, totalPages } = this.geometry;
    const limit = Math.ceil((page + npages) / chunkPages) * chunkPages;
    const base = Math.floor(page / chunkPages) * chunkPages;
    if (!(npages > 0) || base < 0 || limit > totalPages) {
      throw new BadOperationError(
        `cannot grow by ${npages} pages at ${this.geometry.formatPage(page)}: outside the address space`,
      );
    }
    this.refuseOverlap(base, limit);
    this.metadata.grow(base * pageBytes, limit * pageBytes, this.inUse);
    const from = (base / chunkPages) | 0;
    const to = (limit / chunkPages) | 0;
    if (this.start === 0 || from < this.start) this.start = from;
    if (to > this.end) this.end = to;
    this.inUse.add(base * pageBytes, limit * pageBytes);
    if (from < this.searchChunk) this.searchAt(from, 0);
    this.tree.mapChunks(from, to);
    for (let c = from; c < to; c++) this.tree.setScavenged(this.tree.flatChunk(c), 0, chunkPages);
    // The runtime updates the summaries of base..base+size, with the base rounded down but the size as it was asked
    // for; for whole chunks, which is all the heap asks for, that is everything.
    const lastChunk = ((base + npages - 1) / chunkPages) | 0;
    for (let c = from; c <= lastChunk; c++) this.tree.summarizeLeaf(this.tree.flatChunk(c));
    this.tree.climbRange(from, lastChunk, true);
  }

  private refuseOverlap(base: number, limit: number): void {
    const { pageBytes } = this.geometry;
    const next = this.inUse.findAddrGreaterEqual(base * pageBytes);
    if (next >= 0 && next < limit * pageBytes) {
      throw new BadOperationError(
        `cannot grow at ${this.geometry.formatPage(base)}: memory there was grown before`,
      );
    }
  }

  /**
   * Allocates npages (≥ 1) contiguous pages at the lowest address that has them.
   * @returns the first page, or -1 when no free run is long enough; scavengedPages then holds how many were scavenged
   */
  alloc(npages: number): number {
    let chunk = this.searchChunk;
    if (chunk >= this.end) {
      chunk = this.chunkAboveEnd();
      if (chunk < 0) return -1;
    }
    if (npages === 1) return this.allocPage(chunk);
    const from = this.searchIndex;
    const flat = this.tree.flatChunk(chunk);
    const max = flat < 0 ? 0 : this.tree.maxOf(flat);
    if (max >= npages && this.chunkPages - from >= npages) return this.allocNear(chunk, flat, from, npages);
    const finder = this.finder;
    // A longer run may not be found while single pages are still free, so searchAddr stays then.
    if (!this.findFrom(npages, chunk, max === 0)) return -1;
    const found = finder.foundChunk;
    const index = finder.foundIndex;
    this.take(found, index, npages);
    this.searchFrom(finder.candidateChunk, finder.candidateIndex);
    return found * this.chunkPages + index;
  }

  /** alloc for a single page, which is the lowest free one. `searchChunk` is the chunk where to look first. */
  private allocPage(searchChunk: number): number {
    const tree = this.tree;
    const flat = tree.flatChunk(searchChunk);
    if (flat >= 0 && tree.maxOf(flat) !== 0) {
      const from = this.searchIndex;
      const index = tree.firstFree(flat, from);
      if (index === this.chunkPages) this.badFastPath(flat, from, 1);
      this.counters[FAST_PATH_ALLOCS]!++;
      this.scavengedPages = tree.allocInChunk(flat, index, 1);
      if (index > from) this.searchIndex = index;
      return searchChunk * this.chunkPages + index;
    }
    if (!this.findPage(searchChunk)) {
      // Not even one page: the heap is exhausted.
      this.searchNowhere();
      return -1;
    }
    const { foundChunk, foundIndex } = this.finder;
    this.scavengedPages = tree.allocInChunk(tree.flatChunk(foundChunk), foundIndex, 1);
    this.searchFrom(foundChunk, foundIndex);
    return foundChunk * this.chunkPages + foundIndex;
  }

  /** findFrom for a single page, when the chunk of searchAddr is full. */
  private findPage(chunk: number): boolean {
    this.counters[FIND_CALLS]!++;
    if (this.finder.findPage(chunk)) return true;
    this.counters[FIND_FAILURES]!++;
    return false;
  }

  /** The fast path: the chunk of searchAddr has a run that is long enough, says its summary. */
  private allocNear(chunk: number, flat: number, from: number, npages: number): number {
    const tree = this.tree;
    const index = tree.findRun(flat, from, npages);
    if (index < 0) this.badFastPath(flat, from, npages);
    const free = tree.firstFree(flat, from);
    this.counters[FAST_PATH_ALLOCS]!++;
    this.scavengedPages = tree.allocInChunk(flat, index, npages);
    // The first free page seen is where searching starts next; it may have just been taken, and nothing below it is free.
    if (free > from) this.searchIndex = free;
    return chunk * this.chunkPages + index;
  }

  /**
   * A searchAddr above all known memory means that nothing is free, and there is no need to look (-1). But maxSearchAddr is
   * the last byte of the line, so if the last chunk of all was grown, it lies in that, and the runtime looks in vain.
   */
  private chunkAboveEnd(): number {
    const last = this.geometry.totalChunks - 1;
    return this.end > last ? last : -1;
  }

  /** Sets searchAddr to maxSearchAddr, which is above every page, also the last one. */
  private searchNowhere(): void {
    this.searchAt(this.geometry.totalChunks, this.chunkMask);
  }

  /** Sets searchAddr. */
  private searchAt(chunk: number, index: number): void {
    this.searchChunk = chunk | 0;
    this.searchIndex = index | 0;
  }

  /** Moves searchAddr up to a page, if that is above it. */
  private searchFrom(chunk: number, index: number): void {
    if (chunk < this.searchChunk || (chunk === this.searchChunk && index <= this.searchIndex)) return;
    this.searchChunk = chunk;
    this.searchIndex = index;
  }

  /** Moves searchAddr down to a page, if that is below it. */
  private searchDownTo(chunk: number, index: number): void {
    if (chunk > this.searchChunk || (chunk === this.searchChunk && index >= this.searchIndex)) return;
    this.searchChunk = chunk;
    this.searchIndex = index;
  }

  /** searchAddr, in pages: no page below it is free. maxSearchPage when no free page is known. */
  get searchPage(): number {
    if (this.searchChunk === this.geometry.totalChunks) return this.maxSearchPage;
    return this.searchChunk * this.chunkPages + this.searchIndex;
  }

  set searchPage(page: number) {
    if (page === this.maxSearchPage) this.searchNowhere();
    else this.searchAt(Math.floor(page / this.chunkPages), page % this.chunkPages);
  }

  private badFastPath(flat: number, from: number, npages: number): never {
    throw new CorruptHeapError("bad summary data", [
      `runtime: max = ${this.tree.maxOf(flat)}, npages = ${npages}`,
      `runtime: searchIdx = ${from}, p.searchAddr = ${this.formatSearchAddr()}`,
    ]);
  }

  /**
   * Searches the radix tree for the lowest npages contiguous free pages, without taking them.
   * @returns the first page, or -1; the candidate for searchAddr then stands in candidatePage
   */
  find(npages: number): number {
    if (!this.findFrom(npages, Math.min(this.searchChunk, this.geometry.totalChunks - 1), true)) return -1;
    return this.finder.foundChunk * this.chunkPages + this.finder.foundIndex;
  }

  private findFrom(npages: number, chunk: number, windowed: boolean): boolean {
    const finder = this.finder;
    this.counters[FIND_CALLS]!++;
    if (!finder.find(npages, chunk, windowed)) {
      this.counters[FIND_FAILURES]!++;
      return false;
    }
    if (!finder.candidateMapped) this.mapCandidate();
    return true;
  }

  private mapCandidate(): void {
    // Nearly always the candidate lies in memory that was grown, which its chunk shows.
    const flat = this.tree.flatChunk(this.finder.candidateChunk);
    if (flat >= 0 && this.tree.isGrown(flat)) return;
    const page = this.findMappedPage(this.candidatePage);
    const beyond = page === this.maxSearchPage;
    this.finder.candidateChunk = beyond ? this.geometry.totalChunks | 0 : (page / this.chunkPages) | 0;
    this.finder.candidateIndex = beyond ? 0 : (page % this.chunkPages) | 0;
  }

  /** The searchAddr that the last successful find proposes, in pages. */
  get candidatePage(): number {
    const { candidateChunk, candidateIndex } = this.finder;
    if (candidateChunk === this.geometry.totalChunks) return this.maxSearchPage;
    return candidateChunk * this.chunkPages + candidateIndex;
  }

  /** findMappedAddr: the lowest mapped page at or above `page`, or maxSearchPage. */
  findMappedPage(page: number): number {
    if (this.arenaMapped?.(page)) return page;
    const off = this.inUse.findAddrGreaterEqual(page * this.geometry.pageBytes);
    return off < 0 ? this.maxSearchPage : off / this.geometry.pageBytes;
  }

  /**
   * Marks [page, page+npages), which must be mapped and free, allocated and updates the summaries. searchAddr stays.
   * @returns how many of the pages were scavenged, also left in scavengedPages
   */
  allocRange(page: number, npages: number): number {
    this.take((page * this.chunksPerPage) | 0, page & this.chunkMask, npages);
    return this.scavengedPages;
  }

  /** allocRange for a range whose first chunk is known, and the page in that. */
  private take(first: number, from: number, npages: number): void {
    const tree = this.tree;
    const chunkPages = this.chunkPages;
    const limit = from + npages;
    if (limit <= chunkPages) {
      this.scavengedPages = tree.allocInChunk(tree.flatChunk(first), from, npages);
      return;
    }
    const last = first + ((limit - 1) >>> this.geometry.logChunkPages);
    const to = ((limit - 1) & this.chunkMask) + 1;
    if (tree.sameRoot(first, last)) {
      this.scavengedPages = tree.takeRange(tree.flatChunk(first), tree.flatChunk(last), from, to);
    } else this.takeAcrossRoots(first, last, from, to);
    tree.climbRange(first, last, false);
  }

  /** A run over more than one root entry, chunk by chunk. */
  private takeAcrossRoots(first: number, last: number, from: number, to: number): void {
    const { tree, chunkPages } = this;
    let scavenged = tree.takePages(tree.flatChunk(first), from, chunkPages - from);
    for (let c = first + 1; c < last; c++) scavenged += tree.takePages(tree.flatChunk(c), 0, chunkPages);
    this.scavengedPages = scavenged + tree.takePages(tree.flatChunk(last), 0, to);
  }

  /**
   * Frees [page, page+npages).
   * @param scavenged true when the scavenger gives back pages it had taken out: freeHWM then stays
   * @throws BadOperationError when a page is not mapped or not allocated; nothing was changed then
   */
  free(page: number, npages: number, scavenged = false): void {
    const chunkPages = this.chunkPages;
    const first = (page * this.chunksPerPage) | 0;
    const from = page & this.chunkMask;
    const flat = this.flatToFree(first, page, npages);
    if (from + npages > chunkPages) this.freeAcross(page, npages, first, from);
    else if (!this.tree.freeInChunk(flat, from, npages)) this.refuseFree(page, npages);
    this.searchDownTo(first, from);
    if (!scavenged && page + npages > this.freeLimitPage) this.freeLimitPage = page + npages;
  }

  private freeAcross(page: number, npages: number, first: number, from: number): void {
    const tree = this.tree;
    const last = first + ((from + npages - 1) >>> this.geometry.logChunkPages);
    const to = ((from + npages - 1) & this.chunkMask) + 1;
    if (tree.sameRoot(first, last)) {
      const freed = tree.returnRange(tree.flatChunk(first), tree.flatChunk(last), from, to);
      if (!freed) this.refuseFree(page, npages);
    } else this.freeAcrossRoots(page, npages, first, last, from, to);
    tree.climbFreed(first, last);
  }

  /** A free in more than one root entry, chunk by chunk. A refused one must leave the state as it was, so all are looked at first. */
  private freeAcrossRoots(
    page: number,
    npages: number,
    first: number,
    last: number,
    from: number,
    to: number,
  ): void {
    const { tree, chunkPages } = this;
    for (let c = first; c <= last; c++) {
      const flat = this.flatToFree(c, page, npages);
      const start = c === first ? from : 0;
      const limit = c === last ? to : chunkPages;
      if (!tree.isGrown(flat) || !tree.allAllocated(flat, start, limit - start))
        this.refuseFree(page, npages);
    }
    tree.returnPages(tree.flatChunk(first), from, chunkPages - from);
    for (let c = first + 1; c < last; c++) tree.returnPages(tree.flatChunk(c), 0, chunkPages);
    tree.returnPages(tree.flatChunk(last), 0, to);
  }

  private flatToFree(chunk: number, page: number, npages: number): number {
    const flat = chunk >= 0 && chunk < this.geometry.totalChunks ? this.tree.flatChunk(chunk) : -1;
    if (flat < 0 || !(page >= 0) || !(npages >= 1)) this.refuseFree(page, npages);
    return flat;
  }

  private refuseFree(page: number, npages: number): never {
    const address = this.geometry.formatPage(page);
    for (let p = page; p < page + npages && p - page < 2 ** 21; p++) {
      const where = npages === 1 ? "" : ` (page ${p - page} of the ${npages})`;
      if (!this.inUse.contains(p * this.geometry.pageBytes)) {
        throw new BadOperationError(`cannot free ${npages} pages at ${address}: not mapped${where}`);
      }
      if (!this.isAllocated(p))
        throw new BadOperationError(`cannot free ${npages} pages at ${address}: already free${where}`);
    }
    throw new BadOperationError(
      `cannot free ${npages} pages at ${address}: expected at least one page of mapped memory`,
    );
  }

  /** Free pages [page, page+npages) are no longer known as released. @returns how many of them were */
  reclaim(page: number, npages: number): number {
    const { chunkPages, tree } = this;
    let reclaimed = 0;
    for (let at = page; at < page + npages; ) {
      const chunk = Math.floor(at / chunkPages);
      const limit = Math.min(page + npages, (chunk + 1) * chunkPages);
      reclaimed += tree.clearScavenged(tree.flatChunk(chunk), at - chunk * chunkPages, limit - at);
      at = limit;
    }
    return reclaimed;
  }

  /** Whether a page is in use (allocated, or held by a page cache). False for unmapped memory. */
  isAllocated(page: number): boolean {
    const chunk = (page * this.chunksPerPage) | 0;
    const flat = this.tree.flatChunk(chunk);
    return flat >= 0 && this.tree.allAllocated(flat, page - chunk * this.chunkPages, 1);
  }

  /**
   * Fills a page cache with all free pages of the aligned 64-page block that holds the lowest free page, and takes
   * them out of the heap. The cache's old content is dropped; it ends up empty when no page is free.
   * The runtime searches with find(1) only when the chunk of searchAddr is full.
   */
  allocToCache(cache: PageCache): void {
    cache.clear();
    const tree = this.tree;
    let chunk = this.searchChunk;
    if (chunk >= this.end) {
      chunk = this.chunkAboveEnd();
      if (chunk < 0) return;
    }
    let flat = tree.flatChunk(chunk);
    let index: number;
    if (flat >= 0 && tree.maxOf(flat) !== 0) {
      index = tree.firstFree(flat, this.searchIndex);
      if (index === this.chunkPages) throw new CorruptHeapError("bad summary data", []);
      this.counters[FAST_PATH_ALLOCS]!++;
    } else {
      if (!this.findPage(chunk)) return this.searchNowhere();
      chunk = this.finder.foundChunk;
      index = this.finder.foundIndex;
      flat = tree.flatChunk(chunk);
    }
    const block = index & ~(PAGE_CACHE_PAGES - 1);
    cache.fill(tree, flat, block, chunk * this.chunkPages + block);
    tree.takeBlock(flat, block);
    // Nothing is left in this block, so searching goes on behind it. But searchAddr must not leave mapped memory, so it
    // becomes the block's last page rather than the next one.
    const last = block + PAGE_CACHE_PAGES - 1;
    if (!this.searchBehindBlock) this.searchAt(chunk, last);
    else if (last < this.chunkMask) this.searchAt(chunk, last + 1);
    else this.searchAt(chunk + 1, 0);
  }

  /** Gives the pages that are left in a page cache back to the heap, with their scavenged bits, and empties it. */
  flushCache(cache: PageCache): void {
    if (cache.empty) return;
    const chunk = (cache.page * this.chunksPerPage) | 0;
    const flat = this.tree.flatChunk(chunk);
    const block = cache.page & this.chunkMask;
    this.tree.returnBlock(flat, block, cache.cacheLo, cache.cacheHi, cache.scavLo, cache.scavHi);
    this.searchDownTo(chunk, block);
    cache.clear();
  }

  /** searchAddr as a raw hexadecimal address. */
  formatSearchAddr(): string {
    return this.geometry.formatAddress(this.searchPage * this.geometry.pageBytes);
  }
}
