/**
 * How plots look: on light paper, and on a dark screen.
 *
 * The colours are those of Okabe and Ito, which people with any kind of colour vision tell apart; each theme leaves out
 * those that are too close to its background. Lines differ in width and dashes as well, for print without colour.
 */

import { FONT_FAMILY } from "./font-metrics.js";

export const THEME_NAMES = ["light", "dark"] as const;
export type ThemeName = (typeof THEME_NAMES)[number];

/** Colours by role. `ink` is that of text, and of the line that frames the others. */
export interface Theme {
  readonly background: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly blue: string;
  readonly red: string;
  readonly green: string;
  readonly purple: string;
  readonly orange: string;
  /** For several runs over one another, most distinct first. */
  readonly runs: readonly string[];
  /** From least to most, for heat maps: text in ink is read on the first half, and in the background's colour on the second. */
  readonly heat: readonly string[];
  /** States of pages, those of reports: told apart by lightness too. */
  readonly pages: Readonly<Record<"inUse" | "cached" | "free" | "scavenged", string>>;
}

export const THEMES: Readonly<Record<ThemeName, Theme>> = {
  light: {
    background: "#ffffff",
    ink: "#1a1a1a",
    muted: "#595959",
    grid: "#e3e3e3",
    blue: "#0072b2",
    red: "#d55e00",
    green: "#009e73",
    purple: "#cc79a7",
    orange: "#e69f00",
    runs: ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a"],
    heat: ["#eef4fa", "#8fbbe0", "#0a4f8f"],
    pages: { inUse: "#3d1f7a", cached: "#0f9d83", free: "#ffa51f", scavenged: "#dfe7ef" },
  },
  dark: {
    background: "#15181c",
    ink: "#ececec",
    muted: "#a8adb3",
    grid: "#343a41",
    blue: "#56b4e9",
    red: "#f0773a",
    green: "#1fbf92",
    purple: "#cc79a7",
    orange: "#e69f00",
    runs: ["#56b4e9", "#e69f00", "#1fbf92", "#cc79a7", "#f0773a", "#f0e442", "#ececec"],
    heat: ["#1b2530", "#2f6b9a", "#9ad2f7"],
    pages: { inUse: "#6d48d8", cached: "#34d3b4", free: "#ff9d1a", scavenged: "#2f3640" },
  },
};

/** Dashes of overlaid runs, in the order of Theme.runs. */
export const RUN_DASHES: readonly (readonly number[])[] = [
  [1, 0],
  [7, 3],
  [2, 2],
  [8, 2, 2, 2],
  [4, 2],
  [10, 2, 2, 2, 2, 2],
  [1, 3],
];

/** Sizes of text, px. */
export const TITLE_SIZE = 15;
export const SUBTITLE_SIZE = 11;
export const PANEL_TITLE_SIZE = 12;
export const LABEL_SIZE = 11;

/** Room for the labels of y axes, px, the same in all panels so that their frames line up. */
const Y_LABELS = 70;

/** What Vega-Lite calls the configuration of a specification. */
export function config(theme: Theme): Record<string, unknown> {
  const { ink, muted, grid } = theme;
  const label = { labelColor: ink, labelFontSize: LABEL_SIZE, labelFont: FONT_FAMILY };
  const titleOf = (size: number): Record<string, unknown> => ({
    titleColor: ink,
    titleFontSize: size,
    titleFont: FONT_FAMILY,
    titleFontWeight: "normal",
  });
  return {
    font: FONT_FAMILY,
    view: { stroke: null },
    axis: {
      ...label,
      ...titleOf(LABEL_SIZE),
      gridColor: grid,
      domainColor: muted,
      tickColor: muted,
      tickSize: 4,
      labelPadding: 4,
      titlePadding: 8,
      labelFlush: false,
    },
    axisY: { minExtent: Y_LABELS, maxExtent: Y_LABELS, domain: false, ticks: false },
    axisX: { grid: false },
    legend: {
      ...label,
      ...titleOf(LABEL_SIZE),
      orient: "top",
      direction: "horizontal",
      title: null,
      symbolType: "stroke",
      symbolSize: 320,
      labelLimit: 0,
      columnPadding: 14,
      rowPadding: 3,
      offset: 6,
      layout: { top: { anchor: "start", direction: "horizontal", margin: 14 } },
    },
    title: {
      anchor: "start",
      frame: "group",
      color: ink,
      font: FONT_FAMILY,
      fontSize: PANEL_TITLE_SIZE,
      fontWeight: "bold",
      subtitleColor: muted,
      subtitleFont: FONT_FAMILY,
      subtitleFontSize: SUBTITLE_SIZE,
      limit: 0,
      offset: 8,
    },
    line: { strokeJoin: "round", strokeCap: "butt" },
  };
}
