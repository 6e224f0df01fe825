/** What a kind of plot is. The table of them all is in kinds.ts. */

import type { FinishedComparison } from "../comparison-folder.js";
import type { Metric } from "../metrics.js";
import type { FinishedRun } from "../run-folder.js";
import type { FinishedSweep } from "../sweep-folder.js";
import type { Spec } from "./panels.js";
import type { Theme } from "./theme.js";

/** What beside its subject a picture depends on. */
export interface PlotOptions {
  readonly theme: Theme;
  /** Moments that are wanted, ns; none for those that matter most. Only kinds that show moments look at them. */
  readonly atNs: readonly number[];
  /** Metrics that are wanted; undefined for those that matter most. Only kinds that show metrics look at them. */
  readonly metrics?: readonly Metric[];
}

interface Kind {
  readonly name: string;
  /** What it shows, for --help and the manual. */
  readonly about: string;
}

/** A picture of runs. */
export interface RunKind extends Kind {
  readonly of: "runs";
  /** Whether it is drawn of such runs when nobody says what to draw, and by `run --plots`. */
  isUsual(runs: readonly FinishedRun[]): boolean;
  /**
   * The specification of a picture.
   * @param runs at least one
   * @throws RunFolderError when a run lacks what the kind shows
   */
  spec(runs: readonly FinishedRun[], options: PlotOptions): Spec;
}

/** A picture of a comparison. */
export interface ComparisonKind extends Kind {
  readonly of: "comparison";
  /** The specification of a picture. */
  spec(comparison: FinishedComparison, options: PlotOptions): Spec;
}

/** A picture of a sweep. */
export interface SweepKind extends Kind {
  readonly of: "sweep";
  /** The specification of a picture. @throws RunFolderError for a sweep that no picture shows */
  spec(sweep: FinishedSweep, options: PlotOptions): Spec;
}

export type PlotKind = RunKind | ComparisonKind | SweepKind;
