/** The parts of a heap that a policy chooses: one line for each choice. */

import type { PageAllocator } from "../pages/page-allocator.js";
import type { Policy } from "../policies/policy.js";
import { AddressScavenger } from "../scavenge/address-index.js";
import { BitmapScavenger } from "../scavenge/bitmap-index.js";
import { DensityScavenger } from "../scavenge/density-index.js";
import { GenerationScavenger } from "../scavenge/generations.js";
import type { Scavenger } from "../scavenge/scavenger.js";
import { type Fit, RadixFit } from "./fit.js";

/** A policy asks for something that the model does not have. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** The fit of a policy. @throws PolicyError for one that is not modelled */
export function createFit(policy: Policy, pages: PageAllocator): Fit {
  switch (policy.fit.kind) {
    case "radix":
      return new RadixFit(pages);
    default:
      throw new PolicyError(`${policy.name}: there is no fit "${policy.fit.kind}" yet`);
  }
}

/** The scavenger of a policy. @throws PolicyError for one that is not modelled */
export function createScavenger(policy: Policy, pages: PageAllocator): Scavenger {
  switch (policy.scavenger.index) {
    case "address":
      return new AddressScavenger(pages);
    case "bitmap":
      return new BitmapScavenger(pages);
    case "density":
      return new DensityScavenger(pages, policy.scavenger.denseFraction);
    case "ranges":
      return new GenerationScavenger(pages, policy.scavenger.reservationShards);
    default:
      throw new PolicyError(`${policy.name}: there is no scavenge index "${policy.scavenger.index}" yet`);
  }
}
