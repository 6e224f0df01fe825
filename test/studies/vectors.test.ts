import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { InputError } from "../../scenarios/input-error.js";
import { parseVectors, readVectors } from "../../scenarios/trace/vectors.js";
import { platform } from "../../sim/address/platforms.js";
import { Check } from "../../studies/check.js";
import { conformVectors } from "../../studies/vectors.js";

const ROOT = fileURLToPath(new URL("../vectors/go1.18/", import.meta.url));
const GEOMETRY = platform("linux/amd64");

/** Kind, cases and compared results of each file. Fewer results than this, and something is no longer compared. */
const FILES: Readonly<Record<string, readonly [kind: string, cases: number, compared: number]>> = {
  "gotests/TestAddrRangesAdd": ["ranges", 1, 264],
  "gotests/TestAddrRangesFindSucc": ["rangesFindSucc", 18, 18],
  "gotests/TestFillAligned": ["fillAligned", 700, 700],
  "gotests/TestFindBitRange64": ["findOnes", 136, 207],
  "gotests/TestMallocBitsPopcntRange": ["popcount", 5, 39],
  "gotests/TestPageAllocAlloc": ["alloc", 19, 2159],
  "gotests/TestPageAllocAllocAndFree": ["allocAndFree", 1, 194],
  "gotests/TestPageAllocAllocToCache": ["allocToCache", 7, 593],
  "gotests/TestPageAllocExhaust": ["exhaust", 12, 11294],
  "gotests/TestPageAllocFree": ["free", 13, 1324],
  "gotests/TestPageAllocGrow": ["grow", 8, 1353],
  "gotests/TestPageAllocScavenge": ["scavenge", 7, 667],
  "gotests/TestPageCacheAlloc": ["cacheAlloc", 11, 387],
  "gotests/TestPageCacheFlush": ["cacheFlush", 102, 4284],
  "gotests/TestPallocBitsAlloc": ["bitsAlloc", 15, 340],
  "gotests/TestPallocBitsAllocRange": ["bitsAllocRange", 7, 63],
  "gotests/TestPallocBitsFree": ["bitsFree", 6, 108],
  "gotests/TestPallocBitsSummarize": ["summarize", 9, 189],
  "gotests/TestPallocBitsSummarizeRandom": ["summarize", 200, 1200],
  "gotests/TestPallocDataFindScavengeCandidate": ["candidate", 93, 435],
  "extra/extraAddrRanges": ["ranges", 20, 2801],
  "extra/extraFindBitRange64": ["findOnes", 166, 166],
  "extra/extraFindScavengeCandidate": ["candidateOf", 1000, 2705],
  "extra/extraMergeSummaries": ["merge", 500, 1000],
  "extra/extraPackPallocSum": ["pack", 66, 132],
  "extra/extraPallocBits": ["summarize", 200, 4740],
};

const pathOf = (name: string): string => `${ROOT}${name}.json.gz`;
const textOf = (name: string): string => gunzipSync(readFileSync(pathOf(name))).toString("utf8");

function conformText(text: string, resync = false, geometry = GEOMETRY): Check {
  const check = new Check(resync);
  conformVectors("given.json", parseVectors("given.json", text), geometry, check);
  return check;
}

describe("vectors of the runtime's own tests", () => {
  test("every file in the folder is listed above", () => {
    const found = ["gotests", "extra"].flatMap((folder) =>
      readdirSync(ROOT + folder).map((file) => `${folder}/${basename(file, ".json.gz")}`),
    );
    expect(found.sort()).toEqual(Object.keys(FILES).sort());
  });

  test.each(Object.entries(FILES))("%s", async (name, [kind, cases, compared]) => {
    const file = await readVectors(pathOf(name));
    const check = new Check(true);
    conformVectors(name, file, GEOMETRY, check);
    expect(check.shown).toEqual([]);
    expect(check.compared).toBeGreaterThan(0);
    expect([file.kind, file.cases.length, check.mismatches, check.compared]).toEqual([
      kind,
      cases,
      0,
      compared,
    ]);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: what is changed here is any part of any case.
type Json = any;

/** Changes to one recorded result: the file, the place in the first case that has it, and where it should be noticed. */
const CHANGES: readonly [name: string, place: string, change: (old: Json) => Json, what: string | RegExp][] =
  [
    ["gotests/TestPageAllocGrow", "inUse.1.limitPage.0", (n) => n + 1, "inUse[1]: limit as [chunk, page]"],
    ["gotests/TestPageAllocGrow", "final.start", (n) => n - 1, "final start"],
    ["gotests/TestPageAllocGrow", "final.summaries.2.index", (n) => n + 1, "final summaries (level:index)"],
    ["gotests/TestPageAllocAlloc", "initialSearchAddr", () => "0x0", "initialSearchAddr"],
    ["gotests/TestPageAllocAlloc", "hits.0.base", () => "0x3000004000", "hits[0] alloc(1): base"],
    ["gotests/TestPageAllocAlloc", "hits.1.scav", (n) => n + 8192, "hits[1] alloc(1): scavenged bytes"],
    ["gotests/TestPageAllocAlloc", "after.0.0.1", (n) => n - 1, /^after, chunk 0 allocated, word 0$/],
    [
      "gotests/TestPageAllocAlloc",
      "final.chunks.0.scavenged.3",
      () => "0000000000000001",
      "final chunk 0 scavenged, word 3",
    ],
    ["gotests/TestPageAllocAlloc", "final.summaries.0.max", (n) => n + 1, /^final summary \d+ of level 0/],
    ["gotests/TestPageAllocAlloc", "final.inUse.0.1", () => "0x3000800000", "final inUse"],
    ["gotests/TestPageAllocExhaust", "nAlloc", (n) => n - 1, /^allocation \d+ of 1 pages: base$/],
    ["gotests/TestPageAllocExhaust", "final.searchAddr", () => "0x3000000000", "final searchAddr"],
    ["gotests/TestPageAllocFree", "frees.1.searchAddr", () => "0x3000800000", /^frees\[1\].*: searchAddr$/],
    ["gotests/TestPageAllocFree", "final.scav.freeHWM", () => "0x0", "final scav.freeHWM"],
    [
      "gotests/TestPageAllocAllocAndFree",
      "hits.0.page.1",
      (n) => n + 1,
      /^hits\[0\].*: base as \[chunk, page\]$/,
    ],
    ["gotests/TestPageAllocScavenge", "steps.0.expect", (n) => n + 8192, /^steps\[0\].*: released bytes$/],
    ["gotests/TestPageAllocScavenge", "steps.0.scavLWM", () => "0x3000002000", /^steps\[0\].*: scavLWM$/],
    [
      "gotests/TestPageAllocScavenge",
      "final.scav.reservationBytes",
      (n) => n + 1,
      "final scav.reservationBytes",
    ],
    [
      "gotests/TestPageAllocAllocToCache",
      "hits.1.cache",
      () => "00000000ffffffff",
      "hits[1] allocToCache: cache",
    ],
    ["gotests/TestPageAllocAllocToCache", "final.scav.gen", (n) => n + 1, "final scav.gen"],
    ["gotests/TestPageCacheAlloc", "hits.2.scavAfter", () => "0000000000000001", /^hits\[2\].*: scavAfter$/],
    ["gotests/TestPageCacheFlush", "cacheAfter.cache", () => "0000000000000001", "cacheAfter: cache"],
    ["gotests/TestPageCacheFlush", "final.scav.inUse", () => [], "final scav.inUse"],
    ["gotests/TestPallocBitsAllocRange", "want.2", () => "fffffffffffffffe", "want, word 2"],
    ["gotests/TestPallocBitsAlloc", "hits.3.newSearchIdx", (n) => n + 1, "hits[3] find(1, 0): newSearchIdx"],
    ["gotests/TestPallocBitsFree", "finalWords.0", () => "ffffffffffffffff", "finalWords, word 0"],
    ["gotests/TestPallocBitsSummarize", "packed", () => "8000000000000000", "after freeing: packed"],
    ["gotests/TestPallocBitsSummarizeRandom", "end", (n) => n + 1, "after allocating: end"],
    ["gotests/TestMallocBitsPopcntRange", "tests.2.want", (n) => n + 1, /^tests\[2\]/],
    ["gotests/TestFindBitRange64", "want", (n) => n + 1, /^first 1 ones of/],
    ["gotests/TestFillAligned", "want", () => "fffffffffffffffe", /filled by 1$/],
    ["gotests/TestPallocDataFindScavengeCandidate", "want.1", (n) => n - 1, "want, size"],
    [
      "gotests/TestPallocDataFindScavengeCandidate",
      "hasScavengeCandidate",
      (b) => !b,
      "hasScavengeCandidate",
    ],
    ["extra/extraFindScavengeCandidate", "start", (n) => n + 1, "found, start"],
    ["extra/extraFindScavengeCandidate", "has", (b) => !b, "has"],
    ["extra/extraMergeSummaries", "want.2", (n) => n - 1, "want (start:max:end)"],
    ["extra/extraPackPallocSum", "out.0", (n) => n - 1, "out (start:max:end)"],
    ["extra/extraPallocBits", "finds.4.index", () => 8, /^finds\[4\] .*: index$/],
    ["extra/extraAddrRanges", "steps.4.totalBytes", (n) => n + 1, /^steps\[4\] .*: totalBytes$/],
    ["gotests/TestAddrRangesAdd", "steps.1.ranges.0.1", (n) => n + 1, /^steps\[1\] add.*: ranges$/],
    ["gotests/TestAddrRangesFindSucc", "expect", (n) => n + 1, /^first range above/],
  ];

/** Changes the value at a place such as `hits.0.base`; false when the case has no such place. */
function changeAt(value: Json, place: string, change: (old: Json) => Json): boolean {
  const keys = place.split(".");
  const last = keys.pop()!;
  const holder = keys.reduce((at: Json, key) => at?.[key], value);
  if (holder?.[last] === undefined) return false;
  holder[last] = change(holder[last]);
  return true;
}

/** The text of a file with one case changed, the first that `change` accepts, and the line of that case. */
function changed(name: string, change: (value: Json) => boolean): { text: string; line: number } {
  const lines = textOf(name).split("\n");
  for (const [i, text] of lines.entries()) {
    if (!text.startsWith("{")) continue;
    const value = JSON.parse(text.replace(/,$/, ""));
    if (!change(value)) continue;
    lines[i] = JSON.stringify(value) + (text.endsWith(",") ? "," : "");
    return { text: lines.join("\n"), line: i + 1 };
  }
  throw new Error(`no case of ${name} has that place`);
}

describe("a changed result is a mismatch", () => {
  test.each(CHANGES)("%s, %s", (name, place, change, what) => {
    const { text, line } = changed(name, (value) => changeAt(value, place, change));
    const check = conformText(text);
    expect([check.mismatches, check.shown.length]).toEqual([1, 1]);
    const { file, line: shownLine, what: shownWhat, expected, got } = check.shown[0]!;
    expect([file, shownLine]).toEqual(["given.json", line]);
    if (typeof what === "string") expect(shownWhat).toBe(what);
    else expect(shownWhat).toMatch(what);
    expect(expected).not.toEqual(got);
  });

  test("the first mismatch ends the comparison, unless all are wanted", () => {
    const lines = textOf("gotests/TestFillAligned").split("\n");
    for (const line of [10, 20])
      lines[line - 1] = lines[line - 1]!.replace(/"want":"[^"]*"/, '"want":"00000000deadbeef"');
    const text = lines.join("\n");
    const all = conformText(text, true);
    const first = conformText(text);
    expect(all.shown.map((m) => m.line)).toEqual([10, 20]);
    expect(all.compared).toBe(700);
    expect(first.shown.map((m) => m.line)).toEqual([10]);
    expect(first.compared).toBe(9);
  });

  test("with all wanted, the following steps of the same case are compared too", () => {
    const { text } = changed("gotests/TestPageAllocAlloc", (value) => {
      if (value.hits.length < 3) return false;
      for (const hit of value.hits) hit.scav += 1;
      return true;
    });
    const check = conformText(text, true);
    expect(check.mismatches).toBeGreaterThanOrEqual(3);
    expect(check.shown[0]!.around).toMatch(/^case ".+", searchAddr 0x[0-9a-f]+, chunks \d+\.\.\d+, /);
  });

  test("a step that our routine refuses is a mismatch", () => {
    const { text, line } = changed("gotests/TestPageAllocFree", (value) => {
      if (value.frees.length < 2) return false;
      value.frees[1] = value.frees[0];
      return true;
    });
    const check = conformText(text);
    expect(check.shown[0]).toMatchObject({ line, expected: "done" });
    expect(check.shown[0]!.got).toMatch(/^refused: cannot free .* already free/);
  });
});

function inputError(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error("expected an InputError");
}

const FILL = '{"m":1,"want":"0000000000000000","x":"0000000000000000"}';

describe("files that are not vectors", () => {
  test.each([
    ["", /^f:1:1: expected a JSON array of cases, beginning with \[$/],
    ["op,a,b,c\n", /^f:1:1: expected a JSON array/],
    ['{"cases":[]}', /^f:1:1: expected a JSON array/],
    ["[]", /^f:1:1: the array is empty: expected at least one case$/],
    [`[\n${FILL},\n`, /^f:3:1: the JSON ends early/],
    [`[\n${FILL},\n]`, /^f:3:1: .*expected a case before the \]$/],
    [`[\n${FILL}\n] x`, /^f:3:3: .*expected nothing behind the array/],
    [`[\n${FILL},\n  {"m":1,,"x":2}]`, /^f:3:10: this is not valid JSON: /],
    [`[\n${FILL},\n{"m": "open}]`, /^f:3:7: this is not valid JSON: .*unfinished string$/],
    [`[\n${FILL},\n{"m":oops}]`, /^f:3:\d+: this is not valid JSON: /],
    [`[\n${FILL},}\n]`, /^f:2:\d+: this is not valid JSON: } closes nothing$/],
    [`[\n${FILL}, 7\n]`, /^f:2:\d+: the case is 7: expected an object$/],
    ["[\n7\n]", /^f:2:1: expected an array of cases, each a JSON object$/],
    ['[\n{"a":1,"b":2}\n]', /^f:2:1: a case with the keys a, b is of no known kind: expected .*grow, alloc/],
  ])("%j", (text, message) => {
    expect(inputError(() => parseVectors("f", text))).toMatch(message);
  });
});

describe("cases that are not as they should be", () => {
  test.each([
    ["gotests/TestPageAllocAlloc", "hits.0.base", () => undefined, 'hits[0]: the key "base" is missing'],
    [
      "gotests/TestPageAllocAlloc",
      "hits.0.npages",
      () => "1",
      'hits[0].npages is "1": expected a whole number',
    ],
    ["gotests/TestPageAllocAlloc", "hits.0.page", () => [1], "hits[0].page is [1]: expected a list of 2"],
    ["gotests/TestPageAllocAlloc", "after", () => undefined, 'the key "after" is missing'],
    [
      "gotests/TestPageAllocAlloc",
      "before",
      () => ({ x: [] }),
      'a key of before is "x": expected a whole number',
    ],
    ["gotests/TestPageAllocAlloc", "final.scav", () => null, "final.scav is null: expected an object"],
    [
      "gotests/TestPageAllocAlloc",
      "final.scav.gen",
      () => 1.5,
      "final.scav.gen is 1.5: expected a whole number",
    ],
    [
      "gotests/TestPageAllocFree",
      "frees.0.base",
      () => "0x03",
      'frees[0].base is "0x03": expected a hexadecimal',
    ],
    [
      "gotests/TestPageAllocFree",
      "frees.0.scavengedFlag",
      () => 1,
      "frees[0].scavengedFlag is 1: expected true or",
    ],
    [
      "gotests/TestPageCacheAlloc",
      "cache.scav",
      () => "12",
      'cache.scav is "12": expected 16 hexadecimal digits',
    ],
    ["gotests/TestFillAligned", "m", () => 3, "m is 3: expected a power of two from 1 to 64"],
    ["gotests/TestFillAligned", "m", () => undefined, 'the key "m" is missing'],
    ["extra/extraAddrRanges", "steps.1.op", () => "sub", 'steps[1].op is "sub": expected add, removeLast'],
  ])("%s, %s", (name, place, change, message) => {
    const { text, line } = changed(name, (value) => changeAt(value, place, change));
    expect(inputError(() => parseVectors("f", text))).toContain(`f:${line}:1: ${message}`);
  });

  test("an unknown key is an error, since it would not be compared", () => {
    const text = `[\n${FILL.replace("}", ',"y":1}')}\n]`;
    expect(inputError(() => parseVectors("f", text))).toBe(
      'f:2:1: unknown key "y": expected name, x, m, want',
    );
  });

  test.each([
    ["gotests/TestPallocBitsFree", "frees.0", () => 512, "[512,1] does not lie in a chunk"],
    ["gotests/TestPallocBitsAlloc", "before.0", () => [500, 13], "[500,13] does not lie in a chunk"],
    ["gotests/TestPageAllocAlloc", "before.0", () => [[511, 2]], "[511,2] does not lie in a chunk"],
    [
      "gotests/TestPallocBitsSummarizeRandom",
      "words",
      () => ["0000000000000000"],
      "a bitmap has 1 words: expected 8",
    ],
    ["gotests/TestPageAllocGrow", "chunks.1", () => 2 ** 40, "outside the address space of linux/amd64"],
    [
      "gotests/TestPageAllocFree",
      "frees.0.base",
      () => "0x3000000001",
      "0x3000000001 is not the address of a page",
    ],
    [
      "gotests/TestPageAllocFree",
      "frees.0.base",
      () => "0x1000000000000000",
      "outside the 48-bit address space",
    ],
    ["gotests/TestPageCacheAlloc", "cache.base", () => "0x3000002000", "expected a block of 64 pages"],
    ["gotests/TestPageAllocGrow", "final.summaries.0.level", () => 5, "of level 5 does not exist"],
    [
      "gotests/TestPallocDataFindScavengeCandidate",
      "physHugePageSize",
      () => 3,
      "physHugePageSize is 3: expected a",
    ],
    ["extra/extraMergeSummaries", "children", () => [], "children is empty: expected at least one summary"],
  ])("what does not fit the geometry: %s, %s", (name, place, change, message) => {
    const { text, line } = changed(name, (value) => changeAt(value, place, change));
    // Other results of the case may differ too, by what was changed.
    const said = inputError(() => conformText(text, true));
    expect(said).toMatch(new RegExp(`^given.json:${line}:1: case "`));
    expect(said).toContain(message);
  });

  test("an address space without room for the tests' heap", () => {
    const text = `[${FILL}]`;
    expect(inputError(() => conformText(text, false, platform("ios/arm64-33bit")))).toMatch(
      /^given.json: vectors have their heap at 0x3000000000, which ios\/arm64-33bit does not have/,
    );
  });
});

describe("how a file is read", () => {
  const folder = mkdtempSync(join(tmpdir(), "vectors-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const written = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  test("gzipped or plain is seen from the content", async () => {
    const text = `[\n${FILL}\n]\n`;
    for (const path of [written("plain.gz", text), written("zipped.json", gzipSync(text))]) {
      expect(await readVectors(path)).toMatchObject({
        kind: "fillAligned",
        cases: [{ line: 2, name: "#1" }],
      });
    }
  });

  test("lines and names are those of the cases, however the file is laid out", () => {
    const spread = FILL.replaceAll(",", ",\n   ").replace("{", '{"name":"a, [b]\\"",\n');
    const { cases } = parseVectors("f", `\r\n[${FILL}, ${FILL},\n\n  ${spread}\n,\n${FILL}]`);
    expect(cases.map((c) => [c.line, c.column, c.name])).toEqual([
      [2, 2, "#1"],
      [2, FILL.length + 4, "#2"],
      [4, 3, 'a, [b]"'],
      [9, 1, "#4"],
    ]);
  });

  test.each([
    ["none.json", undefined, "no such file: expected a vector file, gzipped or plain"],
    ["cut.gz", gzipSync(textOf("gotests/TestFillAligned")).subarray(0, 2000), "the gzip data ends early"],
    [
      "bad.gz",
      Buffer.concat([gzipSync("[]").subarray(0, 10), Buffer.alloc(20, 255)]),
      "the gzip data is damaged",
    ],
    [".", undefined, "this is a folder: expected a file"],
  ])("%s", async (name, content, message) => {
    const path = content === undefined ? join(folder, name) : written(name, content);
    await expect(readVectors(path)).rejects.toThrow(InputError);
    await expect(readVectors(path)).rejects.toThrow(`${path}: ${message}`);
  });
});
