/**
 * Replays an operation log on an empty page allocator and compares every recorded result.
 *
 * Each line gives up to three results: r1, r2 and searchAddr. A mismatch says what was expected and got, and shows the
 * state around it. With `resync` the replay then goes on from the recorded state as far as a line tells it: an
 * allocation recorded elsewhere is made there.
 *
 * What the scavenger did is told in other lines and columns for each kind of scavenger, which is what the subclasses are for.
 */

import { InputError } from "../../scenarios/input-error.js";
import type { LogLine } from "../../scenarios/trace/op-log.js";
import { type Geometry, GeometryError } from "../../sim/address/geometry.js";
import { BadOperationError } from "../../sim/pages/errors.js";
import { PageAllocator } from "../../sim/pages/page-allocator.js";
import { PageCache } from "../../sim/pages/page-cache.js";
import type { Scavenger } from "../../sim/scavenge/scavenger.js";
import type { Check } from "../check.js";
import { hex64 } from "../words.js";
import { bitmapHash } from "./bitmaps.js";

export abstract class OpLogReplay {
  protected readonly pages: PageAllocator;
  protected readonly unit: number;
  private readonly caches = new Map<number, PageCache>();

  constructor(
    readonly path: string,
    readonly geometry: Geometry,
    readonly check: Check,
  ) {
    this.pages = new PageAllocator(geometry);
    this.unit = geometry.pageBytes;
  }

  /** The scavenger that hears what happens to pages. */
  protected abstract readonly scavenger: Scavenger;
  /** Applies a line that only logs of this kind of scavenger have, or that they tell other results in. */
  protected abstract scavengerLine(line: LogLine): void;
  /** Hash and numbers of a `state` line. */
  protected abstract stateHash(bitmaps: string): string;
  protected abstract stateText(line: LogLine): string;
  /** Compares the columns behind searchAddr. */
  protected abstract expectCursors(line: LogLine): void;

  /** Replays a line. @throws InputError when it cannot be replayed at all */
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
    this.expect(line, "searchAddr", line.searchAddr, this.pages.formatSearchAddr());
    if (this.check.resync) this.pages.searchPage = this.geometry.parseAddress(line.searchAddr) / this.unit;
    this.expectCursors(line);
  }

  #apply(line: LogLine): void {
    switch (line.op) {
      case "grow":
        return this.#grow(line);
      case "alloc":
        return this.#alloc(line);
      case "free":
        return this.#free(line);
      case "tocache":
        return this.#toCache(line);
      case "calloc":
        return this.#cacheAlloc(line);
      case "flush":
        return this.#flush(line);
      case "state":
        this.expect(line, "r1 (hash of the state)", line.r1, this.stateHash(bitmapHash(this.pages)));
        this.expect(line, "r2 (state)", line.r2, this.stateText(line));
        return;
      case "sum": {
        const sum = this.pages.tree.summaryAt(this.#level(line), this.#index(line));
        this.expect(line, "r1 (summary)", line.r1, `${sum.start}:${sum.max}:${sum.end}`);
        return;
      }
      default:
        return this.scavengerLine(line);
    }
  }

  #grow(line: LogLine): void {
    const page = this.page(line, line.a);
    const npages = this.number(line, line.b) / this.unit;
    this.pages.grow(page, npages);
    this.scavenger.grew(page, npages);
  }

  #alloc(line: LogLine): void {
    const npages = this.number(line, line.a);
    const page = this.pages.alloc(npages);
    const scavenged = page < 0 ? 0 : this.pages.scavengedPages;
    const same = this.expect(line, "r1 (address)", line.r1, this.geometry.formatPage(page));
    this.expect(line, "r2 (scavenged bytes)", line.r2, String(scavenged * this.unit));
    if (same || !this.check.resync) {
      if (page >= 0) this.scavenger.allocated(page, npages);
      return;
    }
    if (page >= 0) this.pages.free(page, npages, true);
    if (line.r1 === "0x0") return;
    const recorded = this.page(line, line.r1);
    this.pages.allocRange(recorded, npages);
    this.scavenger.allocated(recorded, npages);
  }

  #free(line: LogLine): void {
    const page = this.page(line, line.a);
    const npages = this.number(line, line.b);
    // In the second form, which 1.18 has, the scavenger gives pages back, and nobody hears of it.
    const isScavengers = line.c === "1";
    this.pages.free(page, npages, isScavengers);
    if (!isScavengers) this.scavenger.freed(page, npages);
  }

  #toCache(line: LogLine): void {
    const cache = this.#cache(line);
    this.pages.allocToCache(cache);
    this.scavenger.refilled(cache);
    const page = cache.empty ? -1 : cache.page;
    this.expect(line, "r1 (base)", line.r1, this.geometry.formatPage(page));
    const words = `${hex64(cache.cacheHi, cache.cacheLo)}:${hex64(cache.scavHi, cache.scavLo)}`;
    this.expect(line, "r2 (cache and scavenged bits)", line.r2, words);
  }

  #cacheAlloc(line: LogLine): void {
    const cache = this.#cache(line);
    const page = cache.alloc(this.number(line, line.b));
    const scavenged = page < 0 ? 0 : cache.scavengedPages;
    this.expect(line, "r1 (address)", line.r1, this.geometry.formatPage(page));
    this.expect(line, "r2 (scavenged bytes)", line.r2, String(scavenged * this.unit));
  }

  #flush(line: LogLine): void {
    const cache = this.#cache(line);
    this.scavenger.flushing(cache);
    this.pages.flushCache(cache);
  }

  /** Compares a result; whether it is the recorded one. */
  protected expect(line: LogLine, what: string, expected: string, got: string): boolean {
    return this.check.equal(this.path, line.line, `${line.op} ${what}`, expected, got, () =>
      this.#around(line),
    );
  }

  #around(line: LogLine): string {
    const { pages, scavenger } = this;
    const inputs = [line.a, line.b, line.c].filter((x) => x !== "").join(",");
    return (
      `${line.op}(${inputs}) with searchAddr ${pages.formatSearchAddr()}, ` +
      `chunks ${pages.start}..${pages.end}, ${pages.inUse.length} ranges in use, generation ${scavenger.gen}`
    );
  }

  #cache(line: LogLine): PageCache {
    const id = this.number(line, line.a);
    let cache = this.caches.get(id);
    if (cache === undefined) {
      cache = new PageCache();
      this.caches.set(id, cache);
    }
    return cache;
  }

  /** The page of an address in a line. */
  protected page(line: LogLine, address: string): number {
    const page = this.geometry.parseAddress(address) / this.unit;
    if (!Number.isInteger(page)) this.reject(line, `${address} is not the address of a page`);
    return page;
  }

  /** A whole number in a line. */
  protected number(line: LogLine, text: string): number {
    if (!/^\d+$/.test(text)) this.reject(line, `expected a whole number, got "${text}"`);
    return Number(text);
  }

  /** Refuses a line that cannot be replayed. */
  protected reject(line: LogLine, problem: string): never {
    throw new InputError(this.path, line.line, 1, `${line.op}: ${problem}`);
  }

  #level(line: LogLine): number {
    const level = this.number(line, line.a);
    const { levels, name } = this.geometry;
    if (level >= levels) this.reject(line, `level ${level} is not below ${levels}, the levels of ${name}`);
    return level;
  }

  #index(line: LogLine): number {
    const index = this.number(line, line.b);
    const entries = 2 ** (this.geometry.heapAddrBits - this.geometry.levelShift[this.#level(line)]!);
    if (index >= entries) this.reject(line, `index ${index} is not below ${entries}`);
    return index;
  }
}
