/**
 * The one file of seedrandom that is used. The package's main file is avoided: it asks Math.random and the machine for
 * entropy when it is loaded, and adds to Math. Its types describe the main file only.
 */
declare module "seedrandom/lib/alea.js" {
  interface Alea {
    /** The next number in [0, 1), a multiple of 2^-32. */
    (): number;
    /** The next number in [0, 1), a multiple of 2^-53. */
    double(): number;
    /** What the next numbers follow from, when it was asked for. */
    state(): { readonly s0: number; readonly s1: number; readonly s2: number; readonly c: number };
  }
  export default function alea(seed: string, options: { readonly state: true }): Alea;
}
