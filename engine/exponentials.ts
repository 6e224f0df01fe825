/**
 * −ln(1 − u): exponential numbers of mean 1 from uniform ones, as −Math.log1p(−u) gives them, to the last bit.
 *
 *     1 − u = 2^k · (1 + f)                    √½ < 1 + f < √2
 *     ln(1 + f) = f − f²/2 + s · (f²/2 + R(s²))     s = f / (2 + f), R a polynomial
 *
 * It is the algorithm of FreeBSD's s_log1p.c, which V8 uses, for the numbers that are drawn: 1 − u is exact, so that nothing
 * has to be corrected. What is left are the products and sums of the original in its order, without a call and with branches
 * that are nearly always the same. Where the original does something else, it is asked.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
/** R, the lowest power first. */
const R1 = 0.6666666666666735;
const R2 = 0.3999999999940942;
const R3 = 0.2857142874366239;
const R4 = 0.22222198432149784;
const R5 = 0.1818357216161805;
const R6 = 0.15313837699209373;
const R7 = 0.14798198605116586;

/** 2^n, and half of it, by n and by whether 1 + f would be above √2 otherwise. */
const SCALES = Float64Array.from({ length: 66 }, (_, i) => 2 ** ((i >> 1) - (i & 1)));
/** The 20 bits after the point of √2. */
const ROOT_BITS = 0x6a09e;
/** Below, 31 bits after the point do not tell those 20. */
const LEAST = 2 ** -10;
/** Nearer to 0 than this, and above the other, f may be one for which the original goes another way. */
const LEAST_F = 2 ** -19;
const MOST_F = 0.4142127;

/** @param u a multiple of 2^-53, at least 0 and below 1 */
export function exponential(u: number): number {
  const v = 1 - u;
  const bits = (v * 2147483648) | 0;
  const zeros = Math.clz32(bits);
  const mantissa = ((bits << zeros) >>> 11) & 0xfffff;
  // 1 from the root of 2 up, without a branch.
  const isAbove = ((mantissa - ROOT_BITS) >>> 31) ^ 1;
  const f = v * SCALES[2 * zeros + isAbove]! - 1;
  if (v < LEAST || Math.abs(f) < LEAST_F || f > MOST_F) return -Math.log1p(-u);
  const k = isAbove - zeros;
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const z = s * s;
  const r = z * (R1 + z * (R2 + z * (R3 + z * (R4 + z * (R5 + z * (R6 + z * R7))))));
  return half - (s * (half + r) + k * LN2_LOW) - f - k * LN2_HIGH;
}

/** Makes all numbers of a block exponential. */
export function exponentials(block: Float64Array): void {
  for (let i = 0; i < block.length; i++) block[i] = exponential(block[i]!);
}
