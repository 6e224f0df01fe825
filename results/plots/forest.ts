/**
 * A forest plot: differences from a baseline with their intervals, a line for each metric and candidate.
 *
 *     metric                     lower  ◄── 0 ──►  higher
 *     mean_heap_retained_bytes   ├─●─┤    │           64 MiB → 61 MiB   −4.7 %      ● leaves 0 out
 *     refaulted_bytes                  ├──○──┤        …                             ○ does not
 *
 * Differences are shares of the baseline's mean, so that metrics of all units share an axis. Where some are larger than
 * 100 % and others small, the axis goes by their logarithm.
 */

import type { ShownRow } from "../comparison-folder.js";
import type { AxisScale } from "./axes.js";
import { textWidth, wrapParts } from "./font-metrics.js";
import { PANEL_WIDTH, type Spec } from "./panels.js";
import { quantityText, signedPercent } from "./quantities.js";
import { LABEL_SIZE, SUBTITLE_SIZE, type Theme } from "./theme.js";

/** A candidate and its colour. */
export interface ForestCandidate {
  readonly name: string;
  readonly color: string;
}

/** Lines that a picture has at most. */
const MOST_LINES = 36;
/** Heights, px: of a line, and what a metric has beside its lines. */
const LINE_HEIGHT = 16;
const METRIC_GAP = 7;
/** Where the names of metrics begin, left of the frame, px. */
const NAMES_AT = -70;
/** Where a wide axis of shares changes from linear to logarithmic. */
const WIDE_CONSTANT = 0.1;
/** Between two labels of an axis, px. */
const LABEL_GAP = 6;
/** Between the columns of text and the intervals, px. */
const GUTTER = 14;

/** A line of the plot. Values are shares of the baseline's mean. */
interface ForestLine {
  readonly y: number;
  readonly candidate: string;
  readonly diff: number;
  readonly low: number;
  readonly high: number;
  readonly differs: boolean;
  readonly means: string;
  readonly percent: string;
}

/**
 * The panel of a forest plot; undefined when no metric differs in any run.
 * @param rows of a comparison; those that have nothing to show are left out
 * @param datasets get its data
 */
export function forestPanel(
  rows: readonly ShownRow[],
  baseline: string,
  candidates: readonly ForestCandidate[],
  theme: Theme,
  datasets: Record<string, unknown>,
): Spec | undefined {
  const shown = shownMetrics(rows, candidates.length);
  if (shown.metrics.length === 0) return undefined;
  const { names, lines, height } = placed(shown.metrics, rows, candidates);
  const meansAt = PANEL_WIDTH - widest(lines.map(({ percent }) => percent)) - GUTTER;
  const left = NAMES_AT + widest(names.map(({ name }) => name)) + GUTTER;
  const right = meansAt - widest(lines.map(({ means }) => means)) - GUTTER;
  const scale = shareScale(lines, right - left);
  const x = {
    field: "diff",
    type: "quantitative",
    title: null,
    scale: { ...scale.scale, domain: scale.domain, nice: false, zero: false, range: [left, right] },
    axis: { values: scale.values, labelExpr: scale.labelExpr, grid: true },
  };
  const y = {
    field: "y",
    type: "quantitative",
    scale: { domain: [0, height], range: [0, height] },
    axis: null,
  };
  datasets.forest = lines;
  datasets.forest_metrics = names;
  const color = {
    type: "nominal",
    scale: { domain: candidates.map(({ name }) => name), range: candidates.map((one) => one.color) },
    legend: null,
  };
  const notes = [
    "filled: differs beyond noise",
    "hollow: no difference shown",
    ...(candidates.length === 1 ? [] : ["in the order of the legend"]),
    ...(shown.left === 0 ? [] : [`${shown.left} more metrics are in comparison.csv`]),
  ];
  const title = {
    text: `Differences from ${baseline}, with 95 % intervals that hold together`,
    subtitle: wrapParts(notes, " · ", SUBTITLE_SIZE, PANEL_WIDTH),
    subtitleLineHeight: SUBTITLE_SIZE + 4,
  };
  return {
    title,
    width: PANEL_WIDTH,
    height,
    layer: [
      textLayer("forest_metrics", "name", NAMES_AT, "left", y, theme),
      {
        data: { values: [{ diff: 0 }] },
        mark: { type: "rule", color: theme.ink, strokeWidth: 1 },
        encoding: { x },
      },
      {
        data: { name: "forest" },
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: {
          x: { ...x, field: "low" },
          x2: { field: "high" },
          y,
          color: { field: "candidate", ...color },
        },
      },
      {
        data: { name: "forest" },
        mark: { type: "point", size: 42, strokeWidth: 1.5, opacity: 1 },
        encoding: {
          x,
          y,
          color: { field: "candidate", ...color },
          fill: {
            condition: { test: "datum.differs", field: "candidate", ...color },
            value: theme.background,
          },
        },
      },
      textLayer("forest", "means", meansAt, "right", y, theme),
      textLayer("forest", "percent", PANEL_WIDTH, "right", y, theme),
    ],
  };
}

function textLayer(data: string, field: string, x: number, align: string, y: Spec, theme: Theme): Spec {
  return {
    data: { name: data },
    mark: { type: "text", align, baseline: "middle", fontSize: LABEL_SIZE, color: theme.ink },
    encoding: {
      x: { value: x },
      y,
      text: { field, type: "nominal" },
    },
  };
}

/** The metrics that are shown, in the order of the rows, and how many are not for want of room. */
function shownMetrics(
  rows: readonly ShownRow[],
  candidates: number,
): { readonly metrics: readonly string[]; readonly left: number } {
  const isShown = (row: ShownRow): boolean => hasShare(row) && row.verdict !== "identical";
  const all = [...new Set(rows.filter(isShown).map(({ metric }) => metric.name))];
  const most = Math.max(1, Math.floor(MOST_LINES / candidates));
  if (all.length <= most) return { metrics: all, left: 0 };
  const differs = new Set(
    rows.filter((row) => isShown(row) && differsIn(row)).map(({ metric }) => metric.name),
  );
  // What differs comes before what does not.
  const kept = new Set(
    [...all].sort((a, b) => Number(differs.has(b)) - Number(differs.has(a))).slice(0, most),
  );
  return { metrics: all.filter((name) => kept.has(name)), left: all.length - most };
}

/** Whether a row's difference is a share of something. */
function hasShare({ meanBaseline, diff, ciLow, verdict }: ShownRow): boolean {
  return verdict !== "undefined" && meanBaseline !== 0 && Number.isFinite(diff) && Number.isFinite(ciLow);
}

const differsIn = ({ verdict }: ShownRow): boolean => verdict === "higher" || verdict === "lower";

/** Gives every line its place. */
function placed(
  metrics: readonly string[],
  rows: readonly ShownRow[],
  candidates: readonly ForestCandidate[],
): { names: { name: string; y: number }[]; lines: ForestLine[]; height: number } {
  const names: { name: string; y: number }[] = [];
  const lines: ForestLine[] = [];
  let height = METRIC_GAP;
  for (const name of metrics) {
    names.push({ name, y: height + LINE_HEIGHT / 2 });
    for (const candidate of candidates) {
      const row = rows.find((one) => one.metric.name === name && one.candidate === candidate.name);
      if (row === undefined || !hasShare(row)) continue;
      lines.push(lineOf(row, height + LINE_HEIGHT / 2));
      height += LINE_HEIGHT;
    }
    height += METRIC_GAP;
  }
  return { names, lines, height };
}

function lineOf(row: ShownRow, y: number): ForestLine {
  const { metric, candidate, meanBaseline, meanCandidate, diff, ciLow, ciHigh } = row;
  const share = (value: number): number => Number((value / Math.abs(meanBaseline)).toPrecision(6));
  const means = [meanBaseline, meanCandidate].map((value) => quantityText(value, metric.unit)).join(" → ");
  return {
    y,
    candidate,
    diff: share(diff),
    low: share(ciLow),
    high: share(ciHigh),
    differs: differsIn(row),
    means,
    percent: signedPercent(share(diff)),
  };
}

function widest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => textWidth(text, LABEL_SIZE)));
}

/** An axis of shares with 0 on it, with as many steps to the left as are needed and to the right. */
function shareScale(lines: readonly ForestLine[], width: number): AxisScale {
  const low = Math.min(0, ...lines.map((line) => line.low));
  const high = Math.max(0, ...lines.map((line) => line.high));
  const most = Math.max(-low, high);
  if (most > 1) return wideShareScale(low, high, width);
  // Half the intervals of a whole axis on each side.
  const step = stepOf((high - low) / 5);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return {
    domain: [first * step, last * step],
    values: Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12))),
    labelExpr: SHARE_LABEL,
    scale: {},
  };
}

/** 1, 2 or 5 times a power of ten, at least as large as a value. */
function stepOf(least: number): number {
  const power = Number(`1e${Math.floor(Number(least.toExponential().split("e")[1]))}`);
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least)!;
}

const SHARE_LABEL =
  "datum.value === 0 ? '0' : (datum.value < 0 ? '−' : '+') + format(abs(datum.value) * 100, ',~r') + ' %'";

/** From tenths to thousands of per cent: linear near 0, by the logarithm beyond 10 %. @param width of the axis, px */
function wideShareScale(low: number, high: number, width: number): AxisScale {
  const domain = [low * 1.2, high * 1.2] as const;
  const decades = [1e6, 1e5, 1e4, 1e3, 100, 10, 1, 0.1];
  const ticks = [...decades, ...decades.map((value) => -value)].filter(
    (value) => value >= domain[0] && value <= domain[1],
  );
  // In order of importance: the ends of the axis tell how far it goes.
  const wanted = [0, ...ticks.sort((a, b) => Math.abs(b) - Math.abs(a))];
  const spread = (value: number): number => Math.sign(value) * Math.log1p(Math.abs(value) / WIDE_CONSTANT);
  const px = width / (spread(domain[1]) - spread(domain[0]));
  const label = (value: number): number => textWidth(value === 0 ? "0" : signedPercent(value), LABEL_SIZE);
  const kept: number[] = [];
  for (const value of wanted) {
    const isFree = kept.every(
      (other) =>
        Math.abs(spread(value) - spread(other)) * px >= (label(value) + label(other)) / 2 + LABEL_GAP,
    );
    if (isFree) kept.push(value);
  }
  return {
    domain,
    values: kept.sort((a, b) => a - b),
    labelExpr: SHARE_LABEL,
    scale: { type: "symlog", constant: WIDE_CONSTANT },
  };
}
