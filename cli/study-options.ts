/** What compare and sweep have in common on the command line. */

import type { Metric } from "../results/metrics.js";
import type { Scenario } from "../scenarios/scenario.js";
import { parseMetrics, parseSeeds, parseWarmUp, type WarmUp } from "../studies/study-inputs.js";
import { UsageError } from "./errors.js";
import { CHANGES, type Changes, findSource } from "./scenario-options.js";

/** More threads than this are a slip of the finger. */
const MAX_WORKERS = 1024;

export const STUDY_OPTIONS = {
  seeds: {
    type: "string",
    requiresArg: true,
    default: "1..30",
    describe: "seeds, each a replication, such as 1..30 or 1,5,9",
  },
  warmup: {
    type: "string",
    requiresArg: true,
    default: "none",
    describe:
      "what of the beginning of each run does not count: a duration, mser5 (found by MSER-5), or none",
  },
  metrics: {
    type: "string",
    requiresArg: true,
    describe: "metrics with commas between, see list metrics (default: all)",
  },
  workers: {
    type: "number",
    requiresArg: true,
    describe: "runs at a time (default: one for each core)",
  },
  force: {
    type: "boolean",
    default: false,
    describe: "replace an earlier result in the output folder",
  },
  ...CHANGES,
} as const;

/** Options of which the last one counts. */
export const SINGLE = ["seeds", "warmup", "metrics", "workers", "force", "out", "json"] as const;

export interface StudyArguments extends Changes {
  readonly scenario: string;
  readonly seeds: string;
  readonly warmup: string;
  readonly metrics: string | undefined;
  readonly workers: number | undefined;
  readonly out: string | undefined;
  readonly force: boolean;
  readonly json: boolean;
}

/** The options that were read. */
export interface StudyRequest {
  readonly seeds: readonly number[];
  readonly warmUp: WarmUp;
  readonly force: boolean;
  readonly metrics?: readonly Metric[];
  readonly workers?: number;
}

/** Reads the options that both commands have. @throws StudyError, UsageError or UnitError for one that is none */
export function studyRequest({ seeds, warmup, metrics, workers, force }: StudyArguments): StudyRequest {
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS))
    throw new UsageError(`--workers is a whole number from 1 to ${MAX_WORKERS}, such as --workers 2`);
  return {
    seeds: parseSeeds(seeds),
    warmUp: parseWarmUp(warmup),
    force,
    ...(metrics === undefined ? {} : { metrics: parseMetrics(metrics) }),
    ...(workers === undefined ? {} : { workers }),
  };
}

/** The path of a scenario's file. @throws UsageError for a trace, which has no seeds */
export function studyScenarioPath(wanted: string): string {
  const { kind, path } = findSource(wanted);
  if (kind === "scenario") return path;
  throw new UsageError(
    `${wanted} is no scenario: expected a name of mheapsim list scenarios, or a .yaml file; a scenario can play a trace`,
  );
}

/** The default output folder of a study. */
export function studyFolder({ name }: Scenario, study: string): string {
  return `out/${name.replace(/[^\w.+-]+/g, "-")}-${study}`;
}
