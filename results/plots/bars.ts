/**
 * Histograms as panels of bars: categories that follow each other, and in each a bar for every series.
 */

import { type Quantity, valueAxis } from "./axes.js";
import type { Heading } from "./heading.js";
import { legendColumns, nothingSpec, PANEL_WIDTH, type Spec, topSpec } from "./panels.js";
import type { Theme } from "./theme.js";

/** Values of one colour, one for each category. */
export interface BarSeries {
  readonly label: string;
  readonly color: string;
  readonly values: readonly number[];
}

export interface BarPanel {
  readonly title: string;
  /** What the categories are. */
  readonly categoryTitle: string;
  readonly categories: readonly string[];
  /** Those whose names stand at the axis, when there is no room for all. */
  readonly named: readonly string[];
  readonly quantity: Quantity;
  readonly series: readonly BarSeries[];
}

export interface BarFigure {
  readonly heading: Heading;
  readonly panels: readonly BarPanel[];
  /** Height of each panel's frame, px. */
  readonly height: number;
}

/** The specification of a figure. */
export function barSpec(figure: BarFigure, theme: Theme): Spec {
  const datasets: Record<string, unknown> = {};
  const parts = figure.panels.map((panel, i) => {
    const name = `panel_${i + 1}`;
    datasets[name] = panel.series.flatMap(({ label, values }) =>
      panel.categories.map((category, bucket) => ({ category, value: values[bucket] ?? 0, series: label })),
    );
    return panelSpec(panel, name, figure.height, theme);
  });
  return topSpec(figure.heading, parts, datasets, theme);
}

function panelSpec(panel: BarPanel, data: string, height: number, theme: Theme): Spec {
  const { title, series, categories, named } = panel;
  const domain = series.map(({ label }) => label);
  const greatest = Math.max(0, ...series.flatMap(({ values }) => values));
  const axis = valueAxis(panel.quantity, greatest);
  const bars = {
    data: { name: data },
    mark: { type: "bar", binSpacing: 0 },
    encoding: {
      x: {
        field: "category",
        type: "ordinal",
        title: panel.categoryTitle,
        scale: { domain: categories, paddingInner: 0.15, paddingOuter: 0.1 },
        axis: { values: named, labelAngle: 0, labelOverlap: false },
      },
      xOffset: { field: "series", type: "nominal", scale: { domain } },
      y: {
        field: "value",
        type: "quantitative",
        title: null,
        scale: { ...axis.scale, domain: axis.domain, nice: false },
        axis: { values: axis.values, labelExpr: axis.labelExpr },
      },
      color: {
        field: "series",
        type: "nominal",
        scale: { domain, range: series.map(({ color }) => color) },
        legend: { symbolType: "square", symbolSize: 90, columns: legendColumns(domain) },
      },
    },
  };
  return {
    title,
    width: PANEL_WIDTH,
    height,
    layer: greatest > 0 ? [bars] : [bars, nothingSpec(height, theme)],
  };
}
