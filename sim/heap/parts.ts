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

/** A policy asks for something that the model does not have. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** The fit of a policy. @throws PolicyError for one that is not modelled */
export function createFit(policy: Policy, pages: PageAllocator, options: FitOptions): Fit {
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
