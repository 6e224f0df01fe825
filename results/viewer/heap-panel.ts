/**
 * The heap map of one run: address over time, the chunks at the moment, and the pages of one chunk.
 *
 *     ┌ address over time ─────────┐    click: moment and chunk, wheel: zoom
 *     ├ chunks at the moment ──────┤    a cell a chunk
 *     └ pages, at a keyframe ──────┘    64 pages a row, spans marked
 *
 * All panels of a report show the same moment, addresses and chunk, whatever the run.
 */

import type { HeapMap } from "../heapmap/heap-map.js";
import { ChunkCanvas } from "./chunk-canvas.js";
import { formatAddress, formatBytes, formatTime } from "./format.js";
import { OverviewCanvas } from "./overview-canvas.js";
import { PageCanvas } from "./page-canvas.js";
import type { AddressAxis, ViewedRun } from "./runs.js";
import type { Change, View } from "./view.js";

export class HeapPanel {
  readonly element = document.createElement("section");
  private readonly status = document.createElement("p");
  private readonly map: HeapMap;
  private readonly stepNs: number;
  /** Ordinal of the chunk of each rank, −1 where this run has none. */
  private readonly ordinals: Int32Array;
  private readonly overview: OverviewCanvas;
  private readonly chunks: ChunkCanvas;
  private readonly pages: PageCanvas;

  /** @param run one that has a heap map */
  constructor(
    { run, map }: ViewedRun,
    axis: AddressAxis,
    private readonly view: View,
  ) {
    this.map = map!;
    this.stepNs = (this.map.timesNs.at(-1) ?? 1) / Math.max(1, this.map.samples - 1);
    this.ordinals = new Int32Array(axis.length).fill(-1);
    axis.ranksOf(this.map).forEach((rank, ordinal) => {
      this.ordinals[rank] = ordinal;
    });
    this.overview = new OverviewCanvas(this.map, axis, view, () => this.chunks.element.focus());
    this.chunks = new ChunkCanvas(
      this.map,
      this.ordinals,
      view,
      () => this.pages.element.focus(),
      () => this.overview.picture.focus(),
    );
    this.pages = new PageCanvas(this.map, this.stepNs, () => this.chunks.element.focus());
    this.build(run.label);
    view.listen((changes) => this.update(changes));
  }

  /** Draws everything anew, as after a change of size. */
  redraw(): void {
    this.overview.redraw();
    this.drawChunks();
    this.drawPages();
  }

  private build(label: string): void {
    const title = document.createElement("h3");
    title.textContent = label;
    this.element.setAttribute("aria-label", `Heap map of ${label}`);
    this.status.className = "status";
    this.status.setAttribute("role", "status");
    this.element.className = "heap-panel";
    const { overview, status, chunks, pages } = this;
    this.element.append(title, overview.element, status, chunks.element, pages.status, pages.element);
  }

  private update(changes: ReadonlySet<Change>): void {
    this.overview.update(changes);
    this.drawChunks();
    if (changes.has("moment") || changes.has("chunk") || changes.has("theme")) this.drawPages();
  }

  private get sample(): number {
    return this.map.sampleAt(this.view.momentNs);
  }

  private drawChunks(): void {
    const { sample } = this;
    this.map.seek(sample);
    this.chunks.draw(sample);
    this.describe(sample);
  }

  private drawPages(): void {
    const { view, map } = this;
    const keyframe = map.keyframeAt(this.sample);
    if (view.chunk < 0) return this.pages.clear("Choose a chunk above to see its pages.");
    const ordinal = this.ordinals[view.chunk]!;
    if (keyframe === undefined || ordinal < 0 || ordinal >= keyframe.chunkCount) {
      return this.pages.clear("This run does not have the chosen chunk at the keyframe before this moment.");
    }
    this.pages.draw(keyframe, ordinal);
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
    this.status.textContent = [
      `${formatTime(map.timesNs[sample]!, this.stepNs)}: ${chunks} chunks`,
      `in use ${formatBytes(inUse * pageBytes)}`,
      `free ${formatBytes(free * pageBytes)}`,
      `released ${formatBytes(scavenged * pageBytes)}`,
      `in page caches ${formatBytes(cached * pageBytes)}`,
      `searchAddr ${search < 0 ? "none" : formatAddress(search, pageBytes, base)}`,
    ].join(", ");
  }
}

/** What states of pages are called, for the legend. */
export const PAGE_LEGEND: readonly (readonly [color: string, name: string])[] = [
  ["--page-in-use", "in use"],
  ["--page-cached", "in a page cache"],
  ["--page-free", "free, retained"],
  ["--page-scavenged", "free, released"],
  ["--page-absent", "not in the heap"],
  ["--search", "searchAddr"],
];
