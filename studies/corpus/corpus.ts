/**
 * A folder of cases, each of which must be what it was: repros (`*.repro`) and baselines (`*.baseline`).
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LimitError } from "../../engine/simulation.js";
import { TOOL_VERSION } from "../../results/version.js";
import { InputError } from "../../scenarios/input-error.js";
import { GeometryError } from "../../sim/address/geometry.js";
import { PolicyError } from "../../sim/heap/own-parts.js";
import { formatEffect } from "../hunt/effect.js";
import { writeWhole } from "../hunt/hunt.js";
import { PolicySpecError } from "../policies.js";
import { replay } from "../repro/replay.js";
import { readRepro, reproText } from "../repro/repro.js";
import { story } from "../repro/story.js";
import { StudyError } from "../study-error.js";
import { baselineText, driftOf, measure, readBaseline } from "./baseline.js";

/** What came of a case. */
export interface CaseResult {
  /** Path of the file. */
  readonly path: string;
  /** As it was, or not, or it cannot be told, since the file is damaged or its program cannot be run. */
  readonly verdict: "same" | "changed" | "unreadable";
  /** What it shows, in a few words, or in a sentence what is wrong. */
  readonly what: string;
  /** Whether the file was written anew. */
  readonly updated: boolean;
}

export interface CheckOptions {
  /** Writes cases that are not as they were anew, instead of failing. */
  readonly update: boolean;
  /** Whether the runs of a repro must have the fingerprints that are written, and not only its effect. */
  readonly exact: boolean;
  readonly onCase?: (result: CaseResult) => void;
}

/**
 * Checks all cases of a folder, in the order of their names. A case that cannot be read does not keep the others from being
 * checked.
 * @throws StudyError when there is none, OutputError when a case cannot be written anew
 */
export async function checkCorpus(folder: string, options: CheckOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const path of casesOf(folder)) {
    const result = await checkCase(path, options);
    results.push(result);
    options.onCase?.(result);
  }
  return results;
}

function casesOf(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new StudyError(code === "ENOENT" ? `there is no folder ${folder}` : `${folder}: ${message}`);
  }
  const cases = names.filter((name) => /\.(repro|baseline)$/.test(name)).sort();
  if (cases.length === 0)
    throw new StudyError(`there is no .repro and no .baseline in ${folder}: nothing to check`);
  return cases.map((name) => join(folder, name));
}

async function checkCase(path: string, options: CheckOptions): Promise<CaseResult> {
  try {
    return path.endsWith(".repro") ? await checkRepro(path, options) : await checkBaseline(path, options);
  } catch (error) {
    if (!CASE_FAULTS.some((type) => error instanceof type)) throw error;
    // Results name the file themselves.
    const { message } = error as Error;
    const what = message.startsWith(`${path}:`) ? message.slice(path.length + 1).trimStart() : message;
    return { path, verdict: "unreadable", what, updated: false };
  }
}

/** What may be wrong with a case itself. */
const CASE_FAULTS = [InputError, LimitError, PolicyError, PolicySpecError, GeometryError];

async function checkRepro(path: string, { update, exact }: CheckOptions): Promise<CaseResult> {
  const repro = readRepro(path);
  const { sentence, stands, isSameRun, evaluation, metric } = await replay(repro, path);
  const held = `${repro.metric} ${formatEffect(metric, evaluation.effect)}`;
  if (stands && (isSameRun || !(update || exact)))
    return { path, verdict: "same", what: held, updated: false };
  const what = stands ? `${sentence}, but the runs have other fingerprints` : sentence;
  if (!update) return { path, verdict: "changed", what, updated: false };
  const now = {
    ...repro,
    effect: evaluation.effect,
    tool: TOOL_VERSION,
    fingerprints: [evaluation.baseline.fingerprint, evaluation.candidate.fingerprint] as const,
  };
  writeWhole(path, reproText(now, story(now)));
  return { path, verdict: "same", what, updated: true };
}

async function checkBaseline(path: string, { update }: CheckOptions): Promise<CaseResult> {
  const baseline = readBaseline(path);
  const { content } = baseline;
  const now = await measure(baseline, path);
  const drift = driftOf(content, now);
  const count = Object.keys(content.metrics).length;
  const held = `${count} metric${count === 1 ? "" : "s"} under ${content.policy}`;
  if (drift.length === 0) return { path, verdict: "same", what: held, updated: false };
  const what = drift.join("; ");
  if (!update) return { path, verdict: "changed", what, updated: false };
  writeWhole(path, comments(path) + baselineText(content, now));
  return { path, verdict: "same", what, updated: true };
}

/** The comments above a file, which an update keeps. */
function comments(path: string): string {
  return /^(?:#.*\n)*/.exec(readFileSync(path, "utf8"))![0];
}
