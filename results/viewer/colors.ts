/**
 * Colours, from the style sheet, so that light and dark have one home. Those of pages are told apart by people who do not see
 * red and green, and by their lightness in print.
 */

export type Rgb = readonly [red: number, green: number, blue: number];

/** Colours of the states of pages, and of what is not there. */
export interface PageColors {
  readonly free: Rgb;
  readonly scavenged: Rgb;
  readonly cached: Rgb;
  readonly inUse: Rgb;
  readonly absent: Rgb;
}

/** A colour of the style sheet by the name of its property. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function pageColors(): PageColors {
  return {
    free: rgb("--page-free"),
    scavenged: rgb("--page-scavenged"),
    cached: rgb("--page-cached"),
    inUse: rgb("--page-in-use"),
    absent: rgb("--page-absent"),
  };
}

function rgb(name: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/i.exec(cssColor(name))?.[1] ?? "888888";
  const part = (at: number): number => Number.parseInt(digits.slice(at, at + 2), 16);
  return [part(0), part(2), part(4)];
}

/**
 * The mean colour of pages, as a pixel of canvas image data; of light, as an eye from afar would see them, so of the squares.
 * @param pages all of them; those that are none of the others are free
 */
export function mixedPixel(
  colors: PageColors,
  pages: number,
  inUse: number,
  scavenged: number,
  cached: number,
): number {
  if (pages === 0) return pixel(colors.absent);
  const free = pages - inUse - scavenged - cached;
  const mean = (k: 0 | 1 | 2): number =>
    Math.round(
      Math.sqrt(
        (colors.inUse[k] ** 2 * inUse +
          colors.scavenged[k] ** 2 * scavenged +
          colors.cached[k] ** 2 * cached +
          colors.free[k] ** 2 * free) /
          pages,
      ),
    );
  return pixel([mean(0), mean(1), mean(2)]);
}

/** A colour as the 32 bits of a pixel, red in the lowest byte. */
export function pixel([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
