/** `scavenger`: what it aims at, what it does, what comes back, and what becomes of huge pages. */

import { DASHED } from "../panels.js";
import { gauge, perSecond } from "../series.js";
import { goalLine, timeKind } from "../time-kind.js";

export const scavenger = timeKind({
  name: "scavenger",
  about: "retained memory and its goal, generations, release and refault rates, huge pages over time",
  heights: [150, 150],
  panels: [
    {
      title: "Retained memory and its goal",
      quantity: "bytes",
      isStaircase: true,
      marks: [["scav_gen", "generation"]],
      lines: [
        {
          label: "retained",
          alone: "Retained memory",
          color: "red",
          points: gauge("heap_retained_bytes"),
        },
        { label: "in use", alone: "In use", color: "blue", points: gauge("heap_inuse_bytes") },
        { ...goalLine("scavenge goal", gauge("scavenge_goal_bytes")), alone: "Scavenge goal", color: "ink" },
      ],
    },
    {
      title: "Released and faulted in again",
      quantity: "bytesPerSecond",
      isStaircase: false,
      lines: [
        {
          label: "released",
          alone: "Released to the system",
          color: "green",
          points: perSecond("scavenged_bytes"),
        },
        {
          label: "faulted in again",
          alone: "Faulted in again",
          color: "red",
          points: perSecond("refaulted_bytes"),
          dash: DASHED,
        },
      ],
    },
    {
      title: "Aligned pieces of 2 MiB",
      quantity: "count",
      isStaircase: true,
      lines: [
        {
          label: "intact: nothing released",
          alone: "Intact huge pages: aligned pieces of 2 MiB with nothing released",
          color: "blue",
          points: gauge("hugepages_intact"),
        },
        {
          label: "broken: some pages released",
          alone: "Broken huge pages: aligned pieces of 2 MiB with some pages released, and some not",
          color: "red",
          points: gauge("hugepages_broken"),
          dash: DASHED,
        },
      ],
    },
  ],
});
