/** Comparisons for tests of plots: small, made up, and the same everywhere. */

import type { BandRun, FinishedComparison, ShownRow } from "../../../results/comparison-folder.js";
import { METRICS } from "../../../results/metrics.js";

const MIB = 1024 * 1024;
const SAMPLES = 101;

/** A run whose memory goes up and down around a level that depends on its seed. */
function madeUpBands(seed: number, level: number, lengthNs: number): BandRun {
  const noise = (i: number): number => ((seed * 7919 + i * 104_729) % 101) / 101;
  const values = (of: (i: number) => number): Float64Array =>
    Float64Array.from({ length: SAMPLES }, (_, i) => of(i));
  return {
    time_ns: values((i) => Math.round((lengthNs * i) / (SAMPLES - 1))),
    heap_retained_bytes: values((i) => MIB * (level + Math.min(i, 20) + 3 * noise(i))),
    refaulted_bytes: values((i) => MIB * (i < 30 ? 0 : ((i - 30) * (80 - level)) / 20 + noise(0))),
    external_fragmentation: values((i) => (i === 0 ? Number.NaN : 0.4 + 0.3 * noise(i))),
  };
}

/** A row with a difference of so many per cent, and an interval of so many to either side. */
function madeUpRow(metric: ShownRow["metric"], candidate: string, percent: number, half: number): ShownRow {
  const meanBaseline = metric.unit === "bytes" ? 48 * MIB : metric.unit === "ns" ? 2.5e9 : 0.25;
  const of = (share: number): number => (meanBaseline * share) / 100;
  const differs = Math.abs(percent) > half;
  return {
    metric,
    candidate,
    meanBaseline,
    meanCandidate: meanBaseline + of(percent),
    diff: of(percent),
    ciLow: of(percent - half),
    ciHigh: of(percent + half),
    verdict: differs ? (percent > 0 ? "higher" : "lower") : "no difference shown",
  };
}

/** A comparison of policies with made-up differences. */
export function madeUpComparison(
  given: Partial<FinishedComparison> & { scale?: number; metricCount?: number } = {},
): FinishedComparison {
  const { scale = 1, metricCount = 8, candidates = ["go1.18", "next-fit"], ...rest } = given;
  const seeds = [1, 2, 3, 4, 5];
  const runs = ["go1.17", ...candidates].map(
    (name, i) => [name, seeds.map((seed) => madeUpBands(seed, 40 + 10 * i, 4e9))] as const,
  );
  const rows = candidates.flatMap((candidate, c) =>
    METRICS.slice(0, metricCount).map((metric, m) =>
      madeUpRow(metric, candidate, scale * ((m % 5) - 2) * (c + 1) * 3, 4 + c),
    ),
  );
  return {
    name: "made-up",
    version: "1.2.3",
    baseline: "go1.17",
    candidates,
    seeds,
    parameters: { scale, idle: "3s", sample_ns: 4e7 },
    warmUpNs: 0,
    rows,
    runs: new Map(runs),
    ...rest,
  };
}
