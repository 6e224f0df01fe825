/**
 * How wide text is, in the font that plots are set in.
 *
 * Vega places titles, labels and legends by the width of their text. Without a canvas it guesses, far too wide; with one
 * that happens to be installed it asks the fonts of the machine, and the same plot would look different elsewhere. So
 * the advance widths of DejaVu Sans are here, for the characters that plots use; a test compares them with the font.
 */

/** The fonts of plots, best first. Verdana has nearly the same widths, where DejaVu Sans is missing. */
export const FONT_FAMILY = "DejaVu Sans, Verdana, Geneva, sans-serif";

/** Units in which the font states widths, for each em. */
const UNITS_PER_EM = 2048;
/** Characters with widths below, beside those from space to tilde, which come first. */
const OTHERS = "·–—−×µΔ…→≤≥";
const FIRST = 32;
const LAST = 126;

const REGULAR = `
651 821 942 1716 1303 1946 1597 563 799 799 1024 1716 651 739 651 690
1303 1303 1303 1303 1303 1303 1303 1303 1303 1303 690 690 1716 1716 1716 1087
2048 1401 1405 1430 1577 1294 1178 1587 1540 604 604 1343 1141 1767 1532 1612
1235 1612 1423 1300 1251 1499 1401 2025 1403 1251 1403 799 690 799 1716 1024
1024 1255 1300 1126 1300 1260 721 1300 1298 569 569 1186 569 1995 1298 1253
1300 1300 842 1067 803 1298 1212 1675 1212 1212 1075 1303 690 1303 1716
651 1024 2048 1716 1716 1303 1401 2048 1716 1716 1716`;
const BOLD = `
713 934 1067 1716 1425 2052 1786 627 936 936 1071 1716 778 850 778 748
1425 1425 1425 1425 1425 1425 1425 1425 1425 1425 819 819 1716 1716 1716 1188
2048 1585 1561 1503 1700 1399 1399 1681 1714 762 762 1587 1305 2038 1714 1741
1501 1741 1577 1475 1397 1663 1585 2259 1579 1483 1485 936 748 936 1716 1024
1024 1382 1466 1214 1466 1389 891 1466 1458 702 702 1362 702 2134 1458 1407
1466 1466 1010 1219 979 1458 1335 1892 1321 1335 1192 1458 748 1458 1716
778 1024 2048 1716 1716 1507 1585 2048 1716 1716 1716`;

const widths = (table: string): readonly number[] => table.trim().split(/\s+/).map(Number);
const TABLES = { regular: widths(REGULAR), bold: widths(BOLD) } as const;

/**
 * The width of a line of text.
 * @param size of the font, in px
 * @returns px; characters that the table lacks count as an em, which few are wider than
 */
export function textWidth(text: string, size: number, isBold = false): number {
  const table = isBold ? TABLES.bold : TABLES.regular;
  let units = 0;
  for (const character of text) units += table[indexOf(character)] ?? UNITS_PER_EM;
  return (units * size) / UNITS_PER_EM;
}

function indexOf(character: string): number {
  const code = character.codePointAt(0)!;
  if (code >= FIRST && code <= LAST) return code - FIRST;
  const other = OTHERS.indexOf(character);
  return other < 0 ? -1 : LAST - FIRST + 1 + other;
}

/**
 * Breaks a text into lines at a separator.
 * @param parts that stay whole
 * @param separator between two parts in a line
 * @param width of a line, px; a part that is wider gets a line of its own
 */
export function wrapParts(
  parts: readonly string[],
  separator: string,
  size: number,
  width: number,
  isBold = false,
): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? part : `${lines.at(-1)}${separator}${part}`;
    if (lines.length > 0 && textWidth(longer, size, isBold) <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}
