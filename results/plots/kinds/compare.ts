/**
 * `compare`: policies over one another, as means over the seeds with confidence bands; and below it a forest plot of what
 * they differ in.
 */

import { BAND_COLUMNS, type BandColumn, type FinishedComparison } from "../../comparison-folder.js";
import type { Quantity } from "../axes.js";
import { bandOf } from "../bands.js";
import { forestPanel } from "../forest.js";
import { type Heading, studyHeading } from "../heading.js";
import type { ComparisonKind, PlotOptions } from "../kind.js";
import {
  type Line,
  nothingSpec,
  PANEL_WIDTH,
  type Panel,
  type Spec,
  timePanels,
  topSpec,
} from "../panels.js";
import { quantityText } from "../quantities.js";
import { RUN_DASHES, type Theme } from "../theme.js";

const PANEL_HEIGHT = 130;

const TITLES: Readonly<Record<BandColumn, readonly [title: string, quantity: Quantity]>> = {
  heap_retained_bytes: ["Retained memory", "bytes"],
  refaulted_bytes: ["Faulted in again, so far", "bytes"],
  external_fragmentation: [
    "External fragmentation: share of the free pages outside the largest run",
    "share",
  ],
};

export const compare: ComparisonKind = {
  name: "compare",
  about:
    "policies over one another with confidence bands over the seeds, and what they differ in as a forest plot",
  of: "comparison",
  spec: (comparison, { theme, metrics }: PlotOptions) => {
    const datasets: Record<string, unknown> = {};
    const durationNs = durationOf(comparison);
    const panels = BAND_COLUMNS.map((column) => bandPanel(comparison, column, durationNs, theme)).filter(
      (panel) => panel !== undefined,
    );
    const parts = timePanels({ durationNs, panels, height: PANEL_HEIGHT }, theme, datasets);
    const rows = comparison.rows.filter(({ metric }) => metrics === undefined || metrics.includes(metric));
    const candidates = comparison.candidates.map((name) => ({
      name,
      color: colorOf(comparison, name, theme),
    }));
    const forest = forestPanel(rows, comparison.baseline, candidates, theme, datasets);
    return topSpec(headingOf(comparison), [...parts, forest ?? identicalPanel(theme)], datasets, theme);
  },
};

function durationOf({ runs }: FinishedComparison): number {
  return Math.max(1, ...[...runs.values()].flat().map((run) => run.time_ns.at(-1) ?? 0));
}

/** The lines of all policies for a column; undefined when it is 0 all the time. */
function bandPanel(
  comparison: FinishedComparison,
  column: BandColumn,
  durationNs: number,
  theme: Theme,
): Panel | undefined {
  const [title, quantity] = TITLES[column];
  const lines = [comparison.baseline, ...comparison.candidates].map((policy, i): Line => {
    const runs = comparison.runs.get(policy)!;
    return {
      label: policy,
      color: colorOf(comparison, policy, theme),
      width: 1.5,
      dash: RUN_DASHES[i % RUN_DASHES.length]!,
      ...bandOf(
        runs.map((run) => ({ timesNs: run.time_ns, values: run[column] })),
        durationNs,
        quantity === "share" ? 1 : undefined,
      ),
    };
  });
  const isEmpty = lines.every(({ points }) => points.every(({ value }) => (value ?? 0) === 0));
  if (isEmpty && column !== "heap_retained_bytes") return undefined;
  return {
    title,
    quantity,
    isStaircase: false,
    lines,
    marks: [],
    ...(quantity === "share" ? { reach: 1 } : {}),
  };
}

/** The baseline is drawn in ink, candidates in colours. */
function colorOf({ baseline, candidates }: FinishedComparison, policy: string, theme: Theme): string {
  return policy === baseline ? theme.ink : theme.runs[candidates.indexOf(policy) % theme.runs.length]!;
}

function headingOf({
  name,
  version,
  baseline,
  candidates,
  seeds,
  parameters,
  warmUpNs,
}: FinishedComparison): Heading {
  const others = candidates.length === 1 ? candidates[0]! : `${candidates.length} policies`;
  const warmUp = warmUpNs === 0 ? [] : [`differences without the first ${quantityText(warmUpNs, "ns")}`];
  return studyHeading({
    title: `${name}: ${others} against ${baseline}`,
    facts: [`${seeds.length} seeds`, `mheapsim ${version}`, ...warmUp],
    parameters,
    notes: ["lines: means over the seeds", "bands: 95 % interval of the mean at each moment"],
    width: PANEL_WIDTH + 70,
  });
}

/** What stands in place of the forest when there is nothing to compare. */
function identicalPanel(theme: Theme): Spec {
  const text = "no metric that is shown differs in any run";
  return { width: PANEL_WIDTH, height: 40, layer: [nothingSpec(40, theme, text)] };
}
