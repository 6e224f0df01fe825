/**
 * What `mheapsim run --json` prints: the runs that were just made, in a form that programs read. The schema is in
 * docs/file-formats.md, and a test keeps it so.
 */

import { COLUMN, COLUMNS } from "./columns.js";
import { measure } from "./measure.js";
import { MAIN_SERIES } from "./terminal.js";
import { cellNumber } from "./timeseries.js";
import { TOOL_VERSION } from "./version.js";

/** Changes whenever something here means something else than before. */
const SCHEMA = 1;

/** A run, whatever it was made of; what does not apply is null. */
export interface RunOutcome {
  /** Its folder within the output folder, "" for the folder itself. */
  readonly folder: string;
  readonly name: string;
  readonly kind: "scenario" | "trace";
  readonly policy: string;
  readonly seed: string | null;
  /** How it ended, in the words of the manifest. */
  readonly end: string;
  /** What the runtime or the system said when it ended the program. */
  readonly message: string | null;
  readonly samples: readonly Float64Array[];
  readonly fingerprint: string;
  /** Events of a scenario, rows of a trace. */
  readonly events: number;
  readonly expectations: { readonly count: number; readonly failed: readonly string[] } | null;
  /** Comparisons with the recording, of a trace. */
  readonly recording: { readonly compared: number; readonly mismatches: number } | null;
}

/** The text: one JSON document. @param out the output folder, as it was named */
export function runsJson(out: string, runs: readonly RunOutcome[]): string {
  return JSON.stringify(
    { tool: "mheapsim", version: TOOL_VERSION, schema: SCHEMA, out, runs: runs.map(runJson) },
    null,
    2,
  );
}

function runJson({ samples, ...run }: RunOutcome): Record<string, unknown> {
  const { folder, name, kind, policy, seed, end, message, fingerprint, events } = run;
  const endNs = samples.at(-1)?.[COLUMN.time_ns] ?? 0;
  return {
    folder,
    name,
    kind,
    policy,
    seed,
    end,
    message,
    duration_ns: endNs,
    samples: samples.length,
    events,
    fingerprint,
    expectations: run.expectations,
    recording: run.recording,
    series: Object.fromEntries(
      MAIN_SERIES.map((column) => [column, seriesJson(samples, COLUMN[column], endNs)]),
    ),
  };
}

/** Of a counter its total, of others the last value, and mean over time and largest, null where there is no value. */
function seriesJson(
  samples: readonly Float64Array[],
  column: number,
  endNs: number,
): Record<string, unknown> {
  const of = (statistic: "last" | "mean" | "peak"): number | null =>
    cellNumber(measure(samples, column, statistic, 0, endNs));
  if (COLUMNS[column]!.kind === "counter") return { end: of("last") };
  return { end: of("last"), mean: of("mean"), max: of("peak") };
}
