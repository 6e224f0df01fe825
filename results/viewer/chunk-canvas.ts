/**
 * The chunks of the heap at the moment, a cell each, lowest address first, a row after the other. With more chunks than
 * cells a cell is several neighbours, and choosing it shows just these.
 */

import type { HeapMap } from "../heapmap/heap-map.js";
import { canvasOf, fit, paintCells, shareOf, understood } from "./canvas.js";
import { cssColor, mixedPixel, pageColors } from "./colors.js";
import { ROWS } from "./overview.js";
import type { View } from "./view.js";

/** Cells of a row. */
const COLUMNS = 32;
/** Height of a row as long as there is room, and of all of them at most, CSS pixels. */
const ROW_HEIGHT = 26;
const MOST_HEIGHT = 240;

export class ChunkCanvas {
  readonly element = canvasOf(
    "chunks",
    "Chunks at the moment. Arrow keys choose a chunk, Enter shows its pages, Escape goes back to the map",
  );

  /**
   * @param ordinals of the chunk of each rank, −1 where this run has none
   * @param onEnter called when the pages of the chosen chunk are wanted
   * @param onLeave called when the keyboard wants to go back to the map
   */
  constructor(
    private readonly map: HeapMap,
    private readonly ordinals: Int32Array,
    private readonly view: View,
    private readonly onEnter: () => void,
    private readonly onLeave: () => void,
  ) {
    const { element } = this;
    element.addEventListener("click", (event) => {
      const [x, y] = shareOf(element, event);
      const cell = Math.floor(y * this.rows) * this.columns + Math.floor(x * this.columns);
      if (cell < this.cells) this.choose(cell);
    });
    element.addEventListener("keydown", (event) => this.key(event));
  }

  /** Draws a sample, to which the map was brought. */
  draw(sample: number): void {
    const { cells, columns, rows } = this;
    const image = new ImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const colors = pageColors();
    for (let cell = 0; cell < cells; cell++) {
      const sums = this.sumsOf(cell, sample);
      pixels[cell] = mixedPixel(colors, sums[0], sums[1], sums[2], sums[3]);
    }
    this.element.style.height = `${Math.min(MOST_HEIGHT, rows * ROW_HEIGHT)}px`;
    fit(this.element);
    paintCells(this.element, image);
    this.mark();
  }

  /** Ranks in a cell: one as long as there are not too many. */
  private get binSize(): number {
    return Math.ceil((this.view.limitChunk - this.view.firstChunk) / ROWS);
  }

  private get cells(): number {
    return Math.ceil((this.view.limitChunk - this.view.firstChunk) / this.binSize);
  }

  private get columns(): number {
    return Math.min(COLUMNS, this.cells);
  }

  private get rows(): number {
    return Math.ceil(this.cells / this.columns);
  }

  /** Pages of a cell: all, in use, scavenged, cached. */
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

  private mark(): void {
    const { view, element, columns, rows } = this;
    if (view.chunk < view.firstChunk || view.chunk >= view.limitChunk) return;
    const cell = Math.floor((view.chunk - view.firstChunk) / this.binSize);
    const [w, h] = [element.width / columns, element.height / rows];
    const context = element.getContext("2d")!;
    context.strokeStyle = cssColor("--accent");
    context.lineWidth = 3;
    context.strokeRect((cell % columns) * w + 1.5, Math.floor(cell / columns) * h + 1.5, w - 3, h - 3);
  }

  /** Chooses the first chunk of a cell; when it has several, just these are shown from then on. */
  private choose(cell: number): void {
    const { view, binSize } = this;
    const rank = view.firstChunk + cell * binSize;
    view.setChunk(rank);
    if (binSize > 1) view.setChunks(rank, rank + binSize);
  }

  private key(event: KeyboardEvent): void {
    const { view, binSize } = this;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[event.key];
    if (step !== undefined) {
      const rank = view.chunk < 0 ? view.firstChunk : view.chunk + step * binSize;
      if (rank >= view.firstChunk && rank < view.limitChunk) view.setChunk(rank);
    } else if (event.key === "Enter") {
      const rank = view.chunk < 0 ? view.firstChunk : view.chunk;
      if (binSize > 1) this.choose(Math.floor((rank - view.firstChunk) / binSize));
      else {
        view.setChunk(rank);
        view.flush();
        this.onEnter();
      }
    } else if (event.key === "Escape") this.onLeave();
    else return;
    understood(event);
  }
}
