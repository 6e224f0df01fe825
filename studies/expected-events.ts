/** How much a workload will do, estimated without running it. */

import type { ArrivalSpec, WorkloadKind, WorkloadSpec } from "../scenarios/scenario.js";
import { areaOf, expectedArrivals, meanOf } from "../scenarios/workloads/expected.js";
import { Windows } from "../scenarios/workloads/windows.js";

/** Windows that are looked at; the others are taken to be alike. */
const MAX_WINDOWS = 1000;
/** Pages of a span are so long. */
const PAGE_BYTES = 8192;

/**
 * Things that a workload makes, in all: spans, objects, goroutines, buffers.
 * @returns NaN when that cannot be told beforehand, as for recordings, and 0 for leaks, which make nothing
 */
export function expectedEvents(workload: WorkloadSpec): number {
  const { spec } = workload;
  if (spec.kind === "leak") return 0;
  if (spec.kind === "trace") return Number.NaN;
  if (spec.kind === "operations") return spec.operations.filter((one) => one.op === "alloc").length;
  const windows = new Windows(workload);
  let sum = 0;
  let seen = 0;
  do {
    const lengthNs = windows.stopNs - windows.startNs;
    if (lengthNs === Number.POSITIVE_INFINITY) return Number.NaN;
    sum += inWindow(spec, lengthNs);
    seen++;
  } while (seen < MAX_WINDOWS && windows.next());
  let all = seen;
  while (windows.next() && all < 1e6) all++;
  return (sum * all) / seen;
}

function inWindow(
  spec: Exclude<WorkloadKind, { kind: "leak" | "trace" | "operations" }>,
  lengthNs: number,
): number {
  if (spec.kind !== "birthDeath")
    return expectedArrivals(spec, lengthNs, spec.rate === null ? 1 : meanUnits(spec));
  const rate = spec.rows.reduce((all, row) => all + row.ratePerSecond, 0);
  const live = spec.rows.reduce((all, row) => all + row.live, 0);
  return live + rate * areaOf(spec.intensity, lengthNs);
}

/** Bytes of a thing when arrivals go by bytes, else 1. */
function meanUnits(spec: Extract<WorkloadKind, ArrivalSpec>): number {
  if (spec.rate?.unit !== "bytesPerSecond") return 1;
  if (spec.kind === "buffers") return meanOf(spec.toBytes);
  if (spec.kind === "stacks") return 1;
  const weights = spec.sorts.reduce((all, { weight }) => all + weight, 0);
  let bytes = 0;
  for (const sort of spec.sorts) {
    const one = "bytes" in sort ? meanOf(sort.bytes) : meanOf(sort.pages) * PAGE_BYTES;
    bytes += (one * sort.weight) / weights;
  }
  return bytes;
}
