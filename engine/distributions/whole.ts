/**
 * Draws that are rounded to whole units anyhow, faster: the same numbers as those of the exact formulas, to the last one.
 *
 * Most draws are sizes in bytes and lifetimes in ns, and are rounded as they are drawn. An approximation whose error is known
 * to be below MARGIN / 2 rounds to the same number, unless the value lies within the margin of a half, where rounding turns:
 * then, and where the approximation is not known to be good, the exact formula is asked.
 *
 *     … │ 41 ────────── 41.5 ────────── 42 │ …          within the margin of 41.5, one draw in five hundred: exact
 *                      ◄─►  margin
 *
 * So nothing but the time that a draw takes depends on this file, and it may be left out wherever it does not pay.
 */

import { exponential } from "../exponentials.js";

/** Distance from a half within which the exact formula is asked, units. */
const MARGIN = 2 ** -10;
/** Stands for "ask the exact formula". */
const UNSURE = -1;

/** A number rounded, halves upward. */
export function nearestWhole(value: number): number {
  return Math.floor(value + 0.5);
}

/** Fills blocks with draws rounded to whole units. */
export function roundedDraws(draw: () => number): (into: Float64Array) => void {
  return (into) => {
    for (let i = 0; i < into.length; i++) into[i] = nearestWhole(draw());
  };
}

/** Makes the numbers of blocks exponential, as d3-random does, and rounds them. @param rate 1 / mean */
export function wholeExponentials(rate: number): (block: Float64Array) => void {
  const rates = Float64Array.of(rate);
  return (block) => {
    const divisor = rates[0]!;
    for (let i = 0; i < block.length; i++) block[i] = nearestWhole(exponential(block[i]!) / divisor);
  };
}

/** Fills blocks as another function does, and puts all numbers within two ends. */
export function clampedWholes(
  wholes: (into: Float64Array) => void,
  min: number,
  max: number,
): (into: Float64Array) => void {
  const ends = Float64Array.of(min, max);
  return (into) => {
    wholes(into);
    const low = ends[0]!;
    const high = ends[1]!;
    for (let i = 0; i < into.length; i++) {
      const x = into[i]!;
      into[i] = x < low ? low : x > high ? high : x;
    }
  };
}

/** An approximation rounded, halves upward; UNSURE near a half, and for NaN. @param value at least 0 */
function rounded(value: number): number {
  const raised = value + 0.5;
  const whole = Math.floor(raised);
  return Math.abs(raised - whole - 0.5) < 0.5 - MARGIN ? whole : UNSURE;
}

/** With a relative error below 2^-50 greater values are not within half of the margin. */
const LARGEST = 2 ** 38;

const CELLS = 1024;
const COEFFICIENTS = 4;
/** Numbers within a cell where the error is looked at; it is greatest halfway between the four at which there is none. */
const PROBES = 24;
/** The greatest place in a cell, about. */
const LAST = 1 - 2 ** -40;
/** Draws in a cell before it has a polynomial, which costs twice as many exact ones. */
const DRAWS_BEFORE_CELL = 16;

/**
 * A quantile function by a polynomial of third degree in each of 1,024 cells of [0, 1): for those that rise smoothly.
 *
 *     u     0 ├────┼────┼── … ──┼────┼────┤ 1         cells near the ends are too steep, and are left to the exact function
 *
 * A cell gets its polynomial when it was drawn from often enough for that to pay.
 */
export class WholeQuantile {
  /** By cell, the coefficients, constant first; NaN where there are none. Empty while no cell has some. */
  private table = new Float64Array(0);
  /** Draws of each cell up to those before it was looked at. */
  private readonly draws = new Uint8Array(CELLS);

  /** @param exact the quantile function, from 0 up: of a multiple of 2^-53, at least 0 and below 1 */
  constructor(private readonly exact: (u: number) => number) {}

  /** The quantile of u, rounded, halves upward. */
  at(u: number): number {
    const near = this.table.length === 0 ? UNSURE : approximation(this.table, u);
    return near === UNSURE ? this.exactly(u) : near;
  }

  /** Makes all numbers of a block their quantiles, rounded. */
  all(block: Float64Array): void {
    const { table } = this;
    for (let i = 0; i < block.length; i++) {
      const u = block[i]!;
      const near = table.length === 0 ? UNSURE : approximation(table, u);
      // Stored in both branches: what is called for may not be kept in a register as a number.
      if (near === UNSURE) block[i] = this.exactly(u);
      else block[i] = near;
    }
  }

  private exactly(u: number): number {
    const cell = (u * CELLS) | 0;
    if (this.draws[cell]! < DRAWS_BEFORE_CELL && ++this.draws[cell]! === DRAWS_BEFORE_CELL) this.fit(cell);
    return nearestWhole(this.exact(u));
  }

  /** Gives a cell its polynomial, if one is near enough. */
  private fit(cell: number): void {
    if (this.table.length === 0) this.table = new Float64Array(CELLS * COEFFICIENTS).fill(Number.NaN);
    const found = polynomial((t) => this.exact((cell + t) / CELLS));
    if (found !== null) this.table.set(found, cell * COEFFICIENTS);
  }
}

/** By the polynomials of the cells, rounded; UNSURE where it is to be asked. */
function approximation(table: Float64Array, u: number): number {
  const x = u * CELLS;
  const cell = x | 0;
  const t = x - cell;
  const c = cell * COEFFICIENTS;
  return rounded(table[c]! + t * (table[c + 1]! + t * (table[c + 2]! + t * table[c + 3]!)));
}

/** The coefficients of what takes the values of a function at four points of [0, 1); null if it is not near enough in between. */
function polynomial(exact: (t: number) => number): number[] | null {
  const c = throughFour(NODES.map(exact));
  let error = 0;
  for (let i = 0; i <= PROBES; i++) {
    const t = i === PROBES ? LAST : i / PROBES;
    const near = c[0]! + t * (c[1]! + t * (c[2]! + t * c[3]!));
    error = Math.max(error, Math.abs(near - exact(t)));
  }
  // A quarter is left for what lies between the probes, and for rounding.
  return error < MARGIN / 4 && exact(LAST) < LARGEST ? c : null;
}

/** Chebyshev's points in [0, 1], where a polynomial through four values differs least in between. */
const NODES = [0, 1, 2, 3].map((k) => (1 - Math.cos(((2 * k + 1) * Math.PI) / 8)) / 2);

/** Coefficients, constant first, of the polynomial that takes four values at NODES: Newton's divided differences, multiplied out. */
function throughFour(values: readonly number[]): number[] {
  const [a, b, c] = NODES as [number, number, number];
  const d = [...values];
  for (let order = 1; order < 4; order++) {
    for (let i = 3; i >= order; i--) d[i] = (d[i]! - d[i - 1]!) / (NODES[i]! - NODES[i - order]!);
  }
  const [d0, d1, d2, d3] = d as [number, number, number, number];
  return [
    d0 - a * d1 + a * b * d2 - a * b * c * d3,
    d1 - (a + b) * d2 + (a * b + a * c + b * c) * d3,
    d2 - (a + b + c) * d3,
    d3,
  ];
}
