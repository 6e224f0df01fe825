/**
 * The time series of all runs as charts.
 *
 * All charts have one time axis: dragging over one of them zooms all of them and the heap maps, a double click shows the whole
 * run again, and pointing at one shows the values of that moment everywhere. A click on a name in the legend hides its line.
 */

import uPlot from "uplot";
import { ChartLegend, type LegendLine } from "./chart-legend.js";
import { CHARTS, type ChartSpec, collectionsOf, type Format, valuesOf } from "./chart-specs.js";
import { cssColor } from "./colors.js";
import { formatBytes, formatCount, formatNs, formatTime } from "./format.js";
import type { ViewedRun } from "./runs.js";
import type { View } from "./view.js";

/** Dashes by run, so that lines are told apart without colour. */
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [10, 3, 2, 3]];
const HEIGHT = 220;
/** Steps between the lines of a chart of bytes: round in binary units. */
const BYTE_STEPS = Array.from({ length: 45 }, (_, i) => 2 ** i);
/** Room for numbers at the left of a chart, and for the last label at its right, CSS pixels; heap maps have the same. */
export const LEFT = 84;
const RIGHT = 24;
const PALETTE = 7;

/** Makes the charts in an element, and keeps them with the view. */
export function showCharts(host: HTMLElement, runs: readonly ViewedRun[], view: View): void {
  const group = new ChartGroup(host, runs, view);
  group.build();
  view.listen((changes) => {
    if (changes.has("theme")) group.build();
    if (changes.has("range")) group.showRange();
    if (changes.has("moment")) group.showMoment();
  });
  new ResizeObserver(() => group.resize()).observe(host);
}

/** A line, with its values at the times of all runs; undefined where its run has no sample, which lines pass over. */
interface Line extends LegendLine {
  readonly values: readonly (number | null | undefined)[];
}

interface Chart {
  readonly plot: uPlot;
  readonly legend: ChartLegend;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
}

class ChartGroup {
  private charts: Chart[] = [];
  private readonly times: readonly number[];
  /** Lines that are hidden, by chart and index, kept while the charts are built anew. */
  private readonly hidden = new Map<ChartSpec, Set<number>>();

  constructor(
    private readonly host: HTMLElement,
    private readonly runs: readonly ViewedRun[],
    private readonly view: View,
  ) {
    this.times = joinedTimes(runs);
  }

  build(): void {
    for (const { plot } of this.charts) plot.destroy();
    this.host.replaceChildren();
    this.charts = CHARTS.flatMap((spec) => {
      const lines = this.lines(spec);
      return lines.length === 0 ? [] : [this.chart(spec, lines)];
    });
    this.showRange();
    this.showMoment();
  }

  resize(): void {
    for (const { plot } of this.charts) {
      const width = widthIn(plot.root.parentElement!);
      if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
    }
  }

  showRange(): void {
    const { fromNs, toNs } = this.view;
    for (const { plot } of this.charts) plot.setScale("x", { min: fromNs / 1e9, max: toNs / 1e9 });
  }

  showMoment(): void {
    for (const chart of this.charts) {
      const left = chart.plot.valToPos(this.view.momentNs / 1e9, "x");
      chart.plot.setCursor({ left, top: -10 }, false);
      this.describe(chart, null);
    }
  }

  private chart(spec: ChartSpec, lines: readonly Line[]): Chart {
    const element = document.createElement("section");
    element.className = "chart";
    const title = document.createElement("h3");
    title.textContent = spec.title;
    element.append(title);
    this.host.append(element);
    const hidden = this.hidden.get(spec) ?? new Set();
    this.hidden.set(spec, hidden);
    const labels = this.runs.map(({ run }) => run.label);
    const legend = new ChartLegend(lines, labels, hidden, (index, isShown) => {
      if (isShown) hidden.delete(index);
      else hidden.add(index);
      plot.setSeries(index + 1, { show: isShown });
    });
    const format = formatter(spec.format);
    let made: Chart | undefined;
    const options = this.options(spec, lines, hidden, widthIn(element), (index) => {
      if (made !== undefined) this.describe(made, index);
    });
    const data = [this.times.map((ns) => ns / 1e9), ...lines.map(({ values }) => [...values])];
    const plot = new uPlot(options, data as uPlot.AlignedData, element);
    element.append(legend.element);
    made = { plot, legend, lines, format };
    return made;
  }

  /** Shows the values at a sample in a legend. @param index of the joined times; null: at the moment */
  private describe({ legend, lines, format }: Chart, index: number | null): void {
    const { times } = this;
    const at = index ?? lastNotAfter(times, this.view.momentNs);
    legend.show(
      lines.map(({ values, run }) => {
        const { timesNs } = this.runs[run]!.run;
        // Where its run has no sample the last one still holds.
        let i = at;
        while (i > 0 && values[i] === undefined) i--;
        const value = times[at]! > (timesNs.at(-1) ?? 0) ? undefined : values[i];
        return value === null || value === undefined ? "–" : format(value);
      }),
    );
  }

  /** The lines of a chart: those that have a value in some run. */
  private lines(spec: ChartSpec): Line[] {
    const isAlone = spec.lines.length === 1 && this.runs.length > 1;
    return spec.lines.flatMap((line) =>
      this.runs.flatMap(({ run }, index) => {
        const own = valuesOf(line, run);
        if (own === undefined) return [];
        // With one kind of line its colour says nothing, so it tells the runs apart as well.
        const color = cssColor(`--line-${(isAlone ? index : line.color) % PALETTE}`);
        const dash = DASHES[index % DASHES.length]!;
        return [
          { label: line.label, run: index, color, dash, values: onTimes(this.times, run.timesNs, own) },
        ];
      }),
    );
  }

  private options(
    spec: ChartSpec,
    lines: readonly Line[],
    hidden: ReadonlySet<number>,
    width: number,
    onPoint: (index: number | null) => void,
  ): uPlot.Options {
    const text = cssColor("--text");
    const grid = { stroke: cssColor("--grid"), width: 1 };
    const show = formatter(spec.format);
    const axis = { stroke: text, grid, ticks: grid };
    return {
      width,
      height: HEIGHT,
      padding: [8, RIGHT, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "report" }, drag: { x: true, y: false, setScale: false }, y: false },
      scales: {
        x: { time: false },
        y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 1) * 1.05 || 1] },
      },
      axes: [
        { ...axis, size: 28, space: 70, values: (_, values) => timeLabels(values) },
        {
          ...axis,
          size: LEFT,
          values: (_, values) => values.map(show),
          ...(spec.format === "bytes" ? { incrs: BYTE_STEPS } : {}),
        },
      ],
      series: [
        {},
        ...lines.map(({ label, color, dash }, i) => ({
          label,
          stroke: color,
          width: 1.5,
          dash: [...dash],
          points: { show: false },
          show: !hidden.has(i),
        })),
      ],
      hooks: {
        setSelect: [(chart) => this.selected(chart)],
        // Told of the pointer alone, also over another chart; not of the moment, which is set without telling.
        setCursor: [({ cursor }) => onPoint((cursor.left ?? -1) >= 0 ? (cursor.idx ?? null) : null)],
        ready: [(chart) => this.listen(chart)],
        drawClear: [(chart) => (spec.marksCollections === true ? this.markCollections(chart) : undefined)],
      },
    };
  }

  /** A tick at the bottom for each collection, above one another by run. */
  private markCollections(chart: uPlot): void {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.fillStyle = cssColor("--muted");
    const height = Math.round(bbox.height / 24);
    this.runs.forEach(({ run }, index) => {
      for (const ns of collectionsOf(run)) {
        const x = chart.valToPos(ns / 1e9, "x", true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.fillRect(Math.round(x), bbox.top + bbox.height - (index + 1) * height, 1, height - 2);
      }
    });
    ctx.restore();
  }

  /** A stretch was dragged over: everything shows it. */
  private selected(chart: uPlot): void {
    const { left, width } = chart.select;
    if (width < 3) return;
    this.view.setRange(chart.posToVal(left, "x") * 1e9, chart.posToVal(left + width, "x") * 1e9);
    chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  }

  private listen(chart: uPlot): void {
    chart.over.addEventListener("dblclick", () => this.view.setRange(0, 0));
    chart.over.addEventListener("click", () => {
      const { left } = chart.cursor;
      if (left !== undefined && left >= 0) this.view.setMoment(chart.posToVal(left, "x") * 1e9);
    });
    // When the pointer leaves, the line goes back to the moment.
    chart.over.addEventListener("mouseleave", () => setTimeout(() => this.showMoment()));
  }
}

/** Width of a chart in an element, CSS pixels. */
function widthIn(element: HTMLElement): number {
  return Math.max(200, element.clientWidth);
}

/** The times of all runs, ascending, each once. */
function joinedTimes(runs: readonly ViewedRun[]): number[] {
  return [...new Set(runs.flatMap(({ run }) => run.timesNs))].sort((a, b) => a - b);
}

/** Index of the last of the ascending times that is not after a time, 0 when all are. */
function lastNotAfter(times: readonly number[], time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

/** Values at joined times; undefined where a run has no sample. */
function onTimes(
  times: readonly number[],
  own: readonly number[],
  values: readonly (number | null)[],
): (number | null | undefined)[] {
  if (own.length === times.length) return [...values];
  const byTime = new Map(own.map((time, i) => [time, values[i]!]));
  return times.map((time) => byTime.get(time));
}

/** Labels of an axis of time, s, with as many digits as the steps between them need. */
function timeLabels(seconds: readonly number[]): string[] {
  const stepNs = ((seconds[1] ?? 1) - (seconds[0] ?? 0)) * 1e9;
  return seconds.map((s) => formatTime(s * 1e9, stepNs));
}

function formatter(format: Format): (value: number) => string {
  if (format === "bytes") return formatBytes;
  if (format === "ns") return formatNs;
  return format === "share" ? (value) => value.toFixed(2) : formatCount;
}
