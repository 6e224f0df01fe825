/**
 * The kinds of plots. To add one: a file in kinds/, and a line here; the command, the manual's test and `run --plots`
 * read this table.
 */

import type { PlotKind } from "./kind.js";
import { fragmentation } from "./kinds/fragmentation.js";
import { memory } from "./kinds/memory.js";
import { scavenger } from "./kinds/scavenger.js";
import { sizes } from "./kinds/sizes.js";
import { slowPaths } from "./kinds/slow-paths.js";

export const PLOT_KINDS: readonly PlotKind[] = [memory, fragmentation, slowPaths, scavenger, sizes];
