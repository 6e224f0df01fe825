/** What manifests say of a scenario. */

import type { Scenario } from "../scenarios/scenario.js";

/** The parameters of a scenario by name, as manifests have them. */
export function parametersOf({ params }: Scenario): Record<string, string | number | boolean> {
  return Object.fromEntries(params.map(({ name, value }) => [name, value]));
}
