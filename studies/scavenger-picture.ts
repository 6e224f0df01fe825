/**
 * The model's scavenger over a recorded one, as a picture: heap_released over time.
 */

import { basename } from "node:path";
import { downsample } from "../results/plots/downsample.js";
import {
  DASHED,
  type Figure,
  figureSpec,
  type Line,
  PANEL_WIDTH,
  SOLID,
  type Spec,
} from "../results/plots/panels.js";
import type { Theme } from "../results/plots/theme.js";
import { TOOL_VERSION } from "../results/version.js";
import { DEFAULT_COSTS } from "../sim/gc/costs.js";
import { fitMadvise, type MadviseFit } from "./madvise-fit.js";
import { compareScavenger, recordedIdleTimerNs, type ScavengerTraceResult } from "./scavenger-trace.js";

/** The traces whose pictures are in docs/validation-scavenger.md: those with bounds of 5 %, and two with large stacks and buffers. */
export const PICTURED_TRACES = [
  "kvcache-gmp1",
  "kvcache-tick-gmp1",
  "fraggrow-gmp1",
  "leak-gmp1",
  "imgpipe-gmp1",
  "stacks-gmp1",
] as const;

/** A comparison as a specification, and how far apart the two are. */
export interface ScavengerPicture {
  readonly spec: Spec;
  /** Mean of |model − recorded| heap_released, divided by the peak of heap_sys. */
  readonly error: number;
}

/** Samples of both sides, ns and bytes. */
interface Samples {
  readonly times: number[];
  readonly model: number[];
  readonly recorded: number[];
}

/**
 * Compares the scavenger of a trace, with the costs of madvise fitted to it where they can be, and draws both.
 * @param trace a recording at GOMAXPROCS=1
 */
export async function scavengerPicture(trace: string, theme: Theme): Promise<ScavengerPicture> {
  const name = basename(trace).replace(/\.csv(\.gz)?$/, "");
  const samples: Samples = { times: [], model: [], recorded: [] };
  const idleTimerNs = recordedIdleTimerNs(name);
  const fit = await fitMadvise(trace).catch((): MadviseFit | undefined => undefined);
  const result = await compareScavenger(trace, {
    ...(idleTimerNs === undefined ? {} : { idleTimerNs }),
    costs: { ...DEFAULT_COSTS, ...fit?.costs },
    onSample: (timeNs, model, recorded) => {
      samples.times.push(timeNs);
      samples.model.push(model);
      samples.recorded.push(recorded);
    },
  });
  return { spec: figureSpec(figureOf(name, samples, result, theme), theme), error: result.error };
}

function figureOf(name: string, samples: Samples, result: ScavengerTraceResult, theme: Theme): Figure {
  const { durationNs, error, peakHeapSysBytes } = result;
  const line = (
    label: string,
    values: readonly number[],
    look: Pick<Line, "color" | "width" | "dash">,
  ): Line => ({
    label,
    ...look,
    points: downsample(Float64Array.from(samples.times), Float64Array.from(values), durationNs, PANEL_WIDTH),
  });
  const mib = Math.round(peakHeapSysBytes / 2 ** 20);
  return {
    heading: {
      title: [`${name}: heap_released, model and recording`],
      subtitle: [
        `go1.18 · costs of madvise fitted · mheapsim ${TOOL_VERSION}`,
        `mean difference ${(100 * error).toFixed(2)} % of the largest heap_sys (${mib} MiB)`,
      ],
    },
    durationNs,
    height: 200,
    panels: [
      {
        title: "",
        quantity: "bytes",
        isStaircase: true,
        marks: [],
        lines: [
          line("recorded", samples.recorded, { color: theme.ink, width: 2.5, dash: SOLID }),
          line("model", samples.model, { color: theme.red, width: 1.5, dash: DASHED }),
        ],
      },
    ],
  };
}
