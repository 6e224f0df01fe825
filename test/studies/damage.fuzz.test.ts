/**
 * Damaged recordings: whatever is in a file, it is read to its end or refused with one sentence that says where; nothing
 * hangs, nothing is left behind, and no error is one of ours.
 */

import { existsSync, rmSync } from "node:fs";
import { deflateRawSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OutputError } from "../../results/output-folder.js";
import { InputError } from "../../scenarios/input-error.js";
import { GeometryError } from "../../sim/address/geometry.js";
import { conformFile } from "../../studies/conform.js";
import { runTrace } from "../../studies/run-trace.js";
import { listing, TestFolder, textOf, tracePath, VECTORS } from "../setup/files.js";

const folder = new TestFolder();
/** Damaged files of each kind; more in a longer search: MHEAPSIM_FUZZ_RUNS=5000. */
const RUNS = Number(process.env["MHEAPSIM_FUZZ_RUNS"] ?? 100);
const SEED = process.env["MHEAPSIM_FUZZ_SEED"];
/** No damage may cost more than this. Undamaged, each of the recordings takes some 20 ms. */
const MOST_MS = 20_000;

const lines = (path: string): string[] => textOf(path).trimEnd().split("\n");

/** Long enough for growth, page caches, collections, generations, and scavenging. */
const fraggrow = lines(tracePath("fraggrow-gmp1"));
const RECORDINGS: Readonly<Record<string, readonly string[]>> = {
  "hello-gmp1": lines(tracePath("hello-gmp1")),
  "a slice of fraggrow-gmp1": fraggrow.slice(0, 1500),
  "fraggrow-gmp1 up to its first releases": fraggrow.slice(0, 5800),
  "a slice of gmpflip-gmp4": lines(tracePath("gmpflip-gmp4")).slice(0, 1500),
  "a slice of the operation log scav-seed1": lines(`${VECTORS}/go1.18/diff/scav-seed1.csv.gz`).slice(0, 700),
};

/** One change to the lines of a recording. Numbers are any and are taken modulo what there is. */
type Change = (lines: string[]) => void;

const HARMFUL = [
  "",
  "0",
  "1",
  "-1",
  "max",
  "h0",
  "b",
  "7fffffffffff",
  "c000000000",
  "800000000000",
  "ffffffffffffffff",
  "0x0",
  "0xc000000000",
  "0x7fffffffffff",
  "512",
  "513",
  "65535",
  "65536",
  "67108864",
  "536870911",
  "536870912",
  "2147483647",
  "2147483648",
  "4294967295",
  "8589934592",
  "17179869184",
  "34359738368",
  "1099511627776",
  "9007199254740991",
  "9007199254740992",
  "18446744073709551615",
  "1e9",
  "NaN",
];

const nat = fc.nat(1_000_000_000);
const field = fc.oneof(
  fc.constantFrom(...HARMFUL),
  fc.nat().map(String),
  fc.maxSafeNat().map((n) => n.toString(16)),
  fc.string({ maxLength: 20 }).map((text) => text.replaceAll("\n", "")),
);

/** Where a change applies: sometimes in the header, often near the end, where most has happened. */
function at(all: readonly string[], n: number): number {
  if (n % 97 === 0) return 0;
  const behind = all.length - 1;
  return n % 3 === 0 ? all.length - 1 - (n % Math.min(behind, 100)) : 1 + (n % behind);
}

const changes: fc.Arbitrary<Change> = fc.oneof(
  // A field becomes something else.
  {
    weight: 4,
    arbitrary: fc.tuple(nat, nat, field).map(
      ([row, column, text]): Change =>
        (all) => {
          const i = at(all, row);
          const fields = all[i]!.split(",");
          fields[column % fields.length] = text;
          all[i] = fields.join(",");
        },
    ),
  },
  // Two fields of a row change places.
  fc.tuple(nat, nat, nat).map(
    ([row, a, b]): Change =>
      (all) => {
        const i = at(all, row);
        const fields = all[i]!.split(",");
        const [x, y] = [a % fields.length, b % fields.length];
        [fields[x], fields[y]] = [fields[y]!, fields[x]!];
        all[i] = fields.join(",");
      },
  ),
  // Two rows exchange a field.
  {
    weight: 2,
    arbitrary: fc.tuple(nat, nat, nat).map(
      ([row, other, column]): Change =>
        (all) => {
          const [i, j] = [at(all, row), at(all, other)];
          const [a, b] = [all[i]!.split(","), all[j]!.split(",")];
          const c = column % a.length;
          [a[c], b[c]] = [b[c] ?? "", a[c]!];
          all[i] = a.join(",");
          if (i !== j) all[j] = b.join(",");
        },
    ),
  },
  // A row is there twice, missing, or elsewhere.
  fc.tuple(nat, nat).map(
    ([row, to]): Change =>
      (all) => {
        all.splice(at(all, to), 0, all[at(all, row)]!);
      },
  ),
  nat.map(
    (row): Change =>
      (all) => {
        if (all.length > 2) all.splice(at(all, row), 1);
      },
  ),
  fc.tuple(nat, nat).map(
    ([row, to]): Change =>
      (all) => {
        const [line] = all.splice(at(all, row), 1);
        all.splice(to % (all.length + 1), 0, line!);
      },
  ),
  // A row is there at once again, as if it had been written twice.
  nat.map(
    (row): Change =>
      (all) => {
        const i = at(all, row);
        all.splice(i, 0, all[i]!);
      },
  ),
  // A digit is changed, lost or added.
  fc.tuple(nat, nat, fc.constantFrom("0", "1", "9", "f", "c", "", "00", ",", "\r", " ")).map(
    ([row, place, text]): Change =>
      (all) => {
        const i = at(all, row);
        const p = place % (all[i]!.length + 1);
        all[i] = all[i]!.slice(0, p) + text + all[i]!.slice(p + (place % 2));
      },
  ),
);

/** Changes to the bytes of a file: flipped, removed, inserted, cut off. */
const byteChange = fc.record({
  place: nat,
  what: fc.constantFrom("flip", "remove", "insert", "cut"),
  byte: fc.nat(255),
});

interface ByteChange {
  readonly place: number;
  readonly what: string;
  readonly byte: number;
}

function changedBytes(bytes: Uint8Array, list: readonly ByteChange[]): Uint8Array {
  let changed = bytes;
  for (const change of list) if (changed.length > 0) changed = changeBytes(changed, change);
  return changed;
}

function changeBytes(bytes: Uint8Array, { place, what, byte }: ByteChange): Uint8Array {
  const i = place % bytes.length;
  const changed = Buffer.from(bytes);
  switch (what) {
    case "flip":
      changed[i]! ^= byte || 1;
      return changed;
    case "remove":
      return Buffer.concat([bytes.subarray(0, i), bytes.subarray(i + 1 + (byte % 16))]);
    case "insert":
      return Buffer.concat([bytes.subarray(0, i), Buffer.from([byte]), bytes.subarray(i)]);
    default:
      return bytes.subarray(0, i);
  }
}

const CONTENT_FAULT = /^[^\n]+:\d+(:\d+)?: [^\n]+$/;

/** An error of the input, with the place; anything else is ours. */
function expectInputError(error: unknown): void {
  expect(error).toBeInstanceOf(InputError);
  expect(error).not.toBeInstanceOf(OutputError);
  expect((error as Error).message).toMatch(CONTENT_FAULT);
}

async function expectOrderly(content: string | Uint8Array): Promise<void> {
  rmSync(folder.at("out"), { recursive: true, force: true });
  const trace = folder.write("case/diff/file", content);
  const out = folder.at("out");
  for (const spansOnly of [false, true]) {
    const start = performance.now();
    try {
      // A prediction goes on with whatever heap the damage gave it, so it gets few samples of that; a replay ends soon.
      const sample = spansOnly ? { sampleNs: 50_000_000 } : {};
      const result = await runTrace({ trace, out, name: "x", force: true, spansOnly, ...sample });
      expect(result.outOfMemory ?? "").toMatch(/^$|^runtime: out of memory: cannot allocate \d+-byte block/);
      expect(listing(out)).toEqual(["histograms.json", "manifest.json", "summary.json", "timeseries.csv"]);
    } catch (error) {
      expectInputError(error);
    }
    for (const all of [false, true]) {
      const result = await conformFile(trace, { spansOnly, all });
      if (result.error !== undefined && !(result.error instanceof GeometryError))
        expectInputError(result.error);
      for (const { line, expected, got } of result.shown) {
        expect(line).toBeGreaterThan(1);
        expect(expected).not.toBe(got);
      }
    }
    expect(performance.now() - start).toBeLessThan(MOST_MS);
  }
  expect(listing(folder.path).filter((name) => name.includes("partial"))).toEqual([]);
}

const parameters = { numRuns: RUNS, ...(SEED === undefined ? {} : { seed: Number(SEED) }) };

describe("damaged recordings are read or refused in an orderly way", () => {
  folder.write("case/meta.json", textOf(`${VECTORS}/go1.18/meta.json`));

  test.each(Object.entries(RECORDINGS))(
    "rows of %s",
    async (_, recording) => {
      await fc.assert(
        fc.asyncProperty(fc.array(changes, { minLength: 1, maxLength: 4 }), async (list) => {
          const all = [...recording];
          for (const change of list) change(all);
          await expectOrderly(`${all.join("\n")}\n`);
        }),
        parameters,
      );
    },
    600_000,
  );

  test.each(Object.entries(RECORDINGS))(
    "bytes of %s, plain",
    async (_, recording) => {
      const bytes = Buffer.from(`${recording.join("\n")}\n`, "latin1");
      await fc.assert(
        fc.asyncProperty(fc.array(byteChange, { minLength: 1, maxLength: 3 }), async (list) => {
          await expectOrderly(changedBytes(bytes, list));
        }),
        { ...parameters, numRuns: Math.ceil(RUNS / 3) },
      );
    },
    600_000,
  );

  test.each(Object.entries(RECORDINGS))(
    "bytes of %s, gzipped",
    async (_, recording) => {
      const bytes = gzipSync(Buffer.from(`${recording.join("\n")}\n`, "latin1"));
      await fc.assert(
        fc.asyncProperty(fc.array(byteChange, { minLength: 1, maxLength: 3 }), async (list) => {
          await expectOrderly(changedBytes(bytes, list));
        }),
        { ...parameters, numRuns: Math.ceil(RUNS / 3) },
      );
    },
    600_000,
  );

  test("bytes of no recording at all", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.boolean(), async (bytes, packed) => {
        await expectOrderly(packed ? gzipSync(bytes) : bytes);
      }),
      { ...parameters, numRuns: Math.ceil(RUNS / 3) },
    );
  });

  test("much text in few bytes", async () => {
    // 256 MiB of one line, and of many short ones.
    await expectOrderly(gzipSync(Buffer.alloc(64 << 20, 48)));
    await expectOrderly(gzipSync(Buffer.alloc(16 << 20, 10)));
    await expectOrderly(
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), deflateRawSync("")]),
    );
    expect(existsSync(folder.at("out"))).toBe(false);
  });
});
