/**
 * A metric over values of a parameter: a line for each policy, with a point at each value and a band.
 *
 * Values that are numbers of one unit stand in proportion, by their logarithm when they span a factor of ten and more;
 * others stand evenly apart in their order. Labels stand at the values, where there is room.
 */

import type { SweepMean } from "../sweep-folder.js";
import { type Quantity, valueAxis } from "./axes.js";
import { textWidth } from "./font-metrics.js";
import { legendColumns, PANEL_WIDTH, type Spec } from "./panels.js";
import { LABEL_SIZE } from "./theme.js";

export interface SweepLine {
  readonly label: string;
  readonly color: string;
  readonly dash: readonly number[];
  /** By value; undefined where there is none. */
  readonly means: readonly (SweepMean | undefined)[];
}

export interface SweepPanel {
  readonly title: string;
  readonly unit: string;
  readonly xTitle: string;
  /** Values as they were given. */
  readonly texts: readonly string[];
  readonly lines: readonly SweepLine[];
}

const HEIGHT = 130;
/** Between two labels, px. */
const LABEL_GAP = 8;
/** From the first value to the edge of the frame, and from the last, as a share of the width. */
const MARGIN = 0.03;

/** What a metric's axis shows. */
export function quantityOf(unit: string): Quantity {
  if (unit === "bytes" || unit === "ns") return unit;
  return unit === "ratio" ? "share" : "number";
}

/** The specification of a panel. @param hasLegend whether it is the one that tells the policies */
export function sweepPanel(panel: SweepPanel, hasLegend: boolean, datasets: Record<string, unknown>): Spec {
  const { title, unit, xTitle, texts, lines } = panel;
  const places = placesOf(texts);
  const most = quantityOf(unit) === "share" ? 1 : Number.POSITIVE_INFINITY;
  const data = `panel_${Object.keys(datasets).length + 1}`;
  const rows = lines.flatMap(({ label, means }) =>
    means.map((one, i) => ({
      place: places[i],
      value: shown(one?.mean),
      low: shown(one === undefined ? undefined : Math.max(0, one.ciLow)),
      high: shown(one === undefined ? undefined : Math.min(most, one.ciHigh)),
      series: label,
    })),
  );
  datasets[data] = rows;
  const axis = valueAxis(quantityOf(unit), Math.max(0, ...rows.map(({ value, high }) => high ?? value ?? 0)));
  const y = {
    type: "quantitative",
    title: null,
    scale: { ...axis.scale, domain: axis.domain, nice: false },
    axis: { values: axis.values, labelExpr: axis.labelExpr },
  };
  const x = { field: "place", type: "quantitative", title: xTitle, ...placeEncoding(texts, places) };
  const series = seriesEncoding(lines, hasLegend);
  return {
    title,
    width: PANEL_WIDTH,
    height: HEIGHT,
    data: { name: data },
    layer: [
      {
        mark: { type: "area", opacity: 1, fillOpacity: 0.25 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color: series.color },
      },
      { mark: { type: "line", strokeWidth: 1.5 }, encoding: { x, y: { ...y, field: "value" }, ...series } },
      {
        mark: { type: "point", filled: true, size: 26, opacity: 1 },
        encoding: { x, y: { ...y, field: "value" }, color: series.color },
      },
    ],
  };
}

/** Colour and dashes by policy, with one legend for both. */
function seriesEncoding(
  lines: readonly SweepLine[],
  hasLegend: boolean,
): { readonly color: Spec; readonly strokeDash: Spec } {
  const domain = lines.map(({ label }) => label);
  const legend =
    hasLegend && lines.length > 1 ? { columns: legendColumns(domain), symbolType: "stroke" } : null;
  const channel = (range: readonly unknown[]): Spec => ({
    field: "series",
    type: "ordinal",
    scale: { type: "ordinal", domain, range },
    legend,
  });
  return {
    color: channel(lines.map(({ color }) => color)),
    strokeDash: channel(lines.map(({ dash }) => dash)),
  };
}

/** Where values stand, from 0 to 1. */
function placesOf(texts: readonly string[]): number[] {
  const numbers = numbersOf(texts);
  const even = texts.map((_, i) => (texts.length === 1 ? 0.5 : i / (texts.length - 1)));
  if (numbers === undefined) return even;
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  if (least === most) return even;
  const isWide = least > 0 && most / least >= 10;
  const scaled = isWide ? numbers.map(Math.log10) : numbers;
  const [from, to] = [Math.min(...scaled), Math.max(...scaled)];
  return scaled.map((value) => Number(((value - from) / (to - from)).toPrecision(6)));
}

/** Numbers of one unit; undefined for anything else. */
function numbersOf(texts: readonly string[]): number[] | undefined {
  const parts = texts.map((text) => /^(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*([a-zµA-Z%/]*)$/.exec(text.trim()));
  if (parts.some((part) => part === null) || new Set(parts.map((part) => part![2])).size > 1)
    return undefined;
  return parts.map((part) => Number(part![1]));
}

/** Scale and axis of the places, with labels where there is room. */
function placeEncoding(texts: readonly string[], places: readonly number[]): Spec {
  const px = (place: number): number => ((place + MARGIN) / (1 + 2 * MARGIN)) * PANEL_WIDTH;
  const labelled: number[] = [];
  let end = Number.NEGATIVE_INFINITY;
  const inOrder = texts.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  for (const i of inOrder) {
    const half = textWidth(texts[i]!, LABEL_SIZE) / 2;
    if (px(places[i]!) - half < end + LABEL_GAP) continue;
    labelled.push(i);
    end = px(places[i]!) + half;
  }
  const values = labelled.map((i) => places[i]!);
  const names = labelled.map((i) => texts[i]!);
  return {
    scale: { domain: [-MARGIN, 1 + MARGIN], nice: false, zero: false },
    axis: {
      values,
      labelExpr: `${JSON.stringify(names)}[indexof(${JSON.stringify(values)}, datum.value)]`,
      labelOverlap: false,
    },
  };
}

function shown(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(6));
}
