/**
 * A page heap with no cleverness at all, to hold the real one against.
 *
 * One byte a page says whether it is allocated, another whether it is scavenged. Allocation is found twice: by walking
 * over all pages for the lowest run that is long enough, which gives the address, and by a plain search over summaries
 * that are computed from the pages at that moment, which gives the hint for the next search and the counts of work.
 * If the two ever disagree about the address, the model itself is wrong and says so.
 *
 * Addresses are page indices, or byte offsets where the name ends in Off, as in the simulator.
 */

import type { Geometry } from "../../../sim/address/geometry.js";

/** [base, limit) in bytes. */
export interface NaiveRange {
  readonly base: number;
  readonly limit: number;
}

/** A page cache as two rows of 64 flags. */
export interface NaiveCache {
  page: number;
  free: boolean[];
  gone: boolean[];
}

interface Chunk {
  /** 1 = allocated. */
  readonly used: Uint8Array;
  /** 1 = scavenged. */
  readonly gone: Uint8Array;
}

interface Triple {
  start: number;
  max: number;
  end: number;
}

/** A reservation of address space, and the range that the last search in it chose. */
export interface NaiveWork {
  base: number;
  limit: number;
  gen: number;
  page: number;
  npages: number;
}

/** A result of a search: where, and the hint that it suggests. */
interface Found {
  readonly page: number;
  readonly hint: number;
}

export class NaiveHeap {
  readonly chunks = new Map<number, Chunk>();
  readonly maxSearchPage: number;
  searchPage: number;
  start = 0;
  end = 0;
  freeHwmOff: number;
  lwmOff: number;
  gen = 0;
  reservationBytes = 0;
  releasedBytes = 0;
  scavRanges: NaiveRange[] = [];
  counts = { calls: 0, failures: 0, levels: 0, entries: 0, fast: 0 };
  /** Scavenged pages in what the last alloc took. */
  lastScavenged = 0;
  /** Whether the last scavenging grew a run down to a huge page, or looked at pages above where it stopped before. */
  sawHugeExtension = false;
  sawLimitMoveUp = false;

  readonly minPages: number;
  readonly hugePages: number;
  /** Pages that an entry of a level covers. */
  readonly #entryPages: number[];

  constructor(readonly geometry: Geometry) {
    const { pageBytes, physPageBytes, physHugePageBytes, maxOff } = geometry;
    this.maxSearchPage = maxOff / pageBytes;
    this.searchPage = this.maxSearchPage;
    this.freeHwmOff = Number.isNaN(geometry.zeroOff) ? 0 : geometry.zeroOff;
    this.lwmOff = maxOff;
    this.minPages = physPageBytes > pageBytes ? physPageBytes / pageBytes : 1;
    const useHuge = physHugePageBytes > pageBytes && physHugePageBytes > physPageBytes;
    this.hugePages = useHuge ? physHugePageBytes / pageBytes : 0;
    this.#entryPages = geometry.levelBits.map((_, level) => {
      let pages = geometry.chunkPages;
      for (let l = level + 1; l < geometry.levelBits.length; l++) pages *= 2 ** geometry.levelBits[l]!;
      return pages;
    });
  }

  /** The grown chunks, lowest first. */
  sortedChunks(): number[] {
    return [...this.chunks.keys()].sort((a, b) => a - b);
  }

  /** The grown memory as ranges. */
  inUse(): NaiveRange[] {
    const { chunkBytes } = this.geometry;
    return joined(this.sortedChunks().map((c) => ({ base: c * chunkBytes, limit: (c + 1) * chunkBytes })));
  }

  isGrown(page: number): boolean {
    return this.chunks.has(Math.floor(page / this.geometry.chunkPages));
  }

  isUsed(page: number): boolean {
    return this.#flags("used", page) === 1;
  }

  isGone(page: number): boolean {
    return this.#flags("gone", page) === 1;
  }

  #flags(which: "used" | "gone", page: number): number {
    const { chunkPages } = this.geometry;
    return this.chunks.get(Math.floor(page / chunkPages))?.[which][page % chunkPages] ?? 0;
  }

  #set(which: "used" | "gone", page: number, value: 0 | 1): void {
    const { chunkPages } = this.geometry;
    const chunk = this.chunks.get(Math.floor(page / chunkPages));
    if (chunk === undefined)
      throw new Error(`the model was asked to change page ${page}, which was not grown`);
    chunk[which][page % chunkPages] = value;
  }

  /** Whether growing there is allowed: inside the address space, and nothing of it grown before. */
  canGrow(page: number, npages: number): boolean {
    const { chunkPages, totalPages } = this.geometry;
    const from = Math.floor(page / chunkPages);
    const to = Math.ceil((page + npages) / chunkPages);
    if (npages <= 0 || from < 0 || to * chunkPages > totalPages) return false;
    for (let c = from; c < to; c++) if (this.chunks.has(c)) return false;
    return true;
  }

  /** New memory is free and scavenged, lowers searchAddr, and is no concern of the scavenger's in this generation. */
  grow(page: number, npages: number): void {
    const { chunkPages } = this.geometry;
    const from = Math.floor(page / chunkPages);
    const to = Math.ceil((page + npages) / chunkPages);
    for (let c = from; c < to; c++) {
      this.chunks.set(c, { used: new Uint8Array(chunkPages), gone: new Uint8Array(chunkPages).fill(1) });
    }
    const sorted = this.sortedChunks();
    this.start = sorted[0]!;
    this.end = sorted.at(-1)! + 1;
    this.searchPage = Math.min(this.searchPage, from * chunkPages);
  }

  /** The lowest run of n free pages, by looking at every page; -1 when there is none. */
  firstFit(n: number): number {
    const { chunkPages } = this.geometry;
    let run = 0;
    let previous = -1;
    for (const c of this.sortedChunks()) {
      if (c !== previous + 1) run = 0;
      previous = c;
      const { used } = this.chunks.get(c)!;
      for (let i = 0; i < chunkPages; i++) {
        run = used[i] === 0 ? run + 1 : 0;
        if (run === n) return c * chunkPages + i - n + 1;
      }
    }
    return -1;
  }

  /** The summary of an entry, from its pages; a chunk that was not grown counts as in use. */
  summary(level: number, index: number): Triple {
    const size = this.#entryPages[level]!;
    const { chunkPages } = this.geometry;
    const perEntry = size / chunkPages;
    const sum = { start: -1, max: 0, end: 0 };
    let run = 0;
    const close = (): void => {
      if (sum.start < 0) sum.start = run;
      run = 0;
    };
    let expected = index * perEntry;
    for (const c of this.sortedChunks()) {
      if (c < index * perEntry || c >= (index + 1) * perEntry) continue;
      if (c !== expected) close();
      expected = c + 1;
      for (const used of this.chunks.get(c)!.used) {
        if (used !== 0) close();
        else sum.max = Math.max(sum.max, ++run);
      }
    }
    if (expected !== (index + 1) * perEntry) close();
    sum.end = run;
    if (sum.start < 0) sum.start = run;
    return sum;
  }

  /**
   * Which entries of a level have any memory below them. Only for speed: an entry that has none has the summary
   * (0, 0, 0), and the root level of a 48-bit address space has thousands of those.
   */
  #mappedEntries(level: number): Set<number> {
    const perEntry = this.#entryPages[level]! / this.geometry.chunkPages;
    return new Set([...this.chunks.keys()].map((c) => Math.floor(c / perEntry)));
  }

  /** The lowest grown page at or above a page, or maxSearchPage. */
  #mapped(page: number): number {
    const { chunkPages } = this.geometry;
    for (const c of this.sortedChunks()) {
      if ((c + 1) * chunkPages > page) return Math.max(page, c * chunkPages);
    }
    return this.maxSearchPage;
  }

  /** The first n free pages of a chunk that begin in the 64-page word of `from` or later, and the first free page seen. */
  #inChunk(c: number, from: number, n: number): { index: number; firstFree: number } {
    const { used } = this.chunks.get(c)!;
    let firstFree = -1;
    let run = 0;
    for (let i = from - (from % 64); i < used.length; i++) {
      run = used[i] === 0 ? run + 1 : 0;
      if (run > 0 && firstFree < 0) firstFree = i;
      if (run === n) return { index: i - n + 1, firstFree };
    }
    return { index: -1, firstFree };
  }

  /**
   * The search down the levels, entry by entry. `window` is the stretch that is certain to hold the first free page of
   * the heap: it shrinks onto each entry with free pages that lies inside it, and entries elsewhere leave it alone.
   */
  find(n: number): Found | undefined {
    const { chunkPages, levelBits, totalPages } = this.geometry;
    this.counts.calls++;
    const window = { low: 0, high: totalPages - 1 };
    const narrow = (low: number, size: number): void => {
      const high = low + size - 1;
      if (window.low <= low && high <= window.high) Object.assign(window, { low, high });
      else if (low <= window.high && window.low <= high) throw new Error("range partially overlaps");
    };
    let chosen = 0;
    for (let level = 0; level < levelBits.length; level++) {
      const width = 2 ** levelBits[level]!;
      const size = this.#entryPages[level]!;
      const first = chosen * width;
      const hinted = Math.floor(this.searchPage / size);
      const inHintedBlock = Math.floor(hinted / width) === chosen;
      const mapped = this.#mappedEntries(level);
      let run = 0;
      let runStart = 0;
      let hit = false;
      let down = -1;
      this.counts.levels++;
      for (let i = inHintedBlock ? hinted : first; i < first + width; i++) {
        this.counts.entries++;
        const sum = mapped.has(i) ? this.summary(level, i) : { start: 0, max: 0, end: 0 };
        if (sum.max === 0) {
          run = 0;
          continue;
        }
        narrow(i * size, size);
        if (run + sum.start >= n) {
          if (run === 0) runStart = i * size;
          hit = true;
          break;
        }
        if (sum.max >= n) {
          down = i;
          break;
        }
        if (run > 0 && sum.start === size) {
          run += size;
        } else {
          run = sum.end;
          runStart = (i + 1) * size - run;
        }
      }
      if (hit) return { page: runStart, hint: this.#mapped(window.low) };
      if (down < 0) {
        if (level > 0) throw new Error("a summary of the model promised pages that its children do not have");
        this.counts.failures++;
        return undefined;
      }
      chosen = down;
    }
    const { index, firstFree } = this.#inChunk(chosen, 0, n);
    if (index < 0) throw new Error("a leaf summary of the model promised pages that its chunk does not have");
    narrow(chosen * chunkPages + firstFree, chunkPages - firstFree);
    return { page: chosen * chunkPages + index, hint: this.#mapped(window.low) };
  }

  #take(page: number, n: number): number {
    let scavenged = 0;
    for (let p = page; p < page + n; p++) {
      if (this.isUsed(p)) throw new Error(`the model was about to allocate page ${p} twice`);
      if (this.isGone(p)) scavenged++;
      this.#set("used", p, 1);
      this.#set("gone", p, 0);
    }
    return scavenged;
  }

  /** Allocates n pages; the first page, or -1. */
  alloc(n: number): number {
    const fit = this.firstFit(n);
    const got = this.#allocByHint(n);
    if (got !== fit)
      throw new Error(`the model found ${n} pages at ${got} by its search, but at ${fit} by looking`);
    if (got >= 0) this.lastScavenged = this.#take(got, n);
    return got;
  }

  #allocByHint(n: number): number {
    const { chunkPages } = this.geometry;
    const c = Math.floor(this.searchPage / chunkPages);
    if (c >= this.end) return -1;
    const at = Math.floor(this.searchPage) % chunkPages;
    let found: Found | undefined;
    if (chunkPages - at >= n && this.chunks.has(c) && this.summary(this.#entryPages.length - 1, c).max >= n) {
      this.counts.fast++;
      const { index, firstFree } = this.#inChunk(c, at, n);
      found = { page: c * chunkPages + index, hint: c * chunkPages + firstFree };
    } else {
      found = this.find(n);
      if (found === undefined) {
        if (n === 1) this.searchPage = this.maxSearchPage;
        return -1;
      }
    }
    this.searchPage = Math.max(this.searchPage, found.hint);
    return found.page;
  }

  /** Whether n pages from there can be freed. */
  canFree(page: number, n: number): boolean {
    if (n < 1) return false;
    for (let p = page; p < page + n; p++) if (!this.isUsed(p)) return false;
    return true;
  }

  free(page: number, n: number, scavenged = false): void {
    for (let p = page; p < page + n; p++) this.#set("used", p, 0);
    this.searchPage = Math.min(this.searchPage, page);
    if (!scavenged) this.freeHwmOff = Math.max(this.freeHwmOff, (page + n) * this.geometry.pageBytes - 1);
  }

  /** A cache without pages. */
  static emptyCache(): NaiveCache {
    return { page: 0, free: new Array(64).fill(false), gone: new Array(64).fill(false) };
  }

  /** The block of 64 that holds the first free page, with whatever is free in it. */
  allocToCache(): NaiveCache {
    const { chunkPages } = this.geometry;
    const cache = NaiveHeap.emptyCache();
    const c = Math.floor(this.searchPage / chunkPages);
    if (c >= this.end) return cache;
    let page: number;
    const at = Math.floor(this.searchPage) % chunkPages;
    if (this.chunks.get(c)?.used.includes(0)) {
      this.counts.fast++;
      page = c * chunkPages + this.#inChunk(c, at, 1).index;
    } else {
      const found = this.find(1);
      if (found === undefined) {
        this.searchPage = this.maxSearchPage;
        return cache;
      }
      page = found.page;
    }
    if (page !== this.firstFit(1))
      throw new Error("the model filled a cache from elsewhere than the first free page");
    cache.page = page - (page % 64);
    for (let i = 0; i < 64; i++) {
      const p = cache.page + i;
      cache.free[i] = !this.isUsed(p);
      cache.gone[i] = this.isGone(p);
      if (cache.free[i]) this.#take(p, 1);
    }
    this.searchPage = cache.page + 63;
    return cache;
  }

  /** The lowest n free pages in a row of a cache; -1 when there are none. The heap does not take notice. */
  cacheAlloc(cache: NaiveCache, n: number): number {
    for (let i = 0; i + n <= 64; i++) {
      if (!cache.free.slice(i, i + n).every((free) => free)) continue;
      this.lastScavenged = cache.gone.slice(i, i + n).filter((gone) => gone).length;
      cache.free.fill(false, i, i + n);
      cache.gone.fill(false, i, i + n);
      return cache.page + i;
    }
    return -1;
  }

  flush(cache: NaiveCache): void {
    if (!cache.free.includes(true)) return;
    for (let i = 0; i < 64; i++) {
      if (cache.free[i]) this.#set("used", cache.page + i, 0);
      if (cache.gone[i]) this.#set("gone", cache.page + i, 1);
    }
    this.searchPage = Math.min(this.searchPage, cache.page);
    Object.assign(cache, NaiveHeap.emptyCache());
  }

  /** A new generation looks at everything in use below where it starts. */
  startGeneration(): void {
    const { chunkBytes, maxOff } = this.geometry;
    const startOff = Math.max(this.lwmOff, this.freeHwmOff);
    this.scavRanges = below(this.inUse(), startOff);
    this.reservationBytes = Math.floor((this.chunks.size * chunkBytes) / 64);
    this.gen++;
    this.releasedBytes = 0;
    this.freeHwmOff = 0;
    this.lwmOff = maxOff;
  }

  /** Takes the next piece from the top: reservationBytes of the last range, and down to the start of a chunk. */
  reserve(): NaiveWork {
    const { chunkBytes } = this.geometry;
    const last = this.scavRanges.at(-1);
    if (last === undefined || this.reservationBytes === 0) {
      return { base: 0, limit: 0, gen: this.gen, page: 0, npages: 0 };
    }
    const lowest = Math.max(last.base, last.limit - this.reservationBytes);
    const base = lowest - (lowest % chunkBytes);
    this.scavRanges = below(this.scavRanges, base);
    return { base, limit: last.limit, gen: this.gen, page: 0, npages: 0 };
  }

  /** Gives back what was not searched, to the generation that it was taken from. */
  unreserve(work: NaiveWork): void {
    if (work.base === work.limit || work.gen !== this.gen) return;
    this.scavRanges = joined([...this.scavRanges, { base: work.base, limit: work.limit }]);
  }

  /** Chooses what to release next in a reservation and moves its limit there; false when it holds nothing. */
  search(work: NaiveWork, bytes: number): boolean {
    if (work.base === work.limit) return false;
    const { pageBytes, chunkPages } = this.geometry;
    const topPage = Math.floor((work.limit - 1) / pageBytes);
    const topChunk = Math.floor(topPage / chunkPages);
    for (let c = topChunk; c * chunkPages * pageBytes >= work.base; c--) {
      const chunk = this.chunks.get(c);
      if (chunk === undefined) continue;
      // A chunk without minPages free pages in a row, scavenged or not, is passed over.
      if (this.summary(this.#entryPages.length - 1, c).max < this.minPages) continue;
      const searchIdx = c === topChunk ? topPage % chunkPages : chunkPages - 1;
      const taken = Array.from(chunk.used, (used, i) => used === 1 || chunk.gone[i] === 1);
      const wanted = Math.ceil(bytes / pageBytes);
      const found = naiveCandidate(taken, searchIdx, this.minPages, wanted, this.hugePages);
      if (found.size === 0) continue;
      if (found.extended) this.sawHugeExtension = true;
      work.page = c * chunkPages + found.start;
      work.npages = found.size;
      if (work.page * pageBytes > work.limit) this.sawLimitMoveUp = true;
      work.limit = work.page * pageBytes;
      return true;
    }
    work.limit = work.base;
    return false;
  }

  /** Takes the chosen pages out of the heap while they go to the system. */
  beginRelease(page: number, n: number): void {
    if (this.#take(page, n) !== 0) throw new Error("the model was about to scavenge a page twice");
    this.lwmOff = Math.min(this.lwmOff, page * this.geometry.pageBytes);
  }

  /** Puts them back, scavenged. */
  endRelease(page: number, n: number): void {
    this.free(page, n, true);
    for (let p = page; p < page + n; p++) this.#set("gone", p, 1);
    this.releasedBytes += n * this.geometry.pageBytes;
  }

  /** Releases at least so many bytes, or all there is to release; bytes released. */
  scavenge(bytes: number): number {
    let released = 0;
    let work: NaiveWork = { base: 0, limit: 0, gen: this.gen, page: 0, npages: 0 };
    while (released < bytes) {
      if (work.base === work.limit) work = this.reserve();
      if (work.base === work.limit) break;
      if (!this.search(work, bytes - released)) continue;
      this.beginRelease(work.page, work.npages);
      this.endRelease(work.page, work.npages);
      released += work.npages * this.geometry.pageBytes;
    }
    this.unreserve(work);
    return released;
  }
}

/**
 * The scavenge candidate of a chunk: of the pages up to the top of the 64-page word that holds searchIdx, the highest
 * run that is not taken, where a page is taken if any page of its aligned group of minPages is. At most `wanted` pages
 * of it (whole groups), from its top, unless that would cut a huge page that the run holds the lower part of.
 */
export function naiveCandidate(
  taken: readonly boolean[],
  searchIdx: number,
  minPages: number,
  wanted: number,
  hugePages: number,
): { start: number; size: number; extended: boolean } {
  const blocked = taken.map((_, i) => {
    const group = i - (i % minPages);
    return taken.slice(group, group + minPages).includes(true);
  });
  let top = searchIdx - (searchIdx % 64) + 63;
  while (top >= 0 && blocked[top]) top--;
  if (top < 0) return { start: 0, size: 0, extended: false };
  let low = top;
  while (low > 0 && !blocked[low - 1]) low--;
  const end = top + 1;
  const most = wanted === 0 ? minPages : Math.ceil(wanted / minPages) * minPages;
  const start = Math.max(low, end - most);
  if (hugePages > 1) {
    const below = start - (start % hugePages);
    const above = start === below ? start : below + hugePages;
    if (above <= end && below >= low) return { start: below, size: end - below, extended: below < start };
  }
  return { start, size: end - start, extended: false };
}

/** Ranges with everything at or above an offset cut away. */
function below(ranges: readonly NaiveRange[], off: number): NaiveRange[] {
  return ranges
    .map(({ base, limit }) => ({ base, limit: Math.min(limit, off) }))
    .filter(({ base, limit }) => base < limit);
}

/** Ranges in order, with those that touch made one. */
function joined(ranges: readonly NaiveRange[]): NaiveRange[] {
  const out: NaiveRange[] = [];
  for (const range of [...ranges].sort((a, b) => a.base - b.base)) {
    const last = out.at(-1);
    if (last !== undefined && last.limit === range.base)
      out[out.length - 1] = { base: last.base, limit: range.limit };
    else out.push(range);
  }
  return out;
}
