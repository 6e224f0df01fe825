/**
 * Distributions as plain data. What each parameter means stands in the table of kinds (kinds.ts) and in docs/engine.md.
 */

export type DistributionSpec =
  | { readonly kind: "constant"; readonly value: number }
  | { readonly kind: "uniform"; readonly min: number; readonly max: number }
  | { readonly kind: "uniformInteger"; readonly min: number; readonly max: number }
  | { readonly kind: "exponential"; readonly mean: number }
  | {
      readonly kind: "normal";
      readonly mean: number;
      readonly deviation: number;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
    }
  | { readonly kind: "lognormal"; readonly median: number; readonly sigma: number }
  | {
      readonly kind: "pareto";
      readonly min: number;
      readonly shape: number;
      readonly max?: number | undefined;
    }
  | { readonly kind: "gamma"; readonly shape: number; readonly scale: number }
  | { readonly kind: "weibull"; readonly shape: number; readonly scale: number }
  | { readonly kind: "geometric"; readonly probability: number }
  | { readonly kind: "poisson"; readonly mean: number }
  | { readonly kind: "zipf"; readonly count: number; readonly exponent: number }
  | {
      readonly kind: "choice";
      readonly values: readonly number[];
      readonly weights?: readonly number[] | undefined;
    }
  | { readonly kind: "histogram"; readonly edges: readonly number[]; readonly weights: readonly number[] }
  | { readonly kind: "cdf"; readonly points: readonly (readonly [number, number])[] }
  | { readonly kind: "mixture"; readonly parts: readonly MixturePart[] }
  | { readonly kind: "shifted"; readonly of: DistributionSpec; readonly by: number }
  | { readonly kind: "scaled"; readonly of: DistributionSpec; readonly by: number }
  | {
      readonly kind: "clamped";
      readonly of: DistributionSpec;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
    };

export interface MixturePart {
  readonly weight: number;
  readonly of: DistributionSpec;
}

export type DistributionKind = DistributionSpec["kind"];
export type SpecOf<K extends DistributionKind> = Extract<DistributionSpec, { readonly kind: K }>;
