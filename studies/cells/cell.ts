/**
 * A cell of a study: one scenario under one policy and one seed.
 *
 *                seed 1   seed 2   seed 3  …
 *     go1.18     ┌──────┬────────┬───────┬
 *     go1.22     │ cell │  cell  │ cell  │        each is one run, and knows of no other
 *                └──────┴────────┴───────┴
 *
 * Whatever can change a cell's result goes into its key, so that the result of an earlier, interrupted study is taken up
 * exactly when it is the one that a new run would give.
 */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { InputError } from "../../scenarios/input-error.js";
import type { Scenario } from "../../scenarios/scenario.js";
import type { Policy } from "../../sim/policies/policy.js";
import type { RecordedRun } from "../recorded-run.js";
import { recordingPaths } from "../recordings.js";
import { toolDigest } from "./tool-digest.js";

/** A scenario under a policy, without a seed. */
export interface Arm {
  readonly policy: Policy;
  /** Its seed does not count. */
  readonly scenario: Scenario;
  /** Path of the scenario's file, from whose folder recordings are looked up; "" for the current folder. */
  readonly path: string;
}

/** One run. */
export interface Cell extends Arm {
  readonly seed: number;
}

/** What is known of a finished cell besides its samples. */
export type CellOutcome = Omit<RecordedRun, "samples" | "digests" | "events">;

/** The scenario that a cell runs. */
export function cellScenario({ scenario, policy, seed }: Cell): Scenario {
  return { ...scenario, policy: policy.name, seed: String(seed) };
}

/** Makes the keys of cells; what they have in common is digested once. */
export class CellKeys {
  private readonly files = new Map<string, string>();
  private readonly arms = new Map<Arm["scenario"], string>();

  /** 64 hexadecimal digits. @throws InputError when a recording cannot be read */
  keyOf(cell: Cell): string {
    const { policy, seed, path } = cell;
    // Manifests have the name of the scenario's file.
    const file = basename(path);
    const parts = [toolDigest(), process.version, this.scenarioDigest(cell), text(policy), seed, file];
    return sha256(JSON.stringify(parts));
  }

  private scenarioDigest({ scenario, path }: Cell): string {
    const known = this.arms.get(scenario);
    if (known !== undefined) return known;
    const recordings = [...recordingPaths(scenario, path)].map(([file, place]) => [
      file,
      this.fileDigest(place),
    ]);
    const { seed: _, policy: __, ...rest } = scenario;
    const digest = sha256(text([rest, recordings]));
    this.arms.set(scenario, digest);
    return digest;
  }

  private fileDigest(path: string): string {
    const known = this.files.get(path);
    if (known !== undefined) return known;
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      throw new InputError(path, 0, 0, `the recording cannot be read: ${(error as Error).message}`);
    }
    const digest = sha256(bytes);
    this.files.set(path, digest);
    return digest;
  }
}

/** JSON that keeps what JSON has no word for: a length without end is not the same as one that is not there. */
function text(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "number" && !Number.isFinite(item) ? `number ${item}` : item,
  );
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
