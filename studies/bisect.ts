/**
 * Which single axis, or pair of axes, of those in which two policies differ brings a regression.
 *
 *     A ──change one field──► A + field ──evaluate──► effect against A       share of the effect of B against A
 *
 * Fields are taken over from B into A one at a time; if none of them alone brings at least half, in pairs.
 */

import type { Metric } from "../results/metrics.js";
import { PolicyError } from "../sim/heap/own-parts.js";
import { fieldValue, POLICY_FIELDS } from "../sim/policies/fields.js";
import type { Policy } from "../sim/policies/policy.js";
import { metricNamed } from "./hunt/effect.js";
import { evaluate } from "./hunt/evaluation.js";
import { varyPolicy } from "./policies/vary.js";
import { readRecordings } from "./recordings.js";
import { type Repro, reproScenario } from "./repro/repro.js";

/** Share of the whole effect from which on fields are to blame. */
const TO_BLAME = 0.5;

/** What some fields bring. */
export interface Share {
  /** Paths of fields that were taken over. */
  readonly fields: readonly string[];
  readonly effect: number;
  /** Why they cannot be taken over alone; undefined when they can. */
  readonly impossible: string | undefined;
}

export interface BisectResult {
  readonly metric: Metric;
  /** Effect of all fields together. */
  readonly whole: number;
  /** Single fields, and pairs if no single one is to blame; the largest effect first. */
  readonly shares: readonly Share[];
  /** Those that bring at least half of it. */
  readonly blamed: readonly Share[];
}

/** Paths of the fields in which two policies differ. */
export function differingFields(a: Policy, b: Policy): string[] {
  return POLICY_FIELDS.map((field) => field.path).filter(
    (path) => fieldValue(a, path) !== fieldValue(b, path),
  );
}

/**
 * Bisects.
 * @param a the policy that is fine
 * @param b the one that is not
 * @param repro the case that shows it; its own policies do not count
 * @throws InputError as a run does
 */
export async function bisect(a: Policy, b: Policy, repro: Repro, path: string): Promise<BisectResult> {
  const metric = metricNamed(repro.metric);
  const scenario = reproScenario(repro);
  const recordings = await readRecordings(scenario, path);
  const effectOf = (candidate: Policy): number =>
    evaluate(scenario, recordings, { baseline: a, candidate }, metric).effect;
  const whole = effectOf(b);
  const fields = differingFields(a, b);
  const shareOf = (some: readonly string[]): Share => {
    const policy = varyPolicy(a, `${a.name}+`, new Map(some.map((field) => [field, fieldValue(b, field)])));
    try {
      return { fields: some, effect: effectOf(policy), impossible: undefined };
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error;
      return { fields: some, effect: Number.NaN, impossible: error.message };
    }
  };
  const isToBlame = ({ effect }: Share): boolean => whole > 0 && effect >= TO_BLAME * whole;
  let shares = fields.map((field) => shareOf([field]));
  let blamed = shares.filter(isToBlame);
  if (whole > 0 && blamed.length === 0) {
    const pairs = fields.flatMap((one, i) => fields.slice(i + 1).map((other) => shareOf([one, other])));
    blamed = pairs.filter(isToBlame);
    shares = [...shares, ...pairs];
  }
  const byEffect = (x: Share, y: Share): number => (y.effect || 0) - (x.effect || 0);
  return { metric, whole, shares: [...shares].sort(byEffect), blamed: [...blamed].sort(byEffect) };
}
