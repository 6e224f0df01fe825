/**
 * `spans`: spans asked of the page heap directly, by size and lifetime. Collected ones die, after a time or a number of
 * collections, and are freed when the collector has swept them; the others are freed at once.
 */

import type { WholeDraws } from "../../engine/distributions.js";
import { KIND_BITS, KIND_STACK, KIND_WORKBUF } from "../../sim/heap/kinds.js";
import { FOREVER_NS, type SpanKind, type SpansSpec, type WorkloadSpec } from "../scenario.js";
import { type Leak, NO_LEAK } from "./leaks.js";
import { Sorts } from "./sorts.js";
import { NEVER, type Stage } from "./stage.js";
import { ArrivingWorkload } from "./workload.js";

/** Bytes of a page of the runtime, in which rates by bytes count spans. */
const PAGE_BYTES = 8192;
/** The longest span, pages. */
export const MAX_SPAN_PAGES = 2 ** 27;

const KINDS: Readonly<Record<SpanKind, number>> = {
  heap: 0,
  noscan: 1,
  stack: KIND_STACK,
  bits: KIND_BITS,
  workbuf: KIND_WORKBUF,
};

/** The kind of span that the heap is told: heap spans are those of large objects. */
export function kindOf(spanKind: SpanKind): number {
  return KINDS[spanKind];
}

/** Whether spans are the collector's to free. */
export function isCollected(spanKind: SpanKind, freedBy: "sweep" | "program"): boolean {
  return freedBy === "sweep" && (spanKind === "heap" || spanKind === "noscan");
}

interface Sort {
  readonly pages: WholeDraws;
  readonly lifetime: WholeDraws;
  /** Null: by lifetime. */
  readonly collections: WholeDraws | null;
  readonly kind: number;
  readonly collected: boolean;
}

export class SpansWorkload extends ArrivingWorkload {
  private readonly order: Sorts;
  private readonly sorts: readonly Sort[];

  constructor(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[], spec: SpansSpec) {
    super(stage, workload, leaks, spec);
    this.order = new Sorts(stage, workload.name, spec.sorts, spec.order, this.expected(spec));
    this.sorts = spec.sorts.map((sort, i) => ({
      pages: stage.draws(sort.pages, workload.name, `pages/${i}`, 1, MAX_SPAN_PAGES),
      lifetime: stage.draws(sort.lifetime, workload.name, `lifetime/${i}`),
      collections: sort.collections && stage.draws(sort.collections, workload.name, `collections/${i}`, 1),
      kind: kindOf(sort.spanKind),
      collected: isCollected(sort.spanKind, spec.freedBy),
    }));
  }

  protected override opened(): void {
    this.order.open();
  }

  protected make(count: number): number {
    let pages = 0;
    for (let i = 0; i < count; i++) {
      const sort = this.sorts[this.order.next()]!;
      const npages = sort.pages.next();
      pages += npages;
      if (sort.collections !== null) {
        this.makeAged(npages, sort.kind, sort.collections.next());
        continue;
      }
      const death = this.deathNs(sort.lifetime.next());
      if (sort.collected) this.demands.span(this.nextProc(), npages, sort.kind, death);
      else {
        const page = this.demands.pages(this.nextProc(), npages, sort.kind, death);
        if (death !== NEVER) this.stage.freePagesAt(death, page);
      }
    }
    return pages * PAGE_BYTES;
  }

  /** A span that a number of collections finds dead, unless it leaks. */
  private makeAged(npages: number, kind: number, collections: number): void {
    const leaked = this.leakedDeathNs();
    const p = this.nextProc();
    if (leaked !== NO_LEAK) this.demands.span(p, npages, kind, leaked);
    else if (collections < FOREVER_NS) this.demands.agedSpan(p, npages, kind, collections);
    else this.demands.span(p, npages, kind, NEVER);
  }
}
