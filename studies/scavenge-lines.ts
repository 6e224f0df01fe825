/**
 * What the runtime would print with GODEBUG=scavtrace=1, in the form of the release that a policy is of:
 *
 *     1.14, 1.19, 1.20   scav 128 KiB work, 4160 KiB total, 97% util
 *     1.15 to 1.18       scav 6 128 KiB work, 4160 KiB total, 97% util                      the generation first
 *     1.21 on            scav 64 KiB work (bg), 64 KiB work (eager), 4160 KiB now, 97% util   eager: by allocations
 *
 * A line comes at the end of each sweep (1.14: with new goals), and, with "(forced)", after FreeOSMemory. Work is what was
 * released since the line before it; 1.14, 1.19 and 1.20 count that of the background scavenger alone.
 */

import type { Heap } from "../sim/heap/heap.js";
import type { ScenarioRun } from "./scenario-run.js";

/** Writes the lines of a run. */
export class ScavengeLog {
  private backgroundBytes = 0;
  private assistedBytes = 0;

  /** The line for what the scavenger has done since the last one. */
  line({ heap, runtime }: ScenarioRun): string {
    const background = runtime.scavenger.releasedBytes - this.backgroundBytes;
    const eager = heap.statistics.assistedBytes - this.assistedBytes;
    this.backgroundBytes += background;
    this.assistedBytes += eager;
    return lineOf(heap, background, eager);
  }

  /** The line of a release that the program asked for. */
  forced({ heap }: ScenarioRun, releasedBytes: number): string {
    const { index } = heap.policy.scavenger;
    if (index === "ranges") return `${rangesLine(heap, releasedBytes)} (forced)`;
    const [background, eager] = index === "density" ? [0, releasedBytes] : [releasedBytes, 0];
    return `${lineOf(heap, background, eager)} (forced)`;
  }
}

function lineOf(heap: Heap, backgroundBytes: number, eagerBytes: number): string {
  const { index } = heap.policy.scavenger;
  if (index === "ranges") return rangesLine(heap, heap.scavenger.releasedBytes);
  if (index === "density") {
    const work = `${kib(backgroundBytes)} KiB work (bg), ${kib(eagerBytes)} KiB work (eager)`;
    return `scav ${work}, ${kib(heap.statistics.heapReleasedBytes)} KiB now, ${util(heap)}% util`;
  }
  return `scav ${kib(backgroundBytes)} KiB work, ${total(heap)}`;
}

function rangesLine(heap: Heap, releasedBytes: number): string {
  return `scav ${heap.scavenger.gen} ${kib(releasedBytes)} KiB work, ${total(heap)}`;
}

function total(heap: Heap): string {
  return `${kib(heap.statistics.heapReleasedBytes)} KiB total, ${util(heap)}% util`;
}

/** Heap in use, of what is retained, in percent. */
function util({ statistics: { heapInUseBytes, heapRetainedBytes } }: Heap): number {
  return heapRetainedBytes === 0 ? 0 : Math.floor((heapInUseBytes * 100) / heapRetainedBytes);
}

function kib(bytes: number): number {
  return Math.floor(bytes / 1024);
}
