/**
 * The normal distribution function and its inverse, for drawing by inversion: one uniform number makes one normal one.
 *
 *     z = Φ⁻¹(u)                      u ↦ z rises, so two runs with the same u and other parameters stay comparable
 *
 * d3-random draws normals in pairs and keeps the second for the next call. That would be a state beside the stream's,
 * and pairs are made by rejection, so that how much is drawn would depend on what is drawn. Inversion does neither.
 */

/**
 * Φ⁻¹ for the lower half: P(Z ≤ z) = p, to a relative 1e-15 or so.
 * Source: M. J. Wichura, Algorithm AS 241, Applied Statistics 37 (1988): the rational approximations of PPND16.
 * @param p above 0, at most 0.5
 */
export function lowerQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425) {
    const r = 0.180625 - q * q;
    return (
      (q *
        (((((((2509.0809287301227 * r + 33430.57558358813) * r + 67265.7709270087) * r + 45921.95393154987) *
          r +
          13731.69376550946) *
          r +
          1971.5909503065513) *
          r +
          133.14166789178438) *
          r +
          3.3871328727963665)) /
      (((((((5226.495278852854 * r + 28729.085735721943) * r + 39307.89580009271) * r + 21213.794301586597) *
        r +
        5394.196021424751) *
        r +
        687.1870074920579) *
        r +
        42.31333070160091) *
        r +
        1)
    );
  }
  const root = Math.sqrt(-Math.log(p));
  return root <= 5 ? -nearTail(root - 1.6) : -farTail(root - 5);
}

function nearTail(r: number): number {
  return (
    (((((((0.0007745450142783414 * r + 0.022723844989269184) * r + 0.2417807251774506) * r +
      1.2704582524523684) *
      r +
      3.6478483247632045) *
      r +
      5.769497221460691) *
      r +
      4.630337846156546) *
      r +
      1.4234371107496835) /
    (((((((1.0507500716444169e-9 * r + 0.0005475938084995345) * r + 0.015198666563616457) * r +
      0.14810397642748008) *
      r +
      0.6897673349851) *
      r +
      1.6763848301838038) *
      r +
      2.053191626637759) *
      r +
      1)
  );
}

function farTail(r: number): number {
  return (
    (((((((2.0103343992922881e-7 * r + 0.000027115555687434876) * r + 0.0012426609473880784) * r +
      0.026532189526576124) *
      r +
      0.29656057182850487) *
      r +
      1.7848265399172913) *
      r +
      5.463784911164114) *
      r +
      6.657904643501103) /
    (((((((2.0442631033899397e-15 * r + 1.421511758316446e-7) * r + 0.000018463183175100548) * r +
      0.0007868691311456133) *
      r +
      0.014875361290850615) *
      r +
      0.1369298809227358) *
      r +
      0.599832206555888) *
      r +
      1)
  );
}

/**
 * A standard normal number from a uniform one.
 *
 * The uniform number stands for the middle of its step of 2^-53, so that neither end is ever infinite: the result lies
 * within ±8.3.
 * @param u a multiple of 2^-53, at least 0 and below 1
 */
export function standardNormal(u: number): number {
  return u < 0.5 ? lowerQuantile(u + 2 ** -54) : -lowerQuantile(1 - u - 2 ** -54);
}

/** The density of the standard normal distribution. */
export function density(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/**
 * Φ(z), P(Z ≤ z), to a relative 1e-13 in the lower tail too: a power series near 0, a continued fraction further out
 * (Abramowitz and Stegun, 26.2.11 and 26.2.14).
 */
export function cumulative(z: number): number {
  if (z > 2.5) return 1 - cumulative(-z);
  if (z < -2.5) {
    let fraction = -z;
    for (let k = 200; k >= 1; k--) fraction = -z + k / fraction;
    return density(z) / fraction;
  }
  let term = z;
  let sum = z;
  for (let k = 3; k < 200; k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + density(z) * sum;
}
