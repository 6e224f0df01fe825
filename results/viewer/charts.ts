/**
 * The time series of all runs as charts: one for each group of columns, a line for each column and run.
 *
 * All charts have one time axis: dragging over one of them zooms all of them and the heap maps, a double click shows the whole
 * run again, and pointing at one shows the values of that moment everywhere. A click on a name in the legend hides its line.
 */

import uPlot from "uplot";
import { cssColor } from "./colors.js";
import { formatBytes, formatTime } from "./format.js";
import type { ViewedRun } from "./runs.js";
import type { View } from "./view.js";

type Format = "bytes" | "count" | "share";

/** A chart: its columns with the names in the legend, and the colour of each. */
interface ChartSpec {
  readonly title: string;
  readonly format: Format;
  readonly series: readonly (readonly [column: string, label: string, color: number])[];
}

/** The charts of a report. Colours are numbers of the palette. */
export const CHARTS: readonly ChartSpec[] = [
  {
    title: "Memory",
    format: "bytes",
    series: [
      ["heap_sys_bytes", "mapped", 0],
      ["heap_retained_bytes", "retained", 1],
      ["heap_inuse_bytes", "in use", 2],
      ["heap_released_bytes", "released", 3],
      ["heap_goal_bytes", "heap goal", 4],
      ["scavenge_goal_bytes", "scavenge goal", 5],
    ],
  },
  {
    title: "Fragmentation",
    format: "share",
    series: [
      ["external_fragmentation", "external", 0],
      ["unusable_free_index_16", "unusable for 16 pages", 1],
      ["unusable_free_index_256", "unusable for 256 pages", 2],
      ["unusable_free_index_512", "unusable for 512 pages", 3],
    ],
  },
  { title: "Slow path", format: "share", series: [["find_rate", "find() rate", 1]] },
  {
    title: "Scavenger",
    format: "bytes",
    series: [
      ["scavenged_bytes", "scavenged", 0],
      ["refaulted_bytes", "used again", 1],
    ],
  },
  { title: "Free runs", format: "count", series: [["free_runs", "runs of free pages", 0]] },
];

/** Dashes by run, so that lines are told apart without colour. */
const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [12, 3, 2, 3]];
const HEIGHT = 220;
/** Steps between the lines of a chart of bytes: round in binary units. */
const BYTE_STEPS = Array.from({ length: 45 }, (_, i) => 2 ** i);
const PALETTE = 6;

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

class ChartGroup {
  private charts: uPlot[] = [];

  constructor(
    private readonly host: HTMLElement,
    private readonly runs: readonly ViewedRun[],
    private readonly view: View,
  ) {}

  build(): void {
    for (const chart of this.charts) chart.destroy();
    this.host.replaceChildren();
    const times = joinedTimes(this.runs);
    this.charts = CHARTS.flatMap((spec) => {
      const lines = this.lines(spec, times);
      if (lines.length === 0) return [];
      const element = document.createElement("div");
      element.className = "chart";
      this.host.append(element);
      const chart = new uPlot(
        this.options(spec, lines),
        [times.map((ns) => ns / 1e9), ...lines.map((one) => one.values)],
        element,
      );
      accessibleLegend(chart);
      return [chart];
    });
    this.showRange();
    this.showMoment();
  }

  resize(): void {
    const width = this.width;
    for (const chart of this.charts) if (chart.width !== width) chart.setSize({ width, height: HEIGHT });
  }

  showRange(): void {
    const { fromNs, toNs } = this.view;
    for (const chart of this.charts) chart.setScale("x", { min: fromNs / 1e9, max: toNs / 1e9 });
  }

  showMoment(): void {
    for (const chart of this.charts) {
      const left = chart.valToPos(this.view.momentNs / 1e9, "x");
      chart.setCursor({ left, top: -10 }, false);
    }
  }

  private get width(): number {
    return Math.max(200, this.host.clientWidth);
  }

  /** The lines of a chart: those columns that have a value in some run. */
  private lines(spec: ChartSpec, times: readonly number[]) {
    return spec.series.flatMap(([column, label, color]) =>
      this.runs.flatMap(({ run }, index) => {
        const own = run.columns[column];
        if (own === undefined || own.every((value) => value === null)) return [];
        const name = this.runs.length === 1 ? label : `${label}, ${run.label}`;
        return [{ name, color, index, values: onTimes(times, run.timesNs, own) }];
      }),
    );
  }

  private options(
    spec: ChartSpec,
    lines: readonly { name: string; color: number; index: number }[],
  ): uPlot.Options {
    const text = cssColor("--text");
    const grid = { stroke: cssColor("--grid"), width: 1 };
    const show = formatter(spec.format);
    const step = this.view.endNs / 1000;
    return {
      title: spec.title,
      width: this.width,
      height: HEIGHT,
      cursor: { sync: { key: "report" }, drag: { x: true, y: false, setScale: false } },
      scales: {
        x: { time: false },
        y: { range: (_, min, max) => [Math.min(0, min ?? 0), (max ?? 1) * 1.05 || 1] },
      },
      axes: [
        {
          stroke: text,
          grid,
          ticks: grid,
          values: (_, values) => values.map((s) => formatTime(s * 1e9, step * 10)),
        },
        {
          stroke: text,
          grid,
          ticks: grid,
          size: 80,
          values: (_, values) => values.map(show),
          ...(spec.format === "bytes" ? { incrs: BYTE_STEPS } : {}),
        },
      ],
      series: [
        { label: "time", value: (_, s) => (s === null ? "–" : formatTime(s * 1e9, step)) },
        ...lines.map(({ name, color, index }) => ({
          label: name,
          stroke: cssColor(`--line-${color % PALETTE}`),
          width: 1.5,
          dash: [...DASHES[index % DASHES.length]!],
          points: { show: false },
          value: (_: uPlot, value: number | null) =>
            value === null || value === undefined ? "–" : show(value),
        })),
      ],
      hooks: {
        setSelect: [(chart) => this.selected(chart)],
        ready: [(chart) => this.listen(chart)],
      },
    };
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
  }
}

/** The times of all runs, ascending, each once. */
function joinedTimes(runs: readonly ViewedRun[]): number[] {
  return [...new Set(runs.flatMap(({ run }) => run.timesNs))].sort((a, b) => a - b);
}

/** Values at joined times; null where a run has no sample, which lines pass over. */
function onTimes(
  times: readonly number[],
  own: readonly number[],
  values: readonly (number | null)[],
): (number | null | undefined)[] {
  if (own.length === times.length) return [...values];
  const byTime = new Map(own.map((time, i) => [time, values[i]!]));
  return times.map((time) => byTime.get(time));
}

function formatter(format: Format): (value: number) => string {
  if (format === "bytes") return formatBytes;
  return format === "share" ? (value) => value.toFixed(2) : (value) => String(Math.round(value));
}

/** The legend's names hide their lines by key, too. */
function accessibleLegend(chart: uPlot): void {
  const rows = chart.root.querySelectorAll<HTMLElement>(".u-legend .u-series");
  rows.forEach((row, index) => {
    const name = row.querySelector<HTMLElement>("th");
    if (name === null || index === 0) return;
    name.tabIndex = 0;
    name.setAttribute("role", "button");
    name.setAttribute("aria-pressed", "true");
    const pressed = (): void =>
      name.setAttribute("aria-pressed", String(chart.series[index]!.show !== false));
    name.addEventListener("click", () => queueMicrotask(pressed));
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      chart.setSeries(index, { show: !chart.series[index]!.show });
      pressed();
    });
  });
}
