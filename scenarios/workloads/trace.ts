/**
 * `trace`: a recorded program as a workload. What it asked for is read beforehand into a table of spans, in the order in
 * which they were made; the model decides where they lie, and, unless told otherwise, when dead ones are freed.
 *
 *     recording ──readTraceSpans──► births, deaths ──cut, filter, time scale──► demands
 */

import { Priority } from "../../engine/simulation.js";
import { isHeapKind, KIND_BITS, KIND_STACK } from "../../sim/heap/kinds.js";
import type { SpanKind, TraceSpec, WorkloadSpec } from "../scenario.js";
import { ALL_RELEASES, Op, readHeapTrace, type TraceRow } from "../trace/heap-trace.js";
import { type Leak, NO_LEAK } from "./leaks.js";
import { NEVER, type Stage } from "./stage.js";
import { Workload } from "./workload.js";

/** Spans of a recording, in the order in which they were made. Times in ns of the recording. */
export interface TraceSpans {
  readonly bornNs: readonly number[];
  /** Infinity when it was never freed. */
  readonly diedNs: readonly number[];
  readonly npages: readonly number[];
  readonly kinds: readonly number[];
  readonly procs: readonly number[];
  /** Time of the last row. */
  readonly endNs: number;
}

/**
 * Reads the spans of a recording.
 * @throws InputError when the file is no trace
 */
export async function readTraceSpans(path: string): Promise<TraceSpans> {
  const bornNs: number[] = [];
  const diedNs: number[] = [];
  const npages: number[] = [];
  const kinds: number[] = [];
  const procs: number[] = [];
  const live = new Map<number, number>();
  let now = 0;
  const onRow = ({ t, p, op, a, b, c }: TraceRow): void => {
    if (t > now) now = t;
    if (op === Op.span) {
      live.set(a, bornNs.length);
      bornNs.push(now);
      diedNs.push(NEVER);
      npages.push(b);
      kinds.push(c);
      procs.push(p);
    } else if (op === Op.spanfree) {
      const i = live.get(a);
      if (i !== undefined) diedNs[i] = now;
      live.delete(a);
    }
  };
  await readHeapTrace(path, onRow, undefined, ALL_RELEASES);
  return { bornNs, diedNs, npages, kinds, procs, endNs: now };
}

/** How long a recording plays, ns. */
export function playedNs(spec: TraceSpec, spans: TraceSpans): number {
  return Math.max(1, Math.ceil((Math.min(spec.cutToNs, spans.endNs + 1) - spec.cutFromNs) * spec.timeScale));
}

export class TraceWorkload extends Workload {
  private readonly kind: number;
  private readonly spec: TraceSpec;
  private readonly spans: TraceSpans;
  private readonly isOnOneProc: boolean;
  private index = 0;

  constructor(
    stage: Stage,
    workload: WorkloadSpec,
    leaks: readonly Leak[],
    spec: TraceSpec,
    spans: TraceSpans,
  ) {
    super(stage, workload, leaks, spec.dropAtStop);
    this.spec = spec;
    this.spans = spans;
    this.isOnOneProc = workload.proc !== null;
    this.kind = stage.sim.handler(`workload ${workload.name}`, Priority.allocate, () => this.play());
  }

  start(): void {
    this.open();
  }

  private open(): void {
    this.index = -1;
    this.scheduleNext();
  }

  /** Schedules the next span that passes the filter; when there is none, the next window. */
  private scheduleNext(): void {
    const at = this.next();
    if (at >= 0) this.sim.schedule(at, this.kind);
    else if (this.windows.next()) this.open();
  }

  private play(): void {
    this.demands.works(this.worker);
    for (;;) {
      this.birth(this.index);
      const at = this.next();
      if (at >= 0 && this.sim.advance(at, this.kind)) continue;
      if (at >= 0) this.sim.schedule(at, this.kind);
      else if (this.windows.next()) this.open();
      return;
    }
  }

  /** Goes on to the next span; @returns when it is made, −1 when the window is over before. */
  private next(): number {
    const { bornNs } = this.spans;
    const { cutFromNs, cutToNs } = this.spec;
    for (this.index++; this.index < bornNs.length; this.index++) {
      const born = bornNs[this.index]!;
      if (born < cutFromNs || !this.passes(this.index)) continue;
      const at = this.timeOf(born);
      return born < cutToNs && at < this.windows.stopNs ? at : -1;
    }
    return -1;
  }

  private timeOf(recordedNs: number): number {
    return this.windows.startNs + Math.round((recordedNs - this.spec.cutFromNs) * this.spec.timeScale);
  }

  private passes(i: number): boolean {
    const { spanKinds, minPages, maxPages } = this.spec;
    const npages = this.spans.npages[i]!;
    return npages >= minPages && npages <= maxPages && spanKinds.includes(spanKindOf(this.spans.kinds[i]!));
  }

  private birth(i: number): void {
    const { npages, kinds, diedNs } = this.spans;
    const kind = kinds[i]!;
    const p = this.procOf(i);
    const death = this.recordedDeath(diedNs[i]!);
    if (this.spec.frees === "gc" && isHeapKind(kind)) this.demands.span(p, npages[i]!, kind, death);
    else this.stage.freePagesAt(death, this.demands.pages(p, npages[i]!, kind, death));
  }

  /** When a span dies now that died then: what was alive at the end of the cut lives on. */
  private recordedDeath(diedNs: number): number {
    const { sim, spec } = this;
    const leaked = this.leakedDeathNs();
    if (leaked !== NO_LEAK) return leaked;
    const death = diedNs <= spec.cutToNs ? Math.max(sim.nowNs, this.timeOf(diedNs)) : NEVER;
    const { stopNs } = this.windows;
    return death > stopNs && this.isDropped() ? stopNs : death;
  }

  private procOf(i: number): number {
    if (this.isOnOneProc) return this.nextProc();
    const p = this.spans.procs[i]!;
    return p < this.demands.procs ? p : p % this.demands.procs;
  }
}

function spanKindOf(kind: number): SpanKind {
  if (isHeapKind(kind)) return kind % 2 === 0 ? "heap" : "noscan";
  return kind === KIND_STACK ? "stack" : kind === KIND_BITS ? "bits" : "workbuf";
}
