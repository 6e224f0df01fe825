/**
 * The geometries of the systems that Go runs on, and custom ones read from JSON.
 *
 * The constants are those of malloc.go, mpagealloc_32bit.go and mpagealloc_64bit.go of Go 1.18. A 64-bit system asks
 * for its first arena at a fixed hint, and for the following ones 1 TiB further each; a 32-bit one asks right behind
 * the program's own image, for which 0x8000000 (128 MiB, where Linux puts a non-relocated image and its data) stands.
 */

import { Geometry, GeometryError, type GeometrySpec } from "./geometry.js";

const MIB = 1024 * 1024;

/** Hints of a 64-bit system: i·2^40 + first, i = 0..127. */
function hints64(firstHex: string, spacingBits: number, limitBits: number): string[] {
  const first = Number.parseInt(firstHex, 16);
  const hints: string[] = [];
  for (let i = 0; i < 128 && i * 2 ** spacingBits + first < 2 ** limitBits; i++) {
    hints.push(`0x${(i * 2 ** spacingBits + first).toString(16)}`);
  }
  return hints;
}

const GO_PAGES = { pageShift: 13, logChunkPages: 9 } as const;

const linuxAmd64: GeometrySpec = {
  ...GO_PAGES,
  name: "linux/amd64",
  heapAddrBits: 48,
  arenaBaseOffset: "0xffff800000000000",
  levelBits: [14, 3, 3, 3, 3],
  logMaxPackedValue: 21,
  arenaBytes: 64 * MIB,
  physPageBytes: 4096,
  physHugePageBytes: 2 * MIB,
  arenaHints: hints64("c000000000", 40, 47),
  summariesMappedAtInit: false,
  chunksL1Bits: 13,
};

const linuxArm64: GeometrySpec = {
  ...linuxAmd64,
  name: "linux/arm64",
  arenaBaseOffset: "0x0",
  arenaHints: hints64("4000000000", 40, 48),
};

const linux386: GeometrySpec = {
  ...GO_PAGES,
  name: "linux/386",
  heapAddrBits: 32,
  arenaBaseOffset: "0x0",
  levelBits: [1, 3, 3, 3],
  logMaxPackedValue: 18,
  arenaBytes: 4 * MIB,
  physPageBytes: 4096,
  physHugePageBytes: 2 * MIB,
  arenaHints: ["0x8400000"],
  summariesMappedAtInit: true,
  chunksL1Bits: 0,
};

const iosArm64: GeometrySpec = {
  ...GO_PAGES,
  name: "ios/arm64",
  heapAddrBits: 40,
  arenaBaseOffset: "0x0",
  levelBits: [6, 3, 3, 3, 3],
  logMaxPackedValue: 21,
  arenaBytes: 4 * MIB,
  physPageBytes: 16384,
  physHugePageBytes: 0,
  arenaHints: hints64("130000000", 40, 40),
  summariesMappedAtInit: false,
  chunksL1Bits: 13,
};

/** Specs by name. `linux/arm64` stands for the 4 KiB kernel; its 16 and 64 KiB kernels have names of their own. */
const SPECS: readonly GeometrySpec[] = [
  linuxAmd64,
  linuxArm64,
  { ...linuxArm64, name: "linux/arm64-16k", physPageBytes: 16384, physHugePageBytes: 32 * MIB },
  { ...linuxArm64, name: "linux/arm64-64k", physPageBytes: 65536, physHugePageBytes: 512 * MIB },
  linux386,
  { ...linuxAmd64, name: "windows/amd64", arenaBytes: 4 * MIB, physHugePageBytes: 0 },
  iosArm64,
  {
    ...iosArm64,
    name: "ios/arm64-33bit",
    heapAddrBits: 33,
    levelBits: [2, 3, 3, 3],
    logMaxPackedValue: 18,
    arenaHints: ["0x130000000"],
    summariesMappedAtInit: true,
    chunksL1Bits: 0,
  },
];

/** Names of the built-in geometries, in the order they are listed. */
export function platformNames(): string[] {
  return SPECS.map((spec) => spec.name);
}

/**
 * A built-in geometry by name.
 * @throws GeometryError naming the known ones when there is none of that name
 */
export function platform(name: string): Geometry {
  const spec = SPECS.find((s) => s.name === name);
  if (spec === undefined) {
    throw new GeometryError(`no geometry is called "${name}": expected one of ${platformNames().join(", ")}`);
  }
  return new Geometry(spec);
}

/**
 * A geometry from a JSON object, as in the `meta.json` of a recording or as a user writes it. Only `heapAddrBits` is
 * required; what is left out is taken from linux/386 for 32 bits and less, else from linux/amd64, and levels of 3 bits.
 * Accepted keys: `name`, `heapAddrBits`, `arenaBaseOffset`, `pageSize`, `pallocChunkPages`, `summaryLevels`,
 * `summaryLevelBits`, `summaryL0Bits`, `levelBits`, `levelShift`, `logMaxPackedValue`, `heapArenaBytes`,
 * `physPageSize`, `physHugePageSize`, `pallocChunksL1Bits`, `arenaHints`. Other keys are ignored, since recordings
 * carry more.
 * @throws GeometryError when a value has the wrong type or the values contradict each other
 */
export function geometryFromJson(json: unknown, name: string): Geometry {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new GeometryError(`geometry ${name}: expected a JSON object with heapAddrBits`);
  }
  const from = new JsonFields(json as Record<string, unknown>, name);
  const heapAddrBits = from.number("heapAddrBits", undefined);
  const base = heapAddrBits <= 33 ? linux386 : linuxAmd64;
  const pageShift = Math.log2(from.number("pageSize", 2 ** base.pageShift));
  const logChunkPages = Math.log2(from.number("pallocChunkPages", 2 ** base.logChunkPages));
  const levelBits = levelBitsOf(from, heapAddrBits, pageShift + logChunkPages);
  const geometry = new Geometry({
    name: from.string("name", name),
    heapAddrBits,
    arenaBaseOffset: from.string("arenaBaseOffset", heapAddrBits === 48 ? base.arenaBaseOffset : "0x0"),
    pageShift,
    logChunkPages,
    levelBits,
    logMaxPackedValue: from.number("logMaxPackedValue", defaultLogMaxPacked(from, levelBits, logChunkPages)),
    arenaBytes: from.number("heapArenaBytes", base.arenaBytes),
    physPageBytes: from.number("physPageSize", base.physPageBytes),
    physHugePageBytes: from.number("physHugePageSize", base.physHugePageBytes),
    arenaHints: from.strings("arenaHints", heapAddrBits === base.heapAddrBits ? base.arenaHints : []),
    summariesMappedAtInit: heapAddrBits <= 33,
    chunksL1Bits: from.number(
      "pallocChunksL1Bits",
      Math.min(base.chunksL1Bits, heapAddrBits - pageShift - logChunkPages),
    ),
  });
  checkLevelShift(from, geometry);
  return geometry;
}

/** Per-level bits: given outright, or by root bits, levels and bits per level, of which the equation gives one. */
function levelBitsOf(from: JsonFields, heapAddrBits: number, logChunkBytes: number): number[] {
  const given = from.numbers("levelBits");
  if (given !== undefined) return given;
  const perLevel = from.number("summaryLevelBits", 3);
  const levels = from.number("summaryLevels", heapAddrBits <= 33 ? 4 : 5);
  const root = from.number("summaryL0Bits", heapAddrBits - logChunkBytes - (levels - 1) * perLevel);
  return [root, ...Array.from({ length: Math.max(0, levels - 1) }, () => perLevel)];
}

function defaultLogMaxPacked(from: JsonFields, levelBits: readonly number[], logChunkPages: number): number {
  const perLevel = from.number("summaryLevelBits", levelBits[1] ?? 3);
  return Math.min(21, logChunkPages + (levelBits.length - 1) * perLevel);
}

function checkLevelShift(from: JsonFields, geometry: Geometry): void {
  const given = from.numbers("levelShift");
  if (given !== undefined && given.join() !== geometry.levelShift.join()) {
    throw new GeometryError(
      `geometry ${geometry.name}: levelShift is [${given}], but levelBits, page and chunk size give [${geometry.levelShift}]`,
    );
  }
}

/** Typed access to the fields of a JSON object, with an error that names the field. */
class JsonFields {
  constructor(
    readonly fields: Readonly<Record<string, unknown>>,
    readonly where: string,
  ) {}

  number(key: string, fallback: number | undefined): number {
    const value = this.fields[key] ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value)) this.#wrong(key, "a number");
    return value as number;
  }

  string(key: string, fallback: string): string {
    const value = this.fields[key] ?? fallback;
    if (typeof value !== "string") this.#wrong(key, "a string");
    return value as string;
  }

  numbers(key: string): number[] | undefined {
    const value = this.fields[key];
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || value.some((v) => typeof v !== "number"))
      this.#wrong(key, "an array of numbers");
    return value as number[];
  }

  strings(key: string, fallback: readonly string[]): readonly string[] {
    const value = this.fields[key] ?? fallback;
    if (!Array.isArray(value) || value.some((v) => typeof v !== "string"))
      this.#wrong(key, "an array of strings");
    return value as string[];
  }

  #wrong(key: string, expected: string): never {
    throw new GeometryError(
      `geometry ${this.where}: ${key} is ${JSON.stringify(this.fields[key])}, expected ${expected}`,
    );
  }
}
