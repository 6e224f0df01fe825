/** `fragmentation`: how the free pages lie, and for which requests they are no use. */

import type { FinishedRun } from "../../run-folder.js";
import { DASHED, DOTTED } from "../panels.js";
import { gauge } from "../series.js";
import { timeKind } from "../time-kind.js";

const pageBytes = (run: FinishedRun): number => run.pageBytes;

export const fragmentation = timeKind({
  name: "fragmentation",
  about: "external fragmentation, unusable free memory, free bytes, largest free run and free runs over time",
  heights: [150, 150],
  panels: [
    {
      title: "Share of the free pages …",
      quantity: "share",
      isStaircase: true,
      reach: 1,
      lines: [
        {
          label: "outside the largest run",
          alone: "External fragmentation: share of the free pages outside the largest run",
          color: "ink",
          points: gauge("external_fragmentation"),
        },
        {
          label: "in runs shorter than 2 MiB",
          alone: "Share of the free pages in runs shorter than 2 MiB",
          color: "red",
          points: gauge("unusable_free_index_256"),
          dash: DASHED,
        },
        {
          label: "in runs shorter than 128 KiB",
          alone: "Share of the free pages in runs shorter than 128 KiB",
          color: "blue",
          points: gauge("unusable_free_index_16"),
          width: 1,
        },
      ],
    },
    {
      title: "Free memory",
      quantity: "bytes",
      isStaircase: true,
      lines: [
        {
          label: "all free pages",
          alone: "Free memory",
          color: "blue",
          points: gauge("free_pages", pageBytes),
        },
        {
          label: "largest free run",
          alone: "Largest free run",
          color: "red",
          points: gauge("largest_free_run_pages", pageBytes),
          dash: DOTTED,
        },
      ],
    },
    {
      title: "Runs of free pages",
      quantity: "count",
      isStaircase: true,
      lines: [{ label: "Runs of free pages", color: "blue", points: gauge("free_runs") }],
    },
  ],
});
