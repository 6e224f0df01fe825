/**
 * `sweep`: metrics over what was varied. One parameter: a panel for each metric, with a line and a band for each policy. Two:
 * a heat map for each metric and policy, with the means in it.
 */

import { METRICS, type Metric } from "../../metrics.js";
import { RunFolderError } from "../../result-folder.js";
import type { FinishedSweep, SweepMean } from "../../sweep-folder.js";
import { type Heading, studyHeading } from "../heading.js";
import { heatPanel } from "../heat-map.js";
import type { PlotOptions, SweepKind } from "../kind.js";
import { PANEL_WIDTH, type Spec, topSpec } from "../panels.js";
import { type SweepLine, sweepPanel } from "../sweep-panel.js";
import { RUN_DASHES, type Theme } from "../theme.js";

/** What is shown when nobody says so, as far as it was measured and is not 0 everywhere. */
const USUAL = ["mean_heap_retained_bytes", "refaulted_bytes", "mean_external_fragmentation", "find_rate"];
/** Panels of a picture at most. */
const MOST_PANELS = 8;
/** Heat maps take more room, so fewer are usual. */
const USUAL_HEAT_MAPS = 2;

export const sweep: SweepKind = {
  name: "sweep",
  about: "metrics over one parameter as lines with confidence bands, over two as heat maps",
  of: "sweep",
  spec: (finished, { theme, metrics }: PlotOptions) => {
    const names = [...finished.vary.keys()];
    if (names.length > 2 && !finished.zip) {
      throw new RunFolderError(
        `a picture shows what one or two parameters do, and this sweep varies ${names.length} (${names.join(", ")}): sweep fewer, or use sweep-summary.csv`,
      );
    }
    const isMap = names.length === 2 && !finished.zip;
    const shown = shownMetrics(finished, metrics, isMap);
    const datasets: Record<string, unknown> = {};
    const parts = isMap
      ? heatMaps(finished, shown, theme, datasets)
      : shown.map((metric, i) => lines(finished, metric, { isFirst: i === 0, theme, datasets }));
    return topSpec(headingOf(finished, isMap), parts.slice(0, MOST_PANELS), datasets, theme);
  },
};

/** The metrics that are shown, in the order of the table. */
function shownMetrics(
  { means }: FinishedSweep,
  wanted: readonly Metric[] | undefined,
  isMap: boolean,
): readonly Metric[] {
  const measured = METRICS.filter((metric) => means.some((one) => one.metric === metric));
  if (wanted !== undefined) {
    const missing = wanted.find((metric) => !measured.includes(metric));
    if (missing !== undefined) {
      throw new RunFolderError(`the sweep did not measure ${missing.name}: run it again with that metric`);
    }
    return wanted;
  }
  const hasValue = (metric: Metric): boolean =>
    means.some((one) => one.metric === metric && Number.isFinite(one.mean) && one.mean !== 0);
  const usual = measured.filter((metric) => USUAL.includes(metric.name) && hasValue(metric));
  const shown = usual.length > 0 ? usual : measured;
  return shown.slice(0, isMap ? USUAL_HEAT_MAPS : USUAL.length);
}

interface Drawing {
  readonly isFirst: boolean;
  readonly theme: Theme;
  readonly datasets: Record<string, unknown>;
}

/** A panel with the lines of all policies over what was varied; zipped values are one. */
function lines(finished: FinishedSweep, metric: Metric, { isFirst, theme, datasets }: Drawing): Spec {
  const names = [...finished.vary.keys()];
  const all = [...finished.vary.values()];
  const texts = all[0]!.map((_, i) => all.map((values) => values[i]!).join(", "));
  const series = finished.policies.map((policy, p): SweepLine => {
    const own = finished.means.filter((one) => one.policy === policy && one.metric === metric);
    return {
      label: policy,
      color: theme.runs[p % theme.runs.length]!,
      dash: RUN_DASHES[p % RUN_DASHES.length]!,
      means: texts.map((text) => own.find(({ point }) => point.join(", ") === text)),
    };
  });
  const panel = { title: metric.name, unit: metric.unit, xTitle: names.join(", "), texts, lines: series };
  return sweepPanel(panel, isFirst, datasets);
}

function heatMaps(
  finished: FinishedSweep,
  metrics: readonly Metric[],
  theme: Theme,
  datasets: Record<string, unknown>,
): Spec[] {
  const [[xName, xs], [yName, ys]] = [...finished.vary] as [[string, string[]], [string, string[]]];
  return metrics.flatMap((metric) => {
    const ofMetric = finished.means.filter((one) => one.metric === metric);
    const means = ofMetric.map(({ mean }) => mean).filter(Number.isFinite);
    const domain = [Math.min(...means), Math.max(...means)] as const;
    return finished.policies.map((policy) => {
      const own = ofMetric.filter((one) => one.policy === policy);
      const at = (x: string, y: string): SweepMean | undefined =>
        own.find(({ point }) => point[0] === x && point[1] === y);
      const title = finished.policies.length === 1 ? metric.name : `${metric.name} · ${policy}`;
      return heatPanel({ title, unit: metric.unit, xName, xs, yName, ys, domain, at }, theme, datasets);
    });
  });
}

function headingOf(finished: FinishedSweep, isMap: boolean): Heading {
  const { name, version, policies, vary, seeds, changes } = finished;
  const bands = isMap || seeds.length < 2 ? [] : ["bands: 95 % interval of the mean, each by itself"];
  return studyHeading({
    title: `${name} over ${[...vary.keys()].join(finished.zip ? ", " : " and ")}`,
    facts: [
      ...(policies.length === 1 ? policies : []),
      seeds.length === 1 ? `seed ${seeds[0]}` : `${seeds.length} seeds`,
      `mheapsim ${version}`,
    ],
    parameters: {},
    notes: [...changes, ...(seeds.length === 1 ? [] : ["means over the seeds"]), ...bands],
    width: PANEL_WIDTH + 70,
  });
}
