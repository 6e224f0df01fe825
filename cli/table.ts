/** Tables of text, for people. */

/**
 * Lines of a table, the first column flush left and the others flush right, two spaces between them.
 * @param rows all of the same length, the header first
 */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const width = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const pad = (text: string, i: number): string =>
    i === 0 ? text.padEnd(width[i]!) : text.padStart(width[i]!);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}
