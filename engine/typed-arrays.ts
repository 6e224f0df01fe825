/** Typed arrays that grow: an array has one length for ever, so a longer one takes its place. */

/** Any of the arrays that columns of numbers are kept in. */
type NumberArray = Float64Array | Int32Array | Uint16Array | Uint8Array;

/**
 * Copies an array into the beginning of the one that takes its place.
 * @param to at least as long as `from`; what it holds beyond that stays
 * @returns `to`
 */
export function grownInto<A extends NumberArray>(from: A, to: A): A {
  to.set(from);
  return to;
}
