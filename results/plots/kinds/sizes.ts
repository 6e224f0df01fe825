/**
 * `sizes`: histograms of span sizes, of lifetimes, and of the runs of free pages at some moments.
 *
 * Of several runs each has a colour; of a single one the groups of spans, and the moments, have.
 */

import { join } from "node:path";
import type { Counts, GroupCounts, Histograms, Moment } from "../../histograms.js";
import { RunFolderError } from "../../result-folder.js";
import type { FinishedRun } from "../../run-folder.js";
import { type BarPanel, type BarSeries, barSpec } from "../bars.js";
import { headingOf, runLabels } from "../heading.js";
import type { RunKind } from "../kind.js";
import { PANEL_WIDTH } from "../panels.js";
import type { Theme } from "../theme.js";

/** A run with its histograms. */
type Counted = FinishedRun & { readonly histograms: Histograms };

export const sizes: RunKind = {
  name: "sizes",
  of: "runs",
  about: "histograms of span sizes, of lifetimes, and of free runs at the peak, the end, or --at other times",
  isUsual: () => true,
  spec: (runs, { theme, atNs }) => {
    const counted = runs.map(withHistograms);
    const [first] = counted;
    const heading = headingOf("sizes and lifetimes", runs, PANEL_WIDTH + 70);
    const one = counted.length === 1;
    const panels = [
      pagePanel(
        "Spans allocated, by size",
        first!,
        one ? groups(first!, theme) : perRun(counted, theme, allocated),
      ),
      agePanel(first!, one ? fates(first!, theme) : perRun(counted, theme, freed)),
      freeRunsPanel(counted, theme, atNs),
    ];
    return barSpec({ heading, panels, height: 130 }, theme);
  },
};

function withHistograms(run: FinishedRun): Counted {
  const { histograms } = run;
  if (histograms === null) {
    throw new RunFolderError(
      `${join(run.folder, "histograms.json")} is missing, and sizes shows what is in it: run it again`,
    );
  }
  return { ...run, histograms };
}

const allocated = ({ histograms }: Counted): Counts => sum(histograms.allocated_spans);
const freed = ({ histograms }: Counted): Counts => sum(histograms.freed_by_age);

function perRun(runs: readonly Counted[], theme: Theme, counts: (run: Counted) => Counts): BarSeries[] {
  const labels = runLabels(runs);
  return runs.map((run, i) => ({
    label: labels[i]!,
    color: theme.runs[i % theme.runs.length]!,
    values: counts(run),
  }));
}

function groups({ histograms }: Counted, theme: Theme): BarSeries[] {
  const { heap, stack, gc } = histograms.allocated_spans;
  return [
    { label: "objects", color: theme.blue, values: heap },
    { label: "stacks", color: theme.orange, values: stack },
    { label: "of the collector", color: theme.purple, values: gc },
  ].filter(({ values }) => values.length > 0);
}

function fates({ histograms }: Counted, theme: Theme): BarSeries[] {
  return [
    { label: "freed at that age", color: theme.blue, values: sum(histograms.freed_by_age) },
    { label: "live at the end, that old", color: theme.orange, values: sum(histograms.live_by_age) },
  ].filter(({ values }) => values.length > 0);
}

/** Free runs: of one run at all moments that are wanted, of several at the first of them. */
function freeRunsPanel(runs: readonly Counted[], theme: Theme, atNs: readonly number[]): BarPanel {
  const [only] = runs;
  const title = "Runs of free pages, by length";
  if (runs.length > 1) {
    const when = atNs.length === 0 ? "when there were most of them" : `at ${secondsText(atNs[0]!)}`;
    const series = perRun(runs, theme, (run) => wantedMoments(run, atNs)[0]![1].free_runs);
    return pagePanel(`${title}, ${when}`, only!, series);
  }
  const series = wantedMoments(only!, atNs).map(([label, { free_runs: values }], i) => ({
    label,
    color: theme.runs[i % theme.runs.length]!,
    values,
  }));
  return pagePanel(title, only!, series);
}

/** Moments with what they are called: those asked for, or those with most free runs and most memory in use, and the end. */
function wantedMoments({ histograms }: Counted, atNs: readonly number[]): (readonly [string, Moment])[] {
  const { at_peak_heap_inuse: peak, at_most_free_runs: fragmented, moments } = histograms;
  if (atNs.length > 0) {
    const found = atNs.map(
      (time) => moments.filter((moment) => moment.time_ns <= time).at(-1) ?? moments[0]!,
    );
    return [...new Set(found)].map((moment) => [`at ${secondsText(moment.time_ns)}`, moment]);
  }
  const usual: readonly (readonly [string, Moment])[] = [
    ["most free runs", fragmented],
    ["most in use", peak],
    ["end", moments.at(-1)!],
  ];
  // Of two names for one moment the first is enough.
  const times = usual.map(([, moment]) => moment.time_ns);
  return usual
    .filter(([, moment], i) => times.indexOf(moment.time_ns) === i)
    .map(([name, moment]) => [`${name}, at ${secondsText(moment.time_ns)}`, moment]);
}

function secondsText(ns: number): string {
  return `${Number((ns / 1e9).toPrecision(4))} s`;
}

function sum({ heap, stack, gc }: GroupCounts): number[] {
  const length = Math.max(heap.length, stack.length, gc.length);
  return Array.from({ length }, (_, i) => (heap[i] ?? 0) + (stack[i] ?? 0) + (gc[i] ?? 0));
}

/** Names beside each other at the axis, at most. */
const MOST_NAMES = 12;

/** A panel over sizes of pages. Names are those of powers of two, or four, or sixteen, as there is room. */
function pagePanel(
  title: string,
  { histograms, pageBytes }: Counted,
  series: readonly BarSeries[],
): BarPanel {
  const used = usedLength(series, 8);
  const starts = histograms.page_buckets.slice(0, used);
  const step =
    [2, 4, 16, 256].find((base) => Math.log2(starts.at(-1)!) / Math.log2(base) < MOST_NAMES) ?? 256;
  // One page and two are neighbours, and their names would be too.
  const isNamed = (pages: number): boolean =>
    Number.isInteger(Math.log2(pages) / Math.log2(step)) && (pages !== 2 || used <= MOST_NAMES);
  return {
    title,
    categoryTitle: "from this size up to the next bar's",
    categories: starts.map((pages) => sizeName(pages * pageBytes)),
    named: starts.filter(isNamed).map((pages) => sizeName(pages * pageBytes)),
    quantity: "wideCount",
    series,
  };
}

function agePanel({ histograms }: Counted, series: readonly BarSeries[]): BarPanel {
  const ages = histograms.age_buckets_ns;
  const used = Math.min(ages.length, usedLength(series, 8));
  const first = Math.max(0, Math.min(firstUsed(series), used - 8));
  const names = ages.slice(first, used).map(ageName);
  // The first two buckets are neighbours of a decade each, and there is no room for both names.
  const isNamed = (name: string): boolean =>
    names.length <= MOST_NAMES || (/^10*\s|^</.test(name) && !(name === "1 µs" && first === 0));
  return {
    title: "Lifetimes of spans",
    categoryTitle: "from this age up to the next bar's",
    categories: names,
    named: names.filter(isNamed),
    quantity: "wideCount",
    series: series.map((one) => ({ ...one, values: one.values.slice(first) })),
  };
}

function usedLength(series: readonly BarSeries[], least: number): number {
  return Math.max(least, ...series.map(({ values }) => values.length));
}

function firstUsed(series: readonly BarSeries[]): number {
  const firsts = series.map(({ values }) => values.findIndex((count) => count > 0)).filter((i) => i >= 0);
  return firsts.length === 0 ? 0 : Math.min(...firsts);
}

function sizeName(bytes: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < names.length - 1; unit++) value /= 1024;
  return `${value} ${names[unit]}`;
}

/** A bucket of ages by the least of them, which is 1, 2 or 5 times a power of ten. */
function ageName(ns: number): string {
  if (ns === 0) return "< 1 µs";
  const units = ["ns", "µs", "ms"];
  let unit = 0;
  let value = ns;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return value >= 1000 ? `${value / 1000} s` : `${value} ${units[unit]}`;
}
