/**
 * `birthDeath`: spans held in steady numbers. A row has so many spans at any time, and at its rate one of them, whichever it
 * is, goes and another comes.
 *
 *     row 0    ■■■■■■■■■■■■    ■ goes, ■ comes      rate, times the intensity of the moment
 *     row 1    ██████
 */

import type { WholeDraws } from "../../engine/distributions.js";
import type { RandomStream } from "../../engine/random-streams.js";
import { Priority } from "../../engine/simulation.js";
import type { BirthDeathSpec, CurveSpec, WorkloadSpec } from "../scenario.js";
import { ArrivalClock, NO_ARRIVAL } from "./arrival-clock.js";
import { type Leak, NO_LEAK } from "./leaks.js";
import { isCollected, kindOf } from "./spans.js";
import { NEVER, type Stage } from "./stage.js";
import { Workload } from "./workload.js";

/** Arrivals in one event, so that limits and idleness are looked at now and then. */
const TURN_ARRIVALS = 65_536;
/** Spans of a row made in one event. */
const FILL_BATCH = 4096;

/** What an event is about. */
const Turn = { fill: 0, replace: 1 } as const;

interface Row {
  readonly pages: number;
  readonly kind: number;
  readonly live: number;
  readonly collected: boolean;
  /** First pages of spans that the program frees, or handles of those that the collector does. */
  readonly spans: Float64Array;
  count: number;
}

export class BirthDeathWorkload extends Workload {
  private readonly kind: number;
  private readonly stopKind: number;
  private readonly rows: readonly Row[];
  private readonly row: WholeDraws | null;
  private readonly victims: RandomStream;
  private readonly clock: ArrivalClock | null;

  constructor(stage: Stage, workload: WorkloadSpec, leaks: readonly Leak[], spec: BirthDeathSpec) {
    super(stage, workload, leaks, spec.dropAtStop);
    const { name } = workload;
    this.rows = spec.rows.map(({ pages, live, spanKind }) => ({
      pages,
      live,
      kind: kindOf(spanKind),
      collected: isCollected(spanKind, spec.freedBy),
      spans: new Float64Array(live),
      count: 0,
    }));
    const rates = spec.rows.map(({ ratePerSecond }) => ratePerSecond);
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    this.row =
      total > 0
        ? stage.draws({ kind: "choice", values: rates.map((_, i) => i), weights: rates }, name, "row")
        : null;
    this.victims = stage.stream(name, "victim");
    this.clock =
      total > 0
        ? new ArrivalClock(scaled(spec.intensity, total), "poisson", stage.stream(name, "arrivals"))
        : null;
    this.kind = stage.sim.handler(`workload ${name}`, Priority.allocate, (turn) => this.turn(turn));
    this.stopKind = stage.sim.handler(`workload ${name}: stops`, Priority.free, () => this.stop());
  }

  start(): void {
    this.sim.schedule(this.windows.startNs, this.kind, Turn.fill);
  }

  private turn(turn: number): void {
    this.demands.works(this.worker);
    if (turn === Turn.replace) return this.replace();
    for (const row of this.rows) {
      for (let n = 0; row.count < row.live; n++) {
        if (n === FILL_BATCH) {
          this.sim.schedule(this.sim.nowNs, this.kind, Turn.fill);
          return;
        }
        row.spans[row.count++] = this.birth(row);
      }
    }
    this.clock?.open();
    const { stopNs } = this.windows;
    if (stopNs < Number.MAX_SAFE_INTEGER) this.sim.schedule(stopNs, this.stopKind);
    this.schedule(this.next());
  }

  private replace(): void {
    for (let turns = TURN_ARRIVALS; ; turns--) {
      const row = this.rows[this.row!.next()]!;
      const victim = this.victims.integer(0, row.live - 1);
      this.death(row, row.spans[victim]!);
      row.spans[victim] = this.birth(row);
      const at = this.next();
      if (at === NO_ARRIVAL || turns === 0 || !this.sim.advance(at, this.kind)) return this.schedule(at);
    }
  }

  private next(): number {
    const { startNs, stopNs } = this.windows;
    const at = this.clock === null ? NO_ARRIVAL : this.clock.next(1, stopNs - startNs);
    return at === NO_ARRIVAL ? at : startNs + at;
  }

  private schedule(at: number): void {
    if (at !== NO_ARRIVAL) this.sim.schedule(at, this.kind, Turn.replace);
  }

  private birth({ collected, pages, kind }: Row): number {
    const p = this.nextProc();
    return collected ? this.demands.span(p, pages, kind, NEVER) : this.demands.pages(p, pages, kind, NEVER);
  }

  /** A span's time is up, unless it leaks: then it dies later, and is missed by nobody. */
  private death({ collected }: Row, span: number): void {
    const { sim, stage } = this;
    const leaked = this.leakedDeathNs();
    const death = leaked === NO_LEAK ? sim.nowNs : leaked;
    if (death > sim.nowNs) {
      if (collected) stage.killAt(death, span);
      else stage.freePagesAt(death, span);
    } else if (collected) this.demands.kill(span);
    else this.demands.freePages(span);
  }

  /** The window ends: a share of the spans dies, and the others are let go of, to live on. */
  private stop(): void {
    for (const row of this.rows) {
      for (let i = 0; i < row.count; i++) {
        if (!this.isDropped()) continue;
        if (row.collected) this.demands.kill(row.spans[i]!);
        else this.demands.freePages(row.spans[i]!);
      }
      row.count = 0;
    }
    if (this.windows.next()) this.sim.schedule(this.windows.startNs, this.kind, Turn.fill);
  }
}

function scaled(of: CurveSpec, by: number): CurveSpec {
  return of.kind === "constant" ? { kind: "constant", value: of.value * by } : { kind: "scale", of, by };
}
