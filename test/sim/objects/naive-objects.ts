/**
 * Objects the slow and obvious way: one record for each object, span and set entry, lists as arrays, every question answered by
 * looking at everything. What it says of the runtime is written down a second time, from the rules and not from the fast
 * code: an object is found dead by a mark when its death lies before the beginning of that mark.
 */

import type { Heap } from "../../../sim/heap/heap.js";
import { CLASS_BYTES, CLASS_PAGES, roundUpBytes, sizeClassOf } from "../../../sim/objects/size-classes.js";

const PAGE = 8192;

export interface NaiveObject {
  diesNs: number;
  /** Marks that it still lives through; below 0 when that does not matter. */
  marksLeft: number;
  bytes: number;
  foundDead: boolean;
  /** Whether the mark that goes on finds it dead because of its number. */
  isDue: boolean;
}

export interface NaiveSpan {
  page: number;
  npages: number;
  spanClass: number;
  slots: number;
  objects: NaiveObject[];
  swept: boolean;
  held: boolean;
  freed: boolean;
}

interface Central {
  partialSwept: NaiveSpan[];
  fullSwept: NaiveSpan[];
  partialUnswept: NaiveSpan[];
  fullUnswept: NaiveSpan[];
}

interface Proc {
  held: Map<number, NaiveSpan>;
  tiny: { object: NaiveObject; span: NaiveSpan; used: number } | undefined;
}

export class NaiveObjects {
  heapLive = 0;
  marked = 0;
  spans: NaiveSpan[] = [];
  beforeSpan: () => void = () => {};

  private readonly central = new Map<number, Central>();
  private readonly procs: Proc[] = [];
  private credit = 0;

  constructor(readonly heap: Heap) {}

  get unswept(): number {
    return this.spans.filter((s) => !s.swept).length;
  }

  alloc(p: number, bytes: number, noscan: boolean, diesNs: number): [NaiveSpan, NaiveObject] | undefined {
    if (bytes === 0) return undefined;
    if (bytes > 32768) return this.large(p, bytes, noscan, diesNs);
    if (noscan && bytes < 16) return this.tiny(p, bytes, diesNs);
    return this.small(p, bytes, noscan, diesNs);
  }

  /** A span that the n-th mark to begin finds dead. */
  aged(p: number, npages: number, noscan: boolean, n: number): NaiveSpan {
    const [span, object] = this.large(p, npages * PAGE, noscan, Number.POSITIVE_INFINITY);
    object.marksLeft = n;
    return span;
  }

  beginMark(): void {
    if (this.unswept > 0) throw new Error("unswept spans when marking begins");
    for (const span of this.spans) for (const object of span.objects) object.marksLeft--;
    for (const span of this.spans) for (const object of span.objects) object.isDue = object.marksLeft === 0;
  }

  endMark(startNs: number): void {
    for (const proc of this.procs) proc.tiny = undefined;
    this.marked = 0;
    for (const span of this.spans) {
      for (const object of span.objects) {
        if (object.diesNs < startNs || object.isDue) object.foundDead = true;
        else this.marked += object.bytes;
      }
      span.swept = false;
    }
    for (const central of this.central.values()) {
      central.partialUnswept = central.partialSwept;
      central.fullUnswept = central.fullSwept;
      central.partialSwept = [];
      central.fullSwept = [];
    }
    this.credit = 0;
    this.heapLive = this.marked;
  }

  flush(): void {
    for (const proc of this.procs) {
      for (const [c, span] of [...proc.held].sort((a, b) => a[0] - b[0])) {
        if (span.swept) continue;
        proc.held.delete(c);
        span.held = false;
        this.sweepSpan(span);
        this.settle(span);
      }
    }
  }

  /** Sweeps n spans: classes upward, the full ones of a class first. */
  sweep(n: number): number {
    this.flush();
    let swept = 0;
    for (let c = 0; c < 136; c++) {
      const central = this.centralOf(c);
      for (const list of [central.fullUnswept, central.partialUnswept]) {
        while (swept < n && list.length > 0) {
          const span = list.shift()!;
          if (span.freed) continue;
          this.sweepSpan(span);
          this.credit += this.settle(span);
          swept++;
        }
      }
    }
    return swept;
  }

  resize(procs: number): void {
    this.flush();
    for (let p = procs; p < this.procs.length; p++) {
      const proc = this.procs[p]!;
      for (const [c, span] of [...proc.held].sort((a, b) => a[0] - b[0])) {
        span.held = false;
        const left = span.slots - span.objects.length;
        this.heapLive -= left * CLASS_BYTES[c >> 1]!;
        (left > 0 ? this.centralOf(c).partialSwept : this.centralOf(c).fullSwept).push(span);
      }
      proc.held.clear();
      proc.tiny = undefined;
    }
  }

  private large(p: number, bytes: number, noscan: boolean, diesNs: number): [NaiveSpan, NaiveObject] {
    this.flush();
    this.beforeSpan();
    const span = this.newSpan(p, noscan ? 1 : 0, Math.ceil(bytes / PAGE), 1);
    const object = { diesNs, bytes: roundUpBytes(bytes), foundDead: false, marksLeft: -1, isDue: false };
    span.objects.push(object);
    this.centralOf(span.spanClass).fullSwept.push(span);
    this.heapLive += span.npages * PAGE;
    return [span, object];
  }

  private small(p: number, bytes: number, noscan: boolean, diesNs: number): [NaiveSpan, NaiveObject] {
    const c = 2 * sizeClassOf(bytes) + (noscan ? 1 : 0);
    const { held } = this.procOf(p);
    let span = held.get(c);
    if (span === undefined || !span.swept || span.objects.length === span.slots) {
      this.flush();
      span = held.get(c);
      if (span !== undefined) {
        span.held = false;
        held.delete(c);
        this.centralOf(c).fullSwept.push(span);
      }
      span = this.refill(p, c);
      held.set(c, span);
      span.held = true;
      this.heapLive += span.npages * PAGE - span.objects.length * CLASS_BYTES[c >> 1]!;
    }
    const object = { diesNs, bytes: CLASS_BYTES[c >> 1]!, foundDead: false, marksLeft: -1, isDue: false };
    span.objects.push(object);
    return [span, object];
  }

  private tiny(p: number, bytes: number, diesNs: number): [NaiveSpan, NaiveObject] {
    const proc = this.procOf(p);
    const block = proc.tiny;
    if (block !== undefined) {
      let at = block.used;
      const align = [8, 4, 2, 1].find((a) => bytes % a === 0)!;
      while (at % align !== 0) at++;
      if (at + bytes <= 16) {
        block.used = at + bytes;
        block.object.diesNs = Math.max(block.object.diesNs, diesNs);
        return [block.span, block.object];
      }
    }
    const [span, object] = this.small(p, 16, true, diesNs);
    // A refill may have flushed what the P had.
    if (proc.tiny === undefined || bytes < proc.tiny.used) proc.tiny = { object, span, used: bytes };
    return [span, object];
  }

  private refill(p: number, c: number): NaiveSpan {
    this.beforeSpan();
    const central = this.centralOf(c);
    const ready = central.partialSwept.shift();
    if (ready !== undefined) return ready;
    let tries = 101;
    while (tries > 0 && central.partialUnswept.length > 0) {
      const span = central.partialUnswept.shift()!;
      tries--;
      if (span.freed) continue;
      this.sweepSpan(span);
      return span;
    }
    while (tries > 0 && central.fullUnswept.length > 0) {
      const span = central.fullUnswept.shift()!;
      tries--;
      if (span.freed) continue;
      this.sweepSpan(span);
      if (span.objects.length < span.slots) return span;
      central.fullSwept.push(span);
    }
    const pages = CLASS_PAGES[c >> 1]!;
    return this.newSpan(p, c, pages, Math.floor((pages * PAGE) / CLASS_BYTES[c >> 1]!));
  }

  private newSpan(p: number, spanClass: number, npages: number, slots: number): NaiveSpan {
    this.reclaim(npages);
    const page = this.heap.allocSpan(p, npages, spanClass);
    const span = { page, npages, spanClass, slots, objects: [], swept: true, held: false, freed: false };
    this.spans.push(span);
    return span;
  }

  /** Unit after unit of the heap, from the bottom, until enough pages came back. */
  reclaim(npages: number): number {
    if (this.unswept === 0) return 0;
    this.flush();
    let freed = 0;
    let wanted = npages;
    for (;;) {
      const credit = Math.min(wanted, this.credit);
      wanted -= credit;
      this.credit -= credit;
      if (wanted === 0) return freed;
      const dead = this.spans
        .filter((s) => !s.swept && !s.held && s.objects.every((o) => o.foundDead))
        .sort((a, b) => a.page - b.page);
      if (dead.length === 0) return freed;
      const unit = Math.floor(dead[0]!.page / 512);
      for (const span of dead.filter((s) => Math.floor(s.page / 512) === unit)) {
        this.sweepSpan(span);
        this.settle(span);
        freed += span.npages;
        this.credit += span.npages;
      }
    }
  }

  private sweepSpan(span: NaiveSpan): void {
    if (span.swept || span.freed) throw new Error("swept twice");
    span.objects = span.objects.filter((o) => !o.foundDead);
    span.swept = true;
  }

  private settle(span: NaiveSpan): number {
    if (span.objects.length === 0) {
      span.freed = true;
      this.heap.freeSpan(span.page);
      this.spans = this.spans.filter((s) => s !== span);
      return span.npages;
    }
    const central = this.centralOf(span.spanClass);
    (span.objects.length < span.slots ? central.partialSwept : central.fullSwept).push(span);
    return 0;
  }

  private centralOf(c: number): Central {
    let central = this.central.get(c);
    if (central === undefined) {
      central = { partialSwept: [], fullSwept: [], partialUnswept: [], fullUnswept: [] };
      this.central.set(c, central);
    }
    return central;
  }

  private procOf(p: number): Proc {
    while (this.procs.length <= p) this.procs.push({ held: new Map(), tiny: undefined });
    return this.procs[p]!;
  }
}
