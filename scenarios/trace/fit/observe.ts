/**
 * What a fit needs to know of a trace, by GC cycle: when heap spans of which size are asked for, how many collections they
 * live, and how long marking and sweeping take.
 *
 *     cycle 0   quiet                          what the program does before its first collection
 *     cycle c   mark │ sweep │ quiet           from one `gcstart` to the next, in three parts
 *               ├┼┼┼┼┤                         each part in PIECES equal pieces
 *
 * A span that is asked for in cycle c and freed in cycle c + a has age a. The births of a part are kept until the first
 * collection after them has been swept, since only then it shows which of them came in a row; of older ones there are tables
 * of fixed size. So memory is bounded by the live spans, the births of two cycles, and the number of cycles.
 */

import { Op, type TraceRow } from "../heap-trace.js";
import { kindGroup, type LiveSpan, LiveSpans } from "../statistics/live-spans.js";
import { MARK, PHASES, QUIET, SWEEP } from "../statistics/statistics.js";
import { LARGE, MEDIUM, SIZE_BUCKETS, SMALL, sizeBucket, sizeGroup } from "./sizes.js";

/** Pieces that a part of a cycle is cut into. */
export const PIECES = 16;
/** Ages that are told apart, in collections; the last holds all older ones. */
export const AGES = 24;
/** Large spans of a part, and those managed by hand, that are remembered one by one. */
export const MAX_SINGLE = 64;
/** Lifetimes of stacks and the like that are kept of each kind and part, at most; an even number. */
const MAX_LIFETIMES = 256;

/** Spans of which it is counted how many come directly after another of them. */
export const SURVIVORS = 0;
export const MEDIUMS = 1;

/** A large span, as one of few. */
export interface LargeSpan {
  readonly npages: number;
  /** The age at which it died, 0 while it lives. */
  readonly age: number;
}

/** A span that is managed by hand, as one of few. */
export interface ManualSpan {
  readonly npages: number;
  /** How long it lived, ns; below 0 while it lives. */
  readonly lifetimeNs: number;
}

/** Spans of a kind that are managed by hand, stacks or the collector's own, that were asked for in a part of a cycle. */
export class ManualCounts {
  /** By piece. */
  readonly born = new Float64Array(PIECES);
  readonly sizes = new Map<number, number>();
  /** The first MAX_SINGLE, in the order in which they were asked for. */
  readonly first: ManualSpan[] = [];
  died = 0;
  /** Lifetimes in ns of those that died, or of every other one, every fourth …, so that there are not too many. */
  lifetimesNs: number[] = [];
  #every = 1;

  /** One of them is freed. */
  bury(lifetimeNs: number): void {
    if (this.died++ % this.#every !== 0) return;
    if (this.lifetimesNs.length === MAX_LIFETIMES) {
      this.lifetimesNs = this.lifetimesNs.filter((_, i) => i % 2 === 0);
      this.#every *= 2;
    }
    this.lifetimesNs.push(lifetimeNs);
  }
}

/** One part of a cycle: quiet, mark or sweep. */
export class PartCounts {
  startNs = 0;
  durationNs = 0;
  /** Heap spans asked for, by piece and size bucket: PIECES rows of SIZE_BUCKETS. */
  readonly born = new Float64Array(PIECES * SIZE_BUCKETS);
  /** The same by age for those that died; nothing where none did. */
  readonly died: (Float64Array | undefined)[] = [];
  /** By piece: small spans that outlive the next collection, and medium spans; and how many of them follow another one. */
  readonly members = [new Float64Array(PIECES), new Float64Array(PIECES)];
  readonly followers = [new Float64Array(PIECES), new Float64Array(PIECES)];
  /** The first MAX_SINGLE large spans, in the order in which they were asked for. */
  readonly large: LargeSpan[] = [];
  /** By kind group, less one: stacks, bits, work buffers. */
  readonly manual: (ManualCounts | undefined)[] = [];
}

/** One cycle. */
export class CycleCounts {
  readonly parts = [new PartCounts(), new PartCounts(), new PartCounts()];
  /** Heap spans asked for, by exact size in pages. */
  readonly sizes = new Map<number, number>();
  /** Pages of heap spans when marking begins, and when sweeping is done. */
  startPages = 0;
  sweptPages = 0;
}

interface FitSpan extends LiveSpan {
  readonly part: number;
  /** Its place in the births of its part by piece and bucket, known when the part is over. */
  cohort: number;
  /** 0 while it lives. */
  age: number;
  /** Of those managed by hand, below 0 while it lives. */
  lifetimeNs: number;
}

export class FitObserver {
  readonly cycles: CycleCounts[] = [new CycleCounts()];
  /** Heap spans that were freed in a sweep, and elsewhere. */
  freedInSweep = 0;
  freedElsewhere = 0;
  procs = 1;
  /** Bytes of a physical and of a huge page. */
  physPageBytes = 4096;
  hugePageBytes = 0;
  nowNs = 0;
  readonly #live: LiveSpans<FitSpan>;
  /** Pages of heap spans in use. */
  #pages = 0;
  #part: number = QUIET;
  /** Births of the parts of this cycle and of the one before, in order. */
  #births: FitSpan[][] = PHASES.map(() => []);
  #earlier: FitSpan[][] = PHASES.map(() => []);
  /** Spans managed by hand that this part asked for: stacks, bits, work buffers. */
  readonly #byHand: FitSpan[][] = [[], [], []];

  constructor(readonly path: string) {
    this.#live = new LiveSpans(path);
  }

  /** A row. @throws InputError when it contradicts those before */
  add(row: TraceRow): void {
    if (row.t > this.nowNs) this.nowNs = row.t;
    switch (row.op) {
      case Op.init:
        this.physPageBytes = row.a;
        this.hugePageBytes = row.c;
        return;
      case Op.span:
        return this.#span(row);
      case Op.spanfree:
        return this.#spanFree(row);
      case Op.procs:
        this.procs = Math.max(this.procs, row.b);
        return;
      case Op.gcstart:
        return this.#enter(MARK);
      case Op.gcmarkdone:
        return this.#enter(SWEEP);
      case Op.sweepdone:
        if (this.#part === SWEEP) this.#enter(QUIET);
    }
  }

  /** The trace is over. */
  finish(): void {
    this.#enter(QUIET);
    const last = this.cycles.length - 1;
    if (last > 0) this.#close(last - 1, this.#earlier);
    this.#close(last, this.#births);
  }

  #enter(part: number): void {
    this.#closePart();
    if (part === MARK) {
      const now = this.cycles.length - 1;
      // Whatever this cycle's collection found dead has been freed by now.
      if (now > 0) this.#close(now - 1, this.#earlier);
      this.#earlier = this.#births;
      this.#births = PHASES.map(() => []);
      this.cycles.push(new CycleCounts());
      this.cycles.at(-1)!.startPages = this.#pages;
    }
    const cycle = this.cycles.at(-1)!;
    if (part === QUIET) cycle.sweptPages = this.#pages;
    this.#part = part;
    cycle.parts[part]!.startNs = this.nowNs;
  }

  /** The length of a part is known, and so in which piece of it spans were born. */
  #closePart(): void {
    const counts = this.cycles.at(-1)!.parts[this.#part]!;
    counts.durationNs = this.nowNs - counts.startNs;
    const scale = PIECES / Math.max(1, counts.durationNs);
    for (const span of this.#births[this.#part]!) {
      const piece = Math.min(PIECES - 1, Math.floor((span.bornNs - counts.startNs) * scale));
      span.cohort = piece * SIZE_BUCKETS + sizeBucket(span.npages);
      counts.born[span.cohort]!++;
    }
    this.#closeByHand(counts, scale);
  }

  /** The same for spans that are managed by hand. */
  #closeByHand(counts: PartCounts, scale: number): void {
    this.#byHand.forEach((spans, i) => {
      for (const span of spans) {
        const manual = this.#manual(counts, i);
        manual.born[Math.min(PIECES - 1, Math.floor((span.bornNs - counts.startNs) * scale))]!++;
        manual.sizes.set(span.npages, (manual.sizes.get(span.npages) ?? 0) + 1);
        // Its lifetime is read later.
        if (manual.first.length < MAX_SINGLE) manual.first.push(span);
      }
      spans.length = 0;
    });
  }

  #manual({ manual }: PartCounts, i: number): ManualCounts {
    const counts = manual[i] ?? new ManualCounts();
    manual[i] = counts;
    return counts;
  }

  /** The first collection after the births of a cycle is over: who came in a row, and who is large. */
  #close(cycle: number, births: readonly (readonly FitSpan[])[]): void {
    births.forEach((spans, part) => {
      const counts = this.cycles[cycle]!.parts[part]!;
      let before = -1;
      for (const span of spans) {
        const group = sizeGroup(span.npages);
        if (group === LARGE) {
          // Its age is read later: it may live for long.
          if (counts.large.length < MAX_SINGLE) counts.large.push(span);
          continue;
        }
        const sort = group === MEDIUM ? MEDIUMS : group === SMALL && span.age !== 1 ? SURVIVORS : -1;
        if (sort >= 0) {
          const piece = Math.floor(span.cohort / SIZE_BUCKETS);
          counts.members[sort]![piece]!++;
          if (before === sort) counts.followers[sort]![piece]!++;
        }
        before = sort;
      }
    });
  }

  #span(row: TraceRow): void {
    const cycle = this.cycles.length - 1;
    const span: FitSpan = {
      kind: row.c,
      npages: row.b,
      bornNs: this.nowNs,
      bornCycle: cycle,
      part: this.#part,
      cohort: -1,
      age: 0,
      lifetimeNs: -1,
    };
    this.#live.add(row, span);
    const group = kindGroup(row.c);
    if (group > 0) {
      this.#byHand[group - 1]!.push(span);
      return;
    }
    this.#pages += row.b;
    const { sizes } = this.cycles[cycle]!;
    sizes.set(row.b, (sizes.get(row.b) ?? 0) + 1);
    this.#births[this.#part]!.push(span);
  }

  #spanFree(row: TraceRow): void {
    const span = this.#live.remove(row);
    const group = kindGroup(row.c);
    if (group > 0) {
      span.lifetimeNs = this.nowNs - span.bornNs;
      this.#manual(this.cycles[span.bornCycle]!.parts[span.part]!, group - 1).bury(span.lifetimeNs);
      return;
    }
    this.#pages -= span.npages;
    if (this.#part === SWEEP) this.freedInSweep++;
    else this.freedElsewhere++;
    span.age = this.cycles.length - 1 - span.bornCycle;
    // What is freed in the cycle of its birth no collection found dead: that only a program does which frees by itself.
    if (span.age === 0) return;
    const { died } = this.cycles[span.bornCycle]!.parts[span.part]!;
    const byAge = died[span.cohort] ?? new Float64Array(AGES);
    byAge[Math.min(span.age, AGES - 1)]!++;
    died[span.cohort] = byAge;
  }
}
