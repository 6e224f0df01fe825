/**
 * How much memory the heap should keep (gcPaceScavenger in mgcscavenge.go, Go 1.13.3 to 1.18).
 *
 * The heap in use at the end of the last mark, scaled by how the heap goal moved, plus a tenth:
 *
 *     goal = lastHeapInUse · heapGoal / lastHeapGoal · (1 + retainExtraPercent/100), rounded up to physical pages
 *
 * Scaling by the goals of the garbage collector rather than taking its goal itself accounts for fragmentation inside
 * spans, which the goal, counted in object bytes, does not know (golang/go#34048).
 */

/** Memory kept beyond what the goal ratio asks for, in percent. */
export const RETAIN_EXTRA_PERCENT = 10;

/** The goal when the scavenger has nothing to do, or knows too little: no retained size exceeds it. */
export const SCAVENGE_DISABLED = Number.POSITIVE_INFINITY;

/**
 * The scavenge goal in bytes, or SCAVENGE_DISABLED before the second cycle and when the heap is at its goal already,
 * give or take a physical page.
 *
 * @param heapGoal heap goal of the coming cycle, bytes
 * @param lastHeapGoal heap goal of the last cycle, bytes; 0 before the first
 * @param lastHeapInUse heap in use at the last mark termination, bytes
 * @param retainedNow bytes retained now
 * @param physPageBytes physical page size, bytes
 * @param retainExtraPercent percent kept beyond what the ratio asks for
 */
export function scavengeGoal(
  heapGoal: number,
  lastHeapGoal: number,
  lastHeapInUse: number,
  retainedNow: number,
  physPageBytes: number,
  retainExtraPercent = RETAIN_EXTRA_PERCENT,
): number {
  if (lastHeapGoal === 0) return SCAVENGE_DISABLED;
  // The runtime computes the product in double precision and cuts it off, then works with whole bytes.
  let goal = Math.floor(lastHeapInUse * (heapGoal / lastHeapGoal));
  // Of a tenth the runtime makes a whole divisor, and so do we where the percentage allows it.
  if (retainExtraPercent > 0) goal += Math.floor(goal / (100 / retainExtraPercent));
  goal = Math.ceil(goal / physPageBytes) * physPageBytes;
  return retainedNow <= goal || retainedNow - goal < physPageBytes ? SCAVENGE_DISABLED : goal;
}
