/** The address space of a scenario. Apart from the reading of scenarios, which threads that only run them do not load. */

import type { PlatformSpec } from "../scenarios/scenario.js";
import { Geometry } from "../sim/address/geometry.js";
import { geometryFromJson, platform } from "../sim/address/platforms.js";

/**
 * The address space that a scenario asks for.
 * @throws GeometryError when it is impossible
 */
export function geometryOf(spec: PlatformSpec): Geometry {
  if (spec.kind === "geometry") return geometryFromJson(spec.geometry, "of the scenario");
  const preset = platform(spec.preset);
  const { physPageBytes, hugePageBytes, arenaBytes } = spec;
  if (physPageBytes === null && hugePageBytes === null && arenaBytes === null) return preset;
  return new Geometry({
    ...preset.spec,
    physPageBytes: physPageBytes ?? preset.physPageBytes,
    physHugePageBytes: hugePageBytes ?? preset.physHugePageBytes,
    arenaBytes: arenaBytes ?? preset.arenaBytes,
  });
}
