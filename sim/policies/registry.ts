/**
 * Policies by name: the presets of the Go releases, the contrasts, and any release in between.
 */

import { CONTRASTS } from "./contrasts.js";
import { GO_PRESETS } from "./go.js";
import type { Policy } from "./policy.js";

/** All policies that have a name of their own: releases, oldest first, and then contrasts. */
export const POLICIES: readonly Policy[] = [...GO_PRESETS, ...CONTRASTS];

/** The newest release that was looked at; later ones may differ. */
const NEWEST = [1, 26] as const;

/** A name that is not one of a policy, and what would be. */
export class PolicyNameError extends Error {
  override readonly name = "PolicyNameError";
  /** @param isRelease whether the name is that of a Go release, but one that is not known here */
  constructor(
    message: string,
    readonly isRelease: boolean,
  ) {
    super(message);
  }
}

/**
 * The policy of a name: that of a preset or contrast, or a Go release, for which the preset in force is taken (go1.12.4 is
 * go1.12.0, go1.23 is go1.22).
 * @throws PolicyNameError when there is none
 */
export function policyNamed(name: string): Policy {
  const own = POLICIES.find((policy) => policy.name === name);
  if (own !== undefined) return own;
  const release = releaseOf(name);
  if (release === undefined) {
    throw new PolicyNameError(
      `no policy is called "${name}": expected a Go release or one of ${names()}`,
      false,
    );
  }
  if (compare(release.slice(0, 2), NEWEST) > 0) {
    throw new PolicyNameError(
      `${name} is newer than the newest release known here, expected one up to go${NEWEST.join(".")}`,
      true,
    );
  }
  const inForce = GO_PRESETS.filter((policy) => compare(releaseOf(policy.name)!, release) <= 0).at(-1);
  if (inForce === undefined) {
    throw new PolicyNameError(
      `${name} is older than the oldest release known here, expected one from ${GO_PRESETS[0]!.name} on`,
      true,
    );
  }
  return inForce;
}

/** The numbers of a release, undefined for other names. A release without a patch number is its first. */
function releaseOf(name: string): readonly [number, number, number] | undefined {
  const match = /^go(\d+)\.(\d+)(?:\.(\d+))?$/.exec(name);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function names(): string {
  return POLICIES.map((policy) => policy.name).join(", ");
}
