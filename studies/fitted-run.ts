/**
 * Plays a fitted program on a heap: draws spans from its generators and frees them where a collector would.
 *
 * A stand-in for the runner of scenarios, so that a fit can be judged: GC cycles come as the description has them, not
 * from a pacer. In each part of a cycle spans arrive as a Poisson process whose rate is that of the piece of the part; each draws its
 * size, and the cycle in whose sweep it will be found dead. A sweep frees the dead over its length. Stacks and the
 * collector's spans are freed directly when their time is up.
 *
 *     quiet ── mark ── sweep ── quiet ── mark ── …
 *       └ arrivals ┴ arrivals ┴ arrivals + frees of those whose cycle this is
 */

import type { RandomStream, RandomStreams } from "../engine/random-streams.js";
import type { AgeShare, FittedManual, FittedProgram, FittedStretch } from "../scenarios/trace/fit/fit.js";
import { EARLY, LATE, sizeGroup } from "../scenarios/trace/fit/observe.js";
import { MARK, QUIET, SWEEP } from "../scenarios/trace/statistics/statistics.js";
import { platform } from "../sim/address/platforms.js";
import { Heap } from "../sim/heap/heap.js";
import { KIND_STACK } from "../sim/heap/kinds.js";

/** Called before the heap changes at a time. */
export type Watch = (heap: Heap, timeNs: number) => void;

/** Where the late births of a part begin, as a share of it. */
const LATE_FROM = 7 / 8;

/**
 * Plays a program once, on an empty heap of linux/amd64.
 * @param streams one stream for each generator is taken from it, under the workload's name `fitted`
 */
export function playFittedProgram(
  program: FittedProgram,
  streams: RandomStreams,
  watch: Watch,
): { readonly heap: Heap; readonly endNs: number } {
  return new FittedRun(program, streams, watch).play();
}

/** Something that happens at a time: an arrival (index of a kind group) or a free (of a page). */
interface Happening {
  readonly atNs: number;
  readonly group: number;
  readonly page: number;
  readonly when: number;
}

class FittedRun {
  readonly #heap: Heap;
  readonly #arrivals: RandomStream;
  readonly #sizes: RandomStream;
  readonly #lifetimes: RandomStream;
  readonly #sweep: RandomStream;
  readonly #manual: RandomStream;
  readonly #procs: RandomStream;
  /** Dead spans by the cycle in whose sweep they go. */
  readonly #dying = new Map<number, number[]>();
  /** Direct frees to come, soonest last. */
  readonly #due: { readonly atNs: number; readonly page: number }[] = [];
  #now = 0;
  #cycle = 0;
  #proc = 0;

  constructor(
    readonly program: FittedProgram,
    streams: RandomStreams,
    readonly watch: Watch,
  ) {
    this.#heap = new Heap(platform("linux/amd64"));
    this.#arrivals = streams.get("fitted/arrivals");
    this.#sizes = streams.get("fitted/sizes");
    this.#lifetimes = streams.get("fitted/lifetimes");
    this.#sweep = streams.get("fitted/sweep");
    this.#manual = streams.get("fitted/manual");
    this.#procs = streams.get("fitted/procs");
  }

  play(): { readonly heap: Heap; readonly endNs: number } {
    const { program } = this;
    this.#heap.resizeProcs(program.procs);
    program.stretches.forEach((stretch, s) => {
      for (let i = 0; i < stretch.cycles; i++) {
        // What comes before the first cycle is quiet; other cycles begin with marking.
        for (const part of [MARK, SWEEP, QUIET]) this.#part(stretch, s, part);
        this.#cycle++;
      }
    });
    return { heap: this.#heap, endNs: this.#now };
  }

  #part(stretch: FittedStretch, s: number, part: number): void {
    const { durationNs, arrivals } = stretch.parts[part]!;
    const events: Happening[] = [];
    arrivals.forEach((mean, piece) => {
      const width = durationNs / arrivals.length;
      for (let n = poisson(mean, this.#arrivals); n > 0; n--) {
        const offset = (piece + this.#arrivals.double()) * width;
        const when = offset >= durationNs * LATE_FROM ? LATE : EARLY;
        events.push({ atNs: this.#now + offset, group: 0, page: -1, when });
      }
    });
    if (part === MARK || this.#cycle === 0) this.#manualArrivals(stretch, s, events);
    if (part === SWEEP) this.#sweepFrees(durationNs, events);
    const end = this.#now + durationNs;
    events.sort((a, b) => a.atNs - b.atNs);
    for (const event of events) {
      this.#advance(event.atNs);
      if (event.page >= 0) this.#heap.freeSpan(event.page);
      else if (event.group > 0) this.#allocManual(event.group);
      else this.#allocHeap(stretch, part, event.when);
    }
    this.#advance(end);
  }

  #allocHeap(stretch: FittedStretch, part: number, when: number): void {
    const npages = this.#size(stretch);
    const page = this.#heap.allocSpan(this.#nextProc(), npages, 2);
    const age = this.#age(lifetimesOf(stretch, part, when, npages));
    if (age < 0) return;
    const cycle = this.#cycle + age;
    const dying = this.#dying.get(cycle);
    if (dying === undefined) this.#dying.set(cycle, [page]);
    else dying.push(page);
  }

  #size(stretch: FittedStretch): number {
    let at = this.#sizes.double();
    let bucket = 0;
    while (bucket < stretch.sizes.length - 1 && at >= stretch.sizes[bucket]!) at -= stretch.sizes[bucket++]!;
    const values = this.program.sizes[bucket]!;
    return values.length === 0 ? 1 : values[Math.floor(this.#sizes.double() * values.length)]!;
  }

  /** The age at which a new span dies, -1 for never. */
  #age(shares: readonly AgeShare[]): number {
    let at = this.#lifetimes.double();
    for (const [age, probability] of shares) {
      if (at < probability) return age;
      at -= probability;
    }
    return -1;
  }

  #nextProc(): number {
    const { procs, procSwitch } = this.program;
    if (procs > 1 && this.#procs.double() < procSwitch) {
      this.#proc = (this.#proc + 1 + Math.floor(this.#procs.double() * (procs - 1))) % procs;
    }
    return this.#proc;
  }

  #sweepFrees(durationNs: number, events: Happening[]): void {
    const dead = this.#dying.get(this.#cycle) ?? [];
    this.#dying.delete(this.#cycle);
    const { sweepFrees } = this.program;
    const times = dead.map(() => {
      let at = this.#sweep.double();
      let piece = 0;
      while (piece < sweepFrees.length - 1 && at >= sweepFrees[piece]!) at -= sweepFrees[piece++]!;
      return this.#now + ((piece + this.#sweep.double()) / sweepFrees.length) * durationNs;
    });
    times.sort((a, b) => a - b);
    dead.forEach((page, i) => {
      events.push({ atNs: times[i]!, group: 0, page, when: EARLY });
    });
  }

  #manualArrivals(stretch: FittedStretch, s: number, events: Happening[]): void {
    const durationNs = stretch.parts[this.#cycle === 0 ? QUIET : MARK]!.durationNs;
    for (const manual of this.program.manual) {
      for (let n = poisson(manual.perCycle[s]!, this.#manual); n > 0; n--) {
        events.push({
          atNs: this.#now + this.#manual.double() * durationNs,
          group: manual.group,
          page: -1,
          when: EARLY,
        });
      }
    }
  }

  #allocManual(group: number): void {
    const manual = this.program.manual.find((m) => m.group === group) as FittedManual;
    let at = this.#manual.double();
    let i = 0;
    while (i < manual.sizes.length - 1 && at >= manual.sizes[i]![1]) at -= manual.sizes[i++]![1];
    const page = this.#heap.allocSpan(this.#nextProc(), manual.sizes[i]![0], KIND_STACK + group - 1);
    if (this.#manual.double() >= manual.freedShare) return;
    const life = manual.lifetimesNs[Math.floor(this.#manual.double() * manual.lifetimesNs.length)]!;
    this.#due.push({ atNs: this.#now + life, page });
    this.#due.sort((a, b) => b.atNs - a.atNs);
  }

  /** Moves time on: direct frees that are due. */
  #advance(toNs: number): void {
    for (let next = this.#due.at(-1); next !== undefined && next.atNs <= toNs; next = this.#due.at(-1)) {
      this.#due.pop();
      this.watch(this.#heap, next.atNs);
      this.#heap.freeSpan(next.page);
    }
    this.watch(this.#heap, toNs);
    this.#now = toNs;
  }
}

function lifetimesOf(
  stretch: FittedStretch,
  part: number,
  when: number,
  npages: number,
): readonly AgeShare[] {
  const size = sizeGroup(npages);
  if (size === 1) return stretch.medium;
  if (size === 2) return stretch.large;
  const { early, late } = stretch.parts[part]!;
  return when === LATE && late !== undefined ? late : early;
}

/** A Poisson number: products of uniforms, in steps so that large means do not underflow. */
function poisson(mean: number, random: RandomStream): number {
  let count = 0;
  for (let left = mean; left > 0; left -= 50) {
    const limit = Math.exp(-Math.min(left, 50));
    for (let product = random.double(); product > limit; product *= random.double()) count++;
  }
  return count;
}
