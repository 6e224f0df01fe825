/**
 * `heapmap`: address over time, and what the pages there are.
 *
 *     address ▲ ░░░░░░░░░▒▒▒▒    Each row is a chunk, or several where there are many. In it, and in each column of time, the
 *             │ ████▓▓▓▓█████    states lie over one another by their shares: pages in use at the bottom, then those in page
 *             │ █████████████    caches, free ones and scavenged ones.
 *             └────────────► time
 */

import type { HeapMap } from "../../heapmap/heap-map.js";
import { byAddress, chunkAddress, gapsOf, heapMapOf } from "../address-rows.js";
import { timeAxis, valueAxis } from "../axes.js";
import { headingOf, runLabels } from "../heading.js";
import type { PlotOptions, RunKind } from "../kind.js";
import { PAGE_STATES, type PageStateName, stateEncoding } from "../page-colors.js";
import { PANEL_WIDTH, type Spec, topSpec } from "../panels.js";
import type { Theme } from "../theme.js";

/** Columns of time: four px each, so that their edges are sharp. */
const COLUMNS = 160;
const MOST_ROWS = 64;
/** Height of a frame at most, px: of a single run's, and of each of several. */
const HEIGHTS = [320, 200] as const;
/** Heights that a state can have in a row, at most; more would only make more cells. */
const MOST_STEPS = 20;
/** Painted over one another in this order, each from the bottom of its row. */
const PAINTED: readonly PageStateName[] = [...PAGE_STATES].reverse();

/** A stretch of time in a row in which a state reaches up to the same height. */
interface Cell {
  readonly from_ns: number;
  readonly to_ns: number;
  readonly bottom: number;
  readonly top: number;
  readonly state: PageStateName;
}

export const heapmap: RunKind = {
  name: "heapmap",
  about:
    "address over time: pages in use, in page caches, free and scavenged, and searchAddr; of runs with --heapmap",
  of: "runs",
  isUsual: (runs) => runs.length > 0 && runs.every(({ heapMap }) => heapMap !== null),
  spec: (runs, { theme }: PlotOptions) => {
    const maps = runs.map((run) => heapMapOf(run, "heapmap"));
    const durationNs = Math.max(1, ...maps.map((map) => map.timesNs.at(-1) ?? 0));
    const height = HEIGHTS[runs.length === 1 ? 0 : 1];
    const labels = runLabels(runs);
    const datasets: Record<string, unknown> = {};
    const parts = maps.map((map, i) => {
      const frame = { durationNs, height, isLast: i === maps.length - 1, index: i };
      return panelSpec(map, runs.length === 1 ? "" : labels[i]!, frame, theme, datasets);
    });
    return topSpec(headingOf("heap map", runs, PANEL_WIDTH + 70), parts, datasets, theme);
  },
};

interface Frame {
  readonly durationNs: number;
  /** px */
  readonly height: number;
  readonly isLast: boolean;
  readonly index: number;
}

function panelSpec(
  map: HeapMap,
  label: string,
  frame: Frame,
  theme: Theme,
  datasets: Record<string, unknown>,
): Spec {
  const ordinals = byAddress(map);
  const chunkBytes = map.header.chunk_pages * map.header.page_bytes;
  const rows = rowsOf(ordinals);
  // Whole px for each row, so that no seam shows between them.
  const rowHeight = Math.max(1, Math.floor(frame.height / rows.length));
  const total = rows.length * Math.max(1, rows[0]!.length) * chunkBytes;
  const time = timeAxis(frame.durationNs);
  const axis = valueAxis("bytes", total);
  const x = {
    type: "quantitative",
    title: frame.isLast ? time.title : null,
    scale: { domain: time.domain, nice: false, zero: false },
    axis: { values: time.values, labelExpr: time.labelExpr, labels: frame.isLast },
  };
  const y = {
    type: "quantitative",
    title: null,
    scale: { domain: [0, total], nice: false, zero: false },
    axis: { values: axis.values.filter((value) => value <= total), labelExpr: axis.labelExpr, grid: false },
  };
  const [cells, search, gaps] = ["cells", "search", "gaps"].map((name) => `${name}_${frame.index + 1}`);
  datasets[cells!] = cellsOf(map, rows, frame.durationNs, Math.min(MOST_STEPS, rowHeight));
  datasets[search!] = searchLine(map, ordinals, frame.durationNs);
  const places = gapsOf(map, ordinals);
  datasets[gaps!] = places.map((place) => ({ bytes: place * chunkBytes }));
  const from = ordinals.length === 0 ? "" : ` from ${chunkAddress(map, ordinals[0]!)} up`;
  const note = places.length === 0 ? "" : "; dashed: a gap in the address space";
  return {
    title: { text: label === "" ? `Mapped memory${from}${note}` : label },
    width: PANEL_WIDTH,
    height: rowHeight * rows.length,
    layer: [
      {
        data: { name: cells },
        mark: { type: "rect", aria: false },
        encoding: {
          x: { ...x, field: "from_ns" },
          x2: { field: "to_ns" },
          y: { ...y, field: "bottom" },
          y2: { field: "top" },
          color: frame.index === 0 ? stateEncoding(theme) : { ...stateEncoding(theme), legend: null },
        },
      },
      {
        data: { name: gaps },
        mark: { type: "rule", color: theme.ink, strokeDash: [4, 3], strokeWidth: 1 },
        encoding: { y: { ...y, field: "bytes" } },
      },
      searchLayer(search!, x, y, frame.index === 0, theme),
    ],
  };
}

/** The line of searchAddr. */
function searchLayer(data: string, x: Spec, y: Spec, hasLegend: boolean, theme: Theme): Spec {
  return {
    data: { name: data },
    mark: { type: "line", interpolate: "step-after", strokeWidth: 1.2, color: theme.red },
    encoding: {
      x: { ...x, field: "time_ns" },
      y: { ...y, field: "bytes" },
      strokeDash: {
        field: "series",
        type: "nominal",
        scale: { domain: ["searchAddr"], range: [[1, 0]] },
        legend: hasLegend ? { symbolStrokeColor: theme.red, symbolType: "stroke", symbolSize: 90 } : null,
      },
    },
  };
}

/** The sample whose state a column shows: the last one that is not later than its beginning. */
function sampleOf(map: HeapMap, column: number, durationNs: number): number {
  return map.sampleAt((column * durationNs) / COLUMNS);
}

const columnNs = (column: number, durationNs: number): number => Math.round((column * durationNs) / COLUMNS);

/** Chunks by row, as many in each, the last one excepted; one row when there is no chunk. */
function rowsOf(ordinals: readonly number[]): number[][] {
  let perRow = 1;
  while (ordinals.length / perRow > MOST_ROWS) perRow *= 2;
  return Array.from({ length: Math.max(1, Math.ceil(ordinals.length / perRow)) }, (_, r) =>
    ordinals.slice(r * perRow, (r + 1) * perRow),
  );
}

/** The cells of all rows, in the order in which they are painted. */
function cellsOf(
  map: HeapMap,
  rows: readonly (readonly number[])[],
  durationNs: number,
  steps: number,
): Cell[] {
  const painter = new Painter(map, rows[0]!.length, Math.max(2, steps));
  const lastColumn = Math.min(COLUMNS, Math.ceil((COLUMNS * (map.timesNs.at(-1) ?? 0)) / durationNs));
  for (let column = 0; column < lastColumn; column++) {
    map.seek(sampleOf(map, column, durationNs));
    rows.forEach((row, r) => {
      painter.paint(r, row, columnNs(column, durationNs));
    });
  }
  return painter.finish(columnNs(lastColumn, durationNs));
}

/** Puts together what is the same from one column to the next. */
class Painter {
  private readonly cells = new Map<PageStateName, Cell[]>(PAINTED.map((state) => [state, []]));
  /** Begun cells by row and state. */
  private readonly open = new Map<string, Omit<Cell, "to_ns">>();

  constructor(
    private readonly map: HeapMap,
    private readonly perRow: number,
    private readonly steps: number,
  ) {}

  /** States of a row from a time on. */
  paint(r: number, row: readonly number[], fromNs: number): void {
    const { header } = this.map;
    const present = row.filter((ordinal) => ordinal < this.map.chunkCounts[this.map.current]!);
    const sum = (of: (ordinal: number) => number): number =>
      present.reduce((pages, ordinal) => pages + of(ordinal), 0);
    const inUse = sum((ordinal) => this.map.inUse(ordinal));
    const cached = inUse + sum((ordinal) => this.map.cached(ordinal));
    const all = present.length * header.chunk_pages;
    const free = all - sum((ordinal) => this.map.scavenged(ordinal));
    const tops: Readonly<Record<PageStateName, number>> = {
      "in use": inUse,
      "in page caches": cached,
      free: Math.max(cached, free),
      scavenged: all,
    };
    const rowPages = this.perRow * header.chunk_pages;
    let below = 0;
    for (const state of PAGE_STATES) {
      const step = Math.round((this.steps * tops[state]) / rowPages);
      this.reach(r, state, step > below ? step : 0, fromNs);
      below = Math.max(below, step);
    }
  }

  finish(endNs: number): Cell[] {
    for (const [key, cell] of this.open) this.close(key, cell, endNs);
    return PAINTED.flatMap((state) => this.cells.get(state)!);
  }

  /** A state reaches up to a step of its row; 0 when none of it shows. */
  private reach(r: number, state: PageStateName, step: number, fromNs: number): void {
    const rowBytes = this.perRow * this.map.header.chunk_pages * this.map.header.page_bytes;
    const key = `${r} ${state}`;
    const before = this.open.get(key);
    const top = (r + step / this.steps) * rowBytes;
    if (before !== undefined) {
      if (before.top === top) return;
      this.close(key, before, fromNs);
    }
    if (step > 0) this.open.set(key, { from_ns: fromNs, bottom: r * rowBytes, top, state });
  }

  private close(key: string, cell: Omit<Cell, "to_ns">, toNs: number): void {
    this.open.delete(key);
    const { from_ns, bottom, top, state } = cell;
    if (toNs > from_ns) this.cells.get(state)!.push({ from_ns, to_ns: toNs, bottom, top, state });
  }
}

/** searchAddr at each column, in mapped bytes below it; null where no free page was known. */
function searchLine(
  map: HeapMap,
  ordinals: readonly number[],
  durationNs: number,
): Record<string, unknown>[] {
  const { chunk_pages: chunkPages, page_bytes: pageBytes } = map.header;
  const places = new Map(ordinals.map((ordinal, place) => [map.chunks[ordinal]!, place]));
  return Array.from({ length: COLUMNS + 1 }, (_, column) => {
    const page = map.searchPages[sampleOf(map, column, durationNs)]!;
    const place = places.get(Math.floor(page / chunkPages));
    const bytes = place === undefined ? null : (place * chunkPages + (page % chunkPages)) * pageBytes;
    return { time_ns: columnNs(column, durationNs), bytes, series: "searchAddr" };
  });
}
