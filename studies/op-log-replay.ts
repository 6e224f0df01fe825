/** Replays operation logs: which replay a log needs follows from its columns and from the policy it was recorded under. */

import { InputError } from "../scenarios/input-error.js";
import { type LogHeader, OP_LOG_HEADER, readOpLog } from "../scenarios/trace/op-log.js";
import type { Geometry } from "../sim/address/geometry.js";
import type { Policy } from "../sim/policies/policy.js";
import type { Check } from "./check.js";
import { BitmapLog } from "./op-log/bitmap-log.js";
import { DensityLog } from "./op-log/density-log.js";
import { GenerationLog } from "./op-log/generation-log.js";
import type { OpLogReplay } from "./op-log/replay.js";

/**
 * Replays a log file.
 * @param policy that it was recorded under
 * @param check receives the results
 * @throws InputError for lines that are not valid, and for a policy whose scavenger the log does not speak of
 */
export async function replayOpLog(
  path: string,
  geometry: Geometry,
  policy: Policy,
  check: Check,
): Promise<void> {
  let replay: OpLogReplay | undefined;
  await readOpLog(
    path,
    (line) => {
      if (!check.stopped) replay!.step(line);
    },
    (header) => {
      replay = createReplay(path, header, geometry, policy, check);
    },
  );
}

function createReplay(
  path: string,
  header: LogHeader,
  geometry: Geometry,
  policy: Policy,
  check: Check,
): OpLogReplay {
  const { index, reservationShards, denseFraction } = policy.scavenger;
  const hasCursors = header !== OP_LOG_HEADER;
  if (index === "ranges" && !hasCursors) return new GenerationLog(path, geometry, check, reservationShards);
  if (index === "bitmap" && hasCursors) return new BitmapLog(path, geometry, check);
  if (index === "density" && hasCursors) return new DensityLog(path, geometry, check, denseFraction);
  const wanted = hasCursors ? "one of go1.19 or later" : "one of go1.15 to go1.18";
  throw new InputError(
    path,
    1,
    1,
    `the columns of this log do not tell of the scavenger of ${policy.name}: expected ${wanted} (--policy)`,
  );
}
