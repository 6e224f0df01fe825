/** Tables of text, for people. */

/**
 * Lines of a table, two spaces between the columns.
 * @param rows all of the same length, the header first where there is one
 * @param numbers whether the columns after the first hold numbers, and so are flush right
 */
export function textTable(rows: readonly (readonly string[])[], numbers: boolean): string[] {
  const columns = rows[0]?.length ?? 0;
  const width = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const pad = (text: string, i: number): string =>
    numbers && i > 0 ? text.padStart(width[i]!) : text.padEnd(width[i]!);
  return rows.map((row) => row.map(pad).join("  ").trimEnd());
}
