/**
 * The page heap of Go 1.11 to 1.13, the slow and obvious way: free spans in a plain list, the treap drawn anew for each search,
 * and a set of released pages. Everything follows the text of the release, with no structure kept between operations.
 */

import { spanPriority } from "../../../../sim/heap/fits/span-rows.js";
import type { Policy } from "../../../../sim/policies/policy.js";

export interface NaiveSpan {
  page: number;
  npages: number;
  scavenged: boolean;
  sinceNs: number;
  /** Of spans in a list: when it came there. */
  order: number;
}

export interface NaiveShape {
  readonly arenaPages: number;
  readonly minPages: number;
  readonly hugePages: number;
  readonly physPagesPerPage: number;
  /** First page of the first arena. */
  readonly base: number;
  readonly seed: number;
}

export class NaiveSpanHeap {
  spans: NaiveSpan[] = [];
  readonly released = new Set<number>();
  readonly live = new Map<number, number>();
  nowNs = 0;
  mappedPages = 0;
  stackPages = 0;
  /** Pages that count as released ahead of the heap's growth into them. */
  aheadPages = 0;
  /** Infinite: none. */
  goalPages: number;
  creditPages = 0;
  private order = 0;
  private curBase: number;
  private curEnd: number;
  private nextArena: number;

  constructor(
    private readonly policy: Policy,
    private readonly shape: NaiveShape,
  ) {
    this.curBase = 0;
    this.curEnd = 0;
    this.nextArena = shape.base;
    this.goalPages = policy.goal.basis === "none" ? Number.POSITIVE_INFINITY : 0;
  }

  get releasedPages(): number {
    return this.released.size + this.aheadPages;
  }

  get retainedPages(): number {
    return this.mappedPages - this.releasedPages;
  }

  alloc(npages: number): number {
    let span = this.pick(npages);
    if (span === undefined) {
      this.grow(npages);
      span = this.pick(npages)!;
    }
    const { page, scavenged } = span;
    this.remove(span);
    const scav = this.touch(span, npages);
    if (span.npages > npages) {
      this.insert({ ...span, page: page + npages, npages: span.npages - npages, scavenged });
    }
    this.live.set(page, npages);
    if (this.policy.alloc.scavenge === "scavenged-span" && scav) this.scavengeLargest(npages);
    return page;
  }

  free(page: number): void {
    const npages = this.live.get(page)!;
    this.live.delete(page);
    this.insert({ page, npages, scavenged: false, sinceNs: this.nowNs, order: 0 });
  }

  /** What is resident after pages at the low end of a span were taken. @returns whether any of them was released */
  private touch(span: NaiveSpan, npages: number): boolean {
    const { minPages } = this.shape;
    const end = span.page + npages;
    let any = false;
    for (let p = span.page; p < end; p++) any = this.released.delete(p) || any;
    const limit =
      this.policy.fit.kind === "free-lists"
        ? span.page + span.npages
        : Math.min(span.page + span.npages, Math.ceil(end / minPages) * minPages);
    for (let p = end; p < limit; p++) this.released.delete(p);
    return any;
  }

  private pick(npages: number): NaiveSpan | undefined {
    const enough = this.spans.filter((span) => span.npages >= npages);
    switch (this.policy.fit.kind) {
      case "free-lists": {
        const listed = enough.filter((span) => span.npages < 128);
        if (listed.length > 0) {
          return listed.sort((a, b) => a.npages - b.npages || b.order - a.order)[0];
        }
        return this.walk(
          this.spans.filter((span) => span.npages >= 128),
          npages,
        );
      }
      case "two-treaps": {
        const free = this.walk(
          this.spans.filter((span) => !span.scavenged),
          npages,
        );
        const gone = this.walk(
          this.spans.filter((span) => span.scavenged),
          npages,
        );
        if (free === undefined || gone === undefined) return free ?? gone;
        return free.npages <= gone.npages ? free : gone;
      }
      default:
        return enough.sort((a, b) => a.page - b.page)[0];
    }
  }

  /** A search of the treap of some spans by size. */
  private walk(spans: readonly NaiveSpan[], npages: number): NaiveSpan | undefined {
    const bySize = (a: NaiveSpan, b: NaiveSpan): number => a.npages - b.npages || a.page - b.page;
    if (this.policy.fit.walk === "best") return spans.filter((s) => s.npages >= npages).sort(bySize)[0];
    const rootOf = (of: readonly NaiveSpan[]): NaiveSpan | undefined =>
      [...of].sort((a, b) => this.priority(a) - this.priority(b))[0];
    let below = [...spans].sort(bySize);
    for (;;) {
      const root = rootOf(below);
      if (root === undefined) return undefined;
      const left = below.filter((s) => bySize(s, root) < 0);
      if (root.npages < npages) below = below.filter((s) => bySize(s, root) > 0);
      else if ((rootOf(left)?.npages ?? 0) >= npages) below = left;
      else return root;
    }
  }

  private priority(span: NaiveSpan): number {
    return spanPriority(this.shape.seed, span.page);
  }

  private grow(npages: number): void {
    const { growth } = this.policy;
    const { arenaPages, minPages } = this.shape;
    const isNew = growth.newMemory === "released";
    const arenas = Math.ceil(npages / arenaPages) * arenaPages;
    if (growth.unit === "arena") {
      this.mappedPages += arenas;
      if (growth.scavenge === "largest") this.scavengeLargest(arenas);
      this.enter(this.nextArena, arenas, isNew);
      this.nextArena += arenas;
      return;
    }
    const end = (): number => Math.ceil((this.curBase + npages) / minPages) * minPages;
    if (this.curEnd === 0 || end() > this.curEnd) {
      if (this.curEnd === 0) this.curBase = this.nextArena;
      this.nextArena += arenas;
      this.curEnd = this.nextArena;
      this.mappedPages += arenas;
      this.aheadPages += arenas;
    }
    const [page, to] = [this.curBase, end()];
    this.scavengeForGrowth(to - page);
    this.curBase = to;
    this.aheadPages -= to - page;
    this.enter(page, to - page, isNew);
  }

  private enter(page: number, npages: number, scavenged: boolean): void {
    if (scavenged) for (let p = page; p < page + npages; p++) this.released.add(p);
    this.insert({ page, npages, scavenged, sinceNs: this.nowNs, order: 0 });
  }

  private scavengeForGrowth(npages: number): void {
    const over = this.retainedPages + npages - this.goalPages;
    if (over > 0) this.scavengeHighest(Math.min(npages, over));
  }

  /** 1.12: the largest spans, as wholes. */
  scavengeLargest(npages: number): void {
    if (npages <= this.creditPages) {
      this.creditPages -= npages;
      return;
    }
    const todo = npages - this.creditPages;
    this.creditPages = 0;
    let done = 0;
    while (done < todo) {
      const largest = this.spans
        .filter((s) => !s.scavenged)
        .sort((a, b) => b.npages - a.npages || b.page - a.page)[0];
      if (largest === undefined) break;
      const got = this.release(largest, largest.page);
      if (got === 0) break;
      done += got;
    }
    this.creditPages += Math.max(0, done - todo);
  }

  /** 1.13: from the highest address, spans with a huge page first, and no more than is wanted. @returns pages */
  scavengeHighest(npages: number): number {
    let done = 0;
    for (const huge of [true, false]) {
      for (const span of [...this.spans].sort((a, b) => b.page - a.page)) {
        if (done >= npages) return done;
        if (span.scavenged || !this.spans.includes(span) || this.hasHuge(span) !== huge) continue;
        done += this.release(span, this.splitAt(span, npages - done));
      }
    }
    return done;
  }

  /** Up to 1.12: what has been free for longer than some time; all when that is below 0. @returns pages */
  scavengeOld(unusedNs: number): number {
    let done = 0;
    // 1.12 goes from the shortest to the longest; in 1.11 the order makes no difference.
    for (const span of [...this.spans].sort((a, b) => a.npages - b.npages || a.page - b.page)) {
      if (span.scavenged || !(this.nowNs - span.sinceNs > unusedNs)) continue;
      done += this.release(span, span.page);
    }
    return done;
  }

  private hasHuge({ page, npages }: NaiveSpan): boolean {
    const { hugePages } = this.shape;
    if (hugePages === 0) return false;
    for (let p = page; p + hugePages <= page + npages; p++) if (p % hugePages === 0) return true;
    return false;
  }

  /** Where the part of a span begins that goes when so many pages are wanted. */
  private splitAt({ page, npages }: NaiveSpan, wanted: number): number {
    const { minPages, hugePages } = this.shape;
    const start = Math.ceil(page / minPages) * minPages;
    const end = Math.floor((page + npages) / minPages) * minPages;
    if (end - start <= wanted) return page;
    let base = Math.floor((end - wanted) / minPages) * minPages;
    if (base <= start) return page;
    if (hugePages > 0 && base - (base % hugePages) >= start) base -= base % hugePages;
    return base === start ? page : base;
  }

  /** Releases the whole physical pages of a span from a page on. @returns pages that were not released before */
  private release(span: NaiveSpan, from: number): number {
    const { minPages } = this.shape;
    const end = span.page + span.npages;
    const [low, high] = [Math.ceil(from / minPages) * minPages, Math.floor(end / minPages) * minPages];
    if (low >= high) return 0;
    let got = 0;
    for (let p = low; p < high; p++) {
      if (!this.released.has(p)) got++;
      this.released.add(p);
    }
    if (this.policy.fit.kind === "free-lists") return got;
    this.remove(span);
    if (from > span.page) this.spans.push({ ...span, npages: from - span.page });
    this.insert({ ...span, page: from, npages: end - from, scavenged: true });
    return got;
  }

  private remove(span: NaiveSpan): void {
    this.spans.splice(this.spans.indexOf(span), 1);
  }

  /** Adds a span and joins it with its neighbours. */
  private insert(span: NaiveSpan): void {
    const { minPages } = this.shape;
    const together = this.policy.fit.kind === "free-lists";
    const firstWhole = Math.ceil(span.page / minPages) * minPages;
    const isWhole = firstWhole + minPages <= span.page + span.npages;
    const added = { ...span, scavenged: !together && span.scavenged && isWhole, order: ++this.order };
    for (const side of ["before", "after"]) {
      const other = this.spans.find((s) =>
        side === "before" ? s.page + s.npages === added.page : s.page === added.page + added.npages,
      );
      if (other === undefined) continue;
      if (together || other.scavenged === added.scavenged) {
        added.page = Math.min(added.page, other.page);
        added.npages += other.npages;
        this.remove(other);
        continue;
      }
      const [low, high] = side === "before" ? [other, added] : [added, other];
      const round = low.scavenged ? Math.floor : Math.ceil;
      const boundary = round(high.page / minPages) * minPages;
      high.npages += high.page - boundary;
      low.npages += boundary - high.page;
      high.page = boundary;
    }
    this.spans.push(added);
  }
}
