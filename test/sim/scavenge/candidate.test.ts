import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";
import { PageTree } from "../../../sim/pages/page-tree.js";
import {
  type Candidate,
  fillAligned,
  filledHi,
  findScavengeCandidate,
  hasScavengeCandidate,
} from "../../../sim/scavenge/candidate.js";
import { GenerationScavenger } from "../../../sim/scavenge/generations.js";
import { ReleaseRequest } from "../../../sim/scavenge/scavenger.js";
import { naiveCandidate } from "../pages/naive-heap.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
const GROUPS = [1, 2, 4, 8, 16, 32, 64];

const SMALL_CHUNKS = new Geometry({
  name: "custom/small-chunks",
  heapAddrBits: 26,
  arenaBaseOffset: "0x0",
  pageShift: 13,
  logChunkPages: 7,
  levelBits: [3, 3],
  logMaxPackedValue: 10,
  arenaBytes: 2 ** 20,
  physPageBytes: 4096,
  physHugePageBytes: 0,
  arenaHints: [],
  summariesMappedAtInit: false,
  chunksL1Bits: 0,
});

/** What a page is: free, scavenged, in use. */
type Page = "." | "s" | "#";

/** Pages of a chunk in runs, mostly free ones, aligned now and then. */
function chunk(pages: number): fc.Arbitrary<Page[]> {
  const run = fc.tuple(
    fc.constantFrom<Page[]>(".", ".", "s", "#"),
    fc.oneof(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom(8, 16, 64, 128, 256),
    ),
  ) as fc.Arbitrary<[Page, number]>;
  return fc.array(run, { minLength: 1, maxLength: 40, size: "max" }).map((runs) => {
    const all = runs.flatMap(([kind, length]) => new Array<Page>(length).fill(kind)).slice(0, pages);
    return [...all, ...new Array<Page>(pages - all.length).fill(runs[0]![0])];
  });
}

function treeWith(geometry: Geometry, pages: readonly Page[]): { tree: PageTree; flat: number } {
  const tree = new PageTree(geometry);
  tree.mapChunks(1, 4);
  const flat = tree.flatChunk(2);
  const word0 = flat * tree.wordsPerChunk;
  // The neighbours are free: a search that left the chunk would find something there.
  pages.forEach((kind, i) => {
    if (kind === "#") tree.allocBits[word0 + (i >>> 5)]! |= 1 << (i & 31);
    if (kind === "s") tree.scavBits[word0 + (i >>> 5)]! |= 1 << (i & 31);
  });
  return { tree, flat };
}

describe("widening bits to aligned groups", () => {
  it("sets a group that has any bit", () => {
    const word = fc.oneof(
      fc.integer(),
      fc.nat(31).map((bit) => 1 << bit),
      fc.constantFrom(0, -1),
    );
    fc.assert(
      fc.property(word, word, fc.constantFrom(...GROUPS), (hi, lo, m) => {
        const bits = Array.from({ length: 64 }, (_, i) => ((i < 32 ? lo >>> i : hi >>> (i - 32)) & 1) === 1);
        const expected = bits.map((_, i) => bits.slice(i - (i % m), i - (i % m) + m).includes(true));
        const low = fillAligned(hi, lo, m);
        const high = filledHi;
        const got = Array.from(
          { length: 64 },
          (_, i) => ((i < 32 ? low >>> i : high >>> (i - 32)) & 1) === 1,
        );
        expect(got).toEqual(expected);
      }),
      { seed: SEED, numRuns: 1500 },
    );
  });
});

describe("the scavenge candidate of a chunk", () => {
  it.each([
    ["512 pages", platform("linux/amd64")],
    ["128 pages", SMALL_CHUNKS],
  ])("is the one that a plain search finds, in chunks of %s", (_, geometry) => {
    const { chunkPages } = geometry;
    let extended = 0;
    let none = 0;
    fc.assert(
      fc.property(
        chunk(chunkPages),
        fc.nat(chunkPages - 1),
        fc.constantFrom(...GROUPS),
        fc.oneof(fc.nat(20), fc.nat(chunkPages), fc.constant(Number.POSITIVE_INFINITY)),
        fc.constantFrom(0, 0, 2, 8, 64, chunkPages / 2, chunkPages),
        (pages, searchIdx, minPages, wanted, hugePages) => {
          const { tree, flat } = treeWith(geometry, pages);
          const taken = pages.map((kind) => kind !== ".");
          const out: Candidate = { start: 3, size: 3 };
          findScavengeCandidate(tree, flat, searchIdx, minPages, wanted, hugePages, out);
          const plain = naiveCandidate(taken, searchIdx, minPages, wanted, hugePages);
          if (plain.size === 0) none++;
          if (plain.extended) extended++;
          expect(out.size).toBe(plain.size);
          if (plain.size > 0) expect(out.start).toBe(plain.start);
          const anywhere = naiveCandidate(taken, chunkPages - 1, minPages, 1, 0).size > 0;
          expect(hasScavengeCandidate(tree, flat, minPages)).toBe(anywhere);
        },
      ),
      { seed: SEED, numRuns: 700 },
    );
    expect(extended).toBeGreaterThan(10);
    expect(none).toBeGreaterThan(10);
  });

  it("keeps a huge page whole when the boundary above is just the end of the run", () => {
    const geometry = platform("linux/amd64");
    const pages: Page[] = Array.from({ length: 512 }, (_, i) => (i < 256 ? "." : "#"));
    const { tree, flat } = treeWith(geometry, pages);
    const out: Candidate = { start: 0, size: 0 };
    findScavengeCandidate(tree, flat, 511, 1, 10, 256, out);
    expect(out).toEqual({ start: 0, size: 256 });
    // One page of it in use: there is no huge page to keep.
    tree.allocBits[flat * tree.wordsPerChunk] = 1;
    findScavengeCandidate(tree, flat, 511, 1, 10, 256, out);
    expect(out).toEqual({ start: 246, size: 10 });
  });

  it("may lie above searchIdx, in the same 64 pages", () => {
    const { tree, flat } = treeWith(platform("linux/amd64"), new Array<Page>(512).fill("."));
    const out: Candidate = { start: 0, size: 0 };
    findScavengeCandidate(tree, flat, 130, 1, 5, 0, out);
    expect(out).toEqual({ start: 187, size: 5 });
  });
});

describe("a scavenger", () => {
  it.each([
    [1, 1],
    [8192, 1],
    [8193, 2],
    [16385, 3],
    [Number.POSITIVE_INFINITY, 100],
  ])("asked for %d bytes looks for whole pages, rounded up", (bytes, npages) => {
    const pages = new PageAllocator(platform("linux/amd64"));
    const base = 2 ** 25 * 512;
    pages.grow(base, 512);
    pages.alloc(512);
    pages.free(base + 50, 100);
    const scavenger = new GenerationScavenger(pages);
    scavenger.startGeneration();
    const work = new ReleaseRequest();
    scavenger.reserve(work);
    expect(scavenger.find(work, bytes)).toBe(true);
    expect([work.page, work.npages]).toEqual([base + 150 - npages, npages]);
    expect(work.limit).toBe(work.page * 8192);
  });
});
