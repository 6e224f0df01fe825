/**
 * Makes a list of operations smaller: delta debugging first, then what is left is made simpler, line by line.
 *
 *     alloc a 37          alloc a 64      sizes become powers of two, upwards or downwards
 *     alloc b 11    ──►   free a          neighbours of the same fate become one
 *     free a
 *
 * A list that is good enough stays good enough; each step is tried under both policies.
 */

import { ddmin } from "./ddmin.js";
import { consistent, type Op } from "./operations.js";

/** Whether a list is good enough. */
export type ListTest = (ops: readonly Op[]) => boolean;

/** Shrinks a list that is good enough. */
export function shrinkOperations(ops: readonly Op[], test: ListTest): readonly Op[] {
  const isGood = (some: readonly Op[]): boolean => test(consistent(some));
  let smallest: readonly Op[] = consistent(ops);
  for (;;) {
    const before = size(smallest);
    smallest = consistent(ddmin(smallest, isGood));
    smallest = fused(smallest, isGood);
    smallest = rounded(smallest, isGood);
    if (size(smallest) >= before) return smallest;
  }
}

/** What becomes less: operations, and then digits. */
function size(ops: readonly Op[]): number {
  return ops.length + ops.reduce((sum, op) => sum + (op.op === "alloc" ? 0.001 * roughness(op.pages) : 0), 0);
}

/** How far a number is from being round: the ones among its binary digits. */
function roughness(n: number): number {
  return n.toString(2).replaceAll("0", "").length;
}

/** Two allocations in a row become one of both, freed when the first was. */
function fused(ops: readonly Op[], isGood: ListTest): readonly Op[] {
  let kept = ops;
  for (let i = 0; i + 1 < kept.length; ) {
    const [a, b] = [kept[i]!, kept[i + 1]!];
    if (a.op === "alloc" && b.op === "alloc" && a.kind === b.kind) {
      const joined = { ...a, pages: a.pages + b.pages };
      const without = kept.filter((op, k) => k !== i + 1 && !(op.op === "free" && op.id === b.id));
      const tried = without.map((op, k) => (k === i ? joined : op));
      if (isGood(tried)) {
        kept = tried;
        continue;
      }
    }
    i++;
  }
  return kept;
}

/** Sizes become round, waits short. */
function rounded(ops: readonly Op[], isGood: ListTest): readonly Op[] {
  let kept = ops;
  for (let i = 0; i < kept.length; i++) {
    for (const simpler of simplerThan(kept[i]!)) {
      const tried = kept.map((op, k) => (k === i ? simpler : op));
      if (!isGood(tried)) continue;
      kept = tried;
      break;
    }
  }
  return kept;
}

/** Operations to try instead of one, the simplest first. */
function simplerThan(op: Op): Op[] {
  if (op.op === "wait") {
    const round = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000];
    return round.filter((ns) => ns < op.ns).map((ns) => ({ ...op, ns }));
  }
  if (op.op !== "alloc") return [];
  const power = 2 ** Math.floor(Math.log2(op.pages));
  const top = 2 ** Math.max(0, Math.floor(Math.log2(op.pages)) - 2);
  const candidates = [1, power, 2 * power, Math.round(op.pages / top) * top];
  const own = roughness(op.pages);
  return candidates
    .filter((pages) => pages >= 1 && pages !== op.pages && roughness(pages) < own)
    .map((pages) => ({ ...op, pages }));
}
