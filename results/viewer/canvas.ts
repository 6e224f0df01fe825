/** What canvases and their keys and mice have in common. */

export function canvasOf(className: string, label: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = className;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/** Gives a canvas the pixels that it has on the screen. */
export function fit(canvas: HTMLCanvasElement): void {
  const { clientWidth, clientHeight } = canvas;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  const width = Math.max(1, Math.round(clientWidth * ratio));
  const height = Math.max(1, Math.round(clientHeight * ratio));
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Fills a canvas with an image of few pixels, each of which becomes a rectangle. */
export function paintCells(canvas: HTMLCanvasElement, image: ImageData): void {
  const small = document.createElement("canvas");
  small.width = image.width;
  small.height = image.height;
  small.getContext("2d")!.putImageData(image, 0, 0);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingEnabled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** Where in an element an event was, 0 to 1 from the left and from the top. */
export function shareOf(element: HTMLElement, event: MouseEvent): [number, number] {
  const box = element.getBoundingClientRect();
  const inside = (value: number): number => Math.min(0.999999, Math.max(0, value));
  return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
}

/** A key that was understood goes no further. */
export function understood(event: KeyboardEvent): void {
  event.preventDefault();
  event.stopPropagation();
}
