/**
 * Cases about the scavengers of Go 1.19 and later: the index alone, an entry of it, scavenging with it.
 */

import type { VectorFields } from "../../scenarios/trace/vectors/kinds.js";
import type { BitmapScavenger } from "../../sim/scavenge/bitmap-index.js";
import { DensityScavenger } from "../../sim/scavenge/density-index.js";
import { cursorText, markText } from "../cursor-text.js";
import { packedEntry } from "../packed-entry.js";
import { hex64 } from "../words.js";
import type { CaseCheck } from "./case-check.js";
import { halves } from "./chunk-bits.js";
import { DENSE_FRACTION, IndexCase } from "./index-case.js";

/** The index of Go 1.19, which has one bit a chunk. */
export function bitIndex(fields: VectorFields<"bitIndex">, c: CaseCheck): void {
  const heap = new IndexCase(c, false);
  const scavenger = heap.scavenger as BitmapScavenger;
  for (let chunk = 0; chunk < fields.chunks; chunk++) heap.grow(chunk);
  fields.steps.forEach((step, i) => {
    c.step(`steps[${i}] ${step.op}`);
    if (step.op === "mark") scavenger.freed(...pagesOf(c, step));
    else if (step.op === "find") expectFound(c, step.found, scavenger.find(), scavenger);
    else if (step.op === "clear") scavenger.setEmpty(chunkOf(c, step.chunk, fields.chunks));
    c.equal("searchAddr", step.searchAddr, cursorText(c.geometry, scavenger.cursor));
  });
}

/** The index of Go 1.21 and later. Every chunk was taken in one generation, and freed in the next, in which the case begins. */
export function densityIndex(fields: VectorFields<"densityIndex">, c: CaseCheck): void {
  const heap = new IndexCase(c, true);
  const scavenger = heap.scavenger as DensityScavenger;
  for (let offset = 0; offset < fields.chunks; offset++) {
    scavenger.setEntry(heap.grow(offset), { inUse: 0, lastInUse: c.geometry.chunkPages, gen: 1, flags: 0 });
  }
  scavenger.gen = 1;
  fields.steps.forEach((step, i) => {
    c.step(`steps[${i}] ${step.op}`);
    if (step.op === "alloc") scavenger.allocated(...pagesOf(c, step));
    else if (step.op === "free") scavenger.freed(...pagesOf(c, step));
    else if (step.op === "nextgen") scavenger.markDone();
    else if (step.op === "find") expectFound(c, step.found, scavenger.find(step.force), scavenger);
    else if (step.op === "setempty") scavenger.setEmpty(chunkOf(c, step.chunk, fields.chunks));
    c.equal("searchAddrBg", step.searchAddrBg, cursorText(c.geometry, scavenger.background));
    c.equal("searchAddrForce", step.searchAddrForce, cursorText(c.geometry, scavenger.forced));
    c.equal("freeHWM", step.freeHWM, markText(c.geometry, scavenger.freeHighPage));
    c.equal("gen", step.gen, scavenger.gen);
  });
}

/** First page and count of a range, which must lie in the chunks of the case. */
function pagesOf(c: CaseCheck, { base, limit }: { base: string; limit: string }): [number, number] {
  const first = c.page(base);
  const end = c.page(limit);
  const { chunkPages } = c.geometry;
  if (first >= end || Math.floor(first / chunkPages) < c.context.baseChunk)
    c.reject(`${base} to ${limit} is no range of pages of the tests' heap`);
  return [first, end - first];
}

function chunkOf(c: CaseCheck, offset: number, chunks: number): number {
  if (offset >= chunks) c.reject(`chunk ${offset} is not among the ${chunks} of the case`);
  return c.context.baseChunk + offset;
}

function expectFound(
  c: CaseCheck,
  recorded: readonly number[] | null,
  isFound: boolean,
  { foundChunk, foundIndex }: { foundChunk: number; foundIndex: number },
): void {
  const got = isFound ? [foundChunk - c.context.baseChunk, foundIndex] : null;
  c.equal("found", JSON.stringify(recorded), JSON.stringify(got));
}

/** Scavenges; which pages are in use does not change. */
export function scavengeByIndex(fields: VectorFields<"scavengeByIndex">, c: CaseCheck): void {
  // Only the entries of the later index have several parts.
  const heap = new IndexCase(
    c,
    [...fields.initial.index.values()].some((entry) => entry.includes(":")),
  );
  heap.build(fields.before, fields.scav);
  heap.expectIndex("initial", fields.initial);
  fields.steps.forEach((step, i) => {
    c.step(`steps[${i}] scavenge(${step.request})`);
    const force = "force" in step && step.force;
    // The largest request, 2^64-1, becomes 2^64: either is more than there is.
    c.equal("released bytes", step.expect, heap.scavenger.scavenge(Number(step.request), force));
    heap.expectSearchAddr(step.searchAddr);
    const cursors = heap.cursors().map((cursor) => cursorText(c.geometry, cursor));
    const recorded =
      "scavSearchAddr" in step ? [step.scavSearchAddr] : [step.searchAddrBg, step.searchAddrForce];
    c.equal("cursors", recorded.join(" "), cursors.join(" "));
  });
  c.step("");
  heap.expectTable("afterScav", fields.before, fields.afterScav);
  heap.expectFinal(fields.final);
}

/** One entry of the index, on its own. */
export function chunkEntry(fields: VectorFields<"chunkEntry">, c: CaseCheck): void {
  const heap = new IndexCase(c, true);
  const scavenger = new DensityScavenger(heap.pages, DENSE_FRACTION);
  const { chunkPages } = c.geometry;
  const chunk = heap.grow(0);
  const page = chunk * chunkPages;
  scavenger.grew(page, chunkPages);
  scavenger.setEntry(chunk, unpackEntry(fields.initialPacked));
  scavenger.gen = fields.initialGen;
  fields.steps.forEach((step, i) => {
    c.step(`steps[${i}] ${step.op}${"n" in step ? ` ${step.n}` : ""}`);
    if (step.op === "gen") scavenger.gen = step.gen;
    else if (step.op === "setempty") scavenger.setEmpty(chunk);
    else {
      c.requireInChunk(0, step.n);
      if (step.op === "alloc") scavenger.allocated(page, step.n);
      else scavenger.freed(page, step.n);
    }
    const entry = scavenger.entryOf(chunk);
    const { hi, lo } = packedEntry(entry);
    c.equal("packed", step.packed, hex64(hi, lo));
    c.equal("inUse", step.inUse, entry.inUse);
    c.equal("lastInUse", step.lastInUse, entry.lastInUse);
    c.equal("generation", step.chunkGen, entry.gen);
    c.equal("flags", step.flags, entry.flags);
    c.equal("shouldScavenge in the background", step.shouldBg, scavenger.shouldScavenge(chunk, false));
    c.equal("shouldScavenge forced", step.shouldForce, scavenger.shouldScavenge(chunk, true));
  });
}

function unpackEntry(word: string): { inUse: number; lastInUse: number; gen: number; flags: number } {
  const { hi, lo } = halves(word);
  return { inUse: lo & 0xffff, lastInUse: (lo >>> 16) & 0x3ff, flags: lo >>> 26, gen: hi >>> 0 };
}
