/** Choices that do not go together: few, since the bitmaps are what all parts of a heap agree on. */

import type { Policy } from "./policy.js";

/** Fits that keep free spans. */
const SPAN_FITS = ["free-lists", "two-treaps", "address-treap"];

/** What does not go together in a policy, as a sentence with what would; undefined when all does. */
export function incompatibility({ fit, growth, lock, scavenger }: Policy): string | undefined {
  if (scavenger.index === "spans" && !SPAN_FITS.includes(fit.kind)) {
    return `scavenger.index "spans" needs a fit that keeps spans (fit.kind ${SPAN_FITS.join(", ")}), not "${fit.kind}"`;
  }
  if (scavenger.index === "spans" && !lock.madviseHeld) {
    return 'scavenger.index "spans" releases spans where they are, and needs lock.madviseHeld to be true';
  }
  if (fit.kind === "hugepage-filler" && growth.unit === "phys-page") {
    return 'fit.kind "hugepage-filler" needs whole huge pages, and growth.unit to be "chunk" or "arena"';
  }
  if (scavenger.background === "oracle" && (fit.kind === "two-treaps" || fit.kind === "address-treap")) {
    return `scavenger.background "oracle" needs a fit that places spans alike whatever is released, not "${fit.kind}"`;
  }
  return undefined;
}
