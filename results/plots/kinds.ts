/**
 * The kinds of plots. To add one: a file in kinds/, and a line here; the command, the manual's test and `run --plots`
 * read these tables.
 */

import type { PlotKind, RunKind } from "./kind.js";
import { compare } from "./kinds/compare.js";
import { fragmentation } from "./kinds/fragmentation.js";
import { heapmap } from "./kinds/heapmap.js";
import { memory } from "./kinds/memory.js";
import { pages } from "./kinds/pages.js";
import { scavenger } from "./kinds/scavenger.js";
import { sizes } from "./kinds/sizes.js";
import { slowPaths } from "./kinds/slow-paths.js";
import { sweep } from "./kinds/sweep.js";

/** Kinds that show runs. */
export const RUN_KINDS: readonly RunKind[] = [
  memory,
  fragmentation,
  slowPaths,
  scavenger,
  sizes,
  heapmap,
  pages,
];

export const PLOT_KINDS: readonly PlotKind[] = [...RUN_KINDS, compare, sweep];
