/**
 * What summary.json says of releases that were regretted, and of the heap lock: distributions, which a time series cannot hold.
 */

import type { Histogram } from "../engine/statistics.js";
import { LOCK_OPS } from "../sim/heap/critical-sections.js";
import type { Regret } from "../sim/os/regret.js";
import type { HeapLock } from "../sim/runtime/heap-lock.js";

type Json = number | null | Json[] | { readonly [key: string]: Json };

/** Ages at which released memory is used again, s: the upper ends of what is counted together; the last has the rest. */
const AGES_S = [0.001, 0.01, 0.1, 1, 10, 60, 300, 1800] as const;

/**
 * Regret: decisions to release, what became of them, and how old released memory was when it was used again.
 * @param pageBytes of a runtime page
 */
export function regretSummary(regret: Regret, pageBytes: number): Json {
  const { decisions, releasedPages, reusedPages, regrettedPages, windowNs } = regret;
  return {
    window_ns: windowNs,
    decisions,
    released_bytes: releasedPages * pageBytes,
    reused_bytes: reusedPages * pageBytes,
    regretted_bytes: regrettedPages * pageBytes,
    decisions_by_share_regretted: { ...regret.outcomes() },
    age_at_reuse: ageClasses(regret.ages, pageBytes),
  };
}

/** Bytes by age; a bucket of the histogram counts where most of it lies. */
function ageClasses(ages: Histogram, pageBytes: number): Json {
  const bytes = new Array<number>(AGES_S.length + 1).fill(0);
  ages.forEach((from, to, pages) => {
    const middle = (from + to - 1) / 2;
    const found = AGES_S.findIndex((limit) => middle <= limit * 1e9);
    bytes[found < 0 ? AGES_S.length : found]! += pages * pageBytes;
  });
  return bytes.map((sum, i) => ({ up_to_ns: i < AGES_S.length ? AGES_S[i]! * 1e9 : null, bytes: sum }));
}

/** Waits and holds by what the lock was taken for, ns. */
export function lockSummary(lock: HeapLock): Json {
  return Object.fromEntries(
    LOCK_OPS.map((name, op) => {
      const { waits, holds } = lock.ops[op]!;
      return [name, { acquisitions: waits.count, wait_ns: spread(waits), hold_ns: spread(holds) }];
    }),
  );
}

function spread(times: Histogram): Json {
  if (times.count === 0) return null;
  return {
    mean: times.mean,
    p50: times.quantile(0.5),
    p90: times.quantile(0.9),
    p99: times.quantile(0.99),
    p999: times.quantile(0.999),
    max: times.max,
  };
}
