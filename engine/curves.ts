/**
 * Quantities that change with virtual time: rates, targets, shares.
 *
 *     { kind: "sum", of: [{ kind: "constant", value: 100 }, { kind: "pulse", value: 900, startNs: 2e9, durationNs: 1e9 }] }
 *
 *       1000 ┤     ┌──┐           curve(spec, stream).at(2.5e9) → 1000
 *            │     │  │
 *        100 ┼─────┘  └─────
 *            0s    2s 3s
 *
 * A curve is a function of time alone: at(t) is the same whenever and however often it is asked, random walks too. It is
 * continuous from the right: at a jump it has the value after the jump.
 *
 * Every curve also tells where its pieces end. Within a piece it is smooth, and near enough to a cubic that two points
 * of Gauss give its integral: constants, lines and products of up to three lines exactly, a sine to better than 1 in
 * 10^7, as its pieces are a 32nd of its period. After the last piece it is constant. Arrivals (arrivals.ts) and integrals
 * rest on that.
 */

import { CURVES, type Curve, type CurveKindRow } from "./curves/kinds.js";
import type { CurveSpec } from "./curves/specs.js";
import type { RandomStream } from "./random-streams.js";
import { type Path, rowOf } from "./specs.js";

export { CURVES, type Curve } from "./curves/kinds.js";
export type { CurveKind, CurveSpec } from "./curves/specs.js";
export { SpecError } from "./specs.js";

/**
 * Makes a curve.
 * @param spec what it is
 * @param stream of random walks: each draws from a fork of this, named by its place in the spec, so that what is asked
 *   of one walk does not move another
 * @throws SpecError when the spec describes nothing, with the path of what is wrong
 */
export function curve(spec: CurveSpec, stream: RandomStream): Curve {
  return make(spec, stream, []);
}

function make(spec: CurveSpec, stream: RandomStream, path: Path): Curve {
  const row = rowOf<CurveKindRow<CurveSpec>>("curve", ROWS, spec, path);
  const own = (): RandomStream => stream.fork(["walk", ...path].join("/"));
  return row.make(spec, (part, ...below) => make(part, stream, [...path, ...below]), path, own);
}

/** The table as the compiler sees it when a kind is not known yet: rowOf made sure that row and spec belong together. */
const ROWS = CURVES as unknown as Readonly<Record<string, CurveKindRow<CurveSpec>>>;

/** Where the two points of Gauss lie in an interval from 0 to 1, and the other one as far from the end. */
const GAUSS = 0.5 - Math.sqrt(3) / 6;

/**
 * The integral of a curve over part of one of its pieces, in its unit times ns.
 * @param fromNs at least the start of a piece
 * @param toNs at most the end of the same piece
 */
export function integrateWithinPiece(of: Curve, fromNs: number, toNs: number): number {
  const width = toNs - fromNs;
  return (width / 2) * (of.at(fromNs + GAUSS * width) + of.at(toNs - GAUSS * width));
}

/** The integral of a curve over time, in its unit times ns. */
export function integrate(of: Curve, fromNs: number, toNs: number): number {
  let sum = 0;
  let at = fromNs;
  while (at < toNs) {
    const end = Math.min(nextPieceNs(of, at), toNs);
    sum += integrateWithinPiece(of, at, end);
    at = end;
  }
  return sum;
}

/** Where the piece ends that goes on after a time. Pieces shorter than 1 ns are not told apart, so that time moves on. */
export function nextPieceNs(of: Curve, timeNs: number): number {
  return Math.max(of.pieceEndNs(timeNs), timeNs + 1);
}
