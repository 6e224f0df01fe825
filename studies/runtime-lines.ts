/**
 * What the runtime would print with GODEBUG=gctrace=1: the lines of Go 1.18, with the simulation's numbers.
 *
 *     gc 7 @3.258s 1%: 0.050+41+0.050 ms clock, 0.20+0.80/41/12+0.20 ms cpu, 62->62->42 MB, 85 MB goal, 0 MB stacks, 0 MB globals, 4 P
 */

import { CycleCause } from "../sim/gc/collector.js";
import type { ScenarioRun } from "./scenario-run.js";

const MIB = 1024 * 1024;
const NS_PER_MS = 1e6;

/** A collection, in whole ns and bytes. */
export interface CycleLine {
  readonly number: number;
  readonly startNs: number;
  /** Time of all Ps that collecting took so far, a share of the run. */
  readonly share: number;
  readonly stopNs: number;
  readonly markNs: number;
  readonly assistNs: number;
  readonly backgroundNs: number;
  readonly idleNs: number;
  readonly startBytes: number;
  readonly endBytes: number;
  readonly markedBytes: number;
  readonly goalBytes: number;
  readonly stackBytes: number;
  readonly globalsBytes: number;
  readonly procs: number;
  readonly forced: boolean;
}

/** The line of a collection. */
export function gcLine(cycle: CycleLine): string {
  const { number, startNs, share, stopNs, markNs, procs } = cycle;
  const clock = [stopNs, markNs, stopNs].map(milliseconds).join("+");
  const marking = [cycle.assistNs, cycle.backgroundNs, cycle.idleNs].map(milliseconds).join("/");
  const cpu = [milliseconds(stopNs * procs), marking, milliseconds(stopNs * procs)].join("+");
  const heap = [cycle.startBytes, cycle.endBytes, cycle.markedBytes].map(megabytes).join("->");
  const rest = [
    `${heap} MB`,
    `${megabytes(cycle.goalBytes)} MB goal`,
    `${megabytes(cycle.stackBytes)} MB stacks`,
    `${megabytes(cycle.globalsBytes)} MB globals`,
    `${procs} P`,
  ].join(", ");
  const at = (Math.floor(startNs / NS_PER_MS) / 1000).toFixed(3);
  const what = `gc ${number} @${at}s ${Math.floor(100 * share)}%: ${clock} ms clock, ${cpu} ms cpu, ${rest}`;
  return cycle.forced ? `${what} (forced)` : what;
}

/** Keeps count of what collections took, for the share of time that each line tells. */
export class CycleLog {
  private totalNs = 0;

  /** The line of the collection that a run has just ended. */
  line({ runtime, sim }: ScenarioRun): string {
    const { collector, heap } = runtime;
    const { pacer, costs } = collector;
    const markNs = collector.markEndNs - collector.markStartNs;
    const procs = heap.procs;
    const backgroundNs = Math.floor((markNs * procs) / 4);
    const { assistNs, idleNs } = collector;
    this.totalNs += assistNs + backgroundNs + 2 * costs.stopTheWorldNs * procs;
    return gcLine({
      number: collector.cycles,
      startNs: collector.markStartNs,
      share: this.totalNs / Math.max(1, sim.nowNs * procs),
      stopNs: costs.stopTheWorldNs,
      markNs: Math.max(0, markNs - 2 * costs.stopTheWorldNs),
      assistNs,
      backgroundNs,
      idleNs,
      startBytes: collector.liveAtStartBytes,
      endBytes: collector.liveAtEndBytes,
      markedBytes: pacer.heapMarkedBytes,
      goalBytes: pacer.lastHeapGoalBytes,
      stackBytes: pacer.stackScanBytes,
      globalsBytes: pacer.globalsScanBytes,
      procs,
      forced: collector.cause === CycleCause.explicit,
    });
  }
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / MIB);
}

/** Time in ms: whole from 10 ms on, else three digits after the point, of which two count (fmtNSAsMS). */
export function milliseconds(ns: number): string {
  if (ns >= 10e6) return String(Math.floor(ns / 1e6));
  let units = Math.floor(ns / 1e3);
  if (units === 0) return "0";
  let digits = 3;
  for (; units >= 100; digits--) units = Math.floor(units / 10);
  return (units / 10 ** digits).toFixed(digits);
}
