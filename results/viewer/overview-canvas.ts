/**
 * The picture of address over time on the screen: the image, searchAddr over it, the line of the moment and of the chosen chunk,
 * addresses at its left, times below.
 *
 * The image has as many cells as the canvas has pixels at most. It is computed anew when the stretch that it shows has not
 * changed for a moment, and stretched until then, so that moving and zooming are smooth in heaps of any size.
 */

import type { HeapMap } from "../heapmap/heap-map.js";
import { canvasOf, fit, shareOf, understood } from "./canvas.js";
import { cssColor } from "./colors.js";
import { formatAddress, formatTime } from "./format.js";
import { overviewImage, type Window } from "./overview.js";
import type { AddressAxis } from "./runs.js";
import type { Change, View } from "./view.js";

/** How long a stretch of time or addresses stays the same before its image is computed, ms. */
const SETTLED_MS = 120;
/** Labels at the left, as shares of the height. */
const ADDRESSES = [0, 0.25, 0.5, 0.75, 1] as const;
/** Room for a label of time, CSS pixels. */
const TIME_WIDTH = 80;

export class OverviewCanvas {
  readonly element = document.createElement("div");
  readonly picture = canvasOf(
    "overview",
    "Address over time. Arrow keys move the moment and the addresses, plus and minus zoom, Enter goes to the chunks",
  );
  private readonly lines = canvasOf("cursor", "");
  private readonly addresses = ADDRESSES.map(() => document.createElement("span"));
  private readonly times = document.createElement("div");
  /** The image in its own resolution, and what it shows. */
  private readonly image = document.createElement("canvas");
  private shown: Window | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onEnter called when the keyboard wants to go on to the chunks */
  constructor(
    private readonly map: HeapMap,
    private readonly axis: AddressAxis,
    private readonly view: View,
    private readonly onEnter: () => void,
  ) {
    this.build();
    this.listen();
  }

  update(changes: ReadonlySet<Change>): void {
    if (changes.has("theme")) this.compute();
    if (changes.has("chunks") || changes.has("range")) {
      this.paint();
      this.computeSoon();
      this.label();
    }
    this.drawLines();
  }

  /** Draws everything anew, as after a change of size. */
  redraw(): void {
    fit(this.picture);
    fit(this.lines);
    this.compute();
    this.label();
    this.drawLines();
  }

  private build(): void {
    const { element, picture, lines, addresses, times } = this;
    element.className = "stack";
    lines.setAttribute("aria-hidden", "true");
    lines.tabIndex = -1;
    const left = document.createElement("div");
    left.className = "addresses";
    left.append(...addresses);
    times.className = "times";
    addresses.forEach((label, i) => {
      label.style.bottom = `${100 * ADDRESSES[i]!}%`;
    });
    element.append(left, picture, lines, times);
  }

  private get window(): Window {
    const { firstChunk, limitChunk, fromNs, toNs } = this.view;
    return { first: firstChunk, limit: limitChunk, fromNs, toNs };
  }

  private computeSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.compute(), SETTLED_MS);
  }

  private compute(): void {
    clearTimeout(this.timer);
    const { width, height } = this.picture;
    const shown = this.window;
    const image = overviewImage(this.map, this.axis, shown, width, height);
    this.shown = image === null ? null : shown;
    if (image !== null) {
      this.image.width = image.width;
      this.image.height = image.height;
      this.image.getContext("2d")!.putImageData(image, 0, 0);
    }
    this.paint();
  }

  private paint(): void {
    const { shown, image } = this;
    const { width, height } = this.picture;
    const context = this.picture.getContext("2d")!;
    context.fillStyle = cssColor("--page-absent");
    context.fillRect(0, 0, width, height);
    if (shown === null) return;
    const { first, limit, fromNs, toNs } = this.window;
    const x = width / (toNs - fromNs);
    const y = height / (limit - first);
    context.imageSmoothingEnabled = false;
    context.drawImage(
      image,
      (shown.fromNs - fromNs) * x,
      (limit - shown.limit) * y,
      (shown.toNs - shown.fromNs) * x,
      (shown.limit - shown.first) * y,
    );
    this.drawSearchAddr(context, x, y);
  }

  /** A line through the searchAddr of all samples; there is none where no free page is known. */
  private drawSearchAddr(context: CanvasRenderingContext2D, x: number, y: number): void {
    const { map, axis } = this;
    const { first, limit, fromNs, toNs } = this.window;
    const { timesNs, searchPages, header } = map;
    context.fillStyle = cssColor("--search");
    const size = Math.max(1, Math.round(context.canvas.height / 300));
    for (let i = map.sampleAt(fromNs); i < map.samples && timesNs[i]! <= toNs; i++) {
      const page = searchPages[i]!;
      if (page < 0) continue;
      const chunk = Math.floor(page / header.chunk_pages);
      const rank = axis.rankOf(chunk) + (page % header.chunk_pages) / header.chunk_pages;
      if (rank < first || rank >= limit) continue;
      const left = (timesNs[i]! - fromNs) * x;
      const right = ((timesNs[i + 1] ?? timesNs[i]!) - fromNs) * x;
      const top = Math.min(context.canvas.height - size, (limit - rank) * y - size / 2);
      context.fillRect(left, top, Math.max(1, right - left), size);
    }
  }

  private drawLines(): void {
    const { width, height } = this.lines;
    const context = this.lines.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    const { fromNs, toNs, momentNs, firstChunk, limitChunk, chunk } = this.view;
    const placeOf = (ns: number): number => ((ns - fromNs) / (toNs - fromNs)) * width;
    this.drawKeyframes(context, placeOf);
    context.fillStyle = cssColor("--accent");
    const x = placeOf(momentNs);
    if (x >= 0 && x <= width) context.fillRect(Math.min(width - 2, Math.round(x)), 0, 2, height);
    if (chunk < firstChunk || chunk >= limitChunk) return;
    const y = height - ((chunk + 0.5 - firstChunk) / (limitChunk - firstChunk)) * height;
    context.fillRect(0, Math.round(y), width, 1);
  }

  /** A small triangle at the top for each keyframe. */
  private drawKeyframes(context: CanvasRenderingContext2D, placeOf: (ns: number) => number): void {
    const size = Math.max(3, Math.round(context.canvas.height / 60));
    context.fillStyle = cssColor("--text");
    for (const { sample } of this.map.keyframes) {
      const x = placeOf(this.map.timesNs[sample]!);
      context.beginPath();
      context.moveTo(x - size, 0);
      context.lineTo(x + size, 0);
      context.lineTo(x, 1.5 * size);
      context.fill();
    }
  }

  private label(): void {
    const { view, axis, map } = this;
    const { page_bytes: pageBytes, chunk_pages: chunkPages, arena_base_offset: base } = map.header;
    const { firstChunk, limitChunk, fromNs, toNs } = view;
    const before: string[] = [];
    ADDRESSES.forEach((share, i) => {
      const rank = Math.round(firstChunk + share * (limitChunk - firstChunk));
      // The one above the last is the end of the last.
      const chunk = rank < axis.length ? axis.chunks[rank]! : (axis.chunks[rank - 1] ?? 0) + 1;
      const text = formatAddress(chunk * chunkPages, pageBytes, base);
      this.addresses[i]!.textContent = before.includes(text) ? "" : text;
      before.push(text);
    });
    const stepNs = roundStep(((toNs - fromNs) * TIME_WIDTH) / Math.max(TIME_WIDTH, this.times.clientWidth));
    const labels: HTMLElement[] = [];
    for (let ns = Math.ceil(fromNs / stepNs) * stepNs; ns <= toNs; ns += stepNs) {
      const span = document.createElement("span");
      span.textContent = formatTime(ns, stepNs);
      span.style.left = `${(100 * (ns - fromNs)) / (toNs - fromNs)}%`;
      labels.push(span);
    }
    this.times.replaceChildren(...labels);
  }

  private listen(): void {
    const { picture, view } = this;
    const rankAt = (y: number): number => view.limitChunk - y * (view.limitChunk - view.firstChunk);
    picture.addEventListener("click", (event) => {
      const [x, y] = shareOf(picture, event);
      view.setMoment(view.fromNs + x * (view.toNs - view.fromNs));
      view.setChunk(Math.floor(rankAt(y)));
    });
    picture.addEventListener(
      "wheel",
      (event) => {
        // Who scrolls past must not be held up: only a map that was chosen zooms by the wheel alone.
        if (!event.ctrlKey && document.activeElement !== picture) return;
        event.preventDefault();
        this.zoom(event.deltaY < 0 ? 0.5 : 2, rankAt(shareOf(picture, event)[1]));
      },
      { passive: false },
    );
    picture.addEventListener("keydown", (event) => this.key(event));
  }

  private zoom(factor: number, around: number): void {
    const { view } = this;
    const length = (view.limitChunk - view.firstChunk) * factor;
    const share = (around - view.firstChunk) / (view.limitChunk - view.firstChunk);
    view.setChunks(around - share * length, around + (1 - share) * length);
  }

  private key(event: KeyboardEvent): void {
    const { view } = this;
    const middle = view.chunk >= 0 ? view.chunk + 0.5 : (view.firstChunk + view.limitChunk) / 2;
    const step = Math.max(1, Math.round((view.limitChunk - view.firstChunk) / 8));
    switch (event.key) {
      case "ArrowUp":
        view.setChunks(view.firstChunk + step, view.limitChunk + step);
        break;
      case "ArrowDown":
        view.setChunks(view.firstChunk - step, view.limitChunk - step);
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
      case "Enter":
        if (view.chunk < view.firstChunk || view.chunk >= view.limitChunk) view.setChunk(view.firstChunk);
        this.onEnter();
        break;
      default:
        return;
    }
    understood(event);
  }
}

/** The least of 1, 2 and 5 times powers of ten that is not below a length of time, ns. */
function roundStep(ns: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, ns)));
  return power * [1, 2, 5, 10].find((factor) => factor * power >= ns)!;
}
