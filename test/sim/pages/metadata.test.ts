/** What the runtime's metadata costs, beside plain sets of what is mapped. */

import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { AddressRanges } from "../../../sim/address/ranges.js";
import { MetadataAccount } from "../../../sim/pages/metadata.js";
import { PageAllocator } from "../../../sim/pages/page-allocator.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

/** Every physical page of every level's array that holds a block of summaries of grown memory, and every table. */
class NaiveMetadata {
  readonly mapped: Set<number>[];
  readonly tables = new Set<number>();

  constructor(readonly geometry: Geometry) {
    this.mapped = geometry.levelBits.map(() => new Set<number>());
  }

  growChunk(chunk: number): void {
    const { levelBits, levelShift, chunkBytes, physPageBytes } = this.geometry;
    levelBits.forEach((bits, level) => {
      const index = Math.floor((chunk * chunkBytes) / 2 ** levelShift[level]!);
      const block = Math.floor(index / 2 ** bits) * 2 ** bits;
      const last = (block + 2 ** bits) * 8 - 1;
      for (let p = Math.floor((block * 8) / physPageBytes); p * physPageBytes <= last; p++) {
        this.mapped[level]!.add(p);
      }
    });
    this.tables.add(Math.floor(chunk / 2 ** this.geometry.chunksL2Bits));
  }

  get summaryBytes(): number {
    return this.mapped.reduce((sum, set) => sum + set.size, 0) * this.geometry.physPageBytes;
  }

  /** One bit for allocated and one for scavenged, for each page of each chunk of each table. */
  get tableBytes(): number {
    const { chunksL2Bits, chunkPages } = this.geometry;
    return (this.tables.size * 2 ** chunksL2Bits * 2 * chunkPages) / 8;
  }
}

const LARGE: readonly Geometry[] = [
  platform("linux/amd64"),
  platform("linux/arm64-64k"),
  platform("ios/arm64"),
  new Geometry({
    ...platform("linux/amd64").spec,
    name: "custom/wide-levels",
    heapAddrBits: 44,
    arenaBaseOffset: "0x0",
    logChunkPages: 6,
    levelBits: [10, 8, 7],
    arenaHints: [],
    chunksL1Bits: 10,
  }),
];

describe("metadata of a large address space", () => {
  it.each(LARGE.map((geometry) => [geometry.name, geometry] as const))(
    "is what sets of mapped pages add up to on %s",
    (_, geometry) => {
      const { chunkBytes, totalChunks } = geometry;
      // Growth near itself and far away: offsets from a few places, of sizes up to several blocks of leaves.
      const growth = fc.tuple(
        fc.constantFrom(
          1,
          512,
          4096,
          Math.floor(totalChunks / 3),
          Math.floor(totalChunks / 2),
          totalChunks - 5000,
        ),
        fc.oneof(fc.nat(40), fc.nat(4000)),
        fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 700 })),
      );
      fc.assert(
        fc.property(fc.array(growth, { minLength: 1, maxLength: 25, size: "max" }), (growths) => {
          const account = new MetadataAccount(geometry);
          const naive = new NaiveMetadata(geometry);
          const inUse = new AddressRanges();
          for (const [place, delta, count] of growths) {
            const base = (place + delta) * chunkBytes;
            const limit = Math.min(base + count * chunkBytes, totalChunks * chunkBytes);
            const next = inUse.findAddrGreaterEqual(base);
            if (next >= 0 && next < limit) continue;
            account.grow(base, limit, inUse);
            inUse.add(base, limit);
            for (let chunk = base / chunkBytes; chunk < limit / chunkBytes; chunk++) naive.growChunk(chunk);
            expect([account.summaryBytes, account.chunkTableBytes]).toEqual([
              naive.summaryBytes,
              naive.tableBytes,
            ]);
            expect(account.totalBytes).toBe(naive.summaryBytes + naive.tableBytes);
          }
        }),
        { seed: SEED, numRuns: 60 },
      );
    },
  );

  it("is 144 KiB of summaries and one table at the first growth of linux/amd64", () => {
    const geometry = platform("linux/amd64");
    const pages = new PageAllocator(geometry);
    expect(pages.metadata.totalBytes).toBe(0);
    pages.grow(geometry.parseAddress("0xc000000000") / geometry.pageBytes, 512);
    // The whole root level, and a physical page of each of the four levels below it.
    expect(pages.metadata.summaryBytes).toBe(2 ** 14 * 8 + 4 * 4096);
    expect(pages.metadata.chunkTableBytes).toBe(2 ** 20);
    pages.grow(geometry.parseAddress("0xc000400000") / geometry.pageBytes, 512);
    expect(pages.metadata.totalBytes).toBe(2 ** 14 * 8 + 4 * 4096 + 2 ** 20);
  });
});

describe("metadata of a small address space", () => {
  it.each([
    // 2 + 16 + 128 + 1024 entries of 8 bytes, in physical pages of 4 KiB; one table of 1024 chunks of 128 bytes.
    ["linux/386", 12288, 2 ** 17],
    // 4 + 32 + 256 + 2048 entries, in physical pages of 16 KiB; one table of 2048 chunks.
    ["ios/arm64-33bit", 32768, 2 ** 18],
  ])("has all summaries of %s mapped at init", (name, summaries, table) => {
    const geometry = platform(name);
    const pages = new PageAllocator(geometry);
    expect(pages.metadata.summaryBytes).toBe(summaries);
    expect(pages.metadata.chunkTableBytes).toBe(0);
    for (const chunk of [40, 41, 700, 999, 1]) {
      pages.grow(chunk * geometry.chunkPages, geometry.chunkPages);
      expect([pages.metadata.summaryBytes, pages.metadata.chunkTableBytes]).toEqual([summaries, table]);
    }
  });
});
