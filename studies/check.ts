/**
 * Counts comparisons of recorded results with ours, and keeps what is needed to show the first that differ.
 */

/** A result that is not what was recorded. */
export interface Mismatch {
  readonly file: string;
  readonly line: number;
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  /** The state around it, in words. */
  readonly around: string;
}

export class Check {
  compared = 0;
  mismatches = 0;
  readonly shown: Mismatch[] = [];

  /**
   * @param resync go on after a mismatch, from the recorded state, instead of stopping
   * @param showMost how many mismatches to keep for showing
   */
  constructor(
    readonly resync = false,
    readonly showMost = 5,
  ) {}

  /** Whether the first mismatch ended the comparison. */
  get stopped(): boolean {
    return !this.resync && this.mismatches > 0;
  }

  /** Compares two values, shown by String(). `around` is asked only on a mismatch. Returns whether they are equal. */
  equal(
    file: string,
    line: number,
    what: string,
    expected: string | number,
    got: string | number,
    around: () => string,
  ): boolean {
    if (this.stopped) return false;
    this.compared++;
    if (expected === got) return true;
    this.differ(file, line, what, String(expected), String(got), around);
    return false;
  }

  /** Notes a mismatch of a comparison that was counted already. */
  differ(
    file: string,
    line: number,
    what: string,
    expected: string,
    got: string,
    around: () => string,
  ): void {
    this.mismatches++;
    if (this.shown.length < this.showMost)
      this.shown.push({ file, line, what, expected, got, around: around() });
  }
}
