/**
 * What is wrong with something a user gave: one sentence with the place, the fault, and what would be right.
 */
export class InputError extends Error {
  override readonly name = "InputError";

  /**
   * @param file path as the user gave it
   * @param line 1-based line, or 0 when the fault is not at a line
   * @param column 1-based column of the line, or 0
   * @param problem what is wrong and what would be right
   */
  constructor(
    readonly file: string,
    readonly line: number,
    readonly column: number,
    readonly problem: string,
  ) {
    super(`${file}${line > 0 ? `:${line}` : ""}${line > 0 && column > 0 ? `:${column}` : ""}: ${problem}`);
  }
}
