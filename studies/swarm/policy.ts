/** A random policy: one that has a name, or one with some axes of others. It has draws of its own. */

import { POLICIES, policyNamed } from "../../sim/policies/registry.js";
import { policyFault } from "../../studies/policies.js";
import { Draw } from "./draw.js";

/** Changes that go with every policy. */
const CHANGES = [
  (draw: Draw) => `growth.unit=${draw.pick(["arena", "phys-page", "chunk"])}`,
  (draw: Draw) => `growth.newMemory=${draw.pick(["retained", "released"])}`,
  (draw: Draw) => `growth.accounts=${draw.pick(["arena", "growth"])}`,
  (draw: Draw) => `growth.scavenge=${draw.pick(["none", "largest", "under-lock", "after-unlock"])}`,
  (draw: Draw) => `alloc.scavenge=${draw.pick(["none", "scavenged-span"])}`,
  (draw: Draw) => `pageCache.pages=${draw.pick([0, 64])}`,
  (draw: Draw) => `pageCache.refillSearchAddr=${draw.pick(["last-page", "behind-block"])}`,
  (draw: Draw) => `goal.basis=${draw.pick(["none", "next-gc", "in-use-ratio"])}`,
  (draw: Draw) => `goal.retainExtraPercent=${draw.wholeMagnitude(1, 100)}`,
  (draw: Draw) =>
    `scavenger.background=${draw.pick(["none", "periodic", "linear", "ewma", "pi", "decay", "oracle"])}`,
  (draw: Draw) => `scavenger.unusedNs=${draw.wholeMagnitude(1, 1_000_000_000)}`,
  (draw: Draw) => `scavenger.periodNs=${draw.wholeMagnitude(1_000_000, 1_000_000_000)}`,
  (draw: Draw) => `scavenger.decayNs=${draw.wholeMagnitude(1_000_000_000, 100_000_000_000)}`,
  (draw: Draw) => `system.madvise=${draw.pick(["DONTNEED", "FREE"])}`,
  (draw: Draw) => `system.hugePages=${draw.pick(["head-tail", "dense", "collapse", "none"])}`,
  (draw: Draw) => `layout.base=${draw.pick(["hint", "random"])}`,
];

/** Changes that need a scavenger which does not depend on the fit's spans. */
const FREER_CHANGES = [
  (draw: Draw) =>
    `fit.kind=${draw.pick(["free-lists", "two-treaps", "address-treap", "radix", "radix-best", "radix-next", "hugepage-filler", "lifetime-split"])}`,
  (draw: Draw) => `lock.madviseHeld=${draw.chance(0.5)}`,
];

/** The policy of a scenario's number. */
export function randomPolicy(seed: number): string {
  const draw = new Draw(seed, "policy");
  const { name } = draw.pick(POLICIES);
  if (draw.chance(0.5)) return name;
  const { index } = policyNamed(name).scavenger;
  const changes = index === "spans" ? CHANGES : [...CHANGES, ...FREER_CHANGES, ...FREER_CHANGES];
  const chosen = new Map<string, string>();
  for (const change of draw.list(1, 4, () => draw.pick(changes)(draw)))
    chosen.set(change.split("=")[0]!, change);
  const spec = `${name}{${[...chosen.values()].join(",")}}`;
  return policyFault(spec) === undefined ? spec : name;
}
