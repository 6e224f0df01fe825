/**
 * Replays an operation log on an empty page allocator and compares every recorded result.
 *
 * Each line gives up to three results: r1, r2 and searchAddr. A mismatch says what was expected and got, and shows the
 * state around it. With `resync` the replay then goes on from the recorded state as far as a line tells it: an
 * allocation recorded elsewhere is made there.
 */

import { Fnv64 } from "../engine/fnv64.js";
import { InputError } from "../scenarios/input-error.js";
import { type LogLine, readOpLog } from "../scenarios/trace/op-log.js";
import type { Geometry } from "../sim/address/geometry.js";
import { GeometryError } from "../sim/address/geometry.js";
import { BadOperationError } from "../sim/pages/errors.js";
import { PageAllocator } from "../sim/pages/page-allocator.js";
import { PageCache } from "../sim/pages/page-cache.js";
import { GenerationScavenger } from "../sim/scavenge/generations.js";
import type { Check } from "./check.js";
import { hex64 } from "./words.js";

/** Replays a log file. Results go to `check`; throws InputError for lines that are not valid. */
export async function replayOpLog(path: string, geometry: Geometry, check: Check): Promise<void> {
  const replay = new OpLogReplay(path, geometry, check);
  await readOpLog(path, (line) => {
    if (!check.stopped) replay.step(line);
  });
}

class OpLogReplay {
  readonly #pages: PageAllocator;
  readonly #scavenger: GenerationScavenger;
  readonly #caches = new Map<number, PageCache>();
  readonly #unit: number;

  constructor(
    readonly path: string,
    readonly geometry: Geometry,
    readonly check: Check,
  ) {
    this.#pages = new PageAllocator(geometry);
    this.#scavenger = new GenerationScavenger(this.#pages);
    this.#unit = geometry.pageBytes;
  }

  step(line: LogLine): void {
    try {
      this.#apply(line);
    } catch (error) {
      if (error instanceof BadOperationError || error instanceof GeometryError) {
        throw new InputError(this.path, line.line, 1, `${line.op}: ${error.message}`);
      }
      throw error;
    }
    if (this.check.stopped) return;
    this.#expect(line, "searchAddr", line.searchAddr, this.#pages.formatSearchAddr());
    if (this.check.resync) this.#pages.searchPage = this.geometry.parseAddress(line.searchAddr) / this.#unit;
  }

  #apply(line: LogLine): void {
    switch (line.op) {
      case "grow":
        return this.#pages.grow(this.#page(line, line.a), this.#number(line, line.b) / this.#unit);
      case "alloc":
        return this.#alloc(line);
      case "free":
        return this.#pages.free(this.#page(line, line.a), this.#number(line, line.b), line.c === "1");
      case "tocache":
        return this.#toCache(line);
      case "calloc":
        return this.#cacheAlloc(line);
      case "flush":
        return this.#pages.flushCache(this.#cache(line));
      case "scavenge": {
        const released = this.#scavenger.scavenge(this.#number(line, line.a));
        this.#expect(line, "r1 (released)", line.r1, String(released));
        this.#expect(line, "r2 (scavLWM)", line.r2, this.geometry.formatAddress(this.#scavenger.lwmOff));
        return;
      }
      case "startgen":
        this.#scavenger.startGeneration();
        this.#expect(line, "r1 (generation)", line.r1, String(this.#scavenger.gen));
        this.#expect(line, "r2 (reservation)", line.r2, String(this.#scavenger.reservationBytes));
        return;
      case "state":
        this.#expect(line, "r1 (bitmap hash)", line.r1, bitmapHash(this.#pages));
        this.#expect(line, "r2 (state)", line.r2, this.#stateText());
        return;
      case "sum": {
        const sum = this.#pages.tree.summaryAt(this.#level(line), this.#index(line));
        this.#expect(line, "r1 (summary)", line.r1, `${sum.start}:${sum.max}:${sum.end}`);
        return;
      }
    }
  }

  #alloc(line: LogLine): void {
    const npages = this.#number(line, line.a);
    const page = this.#pages.alloc(npages);
    const scavenged = page < 0 ? 0 : this.#pages.scavengedPages;
    const got = this.geometry.formatPage(page);
    const same = this.#expect(line, "r1 (address)", line.r1, got);
    this.#expect(line, "r2 (scavenged bytes)", line.r2, String(scavenged * this.#unit));
    if (!same && this.check.resync) {
      if (page >= 0) this.#pages.free(page, npages, true);
      if (line.r1 !== "0x0") this.#pages.allocRange(this.#page(line, line.r1), npages);
    }
  }

  #toCache(line: LogLine): void {
    const cache = this.#cache(line);
    this.#pages.allocToCache(cache);
    const page = cache.empty ? -1 : cache.page;
    this.#expect(line, "r1 (base)", line.r1, this.geometry.formatPage(page));
    const words = `${hex64(cache.cacheHi, cache.cacheLo)}:${hex64(cache.scavHi, cache.scavLo)}`;
    this.#expect(line, "r2 (cache and scavenged bits)", line.r2, words);
  }

  #cacheAlloc(line: LogLine): void {
    const cache = this.#cache(line);
    const page = cache.alloc(this.#number(line, line.b));
    this.#expect(line, "r1 (address)", line.r1, this.geometry.formatPage(page));
    this.#expect(
      line,
      "r2 (scavenged bytes)",
      line.r2,
      String(page < 0 ? 0 : cache.scavengedPages * this.#unit),
    );
  }

  #stateText(): string {
    const { pages, geometry } = this;
    const { free, scavenged } = countFree(pages);
    const marks = [this.#scavenger.lwmOff, pages.freeHwmOff].map((off) => geometry.formatAddress(off));
    return [free, scavenged, ...marks, pages.start, pages.end].join(":");
  }

  get pages(): PageAllocator {
    return this.#pages;
  }

  #expect(line: LogLine, what: string, expected: string, got: string): boolean {
    return this.check.equal(this.path, line.line, `${line.op} ${what}`, expected, got, () =>
      this.#around(line),
    );
  }

  #around(line: LogLine): string {
    const inputs = [line.a, line.b, line.c].filter((x) => x !== "").join(",");
    return (
      `${line.op}(${inputs}) with searchAddr ${this.#pages.formatSearchAddr()}, ` +
      `chunks ${this.#pages.start}..${this.#pages.end}, ${this.#pages.inUse.length} ranges in use, generation ${this.#scavenger.gen}`
    );
  }

  #cache(line: LogLine): PageCache {
    const id = this.#number(line, line.a);
    let cache = this.#caches.get(id);
    if (cache === undefined) {
      cache = new PageCache();
      this.#caches.set(id, cache);
    }
    return cache;
  }

  #page(line: LogLine, address: string): number {
    const page = this.geometry.parseAddress(address) / this.#unit;
    if (!Number.isInteger(page))
      throw new InputError(this.path, line.line, 1, `${address} is not the address of a page`);
    return page;
  }

  #number(line: LogLine, text: string): number {
    if (!/^\d+$/.test(text))
      throw new InputError(this.path, line.line, 1, `${line.op}: expected a whole number, got "${text}"`);
    return Number(text);
  }

  #level(line: LogLine): number {
    const level = this.#number(line, line.a);
    if (level >= this.geometry.levels) {
      throw new InputError(
        this.path,
        line.line,
        1,
        `sum: level ${level} is not below ${this.geometry.levels}, the levels of ${this.geometry.name}`,
      );
    }
    return level;
  }

  #index(line: LogLine): number {
    const index = this.#number(line, line.b);
    const entries = 2 ** (this.geometry.heapAddrBits - this.geometry.levelShift[this.#level(line)]!);
    if (index >= entries)
      throw new InputError(this.path, line.line, 1, `sum: index ${index} is not below ${entries}`);
    return index;
  }
}

/** Calls back with the flat index of each chunk in use, in address order. */
export function forEachChunk(pages: PageAllocator, visit: (flat: number, chunk: number) => void): void {
  const { chunkBytes } = pages.geometry;
  for (let r = 0; r < pages.inUse.length; r++) {
    const limit = pages.inUse.limits[r]! / chunkBytes;
    for (let c = pages.inUse.bases[r]! / chunkBytes; c < limit; c++) visit(pages.tree.flatChunk(c), c);
  }
}

/** FNV-1a over the allocation and scavenged words of all chunks in use, as the recordings define it. */
export function bitmapHash(pages: PageAllocator): string {
  const hash = new Fnv64();
  const { tree } = pages;
  forEachChunk(pages, (flat) => {
    const word0 = flat * tree.wordsPerChunk;
    for (const bits of [tree.allocBits, tree.scavBits]) {
      for (let w = 0; w < tree.wordsPerChunk; w++) hash.addUint32(bits[word0 + w]!);
    }
  });
  return hash.hex();
}

/** Free pages, and free pages that are scavenged. */
export function countFree(pages: PageAllocator): { free: number; scavenged: number } {
  let free = 0;
  let scavenged = 0;
  const { tree } = pages;
  forEachChunk(pages, (flat) => {
    for (let page = 0; page < tree.chunkPages; page++) {
      const w = flat * tree.wordsPerChunk + (page >>> 5);
      const bit = 1 << (page & 31);
      if ((tree.allocBits[w]! & bit) !== 0) continue;
      free++;
      if ((tree.scavBits[w]! & bit) !== 0) scavenged++;
    }
  });
  return { free, scavenged };
}
