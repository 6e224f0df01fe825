/** What a kind of plot is. The table of them all is in kinds.ts. */

import type { FinishedRun } from "../run-folder.js";
import type { Spec } from "./panels.js";
import type { Theme } from "./theme.js";

/** What beside the runs a picture depends on. */
export interface PlotOptions {
  readonly theme: Theme;
  /** Moments that are wanted, ns; none for those that matter most. Only kinds that show moments look at them. */
  readonly atNs: readonly number[];
}

export interface PlotKind {
  readonly name: string;
  /** What it shows, for --help and the manual. */
  readonly about: string;
  /** Whether it is drawn when nobody says what to draw, and by `run --plots`. */
  readonly isUsual: boolean;
  /**
   * The specification of a picture.
   * @param runs at least one
   * @throws RunFolderError when a run lacks what the kind shows
   */
  spec(runs: readonly FinishedRun[], options: PlotOptions): Spec;
}
