/**
 * Exact fractions, so that `${0.1 + 0.2}` is 0.3 and `${1GiB / 3 * 3}` is 1 GiB.
 *
 * A scenario's arithmetic happens once, when the file is read, so that it can afford integers of any size; only the
 * result becomes a double, the nearest one. Digits are limited, since parameters that square each other would double
 * theirs with every line of the file.
 */

/** numerator / denominator in lowest terms, denominator > 0. */
export interface Rational {
  readonly num: bigint;
  readonly den: bigint;
}

/** A number that is too large to go on with, or a division by zero. The message completes "…: ". */
export class ArithmeticError extends Error {
  override readonly name = "ArithmeticError";
}

/** Enough for every double and for products of several of them. */
const MAX_BITS = 4096;
const LIMIT = 1n << BigInt(MAX_BITS);
/** The largest power of ten that is read: doubles end at 1e308. */
const MAX_EXPONENT = 400;

/** num / den. @throws ArithmeticError when den is 0 or the fraction is too large to go on with */
export function rational(num: bigint, den: bigint = 1n): Rational {
  if (den === 0n) throw new ArithmeticError("division by zero");
  const divisor = gcd(num < 0n ? -num : num, den < 0n ? -den : den) || 1n;
  const sign = den < 0n ? -1n : 1n;
  const reduced = { num: (sign * num) / divisor, den: (sign * den) / divisor };
  if (reduced.num > LIMIT || reduced.num < -LIMIT || reduced.den > LIMIT) {
    throw new ArithmeticError("the numbers become too large");
  }
  return reduced;
}

/** A number as people write it: digits, a point, an exponent. `undefined` when the text is none. */
export function parseRational(text: string): Rational | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,4}))?$/.exec(text);
  if (match === null || text.length > 400) return undefined;
  const fraction = match[3] ?? "";
  const digits = BigInt(match[2]! + fraction) * (match[1] === "-" ? -1n : 1n);
  const exponent = Number(match[4] ?? 0) - fraction.length;
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const power = 10n ** BigInt(Math.abs(exponent));
  return exponent < 0 ? rational(digits, power) : rational(digits * power);
}

/** A finite double, exactly. */
export function fromNumber(value: number): Rational {
  // The decimal form that JavaScript prints is the one that a person wrote: 0.1, not the binary fraction next to it.
  return parseRational(String(value)) ?? rational(0n);
}

/** The double that is nearest, infinite when there is none. */
export function toNumber({ num, den }: Rational): number {
  if (den === 1n) return Number(num);
  // 64 significant bits, of which the last remembers whether something was cut off, round as the whole fraction would.
  const magnitude = num < 0n ? -num : num;
  const shift = bitLength(magnitude) - bitLength(den) - 64;
  const scaled = shift > 0 ? magnitude / (den << BigInt(shift)) : (magnitude << BigInt(-shift)) / den;
  const exact =
    shift > 0 ? scaled * (den << BigInt(shift)) === magnitude : scaled * den === magnitude << BigInt(-shift);
  // In two steps, since 2 ** shift alone is 0 where the result is among the smallest doubles.
  const half = Math.trunc(shift / 2);
  const value = Number(exact ? scaled : scaled | 1n) * 2 ** half * 2 ** (shift - half);
  return num < 0n ? -value : value;
}

/** a + b */
export function add(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den + b.num * a.den, a.den * b.den);
}

/** a − b */
export function subtract(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den - b.num * a.den, a.den * b.den);
}

/** a · b */
export function multiply(a: Rational, b: Rational): Rational {
  return rational(a.num * b.num, a.den * b.den);
}

/** a / b. @throws ArithmeticError when b is 0 */
export function divide(a: Rational, b: Rational): Rational {
  return rational(a.num * b.den, a.den * b.num);
}

/** Negative when a < b, 0 when equal, positive when a > b. */
export function compare(a: Rational, b: Rational): number {
  const left = a.num * b.den;
  const right = b.num * a.den;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The largest whole number that is not above a. */
export function floor(a: Rational): Rational {
  const quotient = a.num / a.den;
  return rational(a.num < 0n && quotient * a.den !== a.num ? quotient - 1n : quotient);
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

function bitLength(n: bigint): number {
  return n === 0n ? 0 : n.toString(2).length;
}
