/** Reads what sweep left behind, for pictures: the means of sweep-summary.csv, and what was varied. */

import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { METRICS, type Metric } from "./metrics.js";
import {
  checkDigest,
  RunFolderError,
  readPart,
  readToolManifest,
  type ToolManifest,
} from "./result-folder.js";
import { SUMMARY_AROUND } from "./sweep-files.js";

/** A mean over the seeds; NaN where there is none. */
export interface SweepMean {
  readonly policy: string;
  /** Values of what is varied, in the order of their names. */
  readonly point: readonly string[];
  readonly metric: Metric;
  readonly mean: number;
  /** 95 % interval, by itself. */
  readonly ciLow: number;
  readonly ciHigh: number;
}

/** A sweep, as pictures show it. */
export interface FinishedSweep {
  /** Name of the scenario. */
  readonly name: string;
  readonly version: string;
  readonly policies: readonly string[];
  /** Values by the name of what is varied, as they were given. */
  readonly vary: ReadonlyMap<string, readonly string[]>;
  /** Whether the values go together. */
  readonly zip: boolean;
  readonly seeds: readonly number[];
  /** What was changed about the scenario besides. */
  readonly changes: readonly string[];
  readonly means: readonly SweepMean[];
}

/** What the manifest of a sweep says, as far as pictures need it. */
export interface SweepManifest extends ToolManifest {
  readonly name: string;
  readonly policies: readonly { readonly name: string }[];
  readonly vary: Readonly<Record<string, readonly string[]>>;
  readonly zip: boolean;
  readonly changes: { readonly params: readonly string[]; readonly sets: readonly string[] };
  readonly seeds: readonly number[];
}

const FILE = "sweep-summary.csv";

/**
 * Reads the folder of a sweep.
 * @throws RunFolderError when it is none, is damaged, or is of another version
 */
export function readSweepFolder(folder: string): FinishedSweep {
  const manifest = readToolManifest(folder);
  if (!isSweep(manifest)) {
    throw new RunFolderError(`${folder} was not made by mheapsim sweep: expected the folder of a sweep`);
  }
  const text = readPart(folder, FILE);
  checkDigest(folder, manifest, FILE, text);
  return finishedSweep(manifest, text, join(folder, FILE));
}

/** What a sweep of this version is, by its manifest and the text of sweep-summary.csv. @param path for messages */
export function finishedSweep(
  manifest: Omit<SweepManifest, "files" | "study">,
  text: string,
  path: string,
): FinishedSweep {
  const { name, policies, vary, zip, changes, seeds, tool } = manifest;
  const names = Object.keys(vary);
  const [, ...rows] = parse(text) as string[][];
  const number = (cell: string | undefined): number =>
    cell === undefined || cell === "" ? Number.NaN : Number(cell);
  const means = rows.map((cells): SweepMean => {
    const rest = cells.slice(SUMMARY_AROUND.before + names.length);
    const metric = METRICS.find((one) => one.name === rest[0]);
    if (metric === undefined)
      throw new RunFolderError(`${path} names a metric that there is not, ${rest[0]}: run the sweep again`);
    const [mean, , ciLow, ciHigh] = rest.slice(SUMMARY_AROUND.mean).map(number);
    return {
      policy: cells[1]!,
      point: cells.slice(SUMMARY_AROUND.before, SUMMARY_AROUND.before + names.length),
      metric,
      mean: mean!,
      ciLow: ciLow!,
      ciHigh: ciHigh!,
    };
  });
  return {
    name,
    version: tool.version,
    policies: policies.map((policy) => policy.name),
    vary: new Map(Object.entries(vary)),
    zip,
    seeds,
    changes: [...changes.params, ...changes.sets],
    means,
  };
}

function isSweep(manifest: ToolManifest & Partial<SweepManifest>): manifest is SweepManifest {
  const { study, name, policies, vary, changes, seeds } = manifest;
  return (
    study === "sweep" &&
    typeof name === "string" &&
    Array.isArray(policies) &&
    Array.isArray(seeds) &&
    typeof vary === "object" &&
    Array.isArray(changes?.params) &&
    Array.isArray(changes.sets)
  );
}
