/**
 * States and requests that must not be: a summary that lies is answered with what the runtime prints before it throws,
 * and a request that cannot be met is refused with the state as it was.
 */

import { describe, expect, it, vi } from "vitest";
import { platform } from "../../../sim/address/platforms.js";
import { BadOperationError, CorruptHeapError } from "../../../sim/pages/errors.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { PageCache } from "../../../sim/pages/page-cache.js";
import { GenerationScavenger } from "../../../sim/scavenge/generations.js";
import { ReleaseRequest } from "../../../sim/scavenge/scavenger.js";
import { checkPages, entryOf } from "../../checkers/state-checkers.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const geometry = platform("linux/amd64");
const CHUNK = geometry.chunkPages;
const BASE_CHUNK = geometry.parseAddress("0xc000000000") / geometry.chunkBytes;
const BASE = BASE_CHUNK * CHUNK;

function heapOf(chunks: number): PageAllocator {
  const pages = new PageAllocator(geometry);
  pages.grow(BASE, chunks * CHUNK);
  return pages;
}

function setMax(pages: PageAllocator, level: number, index: number, max: number): void {
  const { words, at } = entryOf(pages.tree, level, index);
  words[at + 1] = max;
}

function corruption(action: () => unknown): CorruptHeapError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(CorruptHeapError);
    return error as CorruptHeapError;
  }
  return expect.fail("the lie was not noticed");
}

describe("a summary that lies", () => {
  it("above the leaves: the block below is printed", () => {
    const pages = heapOf(2);
    // 700 pages at the start are in use, so that searchAddr has left the first chunk.
    pages.alloc(700);
    const root = BASE_CHUNK / 4096;
    setMax(pages, 0, root, 5000);
    const error = corruption(() => pages.alloc(3000));
    expect(error.message.split("\n")).toEqual([...error.diagnostic, "bad summary data"]);
    expect(error.diagnostic).toEqual([
      `runtime: summary[0][${root}] = 0, 5000, 0`,
      "runtime: level = 1, npages = 3000, j0 = 0",
      `runtime: p.searchAddr = 0xc000000000, i = ${8 * root}`,
      "runtime: levelShift[level] = 31, levelBits[level] = 3",
      `runtime: summary[1][${8 * root}] = (0, 324, 0)`,
      ...[1, 2, 3, 4, 5, 6, 7].map((j) => `runtime: summary[1][${8 * root + j}] = (0, 0, 0)`),
    ]);
  });

  it("in the middle of the tree: level, index and j0 are those of the search", () => {
    const pages = heapOf(20);
    // The first twelve chunks are in use, and searchAddr is in the second block of eight.
    pages.alloc(12 * CHUNK);
    pages.alloc(1);
    expect(Math.floor(pages.searchPage / CHUNK)).toBe(BASE_CHUNK + 12);
    // All but the end of the last chunk is taken, and then the second block is said to have 2000 pages in a row.
    pages.alloc(7 * CHUNK);
    const entry = BASE_CHUNK / 8;
    setMax(pages, 3, entry + 1, 2000);
    setMax(pages, 2, entry / 8, 2000);
    setMax(pages, 1, entry / 64, 2000);
    setMax(pages, 0, entry / 512, 2000);
    const { diagnostic } = corruption(() => pages.alloc(1900));
    expect(diagnostic.slice(0, 4)).toEqual([
      `runtime: summary[3][${entry + 1}] = 0, 2000, 0`,
      "runtime: level = 4, npages = 1900, j0 = 4",
      `runtime: p.searchAddr = ${pages.formatSearchAddr()}, i = ${BASE_CHUNK + 8}`,
      "runtime: levelShift[level] = 22, levelBits[level] = 3",
    ]);
    expect(diagnostic.slice(4).map((line) => line.split(" = ")[0])).toEqual(
      [0, 1, 2, 3, 4, 5, 6, 7].map((j) => `runtime: summary[4][${BASE_CHUNK + 8 + j}]`),
    );
  });

  it("of the chunk that the search leads to", () => {
    const pages = heapOf(3);
    pages.alloc(CHUNK);
    pages.alloc(300);
    // searchAddr goes to the second chunk; the third gets a summary that is too good.
    pages.alloc(150);
    pages.alloc(CHUNK - 1);
    const leaf = BASE_CHUNK + 2;
    for (const [level, index] of [
      [4, leaf],
      [3, leaf >> 3],
      [2, leaf >> 6],
      [1, leaf >> 9],
      [0, leaf >> 12],
    ] as const) {
      setMax(pages, level, index, 400);
    }
    const { words, at } = entryOf(pages.tree, 4, leaf);
    const start = words[at];
    const end = words[at + 2];
    const { diagnostic, message } = corruption(() => pages.alloc(390));
    expect(diagnostic).toEqual([
      `runtime: summary[4][${leaf}] = (${start}, 400, ${end})`,
      "runtime: npages = 390",
    ]);
    expect(message).toMatch(/bad summary data$/);
  });

  it("of the chunk of searchAddr", () => {
    const pages = heapOf(1);
    pages.alloc(200);
    pages.alloc(1);
    pages.free(BASE + 10, 3);
    setMax(pages, 4, BASE_CHUNK, 320);
    const { diagnostic } = corruption(() => pages.alloc(315));
    expect(diagnostic).toEqual([
      "runtime: max = 320, npages = 315",
      "runtime: searchIdx = 10, p.searchAddr = 0xc000014000",
    ]);
  });

  it("of a full chunk, to a page cache", () => {
    const pages = heapOf(1);
    pages.alloc(CHUNK);
    setMax(pages, 4, BASE_CHUNK, 1);
    expect(corruption(() => pages.allocToCache(new PageCache())).message).toBe("bad summary data");
  });
});

describe("the scavenger", () => {
  it("does not scavenge twice", () => {
    const pages = heapOf(1);
    const scavenger = new GenerationScavenger(pages);
    expect(corruption(() => scavenger.beginRelease(BASE + 5, 2)).message).toBe("double scavenge");
  });

  it("does not take back what does not begin with a chunk", () => {
    const pages = heapOf(2);
    const scavenger = new GenerationScavenger(pages);
    scavenger.startGeneration();
    const work = new ReleaseRequest();
    scavenger.reserve(work);
    work.gen = scavenger.gen;
    work.base = BASE * geometry.pageBytes + geometry.pageBytes;
    work.limit = work.base + 10 * geometry.pageBytes;
    expect(corruption(() => scavenger.unreserve(work)).message).toBe("unreserving unaligned region");
  });
});

/** All that can change, as text. */
function snapshot(pages: PageAllocator): string {
  const { tree } = pages;
  return JSON.stringify({
    words: [tree.allocBits, tree.scavBits, tree.entriesOf(0), tree.entriesOf(tree.levels - 1)].map((a) =>
      a.join(),
    ),
    roots: [...tree.roots.slice(0, tree.rootCount)],
    searchPage: pages.searchPage,
    bounds: [pages.start, pages.end],
    inUse: [pages.inUse.bases, pages.inUse.limits, pages.inUse.totalBytes],
    metadata: pages.metadata.totalBytes,
    counters: [...pages.counters],
    freeHwmOff: pages.freeHwmOff,
  });
}

describe("a request that cannot be met is refused, with the state as it was", () => {
  /** Chunks 0..2, 4..5 and one in another root entry, all in use but for three pages. */
  function busy(): PageAllocator {
    const pages = heapOf(3);
    pages.grow(BASE + 4 * CHUNK, 2 * CHUNK);
    pages.grow(BASE + 3 * 4096 * CHUNK, CHUNK);
    pages.alloc(3 * CHUNK);
    pages.alloc(2 * CHUNK);
    pages.alloc(CHUNK);
    pages.free(BASE + 100, 1);
    pages.free(BASE + CHUNK + 7, 1);
    pages.free(BASE + 5 * CHUNK, 1);
    return pages;
  }

  it.each([
    ["a page that is free", BASE + 100, 1, /cannot free 1 pages at 0xc0000c8000: already free$/],
    ["a range with a free page first", BASE + 100, 4, /already free \(page 0 of the 4\)/],
    ["a range with a free page last", BASE + 90, 11, /already free \(page 10 of the 11\)/],
    ["a range with a free page inside", BASE + 64, 128, /already free \(page 36 of the 128\)/],
    ["a range over chunks, free in its first", BASE + 99, 500, /already free \(page 1 of the 500\)/],
    [
      "a range over chunks, free in the middle",
      BASE + 110,
      2 * CHUNK,
      /already free \(page 409 of the 1024\)/,
    ],
    [
      "a range over chunks, free in its last",
      BASE + 4 * CHUNK + 3,
      CHUNK,
      /already free \(page 509 of the 512\)/,
    ],
    ["what was never mapped", BASE + 3 * CHUNK + 9, 1, /cannot free 1 pages at 0xc000c12000: not mapped$/],
    ["what is mapped only at its start", BASE + 2 * CHUNK, CHUNK + 1, /not mapped \(page 512 of the 513\)/],
    ["what is mapped only at its end", BASE + 3 * CHUNK + 511, 2, /not mapped \(page 0 of the 2\)/],
    ["what has a hole of a whole chunk", BASE + 2 * CHUNK + 5, 2 * CHUNK + 300, /not mapped \(page 507 of/],
    ["what lies in a root entry without memory", BASE + 4096 * CHUNK, 3, /not mapped/],
    [
      "what spans root entries without memory",
      BASE + 2 * CHUNK,
      3 * 4096 * CHUNK - 2 * CHUNK + 1,
      /not mapped/,
    ],
    ["no page", BASE, 0, /at least one page/],
    ["fewer pages than none", BASE, -3, /at least one page/],
    ["what lies below the line", -5, 1, /not mapped/],
    ["what lies above the line", geometry.totalPages, 1, /not mapped/],
    ["what ends above the line", geometry.totalPages - 1, 2, /not mapped/],
  ])("freeing %s", (_, page, npages, message) => {
    const pages = busy();
    const before = snapshot(pages);
    expect(() => pages.free(page, npages)).toThrow(BadOperationError);
    expect(() => pages.free(page, npages)).toThrow(message);
    expect(snapshot(pages)).toBe(before);
    checkPages(pages);
  });

  it("freeing twice", () => {
    const pages = heapOf(1);
    pages.free(pages.alloc(9), 9);
    const before = snapshot(pages);
    expect(() => pages.free(BASE, 9)).toThrow(/already free \(page 0 of the 9\)/);
    expect(snapshot(pages)).toBe(before);
  });

  it.each([
    ["the same memory", BASE, CHUNK, /memory there was grown before/],
    ["a range that begins in grown memory", BASE + 2 * CHUNK, 2 * CHUNK, /grown before/],
    ["a range that ends in grown memory", BASE - CHUNK, 2 * CHUNK, /grown before/],
    ["a range that surrounds grown memory", BASE + 3 * CHUNK, 5 * CHUNK, /grown before/],
    ["part of a chunk that is grown", BASE + 5 * CHUNK + 3, 1, /grown before/],
    ["no page", BASE + 10 * CHUNK, 0, /outside the address space/],
    ["below the line", -CHUNK, CHUNK, /outside the address space/],
    ["above the line", geometry.totalPages - CHUNK, CHUNK + 1, /outside the address space/],
    ["what is no number", BASE + 10 * CHUNK, Number.NaN, /outside the address space/],
  ])("growing by %s", (_, page, npages, message) => {
    const pages = busy();
    const before = snapshot(pages);
    expect(() => pages.grow(page, npages)).toThrow(BadOperationError);
    expect(() => pages.grow(page, npages)).toThrow(message);
    expect(snapshot(pages)).toBe(before);
    checkPages(pages);
  });
});
