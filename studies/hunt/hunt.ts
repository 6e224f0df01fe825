/**
 * Searches scenarios for the one in which a candidate policy is worst beside a baseline.
 *
 *     seeds × variations ──one at a time──► threads ──► ledger ──► findings: the largest effects
 *
 * Which scenarios are tried depends on the seeds and the budget alone, so the findings do not depend on the number of
 * threads; only a budget in time stops somewhere else each time. The ledger lies in the output folder from the start, and
 * the same command goes on from it.
 */

import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { writeWholeFile } from "../../results/whole-file.js";
import { received } from "../cells/sent-error.js";
import { toolDigest } from "../cells/tool-digest.js";
import { resolvePolicies, resolvePolicy } from "../policies.js";
import { recordingPaths } from "../recordings.js";
import { formatEffect, metricNamed } from "./effect.js";
import { type Entry, Ledger } from "./ledger.js";
import { HuntCases, type HuntSource, pointsOf } from "./source.js";
import type { HuntPart, HuntReply, HuntTask } from "./worker.js";

/** Findings that are kept. */
export const MOST_FINDINGS = 10;

const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

export interface HuntOptions extends HuntTask {
  readonly seeds: readonly number[];
  /** Folder of the ledger and the findings. */
  readonly out: string;
  /** Whether an earlier hunt there is forgotten. */
  readonly force: boolean;
  /** Evaluations at most; by default all seeds and points. */
  readonly evaluations?: number;
  /** When to stop, by the clock of the process, ms. */
  readonly untilMs?: number;
  /** Threads. Default: one for each core. */
  readonly workers?: number;
  /** Stops the hunt; what is finished by then is kept. */
  readonly signal?: AbortSignal;
  /** Told after each evaluation. */
  readonly onProgress?: (done: number, total: number, worst: readonly Entry[]) => void;
}

export interface HuntResult {
  /** Evaluations in all, those of earlier sittings included. */
  readonly evaluations: number;
  /** Those of them in which the metric, or the effect, is undefined. */
  readonly undefinedEffects: number;
  readonly total: number;
  /** The largest effects above zero, largest first. */
  readonly findings: readonly Entry[];
  readonly interrupted: boolean;
}

/**
 * Hunts.
 * @throws PolicySpecError, StudyError, InputError for what does not exist; OutputError when the ledger cannot be kept
 */
export async function hunt(options: HuntOptions): Promise<HuntResult> {
  const task = taskOf(options);
  metricNamed(task.metric);
  resolvePolicies([task.baseline, task.candidate]);
  const path = join(options.out, "evaluations.jsonl");
  if (options.force) rmSync(path, { force: true });
  const ledger = new Ledger(path, keyOf(task));
  const all = options.seeds.length * pointsOf(task.source);
  const total = Math.min(all, options.evaluations ?? all);
  const search = new Search(task, ledger, total, options);
  try {
    await search.run();
  } finally {
    ledger.close();
  }
  return {
    evaluations: search.done,
    undefinedEffects: search.undefinedEffects,
    total,
    findings: search.worst.entries,
    interrupted: options.signal?.aborted ?? false,
  };
}

/** The largest effects above zero, largest first, of equals the first, whatever the order in which they come. */
export class Worst {
  private readonly kept: Entry[] = [];

  get entries(): readonly Entry[] {
    return this.kept;
  }

  add(entry: Entry): void {
    if (entry.effect === null || !(entry.effect > 0)) return;
    const at = this.kept.findIndex((other) => isBehind(other, entry));
    this.kept.splice(at < 0 ? this.kept.length : at, 0, entry);
    if (this.kept.length > MOST_FINDINGS) this.kept.pop();
  }
}

function isBehind(other: Entry, entry: Entry): boolean {
  if (other.effect !== entry.effect) return other.effect! < entry.effect!;
  return other.seed !== entry.seed ? other.seed > entry.seed : other.point > entry.point;
}

function taskOf({ source, baseline, candidate, metric }: HuntOptions): HuntTask {
  return { source, baseline, candidate, metric };
}

/**
 * What makes two hunts the same: all that can change what comes of a seed, with files by what is in them. The seeds
 * themselves do not, so that more of them go on where fewer ended.
 */
function keyOf({ source, baseline, candidate, metric }: HuntTask): string {
  const policies = [baseline, candidate].map(resolvePolicy);
  const files = source.kind === "scenario" ? filesOf(source).map(digestOf) : [];
  return sha256(
    JSON.stringify([toolDigest(), process.version, source, baseline, candidate, policies, metric, files]),
  );
}

/** The scenario's file, and the recordings that it plays. */
function filesOf(source: HuntSource & { kind: "scenario" }): string[] {
  const { scenario } = new HuntCases(source).of(1, 0);
  return [source.path, ...recordingPaths(scenario, source.path).values()];
}

function digestOf(path: string): string {
  try {
    return sha256(readFileSync(path));
  } catch {
    // Whoever reads it says what is wrong with it.
    return "";
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

class Search {
  readonly worst = new Worst();
  /** Evaluations that are finished, those of earlier sittings included. */
  done = 0;
  undefinedEffects = 0;
  /** What is not evaluated yet, and how much of it was given out. */
  private readonly open: Pick<HuntPart, "seed" | "point">[] = [];
  private given = 0;

  constructor(
    private readonly task: HuntTask,
    private readonly ledger: Ledger,
    private readonly total: number,
    private readonly options: HuntOptions,
  ) {
    const points = pointsOf(task.source);
    for (let number = 0; number < total; number++) {
      const seed = options.seeds[Math.floor(number / points)]!;
      const point = number % points;
      const known = ledger.get(seed, point);
      if (known === undefined) this.open.push({ seed, point });
      else this.count(known);
    }
  }

  async run(): Promise<void> {
    const workers = this.options.workers ?? availableParallelism();
    const pool = new Piscina<HuntPart, HuntReply>({
      filename: fileURLToPath(WORKER),
      minThreads: workers,
      maxThreads: workers,
      atomics: "disabled",
      ...(WORKER.pathname.endsWith(".ts") ? { execArgv: ["--import", "tsx"] } : {}),
    });
    try {
      // More lanes than threads, so that no thread waits for what comes next.
      await Promise.all(Array.from({ length: 2 * workers }, () => this.lane(pool)));
    } finally {
      await pool.destroy();
    }
  }

  private async lane(pool: Piscina<HuntPart, HuntReply>): Promise<void> {
    for (let part = this.next(); part !== undefined; part = this.next()) {
      const reply = await pool.run({ task: this.task, ...part });
      if ("error" in reply) {
        this.given = this.open.length;
        throw received(reply.error);
      }
      this.ledger.add(reply);
      this.count(reply);
      this.options.onProgress?.(this.done, this.total, this.worst.entries);
    }
  }

  private count(entry: Entry): void {
    this.done++;
    if (entry.effect === null) this.undefinedEffects++;
    this.worst.add(entry);
  }

  /** What to evaluate next; undefined when the hunt is over. */
  private next(): Pick<HuntPart, "seed" | "point"> | undefined {
    const { signal, untilMs } = this.options;
    if (signal?.aborted || (untilMs !== undefined && performance.now() >= untilMs)) return undefined;
    return this.open[this.given++];
  }
}

/** Writes a file whole or not at all, in place of an earlier one. @throws OutputError when it cannot be written */
export function writeWhole(path: string, text: string): void {
  writeWholeFile(path, text, true, "--out");
}

/** A finding in a line: what it is, and how it is made again. */
export function findingLine(task: HuntTask, entry: Entry, command: string): string {
  const effect = formatEffect(metricNamed(task.metric), entry.effect ?? Number.NaN);
  return `${effect}  ${command}  # fingerprints ${entry.fingerprints.join(" ")}`;
}
