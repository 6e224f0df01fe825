/** What a thread of a hunt does: evaluates a few scenarios by their numbers. */

import { LimitError } from "../../engine/simulation.js";
import { InputError } from "../../scenarios/input-error.js";
import type { Recordings } from "../../scenarios/workloads/workloads.js";
import { PolicyError } from "../../sim/heap/parts.js";
import { type SentError, sent } from "../cells/sent-error.js";
import { resolvePolicy } from "../policies.js";
import { readRecordings } from "../recordings.js";
import { metricNamed } from "./effect.js";
import { evaluate, type Pair } from "./evaluation.js";
import type { Entry } from "./ledger.js";
import { type HuntSource, huntCase } from "./source.js";

/** What is hunted; plain data. */
export interface HuntTask {
  readonly source: HuntSource;
  readonly seeds: readonly number[];
  /** Policies as the user wrote them. */
  readonly baseline: string;
  readonly candidate: string;
  readonly metric: string;
}

/** Some of it. */
export interface HuntPart {
  readonly task: HuntTask;
  readonly numbers: readonly number[];
}

export type HuntReply = readonly Entry[] | { readonly error: SentError };

let recordings: Recordings | undefined;

export default async function work({ task, numbers }: HuntPart): Promise<HuntReply> {
  try {
    const pair = { baseline: resolvePolicy(task.baseline), candidate: resolvePolicy(task.candidate) };
    const entries: Entry[] = [];
    for (const n of numbers) entries.push(await entryOf(task, pair, n));
    return entries;
  } catch (error) {
    return { error: sent(error as Error) };
  }
}

async function entryOf(task: HuntTask, pair: Pair, n: number): Promise<Entry> {
  const { source, seeds } = task;
  try {
    const { scenario } = huntCase(source, seeds, n);
    // All scenarios of a hunt have the same recordings.
    recordings ??= await readRecordings(scenario, source.kind === "scenario" ? source.path : "");
    const { effect, baseline, candidate } = evaluate(scenario, recordings, pair, metricNamed(task.metric));
    return {
      n,
      effect: finite(effect),
      baseline: finite(baseline.value),
      candidate: finite(candidate.value),
      fingerprints: [baseline.fingerprint, candidate.fingerprint],
    };
  } catch (error) {
    // A variation may be impossible, and a drawn scenario endless; the hunt goes on without them.
    const isHarmless =
      error instanceof LimitError || (error instanceof InputError && source.kind !== "scenario");
    if (!isHarmless || error instanceof PolicyError) throw error;
    return { n, effect: null, baseline: null, candidate: null, fingerprints: ["", ""] };
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
