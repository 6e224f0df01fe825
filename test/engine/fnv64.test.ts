import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { Fnv64 } from "../../engine/fnv64.js";

// Generous, since a busy machine may take many times what an idle one does.
vi.setConfig({ testTimeout: 120_000 });

const SEED = Number(process.env.FC_SEED ?? 118);

/** The definition, in whole numbers of any size. */
function reference(bytes: Iterable<number>): string {
  let hash = 14695981039346656037n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 1099511628211n) & 0xffffffffffffffffn;
  return hash.toString(16).padStart(16, "0");
}

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });

function littleEndian(x: number): number[] {
  return [x % 256, Math.floor(x / 2 ** 8) % 256, Math.floor(x / 2 ** 16) % 256, Math.floor(x / 2 ** 24)];
}

describe("FNV-1a, 64 bits", () => {
  it.each([
    ["", "cbf29ce484222325"],
    ["a", "af63dc4c8601ec8c"],
    ["foobar", "85944171f73967e8"],
  ])("hashes %j as published", (text, hash) => {
    const fnv = new Fnv64();
    for (const byte of Buffer.from(text)) fnv.addByte(byte);
    expect(fnv.hex()).toBe(hash);
  });

  it("agrees with the definition on any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const fnv = new Fnv64();
        for (const byte of bytes) fnv.addByte(byte);
        expect(fnv.hex()).toBe(reference(bytes));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it("adds words lowest byte first, signed or not", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, fc.boolean()), { maxLength: 20 }), (words) => {
        const fnv = new Fnv64();
        const bytes: number[] = [];
        for (const [hi, lo, signed] of words) {
          if (signed) fnv.addUint64(hi | 0, lo | 0);
          else fnv.addUint64(hi, lo);
          fnv.addUint32(signed ? hi | 0 : hi);
          bytes.push(...littleEndian(lo), ...littleEndian(hi), ...littleEndian(hi));
        }
        expect(fnv.hex()).toBe(reference(bytes));
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
});
