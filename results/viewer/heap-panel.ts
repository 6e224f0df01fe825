/**
 * The heap map of one run: address over time, the chunks at the moment, and the pages of one chunk.
 *
 *     ┌ address over time ─────────┐ ┌ chunks now ┐ ┌ pages of a chunk, at a keyframe ┐
 *     │  click: moment and chunk   │ │ a cell a   │ │ 64 pages a row, spans outlined  │
 *     │  wheel: zoom               │ │ chunk      │ │                                 │
 *     └────────────────────────────┘ └────────────┘ └─────────────────────────────────┘
 *
 * All panels of a report show the same moment, addresses and chunk, whatever the run.
 */

import { type HeapMap, type Keyframe, PageState } from "../heapmap/heap-map.js";
import { cssColor, mixedPixel, pageColors, pixel } from "./colors.js";
import { formatAddress, formatBytes, formatKind, formatTime } from "./format.js";
import { overviewImage, ROWS } from "./overview.js";
import type { AddressAxis, ViewedRun } from "./runs.js";
import type { Change, View } from "./view.js";

/** Cells of a row of chunks, and pages of a row of the page grid. */
const CHUNKS_A_ROW = 32;
const PAGES_A_ROW = 64;
const STATE_NAMES = ["free", "released", "in a page cache", "in use"] as const;

export class HeapPanel {
  readonly element = document.createElement("section");
  private readonly overview = canvasOf("overview", "Address over time. Arrow keys move the moment and the addresses, + and − zoom");
  private readonly cursor = canvasOf("cursor", "");
  private readonly grid = canvasOf("chunks", "Chunks at the moment. Arrow keys choose a chunk, Enter shows its pages");
  private readonly pages = canvasOf("pages", "Pages of the chosen chunk. Arrow keys move through them");
  private readonly status = document.createElement("p");
  private readonly pageStatus = document.createElement("p");
  private readonly map: HeapMap;
  private readonly ranks: Int32Array;
  /** Ordinal of the chunk of each rank, −1 where this run has none. */
  private readonly ordinals: Int32Array;
  private image: ImageBitmapSource | null = null;
  private readonly buffer = document.createElement("canvas");
  private page = 0;

  constructor(
    { run, map }: ViewedRun,
    private readonly axis: AddressAxis,
    private readonly view: View,
  ) {
    this.map = map!;
    this.ranks = axis.ranksOf(this.map);
    this.ordinals = new Int32Array(axis.length).fill(-1);
    this.ranks.forEach((rank, ordinal) => {
      this.ordinals[rank] = ordinal;
    });
    this.build(run.label);
    this.listen();
    view.listen((changes) => this.update(changes));
  }

  /** Draws everything anew, as after a change of size. */
  redraw(): void {
    for (const canvas of [this.overview, this.cursor, this.grid, this.pages]) fit(canvas);
    this.drawOverview();
    this.drawCursor();
    this.drawGrid();
    this.drawPages();
  }

  private build(label: string): void {
    const title = document.createElement("h3");
    title.textContent = label;
    const stack = document.createElement("div");
    stack.className = "stack";
    stack.append(this.overview, this.cursor);
    this.cursor.setAttribute("aria-hidden", "true");
    this.cursor.tabIndex = -1;
    this.status.className = "status";
    this.status.setAttribute("role", "status");
    this.pageStatus.className = "status pages-status";
    this.element.className = "heap-panel";
    this.element.append(title, stack, this.status, this.grid, this.pageStatus, this.pages);
  }

  private update(changes: ReadonlySet<Change>): void {
    if (changes.has("theme")) return this.redraw();
    if (changes.has("chunks")) this.drawOverview();
    else if (changes.has("range")) this.paintOverview();
    if (changes.has("moment") || changes.has("range") || changes.has("chunks") || changes.has("chunk")) {
      this.drawCursor();
      this.drawGrid();
    }
    if (changes.has("moment") || changes.has("chunk")) this.drawPages();
  }

  // Address over time

  private drawOverview(): void {
    const { firstChunk, limitChunk } = this.view;
    const image = overviewImage(this.map, this.axis, firstChunk, limitChunk);
    this.image = image;
    if (image !== null) {
      this.buffer.width = image.width;
      this.buffer.height = image.height;
      this.buffer.getContext("2d")!.putImageData(image, 0, 0);
    }
    this.paintOverview();
  }

  private paintOverview(): void {
    const { width, height } = this.overview;
    const context = this.overview.getContext("2d")!;
    context.fillStyle = cssColor("--page-absent");
    context.fillRect(0, 0, width, height);
    if (this.image === null) return;
    const { fromNs, toNs } = this.view;
    const endNs = this.map.timesNs.at(-1) ?? 0;
    // The image covers [0, end of this run]; the canvas shows [from, to].
    const scale = width / (toNs - fromNs);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.buffer, -fromNs * scale, 0, Math.max(1, endNs) * scale, height);
  }

  private drawCursor(): void {
    const { width, height } = this.cursor;
    const context = this.cursor.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    const { fromNs, toNs, momentNs, firstChunk, limitChunk, chunk } = this.view;
    context.fillStyle = cssColor("--accent");
    const x = ((momentNs - fromNs) / (toNs - fromNs)) * width;
    if (x >= 0 && x <= width) context.fillRect(Math.min(width - 2, Math.round(x)), 0, 2, height);
    if (chunk < firstChunk || chunk >= limitChunk) return;
    const y = height - ((chunk + 0.5 - firstChunk) / (limitChunk - firstChunk)) * height;
    context.fillRect(0, Math.round(y), width, 1);
  }

  // Chunks at the moment

  private get sample(): number {
    return this.map.sampleAt(this.view.momentNs);
  }

  /** Ranks in a cell of the grid: one as long as there are not too many. */
  private get binSize(): number {
    return Math.ceil((this.view.limitChunk - this.view.firstChunk) / ROWS);
  }

  private drawGrid(): void {
    const { map, view, sample } = this;
    map.seek(sample);
    const cells = Math.ceil((view.limitChunk - view.firstChunk) / this.binSize);
    const columns = Math.min(CHUNKS_A_ROW, cells);
    const rows = Math.ceil(cells / columns);
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const colors = pageColors();
    for (let cell = 0; cell < cells; cell++) {
      const sums = this.sumsOf(cell, sample);
      pixels[cell] = mixedPixel(colors, sums[0], sums[1], sums[2], sums[3]);
    }
    this.buffer2(image, this.grid);
    this.markCell(columns, rows);
    this.describe(sample);
  }

  /** Pages of a cell of the grid: all, in use, scavenged, cached. */
  private sumsOf(cell: number, sample: number): [number, number, number, number] {
    const { map, view, binSize } = this;
    const sums: [number, number, number, number] = [0, 0, 0, 0];
    const first = view.firstChunk + cell * binSize;
    for (let rank = first; rank < Math.min(view.limitChunk, first + binSize); rank++) {
      const ordinal = this.ordinals[rank]!;
      if (ordinal < 0 || ordinal >= map.chunkCounts[sample]!) continue;
      sums[0] += map.header.chunk_pages;
      sums[1] += map.inUse(ordinal);
      sums[2] += map.scavenged(ordinal);
      sums[3] += map.cached(ordinal);
    }
    return sums;
  }

  private buffer2(image: ImageData, canvas: HTMLCanvasElement): void {
    const small = document.createElement("canvas");
    small.width = image.width;
    small.height = image.height;
    small.getContext("2d")!.putImageData(image, 0, 0);
    const context = canvas.getContext("2d")!;
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }

  private markCell(columns: number, rows: number): void {
    const { view, grid } = this;
    if (view.chunk < view.firstChunk || view.chunk >= view.limitChunk) return;
    const cell = Math.floor((view.chunk - view.firstChunk) / this.binSize);
    const [w, h] = [grid.width / columns, grid.height / rows];
    const context = grid.getContext("2d")!;
    context.strokeStyle = cssColor("--accent");
    context.lineWidth = 3;
    context.strokeRect((cell % columns) * w + 1.5, Math.floor(cell / columns) * h + 1.5, w - 3, h - 3);
  }

  private describe(sample: number): void {
    const { map } = this;
    const { page_bytes: pageBytes, chunk_pages: chunkPages, arena_base_offset: base } = map.header;
    let inUse = 0;
    let scavenged = 0;
    let cached = 0;
    const chunks = map.chunkCounts[sample]!;
    for (let ordinal = 0; ordinal < chunks; ordinal++) {
      inUse += map.inUse(ordinal);
      scavenged += map.scavenged(ordinal);
      cached += map.cached(ordinal);
    }
    const free = chunks * chunkPages - inUse - scavenged - cached;
    const search = map.searchPages[sample]!;
    const text = [
      `${formatTime(map.timesNs[sample]!, this.stepNs)}: ${chunks} chunks`,
      `in use ${formatBytes(inUse * pageBytes)}`,
      `free ${formatBytes(free * pageBytes)}`,
      `released ${formatBytes(scavenged * pageBytes)}`,
      `in page caches ${formatBytes(cached * pageBytes)}`,
      `searchAddr ${search < 0 ? "none" : formatAddress(search, pageBytes, base)}`,
    ];
    this.status.textContent = text.join(", ");
  }

  private get stepNs(): number {
    return (this.map.timesNs.at(-1) ?? 1) / Math.max(1, this.map.samples - 1);
  }

  // Pages of a chunk

  /** The last keyframe that is not later than the moment, else the first. */
  private get keyframe(): Keyframe | undefined {
    const { keyframes } = this.map;
    return keyframes.findLast((one) => one.sample <= this.sample) ?? keyframes[0];
  }

  private drawPages(): void {
    const { map, view, keyframe, pages } = this;
    const ordinal = view.chunk < 0 ? -1 : this.ordinals[view.chunk]!;
    const isThere = keyframe !== undefined && ordinal >= 0 && ordinal < keyframe.chunkCount;
    pages.hidden = !isThere;
    if (!isThere) {
      this.pageStatus.textContent =
        view.chunk < 0
          ? "Choose a chunk above to see its pages."
          : "This run does not have the chosen chunk at the keyframe before this moment.";
      return;
    }
    fit(pages);
    const { chunk_pages: chunkPages } = map.header;
    const columns = Math.min(PAGES_A_ROW, chunkPages);
    const image = new ImageData(columns, Math.ceil(chunkPages / columns));
    const pixels = new Uint32Array(image.data.buffer);
    const colors = pageColors();
    const byState = [colors.free, colors.scavenged, colors.cached, colors.inUse].map(pixel);
    for (let page = 0; page < chunkPages; page++)
      pixels[page] = byState[keyframe.states[ordinal * chunkPages + page]!]!;
    this.buffer2(image, pages);
    this.outlineSpans(keyframe, ordinal, columns);
    this.describePage(keyframe, ordinal);
  }

  /** A line at the start of each span, and around the chosen page. */
  private outlineSpans(keyframe: Keyframe, ordinal: number, columns: number): void {
    const { map, pages } = this;
    const { chunk_pages: chunkPages } = map.header;
    const context = pages.getContext("2d")!;
    const [w, h] = [pages.width / columns, pages.height / Math.ceil(chunkPages / columns)];
    const base = map.chunks[ordinal]! * chunkPages;
    context.fillStyle = cssColor("--span-edge");
    const { spanPages } = keyframe;
    for (let i = lowerBound(spanPages, base); i < spanPages.length && spanPages[i]! < base + chunkPages; i++) {
      const page = spanPages[i]! - base;
      context.fillRect((page % columns) * w, Math.floor(page / columns) * h, Math.max(1, w / 8), h);
    }
    context.strokeStyle = cssColor("--accent");
    context.lineWidth = 2;
    context.strokeRect((this.page % columns) * w + 1, Math.floor(this.page / columns) * h + 1, w - 2, h - 2);
  }

  private describePage(keyframe: Keyframe, ordinal: number): void {
    const { map } = this;
    const { chunk_pages: chunkPages, page_bytes: pageBytes, arena_base_offset: base } = map.header;
    const page = map.chunks[ordinal]! * chunkPages + this.page;
    const state = keyframe.states[ordinal * chunkPages + this.page]!;
    const time = formatTime(map.timesNs[keyframe.sample]!, this.stepNs);
    this.pageStatus.textContent =
      `Keyframe at ${time}, chunk ${formatAddress(page - this.page, pageBytes, base)}, page ${this.page}: ` +
      `${formatAddress(page, pageBytes, base)} ${STATE_NAMES[state]}${spanText(keyframe, page, state)}`;
  }

  // What a person does

  private listen(): void {
    const { overview, grid, pages, view } = this;
    overview.addEventListener("click", (event) => {
      const [x, y] = shareOf(overview, event);
      view.setMoment(view.fromNs + x * (view.toNs - view.fromNs));
      view.setChunk(Math.floor(view.limitChunk - y * (view.limitChunk - view.firstChunk)));
    });
    overview.addEventListener("wheel", (event) => {
      event.preventDefault();
      const [, y] = shareOf(overview, event);
      this.zoom(event.deltaY < 0 ? 0.5 : 2, view.limitChunk - y * (view.limitChunk - view.firstChunk));
    });
    overview.addEventListener("keydown", (event) => this.overviewKey(event));
    grid.addEventListener("click", (event) => {
      const [x, y] = shareOf(grid, event);
      const cells = Math.ceil((view.limitChunk - view.firstChunk) / this.binSize);
      const columns = Math.min(CHUNKS_A_ROW, cells);
      const cell = Math.floor(y * Math.ceil(cells / columns)) * columns + Math.floor(x * columns);
      if (cell < cells) this.choose(cell);
    });
    grid.addEventListener("keydown", (event) => this.gridKey(event));
    const toPage = (event: MouseEvent): void => {
      const [x, y] = shareOf(pages, event);
      const { chunk_pages: chunkPages } = this.map.header;
      const columns = Math.min(PAGES_A_ROW, chunkPages);
      this.goToPage(Math.floor(y * Math.ceil(chunkPages / columns)) * columns + Math.floor(x * columns));
    };
    pages.addEventListener("mousemove", toPage);
    pages.addEventListener("click", toPage);
    pages.addEventListener("keydown", (event) => this.pageKey(event));
  }

  /** Chooses the first chunk of a cell; when it has several, these are shown from then on. */
  private choose(cell: number): void {
    const { view, binSize } = this;
    const rank = view.firstChunk + cell * binSize;
    view.setChunk(rank);
    if (binSize > 1) view.setChunks(rank, rank + binSize);
  }

  private zoom(factor: number, around: number): void {
    const { view } = this;
    const length = (view.limitChunk - view.firstChunk) * factor;
    const share = (around - view.firstChunk) / (view.limitChunk - view.firstChunk);
    view.setChunks(around - share * length, around + (1 - share) * length);
  }

  private overviewKey(event: KeyboardEvent): void {
    const { view } = this;
    const middle = view.chunk >= 0 ? view.chunk : (view.firstChunk + view.limitChunk) / 2;
    const page = Math.max(1, Math.round((view.limitChunk - view.firstChunk) / 8));
    switch (event.key) {
      case "ArrowUp":
        view.setChunks(view.firstChunk + page, view.limitChunk + page);
        break;
      case "ArrowDown":
        view.setChunks(view.firstChunk - page, view.limitChunk - page);
        break;
      case "+":
        this.zoom(0.5, middle);
        break;
      case "-":
        this.zoom(2, middle);
        break;
      case "0":
        view.setChunks(...view.chunks);
        break;
      default:
        return;
    }
    stop(event);
  }

  private gridKey(event: KeyboardEvent): void {
    const { view, binSize } = this;
    const from = view.chunk < 0 ? view.firstChunk : view.chunk;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -CHUNKS_A_ROW, ArrowDown: CHUNKS_A_ROW }[event.key];
    if (step !== undefined) {
      const rank = view.chunk < 0 ? from : from + step * binSize;
      if (rank >= view.firstChunk && rank < view.limitChunk) view.setChunk(rank);
    } else if (event.key === "Enter") {
      if (binSize > 1) this.choose(Math.floor((from - view.firstChunk) / binSize));
      else {
        view.setChunk(from);
        view.flush();
        this.pages.focus();
      }
    } else return;
    stop(event);
  }

  private pageKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -PAGES_A_ROW, ArrowDown: PAGES_A_ROW }[event.key];
    if (step !== undefined) this.goToPage(this.page + step);
    else if (event.key === "Escape") this.grid.focus();
    else return;
    stop(event);
  }

  private goToPage(page: number): void {
    if (page < 0 || page >= this.map.header.chunk_pages) return;
    this.page = page;
    this.drawPages();
  }
}

/** A key that was understood goes no further. */
function stop(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}

/** The span that a page belongs to, in words. */
function spanText({ spanPages, spanLengths, spanKinds }: Keyframe, page: number, state: number): string {
  const i = lowerBound(spanPages, page + 1) - 1;
  if (i >= 0 && page < spanPages[i]! + spanLengths[i]!) {
    return `, page ${page - spanPages[i]! + 1} of ${spanLengths[i]} of a span: ${formatKind(spanKinds[i]!)}`;
  }
  return state === PageState.inUse ? ", on its way to the system" : "";
}

/** Index of the first of the ascending values that is not below a value. */
function lowerBound(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function canvasOf(className: string, label: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = className;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/** Gives a canvas the pixels that it has on the screen. */
function fit(canvas: HTMLCanvasElement): void {
  const { clientWidth, clientHeight } = canvas;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const width = Math.max(1, Math.round(clientWidth * ratio));
  const height = Math.max(1, Math.round(clientHeight * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Where in an element an event was, 0 to 1 from the left and from the top. */
function shareOf(element: HTMLElement, event: MouseEvent): [number, number] {
  const box = element.getBoundingClientRect();
  const inside = (value: number): number => Math.min(0.999999, Math.max(0, value));
  return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
}

/** What states of pages are called, for the legend. */
export const PAGE_LEGEND: readonly (readonly [color: string, name: string])[] = [
  ["--page-in-use", "in use"],
  ["--page-cached", "in a page cache"],
  ["--page-free", "free, retained"],
  ["--page-scavenged", "free, released"],
  ["--page-absent", "not in the heap"],
];

