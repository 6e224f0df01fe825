/**
 * Pictures of one or more panels over a common axis of time, as Vega-Lite specifications.
 *
 *     title                                       Everything is in the specification: data, sizes, colours. Nothing is
 *     subtitle                                    left to a default that another version might change silently.
 *     panel title
 *     ── line  ┄┄ goal  | GC cycle                Legends lie above their panel, where there is no data.
 *     ┌──────────────────────┐
 *     │ | |    |    |     |  │                    Marks, such as ends of GC cycles, are short strokes at the top.
 *     │   ╭──╮    ╭────      │
 *     └──────────────────────┘
 */

import { type Quantity, timeAxis, valueAxis } from "./axes.js";
import type { Point } from "./downsample.js";
import { textWidth } from "./font-metrics.js";
import type { Heading } from "./heading.js";
import { config, LABEL_SIZE, SUBTITLE_SIZE, type Theme, TITLE_SIZE } from "./theme.js";

/** A Vega-Lite specification, or a part of one. */
export type Spec = Readonly<Record<string, unknown>>;

/** Width of the frames of all panels, px; lines are downsampled to as many columns. */
export const PANEL_WIDTH = 640;

/** A line of a panel. */
export interface Line {
  readonly label: string;
  readonly color: string;
  readonly width: number;
  /** Lengths of strokes and gaps, px. */
  readonly dash: readonly number[];
  readonly points: readonly Point[];
  /** Where the true line lies, drawn behind it. */
  readonly band?: readonly BandPoint[];
}

/** An interval at a time; none where a bound is null. */
export interface BandPoint {
  readonly timeNs: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** Short strokes at the top of a panel. */
export interface Marks {
  readonly label: string;
  readonly timesNs: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly quantity: Quantity;
  /** Whether values hold until the next point, or go straight to it. */
  readonly isStaircase: boolean;
  readonly lines: readonly Line[];
  readonly marks: readonly Marks[];
  /** The axis reaches to this value at least; by default to the greatest of the lines. */
  readonly reach?: number;
}

export interface Figure {
  readonly heading: Heading;
  readonly durationNs: number;
  readonly panels: readonly Panel[];
  /** Height of each panel's frame, px. */
  readonly height: number;
}

export const SOLID: readonly number[] = [1, 0];
export const DASHED: readonly number[] = [6, 4];
export const DOTTED: readonly number[] = [2, 2];

/** The specification of a figure. */
export function figureSpec(figure: Figure, theme: Theme): Spec {
  const datasets: Record<string, unknown> = {};
  return topSpec(figure.heading, timePanels(figure, theme, datasets), datasets, theme);
}

/** The panels of a figure. @param datasets get their data, by names that the panels use */
export function timePanels(
  figure: Omit<Figure, "heading">,
  theme: Theme,
  datasets: Record<string, unknown>,
): Spec[] {
  const shown = { ...figure, panels: figure.panels.map(withoutEmpty) };
  return shown.panels.map((panel, i) => panelSpec(panel, i, shown, theme, datasets));
}

/** Leaves out lines that have no value anywhere, and marks that do not occur. */
function withoutEmpty(panel: Panel): Panel {
  return {
    ...panel,
    lines: panel.lines.filter(({ points }) => points.some(({ value }) => value !== null)),
    marks: panel.marks.filter(({ timesNs }) => timesNs.length > 0),
  };
}

/** A whole specification: heading, panels one below the other, data. */
export function topSpec(
  { title, subtitle }: Heading,
  panels: readonly Spec[],
  datasets: Readonly<Record<string, unknown>>,
  theme: Theme,
): Spec {
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: title.join(" "),
    background: theme.background,
    padding: 14,
    title: {
      text: title,
      subtitle,
      fontSize: TITLE_SIZE,
      lineHeight: TITLE_SIZE + 4,
      subtitleLineHeight: SUBTITLE_SIZE + 4,
      subtitlePadding: 4,
      frame: "bounds",
      offset: 14,
    },
    vconcat: panels,
    resolve: {
      scale: Object.fromEntries(
        ["color", "fill", "strokeDash", "strokeWidth", "shape", "xOffset"].map((channel) => [
          channel,
          "independent",
        ]),
      ),
    },
    spacing: 22,
    config: config(theme),
    datasets,
  };
}

function panelSpec(
  panel: Panel,
  index: number,
  figure: Omit<Figure, "heading">,
  theme: Theme,
  datasets: Record<string, unknown>,
): Spec {
  const isLast = index === figure.panels.length - 1;
  const { lines, marks } = panel;
  const x = { field: "time_ns", type: "quantitative", ...timeEncoding(figure.durationNs, isLast) };
  const greatest = Math.max(panel.reach ?? 0, ...lines.map(greatestOf));
  const axis = valueAxis(panel.quantity, greatest);
  const y = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: { ...axis.scale, domain: axis.domain, nice: false },
    axis: { values: axis.values, labelExpr: axis.labelExpr },
  };
  const data = `panel_${index + 1}`;
  datasets[data] = lines.flatMap(({ label, points }) =>
    points.map(({ timeNs, value }) => ({ time_ns: timeNs, value, series: label })),
  );
  const hasLegend = !isSameLegend(panel, figure.panels[index - 1]);
  const layer: Spec[] = [
    ...bandLayer(panel, index, { x, y, ...seriesEncoding(lines, marks, hasLegend) }, datasets),
    {
      data: { name: data },
      mark: { type: "line", interpolate: panel.isStaircase ? "step-after" : "linear" },
      encoding: { x, y, ...seriesEncoding(lines, marks, hasLegend) },
    },
  ];
  if (marks.length > 0) {
    const name = `marks_${index + 1}`;
    datasets[name] = marks.flatMap(({ label, timesNs }) =>
      timesNs.map((time) => ({ time_ns: time, mark: label })),
    );
    layer.push(marksSpec(name, marks, x, hasLegend, theme));
  }
  if (lines.length === 0) layer.push(nothingSpec(figure.height, theme));
  return {
    ...(panel.title === "" ? {} : { title: panel.title }),
    width: PANEL_WIDTH,
    height: figure.height,
    layer,
  };
}

function greatestOf({ points, band = [] }: Line): number {
  const highest = band.reduce((most, { high }) => Math.max(most, high ?? 0), 0);
  return points.reduce((most, { value }) => Math.max(most, value ?? 0), highest);
}

/** Bands of the lines that have one, a layer below the lines. */
function bandLayer(
  { lines }: Panel,
  index: number,
  { x, y, color }: { readonly x: Spec; readonly y: Spec; readonly color: Spec },
  datasets: Record<string, unknown>,
): Spec[] {
  const banded = lines.filter(({ band }) => band !== undefined);
  if (banded.length === 0) return [];
  const name = `bands_${index + 1}`;
  datasets[name] = banded.flatMap(({ label, band }) =>
    band!.map(({ timeNs, low, high }) => ({ time_ns: timeNs, low, high, series: label })),
  );
  return [
    {
      data: { name },
      // Where bands lie over one another, both colours show.
      mark: { type: "area", opacity: 1, fillOpacity: 0.25, interpolate: "linear" },
      encoding: {
        x,
        y: { ...y, field: "low" },
        y2: { field: "high" },
        color,
      },
    },
  ];
}

function timeEncoding(durationNs: number, isLast: boolean): Spec {
  const { domain, values, labelExpr, title } = timeAxis(durationNs);
  return {
    title: isLast ? title : null,
    scale: { domain, nice: false, zero: false },
    axis: { values, labelExpr, labels: isLast },
  };
}

/** Whether a panel's legend would repeat that of the panel above it. */
function isSameLegend(panel: Panel, above: Panel | undefined): boolean {
  const labels = ({ lines, marks }: Panel): string =>
    [...lines, ...marks].map(({ label }) => label).join("\n");
  return above !== undefined && panel.lines.length > 1 && labels(panel) === labels(above);
}

/** Colour, dashes and width by series, with one legend for the three. */
function seriesEncoding(
  lines: readonly Line[],
  marks: readonly Marks[],
  hasLegend: boolean,
): { readonly color: Spec; readonly strokeDash: Spec; readonly strokeWidth: Spec } {
  const domain = lines.map(({ label }) => label);
  const channel = (range: readonly unknown[]): Spec => ({
    field: "series",
    type: "ordinal",
    // Without a type, Vega-Lite would take the range of widths for one without steps.
    scale: { type: "ordinal", domain, range },
    // A single line is what the title says.
    legend:
      lines.length < 2 || !hasLegend
        ? null
        : { columns: legendColumns([...domain, ...marks.map(({ label }) => label)]) },
  });
  return {
    color: channel(lines.map(({ color }) => color)),
    strokeDash: channel(lines.map(({ dash }) => dash)),
    strokeWidth: channel(lines.map(({ width }) => width)),
  };
}

/** Width of a symbol of a legend with the gaps around it, px. */
const LEGEND_SYMBOL = 44;

/** How many entries of a legend fit beside each other; all columns are as wide as the widest. */
export function legendColumns(labels: readonly string[]): number {
  const widest = Math.max(0, ...labels.map((label) => textWidth(label, LABEL_SIZE)));
  return Math.max(1, Math.min(labels.length, Math.floor(PANEL_WIDTH / (widest + LEGEND_SYMBOL))));
}

/** A vertical stroke; in legends it takes as much room as the symbols of lines, so that all stand on one level. */
const STROKE = "M0,-0.6V0.6";
const STROKE_SIZE = 36;
const LEGEND_STROKE = "M0,-0.2V0.2";

function marksSpec(name: string, marks: readonly Marks[], x: Spec, hasLegend: boolean, theme: Theme): Spec {
  const domain = marks.map(({ label }) => label);
  return {
    data: { name },
    mark: { type: "point", size: STROKE_SIZE, strokeWidth: 1, stroke: theme.muted, opacity: 1 },
    encoding: {
      x,
      y: { value: 4 },
      shape: {
        field: "mark",
        type: "nominal",
        scale: { domain, range: domain.map(() => STROKE) },
        legend: hasLegend
          ? { symbolType: LEGEND_STROKE, symbolStrokeColor: theme.muted, symbolStrokeWidth: 1 }
          : null,
      },
    },
  };
}

/** What a panel says that has no line. */
export function nothingSpec(height: number, theme: Theme, text = "no value in this run"): Spec {
  return {
    data: { values: [{}] },
    mark: {
      type: "text",
      text,
      fontSize: LABEL_SIZE,
      color: theme.muted,
      x: PANEL_WIDTH / 2,
      y: height / 2,
    },
  };
}
