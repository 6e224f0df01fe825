/** The states of pages, their names in legends, and in which order they are painted over one another. */

import type { Theme } from "./theme.js";

export type PageStateName = "in use" | "in page caches" | "free" | "scavenged";

/** In the order of legends. */
export const PAGE_STATES: readonly PageStateName[] = ["in use", "in page caches", "free", "scavenged"];

/** Colour by state, with a legend of squares. */
export function stateEncoding({ pages }: Theme): Readonly<Record<string, unknown>> {
  return {
    field: "state",
    type: "nominal",
    scale: {
      domain: PAGE_STATES,
      range: [pages.inUse, pages.cached, pages.free, pages.scavenged],
    },
    legend: { symbolType: "square", symbolSize: 90, columns: PAGE_STATES.length },
  };
}
