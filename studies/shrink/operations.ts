/**
 * Operations as a shrinker wants them: plain lines with numbers for names, which can be left out, rounded and fused.
 *
 *     alloc 3 40 heap, free 3, collect, wait 100ms      ◄──►   alloc a3 40 / free a3 / collect / wait 100ms
 */

import type { ScenarioInput } from "../../scenarios/schema/root.js";
import { formatExactDuration } from "./exact-duration.js";

/** One operation. */
export type Op =
  | { readonly op: "alloc"; readonly id: number; readonly pages: number; readonly kind: string }
  | { readonly op: "free"; readonly id: number }
  | { readonly op: "collect" }
  | { readonly op: "wait"; readonly ns: number };

/** Leaves out frees of what is not allocated before them. */
export function consistent(ops: readonly Op[]): Op[] {
  const live = new Set<number>();
  return ops.filter((op) => {
    if (op.op === "free") return live.delete(op.id);
    if (op.op === "alloc") live.add(op.id);
    return true;
  });
}

/** The lines of a scenario's list; allocations are named in their order. */
export function linesOf(ops: readonly Op[]): string[] {
  const names = new Map<number, string>();
  return ops.map((op) => {
    if (op.op === "collect") return "collect";
    if (op.op === "wait") return `wait ${formatExactDuration(op.ns)}`;
    if (op.op === "free") return `free ${names.get(op.id)}`;
    const name = nameOf(names.size);
    names.set(op.id, name);
    return `alloc ${name} ${op.pages}${op.kind === "heap" ? "" : ` ${op.kind}`}`;
  });
}

/** a, b, … z, a1, b1, … */
function nameOf(n: number): string {
  const letter = String.fromCharCode(97 + (n % 26));
  return n < 26 ? letter : `${letter}${Math.floor(n / 26)}`;
}

/** A scenario that plays operations, like another one in everything else. */
export function withOperations(tree: ScenarioInput, ops: readonly Op[], stepNs: number): ScenarioInput {
  const { phases: _, actions: __, duration: ___, expect: ____, samples: _____, ...rest } = tree;
  return {
    ...rest,
    samples: Math.min(1000, Math.max(10, ops.length)),
    workloads: {
      list: { kind: "operations", step: formatExactDuration(stepNs), ops: linesOf(ops) },
    },
  };
}

/** The list of a scenario that is a list and nothing else. */
export function operationsOf({ workloads = {} }: ScenarioInput): readonly string[] | undefined {
  const [only, ...others] = Object.values(workloads);
  return only?.kind === "operations" && others.length === 0 ? only.ops : undefined;
}
