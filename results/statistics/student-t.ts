/**
 * Student's t distribution: what a mean of few values of unknown spread, divided by its standard error, follows.
 *
 * Probabilities of both tails together are computed as such, and not as what is left of 1, so that 1e-12 has all its
 * digits: P(|T| > t) = I(ν / (ν + t²); ν/2, 1/2), where I is the regularised incomplete beta function (Abramowitz and
 * Stegun 26.7.1), here by its continued fraction (26.5.8) as Lentz evaluates those.
 */

/** Coefficients of Lanczos' approximation of the gamma function, g = 7, nine terms: relative errors below 1e-14. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** ln Γ(x) for x ≥ 0.5. */
export function lnGamma(x: number): number {
  const z = x - 1;
  const base = z + 7.5;
  const sum = LANCZOS.reduce((total, c, i) => (i === 0 ? c : total + c / (z + i)), 0);
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(base) - base + Math.log(sum);
}

/** The regularised incomplete beta function I(x; a, b), for x from 0 to 1 and a, b ≥ 0.5. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean of the distribution; above it, the other tail is taken.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const logFactor = lnGamma(a + b) - lnGamma(a) - lnGamma(b) + a * Math.log(x) + b * Math.log1p(-x);
  return (Math.exp(logFactor) * betaFraction(x, a, b)) / a;
}

/** More steps of the continued fraction than this are never needed for a up to some millions. */
const MAX_STEPS = 10_000;

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let h = d;
  for (let m = 1; m <= MAX_STEPS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    h *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    const step = d * c;
    h *= step;
    if (Math.abs(step - 1) < 2 ** -52) break;
  }
  return h;
}

/** A number that may be divided by. */
function away(x: number): number {
  return Math.abs(x) < 1e-300 ? 1e-300 : x;
}

/**
 * P(|T| > |t|): how likely a value at least as far from 0 is.
 * @param df degrees of freedom, ≥ 1
 */
export function tTails(t: number, df: number): number {
  if (Number.isNaN(t)) return Number.NaN;
  return incompleteBeta(df / (df + t * t), df / 2, 0.5);
}

/** P(T ≤ t). @param df degrees of freedom, ≥ 1 */
export function tCdf(t: number, df: number): number {
  const tail = tTails(t, df) / 2;
  return t > 0 ? 1 - tail : tail;
}

/**
 * The t that |T| exceeds with a probability: the half-width of an interval in standard errors.
 * @param alpha probability of both tails together, above 0 and at most 1
 * @param df degrees of freedom, ≥ 1
 * @throws RangeError for another probability
 */
export function tCritical(alpha: number, df: number): number {
  if (!(alpha > 0 && alpha <= 1))
    throw new RangeError(`a probability is above 0 and at most 1, not ${alpha}`);
  if (alpha === 1) return 0;
  let high = 1;
  while (tTails(high, df) > alpha) high *= 2;
  let low = 0;
  // Halving, until there is no double between the two.
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    if (tTails(middle, df) > alpha) low = middle;
    else high = middle;
  }
}

/** The t that T does not exceed with probability p. @param p above 0 and below 1 @param df degrees of freedom, ≥ 1 */
export function tQuantile(p: number, df: number): number {
  return p < 0.5 ? -tCritical(2 * p, df) : tCritical(2 * (1 - p), df);
}
