/**
 * A folder of cases, each of which must be what it was: repros (`*.repro`) and baselines (`*.baseline`).
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LimitError } from "../../engine/simulation.js";
import { InputError } from "../../scenarios/input-error.js";
import { formatEffect } from "../hunt/effect.js";
import { writeWhole } from "../hunt/hunt.js";
import { replay } from "../repro/replay.js";
import { readRepro, reproText } from "../repro/repro.js";
import { story } from "../repro/story.js";
import { StudyError } from "../study-error.js";
import { baselineText, driftOf, measure, readBaseline } from "./baseline.js";

/** What came of a case. */
export interface CaseResult {
  /** Path of the file. */
  readonly path: string;
  /** Undefined when it is as it was; else what is not, a sentence. */
  readonly failure: string | undefined;
  /** Whether the file was written anew. */
  readonly updated: boolean;
  /** What it shows, in a few words. */
  readonly what: string;
}

export interface CheckOptions {
  /** Writes cases that are not as they were anew, instead of failing. */
  readonly update: boolean;
  readonly onCase?: (result: CaseResult) => void;
}

/**
 * Checks all cases of a folder, in the order of their names.
 * @throws StudyError when there is none, InputError when one cannot be read
 */
export async function checkCorpus(folder: string, options: CheckOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const path of casesOf(folder)) {
    const result = path.endsWith(".repro")
      ? await checkRepro(path, options)
      : await checkBaseline(path, options);
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
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new StudyError(missing ? `there is no folder ${folder}` : `${folder}: ${(error as Error).message}`);
  }
  const cases = names.filter((name) => /\.(repro|baseline)$/.test(name)).sort();
  if (cases.length === 0)
    throw new StudyError(`there is no .repro and no .baseline in ${folder}: nothing to check`);
  return cases.map((name) => join(folder, name));
}

async function checkRepro(path: string, { update }: CheckOptions): Promise<CaseResult> {
  const repro = readRepro(path);
  const { sentence, stands, evaluation, metric } = await sound(path, () => replay(repro, path));
  const what = `${repro.metric} ${formatEffect(metric, evaluation.effect)}`;
  if (stands || !update) return { path, what, failure: stands ? undefined : sentence, updated: false };
  const now = {
    ...repro,
    effect: evaluation.effect,
    fingerprints: [evaluation.baseline.fingerprint, evaluation.candidate.fingerprint] as const,
  };
  writeWhole(path, reproText(now, story(now)));
  return { path, what, failure: undefined, updated: true };
}

async function checkBaseline(path: string, { update }: CheckOptions): Promise<CaseResult> {
  const baseline = readBaseline(path);
  const now = await sound(path, () => measure(baseline, path));
  const drift = driftOf(baseline, now);
  const what = `${Object.keys(baseline.metrics).length} metrics under ${baseline.policy}`;
  if (drift.length === 0) return { path, what, failure: undefined, updated: false };
  if (update) {
    writeWhole(path, comments(path) + baselineText(baseline, now));
    return { path, what, failure: undefined, updated: true };
  }
  const failure = drift
    .map(({ metric, was, is }) => `${metric.name} under ${baseline.policy} was ${was} and is ${is}`)
    .join("; ");
  return { path, what, failure, updated: false };
}

/** The comments above a file, which an update keeps. */
function comments(path: string): string {
  return /^(?:#.*\n)*/.exec(readFileSync(path, "utf8"))![0];
}

/** Says of which file an error is. */
async function sound<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof LimitError) throw new InputError(path, 0, 0, error.message);
    throw error;
  }
}
