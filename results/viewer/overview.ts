/**
 * The picture of address over time, as allocator engineers draw it: lowest addresses at the bottom, a column a sample.
 *
 *     address ▲ ░░░░░░░░▓▓▓▓▓▓░░      a cell is the mean colour of its pages
 *             │ ▓▓▓▓████████▓▓▓▓      rows: chunks, or bins of chunks when there are more than ROWS
 *             └──────────────────► time
 *
 * The image is computed once for a stretch of addresses and scaled by the browser; the line of the moment lies above it, so
 * that moving it costs next to nothing.
 */

import type { HeapMap } from "../heapmap/heap-map.js";
import { mixedPixel, pageColors, pixel } from "./colors.js";
import type { AddressAxis } from "./runs.js";

/** Most rows and columns of the image. */
export const ROWS = 1024;
const COLUMNS = 2000;

/** Sums of a row: pages, in use, scavenged, cached. */
const SUMS = 4;

/**
 * Computes the image of a stretch of ranks.
 * @returns null when nothing is in it
 */
export function overviewImage(
  map: HeapMap,
  axis: AddressAxis,
  first: number,
  limit: number,
): ImageData | null {
  const chunks = limit - first;
  if (chunks <= 0 || map.samples === 0) return null;
  const rows = Math.min(ROWS, chunks);
  const columns = Math.min(COLUMNS, map.samples);
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const colors = pageColors();
  const absent = pixel(colors.absent);
  const ranks = axis.ranksOf(map);
  const sums = new Int32Array(rows * SUMS);
  const last = new Int32Array(map.chunks.length * 3);
  const present = new Uint8Array(map.chunks.length);
  const column = new Uint32Array(rows).fill(absent);
  const dirty = new Uint8Array(rows);
  const pages = map.header.chunk_pages;
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
    // With more samples than columns, a column shows the last of its samples.
    const limitColumn = Math.floor(((sample + 1) * columns) / map.samples);
    if (limitColumn === drawn) return;
    for (let row = 0; row < rows; row++) {
      if (dirty[row] === 1) {
        const at = row * SUMS;
        column[row] = mixedPixel(colors, sums[at]!, sums[at + 1]!, sums[at + 2]!, sums[at + 3]!);
        dirty[row] = 0;
      }
      // The lowest address is at the bottom.
      const line = (rows - 1 - row) * columns;
      for (let x = drawn; x < limitColumn; x++) pixels[line + x] = column[row]!;
    }
    drawn = limitColumn;
  });
  return image;
}
