/** The parts of a heap that a policy chooses: one line for each choice. */

import type { PageAllocator } from "../pages/page-allocator.js";
import type { Policy } from "../policies/policy.js";
import { AddressScavenger } from "../scavenge/address-index.js";
import { BitmapScavenger } from "../scavenge/bitmap-index.js";
import { DensityScavenger } from "../scavenge/density-index.js";
import { GenerationScavenger } from "../scavenge/generations.js";
import type { Scavenger } from "../scavenge/scavenger.js";
import { HighestScavenger, ListScavenger, SizeScavenger } from "../scavenge/spans.js";
import { type Fit, type FitOptions, RadixFit } from "./fit.js";
import { AddressTreap } from "./fits/address-treap.js";
import { FreeLists } from "./fits/free-lists.js";
import { HugepageFiller } from "./fits/hugepage-filler.js";
import { BestFit, LifetimeSplit, NextFit } from "./fits/run-fits.js";
import { TwoTreaps } from "./fits/two-treaps.js";
import { PolicyError, type PolicyParts, partsOf } from "./own-parts.js";

const FIT_METHODS = [
  "alloc",
  "free",
  "refill",
  "flushCache",
  "grew",
  "releaseBegan",
  "releaseEnded",
] as const;
const SCAVENGER_METHODS = [
  "grew",
  "allocated",
  "refilled",
  "flushing",
  "freed",
  "paced",
  "markDone",
  "sweepDone",
  "begin",
  "next",
  "end",
  "beginRelease",
  "endRelease",
] as const;

function ownParts({ name, module }: Policy): PolicyParts {
  if (module === undefined) return {};
  const parts = partsOf(module.path);
  if (parts === undefined) throw new PolicyError(`${name}: the module ${module.path} is not loaded`);
  return parts;
}

/** Checks that what a module made has all methods. */
function checked<T extends object>(policy: Policy, what: string, part: T, methods: readonly (keyof T)[]): T {
  const missing = methods.filter((method) => typeof part?.[method] !== "function");
  if (missing.length === 0) return part;
  throw new PolicyError(
    `${policy.name}: the ${what} of its module lacks ${missing.join(", ")}: expected all methods of ${what === "fit" ? "Fit" : "Scavenger"}`,
  );
}

/** The fit of a policy. @throws PolicyError for one that is not modelled */
export function createFit(policy: Policy, pages: PageAllocator, options: FitOptions): Fit {
  const own = ownParts(policy).fit;
  if (own !== undefined) return checked(policy, "fit", own(pages, options), FIT_METHODS);
  switch (policy.fit.kind) {
    case "free-lists":
      return new FreeLists(pages, policy.fit.walk, options);
    case "two-treaps":
      return new TwoTreaps(pages, policy.fit.walk, options);
    case "address-treap":
      return new AddressTreap(pages, options);
    case "radix":
      return new RadixFit(pages);
    case "radix-best":
      return new BestFit(pages, options);
    case "radix-next":
      return new NextFit(pages, options);
    case "hugepage-filler":
      return new HugepageFiller(pages);
    case "lifetime-split":
      return new LifetimeSplit(pages, options);
  }
}

/**
 * The scavenger of a policy.
 * @param fit the heap's
 * @param clock the virtual time
 * @throws PolicyError for one that is not modelled, or that does not go with the fit
 */
export function createScavenger(
  policy: Policy,
  pages: PageAllocator,
  fit: Fit,
  clock: { readonly nowNs: number },
): Scavenger {
  const own = ownParts(policy).scavenger;
  if (own !== undefined) return checked(policy, "scavenger", own(pages, fit, clock), SCAVENGER_METHODS);
  switch (policy.scavenger.index) {
    case "address":
      return new AddressScavenger(pages);
    case "bitmap":
      return new BitmapScavenger(pages);
    case "density":
      return new DensityScavenger(pages, policy.scavenger.denseFraction);
    case "ranges":
      return new GenerationScavenger(pages, policy.scavenger.reservationShards);
    case "spans":
      if (fit instanceof FreeLists) return new ListScavenger(pages, fit, clock);
      if (fit instanceof TwoTreaps) return new SizeScavenger(pages, fit, clock);
      if (fit instanceof AddressTreap) return new HighestScavenger(pages, fit, clock);
      throw new PolicyError(`${policy.name}: the fit keeps no spans`);
    default:
      throw new PolicyError(`${policy.name}: there is no scavenge index "${policy.scavenger.index}" yet`);
  }
}
