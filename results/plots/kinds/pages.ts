/**
 * `pages`: every page of the heap at a keyframe, a row for each chunk.
 *
 *     address ▲  ████░░██▒▒▒▒▒▒▒▒    A row has 512 pages of 8 KiB, a px each. Where there are too many chunks, those that
 *             │  ██████░░░░░█████    are all in one state are left out.
 *             │  ████████████████
 */

import type { HeapMap, Keyframe } from "../../heapmap/heap-map.js";
import { PageState } from "../../heapmap/heap-map.js";
import { RunFolderError } from "../../result-folder.js";
import type { FinishedRun } from "../../run-folder.js";
import { byAddress, chunkAddress, heapMapOf } from "../address-rows.js";
import { valueAxis } from "../axes.js";
import { wrapParts } from "../font-metrics.js";
import { headingOf, runLabels } from "../heading.js";
import type { PlotOptions, RunKind } from "../kind.js";
import { type PageStateName, stateEncoding } from "../page-colors.js";
import { PANEL_WIDTH, type Spec, topSpec } from "../panels.js";
import { quantityText } from "../quantities.js";
import { SUBTITLE_SIZE, type Theme } from "../theme.js";

/** Rows at most. */
const MOST_ROWS = 150;
/** Height of the frame that is aimed at, and of a row, px. */
const HEIGHT = 360;
const ROW_HEIGHTS = [3, 14] as const;
/** Addresses beside the rows, at most. */
const MOST_LABELS = 12;

const NAMES: Readonly<Record<number, PageStateName>> = {
  [PageState.inUse]: "in use",
  [PageState.cached]: "in page caches",
  [PageState.free]: "free",
  [PageState.scavenged]: "scavenged",
};

export const pages: RunKind = {
  name: "pages",
  about:
    "the state of every page at the keyframe nearest to --at, or at the last one; of runs with --heapmap",
  of: "runs",
  isUsual: () => false,
  spec: (runs, { theme, atNs }: PlotOptions) => {
    const labels = runLabels(runs);
    const datasets: Record<string, unknown> = {};
    const parts = runs.flatMap((run, i) => {
      const map = heapMapOf(run, "pages");
      return wantedKeyframes(run, map, atNs).map(({ index, asked }) => {
        const title = `${runs.length === 1 ? "" : `${labels[i]} · `}${keyframeTitle(map, index, asked)}`;
        return panelSpec(map, map.keyframes[index]!, title, theme, datasets);
      });
    });
    return topSpec(headingOf("pages", runs, PANEL_WIDTH + 70), parts, datasets, theme);
  },
};

/** A keyframe by its index, and the time that was asked for, ns. */
interface Wanted {
  readonly index: number;
  readonly asked: number | undefined;
}

/** The keyframes nearest to some times, each once; the last one when none is given. */
function wantedKeyframes(run: FinishedRun, map: HeapMap, atNs: readonly number[]): Wanted[] {
  const { keyframes, timesNs } = map;
  if (keyframes.length === 0) {
    throw new RunFolderError(
      `${run.folder} has a heap map without keyframes, and pages shows those: run it again with --heapmap --keyframes 16`,
    );
  }
  if (atNs.length === 0) return [{ index: keyframes.length - 1, asked: undefined }];
  const distance = (index: number, time: number): number =>
    Math.abs(timesNs[keyframes[index]!.sample]! - time);
  const nearest = atNs.map((time) => {
    const indices = keyframes.map((_, index) => index);
    return { index: indices.reduce((a, b) => (distance(b, time) < distance(a, time) ? b : a)), asked: time };
  });
  return nearest.filter(({ index }, i) => nearest.findIndex((other) => other.index === index) === i);
}

/** Says which keyframe it is, and how far from what was asked for. */
function keyframeTitle(map: HeapMap, index: number, asked: number | undefined): string {
  const time = map.timesNs[map.keyframes[index]!.sample]!;
  const wish = asked === undefined || asked === time ? "" : `, the nearest to ${quantityText(asked, "ns")}`;
  return `Keyframe ${index + 1} of ${map.keyframes.length}, at ${quantityText(time, "ns")}${wish}`;
}

function panelSpec(
  map: HeapMap,
  keyframe: Keyframe,
  title: string,
  theme: Theme,
  datasets: Record<string, unknown>,
): Spec {
  const { chunk_pages: chunkPages, page_bytes: pageBytes } = map.header;
  const all = byAddress(map, keyframe.chunkCount);
  const shown = shownChunks(keyframe, all, chunkPages);
  const rowHeight = Math.min(ROW_HEIGHTS[1], Math.max(ROW_HEIGHTS[0], Math.floor(HEIGHT / shown.length)));
  const index = Object.keys(datasets).length;
  const data = `pages_${index + 1}`;
  datasets[data] = shown.flatMap((ordinal, row) => runsOf(keyframe, ordinal, row, chunkPages));
  const notes = [
    `a row is a chunk of ${quantityText(chunkPages * pageBytes, "bytes")}, addresses rise to the right and upward`,
    ...(all.length === 0 ? [] : [`from ${chunkAddress(map, all[0]!)} up`]),
    ...(shown.length === all.length
      ? []
      : [`${all.length - shown.length} of ${all.length} chunks are left out`]),
  ];
  const x = valueAxis("bytes", chunkPages * pageBytes);
  return {
    title: {
      text: title,
      subtitle: wrapParts(notes, " · ", SUBTITLE_SIZE, PANEL_WIDTH),
      subtitleLineHeight: SUBTITLE_SIZE + 4,
    },
    // A px a page, or as many as fit.
    width: chunkPages * Math.max(1, Math.floor(PANEL_WIDTH / chunkPages)),
    height: rowHeight * Math.max(1, shown.length),
    data: { name: data },
    mark: { type: "rect", aria: false },
    encoding: {
      x: {
        field: "from_page",
        type: "quantitative",
        title: null,
        scale: { domain: [0, chunkPages], nice: false, zero: false },
        axis: {
          values: x.values.map((bytes) => bytes / pageBytes).filter((page) => page <= chunkPages),
          labelExpr: x.labelExpr.replaceAll("datum.value", `(datum.value * ${pageBytes})`),
        },
      },
      x2: { field: "to_page" },
      y: {
        field: "row",
        type: "quantitative",
        title: null,
        scale: { domain: [0, Math.max(1, shown.length)], nice: false, zero: false },
        axis: rowAxis(map, all, shown),
      },
      y2: { field: "next_row" },
      color: { ...stateEncoding(theme), ...(index === 0 ? {} : { legend: null }) },
    },
  };
}

/** The chunks that there is room for: all of them, or those with pages in more than one state first. */
function shownChunks(keyframe: Keyframe, all: readonly number[], chunkPages: number): readonly number[] {
  if (all.length <= MOST_ROWS) return all;
  const isMixed = (ordinal: number): boolean => {
    const states = keyframe.states.subarray(ordinal * chunkPages, (ordinal + 1) * chunkPages);
    return states.some((state) => state !== states[0]);
  };
  const mixed = all.filter(isMixed);
  const kept = new Set([...mixed, ...all.filter((ordinal) => !isMixed(ordinal))].slice(0, MOST_ROWS));
  return all.filter((ordinal) => kept.has(ordinal));
}

/** The runs of pages in the same state of a chunk. */
function runsOf(
  { states }: Keyframe,
  ordinal: number,
  row: number,
  chunkPages: number,
): Record<string, unknown>[] {
  const runs: Record<string, unknown>[] = [];
  const first = ordinal * chunkPages;
  for (let from = 0; from < chunkPages; ) {
    const state = states[first + from]!;
    let to = from + 1;
    while (to < chunkPages && states[first + to] === state) to++;
    runs.push({ from_page: from, to_page: to, row, next_row: row + 1, state: NAMES[state] });
    from = to;
  }
  return runs;
}

/** Addresses beside some of the rows, as the distance from the first chunk of the heap. */
function rowAxis(map: HeapMap, all: readonly number[], shown: readonly number[]): Spec {
  const chunkBytes = map.header.chunk_pages * map.header.page_bytes;
  let step = 1;
  while (shown.length / step > MOST_LABELS) step *= 2;
  const values = shown.map((_, row) => row).filter((row) => row % step === 0);
  const texts = values.map((row) => {
    const chunks = map.chunks[shown[row]!]! - map.chunks[all[0]!]!;
    return chunks === 0 ? "0" : quantityText(chunks * chunkBytes, "bytes");
  });
  return {
    values,
    labelExpr: `${JSON.stringify(texts)}[indexof(${JSON.stringify(values)}, datum.value)]`,
    labelBaseline: "bottom",
    grid: false,
  };
}
