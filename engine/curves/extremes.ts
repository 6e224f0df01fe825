/**
 * The lesser or greater of two curves, with a piece that ends where they cross.
 *
 *        a ╲   ╱ b          max: pieces end at ✕, so that each is as smooth as a or b
 *            ✕
 *          ╱   ╲
 */

import type { Curve } from "./kinds.js";

export function extreme(a: Curve, b: Curve, pick: (x: number, y: number) => number): Curve {
  return {
    at: (t) => pick(a.at(t), b.at(t)),
    pieceEndNs: (t) => crossingNs(a, b, t, Math.min(a.pieceEndNs(t), b.pieceEndNs(t))),
  };
}

/** In how many places within a piece it is looked which curve is above: two crossings between neighbours are missed. */
const LOOKS = 4;

/** The first ns from which curves have crossed between two times within a piece of both; the later time if they do not. */
function crossingNs(a: Curve, b: Curve, fromNs: number, toNs: number): number {
  // Past the last pieces both are constant.
  if (toNs === Number.POSITIVE_INFINITY) return toNs;
  const isAbove = (t: number): boolean => a.at(t) > b.at(t);
  // Half a ns in, since they may touch where the search starts: at the crossing found last.
  const before = isAbove(fromNs + 0.5);
  let low = Math.floor(fromNs);
  let high = low;
  for (let look = 1; look <= LOOKS; look++) {
    // Just before the very end, where the value may be that after a jump.
    high = look < LOOKS ? Math.floor(fromNs + ((toNs - fromNs) * look) / LOOKS) : Math.ceil(toNs) - 0.5;
    if (high > fromNs && isAbove(high) !== before) break;
    if (look === LOOKS) return toNs;
    low = Math.max(low, high);
  }
  high = Math.ceil(high);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isAbove(middle) === before) low = middle;
    else high = middle;
  }
  return Math.min(high, toNs);
}
