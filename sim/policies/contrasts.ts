/**
 * Policies that no Go release has: bounds and other allocators' ideas, to hold the releases against. Each changes one or two
 * axes of 1.22, so that a difference has one cause.
 */

import { GO_PRESETS, preset } from "./go.js";
import type { Policy } from "./policy.js";

const GO_1_22 = GO_PRESETS.find((policy) => policy.name === "go1.22")!;

/** The contrasts. */
export const CONTRASTS: readonly Policy[] = [
  preset(
    {
      name: "best-fit",
      evidence: "contrast",
      what: "1.22 with the smallest run that is long enough, the lowest of these",
      change: "keeps long runs whole, at the price of a search of all of them",
    },
    GO_1_22,
    { fit: { kind: "radix-best" } },
  ),
  preset(
    {
      name: "next-fit",
      evidence: "contrast",
      what: "1.22 with the next run that is long enough behind the last allocation",
      change: "spreads allocations over the heap: the classical bad example",
    },
    GO_1_22,
    { fit: { kind: "radix-next" } },
  ),
];
