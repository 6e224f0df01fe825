/**
 * Madvise costs of a machine, from a trace recorded on it.
 *
 * The background scavenger logs `scavreq` before and `scavret` after each request, and in between, for each range that
 * it released, a `scav` row. So each request that released something is a sum
 *
 *     scavret.t − scavreq.t  ≈  call · ranges + page · touched pages + uncleared · uncleared pages + huge · huge pages
 *
 * (sim/os/residency.ts says which pages are which), and the four costs are those, not negative, with the smallest sum of squared differences. Least squares of times keep
 * their mean: what the scavenger's pace depends on is the time of many requests, not that of a typical one. Requests of
 * other threads count only when there are none of the background scavenger, since those may be large and few.
 */

import { InputError } from "../scenarios/input-error.js";
import { Op, readHeapTrace, type TraceRow } from "../scenarios/trace/heap-trace.js";
import type { Geometry } from "../sim/address/geometry.js";
import { DEFAULT_COSTS, type MadviseCosts } from "../sim/gc/costs.js";
import { Residency } from "../sim/os/residency.js";
import { initGeometry } from "./run-trace.js";

/** What came of a fit. */
export interface MadviseFit {
  readonly costs: MadviseCosts;
  /** Requests that the costs were taken from. */
  readonly requests: number;
  readonly ranges: number;
  /** Physical pages touched (in no huge page that was touched as a whole), and those handed out uncleared. */
  readonly touchedPages: number;
  readonly unclearedPages: number;
  readonly hugePages: number;
  /** Their time in all, measured and by the costs, ns. */
  readonly measuredNs: number;
  readonly fittedNs: number;
  /** Costs that the trace says nothing about, and which are the defaults therefore. */
  readonly assumed: readonly (keyof MadviseCosts)[];
}

/** A thread that is scavenging. */
interface Request {
  startNs: number;
  ranges: number;
  touched: number;
  optional: number;
  huge: number;
}

/** Costs of a request are a sum over so many quantities. */
const N = 4;

/** Sums of products of the quantities of requests: all that least squares need. */
class Sums {
  requests = 0;
  measured = 0;
  readonly totals = zeros();
  readonly byTime = zeros();
  readonly products = Array.from({ length: N }, zeros);

  add(quantities: readonly number[], ns: number): void {
    this.requests++;
    this.measured += ns;
    for (let i = 0; i < N; i++) {
      this.totals[i]! += quantities[i]!;
      this.byTime[i]! += quantities[i]! * ns;
      for (let j = 0; j < N; j++) this.products[i]![j]! += quantities[i]! * quantities[j]!;
    }
  }
}

/**
 * Fits the costs of a trace.
 * @throws InputError when the file is no trace, or no request in it released anything
 */
export async function fitMadvise(path: string): Promise<MadviseFit> {
  const collect = new RequestReader();
  await readHeapTrace(path, (row) => collect.step(path, row));
  const sums = collect.background.requests > 0 ? collect.background : collect.others;
  if (sums.requests === 0) {
    throw new InputError(
      path,
      1,
      0,
      "no request in this trace released any memory: costs need scavreq, scav and scavret rows",
    );
  }
  return fit(sums);
}

class RequestReader {
  readonly background = new Sums();
  readonly others = new Sums();
  private geometry: Geometry | undefined;
  private residency: Residency | undefined;
  /** By thread: 0 is the background scavenger, others by P + 2. */
  private readonly open = new Map<number, Request>();
  private now = 0;

  step(path: string, row: TraceRow): void {
    if (this.geometry === undefined) {
      this.geometry = initGeometry(path, row);
      const { physHugePageBytes, physPageBytes, pageBytes } = this.geometry;
      this.residency = new Residency(physHugePageBytes > physPageBytes ? physHugePageBytes / pageBytes : 0);
    }
    if (row.t > this.now) this.now = row.t;
    if (row.op === Op.span) this.residency!.use(this.#page(row), row.b, row.c);
    else if (row.op === Op.scavreq) {
      this.open.set(row.b === 0 ? 0 : row.p + 2, {
        startNs: this.now,
        ranges: 0,
        touched: 0,
        optional: 0,
        huge: 0,
      });
    } else if (row.op === Op.scav) this.#range(row);
    else if (row.op === Op.scavret) this.#end(row);
  }

  #page(row: TraceRow): number {
    return this.geometry!.offOfRaw(row.a) / this.geometry!.pageBytes;
  }

  #range(row: TraceRow): void {
    const residency = this.residency!;
    residency.release(this.#page(row), row.b);
    const request = this.open.get(row.c === 0 ? 0 : row.p + 2);
    if (request === undefined) return;
    const { pageBytes, physPageBytes } = this.geometry!;
    request.ranges++;
    request.touched += (residency.touched * pageBytes) / physPageBytes;
    request.optional += (residency.optional * pageBytes) / physPageBytes;
    request.huge += residency.huge;
  }

  #end(row: TraceRow): void {
    const thread = row.b === 0 ? 0 : row.p + 2;
    const request = this.open.get(thread);
    this.open.delete(thread);
    if (request === undefined || request.ranges === 0) return;
    const sums = row.b === 0 ? this.background : this.others;
    sums.add([request.ranges, request.touched, request.optional, request.huge], this.now - request.startNs);
  }
}

function zeros(): number[] {
  return new Array<number>(N).fill(0);
}

const NAMES = ["madviseCallNs", "madvisePageNs", "madviseUnclearedPageNs", "madviseHugePageNs"] as const;

/** Least squares with costs that are not negative: the best of all choices of which costs are 0. */
function fit(sums: Sums): MadviseFit {
  let best = zeros();
  let bestLoss = Number.POSITIVE_INFINITY;
  for (let chosen = 1; chosen < 1 << N; chosen++) {
    const costs = solve(sums, chosen);
    if (costs === undefined || costs.some((cost) => cost < 0)) continue;
    const loss = lossOf(sums, costs);
    if (loss < bestLoss) {
      bestLoss = loss;
      best = costs;
    }
  }
  const fitted = best.reduce((sum, cost, i) => sum + cost * sums.totals[i]!, 0);
  const assumed = NAMES.filter((_, i) => sums.totals[i] === 0);
  const costOf = (i: number): number =>
    sums.totals[i] === 0 ? DEFAULT_COSTS[NAMES[i]!] : Math.round(best[i]!);
  return {
    costs: {
      madviseCallNs: costOf(0),
      madvisePageNs: costOf(1),
      madviseUnclearedPageNs: costOf(2),
      madviseHugePageNs: costOf(3),
    },
    requests: sums.requests,
    ranges: sums.totals[0]!,
    touchedPages: sums.totals[1]!,
    unclearedPages: sums.totals[2]!,
    hugePages: sums.totals[3]!,
    measuredNs: sums.measured,
    fittedNs: fitted,
    assumed,
  };
}

/** Sum of squares, less the part that no choice of costs changes. */
function lossOf(sums: Sums, costs: readonly number[]): number {
  let loss = 0;
  for (let i = 0; i < N; i++) {
    loss -= 2 * costs[i]! * sums.byTime[i]!;
    for (let j = 0; j < N; j++) loss += costs[i]! * costs[j]! * sums.products[i]![j]!;
  }
  return loss;
}

/** Solves the normal equations for the costs whose bits are set in `chosen`; undefined when they are dependent. */
function solve(sums: Sums, chosen: number): number[] | undefined {
  const picked = [0, 1, 2, 3].filter((i) => (chosen & (1 << i)) !== 0);
  const rows = picked.map((i) => [...picked.map((j) => sums.products[i]![j]!), sums.byTime[i]!]);
  const n = picked.length;
  for (let column = 0; column < n; column++) {
    const pivot = rows[column]![column]!;
    // Dependent columns leave nothing but rounding; what counts as nothing is relative to the sums themselves.
    if (!(Math.abs(pivot) > 1e-9 * sums.products[picked[column]!]![picked[column]!]!)) return undefined;
    for (let other = 0; other < n; other++) {
      if (other === column) continue;
      const factor = rows[other]![column]! / pivot;
      for (let k = column; k <= n; k++) rows[other]![k]! -= factor * rows[column]![k]!;
    }
  }
  const costs = zeros();
  for (let i = 0; i < n; i++) costs[picked[i]!] = rows[i]![n]! / rows[i]![i]!;
  return costs;
}
