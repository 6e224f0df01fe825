/** `memory`: how much the heap has, uses, keeps and gave back, and what the collector aims at. */

import { DOTTED } from "../panels.js";
import { gauge } from "../series.js";
import { goalLine, timeKind } from "../time-kind.js";

export const memory = timeKind({
  name: "memory",
  about: "heap sys, in use, retained, released and goal over time, GC cycles marked",
  isPanelPerRun: true,
  heights: [300, 190],
  panels: [
    {
      title: "",
      quantity: "bytes",
      isStaircase: true,
      marks: [["gc_cycles", "GC cycle"]],
      lines: [
        { label: "heap sys", color: "ink", points: gauge("heap_sys_bytes"), width: 1 },
        { label: "retained", color: "red", points: gauge("heap_retained_bytes") },
        { label: "in use", color: "blue", points: gauge("heap_inuse_bytes"), width: 2 },
        { label: "released", color: "green", points: gauge("heap_released_bytes"), dash: DOTTED },
        goalLine("heap goal", gauge("heap_goal_bytes")),
      ],
    },
  ],
});
