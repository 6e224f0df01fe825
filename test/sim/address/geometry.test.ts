import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Geometry, GeometryError, type GeometrySpec } from "../../../sim/address/geometry.js";
import { geometryFromJson, platform, platformNames } from "../../../sim/address/platforms.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

const amd64 = platform("linux/amd64").spec;

/** A message of the error that a spec gives; fails when it gives none. */
function complaint(change: Partial<GeometrySpec>): string {
  try {
    new Geometry({ ...amd64, ...change });
  } catch (error) {
    expect(error).toBeInstanceOf(GeometryError);
    return (error as Error).message;
  }
  return expect.fail("the geometry was accepted");
}

describe("the geometry of linux/amd64", () => {
  const geometry = platform("linux/amd64");

  it("has the figures of the runtime", () => {
    expect(geometry.levels).toBe(5);
    expect(geometry.levelBits).toEqual([14, 3, 3, 3, 3]);
    expect(geometry.levelShift).toEqual([34, 31, 28, 25, 22]);
    expect(geometry.levelLogPages).toEqual([21, 18, 15, 12, 9]);
    expect([geometry.pageBytes, geometry.chunkPages, geometry.chunkBytes]).toEqual([8192, 512, 2 ** 22]);
    expect([geometry.chunksL1Bits, geometry.chunksL2Bits]).toEqual([13, 13]);
    expect(geometry.totalChunks).toBe(2 ** 26);
    expect(geometry.maxOff).toBe(2 ** 48 - 1);
  });

  it("places known addresses where the recordings have them", () => {
    const chunkOf = (hex: string): number => Math.floor(geometry.parseAddress(hex) / geometry.chunkBytes);
    expect(chunkOf("0xc000000000")).toBe(33751040);
    expect(chunkOf("0x3000000000")).toBe(33603584);
    expect(geometry.formatAddress(geometry.maxOff)).toBe("0x7fffffffffff");
    expect(geometry.formatAddress(0)).toBe("0xffff800000000000");
    expect(geometry.parseAddress("0")).toBe(2 ** 47);
    expect(geometry.zeroOff).toBe(2 ** 47);
  });
});

describe("the other systems", () => {
  it.each([
    ["linux/386", [1, 3, 3, 3], [31, 28, 25, 22]],
    ["ios/arm64", [6, 3, 3, 3, 3], [34, 31, 28, 25, 22]],
    ["ios/arm64-33bit", [2, 3, 3, 3], [31, 28, 25, 22]],
  ])("%s has its levels", (name, bits, shifts) => {
    const geometry = platform(name);
    expect(geometry.levelBits).toEqual(bits);
    expect(geometry.levelShift).toEqual(shifts);
    expect(2 ** geometry.logMaxPackedValue).toBe(2 ** geometry.levelLogPages[0]!);
  });

  it("are all valid, and an unknown one is refused with the known names", () => {
    for (const name of platformNames()) expect(platform(name).name).toBe(name);
    expect(() => platform("plan9/amd64")).toThrow(
      /no geometry is called "plan9\/amd64".*linux\/amd64.*ios\/arm64/,
    );
  });

  it("treat a huge page larger than a chunk as none", () => {
    expect(platform("linux/arm64-64k").physHugePageBytes).toBe(0);
    expect(platform("linux/amd64").withPhysicalPages(4096, 2 ** 22).physHugePageBytes).toBe(2 ** 22);
    expect(platform("linux/amd64").withPhysicalPages(4096, 2 ** 23).physHugePageBytes).toBe(0);
  });
});

describe("addresses", () => {
  /** Bases with a low half of their own, so that adding to them carries: one of them over the end of the 64 bits. */
  const odd = ["0xfffffffff0000000", "0x12345678a0000000"].map(
    (arenaBaseOffset) =>
      new Geometry({
        ...platform("linux/386").spec,
        name: `custom/${arenaBaseOffset}`,
        arenaBaseOffset,
        arenaHints: [],
      }),
  );
  it.each([...platformNames().map(platform), ...odd].map((geometry) => [geometry.name, geometry] as const))(
    "go to the line and back on %s, as in whole numbers of any size",
    (_, geometry) => {
      const base = BigInt(geometry.spec.arenaBaseOffset);
      const wrap = (x: bigint): bigint => x & 0xffffffffffffffffn;
      fc.assert(
        fc.property(fc.maxSafeInteger(), fc.bigInt(0n, 2n ** 64n - 1n), (anything, raw) => {
          const off = Math.abs(anything) % (geometry.maxOff + 1);
          const hex = `0x${wrap(BigInt(off) + base).toString(16)}`;
          expect(geometry.formatAddress(off)).toBe(hex);
          expect(geometry.parseAddress(hex)).toBe(off);
          const page = Math.floor(off / geometry.pageBytes);
          const pageRaw = wrap(BigInt(page) * BigInt(geometry.pageBytes) + base);
          expect(geometry.formatPage(page)).toBe(`0x${pageRaw.toString(16)}`);
          const { hi, lo } = geometry.rawHalvesOfPage(page);
          expect((BigInt(hi) << 32n) | BigInt(lo)).toBe(pageRaw);
          // Any 64-bit address is on the line or refused.
          const rawOff = wrap(raw - base);
          const rawHex = raw.toString(16);
          if (rawOff <= BigInt(geometry.maxOff)) expect(geometry.parseAddress(rawHex)).toBe(Number(rawOff));
          else expect(() => geometry.parseAddress(rawHex)).toThrow(/outside the \d+-bit address space/);
          const small = Math.abs(anything);
          const smallOff = wrap(BigInt(small) - base);
          expect(geometry.offOfRaw(small)).toBe(
            smallOff <= BigInt(geometry.maxOff) ? Number(smallOff) : Number.NaN,
          );
        }),
        { seed: SEED, numRuns: 150 },
      );
    },
  );

  it("that are none are refused", () => {
    const geometry = platform("linux/386");
    for (const text of ["", "0x", "0xg", "12345678123456781", "-1", "0x1 "]) {
      expect(() => geometry.parseAddress(text)).toThrow(/is not an address/);
    }
    expect(() => geometry.parseAddress("0x100000000")).toThrow(
      /outside the 32-bit address space of linux\/386/,
    );
  });

  it("of no page are written as the runtime writes nil", () => {
    expect(platform("linux/amd64").formatPage(-1)).toBe("0x0");
    expect(platform("linux/amd64").rawHalvesOfPage(-1)).toEqual({ hi: 0, lo: 0 });
  });
});

describe("a geometry that cannot be", () => {
  it("is told the radix equation, with its own numbers", () => {
    expect(complaint({ levelBits: [14, 3, 3, 3] })).toContain(
      "summaryL0Bits + (summaryLevels-1)*summaryLevelBits + logPallocChunkBytes = heapAddrBits: 14 + 9 + 22 = 45, but heapAddrBits is 48",
    );
    expect(complaint({ heapAddrBits: 47 })).toMatch(/breaks the radix equation/);
  });

  it("is told when a root entry does not fit in a summary, as the runtime says it", () => {
    expect(complaint({ levelBits: [13, 3, 3, 3, 4] })).toBe(
      "runtime: root level max pages = 4194304\nruntime: summary max pages = 2097152\n" +
        "root level max pages doesn't fit in summary",
    );
    expect(complaint({ logMaxPackedValue: 20 })).toMatch(/root level max pages doesn't fit in summary/);
  });

  it.each<[string, Partial<GeometrySpec>]>([
    ["heapAddrBits", { heapAddrBits: 53 }],
    ["heapAddrBits", { heapAddrBits: 19 }],
    ["pageShift", { pageShift: 9 }],
    ["pageShift", { pageShift: 12.5 }],
    ["logChunkPages", { logChunkPages: 5 }],
    ["logMaxPackedValue", { logMaxPackedValue: 22 }],
    ["levelBits", { levelBits: [] }],
    ["levelBits", { levelBits: [14, 3, 3, 6, -3] }],
    ["the root level has 2\\^21 entries", { levelBits: [21, 2, 3] }],
    ["chunks, at most", { logChunkPages: 6, pageShift: 10, levelBits: [14, 3, 3, 3, 9] }],
    ["arenaBytes", { arenaBytes: 3 * 2 ** 22 }],
    ["arenaBytes", { arenaBytes: 2 ** 21 }],
    ["physPageBytes", { physPageBytes: 2048 }],
    ["physPageBytes", { physPageBytes: 2 ** 20 }],
    ["physPageBytes", { physPageBytes: 5000 }],
    ["physHugePageBytes", { physHugePageBytes: 3 }],
    ["chunksL1Bits", { chunksL1Bits: 27 }],
    ["not an address", { arenaBaseOffset: "0xzz" }],
  ])("is told about %s", (word, change) => {
    expect(complaint(change)).toMatch(new RegExp(word));
  });

  it("is told about a hint that lies outside", () => {
    expect(complaint({ arenaHints: ["0x900000000000"] })).toMatch(/outside the 48-bit/);
  });
});

describe("a geometry from JSON", () => {
  it("needs no more than the number of address bits", () => {
    const small = geometryFromJson({ heapAddrBits: 32 }, "mine");
    expect(small.name).toBe("mine");
    expect(small.levelBits).toEqual(platform("linux/386").levelBits);
    expect(small.summariesMappedAtInit).toBe(true);
    const large = geometryFromJson({ heapAddrBits: 48, physPageSize: 65536 }, "mine");
    expect(large.levelShift).toEqual(platform("linux/amd64").levelShift);
    expect(large.zeroOff).toBe(2 ** 47);
    expect(large.physPageBytes).toBe(65536);
  });

  it("derives the root bits from levels and bits a level", () => {
    const geometry = geometryFromJson({ heapAddrBits: 40, summaryLevels: 3, summaryLevelBits: 4 }, "mine");
    expect(geometry.levelBits).toEqual([10, 4, 4]);
    expect(geometry.logMaxPackedValue).toBe(17);
  });

  it.each([
    [[], /expected a JSON object/],
    [{}, /heapAddrBits is undefined, expected a number/],
    [{ heapAddrBits: "48" }, /heapAddrBits is "48", expected a number/],
    [{ heapAddrBits: 48, levelShift: [34, 31, 28, 25, 21] }, /levelShift is \[34,31,28,25,21\], but/],
    [{ heapAddrBits: 48, levelBits: "3" }, /levelBits is "3", expected an array of numbers/],
    [{ heapAddrBits: 48, arenaHints: [1] }, /arenaHints is \[1\], expected an array of strings/],
    [{ heapAddrBits: 48, name: 7 }, /name is 7, expected a string/],
    [{ heapAddrBits: 48, pageSize: 8191 }, /pageShift/],
  ])("refuses %j", (json, message) => {
    expect(() => geometryFromJson(json, "mine")).toThrow(GeometryError);
    expect(() => geometryFromJson(json, "mine")).toThrow(message);
  });
});
