/**
 * Curves as plain data. What each parameter means stands in the table of kinds (kinds.ts) and in docs/engine.md.
 */

export type CurveSpec =
  | { readonly kind: "constant"; readonly value: number }
  | {
      readonly kind: "ramp";
      readonly from: number;
      readonly to: number;
      readonly startNs?: number | undefined;
      readonly durationNs: number;
    }
  | { readonly kind: "step"; readonly before: number; readonly after: number; readonly atNs: number }
  | {
      readonly kind: "pulse";
      readonly base?: number | undefined;
      readonly value: number;
      readonly startNs: number;
      readonly durationNs: number;
    }
  | {
      readonly kind: "oscillate";
      readonly mean: number;
      readonly amplitude: number;
      readonly periodNs: number;
      readonly phase?: number | undefined;
    }
  | {
      readonly kind: "sawtooth";
      readonly min: number;
      readonly max: number;
      readonly periodNs: number;
      readonly phase?: number | undefined;
    }
  | {
      readonly kind: "walk";
      readonly start: number;
      readonly step: number;
      readonly intervalNs: number;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
    }
  | { readonly kind: "piecewise"; readonly points: readonly (readonly [number, number])[] }
  | { readonly kind: "scale"; readonly of: CurveSpec; readonly by: number }
  | { readonly kind: "offset"; readonly of: CurveSpec; readonly by: number }
  | { readonly kind: "sum"; readonly of: readonly CurveSpec[] }
  | { readonly kind: "product"; readonly of: readonly CurveSpec[] }
  | { readonly kind: "min"; readonly of: readonly CurveSpec[] }
  | { readonly kind: "max"; readonly of: readonly CurveSpec[] }
  | {
      readonly kind: "clamp";
      readonly of: CurveSpec;
      readonly min?: number | undefined;
      readonly max?: number | undefined;
    }
  | { readonly kind: "delay"; readonly of: CurveSpec; readonly byNs: number }
  | {
      readonly kind: "repeat";
      readonly of: CurveSpec;
      readonly periodNs: number;
      readonly times?: number | undefined;
    };

export type CurveKind = CurveSpec["kind"];
export type CurveSpecOf<K extends CurveKind> = Extract<CurveSpec, { readonly kind: K }>;
