/** A finished run, as a report shows it. */

import { COLUMNS } from "../columns.js";
import type { QuantityFormats } from "../comparison-table.js";
import type { HeapMapParts } from "../heapmap/read.js";
import type { FinishedRun } from "../run-folder.js";
import type { ReportRun } from "./report-data.js";

/** Samples that a report carries of a run at most. */
const MOST_SAMPLES = 5000;

/**
 * What the viewer gets of a run.
 * @param label tells it from the others
 * @param command that makes it again
 * @param map its heap map, and the id of the element that will hold the records; null without one
 */
export function reportRun(
  run: FinishedRun,
  label: string,
  command: string,
  map: { readonly parts: HeapMapParts; readonly element: string } | null,
  formats: QuantityFormats,
): ReportRun {
  const samples = run.columns.time_ns.length;
  const stride = Math.ceil(samples / MOST_SAMPLES);
  // Every so many, and the last.
  const kept = Array.from({ length: samples }, (_, i) => i).filter(
    (i) => i % stride === 0 || i === samples - 1,
  );
  const columns = Object.fromEntries(
    COLUMNS.map(({ name }) => [name, kept.map((i) => cell(run.columns[name][i]!))]),
  );
  return {
    label,
    command,
    facts: factsOf(run, formats),
    timesNs: kept.map((i) => run.columns.time_ns[i]!),
    columns,
    note: stride === 1 ? "" : `Of its ${samples} samples the charts show one in ${stride}.`,
    heapMap: map === null ? null : { header: map.parts.header, element: map.element },
  };
}

/** What there is to know of a run, in the order in which it is shown. */
function factsOf(run: FinishedRun, { ns }: QuantityFormats): [string, string][] {
  const { sample_ns: sampleNs, ...parameters } = run.parameters;
  const { policy, policyRequested, seed, source, sets } = run;
  const times = run.columns.time_ns;
  const facts: [string, string][] = [
    [String(source.kind ?? "scenario"), run.name],
    ...optional("file", source.file),
    ["policy", policy === policyRequested ? policy : `${policy} (asked for: ${policyRequested})`],
    ...optional("seed", seed),
    ...Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
    ...sets.map((change): [string, string] => ["changed", change]),
    ["duration", ns(times.at(-1)!)],
    ["samples", `${times.length}${typeof sampleNs === "number" ? `, one every ${ns(sampleNs)}` : ""}`],
    ["fingerprint", run.fingerprint],
  ];
  return facts;
}

function optional(name: string, value: string | number | undefined): [string, string][] {
  return value === undefined || value === "" ? [] : [[name, String(value)]];
}

function cell(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
