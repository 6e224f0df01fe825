/** A series as a line of text: a character a stretch of time, as high as the mean value in it. */

/** From nothing to full. */
const BLOCKS = "▁▂▃▄▅▆▇█";

/**
 * The line.
 * @param values one a sample, NaN where there is none
 * @param width characters, at most; there are no more than values
 * @returns characters from low to high between 0, or the least value below it, and the largest; a space where there is no value
 */
export function sparkline(values: readonly number[], width: number): string {
  const means = binMeans(values, Math.min(width, values.length));
  const known = means.filter((mean) => !Number.isNaN(mean));
  const low = Math.min(0, ...known);
  const high = Math.max(...known);
  const scale = high > low ? (BLOCKS.length - 1) / (high - low) : 0;
  return means.map((mean) => (Number.isNaN(mean) ? " " : BLOCKS[Math.round((mean - low) * scale)])).join("");
}

/** Means of equal stretches of a series. */
function binMeans(values: readonly number[], bins: number): number[] {
  return Array.from({ length: bins }, (_, bin) => {
    const from = Math.floor((bin * values.length) / bins);
    const to = Math.floor(((bin + 1) * values.length) / bins);
    const known = values.slice(from, to).filter((value) => !Number.isNaN(value));
    return known.length === 0 ? Number.NaN : known.reduce((sum, value) => sum + value, 0) / known.length;
  });
}
