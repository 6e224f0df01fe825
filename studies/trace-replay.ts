/** Replays traces: which replay a trace needs follows from its columns and from the policy it was recorded under. */

import { InputError } from "../scenarios/input-error.js";
import type { TraceRow } from "../scenarios/trace/heap-trace.js";
import type { Geometry } from "../sim/address/geometry.js";
import type { Policy } from "../sim/policies/policy.js";
import type { Check } from "./check.js";
import { GenerationReplay } from "./trace/generation-replay.js";
import { IndexReplay } from "./trace/index-replay.js";
import type { TraceReplay } from "./trace/replay.js";

export { type CollectorState, TraceReplay } from "./trace/replay.js";

/**
 * The replay of a trace.
 * @param row its first
 * @param geometry with the physical page sizes of that
 * @param policy that it was recorded under
 * @param check receives the comparisons
 * @throws InputError for a policy whose scavenger the trace does not speak of
 */
export function createReplay(
  path: string,
  row: TraceRow,
  geometry: Geometry,
  policy: Policy,
  check: Check,
): TraceReplay {
  const { index } = policy.scavenger;
  if (index === "ranges" && row.columns === 7) return new GenerationReplay(path, geometry, policy, check);
  if (index === "density" && row.columns === 8) return new IndexReplay(path, geometry, policy, check);
  const wanted = row.columns === 7 ? "one of go1.15 to go1.18" : "one of go1.21 or later";
  throw new InputError(
    path,
    1,
    1,
    `the rows of this trace do not tell of the scavenger of ${policy.name}: expected ${wanted} (--policy)`,
  );
}
