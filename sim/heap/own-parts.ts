/**
 * Parts that policies bring along, and what is said of a policy that has none that go together. Whoever only asks for these
 * need not load all parts that there are.
 */

import type { PageAllocator } from "../pages/page-allocator.js";
import type { Scavenger } from "../scavenge/scavenger.js";
import type { Fit, FitOptions } from "./fit.js";

/** A policy asks for something that the model does not have. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}

/** Parts that a policy module makes (studies/policies/module.ts). Each is given the pages of the heap that it is to serve. */
export interface PolicyParts {
  readonly fit?: (pages: PageAllocator, options: FitOptions) => Fit;
  readonly scavenger?: (pages: PageAllocator, fit: Fit, clock: { readonly nowNs: number }) => Scavenger;
}

/** Parts by the path of the module. */
const REGISTERED = new Map<string, PolicyParts>();

/** Makes the parts of a module known, under its path. */
export function registerParts(path: string, parts: PolicyParts): void {
  REGISTERED.set(path, parts);
}

/** The parts of a module that is known, undefined for others. */
export function partsOf(path: string): PolicyParts | undefined {
  return REGISTERED.get(path);
}
