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
  }
  export default function alea(seed: string): Alea;
}
