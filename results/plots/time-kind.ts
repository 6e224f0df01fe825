/**
 * Kinds of plots that show columns over time, stated as tables of panels and lines.
 *
 * One run: a panel has all its lines. Several runs: either a panel for each run, one below the other with the same
 * scales; or, where that would be too many, a panel for each line, with a line for each run.
 */

import type { ColumnName } from "../columns.js";
import type { FinishedRun } from "../run-folder.js";
import type { Quantity } from "./axes.js";
import { headingOf, runLabels } from "./heading.js";
import type { PlotOptions, RunKind } from "./kind.js";
import { DASHED, type Figure, figureSpec, type Line, PANEL_WIDTH, type Panel, SOLID } from "./panels.js";
import { changesOf, durationOf, type Points } from "./series.js";
import { RUN_DASHES, type Theme } from "./theme.js";

/** A line of a panel. */
export interface LineTable {
  readonly label: string;
  /** What a panel of this line alone is called; its label by default. */
  readonly alone?: string;
  readonly color: "ink" | "muted" | "blue" | "red" | "green" | "purple" | "orange";
  readonly points: Points;
  readonly width?: number;
  readonly dash?: readonly number[];
}

export interface PanelTable {
  readonly title: string;
  readonly quantity: Quantity;
  /** Whether its values hold until the next sample; else they are those of windows. */
  readonly isStaircase: boolean;
  readonly lines: readonly LineTable[];
  /** Counters whose steps are marked at the top, and what a step is. */
  readonly marks?: readonly (readonly [counter: ColumnName, label: string])[];
  readonly reach?: number;
}

export interface TimeKindTable {
  readonly name: string;
  readonly about: string;
  readonly panels: readonly PanelTable[];
  /** With several runs: a panel for each run, instead of one for each line. */
  readonly isPanelPerRun?: boolean;
  /** Heights of frames, px: of a single panel, and of each of several. */
  readonly heights: readonly [one: number, several: number];
}

/** Makes a kind of plot out of a table. */
export function timeKind(table: TimeKindTable): RunKind {
  return {
    name: table.name,
    about: table.about,
    of: "runs",
    isUsual: () => true,
    spec: (runs, { theme }: PlotOptions) => {
      const durationNs = Math.max(...runs.map(durationOf));
      const panels = panelsOf(table, runs, durationNs, theme);
      const figure: Figure = {
        heading: headingOf(table.name.replace("-", " "), runs, PANEL_WIDTH + 70),
        durationNs,
        panels,
        height: table.heights[panels.length === 1 ? 0 : 1],
      };
      return figureSpec(figure, theme);
    },
  };
}

function panelsOf(
  table: TimeKindTable,
  runs: readonly FinishedRun[],
  durationNs: number,
  theme: Theme,
): Panel[] {
  const [only] = runs;
  if (runs.length === 1) return table.panels.map((panel) => linesOfRun(panel, only!, durationNs, theme));
  const labels = runLabels(runs);
  if (!table.isPanelPerRun) {
    return table.panels.flatMap((panel) =>
      panel.lines.map((line) => runsOfLine(panel, line, runs, labels, durationNs, theme)),
    );
  }
  const panels = table.panels.flatMap((panel) =>
    runs.map((run, i) => ({ ...linesOfRun(panel, run, durationNs, theme), title: labels[i]! })),
  );
  const values = panels.flatMap(({ lines }) => lines).flatMap(({ points }) => points);
  const reach = values.reduce((most, { value }) => Math.max(most, value ?? 0), 0);
  return panels.map((panel) => ({ ...panel, reach }));
}

/** A panel with the lines of one run. */
function linesOfRun(panel: PanelTable, run: FinishedRun, durationNs: number, theme: Theme): Panel {
  const lines = panel.lines.map(
    ({ label, color, points, width = 1.5, dash = SOLID }): Line => ({
      label,
      color: theme[color],
      width,
      dash,
      points: points(run, durationNs, PANEL_WIDTH),
    }),
  );
  const marks = (panel.marks ?? []).map(([counter, label]) => ({ label, timesNs: changesOf(run, counter) }));
  return { ...frameOf(panel), title: panel.title, lines, marks };
}

/** A panel with one line of each run. */
function runsOfLine(
  panel: PanelTable,
  line: LineTable,
  runs: readonly FinishedRun[],
  labels: readonly string[],
  durationNs: number,
  theme: Theme,
): Panel {
  const lines = runs.map(
    (run, i): Line => ({
      label: labels[i]!,
      color: theme.runs[i % theme.runs.length]!,
      width: 1.5,
      dash: RUN_DASHES[i % RUN_DASHES.length]!,
      points: line.points(run, durationNs, PANEL_WIDTH),
    }),
  );
  return { ...frameOf(panel), title: line.alone ?? line.label, lines, marks: [] };
}

function frameOf({ quantity, isStaircase, reach }: PanelTable): Omit<Panel, "title" | "lines" | "marks"> {
  return { quantity, isStaircase, ...(reach === undefined ? {} : { reach }) };
}

/** A goal: dashed, so that it is told from what was reached. */
export function goalLine(label: string, points: Points): LineTable {
  return { label, color: "muted", points, dash: DASHED };
}
