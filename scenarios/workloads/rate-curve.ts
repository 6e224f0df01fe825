/** Curves of scenarios as the engine takes them. */

import type { CurveSpec as EngineSpec } from "../../engine/curves.js";
import type { CurveSpec } from "../scenario.js";

/** The engine's spec of a scenario's curve: the same functions of time, named after what they are there. */
export function engineCurve(spec: CurveSpec): EngineSpec {
  switch (spec.kind) {
    case "constant":
    case "step":
    case "oscillate":
    case "sawtooth":
      return spec;
    case "ramp":
      return {
        kind: "ramp",
        from: spec.from,
        to: spec.to,
        startNs: spec.startNs,
        durationNs: Math.max(1, spec.overNs),
      };
    case "pulse":
      return enginePulse(spec);
    case "randomWalk":
      return {
        kind: "walk",
        start: spec.start,
        step: spec.step,
        intervalNs: spec.everyNs,
        ...(Number.isFinite(spec.min) ? { min: spec.min } : {}),
        ...(Number.isFinite(spec.max) ? { max: spec.max } : {}),
      };
    case "piecewise":
      return { kind: "piecewise", points: spec.timesNs.map((time, i) => [time, spec.values[i]!] as const) };
    case "scale":
    case "offset":
      return { kind: spec.kind, of: engineCurve(spec.of), by: spec.by };
    case "clamp":
      return { kind: "clamp", of: engineCurve(spec.of), min: spec.min, max: spec.max };
    case "delay":
      return { kind: "delay", of: engineCurve(spec.of), byNs: spec.byNs };
    case "repeat":
      return { kind: "repeat", of: engineCurve(spec.of), periodNs: spec.everyNs };
    default:
      return { kind: spec.kind, of: spec.of.map(engineCurve) };
  }
}

/** A pulse that comes again is one that is repeated from its first beginning on, with nothing before. */
function enginePulse({
  base,
  peak,
  atNs,
  widthNs,
  everyNs,
}: Extract<CurveSpec, { kind: "pulse" }>): EngineSpec {
  if (everyNs === Number.POSITIVE_INFINITY)
    return { kind: "pulse", base, value: peak, startNs: atNs, durationNs: Math.max(1, widthNs) };
  const one: EngineSpec = {
    kind: "pulse",
    base: 0,
    value: peak - base,
    startNs: 0,
    durationNs: Math.max(1, widthNs),
  };
  const again: EngineSpec = { kind: "repeat", of: one, periodNs: everyNs };
  const begins: EngineSpec = { kind: "step", before: 0, after: 1, atNs };
  const later: EngineSpec = { kind: "delay", of: again, byNs: atNs };
  return {
    kind: "sum",
    of: [
      { kind: "constant", value: base },
      { kind: "product", of: [begins, later] },
    ],
  };
}
