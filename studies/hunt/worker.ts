/** What a thread of a hunt does: evaluates one scenario at a time. */

import { LimitError } from "../../engine/simulation.js";
import type { Metric } from "../../results/metrics.js";
import { InputError } from "../../scenarios/input-error.js";
import type { Scenario } from "../../scenarios/scenario.js";
import type { TraceSpans } from "../../scenarios/workloads/trace.js";
import { PolicyError } from "../../sim/heap/own-parts.js";
import { type SentError, sent } from "../cells/sent-error.js";
import { resolvePolicy } from "../policies.js";
import { readRecordings, recordingPaths } from "../recordings.js";
import { metricNamed } from "./effect.js";
import { evaluate, type Pair } from "./evaluation.js";
import type { Entry } from "./ledger.js";
import { HuntCases, type HuntSource } from "./source.js";

/** What is hunted; plain data. */
export interface HuntTask {
  readonly source: HuntSource;
  /** Policies as the user wrote them. */
  readonly baseline: string;
  readonly candidate: string;
  readonly metric: string;
}

/** One evaluation of it. */
export interface HuntPart {
  readonly task: HuntTask;
  readonly seed: number;
  readonly point: number;
}

export type HuntReply = Entry | { readonly error: SentError };

/** What a thread keeps from one evaluation to the next; a thread serves one hunt. */
interface Known {
  readonly cases: HuntCases;
  readonly pair: Pair;
  readonly metric: Metric;
  /** What the scenarios so far play. */
  readonly recordings: Map<string, TraceSpans>;
}

let known: Known | undefined;

export default async function work({ task, seed, point }: HuntPart): Promise<HuntReply> {
  try {
    known ??= {
      cases: new HuntCases(task.source),
      pair: { baseline: resolvePolicy(task.baseline), candidate: resolvePolicy(task.candidate) },
      metric: metricNamed(task.metric),
      recordings: new Map(),
    };
    return await entryOf(task, known, seed, point);
  } catch (error) {
    return { error: sent(error as Error) };
  }
}

async function entryOf({ source }: HuntTask, known: Known, seed: number, point: number): Promise<Entry> {
  try {
    const { scenario } = known.cases.of(seed, point);
    await readMissing(scenario, source.kind === "scenario" ? source.path : "", known.recordings);
    const { effect, baseline, candidate } = evaluate(scenario, known.recordings, known.pair, known.metric);
    return {
      seed,
      point,
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
    return { seed, point, effect: null, baseline: null, candidate: null, fingerprints: ["", ""] };
  }
}

/** Reads the recordings that a scenario plays and no scenario before it did. */
async function readMissing(
  scenario: Scenario,
  path: string,
  recordings: Map<string, TraceSpans>,
): Promise<void> {
  if ([...recordingPaths(scenario, path).keys()].every((file) => recordings.has(file))) return;
  for (const [file, spans] of await readRecordings(scenario, path)) recordings.set(file, spans);
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
