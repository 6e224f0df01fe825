/**
 * What a memory limit (GOMEMLIMIT, from Go 1.19 on) leaves for the heap (memoryLimitHeapGoal in mgcpacer.go).
 *
 *     limit = goal + headroom + memory that no collection can free (+ what is above the limit already)
 *                                 └─ stacks, the runtime's own, what spans waste
 *
 * Free memory that is still mapped does not count: it can hold objects, or be released. The goal is never below what the last
 * mark found alive, where a collection would be for nothing.
 */

import type { LimitAxis } from "../policies/policy.js";

/**
 * Memory of the runtime's own that counts against the limit: its structures for spans, arenas, and the like. In the recorded
 * programs of Go 1.23 it is 2.1 MiB at the start, and 3.5 to 8 MiB at 20 to 450 MiB of heap.
 * @param mappedBytes mapped for the heap
 */
export function runtimeReadyBytes(mappedBytes: number): number {
  return 2.5 * 2 ** 20 + Math.trunc(mappedBytes / 96);
}

/** What the goal under a limit follows from, bytes. */
export interface LimitInputs {
  readonly limitBytes: number;
  /** Mapped and not released, the runtime's own included. */
  readonly mappedReadyBytes: number;
  /** Of that, in no span. */
  readonly heapFreeBytes: number;
  /** In objects that were not swept, whether dead or alive. */
  readonly heapAllocBytes: number;
  /** What the last mark found. */
  readonly heapMarkedBytes: number;
}

/** The heap goal under a limit, bytes; Infinity without one. */
export function limitHeapGoal(inputs: LimitInputs, axis: LimitAxis): number {
  const { limitBytes, mappedReadyBytes, heapFreeBytes, heapAllocBytes, heapMarkedBytes } = inputs;
  if (limitBytes === Number.POSITIVE_INFINITY) return limitBytes;
  const notHeap = Math.max(0, mappedReadyBytes - heapFreeBytes - heapAllocBytes);
  const above = Math.max(0, mappedReadyBytes - limitBytes);
  if (notHeap + above >= limitBytes) return heapMarkedBytes;
  const room = limitBytes - notHeap - above;
  const headroom = Math.max(Math.trunc(room / 100) * axis.headroomPercent, axis.headroomBytes);
  const goal = room - headroom < headroom ? headroom : room - headroom;
  return Math.max(goal, heapMarkedBytes);
}
