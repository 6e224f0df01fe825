/** How many things a workload makes, expected beforehand. */

import { curve, integrate } from "../../engine/curves.js";
import { distribution } from "../../engine/distributions.js";
import { RandomStreams } from "../../engine/random-streams.js";
import type { ArrivalSpec, CurveSpec, DistributionSpec } from "../scenario.js";

/**
 * Things that are made at a rate in a window.
 * @param units mean bytes of a thing when the rate is one of bytes, else 1
 * @returns NaN or Infinity where a mean is not known
 */
export function expectedArrivals(spec: ArrivalSpec, lengthNs: number, units: number): number {
  if (spec.rate === null) return Math.min(spec.count, spec.initial);
  const batch = spec.rate.unit === "perSecond" ? Math.max(1, meanOf(spec.batch)) : 1;
  return Math.min(spec.count, spec.initial + (areaOf(spec.rate.curve, lengthNs) * batch) / units);
}

/** The area under a curve, in its unit times seconds. Curves that walk are taken to walk as they do under one seed. */
export function areaOf(spec: CurveSpec, lengthNs: number): number {
  return integrate(curve(spec, new RandomStreams(0).get("expected")), 0, lengthNs) / 1e9;
}

/** The mean of a distribution, NaN where none is known. */
export function meanOf(spec: DistributionSpec): number {
  return distribution(spec, new RandomStreams(0).get("expected")).mean;
}
