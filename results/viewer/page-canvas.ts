/** The pages of one chunk at a keyframe, 64 a row, with the starts of spans, and what is at the page that was chosen. */

import type { HeapMap } from "../heapmap/heap-map.js";
import { type Keyframe, PageState } from "../heapmap/keyframe.js";
import { canvasOf, fit, paintCells, shareOf, understood } from "./canvas.js";
import { cssColor, pageColors, pixel } from "./colors.js";
import { formatAddress, formatKind, formatTime } from "./format.js";

const COLUMNS = 64;
const STATE_NAMES = ["free", "released", "in a page cache", "in use"] as const;

export class PageCanvas {
  readonly element = canvasOf(
    "pages",
    "Pages of the chosen chunk. Arrow keys move through them, Escape goes back",
  );
  readonly status = document.createElement("p");
  private keyframe: Keyframe | undefined;
  private ordinal = -1;
  private page = 0;

  /**
   * @param stepNs time between samples
   * @param onLeave called when the keyboard wants to go back to the chunks
   */
  constructor(
    private readonly map: HeapMap,
    private readonly stepNs: number,
    private readonly onLeave: () => void,
  ) {
    const { element, status } = this;
    status.className = "status";
    status.setAttribute("role", "status");
    const point = (event: MouseEvent): void => {
      const [x, y] = shareOf(element, event);
      this.goTo(Math.floor(y * this.rows) * this.columns + Math.floor(x * this.columns));
    };
    element.addEventListener("mousemove", point);
    element.addEventListener("click", point);
    element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Shows a chunk at a keyframe. */
  draw(keyframe: Keyframe, ordinal: number): void {
    this.keyframe = keyframe;
    this.ordinal = ordinal;
    this.element.hidden = false;
    fit(this.element);
    this.paint();
  }

  /** Shows nothing, and says why. */
  clear(why: string): void {
    this.keyframe = undefined;
    this.element.hidden = true;
    this.status.textContent = why;
  }

  private get columns(): number {
    return Math.min(COLUMNS, this.map.header.chunk_pages);
  }

  private get rows(): number {
    return Math.ceil(this.map.header.chunk_pages / this.columns);
  }

  private paint(): void {
    const { keyframe, ordinal, columns, rows } = this;
    if (keyframe === undefined) return;
    const { chunk_pages: chunkPages } = this.map.header;
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const colors = pageColors();
    const byState = [colors.free, colors.scavenged, colors.cached, colors.inUse].map(pixel);
    for (let page = 0; page < chunkPages; page++)
      pixels[page] = byState[keyframe.states[ordinal * chunkPages + page]!]!;
    paintCells(this.element, image);
    this.outline(keyframe);
    this.describe(keyframe);
  }

  /** A line at the start of each span, and around the chosen page. */
  private outline(keyframe: Keyframe): void {
    const { map, element, columns, rows } = this;
    const { chunk_pages: chunkPages } = map.header;
    const context = element.getContext("2d")!;
    const [w, h] = [element.width / columns, element.height / rows];
    const base = map.chunks[this.ordinal]! * chunkPages;
    context.fillStyle = cssColor("--span-edge");
    const { spanPages } = keyframe;
    for (let i = rankOf(spanPages, base); i < spanPages.length && spanPages[i]! < base + chunkPages; i++) {
      const page = spanPages[i]! - base;
      context.fillRect((page % columns) * w, Math.floor(page / columns) * h, Math.max(1, w / 8), h);
    }
    context.strokeStyle = cssColor("--accent");
    context.lineWidth = 2;
    context.strokeRect((this.page % columns) * w + 1, Math.floor(this.page / columns) * h + 1, w - 2, h - 2);
  }

  private describe(keyframe: Keyframe): void {
    const { map, ordinal } = this;
    const { chunk_pages: chunkPages, page_bytes: pageBytes, arena_base_offset: base } = map.header;
    const page = map.chunks[ordinal]! * chunkPages + this.page;
    const state = keyframe.states[ordinal * chunkPages + this.page]!;
    const time = formatTime(map.timesNs[keyframe.sample]!, this.stepNs);
    this.status.textContent =
      `Keyframe at ${time}, chunk ${formatAddress(page - this.page, pageBytes, base)}, page ${this.page}: ` +
      `${formatAddress(page, pageBytes, base)} ${STATE_NAMES[state]}${spanText(keyframe, page, state)}`;
  }

  private key(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    if (step !== undefined) this.goTo(this.page + step);
    else if (event.key === "Escape") this.onLeave();
    else return;
    understood(event);
  }

  private goTo(page: number): void {
    if (page < 0 || page >= this.map.header.chunk_pages) return;
    this.page = page;
    this.paint();
  }
}

/** The span that a page belongs to, in words. */
function spanText({ spanPages, spanLengths, spanKinds }: Keyframe, page: number, state: number): string {
  const i = rankOf(spanPages, page + 1) - 1;
  if (i >= 0 && page < spanPages[i]! + spanLengths[i]!) {
    return `, page ${page - spanPages[i]! + 1} of ${spanLengths[i]} of a span: ${formatKind(spanKinds[i]!)}`;
  }
  return state === PageState.inUse ? ", on its way to the system" : "";
}

/** Index of the first of the ascending values that is not below a value. */
function rankOf(values: Float64Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
