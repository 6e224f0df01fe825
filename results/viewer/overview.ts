/**
 * The picture of address over time, as allocator engineers draw it: lowest addresses at the bottom.
 *
 *     address ▲ ░░░░░░░░▓▓▓▓▓▓░░      a cell is the mean colour of its pages
 *             │ ▓▓▓▓████████▓▓▓▓      rows: chunks, or bins of chunks when there are more of them than rows
 *             └──────────────────► time
 */

import type { HeapMap } from "../heapmap/heap-map.js";
import { mixedPixel, pageColors, pixel } from "./colors.js";
import type { AddressAxis } from "./runs.js";

/** Most rows of the image, whatever the canvas. */
export const ROWS = 1024;

/** What an image shows: ranks of chunks [first, limit) and times [from, to], ns. */
export interface Window {
  readonly first: number;
  readonly limit: number;
  readonly fromNs: number;
  readonly toNs: number;
}

/** Sums of a row: pages, in use, scavenged, cached. */
const SUMS = 4;

/**
 * Computes the image of a stretch of ranks and time.
 * @param columns of the image: each is the state at the time in its middle
 * @param mostRows of the image: bins when there are more chunks
 */
export function overviewImage(
  map: HeapMap,
  axis: AddressAxis,
  { first, limit, fromNs, toNs }: Window,
  columns: number,
  mostRows: number,
): ImageData | null {
  const chunks = limit - first;
  if (chunks <= 0 || map.samples === 0) return null;
  const rows = Math.min(ROWS, mostRows, chunks);
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const colors = pageColors();
  const absent = pixel(colors.absent);
  pixels.fill(absent);
  const ranks = axis.ranksOf(map);
  const sums = new Int32Array(rows * SUMS);
  const last = new Int32Array(map.chunks.length * 3);
  const present = new Uint8Array(map.chunks.length);
  const column = new Uint32Array(rows).fill(absent);
  const dirty = new Uint8Array(rows);
  const pages = map.header.chunk_pages;
  const endNs = map.timesNs.at(-1)!;
  // Columns whose middle lies before a time.
  const columnsBefore = (ns: number): number =>
    Math.min(columns, Math.max(0, Math.ceil(((ns - fromNs) / (toNs - fromNs)) * columns - 0.5)));
  let drawn = 0;
  map.walk((sample, changed, count) => {
    for (let i = 0; i < count; i++) {
      const ordinal = changed[i]!;
      const rank = ranks[ordinal]!;
      if (rank < first || rank >= limit) continue;
      const row = Math.floor(((rank - first) * rows) / chunks);
      const at = row * SUMS;
      if (present[ordinal] === 0) sums[at]! += pages;
      present[ordinal] = 1;
      for (let k = 0; k < 3; k++) {
        const now = map.counts[ordinal * 3 + k]!;
        sums[at + 1 + k]! += now - last[ordinal * 3 + k]!;
        last[ordinal * 3 + k] = now;
      }
      dirty[row] = 1;
    }
    // A sample holds until the next one, the last until the end of its run.
    const limitColumn = columnsBefore(map.timesNs[sample + 1] ?? endNs + 1);
    if (limitColumn <= drawn) return;
    for (let row = 0; row < rows; row++) {
      if (dirty[row] === 1) {
        const at = row * SUMS;
        column[row] = mixedPixel(colors, sums[at]!, sums[at + 1]!, sums[at + 2]!, sums[at + 3]!);
        dirty[row] = 0;
      }
      // The lowest address is at the bottom.
      const line = (rows - 1 - row) * columns;
      pixels.fill(column[row]!, line + drawn, line + limitColumn);
    }
    drawn = limitColumn;
  });
  return image;
}
