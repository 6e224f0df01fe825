import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Geometry } from "../../../sim/address/geometry.js";
import { platform } from "../../../sim/address/platforms.js";
import { AddressSpace } from "../../../sim/os/address-space.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);
/** The plain model keeps one flag for each so many bytes; everything asked for is a multiple of it. */
const GRAIN = 2 ** 15;

function small(arenaBaseOffset: string): Geometry {
  return new Geometry({
    name: "custom/small",
    heapAddrBits: 23,
    arenaBaseOffset,
    pageShift: 12,
    logChunkPages: 6,
    levelBits: [2, 3],
    logMaxPackedValue: 9,
    arenaBytes: 2 ** 18,
    physPageBytes: 4096,
    physHugePageBytes: 0,
    arenaHints: [],
    summariesMappedAtInit: false,
    chunksL1Bits: 0,
  });
}

class NaiveSpace {
  readonly taken: boolean[];
  readonly low: number;

  constructor(geometry: Geometry) {
    this.taken = new Array((geometry.maxOff + 1) / GRAIN).fill(false);
    this.low = (Number.isNaN(geometry.zeroOff) ? 0 : geometry.zeroOff) + 65536;
  }

  isFree(off: number, bytes: number): boolean {
    if (off < this.low || off + bytes > this.taken.length * GRAIN) return false;
    return !this.taken.slice(off / GRAIN, (off + bytes) / GRAIN).includes(true);
  }

  take(off: number, bytes: number): void {
    for (let i = off / GRAIN; i < (off + bytes) / GRAIN; i++) this.taken[i] = true;
  }

  highest(bytes: number, align: number): number {
    for (let off = this.taken.length * GRAIN - bytes; off >= 0; off -= GRAIN) {
      if (off % align === 0 && this.isFree(off, bytes)) return off;
    }
    return -1;
  }
}

describe("the address space of a process", () => {
  it.each([
    ["from raw address 0", "0x0"],
    ["with a line that begins in the middle of the 64-bit range", "0xffffffffffc00000"],
    ["without raw address 0", "0x10000000"],
  ])("is taken and given as in a plain table, %s", (_, arenaBaseOffset) => {
    const geometry = small(arenaBaseOffset);
    const grains = (geometry.maxOff + 1) / GRAIN;
    const step = fc.tuple(
      fc.constantFrom("occupy", "occupy", "reserveAt", "anywhere", "anywhere", "look"),
      fc.nat(grains - 1),
      fc.integer({ min: 1, max: 40 }),
      fc.nat(4),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
        const space = new AddressSpace(geometry);
        const naive = new NaiveSpace(geometry);
        for (const [what, grain, count, logAlign] of steps) {
          const off = grain * GRAIN;
          const bytes = count * GRAIN;
          if (what === "occupy") {
            // Parts that are taken already stay so.
            const fits = Math.min(bytes, (grains - grain) * GRAIN);
            space.occupy(off, fits);
            naive.take(off, fits);
          } else if (what === "reserveAt") {
            const free = naive.isFree(off, bytes);
            expect(space.reserveAt(off, bytes)).toBe(free);
            if (free) naive.take(off, bytes);
          } else if (what === "anywhere") {
            const align = GRAIN * 2 ** logAlign;
            const where = naive.highest(bytes, align);
            expect(space.reserveAnywhere(bytes, align)).toBe(where);
            if (where >= 0) naive.take(where, bytes);
          }
          expect(space.isFree(off, bytes)).toBe(naive.isFree(off, bytes));
        }
        for (let grain = 0; grain < grains; grain++) {
          expect(space.isFree(grain * GRAIN, GRAIN)).toBe(naive.isFree(grain * GRAIN, GRAIN));
        }
      }),
      { seed: SEED, numRuns: 80 },
    );
  });

  it("gives nothing in the first 64 KiB and nothing in the kernel's half", () => {
    const geometry = platform("linux/amd64");
    const space = new AddressSpace(geometry);
    expect(space.reserveAt(geometry.zeroOff, 4096)).toBe(false);
    expect(space.reserveAt(geometry.zeroOff + 61440, 8192)).toBe(false);
    expect(space.reserveAt(geometry.parseAddress("0xffff800000000000"), 4096)).toBe(false);
    expect(space.reserveAt(geometry.zeroOff + 65536, 4096)).toBe(true);
    expect(space.reserveAt(geometry.maxOff + 1 - 4096, 8192)).toBe(false);
    expect(space.reserveAt(geometry.maxOff + 1 - 4096, 4096)).toBe(true);
  });

  it("is used up at some point", () => {
    const geometry = platform("linux/386");
    const space = new AddressSpace(geometry);
    let got = 0;
    while (space.reserveAnywhere(2 ** 28, 2 ** 22) >= 0) got++;
    expect(got).toBe(15);
    expect(space.reserveAnywhere(2 ** 27, 2 ** 22)).toBe(2 ** 27);
    expect(space.reserveAnywhere(2 ** 27, 2 ** 22)).toBe(-1);
    expect(space.reserveAnywhere(2 ** 26, 2 ** 22)).toBe(2 ** 26);
  });
});
