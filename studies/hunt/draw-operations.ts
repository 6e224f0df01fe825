/**
 * Operation lists drawn at random, so that small cases are found as such.
 *
 * Each list is drawn with habits of its own: how large its spans are, how many live at once, whether they come in groups and
 * die in order, at random, or every other one. A list whose habits are extreme finds what an average one never would.
 */

import { type RandomStream, RandomStreams } from "../../engine/random-streams.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";

/** Longest and shortest list. */
const MIN_OPERATIONS = 20;
const MAX_OPERATIONS = 400;

/** A scenario that consists of one drawn list. */
export function drawOperations(seed: number): ScenarioInput {
  const stream = new RandomStreams(String(seed)).get("hunt/operations");
  const ops = new Draw(stream).list();
  return {
    name: "operations",
    about: "a list of operations drawn at random",
    seed,
    machine: { procs: 1 },
    samples: Math.min(1000, ops.length),
    workloads: { list: { kind: "operations", ops } },
  };
}

class Draw {
  private readonly ops: string[] = [];
  private readonly live: number[] = [];
  private next = 0;
  private readonly length: number;
  private readonly mostLive: number;
  /** Sizes lie between 2^low and 2^high pages. */
  private readonly low: number;
  private readonly high: number;
  private readonly order: "first" | "last" | "any" | "alternating";

  constructor(private readonly stream: RandomStream) {
    this.length = MIN_OPERATIONS + this.below(MAX_OPERATIONS - MIN_OPERATIONS);
    this.mostLive = 4 + this.below(60);
    this.low = this.below(6);
    this.high = this.low + 1 + this.below(12 - this.low);
    this.order = (["first", "last", "any", "alternating"] as const)[this.below(4)]!;
  }

  list(): string[] {
    const collects = this.stream.double() < 0.3;
    while (this.ops.length < this.length) {
      if (collects && this.stream.double() < 0.03) this.ops.push("collect", "wait 100ms");
      if (this.live.length >= this.mostLive) this.freeSome();
      else if (this.live.length === 0 || this.stream.double() < 0.6) this.allocate();
      else this.free();
    }
    return this.ops;
  }

  private allocate(): void {
    const exponent = this.low + this.stream.double() * (this.high - this.low);
    this.ops.push(`alloc a${this.next} ${Math.max(1, Math.round(2 ** exponent))}`);
    this.live.push(this.next++);
  }

  private free(): void {
    const last = this.live.length - 1;
    const at = { first: 0, last, any: this.below(last + 1), alternating: Math.min(last, 1) }[this.order];
    this.ops.push(`free a${this.live.splice(at, 1)[0]}`);
  }

  /** Many at once: every other one, or a part of all. */
  private freeSome(): void {
    const keep = 0.2 + 0.6 * this.stream.double();
    const going = this.live.filter((_, i) =>
      this.order === "alternating" ? i % 2 === 1 : this.stream.double() > keep,
    );
    for (const id of going) {
      this.ops.push(`free a${id}`);
      this.live.splice(this.live.indexOf(id), 1);
    }
  }

  private below(n: number): number {
    return Math.floor(this.stream.double() * n);
  }
}
