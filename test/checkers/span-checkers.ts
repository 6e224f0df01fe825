/**
 * What must be true of fits that keep free spans, checked the slow way: their spans are the free pages of the bitmaps, no more
 * and no less; spans that should have joined have; lists and treaps hold each span where it belongs, once.
 */

import { AddressTreap } from "../../sim/heap/fits/address-treap.js";
import { FreeLists, LARGE_SPAN_PAGES } from "../../sim/heap/fits/free-lists.js";
import { HugepageFiller } from "../../sim/heap/fits/hugepage-filler.js";
import { RunFit } from "../../sim/heap/fits/run-fits.js";
import { SpanFit } from "../../sim/heap/fits/span-fit.js";
import { NO_ROW } from "../../sim/heap/fits/span-rows.js";
import type { SpanTreap } from "../../sim/heap/fits/span-treap.js";
import { TwoTreaps } from "../../sim/heap/fits/two-treaps.js";
import type { Heap } from "../../sim/heap/heap.js";
import type { PageAllocator } from "../../sim/pages/page-allocator.js";
import { StateError } from "./state-error.js";

/** A free span, as a structure has it. */
interface Span {
  readonly row: number;
  readonly page: number;
  readonly npages: number;
  readonly scavenged: boolean;
}

function fail(sentence: string): never {
  throw new StateError(sentence);
}

/** Checks the fit of a heap, if it keeps spans. @throws StateError */
export function checkSpanFit(heap: Heap): void {
  const { fit, pages } = heap;
  if (fit instanceof HugepageFiller) checkFiller(fit, pages);
  if (!(fit instanceof SpanFit)) return;
  const spans = hangingSpans(fit).sort((a, b) => a.page - b.page);
  if (spans.length !== fit.rows.count) {
    fail(`${spans.length} spans hang in the structure of the fit, but ${fit.rows.count} rows are in use`);
  }
  checkTables(fit, spans);
  checkCover(pages, spans);
  for (let i = 0; i < spans.length; i++) {
    checkState(fit, pages, spans[i]!);
    const next = spans[i + 1];
    const touches = next !== undefined && spans[i]!.page + spans[i]!.npages === next.page;
    if (touches && (fit.joining === "together" || spans[i]!.scavenged === next.scavenged)) {
      fail(`the spans at pages ${spans[i]!.page} and ${next.page} should be one`);
    }
  }
  if (fit instanceof AddressTreap) checkHugePages(fit, spans, heap);
}

/** All spans in lists and treaps, which are checked on the way. */
function hangingSpans(fit: SpanFit): Span[] {
  if (fit instanceof FreeLists) return [...listed(fit), ...inTreap(fit.large, true)];
  if (fit instanceof TwoTreaps) {
    const [free, gone] = [inTreap(fit.unscavenged, true), inTreap(fit.scavenged, true)];
    for (const span of free) if (span.scavenged) fail(`the treap of unscavenged spans has ${text(span)}`);
    for (const span of gone) if (!span.scavenged) fail(`the treap of scavenged spans has ${text(span)}`);
    return [...free, ...gone];
  }
  if (fit instanceof AddressTreap) return inTreap(fit.spans, false);
  if (fit instanceof RunFit) return inTreap(fit.runs, fit.bySize);
  return fail("a fit keeps spans that no checker knows");
}

function spanOf(fit: Pick<SpanFit, "rows">, row: number): Span {
  const { rows } = fit;
  return { row, page: rows.page[row]!, npages: rows.npages[row]!, scavenged: rows.scavenged[row] === 1 };
}

function listed(fit: FreeLists): Span[] {
  const found: Span[] = [];
  const { rows, heads } = fit;
  if (heads[0] !== NO_ROW) fail("the list of spans without pages is not empty");
  for (let n = 1; n < LARGE_SPAN_PAGES; n++) {
    let before = NO_ROW;
    for (let row = heads[n]!; row !== NO_ROW; row = rows.right[row]!) {
      if (rows.npages[row] !== n) fail(`list ${n} has a span of ${rows.npages[row]} pages`);
      if (rows.left[row] !== before) fail(`a span of list ${n} does not know the one before it`);
      if (found.length > rows.count) fail(`list ${n} runs in a circle`);
      found.push(spanOf(fit, row));
      before = row;
    }
  }
  for (const span of inTreap(fit.large, true)) {
    if (span.npages < LARGE_SPAN_PAGES) fail(`the treap of large spans has one of ${span.npages} pages`);
  }
  return found;
}

/** The spans of a treap in order, after a look at the order of keys and priorities, and at what nodes know of their subtrees. */
export function inTreap(treap: SpanTreap, bySize: boolean): Span[] {
  const { rows } = treap;
  const found: Span[] = [];
  const visit = (row: number, parent: number): { max: number; kinds: number } => {
    if (row === NO_ROW) return { max: 0, kinds: 0 };
    if (rows.parent[row] !== parent) fail(`the parent of the span at page ${rows.page[row]} is another`);
    if (parent !== NO_ROW && rows.priority[row]! < rows.priority[parent]!) {
      fail(`the span at page ${rows.page[row]} has a smaller priority than its parent`);
    }
    const left = visit(rows.left[row]!, row);
    found.push(spanOf(treap, row));
    const right = visit(rows.right[row]!, row);
    const scavenged = rows.scavenged[row] === 1 ? 1 : 0;
    const huge = rows.hugePagesIn(row) > 0 ? 2 : 0;
    const max = Math.max(left.max, right.max, rows.npages[row]!);
    const kinds = left.kinds | right.kinds | (1 << (scavenged | huge));
    if (rows.maxPages[row] !== max || rows.kinds[row] !== kinds) {
      fail(
        `the span at page ${rows.page[row]} knows of ${rows.maxPages[row]} pages and kinds ${rows.kinds[row]} below it, there are ${max} and ${kinds}`,
      );
    }
    return { max, kinds };
  };
  visit(treap.root, NO_ROW);
  if (found.length !== treap.count) fail(`a treap counts ${treap.count} spans, but has ${found.length}`);
  for (let i = 1; i < found.length; i++) {
    const [a, b] = [found[i - 1]!, found[i]!];
    const inOrder = bySize && a.npages !== b.npages ? a.npages < b.npages : a.page < b.page;
    if (!inOrder) fail(`${text(a)} comes before ${text(b)} in a treap`);
  }
  return found;
}

function checkTables(fit: SpanFit, spans: readonly Span[]): void {
  for (const { row, page, npages } of spans) {
    if (fit.starts.get(page) !== row) fail(`the span at page ${page} is not known by its first page`);
    if (fit.ends.get(page + npages - 1) !== row)
      fail(`the span at page ${page} is not known by its last page`);
  }
  if (fit.starts.count !== spans.length || fit.ends.count !== spans.length) {
    fail(
      `${spans.length} spans are free, but ${fit.starts.count} first and ${fit.ends.count} last pages are known`,
    );
  }
}

/** Spans hold each free page once, and nothing else. */
function checkCover(pages: PageAllocator, spans: readonly Span[]): void {
  const free = new Set<number>();
  const { pageBytes } = pages.geometry;
  for (let r = 0; r < pages.inUse.length; r++) {
    const limit = pages.inUse.limits[r]! / pageBytes;
    for (let page = pages.inUse.bases[r]! / pageBytes; page < limit; page++) {
      if (!pages.isAllocated(page)) free.add(page);
    }
  }
  for (const span of spans) {
    if (span.npages < 1) fail(`${text(span)} has no page`);
    for (let page = span.page; page < span.page + span.npages; page++) {
      if (!free.delete(page)) fail(`page ${page} of ${text(span)} is not free, or in another span too`);
    }
  }
  for (const page of free) fail(`page ${page} is free, but in no span`);
}

/** Scavenged bits agree with the span: its whole physical pages have them, or none has. */
function checkState(fit: SpanFit, pages: PageAllocator, span: Span): void {
  if (fit.joining === "together") return;
  const { minPages } = fit;
  let whole = 0;
  for (let page = span.page; page < span.page + span.npages; page++) {
    const first = Math.floor(page / minPages) * minPages;
    const isWhole = first >= span.page && first + minPages <= span.page + span.npages;
    if (isWhole) whole++;
    if (isScavenged(pages, page) !== (span.scavenged && isWhole)) {
      fail(`page ${page} of ${text(span)} is ${isScavenged(pages, page) ? "" : "not "}scavenged`);
    }
  }
  if (span.scavenged && whole === 0) fail(`${text(span)} has no whole physical page`);
}

function isScavenged(pages: PageAllocator, page: number): boolean {
  const { tree, geometry } = pages;
  const chunk = Math.floor(page / geometry.chunkPages);
  const index = page - chunk * geometry.chunkPages;
  const word = tree.scavBits[tree.flatChunk(chunk) * tree.wordsPerChunk + Math.floor(index / 32)]!;
  return ((word >>> (index % 32)) & 1) === 1;
}

function checkHugePages(fit: AddressTreap, spans: readonly Span[], heap: Heap): void {
  const { physHugePageBytes, pageBytes } = heap.geometry;
  const hugePages = physHugePageBytes / pageBytes;
  let huge = 0;
  for (const { page, npages, scavenged } of spans) {
    if (scavenged || hugePages <= 1) continue;
    for (let at = page; at < page + npages; at++) {
      if (at % hugePages === 0 && at + hugePages <= page + npages) huge++;
    }
  }
  if (huge !== fit.unscavengedHugePages) {
    fail(`${fit.unscavengedHugePages} huge pages are counted in unscavenged spans, there are ${huge}`);
  }
}

/** The lists of the filler hold each huge page with free pages once, by what its bitmap says. */
function checkFiller(fit: HugepageFiller, pages: PageAllocator): void {
  const { unitPages, heads } = fit;
  const { pageBytes } = pages.geometry;
  const listed = new Map<number, string>();
  for (let list = 0; list < heads.length; list++) {
    for (let unit = heads[list]!; unit >= 0; unit = fit.next[unit]!) {
      const first = fit.firstPages[unit]!;
      if (listed.has(first)) fail(`the huge page at page ${first} is listed twice`);
      listed.set(first, `${Math.floor(list / (unitPages + 1))} free, longest ${list % (unitPages + 1)}`);
    }
  }
  for (let r = 0; r < pages.inUse.length; r++) {
    const limit = pages.inUse.limits[r]! / pageBytes;
    for (let first = pages.inUse.bases[r]! / pageBytes; first < limit; first += unitPages) {
      let [free, run, longest] = [0, 0, 0];
      for (let page = first; page < first + unitPages; page++) {
        run = pages.isAllocated(page) ? 0 : run + 1;
        if (run > 0) free++;
        longest = Math.max(longest, run);
      }
      const got = listed.get(first);
      const want = free === 0 ? undefined : `${free} free, longest ${longest}`;
      if (got !== want) fail(`the huge page at page ${first} is listed with ${got}, and has ${want}`);
      listed.delete(first);
    }
  }
  for (const first of listed.keys()) fail(`a huge page at page ${first} is listed that was not grown`);
}

function text({ page, npages, scavenged }: Span): string {
  return `the ${scavenged ? "scavenged " : ""}span of ${npages} pages at page ${page}`;
}
