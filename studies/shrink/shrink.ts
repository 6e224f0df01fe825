/**
 * Shrinks a case: the smallest that still shows a share of the effect over its own run.
 *
 *     scenario ──leave out, halve, round──► scenario ──run──► operations ──delta debugging──► a few lines
 *
 * If the operations of the scenario show too little of the effect, since it depends on the collector or on time, or stay too
 * many to be read, the smaller scenario is what comes out.
 */

import { LimitError } from "../../engine/simulation.js";
import type { Metric } from "../../results/metrics.js";
import { TOOL_VERSION } from "../../results/version.js";
import { InputError } from "../../scenarios/input-error.js";
import type { Scenario } from "../../scenarios/scenario.js";
import type { ScenarioInput } from "../../scenarios/schema/root.js";
import type { Recordings } from "../../scenarios/workloads/workloads.js";
import { metricNamed } from "../hunt/effect.js";
import { type Evaluation, evaluate, type Pair } from "../hunt/evaluation.js";
import { resolvePolicy } from "../policies.js";
import { readRecordings } from "../recordings.js";
import { DEFAULT_TOLERANCE, type Repro, reproScenario } from "../repro/repro.js";
import { scenario } from "../scenarios.js";
import { consistent, type Op, operationsOf, withOperations } from "./operations.js";
import { recordOperations, STEP_NS } from "./record-operations.js";
import { shrinkOperations } from "./shrink-operations.js";
import { shrinkTree } from "./shrink-tree.js";

/** Operations of a list that is still worth to be shrunk as a list. */
const MOST_OPERATIONS = 200_000;

export interface ShrinkOptions {
  /** Share of the effect that must stay, 0..1. */
  readonly share: number;
  /** When to stop, by the clock of the process, ms; what is smallest by then comes out. */
  readonly untilMs?: number;
  /** Told now and then how small it is. */
  readonly onProgress?: (text: string) => void;
}

export interface ShrinkResult {
  readonly repro: Repro;
  /** Effect of the case that was given. */
  readonly before: number;
  readonly evaluations: number;
  /** Operations of the list that came out; undefined when it is still a scenario. */
  readonly operations: number | undefined;
  readonly outOfTime: boolean;
}

/** Operations that are still read more easily than a scenario. */
const READABLE_OPERATIONS = 200;

/** The time is up. */
class TimeUp extends Error {}

/** A case that is good enough. */
interface Kept {
  readonly tree: ScenarioInput;
  readonly evaluation: Evaluation;
  /** Operations of its list; undefined when it is a scenario. */
  readonly operations: number | undefined;
}

/**
 * Shrinks.
 * @param path of the case's file, from whose folder recordings are looked up
 * @throws InputError when the case cannot be run, or has no effect
 */
export async function shrink(given: Repro, path: string, options: ShrinkOptions): Promise<ShrinkResult> {
  const first = reproScenario(given);
  const shrinker = new Shrinker(given, path, await readRecordings(first, path), options);
  return shrinker.run(first);
}

class Shrinker {
  private readonly metric: Metric;
  private readonly pair: Pair;
  private wanted = 0;
  private evaluations = 0;
  private outOfTime = false;
  private best: Kept | undefined;
  /** The best before it became a list. */
  private smallScenario: Kept | undefined;

  constructor(
    private readonly given: Repro,
    private readonly path: string,
    private readonly recordings: Recordings,
    private readonly options: ShrinkOptions,
  ) {
    this.metric = metricNamed(given.metric);
    this.pair = { baseline: resolvePolicy(given.baseline), candidate: resolvePolicy(given.candidate) };
  }

  run(first: Scenario): ShrinkResult {
    const before = this.evaluate(first);
    if (!(before.effect > 0)) {
      throw new InputError(
        this.path,
        0,
        0,
        `${this.given.candidate} is not worse than ${this.given.baseline} in ${this.given.metric} here, expected a case in which it is`,
      );
    }
    this.wanted = this.options.share * before.effect;
    this.best = { tree: this.given.tree, evaluation: before, operations: undefined };
    try {
      shrinkTree(this.given.tree, (tree) => this.isGood(tree, undefined));
      this.shrinkList();
    } catch (error) {
      if (!(error instanceof TimeUp)) throw error;
      this.outOfTime = true;
    }
    return this.result(before.effect);
  }

  private shrinkList(): void {
    const { tree } = this.best!;
    this.smallScenario = operationsOf(tree) === undefined ? this.best : undefined;
    const ops = consistent(recordOperations(scenario(tree), this.recordings, this.pair.baseline));
    if (ops.length === 0 || ops.length > MOST_OPERATIONS) return;
    const isGood = (list: readonly Op[]): boolean =>
      list.length > 0 && this.isGood(withOperations(tree, list, STEP_NS), list.length);
    if (!isGood(ops)) return;
    shrinkOperations(ops, isGood);
  }

  /** Whether a scenario still shows enough; the last that does is the best so far. */
  private isGood(tree: ScenarioInput, operations: number | undefined): boolean {
    if (this.options.untilMs !== undefined && performance.now() > this.options.untilMs) throw new TimeUp();
    let evaluation: Evaluation;
    try {
      evaluation = this.evaluate(scenario(tree));
    } catch (error) {
      if (error instanceof InputError || error instanceof LimitError) return false;
      throw error;
    }
    if (!(evaluation.effect >= this.wanted)) return false;
    this.best = { tree, evaluation, operations };
    this.options.onProgress?.(
      operations === undefined
        ? `a smaller scenario, ${this.evaluations} evaluations`
        : `${operations} operations, ${this.evaluations} evaluations`,
    );
    return true;
  }

  private evaluate(one: Scenario): Evaluation {
    this.evaluations++;
    return evaluate(one, this.recordings, this.pair, this.metric);
  }

  private result(before: number): ShrinkResult {
    const isReadable = (this.best!.operations ?? 0) <= READABLE_OPERATIONS;
    const { tree, evaluation, operations } = isReadable ? this.best! : (this.smallScenario ?? this.best!);
    const repro: Repro = {
      ...this.given,
      effect: evaluation.effect,
      tolerance: DEFAULT_TOLERANCE,
      fingerprints: [evaluation.baseline.fingerprint, evaluation.candidate.fingerprint],
      tool: TOOL_VERSION,
      tree,
    };
    return { repro, before, evaluations: this.evaluations, operations, outOfTime: this.outOfTime };
  }
}
