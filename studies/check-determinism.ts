/** Runs a scenario twice and compares what came out, byte by byte. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scenario } from "../scenarios/scenario.js";
import { type RunScenarioResult, runScenario } from "./run-scenario.js";

/** What the comparison says. */
export interface DeterminismResult {
  readonly fingerprints: readonly [string, string];
  /** Bytes compared, of all files of a run. */
  readonly bytes: number;
  /** Files that differ. */
  readonly different: readonly string[];
}

const FILES = ["timeseries.csv", "summary.json", "manifest.json"];

/**
 * Runs a scenario twice.
 * @param path of its file
 * @throws like runScenario
 */
export async function checkDeterminism(scenario: Scenario, path: string): Promise<DeterminismResult> {
  const folder = mkdtempSync(join(tmpdir(), "mheapsim-"));
  try {
    const outs = [join(folder, "first"), join(folder, "second")] as const;
    const run = async (out: string): Promise<RunScenarioResult> =>
      (await runScenario({ scenario, path, out }))[0]!;
    const fingerprints = [(await run(outs[0])).fingerprint, (await run(outs[1])).fingerprint] as const;
    let bytes = 0;
    const different = FILES.filter((name) => {
      const [first, second] = [readFileSync(join(outs[0], name)), readFileSync(join(outs[1], name))];
      bytes += first.length;
      return !first.equals(second);
    });
    return { fingerprints, bytes, different };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
