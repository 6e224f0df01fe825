/**
 * Small workloads for a quick look, made on the spot from a fixed seed.
 */

import { type Workload, WorkloadBuilder } from "./workload.js";

/** Names of the generated workloads. */
export const GENERATED = ["churn", "mixed", "caches"] as const;

const BASE = 0xc000000000;
const MIB = 1024 * 1024;

/** A generated workload by name. */
export function generated(name: string): Workload {
  const random = xorshift(0x9e3779b9);
  switch (name) {
    case "churn":
      return churn(random, name, 64 * MIB, 6000, () => 1);
    case "mixed":
      return churn(random, name, 512 * MIB, 3000, () => 1 + Math.floor(random() ** 4 * 64));
    case "caches":
      return caches(random, name);
    default:
      throw new Error(`no generated workload is called "${name}": expected one of ${GENERATED.join(", ")}`);
  }
}

/** Fills part of a heap, then frees and allocates at random. */
function churn(
  random: () => number,
  name: string,
  bytes: number,
  live: number,
  size: () => number,
): Workload {
  const builder = new WorkloadBuilder();
  builder.grow(BASE, bytes);
  for (let id = 0; id < live; id++) builder.alloc(id, size());
  builder.begin();
  for (let i = 0; i < 200_000; i++) {
    const id = Math.floor(random() * live);
    builder.free(id);
    builder.alloc(id, size());
  }
  return builder.build(name);
}

/** Four page caches, refilled in turn, and frees at random. Every cache allocation here takes one page and fits. */
function caches(random: () => number, name: string): Workload {
  const builder = new WorkloadBuilder();
  builder.grow(BASE, 256 * MIB);
  builder.begin();
  const live: number[] = [];
  for (let round = 0; round < 4000; round++) {
    builder.toCache(round & 3);
    const first = live.length;
    for (let i = 0; i < 4; i++) {
      live.push(first + i);
      builder.cacheAlloc(round * 4 + i, round & 3, 1);
    }
    if (round % 2 === 1) builder.free(Math.floor(random() * 2) + round * 4);
  }
  return builder.build(name);
}

/** A uniform generator on [0, 1); the benchmark needs the same operations each time, nothing more. */
function xorshift(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 4294967296;
  };
}
