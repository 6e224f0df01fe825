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
  preset(
    {
      name: "hugepage-filler",
      evidence: "contrast",
      what: "1.22 with the fullest huge page that has room, in the spirit of TCMalloc's Temeraire",
      change: "keeps huge pages full or empty, so that few of them are broken when memory goes back",
    },
    GO_1_22,
    { fit: { kind: "hugepage-filler" } },
  ),
  preset(
    {
      name: "lifetime-split",
      evidence: "contrast",
      what: "1.22 with long-lived spans from below and short-lived ones from above, as the program says",
      change:
        "what dies together lies together: bounds what guesses about lifetimes could bring. No page caches, since a cache mixes what it hands out",
    },
    GO_1_22,
    { fit: { kind: "lifetime-split" }, pageCache: { pages: 0 } },
  ),
  preset(
    {
      name: "decay",
      evidence: "contrast",
      what: "1.22 with jemalloc's purging: unused memory goes back along a smooth curve over ten seconds",
      change: "neither collections nor goals decide what is kept, but for how long it has been unused",
    },
    GO_1_22,
    { scavenger: { background: "decay" }, growth: { scavenge: "none" }, goal: { basis: "none" } },
  ),
  preset(
    {
      name: "oracle-release",
      evidence: "contrast",
      what: "1.22 with a scavenger that knows the future: what is not needed for ten seconds goes at once, and nothing else does",
      change:
        "the least memory that can be kept resident without a fault within ten seconds after a release. There is no memory limit, which would act on the collector",
    },
    GO_1_22,
    {
      scavenger: { background: "oracle", horizonNs: 10_000_000_000 },
      growth: { scavenge: "none" },
      alloc: { scavenge: "none" },
      goal: { basis: "none" },
      limit: { supported: false, headroomPercent: 0 },
    },
  ),
];
