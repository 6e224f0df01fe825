/** Reads the recordings that a scenario's workloads play. */

import { dirname, isAbsolute, join } from "node:path";
import { BUNDLED_TRACES, bundledPath } from "../scenarios/library.js";
import type { Scenario } from "../scenarios/scenario.js";
import { playedNs, readTraceSpans, type TraceSpans } from "../scenarios/workloads/trace.js";
import type { Recordings } from "../scenarios/workloads/workloads.js";

/**
 * Reads all recordings of a scenario, each once.
 * @param path of the scenario's file, from whose folder paths of recordings count; "" for the current folder
 * @throws InputError when one cannot be read
 */
export async function readRecordings(scenario: Scenario, path: string): Promise<Recordings> {
  const recordings = new Map<string, TraceSpans>();
  for (const [file, place] of recordingPaths(scenario, path))
    recordings.set(file, await readTraceSpans(place));
  return recordings;
}

/** Where the recordings of a scenario are, by the name that its workloads give them; arguments as above. */
export function recordingPaths(scenario: Scenario, path: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const { spec } of scenario.workloads)
    if (spec.kind === "trace") paths.set(spec.file, tracePath(spec.file, path));
  return paths;
}

/** A scenario with its length: one that lasts as long as its traces do gets theirs. */
export function withDuration(scenario: Scenario, recordings: Recordings): Scenario {
  if (scenario.durationNs !== Number.POSITIVE_INFINITY) return scenario;
  let endNs = 0;
  for (const { spec, startNs, stopNs, repeat } of scenario.workloads) {
    const repeats = repeat === null || repeat.times === Number.POSITIVE_INFINITY ? 1 : repeat.times;
    const lengthNs =
      spec.kind === "trace"
        ? Math.min(playedNs(spec, recordings.get(spec.file)!), stopNs - startNs)
        : stopNs - startNs;
    const lastNs = startNs + (repeats - 1) * (repeat?.everyNs ?? 0);
    if (lengthNs !== Number.POSITIVE_INFINITY) endNs = Math.max(endNs, lastNs + lengthNs);
  }
  for (const { atNs } of scenario.actions) endNs = Math.max(endNs, atNs);
  const workloads = scenario.workloads.map((workload) => ({
    ...workload,
    stopNs: Math.min(workload.stopNs, endNs),
    endNs: Math.min(workload.endNs, endNs),
  }));
  return { ...scenario, durationNs: endNs, workloads };
}

function tracePath(file: string, scenarioPath: string): string {
  const bundled = BUNDLED_TRACES.find((trace) => trace.name === file);
  if (bundled !== undefined) return bundledPath(bundled);
  return isAbsolute(file) || scenarioPath === "" ? file : join(dirname(scenarioPath), file);
}
