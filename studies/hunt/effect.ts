/**
 * How much worse a candidate is than a baseline, in one number.
 *
 *     effect = (candidate − baseline) / baseline       bytes, counts, times
 *     effect = candidate − baseline                    shares, which are between 0 and 1
 *
 * Above zero is worse. Of the few metrics of which more is better the sign is turned. Where the baseline is zero, or one of
 * the two is undefined, there is no effect to speak of: NaN.
 */

import { METRICS, type Metric } from "../../results/metrics.js";
import { nearMiss } from "../../scenarios/values/near-miss.js";
import { StudyError } from "../study-error.js";

/** Metrics of which more is better. */
const MORE_IS_BETTER: readonly string[] = [
  "mean_hugepages_intact",
  "mean_heap_released_bytes",
  "mean_huge_coverage",
];

/** The metric that is hunted for unless another is named. */
export const DEFAULT_METRIC = "mean_external_fragmentation";

/** The effect of values of a metric. */
export function effectOf(metric: Metric, baseline: number, candidate: number): number {
  const sign = MORE_IS_BETTER.includes(metric.name) ? -1 : 1;
  // A difference of nothing has no sign.
  const difference = sign * (candidate - baseline) || 0;
  if (metric.unit === "ratio") return difference;
  return baseline > 0 ? difference / baseline : Number.NaN;
}

/** The effect as people read it. */
export function formatEffect(metric: Metric, effect: number): string {
  if (Number.isNaN(effect)) return "none";
  const sign = effect < 0 ? "−" : "+";
  const size = Math.abs(effect);
  return metric.unit === "ratio" ? `${sign}${size.toFixed(3)}` : `${sign}${(100 * size).toFixed(1)} %`;
}

/**
 * The metric of a name; names of columns stand for their means.
 * @throws StudyError for a name that is none
 */
export function metricNamed(name: string): Metric {
  const found = METRICS.find((metric) => metric.name === name || metric.name === `mean_${name}`);
  if (found !== undefined) return found;
  const near = nearMiss(
    name,
    METRICS.map((metric) => metric.name),
  );
  const hint = near === undefined ? "mheapsim list metrics names all" : `did you mean "${near}"?`;
  throw new StudyError(`no metric is called ${JSON.stringify(name)}: ${hint}`);
}
