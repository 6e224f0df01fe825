/**
 * Cases about one bitmap, one summary or one word: functions with no heap around them.
 */

import type { Bits, VectorFields } from "../../scenarios/trace/vectors/kinds.js";
import { countRange, findOnes64 } from "../../sim/pages/bits.js";
import { mergeSummaries, packedHex, packSummary, unpackSummary } from "../../sim/pages/summary.js";
import {
  type Candidate,
  fillAligned as fill,
  filledHi,
  findScavengeCandidate,
  hasScavengeCandidate,
} from "../../sim/scavenge/candidate.js";
import { hex64 } from "../words.js";
import type { CaseCheck } from "./case-check.js";
import { halves, wordsOf } from "./chunk-bits.js";

/** Takes a range of a free chunk. */
export function bitsAllocRange(fields: VectorFields<"bitsAllocRange">, c: CaseCheck): void {
  const { chunk } = c;
  chunk.load(c, []);
  c.requireInChunk(fields.i, fields.n);
  if (fields.n > 0) chunk.alloc(fields.i, fields.n);
  c.equalWords("want", fields.want, chunk.words);
}

/** Finds and takes runs of one length until there is none. */
export function bitsAlloc(fields: VectorFields<"bitsAlloc">, c: CaseCheck): void {
  const { chunk } = c;
  chunk.load(c, fields.before);
  fields.hits.forEach((hit, i) => {
    c.step(`hits[${i}] find(${fields.npages}, 0)`);
    const index = expectFind(c, { ...hit, npages: fields.npages, searchIdx: 0 });
    if (index >= 0) chunk.alloc(index, fields.npages);
  });
  c.step("");
  c.equalWords("after", wordsOf(c, fields.after), chunk.words);
  c.equalWords("finalWords", fields.finalWords, chunk.words);
}

/** Frees runs of one length. */
export function bitsFree(fields: VectorFields<"bitsFree">, c: CaseCheck): void {
  const { chunk } = c;
  const { chunkPages } = c.geometry;
  chunk.load(c, wordsOf(c, [[0, chunkPages]], fields.beforeFree));
  for (const first of fields.frees) {
    c.requireInChunk(first, fields.npages);
    chunk.free(first, fields.npages);
  }
  c.equalWords("afterFree", wordsOf(c, [[0, chunkPages]], fields.afterFree), chunk.words);
  c.equalWords("finalWords", fields.finalWords, chunk.words);
}

/**
 * Summarises a bitmap, and searches it. The tree keeps summaries up to date without looking at the whole bitmap, so
 * they are compared three times: as a series of frees leaves them, as a series of allocations does, and computed anew.
 */
export function summarize(fields: VectorFields<"summarize">, c: CaseCheck): void {
  const { chunk } = c;
  if (fields.free !== undefined) {
    chunk.load(c, [[0, c.geometry.chunkPages]]);
    for (const [first, count] of fields.free) {
      c.requireInChunk(first, count);
      if (count > 0) chunk.free(first, count);
    }
    c.step("after freeing");
    c.equalWords("words", fields.words, chunk.words);
    expectSummary(c, fields);
  }
  chunk.load(c, fields.words);
  c.step("after allocating");
  expectSummary(c, fields);
  chunk.tree.resummarize(chunk.flat);
  c.step("");
  expectSummary(c, fields);
  fields.finds?.forEach((find, i) => {
    c.step(`finds[${i}] find(${find.npages}, ${find.searchIdx})`);
    expectFind(c, find);
  });
}

function expectSummary(c: CaseCheck, recorded: VectorFields<"summarize">): void {
  const { start, max, end, packed } = c.chunk.summary;
  c.equal("start", recorded.start, start);
  c.equal("max", recorded.max, max);
  c.equal("end", recorded.end, end);
  if (recorded.packed !== undefined) c.equal("packed", recorded.packed, packed);
}

interface Find {
  readonly npages: number;
  readonly searchIdx: number;
  readonly index: number;
  readonly newSearchIdx: number;
}

/** Compares a search; returns where the run was found, or -1. */
function expectFind(c: CaseCheck, find: Find): number {
  const { tree, flat } = c.chunk;
  c.requireInChunk(find.searchIdx, 1);
  const index = tree.findRun(flat, find.searchIdx, find.npages);
  c.equal("index", find.index, index);
  // Where searching goes on next is the first free page, whether or not the run was found. Without any it is nowhere.
  const next = tree.firstFree(flat, find.searchIdx);
  if (next < tree.chunkPages) c.equal("newSearchIdx", find.newSearchIdx, next);
  return index;
}

/** Counts set bits in ranges. */
export function popcount(fields: VectorFields<"popcount">, c: CaseCheck): void {
  const { chunk } = c;
  chunk.load(c, fields.init);
  fields.tests.forEach(({ i, n, want }, at) => {
    c.requireInChunk(i, n);
    c.equal(`tests[${at}] count of [${i},${n}]`, want, countRange(chunk.tree.allocBits, chunk.word0, i, n));
  });
}

/** Finds the first run of ones in a word. */
export function findOnes(fields: VectorFields<"findOnes">, c: CaseCheck): void {
  const { hi, lo } = halves(fields.x);
  const got = findOnes64(hi, lo, fields.n);
  c.equal(`first ${fields.n} ones of ${fields.x}`, fields.want, got);
  // The runtime's function says "none" by any value above the last bit.
  if (fields.goReturns !== undefined && fields.goReturns < 64) c.equal("goReturns", fields.goReturns, got);
}

/** Fills aligned groups of bits that have any set. */
export function fillAligned(fields: VectorFields<"fillAligned">, c: CaseCheck): void {
  const { hi, lo } = halves(fields.x);
  const filledLo = fill(hi, lo, fields.m);
  c.equal(`${fields.x} filled by ${fields.m}`, fields.want, hex64(filledHi, filledLo));
}

/** Finds what to scavenge in a chunk, as the runtime's own table says it. */
export function candidate(fields: VectorFields<"candidate">, c: CaseCheck): void {
  const got = findCandidate(fields, c);
  for (const [what, recorded] of [
    ["want", fields.want],
    ["goReturns", fields.goReturns],
  ] as const) {
    if (recorded !== undefined) expectCandidate(c, what, recorded[0], recorded[1], got);
  }
  expectHas(c, "hasScavengeCandidate", fields.hasScavengeCandidate, fields.min);
}

/** Finds what to scavenge in a chunk, of any words. */
export function candidateOf(fields: VectorFields<"candidateOf">, c: CaseCheck): void {
  expectCandidate(c, "found", fields.start, fields.size, findCandidate(fields, c));
  expectHas(c, "has", fields.has, fields.min);
}

interface CandidateInputs {
  readonly alloc: Bits;
  readonly scavenged: Bits;
  readonly searchIdx: number;
  readonly min: number;
  readonly max: number;
  readonly physPageSize?: number | undefined;
  readonly physHugePageSize?: number | undefined;
}

function findCandidate(inputs: CandidateInputs, c: CaseCheck): Candidate {
  const { chunk, geometry } = c;
  chunk.load(c, inputs.alloc, inputs.scavenged);
  c.requireInChunk(inputs.searchIdx, 1);
  const found = { start: 0, size: 0 };
  const huge = hugePages(inputs, c);
  findScavengeCandidate(chunk.tree, chunk.flat, inputs.searchIdx, inputs.min, inputs.max, huge, found);
  c.state = () =>
    `searchIdx ${inputs.searchIdx}, min ${inputs.min}, max ${inputs.max}, ${huge} pages of ${geometry.pageBytes} bytes in a huge page`;
  return found;
}

/** Runtime pages in a huge page of the case, which may be larger than a chunk; 0 when huge pages need no care. */
function hugePages(inputs: CandidateInputs, c: CaseCheck): number {
  const { pageBytes, physPageBytes, physHugePageBytes } = c.geometry;
  const phys = inputs.physPageSize ?? physPageBytes;
  const huge = inputs.physHugePageSize ?? physHugePageBytes;
  if (huge !== 0 && !Number.isInteger(Math.log2(huge)))
    c.reject(`physHugePageSize is ${huge}: expected a power of two, or 0 for none`);
  return huge > pageBytes && huge > phys ? huge / pageBytes : 0;
}

function expectCandidate(c: CaseCheck, what: string, start: number, size: number, got: Candidate): void {
  c.equal(`${what}, size`, size, got.size);
  // Where nothing is found the start says nothing.
  if (size !== 0) c.equal(`${what}, start`, start, got.start);
}

function expectHas(c: CaseCheck, what: string, recorded: boolean | undefined, min: number): void {
  const { tree, flat } = c.chunk;
  if (recorded !== undefined) c.equal(what, recorded, hasScavengeCandidate(tree, flat, min));
}

/** Merges the summaries of neighbours. */
export function merge(fields: VectorFields<"merge">, c: CaseCheck): void {
  const { children, want } = fields;
  if (children.length === 0) c.reject("children is empty: expected at least one summary");
  // An entry of the tree is four numbers, the last of which a merge leaves alone; the result goes behind the children.
  const entries = Int32Array.from([...children, [0, 0, 0]].flatMap((child) => [...child, 0]));
  const at = 4 * children.length;
  mergeSummaries(entries, 0, children.length, 2 ** fields.logMaxPages, entries, at);
  const got = { start: entries[at]!, max: entries[at + 1]!, end: entries[at + 2]! };
  c.equal("want (start:max:end)", want.join(":"), `${got.start}:${got.max}:${got.end}`);
  c.equal(
    "packed",
    fields.packed,
    packedHex(packSummary(got.start, got.max, got.end, c.geometry.logMaxPackedValue)),
  );
}

/** Packs a summary into a word, and unpacks it. */
export function pack(fields: VectorFields<"pack">, c: CaseCheck): void {
  const { logMaxPackedValue } = c.geometry;
  const [start, max, end] = fields.in;
  c.equal("packed", fields.packed, packedHex(packSummary(start, max, end, logMaxPackedValue)));
  const { hi, lo } = halves(fields.packed);
  const out = unpackSummary({ hi: hi >>> 0, lo: lo >>> 0 }, logMaxPackedValue);
  c.equal("out (start:max:end)", fields.out.join(":"), `${out.start}:${out.max}:${out.end}`);
}
