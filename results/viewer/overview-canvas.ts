/** The picture of address over time on the screen, with the line of the moment and of the chosen chunk above it. */

import type { HeapMap } from "../heapmap/heap-map.js";
import { canvasOf, fit, shareOf, understood } from "./canvas.js";
import { cssColor } from "./colors.js";
import { overviewImage } from "./overview.js";
import type { AddressAxis } from "./runs.js";
import type { Change, View } from "./view.js";

export class OverviewCanvas {
  readonly element = document.createElement("div");
  private readonly picture = canvasOf(
    "overview",
    "Address over time. Arrow keys move the moment and the addresses, plus and minus zoom",
  );
  private readonly lines = canvasOf("cursor", "");
  /** The image in its own resolution; it is scaled as it is painted. */
  private readonly image = document.createElement("canvas");
  private isEmpty = true;

  constructor(
    private readonly map: HeapMap,
    private readonly axis: AddressAxis,
    private readonly view: View,
  ) {
    this.element.className = "stack";
    this.element.append(this.picture, this.lines);
    this.lines.setAttribute("aria-hidden", "true");
    this.lines.tabIndex = -1;
    this.listen();
  }

  update(changes: ReadonlySet<Change>): void {
    if (changes.has("theme") || changes.has("chunks")) this.compute();
    if (changes.has("theme") || changes.has("chunks") || changes.has("range")) this.paint();
    this.drawLines();
  }

  /** Draws everything anew, as after a change of size. */
  redraw(): void {
    fit(this.picture);
    fit(this.lines);
    if (this.isEmpty) this.compute();
    this.paint();
    this.drawLines();
  }

  private compute(): void {
    const image = overviewImage(this.map, this.axis, this.view.firstChunk, this.view.limitChunk);
    this.isEmpty = image === null;
    if (image === null) return;
    this.image.width = image.width;
    this.image.height = image.height;
    this.image.getContext("2d")!.putImageData(image, 0, 0);
  }

  private paint(): void {
    const { width, height } = this.picture;
    const context = this.picture.getContext("2d")!;
    context.fillStyle = cssColor("--page-absent");
    context.fillRect(0, 0, width, height);
    if (this.isEmpty) return;
    const { fromNs, toNs } = this.view;
    // The image covers [0, end of this run]; the canvas shows [from, to].
    const endNs = Math.max(1, this.map.timesNs.at(-1) ?? 0);
    const scale = width / (toNs - fromNs);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.image, -fromNs * scale, 0, endNs * scale, height);
  }

  private drawLines(): void {
    const { width, height } = this.lines;
    const context = this.lines.getContext("2d")!;
    context.clearRect(0, 0, width, height);
    const { fromNs, toNs, momentNs, firstChunk, limitChunk, chunk } = this.view;
    context.fillStyle = cssColor("--accent");
    const x = ((momentNs - fromNs) / (toNs - fromNs)) * width;
    if (x >= 0 && x <= width) context.fillRect(Math.min(width - 2, Math.round(x)), 0, 2, height);
    if (chunk < firstChunk || chunk >= limitChunk) return;
    const y = height - ((chunk + 0.5 - firstChunk) / (limitChunk - firstChunk)) * height;
    context.fillRect(0, Math.round(y), width, 1);
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
    const middle = view.chunk >= 0 ? view.chunk : (view.firstChunk + view.limitChunk) / 2;
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
      default:
        return;
    }
    understood(event);
  }
}
