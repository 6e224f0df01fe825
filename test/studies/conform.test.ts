import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { policyNamed } from "../../sim/policies/registry.js";
import { type ConformOptions, type ConformResult, conformFile } from "../../studies/conform.js";
import { ROOT, TestFolder, TRACES, textOf, tracePath, VECTORS } from "../setup/files.js";

const folder = new TestFolder();

/** Results of each group of recordings. Fewer than this, and something is no longer compared. */
const GROUPS: Readonly<Record<string, readonly [files: number, compared: number]>> = {
  "test/vectors/go1.18/gotests": [20, 25_818],
  "test/vectors/go1.18/extra": [6, 11_544],
  "test/vectors/go1.18/diff": [8, 356_648],
  "test/vectors/go1.18-386/diff": [7, 314_539],
  "test/vectors/traces/go1.18": [7, 357_446],
  "test/vectors/go1.19/gotests": [2, 1_460],
  "test/vectors/go1.19/diff": [4, 303_390],
  "test/vectors/go1.23/gotests": [8, 150_846],
  "test/vectors/go1.23/diff": [5, 513_751],
  "test/vectors/traces/go1.23": [3, 401_213],
  "scenarios/library": [1, 68_939],
};

/** Span addresses that are predicted in traces of one P, as the recordings' own index counts them. */
const SPANS: Readonly<Record<string, number>> = {
  "compile-gotypes-gmp1": 15_254,
  "fraggrow-gmp1": 6_909,
  "golist-gmp1": 10_439,
  "hello-gmp1": 35,
};

/** The same for Go 1.23. */
const SPANS_1_23: Readonly<Record<string, number>> = { "hello-gmp1": 37, "kvcache-limit280-gmp1": 21_662 };

function recordings(group: string): string[] {
  const path = join(ROOT, group);
  return readdirSync(path)
    .filter((name) => name.endsWith(".gz"))
    .sort()
    .map((name) => join(path, name));
}

/** How many results the lines of an operation log tell, counted apart from the replay. */
function resultsOfLog(text: string): number {
  const each: Readonly<Record<string, number>> = {
    alloc: 3,
    tocache: 3,
    calloc: 3,
    scavenge: 3,
    startgen: 3,
    state: 3,
    sum: 2,
    grow: 1,
    free: 1,
    flush: 1,
  };
  const lines = text.trimEnd().split("\n").slice(1);
  // Logs of later releases tell the state of the scavenger's cursors in every line: one in 1.19, two from 1.21 on.
  const cursors = lines[0]!.split(",").slice(7);
  const perLine = cursors.filter((cursor) => cursor !== "").length;
  const ofIndex: Readonly<Record<string, number>> = { nextgen: 2, chunk: perLine === 2 ? 3 : 2 };
  const resultsOf = (op: string): number => each[op] ?? ofIndex[op]!;
  return lines.reduce((sum, line) => sum + perLine + resultsOf(line.slice(0, line.indexOf(","))), 0);
}

/** How many results the rows of a trace tell, counted apart from the replay. */
function resultsOfTrace(text: string): number {
  let several = false;
  let sum = 0;
  for (const line of text.trimEnd().split("\n").slice(1)) {
    const [, , op, a, b, , d] = line.split(",");
    if (op === "procs" && Number(b) > 1) several = true;
    const each: Readonly<Record<string, number>> = {
      arena: 2,
      grow: 2,
      alloc: a === "0" ? 1 : 2,
      refill: 3,
      calloc: 2,
      flush: 3,
      span: 2,
      spanfree: 1,
      gen: 4,
      // Retained memory is read without a lock, so it is exact only while one P runs.
      scavreq: several ? 2 : 3,
      scavskip: several ? 3 : 4,
      scavret: 1,
      scavres: 3,
      scavunres: 3,
      scav: 2,
      procs: 1,
      pace: 2,
      pace2: 4,
      stat: d === "0" ? 0 : 3,
    };
    sum += each[op!] ?? 0;
  }
  return sum;
}

/** The same for a trace of Go 1.23. */
function resultsOfIndexedTrace(text: string): number {
  let several = false;
  let sum = 0;
  for (const line of text.trimEnd().split("\n").slice(1)) {
    const [, , op, a, b, , d, e] = line.split(",");
    if (op === "procs" && Number(b) > 1) several = true;
    // Retained memory is read without a lock, and after an allocation only when the heap grew and has a goal.
    const isRead = op === "scavin" && (a !== "0" || b !== "0");
    const each: Readonly<Record<string, number>> = {
      arena: 2,
      grow: 2,
      alloc: a === "0" ? 1 : 2,
      refill: 3,
      calloc: 2,
      flush: 3,
      span: 2,
      spanfree: 1,
      // Searches take no lock; those of these traces answered as the model did.
      find: 4,
      scav: 3,
      empty: 4,
      nextgen: 4,
      scavin: several && isRead ? 1 : 2,
      scavdec: 5,
      scavreq: (several && b !== "1" ? 2 : 3) + (b === "0" ? 1 : 0),
      limgoal: 1,
      scavret: 1,
      bgsleep: 3,
      bgpark: 2,
      procs: 1,
      pace: 2,
      pace2: 4,
      pace3: 1,
      stat: e === "0" ? 0 : 3,
    };
    sum += each[op!] ?? 0;
    if (d === undefined) throw new Error(`a row of few columns: ${line}`);
  }
  return sum;
}

/** How many results a recording tells. */
function resultsOf(text: string): number {
  if (text.startsWith("op,")) return resultsOfLog(text);
  return text.startsWith("t,p,op,a,b,c,d,e") ? resultsOfIndexedTrace(text) : resultsOfTrace(text);
}

describe("recordings of the real runtime", () => {
  test("every recording is in a group", () => {
    const all = readdirSync(VECTORS, { recursive: true, encoding: "utf8" }).filter((p) => p.endsWith(".gz"));
    const groups = new Set(all.map((path) => join("test", "vectors", dirname(path))));
    expect([...groups].sort()).toEqual(
      Object.keys(GROUPS)
        .filter((group) => group.startsWith("test"))
        .sort(),
    );
  });

  test.each(Object.entries(GROUPS))("%s", async (group, [files, compared]) => {
    const paths = recordings(group);
    let sum = 0;
    for (const path of paths) {
      const result = await conformFile(path, {});
      expect([relative(ROOT, path), result.error, result.shown]).toEqual([
        relative(ROOT, path),
        undefined,
        [],
      ]);
      expect(result.remark).toBeUndefined();
      if (path.endsWith(".csv.gz")) {
        const text = textOf(path);
        expect(result.compared).toBe(resultsOf(text));
      }
      sum += result.compared;
    }
    expect([paths.length, sum]).toEqual([files, compared]);
  });

  test.each(Object.entries(SPANS))("%s from its spans alone", async (name, spans) => {
    const result = await conformFile(tracePath(name), { spansOnly: true });
    expect([result.compared, result.mismatches, result.error]).toEqual([spans, 0, undefined]);
  });

  test.each(Object.entries(SPANS_1_23))("%s of Go 1.23 from its spans alone", async (name, spans) => {
    const result = await conformFile(join(VECTORS, "traces", "go1.23", `${name}.csv.gz`), {
      spansOnly: true,
    });
    expect([result.compared, result.mismatches, result.error]).toEqual([spans, 0, undefined]);
  });

  test("a prediction from spans alone does not look at other rows", async () => {
    const kept = rowsOf("hello-gmp1").filter((line) =>
      /^(t|\d+,-?\d+,(init|procs|span|spanfree)),/.test(line),
    );
    const result = await conformFile(folder.write("spans.csv", `${kept.join("\n")}\n`), { spansOnly: true });
    expect([result.compared, result.mismatches]).toEqual([SPANS["hello-gmp1"], 0]);
  });
});

const texts = new Map<string, string[]>();

/** The release in a name such as `go1.23/scav-seed1`; Go 1.18 where there is none. */
function releaseOf(name: string): string {
  return name.includes("/") ? dirname(name) : "go1.18";
}

/** The lines of a trace or of an operation log, such as `scav-seed1` of go1.18 or `go1.23/scav-seed1`. */
function rowsOf(name: string): string[] {
  const file = `${basename(name)}.csv.gz`;
  const trace = name.includes("/") ? join(VECTORS, "traces", releaseOf(name), file) : tracePath(name);
  const path = name.includes("-seed") ? join(VECTORS, releaseOf(name), "diff", file) : trace;
  let lines = texts.get(name);
  if (lines === undefined) {
    lines = textOf(path).trimEnd().split("\n");
    texts.set(name, lines);
  }
  return [...lines];
}

/** Writes lines as a file that lies like the recordings do, so that its geometry is found. */
function written(name: string, lines: readonly string[]): string {
  const release = releaseOf(name);
  const diff = folder.at(release, "diff");
  mkdirSync(diff, { recursive: true });
  copyFileSync(join(VECTORS, release, "meta.json"), folder.at(release, "meta.json"));
  copyFileSync(join(VECTORS, release, "diff", "index.json"), join(diff, "index.json"));
  return folder.write(join(release, "diff", `${basename(name)}.csv`), `${lines.join("\n")}\n`);
}

type Change = (field: string) => string;

const page: Change = (hex) => (Number.parseInt(hex, 16) + 8192).toString(16);
const prefixed: Change = (hex) => `0x${page(hex.slice(2))}`;
const bit: Change = (bits) => `${bits.slice(0, 15)}${bits.endsWith("0") ? "1" : "0"}`;
const plus: Change = (number) => String(Number(number) + 1);
const plusPage: Change = (number) => String(Number(number) + 8192);
/** The last digit of the second of two hashes. */
const bitOfTwo: Change = (hashes) => `${hashes.slice(0, -1)}${hashes.endsWith("0") ? "1" : "0"}`;
/** The last digit of a fraction: one in its last place. */
const lastDigit: Change = (ratio) => ratio.slice(0, -1) + (ratio.endsWith("1") ? "2" : "1");
/** The next page of a cursor, marked or not. */
const unmarkedPage: Change = (cursor) =>
  cursor.endsWith("m") ? `${page(cursor.slice(0, -1))}m` : page(cursor);
const SCAVENGED = "finds, empty ones, hash of the ranges";
const WORTH = "worth a look, in the background and forced";

interface Damaged {
  readonly path: string;
  readonly line: number;
}

/** Changes one field of a row of an operation, the `skip`th that matches; where that is. */
function damage(name: string, match: RegExp, column: number, change: Change, skip = 0): Damaged {
  const lines = rowsOf(name);
  let left = skip;
  const at = lines.findIndex((line) => match.test(line) && left-- === 0);
  if (at < 0) throw new Error(`${name} has no row ${match}`);
  const fields = lines[at]!.split(",");
  fields[column] = change(fields[column]!);
  lines[at] = fields.join(",");
  return { path: written(name, lines), line: at + 1 };
}

async function expectOne(
  damaged: Damaged,
  what: string,
  options: ConformOptions = {},
): Promise<ConformResult> {
  const result = await conformFile(damaged.path, options);
  expect(result.error).toBeUndefined();
  expect(result.shown.map((m) => [m.file, m.line, m.what])).toEqual([[damaged.path, damaged.line, what]]);
  expect(result.mismatches).toBe(1);
  expect(result.shown[0]!.expected).not.toBe(result.shown[0]!.got);
  expect(result.shown[0]!.around).not.toBe("");
  return result;
}

/** Columns of an operation log. */
const [R1, R2, SEARCH, BG, FORCE] = [4, 5, 6, 7, 8];
/** Columns of a trace. */
const [A, B, C, D, E] = [3, 4, 5, 6, 7];

/** One changed value: where it is, what is said of it, and whether the rows after it stand on it. */
type Case = readonly [
  name: string,
  match: RegExp,
  column: number,
  change: Change,
  what: string,
  isolated: boolean,
];

const LOG_CHANGES: readonly Case[] = [
  ["scav-seed1", /^alloc,\d+,,,0xc0/, R1, prefixed, "alloc r1 (address)", false],
  ["scav-seed1", /^alloc,\d+,,,0xc0/, R2, plusPage, "alloc r2 (scavenged bytes)", true],
  ["mixed-seed1", /^alloc,/, SEARCH, prefixed, "alloc searchAddr", false],
  ["scav-seed1", /^free,/, SEARCH, prefixed, "free searchAddr", false],
  ["scav-seed1", /^grow,/, SEARCH, prefixed, "grow searchAddr", false],
  ["cache-seed1", /^tocache,\d,,,0xc0/, R1, prefixed, "tocache r1 (base)", true],
  ["cache-seed1", /^tocache,\d,,,0xc0/, R2, bit, "tocache r2 (cache and scavenged bits)", true],
  ["cache-seed1", /^calloc,\d,\d+,,0xc0/, R1, prefixed, "calloc r1 (address)", true],
  ["cache-seed1", /^calloc,\d,\d+,,0xc0/, R2, plusPage, "calloc r2 (scavenged bytes)", true],
  ["cache-seed1", /^flush,/, SEARCH, prefixed, "flush searchAddr", false],
  ["scav-seed1", /^scavenge,/, R1, plusPage, "scavenge r1 (released)", true],
  ["scavphys64k-seed1", /^scavenge,/, R2, prefixed, "scavenge r2 (scavLWM)", true],
  ["scavnohuge-seed1", /^startgen,/, R1, plus, "startgen r1 (generation)", true],
  ["scavnohuge-seed1", /^startgen,/, R2, plus, "startgen r2 (reservation)", true],
  ["large-seed1", /^state,/, R1, bit, "state r1 (hash of the state)", true],
  ["large-seed1", /^state,/, R2, (state) => `1${state}`, "state r2 (state)", true],
  ["large-seed1", /^sum,3,/, R1, (sum) => `1${sum}`, "sum r1 (summary)", true],
];

/** The mark of a cursor, which is as much part of it as the address. */
const unmarked: Change = (cursor) => cursor.slice(0, -1);
const later: Change = (entry) => entry.replace(/^(\d+):/, (_, inUse) => `${Number(inUse) + 1}:`);

/** In logs of later releases cursors are believed, so what a changed one leads to is seen at once. */
const INDEXED_LOG_CHANGES: readonly Case[] = [
  ["go1.23/mixed-seed1", /^alloc,\d+,,,0xc0/, R1, prefixed, "alloc r1 (address)", false],
  ["go1.23/scav-seed1", /^scavenge,\d+,0,/, R1, plusPage, "scavenge r1 (released)", true],
  ["go1.23/scavforce-seed1", /^scavenge,\d+,1,/, R2, (r2) => `${r2}0`, `scavenge r2 (${SCAVENGED})`, true],
  ["go1.23/scav-seed1", /^nextgen,/, R1, plus, "nextgen r1 (generation)", true],
  ["go1.23/scav-seed1", /^chunk,/, R1, later, "chunk r1 (entry)", false],
  ["go1.23/scav-seed1", /^chunk,/, R2, (r2) => (r2 === "0:0" ? "1:0" : "0:0"), `chunk r2 (${WORTH})`, true],
  ["go1.23/cache-seed1", /^state,/, R1, bitOfTwo, "state r1 (hash of the state)", true],
  ["go1.23/cache-seed1", /^state,/, R2, (state) => `${state}0`, "state r2 (state)", true],
  ["go1.23/scav-seed1", /,0x[0-9a-f]+m,$/, BG, unmarked, "nextgen bg", false],
  ["go1.23/scav-seed1", /^free,.*m$/, FORCE, unmarked, "free force", false],
  ["go1.19/scav-seed1", /^scavenge,/, R1, plusPage, "scavenge r1 (released)", true],
  ["go1.19/scavphys64k-seed1", /^scavenge,/, R2, (r2) => `${r2}0`, `scavenge r2 (${SCAVENGED})`, true],
  ["go1.19/scav-seed1", /^chunk,/, R1, (one) => (one === "0" ? "1" : "0"), "chunk r1 (bit)", true],
  ["go1.19/mixed-seed1", /^state,/, R1, bitOfTwo, "state r1 (hash of the state)", true],
  ["go1.19/mixed-seed1", /^state,/, R2, (state) => `1${state}`, "state r2 (state)", true],
  ["go1.19/scav-seed1", /^free,.*m,$/, BG, unmarked, "free bg", false],
];

const LIMIT = "go1.23/kvcache-limit280-gmp1";
const FREEOS = "go1.23/kvcache-freeos-gmp2";
const flipped: Change = (bit) => (bit === "0" ? "1" : "0");
const INDEXED_TRACE_CHANGES: readonly Case[] = [
  [LIMIT, /,find,[^,]+,[^0]/, A, unmarkedPage, "find cursor before", false],
  [LIMIT, /,find,[^,]+,[^0]/, B, page, "find chunk and page", false],
  [LIMIT, /,find,[^,]+,[^0]/, C, unmarkedPage, "find cursor after", false],
  [LIMIT, /,find,[^,]+,[^0]/, D, flipped, "find force", true],
  [LIMIT, /,scav,/, A, page, "scav address", false],
  [LIMIT, /,scav,/, B, plus, "scav npages", false],
  [LIMIT, /,scav,/, D, bit, "scav entry of the chunk", true],
  [LIMIT, /,empty,/, B, plus, "empty page searched from", true],
  [LIMIT, /,empty,/, D, bit, "empty entry of the chunk", true],
  [LIMIT, /,nextgen,/, A, plus, "nextgen generation", true],
  [LIMIT, /,nextgen,\d+,c/, B, page, "nextgen freeHWM", true],
  [LIMIT, /,nextgen,\d+,c/, C, unmarked, "nextgen cursor before", false],
  [LIMIT, /,nextgen,\d+,c/, D, unmarked, "nextgen cursor after", false],
  [LIMIT, /^\d+,\d+,scavin,0,/, A, plus, "scavin heap_retained, not read", true],
  [LIMIT, /,scavin,[1-9]/, A, plus, "scavin heap_retained", false],
  [LIMIT, /,scavdec,/, A, plus, "scavdec bytes to scavenge", false],
  [LIMIT, /,scavdec,[1-9]/, B, plus, "scavdec bytes above the limit", true],
  [LIMIT, /,scavdec,/, C, plus, "scavdec bytes for growth", true],
  [LIMIT, /,scavdec,/, D, plus, "scavdec growth", true],
  [LIMIT, /,scavdec,/, E, (flags) => String(Number(flags) ^ 1), "scavdec force and P", true],
  [LIMIT, /,scavreq,\d+,0,/, A, plus, "scavreq bytes wanted", false],
  [LIMIT, /,scavreq,\d+,0,/, C, plus, "scavreq heap_retained", true],
  [LIMIT, /,scavreq,\d+,1,/, C, plus, "scavreq heap_retained as read before", true],
  [FREEOS, /,scavreq,\d+,0,/, D, plus, "scavreq scavenge goal", true],
  [LIMIT, /,limgoal,/, B, plus, "limgoal memory limit goal", true],
  [LIMIT, /,scavret,65536/, A, plus, "scavret released bytes", true],
  [FREEOS, /,bgsleep,/, B, plus, "bgsleep ns to sleep", true],
  [FREEOS, /,bgsleep,.*,0\.[1-9]\d{12,}/, D, lastDigit, "bgsleep sleep ratio", true],
  [FREEOS, /,pace,/, C, plus, "pace last_heap_inuse", false],
  [FREEOS, /,pace,/, D, () => "5", "pace scavenge goal", true],
  [FREEOS, /,pace2,/, A, plus, "pace2 heap_retained", true],
  [FREEOS, /,pace2,/, B, plus, "pace2 heap_inuse", true],
  [FREEOS, /,pace2,/, C, plus, "pace2 heap_free", true],
  [FREEOS, /,pace2,/, D, plus, "pace2 heap_released", true],
  [LIMIT, /,pace3,.*,max,/, C, () => "5", "pace3 memory limit goal", true],
  [LIMIT, /,stat,.*,1$/, A, plus, "stat heap_inuse", true],
  [LIMIT, /,stat,.*,2$/, B, plus, "stat heap_free", true],
  [LIMIT, /,stat,.*,2$/, C, plus, "stat heap_released", true],
  [LIMIT, /,refill,/, A, page, "refill base", false],
  [LIMIT, /,span,/, D, plusPage, "span scavenged bytes", true],
];

const TRACE_CHANGES: readonly Case[] = [
  ["fraggrow-gmp1", /,alloc,c0/, A, page, "alloc address", false],
  ["fraggrow-gmp1", /,alloc,c0/, C, plusPage, "alloc scavenged bytes", true],
  ["fraggrow-gmp1", /,alloc,0/, A, () => "c000002000", "alloc address", false],
  ["fraggrow-gmp1", /,arena,/, A, page, "arena address", true],
  ["fraggrow-gmp1", /,arena,/, B, plus, "arena bytes", true],
  ["fraggrow-gmp1", /,grow,/, A, page, "grow address", true],
  ["fraggrow-gmp1", /,grow,/, B, plus, "grow bytes", true],
  ["fraggrow-gmp1", /,refill,/, A, page, "refill base", false],
  ["fraggrow-gmp1", /,refill,/, B, bit, "refill free pages", false],
  ["fraggrow-gmp1", /,refill,/, C, bit, "refill scavenged pages", false],
  ["fraggrow-gmp1", /,calloc,/, A, page, "calloc address", true],
  ["fraggrow-gmp1", /,calloc,/, C, plusPage, "calloc scavenged bytes", true],
  ["gmpflip-gmp4", /,flush,/, A, page, "flush base", true],
  ["gmpflip-gmp4", /,flush,/, B, bit, "flush free pages", true],
  ["gmpflip-gmp4", /,flush,/, C, bit, "flush scavenged pages", true],
  ["fraggrow-gmp1", /,span,/, B, plus, "span npages", true],
  ["fraggrow-gmp1", /,span,/, D, plusPage, "span scavenged bytes", true],
  ["fraggrow-gmp1", /,spanfree,/, B, plus, "spanfree npages", true],
  ["fraggrow-gmp1", /,spanfree,/, C, () => "h9", "spanfree kind", true],
  ["fraggrow-gmp1", /,gen,/, A, plus, "gen generation", true],
  ["fraggrow-gmp1", /,gen,/, B, plus, "gen reservation bytes", true],
  ["fraggrow-gmp1", /,gen,/, C, page, "gen start address", false],
  ["fraggrow-gmp1", /,gen,/, D, plus, "gen mapped bytes", true],
  ["fraggrow-gmp1", /,scavreq,\d+,1,/, A, plus, "scavreq bytes wanted", false],
  ["fraggrow-gmp1", /,scavreq,\d+,0,/, C, plus, "scavreq heap_retained", true],
  ["fraggrow-gmp1", /,scavreq,\d+,0,/, D, plus, "scavreq scavenge goal", true],
  ["fraggrow-gmp1", /,scavskip,/, A, plus, "scavskip growth", true],
  ["fraggrow-gmp1", /,scavskip,/, C, plus, "scavskip heap_retained", true],
  ["fraggrow-gmp1", /,scavskip,/, D, () => "5", "scavskip scavenge goal", true],
  ["fraggrow-gmp1", /,scavret,65536,/, A, plus, "scavret released bytes", true],
  ["fraggrow-gmp1", /,scavres,/, A, page, "scavres reserved base", true],
  ["fraggrow-gmp1", /,scavres,/, B, plus, "scavres reserved bytes", true],
  ["fraggrow-gmp1", /,scavres,/, C, plus, "scavres generation", true],
  ["fraggrow-gmp1", /,scavunres,/, A, page, "scavunres base", true],
  ["fraggrow-gmp1", /,scavunres,/, B, plus, "scavunres bytes", true],
  ["fraggrow-gmp1", /,scavunres,/, C, plus, "scavunres generation", true],
  ["fraggrow-gmp1", /,scav,/, A, page, "scav address", false],
  ["fraggrow-gmp1", /,scav,/, B, plus, "scav npages", false],
  ["fraggrow-gmp1", /,procs,1,/, A, plus, "procs GOMAXPROCS before", true],
  ["fraggrow-gmp1", /,pace,/, C, plus, "pace last_heap_inuse", true],
  ["fraggrow-gmp1", /,pace,/, D, () => "5", "pace scavenge goal", true],
  ["fraggrow-gmp1", /,pace2,/, A, plus, "pace2 heap_retained", true],
  ["fraggrow-gmp1", /,pace2,/, B, plus, "pace2 heap_sys", true],
  ["fraggrow-gmp1", /,pace2,/, C, plus, "pace2 heap_released", true],
  ["fraggrow-gmp1", /,pace2,/, D, plus, "pace2 heap_inuse", true],
  ["fraggrow-gmp1", /,stat,.*,1$/, A, plus, "stat heap_sys", true],
  ["fraggrow-gmp1", /,stat,.*,2$/, B, plus, "stat heap_inuse", true],
  ["gmpflip-gmp4", /,stat,.*,2$/, C, plus, "stat heap_released", true],
];

const ALL_CHANGES = [...LOG_CHANGES, ...TRACE_CHANGES, ...INDEXED_LOG_CHANGES, ...INDEXED_TRACE_CHANGES];

/** Some rows in, so that there is something before and after. */
const SKIP: Readonly<Record<string, number>> = {
  sum: 40,
  state: 10,
  gen: 3,
  flush: 1,
  arena: 1,
  pace: 1,
  scavin: 0,
};
const skipOf = (what: string): number => SKIP[what.split(" ")[0]!] ?? 5;

describe("one changed value is one mismatch, at its line", () => {
  test.each(ALL_CHANGES)("%s %s column %i", async (...given) => {
    const [name, match, column, change, what] = given;
    await expectOne(damage(name, match, column, change, skipOf(what)), what);
  });

  test.each(ALL_CHANGES.filter(([, , , , , isolated]) => isolated))(
    "with --all the rest is compared as if nothing had been: %s %s column %i",
    async (...given) => {
      const [name, match, column, change, what] = given;
      const damaged = damage(name, match, column, change, skipOf(what));
      const result = await expectOne(damaged, what, { all: true });
      expect(result.compared).toBe(resultsOf(rowsOf(name).join("\n")));
    },
  );

  test("with --all a changed searchAddr is believed, so the next line starts from it", async () => {
    const { path, line } = damage("mixed-seed1", /^alloc,/, SEARCH, prefixed, 500);
    const result = await conformFile(path, { all: true });
    expect(result.shown.map((m) => m.line)).toEqual([line, line + 1]);
    expect([result.mismatches, result.compared]).toEqual([2, resultsOfLog(rowsOf("mixed-seed1").join("\n"))]);
  });

  test("with --all an allocation elsewhere is made where it was recorded", async () => {
    // The second page was recorded where the first was free, so the next two allocations get the first and the third.
    const path = written("elsewhere", [
      "op,a,b,c,r1,r2,searchAddr",
      "grow,0xc000000000,4194304,,,,0xc000000000",
      "alloc,512,,,0xc000000000,4194304,0xc000000000",
      "free,0xc000000000,512,0,,,0xc000000000",
      "alloc,1,,,0xc000002000,0,0xc000000000",
      "alloc,1,,,0xc000000000,0,0xc000000000",
      "alloc,1,,,0xc000004000,0,0xc000004000",
    ]);
    const result = await conformFile(path, { all: true });
    expect(result.shown.map((m) => [m.line, m.expected, m.got])).toEqual([
      [5, "0xc000002000", "0xc000000000"],
    ]);
    expect([result.mismatches, result.compared, result.error]).toEqual([1, 14, undefined]);
  });

  test("with --all a row that cannot be replayed after a mismatch is no fault of the file", async () => {
    // The span of the allocation that was moved is handed out where nothing was allocated any more.
    const { path, line } = damage("fraggrow-gmp1", /,alloc,c0/, A, page, 5);
    const result = await conformFile(path, { all: true });
    expect([result.shown[0]!.line, result.shown[0]!.what]).toEqual([line, "alloc address"]);
    expect(result.error).toBeUndefined();
    expect(result.compared).toBeLessThan(resultsOfTrace(rowsOf("fraggrow-gmp1").join("\n")));
  });

  test("the first mismatch ends the comparison without --all", async () => {
    const first = damage("golist-gmp1", /,stat,.*,2$/, A, plus, 0);
    const result = await conformFile(first.path, {});
    expect(result.mismatches).toBe(1);
    expect(result.compared).toBeLessThan(resultsOfTrace(rowsOf("golist-gmp1").join("\n")));
  });

  test("a changed span address from the spans alone", async () => {
    const damaged = damage("golist-gmp1", /,span,/, A, page, 10_438);
    await expectOne(damaged, "span address", { spansOnly: true });
  });
});

describe("what was read without a lock is not compared", () => {
  test.each([A, B, C])("periodic stat rows, column %i", async (column) => {
    const { path } = damage("fraggrow-gmp1", /,stat,.*,0$/, column, plusPage, 30);
    expect(await conformFile(path, {})).toMatchObject({ mismatches: 0, error: undefined });
  });

  test("retained memory is compared with one P, and not with several", async () => {
    const match = /,scavreq,\d+,0,\d+,/;
    const several = damage("gmpflip-gmp4", match, C, plusPage, 20);
    expect(await conformFile(several.path, {})).toMatchObject({ mismatches: 0, error: undefined });
    await expectOne(damage("fraggrow-gmp1", match, C, plusPage, 20), "scavreq heap_retained");
  });
});

describe("files that cannot be compared", () => {
  const header = "t,p,op,a,b,c,d\n";
  const init = `${header}0,-1,init,4096,2,2097152,\n`;
  const init23 = "t,p,op,a,b,c,d,e\n0,-1,init,4096,2,2097152,,\n";
  const log = "op,a,b,c,r1,r2,searchAddr\n";
  const log19 = "op,a,b,c,r1,r2,searchAddr,bg,force\n";
  const grown = `${log}grow,0xc000000000,4194304,,,,0xc000000000\n`;

  test.each([
    ["an empty file", "", /^PATH:1: the file is empty/],
    ["no recording", "hello\nworld\n", /^PATH:1:1: not a recording: expected JSON vectors, .* got "hello"$/],
    ["control characters", "\u001b[31mred\n", /^PATH:1:1: not a recording: .* got "\?\[31mred"$/],
    ["a header of Go 1.23 alone", "t,p,op,a,b,c,d,e\n", /^PATH:2: the trace has no rows/],
    [
      "a row of Go 1.23 in a trace of Go 1.18",
      `${init}9,-1,find,0,0,0,0\n`,
      /^PATH:3:6: unknown operation "find": expected one of init/,
    ],
    [
      "a row of Go 1.18 in a trace of Go 1.23",
      `${init23}9,-1,gen,1,0,0,0,\n`,
      /^PATH:3:6: unknown operation "gen": expected one of init/,
    ],
    [
      "a cursor that is none",
      `${init23}9,-1,find,c000000000x,0,0,0,0\n`,
      /^PATH:3:\d+: expected an address in hexadecimal, without 0x, and an m/,
    ],
    ["a ratio that is none", `${init23}9,0,bgsleep,1,1,1,fast,\n`, /^PATH:3:19: expected a number$/],
    [
      "an entry of a chunk that is not there",
      `${init23}9,-1,empty,c000000000,511,0,0000000000000000,0\n`,
      /^PATH:3:1: empty: chunk \d+ was not grown$/,
    ],
    [
      "a line of a log of Go 1.19 with 7 fields",
      `${log19}alloc,1,,,0x0,0,0x7fffffffffff\n`,
      /^PATH:2:1: expected 9 comma-separated fields, got 7/,
    ],
    [
      "a generation in a log of Go 1.19",
      `${log19}nextgen,,,,1,,0x7fffffffffff,0xffff800000000000,\n`,
      /^PATH:2:1: nextgen: Go 1.19 has no generations/,
    ],
    [
      "a chunk of a log that is not there",
      `${log19}chunk,5,,,0,,0x7fffffffffff,0xffff800000000000,\n`,
      /^PATH:2:1: chunk: chunk 5 was not grown/,
    ],
    ["a header alone", header, /^PATH:2: the trace has no rows/],
    ["no init row", `${header}5,0,procs,0,1,,\n`, /^PATH:2:1: the first row of a trace must be init$/],
    [
      "a page size of 3",
      `${header}0,-1,init,3,2,0,\n`,
      /^PATH:2:1: .*physPageBytes is 3, expected a power of two/,
    ],
    ["a second init", `${init}0,-1,init,4096,2,0,\n`, /^PATH:3:1: init: init is the first row/],
    [
      "an unknown operation",
      `${init}9,-1,mmap,1,2,,\n`,
      /^PATH:3:6: unknown operation "mmap": expected one of init/,
    ],
    ["a cut row", `${init}9,-1,free,c0000`, /^PATH:3: the last line has no newline: the file was cut off$/],
    ["a missing field", `${init}9,-1,free,c000000000\n`, /^PATH:3:\d+: the line has too few fields$/],
    [
      "a field too many",
      `${init}9,-1,free,c000000000,1,,,\n`,
      /^PATH:3:\d+: expected 7 comma-separated fields$/,
    ],
    ["a free of unmapped pages", `${init}9,-1,free,c000000000,1,,\n`, /^PATH:3:1: free: .*not mapped$/],
    ["a span of no kind", `${init}9,-1,span,c000000000,1,x5,0\n`, /^PATH:3:24: unknown kind of span "x5"/],
    ["a P that is not there", `${init}9,0,calloc,0,1,0,\n`, /^PATH:3:1: calloc: there is no P 0/],
    [
      "unknown operation of a log",
      `${log}mmap,,,,,,\n`,
      /^PATH:2:1: unknown operation "mmap": expected one of grow/,
    ],
    [
      "a line of a log with 6 fields",
      `${log}alloc,1,,,0x0,0\n`,
      /^PATH:2:1: expected 7 comma-separated fields, got 6/,
    ],
    [
      "a free of free pages in a log",
      `${grown}free,0xc000000000,1,0,,,0x0\n`,
      /^PATH:3:1: free: .*already free$/,
    ],
    [
      "a free of no pages in a log",
      `${grown}free,0xc000000000,0,0,,,0x0\n`,
      /^PATH:3:1: free: the pages are "0"/,
    ],
    [
      "an odd address in a log",
      `${grown}free,0xc000000001,1,0,,,0x0\n`,
      /^PATH:3:1: free: 0xc000000001 is not the address/,
    ],
    ["no address in a log", `${grown}free,zero,1,0,,,0x0\n`, /^PATH:3:1: free: "zero" is not an address/],
    [
      "a level that is not there",
      `${grown}sum,5,0,,0:0:0,,0xc000000000\n`,
      /^PATH:3:1: sum: level 5 is not below 5/,
    ],
    [
      "an index that is not there",
      `${grown}sum,4,67108864,,0:0:0,,0x0\n`,
      /^PATH:3:1: sum: index 67108864 is not below/,
    ],
    [
      "growth of what is mapped",
      `${grown}grow,0xc000000000,4194304,,,,0x0\n`,
      /^PATH:3:1: grow: .*grown before$/,
    ],
    [
      "growth beyond reason",
      `${log}grow,0x0,140737488355328,,,,0x0\n`,
      /^PATH:2:1: grow: the heap would be larger/,
    ],
    [
      "an alloc beyond reason",
      `${init}9,-1,alloc,0,8589934592,0,\n`,
      /^PATH:3:1: alloc: .*larger than 4 TiB/,
    ],
    [
      "an alloc that nothing can hold",
      `${init}9,-1,alloc,0,34359738368,0,\n`,
      /^PATH:3:1: the model runs out of memory/,
    ],
  ])("%s", async (_, content, message) => {
    const path = folder.write("damaged", content);
    const result = await conformFile(path, {});
    expect(result.error?.message.replace(path, "PATH")).toMatch(message);
    expect(result.mismatches).toBe(0);
  });

  test("with --all: an alloc beyond reason, at an address where nothing was grown", {
    timeout: 5000,
  }, async () => {
    const path = folder.write("damaged", `${init}9,-1,alloc,c000000000,500000000,0,\n`);
    const result = await conformFile(path, { all: true });
    // The comparison ends there, and does not look at half a billion pages first.
    expect([result.mismatches, result.error]).toEqual([1, undefined]);
  });

  test.each([
    ["scavunres", "this thread has given back already what it had reserved"],
    ["scavdone", "no release of \\d+ pages began here before"],
    ["spanfree", "no live span begins at this address"],
  ])("a row that is there twice: %s", async (op, message) => {
    const lines = rowsOf("fraggrow-gmp1");
    const at = lines.findIndex((line) => line.includes(`,${op},`));
    lines.splice(at, 0, lines[at]!);
    const path = written("twice", lines);
    const result = await conformFile(path, {});
    expect(result.error?.message).toMatch(new RegExp(`^${path}:${at + 2}:1: ${op}: ${message}$`));
  });

  test.each([["hello-gmp4"], ["small-seed1"]])("gzip data that is cut or changed: %s", async (name) => {
    const packed = gzipSync(`${rowsOf(name).join("\n")}\n`);
    const cut = await conformFile(folder.write("cut.gz", packed.subarray(0, packed.length - 9)), {});
    expect(cut.error?.message).toMatch(/cut\.gz:\d+: the gzip data ends early: the file was cut off/);
    const changed = Buffer.from(packed);
    changed[packed.length - 6]! ^= 0xff;
    const bad = await conformFile(folder.write("bad.gz", changed), {});
    expect(bad.error?.message).toMatch(/bad\.gz:\d+: the gzip data is damaged/);
  });

  test("what is wrong with the geometry is said with the file that holds it", async () => {
    const path = written("small-seed1", rowsOf("small-seed1").slice(0, 5));
    folder.write(join("go1.18", "meta.json"), '{"heapAddrBits": 48, "levelBits": [1]}');
    expect((await conformFile(path, {})).error?.message).toMatch(
      /meta\.json: geometry go1\.18 breaks the radix/,
    );
    folder.write(join("go1.18", "meta.json"), "{");
    expect((await conformFile(path, {})).error?.message).toMatch(/meta\.json: not valid JSON/);
  });
});

describe("the kind of a file and its address space", () => {
  test("the kind is found from the content, whatever the name", async () => {
    const names = ["a.json.gz", "b.txt", "c.csv", "noending"];
    const log = join(VECTORS, "go1.18", "diff", "exhaust-seed1.csv.gz");
    const vectors = join(VECTORS, "go1.18", "gotests", "TestFillAligned.json.gz");
    for (const name of names) {
      for (const [source, compared] of [
        [join(TRACES, "hello-gmp4.csv.gz"), 204],
        [vectors, 700],
        [log, 42_985],
      ] as const) {
        const packed = folder.write(name, readFileSync(source));
        expect(await conformFile(packed, {})).toMatchObject({ compared, mismatches: 0, error: undefined });
        const plain = folder.write(name, textOf(source));
        expect(await conformFile(plain, {})).toMatchObject({ compared, mismatches: 0, error: undefined });
      }
    }
  });

  test("without meta.json it is linux/amd64, and that is said", async () => {
    const path = folder.write(
      join("alone", "x.csv"),
      textOf(join(VECTORS, "go1.18", "diff", "small-seed1.csv.gz")),
    );
    const result = await conformFile(path, {});
    expect(result.mismatches).toBe(0);
    expect(result.remark).toBe(
      `${path}: no meta.json in the folder above and no --geometry: taking linux/amd64, 4096 byte pages, 2097152 byte huge pages`,
    );
    expect((await conformFile(path, { geometry: "linux/amd64" })).remark).toBeUndefined();
  });

  test("physical page sizes come from index.json, packed or not, else from the options", async () => {
    const name = "scavphys64k-seed1";
    const path = written(name, rowsOf(name));
    expect((await conformFile(path, {})).mismatches).toBe(0);
    // Under another name there is no entry, and with 4 KiB pages other memory is released.
    const renamed = folder.write(join("go1.18", "diff", "other.csv"), readFileSync(path));
    expect((await conformFile(renamed, {})).mismatches).toBe(1);
    expect((await conformFile(renamed, { physPageBytes: 65536 })).mismatches).toBe(0);
    const nohuge = folder.write(
      join("go1.18", "diff", "third.csv"),
      textOf(join(VECTORS, "go1.18", "diff", "scavnohuge-seed1.csv.gz")),
    );
    expect((await conformFile(nohuge, {})).mismatches).toBe(1);
    expect((await conformFile(nohuge, { hugePageBytes: 0 })).mismatches).toBe(0);
  });

  test("a geometry that is given counts more than meta.json", async () => {
    const path = join(VECTORS, "go1.18-386", "diff", "small-seed1.csv.gz");
    expect((await conformFile(path, {})).mismatches).toBe(0);
    expect((await conformFile(path, { geometry: "linux/386" })).mismatches).toBe(0);
    expect((await conformFile(path, { geometry: join(VECTORS, "go1.18-386", "meta.json") })).mismatches).toBe(
      0,
    );
    const other = await conformFile(path, { geometry: "linux/amd64" });
    expect(other.mismatches + (other.error === undefined ? 0 : 1)).toBe(1);
  });

  test("the policy is that of the release in meta.json, or the one that is given, or what the columns tell", async () => {
    const name = "go1.19/mixed-seed1";
    const path = written(name, rowsOf(name));
    expect(await conformFile(path, {})).toMatchObject({ mismatches: 0, error: undefined });
    // Other scavengers do something else, or have no such log.
    expect((await conformFile(path, { policy: policyNamed("go1.22") })).mismatches).toBe(1);
    const other = await conformFile(path, { policy: policyNamed("go1.18") });
    expect(other.error?.message).toMatch(/do not tell of the scavenger of go1\.18: expected one of go1\.19/);
    folder.write(join("go1.19", "meta.json"), '{"goVersion": "go1.99"}');
    const newer = await conformFile(path, { geometry: "linux/amd64" });
    expect(newer.error?.message).toMatch(/meta\.json: goVersion: go1\.99 is newer .*--policy/);
    const alone = folder.write(join("none", "none", "x.csv"), `${rowsOf(name).join("\n")}\n`);
    expect(await conformFile(alone, { physPageBytes: 4096 })).toMatchObject({ mismatches: 0 });
    const later = folder.write(join("none", "none", "y.csv"), `${rowsOf("go1.23/mixed-seed1").join("\n")}\n`);
    expect(await conformFile(later, { physPageBytes: 4096 })).toMatchObject({ mismatches: 0 });
  });

  test("a trace of Go 1.23 is not replayed under another scavenger", async () => {
    const trace = join(VECTORS, "traces", "go1.23", "hello-gmp1.csv.gz");
    const result = await conformFile(trace, { policy: policyNamed("go1.18") });
    expect(result.error?.message).toMatch(/do not tell of the scavenger of go1\.18: expected one of go1\.21/);
  });

  test("names in messages are as they were given", async () => {
    const path = relative(process.cwd(), folder.write("given.csv", "nothing\n"));
    expect((await conformFile(path, {})).error?.message.startsWith(`${path}:1:1: `)).toBe(true);
    expect(basename(path)).toBe("given.csv");
  });
});
