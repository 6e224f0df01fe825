/**
 * Searches scenarios for the one in which a candidate policy is worst beside a baseline.
 *
 *     numbers 0, 1, 2, … ──parts──► threads ──entries──► ledger ──► findings: the largest effects
 *
 * Which scenarios are tried depends on the seeds and the budget alone, so the findings do not depend on the number of
 * threads; only a budget in time stops somewhere else each time. The ledger lies in the output folder from the start, and
 * the same command goes on from it.
 */

import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { writeWholeFile } from "../../results/whole-file.js";
import { received } from "../cells/sent-error.js";
import { toolDigest } from "../cells/tool-digest.js";
import { resolvePolicies } from "../policies.js";
import { formatEffect, metricNamed } from "./effect.js";
import { type Entry, Ledger } from "./ledger.js";
import { pointsOf } from "./source.js";
import type { HuntPart, HuntReply, HuntTask } from "./worker.js";

/** Evaluations that a thread gets at a time. */
const PART = 4;
/** Findings that are kept. */
export const MOST_FINDINGS = 10;

const WORKER = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);

export interface HuntOptions extends HuntTask {
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
  /** Told after each part. */
  readonly onProgress?: (done: number, total: number, worst: readonly Entry[]) => void;
}

export interface HuntResult {
  /** Evaluations in all, those of earlier sittings included. */
  readonly evaluations: number;
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
  const all = task.seeds.length * pointsOf(task.source);
  const total = Math.min(all, options.evaluations ?? all);
  const search = new Search(task, ledger, total, options);
  try {
    await search.run();
  } finally {
    ledger.close();
  }
  const findings = worst(ledger.entries(), total);
  return {
    evaluations: ledger.entries().filter(({ n }) => n < total).length,
    total,
    findings,
    interrupted: options.signal?.aborted ?? false,
  };
}

/** The largest effects above zero among the first scenarios, largest first, of equals the first. */
export function worst(entries: readonly Entry[], total: number): Entry[] {
  return entries
    .filter(({ n, effect }) => n < total && effect !== null && effect > 0)
    .sort((a, b) => b.effect! - a.effect! || a.n - b.n)
    .slice(0, MOST_FINDINGS);
}

function taskOf({ source, seeds, baseline, candidate, metric }: HuntOptions): HuntTask {
  return { source, seeds, baseline, candidate, metric };
}

/** What makes two hunts the same. The seeds do not: more of them go on where fewer ended. */
function keyOf({ seeds, ...task }: HuntTask): string {
  const text = JSON.stringify([toolDigest(), process.version, task, seeds[0]]);
  return createHash("sha256").update(text).digest("hex");
}

class Search {
  private next = 0;
  private done = 0;

  constructor(
    private readonly task: HuntTask,
    private readonly ledger: Ledger,
    private readonly total: number,
    private readonly options: HuntOptions,
  ) {}

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
      // One lane more than there are threads, so that none waits for what comes next.
      await Promise.all(Array.from({ length: workers + 1 }, () => this.lane(pool)));
    } finally {
      await pool.destroy();
    }
  }

  private async lane(pool: Piscina<HuntPart, HuntReply>): Promise<void> {
    for (let part = this.part(); part.length > 0; part = this.part()) {
      const reply = await pool.run({ task: this.task, numbers: part });
      if ("error" in reply) {
        this.next = this.total;
        throw received(reply.error);
      }
      for (const entry of reply) this.ledger.add(entry);
      this.done += part.length;
      this.options.onProgress?.(this.done, this.total, worst(this.ledger.entries(), this.total));
    }
  }

  /** The next numbers that were not evaluated yet; none when the hunt is over. */
  private part(): number[] {
    const { signal, untilMs } = this.options;
    const numbers: number[] = [];
    if (signal?.aborted || (untilMs !== undefined && performance.now() >= untilMs)) return numbers;
    for (; this.next < this.total && numbers.length < PART; this.next++) {
      if (this.ledger.has(this.next)) this.done++;
      else numbers.push(this.next);
    }
    return numbers;
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
